"""The rooms that the client is in: entered, left, and who else is there; with no I/O."""

import json

from chatservice.client.view import State
from tests.scripted import LOBBY, MISSED, SessionCase, line, welcome


class RoomTests(SessionCase):
    """Entering and leaving rooms."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def join(self, at: int = 110) -> None:
        """Enter python, of which nothing is to be shown."""
        ref = self.say("/join python")
        self.hear(
            line("joined", id=at, room="python", nick="ada"),
            line("ok", ref=ref, lines=[], rooms={"python": LOBBY}),
        )
        page = self.chat.requests[-1]
        self.hear(line("history", ref=page["ref"], events=[]))

    def test_join(self) -> None:
        """A room entered becomes the current one, its recent lines first."""
        ref = self.say("/join python")
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/join python"}])
        self.hear(line("joined", id=110, room="python", nick="ada"))
        page = self.chat.requests[-1]
        self.assertEqual((page["room"], page["before"]), ("python", 110))
        self.hear(self.said(120, room="python"))
        self.hear(line("ok", ref=ref, lines=[], rooms={"python": LOBBY}))
        event = json.loads(self.said(90, room="python"))
        self.hear(line("history", ref=page["ref"], events=[event]))
        self.assertEqual(
            self.person.take(), ["entered python ['ada', 'bob']", "old Said 90", "new Said 120"]
        )
        self.assertEqual(self.session.places.current, "python")

    def test_lines_after_a_join(self) -> None:
        """What is typed after a command that moves goes where that leads."""
        ref = self.say("/join python")
        self.session.typed("hello snakes")
        self.assertEqual(self.session.unanswered, 2)
        self.assertEqual(len(self.chat.take()), 1)
        self.hear(
            line("joined", id=110, room="python", nick="ada"),
            line("ok", ref=ref, lines=[], rooms={"python": LOBBY}),
        )
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertEqual(
            self.chat.take()[-1], {"type": "say", "room": "python", "text": "hello snakes"}
        )

    def test_lines_after_a_failed_join(self) -> None:
        """If the command is refused so are they: they were not meant for where one still is."""
        ref = self.say("/join #secret")
        self.session.typed("the password is xyzzy")
        self.session.typed("/me whispers it")
        self.chat.take()
        self.hear(line("error", ref=ref, code="bad-room", text="no"))
        self.assertEqual(self.person.take(), ["refused bad-room"] + ["refused not-sent"] * 2)
        self.assertEqual(self.person.errors[-1].text, "not sent: you are still in lobby")
        self.assertEqual((self.chat.take(), self.session.unanswered), ([], 0))

    def test_line_after_a_failed_part(self) -> None:
        """Where one is in a room of another name, or in none, the refusal says so."""
        self.join()
        for parted, where in (
            ([], "still in #python"),
            (["python", "lobby"], "in no room"),
        ):
            ref = self.say("/part attic")
            self.session.typed("hello")
            self.hear(*[line("parted", id=120, room=room, nick="ada") for room in parted])
            self.hear(line("error", ref=ref, code="no-room", text="no"))
            self.assertEqual(self.person.errors[-1].text, f"not sent: you are {where}")

    def test_goodbye_after_a_failed_join(self) -> None:
        """A goodbye typed behind a command that is refused is said all the same."""
        ref = self.say("/join #secret")
        self.session.typed("/quit")
        self.chat.take()
        self.hear(line("error", ref=ref, code="bad-room", text="no"))
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/quit"}])

    def test_other_command_refused(self) -> None:
        """The refusal of a command that does not move refuses nothing behind another that does."""
        topic, _ = self.say("/topic tea"), self.say("/join python")
        self.session.typed("hello snakes")
        self.hear(line("error", ref=topic, code="usage", text="no"))
        self.assertEqual(self.person.take(), ["refused usage"])
        self.assertEqual(self.session.unanswered, 2)

    def test_back_to_a_room(self) -> None:
        """Joining a room one is in makes it the current one, and does not enter it again."""
        self.join()
        self.person.take()
        ref = self.say("/join lobby")
        self.session.typed("hello again")
        self.hear(line("ok", ref=ref, lines=["you are in lobby"], rooms={"lobby": LOBBY}))
        self.assertEqual(self.person.take(), ["told you are in lobby"])
        said = {"type": "say", "room": "lobby", "text": "hello again"}
        self.assertEqual(self.chat.take()[-1], said)

    def test_known_room_joined(self) -> None:
        """One's own entering of a room that the welcome named is no news."""
        self.hear(line("joined", id=101, room="lobby", nick="ada", arrived=True))
        self.assertEqual(self.person.take(), [])

    def test_part(self) -> None:
        """Leaving the current room leads back to the one entered last."""
        self.join()
        ref = self.say("/part")
        self.hear(line("parted", id=120, room="python", nick="ada"), line("ok", ref=ref))
        self.assertEqual(self.session.places.current, "lobby")
        self.hear(line("parted", id=121, room="lobby", nick="ada"))
        self.session.typed("hello?")
        self.session.typed("/who")
        self.assertEqual(self.person.take()[-1], "refused no-room")
        self.assertEqual(self.chat.take()[-1], {"type": "command", "line": "/who"})

    def kicked(self, nick: str, **room: str) -> bytes:
        return line("kicked", id=130, nick="eve", target=nick, text="spam", **room)

    def test_kicked(self) -> None:
        """Who is kicked out of the current room is back in the one entered last."""
        self.join()
        self.person.take()
        settled = self.person.settled_count
        self.hear(self.kicked("ada", room="python"))
        self.assertEqual(self.session.places.current, "lobby")
        self.assertEqual(self.person.take(), ["new Kicked 130"])
        self.assertEqual(self.person.settled_count, settled + 1)
        self.hear(line("parted", id=131, room="python", nick="ada"))
        self.hear(self.said(132, room="python"))
        self.assertEqual(self.person.take(), [])

    def test_other_kicked(self) -> None:
        """Others who are kicked are in the room no more, or in no room."""
        self.join()
        for room, left in (({"room": "lobby"}, ["python"]), ({}, [])):
            self.hear(self.kicked("bob", **room))
            places = [self.session.places.get(name) for name in ("lobby", "python")]
            self.assertEqual([p.name for p in places if p and "bob" in p.members], left)
            self.assertEqual(self.session.places.current, "python")
        self.assertIs(self.session.state, State.LIVE)

    def test_kicked_from_the_chat(self) -> None:
        """Who is kicked from the chat sees why, and does not come back by itself."""
        self.hear(self.kicked("ada"))
        self.session.disconnected()
        self.assertEqual(
            self.person.take(), ["new Kicked 130", "gone You were kicked from the chat. True"]
        )

    def test_banned_from_the_chat(self) -> None:
        """Who was banned while here is told that, and not of the kick."""
        self.hear(line("kicked", id=130, nick="eve", target="ada", folded=True))
        self.assertEqual(self.person.take()[-1], "gone You were banned from the chat. True")

    def test_short_forms(self) -> None:
        """By its short form a command is the same: lines wait behind /j, and /q is a goodbye."""
        ref = self.say("/j python")
        self.chat.take()
        self.session.typed("hello snakes")
        self.assertEqual(self.chat.take(), [])
        self.hear(line("ok", ref=ref, rooms={"python": {"members": ["ada"]}}))
        self.assertEqual(self.chat.take()[-1]["room"], "python")
        self.session.typed("/q tea")
        self.assertIs(self.session.state, State.LEAVING)
        self.assertEqual(self.chat.take()[-1]["line"], "/q tea")

    def test_kicked_during_history(self) -> None:
        """The same if history is shown at that moment."""
        self.hear(line("joined", id=110, room="python", nick="ada"), self.kicked("ada"))
        self.person.take()
        settled = self.person.settled_count
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertIs(self.session.state, State.GONE)
        self.assertEqual(self.person.settled_count, settled)

    def test_folded(self) -> None:
        """Comings and goings that are folded change who is here like any others."""
        folded = {"room": "lobby", "folded": True}
        self.hear(
            line("joined", id=101, nick="eve", **folded),
            line("joined", id=102, nick="dan", **folded),
            line("parted", id=103, nick="eve", **folded),
            line("left", id=104, nick="bob", folded=True),
            line("came_and_went", id=105, room="lobby", came=2, went=2),
        )
        self.assertEqual(self.session.places.everybody, {"ada", "dan"})

    def test_two_rooms_at_once(self) -> None:
        """The second of two rooms entered at once waits for the first one's history."""
        self.hear(
            line("joined", id=110, room="a", nick="ada"),
            line("joined", id=111, room="b", nick="ada"),
            self.said(112, room="b"),
        )
        for _ in range(2):
            self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertEqual([r["room"] for r in self.chat.take()], ["a", "b"])
        self.assertEqual(self.person.take(), ["new Said 112"])

    def test_history_refused(self) -> None:
        """A page that is refused is done with."""
        self.hear(line("joined", id=110, room="a", nick="ada"))
        ref = self.chat.requests[-1]["ref"]
        self.hear(line("error", ref=ref, code="no-room", text="no"))
        self.assertIs(self.session.state, State.LIVE)


class NoHistoryTests(SessionCase):
    """A session that wants no recent lines."""

    recent = 0

    def test_nothing_is_asked_for(self) -> None:
        """What was said before one came is not asked for."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED))
        self.assertIs(self.session.state, State.LIVE)
        self.hear(line("joined", id=110, room="python", nick="ada"))
        self.assertIs(self.session.state, State.LIVE)
