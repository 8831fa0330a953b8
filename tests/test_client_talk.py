"""What is said and commanded in the client, and the rooms where that happens; with no I/O."""

import json

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.state import State
from chatservice.client.unanswered import Unanswered
from chatservice.client.wire import Say

from .scripted import LOBBY, MISSED, SessionCase, line, welcome


class TalkTests(SessionCase):
    """Lines and commands, and what answers them."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def test_say(self) -> None:
        """A line goes to the current room and is kept until its event comes back."""
        ref = self.say("hi")
        self.assertEqual(self.session.unanswered, 1)
        self.assertEqual(self.chat.take(), [{"type": "say", "room": "lobby", "text": "hi"}])
        self.hear(self.said(101, "hi", "eve", ref=ref))
        self.assertEqual(self.session.unanswered, 1)
        self.hear(self.said(102, "hi", "ada", ref=ref))
        self.assertEqual(self.session.unanswered, 0)
        self.assertEqual(self.person.take(), ["new Said 101", "new Said 102"])

    def test_slashes(self) -> None:
        """Two slashes say one, one begins a command, and nothing is nothing."""
        for typed in ("//x", "/who", " "):
            self.session.typed(typed)
        self.assertEqual(
            self.chat.take(),
            [
                {"type": "say", "room": "lobby", "text": "/x"},
                {"type": "command", "room": "lobby", "line": "/who"},
            ],
        )

    def test_goodbye_is_a_command(self) -> None:
        """What only looks like a goodbye, and is none to the chat, is none."""
        for typed in (" /quit", "/ quit", "/quit\u00a0now", "//quit"):
            self.session.typed(typed)
        self.assertEqual(
            self.chat.take(),
            [
                {"type": "say", "room": "lobby", "text": " /quit"},
                {"type": "command", "room": "lobby", "line": "/ quit"},
                {"type": "command", "room": "lobby", "line": "/quit\u00a0now"},
                {"type": "say", "room": "lobby", "text": "/quit"},
            ],
        )
        self.assertIs(self.session.state, State.LIVE)

    def test_control_characters(self) -> None:
        """What would steer a terminal is not sent."""
        self.session.say("\x1b[31mred\x1b[m\tx\r")
        self.assertEqual(self.chat.take()[0]["text"], "red x ")

    def test_too_long(self) -> None:
        """A line of more than 4,096 bytes, or a command over 16 KiB, is refused on the spot."""
        self.session.say("é" * 2048)
        self.session.say("é" * 2048 + "x")
        self.session.typed("/topic " + "x" * 17_000)
        self.assertEqual(self.person.take(), ["refused too-long"] * 2)
        self.assertEqual(len(self.chat.requests), 1)

    def test_answers(self) -> None:
        """The sentences and the events of an ok are shown."""
        ref = self.say("/history 1")
        event = json.loads(self.said(50))
        self.hear(line("ok", ref=ref, lines=["one", "two"], events=[event]))
        self.assertEqual(self.person.take(), ["told one", "told two", "old Said 50"])
        self.assertEqual(self.session.unanswered, 0)

    def test_refused(self) -> None:
        """An error with the ref of a request answers it; another one is only told."""
        ref = self.say("/topic")
        self.hear(line("error", ref=ref, code="usage", text="a"), line("error", text="b"))
        self.assertEqual(self.person.take(), ["refused usage", "told b"])
        self.assertEqual(self.session.unanswered, 0)

    def test_whispers(self) -> None:
        """Private messages are shown once, and acknowledge one's own."""
        ref = self.say("/msg bob psst")
        event = {"nick": "ada", "to": "bob", "text": "psst", "ref": ref}
        self.hear(line("whispered", id=101, **event), line("whispered", id=101, **event))
        self.assertEqual(self.person.take(), ["new Whispered 101"])
        self.assertEqual(self.session.unanswered, 0)

    def test_unknown_is_ignored(self) -> None:
        """A message of an unknown kind, a second welcome and a stray page change nothing."""
        self.hear(line("dance"), welcome(500), line("history", ref="?"), line("pong", ref="?"))
        self.assertEqual(self.person.take(), [])

    def test_nothing_twice(self) -> None:
        """An event of a room that was shown before, or of a room one is not in, is not shown."""
        self.hear(self.said(100), self.said(101), self.said(101), self.said(102, room="other"))
        self.assertEqual(self.person.take(), ["new Said 101"])

    def test_presence(self) -> None:
        """Who is in which room follows what happens."""
        self.hear(
            line("joined", id=101, room="lobby", nick="eve"),
            line("renamed", id=102, nick="bob", now="robert"),
            line("renamed", id=103, nick="nobody", now="somebody"),
            line("parted", id=104, room="lobby", nick="eve"),
            line("topic_changed", id=105, room="lobby", nick="bob", topic="tea"),
        )
        place = self.session.places.get("lobby")
        assert place is not None
        self.assertEqual((place.members, place.topic), ({"ada", "robert"}, "tea"))
        self.hear(line("left", id=106, nick="robert"), line("left", id=107, nick="ada"))
        self.assertEqual(self.session.places.everybody, {"ada"})
        self.assertEqual(len(self.person.take()), 6)

    def test_own_name_changes(self) -> None:
        """After a change of nickname, lines said under the old one are still one's own."""
        ref = self.say("hi")
        self.hear(line("renamed", id=101, nick="ada", now="eve"))
        self.assertEqual(self.session.nick, "eve")
        self.hear(self.said(102, "hi", "ada", ref=ref))
        self.assertEqual(self.session.unanswered, 0)

    def test_gap(self) -> None:
        """That history is no longer kept is told."""
        self.hear(line("gap", room="lobby"), line("gap"))
        self.assertEqual(
            self.person.take(),
            [
                "told some lines of lobby are no longer kept",
                "told some lines of private talk are no longer kept",
            ],
        )

    def test_ping(self) -> None:
        """A sign of life is asked for only by who has joined."""
        self.assertTrue(self.session.ping())
        self.assertEqual(self.chat.take(), [{"type": "ping"}])
        self.session.disconnected()
        self.assertFalse(self.session.ping())
        self.connect()
        self.assertFalse(self.session.ping())


class UnansweredTests(SynchronousTestCase):
    """What waits for its answer."""

    def test_nothing_is_left(self) -> None:
        """Of a request that was answered nothing is remembered."""
        unanswered, request = Unanswered(), Say(room="lobby", text="hi", ref="1")
        for _ in range(2):
            unanswered.add(request)
            self.assertEqual(unanswered.to_send(), [request])
            self.assertEqual(unanswered.to_send(), [])
            self.assertIs(unanswered.answered("1"), request)
            self.assertIsNone(unanswered.answered("1"))


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
        self.hear(line("ok", ref=ref, lines=["you are in lobby"], rooms={"lobby": LOBBY}))
        self.assertEqual(self.person.take(), ["told you are in lobby"])
        self.assertEqual(self.session.places.current, "lobby")

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
