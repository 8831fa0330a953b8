"""What a person does on other devices, as one session hears of it; with no I/O."""

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.view import Places, State
from tests.scripted import LOBBY, MISSED, SessionCase, line, welcome

SNAKES = {"topic": "snakes", "members": ["ada", "eve"], "missed": False}
TOKEN = "u" * 22


def joined_elsewhere(number: int = 110) -> bytes:
    """Make the event of entering python on another device."""
    facts = {"room": "python", "nick": "ada", "arrived": False, "own": True}
    return line("joined", id=number, rooms={"python": SNAKES}, **facts)


class LiveCase(SessionCase):
    """A session that is live in the lobby."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def answer(self, *events: bytes) -> None:
        """Answer the last request for history."""
        request = self.chat.requests[-1]
        self.assertEqual(request["type"], "history")
        facts = [json.loads(event) for event in events]
        self.hear(line("history", ref=request["ref"], events=facts))


class UnconfirmedTests(LiveCase):
    """Lines of this device that the chat has not confirmed."""

    def test_without_ref(self) -> None:
        """The same words that were said on another device do not confirm them."""
        for typed, kind, facts in (
            ("hi", "said", {"room": "lobby", "text": "hi"}),
            ("/me waves", "acted", {"room": "lobby", "text": "waves"}),
            ("/msg bob psst", "whispered", {"to": "bob", "text": "psst"}),
        ):
            self.setUp()
            self.session.typed(typed)
            self.hear(line(kind, id=101, nick="ada", own=True, **facts))
            self.assertEqual(self.session.unanswered, 1, typed)
            self.assertEqual(self.person.shown[-1].id, 101)

    def test_behind_a_move(self) -> None:
        """Lines that wait for a room of this device do not go where another one went."""
        ref = self.say("/join attic")
        self.session.typed("hello")
        self.chat.take()
        self.hear(joined_elsewhere())
        self.assertEqual((self.chat.take(), self.session.unanswered), ([], 2))
        self.hear(line("ok", ref=ref, rooms={"attic": {"members": ["ada"]}}))
        self.assertEqual(self.chat.take()[-1]["room"], "attic")


class RoomTests(LiveCase):
    """Rooms that are entered on other devices."""

    def test_joined(self) -> None:
        """The room is shown as it is, from now on; its history was shown where it was asked for."""
        self.hear(joined_elsewhere())
        self.assertEqual(self.session.places.shown, {"lobby": 100, "python": 110})
        self.hear(self.said(111, room="python"))
        self.assertEqual(self.person.take(), ["entered python ['ada', 'eve']", "new Said 111"])
        self.assertEqual(self.chat.take(), [])
        self.assertEqual(self.session.places.current, "lobby")

    def test_only_what_is_meant(self) -> None:
        """Only one's own entering is that, and only of the room that it names."""
        facts: Any = {"room": "python", "nick": "ada", "id": 110}
        for more in ({"rooms": {"python": SNAKES}}, {"rooms": {"attic": SNAKES}, "own": True}):
            self.setUp()
            self.hear(line("joined", **facts, **more))
            self.assertNotIn("attic", self.session.places.shown)
            self.assertEqual(self.session.places.current, "python")

    def test_known(self) -> None:
        """A room that was entered here at the same moment is not entered twice."""
        self.say("/join python")
        self.hear(line("joined", id=110, room="python", nick="ada", own=True))
        self.answer()
        self.person.take()
        self.hear(joined_elsewhere(112))
        place = self.session.places.get("python")
        assert place is not None
        self.assertEqual((place.topic, self.person.take()), ("snakes", []))

    def test_during_history(self) -> None:
        """What is entered while history is shown is entered after that."""
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY), joined_elsewhere(201), self.said(202, room="python"))
        self.assertEqual(len(self.person.take()), 2)
        self.answer()
        self.assertEqual(self.person.take(), ["entered python ['ada', 'eve']", "new Said 202"])

    def test_held_back(self) -> None:
        """If what was held back begins with a room's entering, the rest waits for its history."""
        self.session.disconnected()
        self.connect()
        own = {"room": "python", "nick": "ada", "own": True}
        self.hear(welcome(200, lobby=LOBBY), line("joined", id=201, **own), self.said(202))
        self.answer()
        self.answer(self.said(150, room="python"))
        self.assertEqual(self.person.take()[2:], ["old Said 150", "new Said 202"])

    def test_prompt(self) -> None:
        """Whoever was in no room is told where lines go now."""
        self.hear(line("parted", id=101, room="lobby", nick="ada", own=True))
        settled = self.person.settled_count
        self.hear(joined_elsewhere())
        self.assertEqual(self.session.places.current, "python")
        self.assertEqual(self.person.settled_count, settled + 1)

    def test_found_after_a_reconnection(self) -> None:
        """A room that was entered meanwhile is shown, and one that was left is told."""
        self.session.disconnected()
        self.connect()
        self.person.take()
        self.hear(welcome(200, python=SNAKES))
        self.assertEqual(
            self.person.take(),
            [
                "told connected again as ada",
                "told you are no longer in lobby",
                "entered python ['ada', 'eve']",
            ],
        )


class WantedTests(SessionCase):
    """Rooms that are wanted on the command line."""

    rooms = ("lobby", "python", "attic")

    def joins(self, resumed: bool, **rooms: Any) -> list[str]:
        """List what is asked for after a welcome to some of them."""
        self.connect()
        facts = json.loads(welcome(lobby=LOBBY, **rooms)) | {"resumed": resumed}
        self.hear(json.dumps(facts).encode())
        return [each["line"] for each in self.chat.take() if each["type"] == "command"]

    def test_already_here(self) -> None:
        """Whoever is here already joins those that are missing; the first becomes current."""
        self.assertEqual(self.joins(True, python=LOBBY), ["/join #attic", "/join lobby"])

    def test_kept_out(self) -> None:
        """Whoever has just come was kept out of those, and does not try again."""
        self.assertEqual(self.joins(False), [])


class FaithfulTests(SynchronousTestCase):
    """Rooms for the talk of a program."""

    def test_current(self) -> None:
        """Lines go to a room that was wanted, or was the current one before, and to no other."""
        places = Places(["builds"], faithful=True)
        places.enter("tests")
        places.enter("attic")
        places.add("lobby")
        found = [places.current]
        for room in ("attic", "tests", "builds"):
            places.leave(room)
            found.append(places.current)
        self.assertEqual(found, ["attic", "tests", "builds", ""])


class NoticeTests(LiveCase):
    """What a command on another device has changed."""

    def test_taken(self) -> None:
        """The token and the settings of a notice are one's own from then on."""
        notice = line("notice", lines=["x"], token=TOKEN, account=None, settings={"quiet": True})
        self.hear(notice, line("notice", lines=["y"]))
        self.assertEqual(self.person.take(), ["told x", "told y"])
        self.assertTrue(self.person.preferences.quiet)
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.assertEqual(self.chat.take()[0]["token"], TOKEN)

    def test_during_history(self) -> None:
        """The token is taken at once, or a loss of the connection would lose it as well."""
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY), line("notice", lines=["x"], token=TOKEN))
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.assertEqual(self.chat.take()[0]["token"], TOKEN)


class WelcomeAgainTests(LiveCase):
    """A welcome in the middle of a session."""

    def test_taken(self) -> None:
        """Nickname, rooms, token and settings are those of the last welcome."""
        again = json.loads(welcome(200, "eve", {"quiet": True}, lobby=LOBBY, python=SNAKES))
        self.hear(json.dumps(again | {"token": TOKEN, "motd": ["Be kind."]}).encode())
        self.answer(self.said(150, room="python"))
        self.assertEqual(
            self.person.take(),
            ["told you are now eve", "entered python ['ada', 'eve']", "old Said 150"],
        )
        self.assertEqual((self.session.nick, self.session.places.current), ("eve", "lobby"))
        self.assertTrue(self.person.preferences.quiet)
        self.session.disconnected()
        self.chat.take()
        self.connect()
        hello = self.chat.take()[0]
        self.assertEqual((hello["nick"], hello["token"]), ("eve", TOKEN))

    def test_missed(self) -> None:
        """Of a room in which one stays, what was said between the two is shown."""
        self.hear(self.said(101), welcome(200, lobby=MISSED), self.said(201))
        self.assertEqual(self.chat.requests[-1]["after"], 101)
        self.answer(self.said(150))
        self.assertEqual(self.person.take(), ["new Said 101", "old Said 150", "new Said 201"])

    def test_private(self) -> None:
        """Private lines are those of the new identity, from the welcome on."""
        self.hear(welcome(200, lobby=LOBBY))
        for number in (150, 201):
            facts = {"nick": "bob", "to": "ada", "text": "psst"}
            self.hear(line("whispered", id=number, **facts))
        self.assertEqual(self.person.take(), ["new Whispered 201"])

    def test_confirmed_before(self) -> None:
        """What was confirmed while history was shown, before it, stays confirmed."""
        ref = self.say("hi")
        self.hear(
            line("joined", id=110, room="python", nick="ada", own=True),
            self.said(111, "hi", "ada", ref=ref, own=True),
            welcome(200, "eve", lobby=LOBBY),
        )
        self.assertEqual(self.session.unanswered, 0)
        self.assertIs(self.session.state, State.LIVE)

    def test_old_history(self) -> None:
        """A page that was asked for before it is not shown after it."""
        self.hear(line("joined", id=110, room="python", nick="ada", own=True))
        page = self.chat.requests[-1]["ref"]
        self.hear(welcome(200, "eve", lobby=LOBBY))
        self.person.take()
        self.hear(line("history", ref=page, events=[json.loads(self.said(90, room="python"))]))
        self.assertEqual(self.person.take(), [])

    def test_kicked_before(self) -> None:
        """Who was kicked before it is not brought back by it."""
        self.hear(
            line("joined", id=110, room="python", nick="ada", own=True),
            line("kicked", id=111, nick="eve", target="ada"),
            welcome(200, lobby=LOBBY),
        )
        self.assertIs(self.session.state, State.GONE)

    def test_while_leaving(self) -> None:
        """Who has said goodbye says it once."""
        self.session.leave()
        self.hear(welcome(200, "eve", lobby=LOBBY))
        self.assertEqual([each["line"] for each in self.chat.take()], ["/quit"])
        self.assertIs(self.session.state, State.LEAVING)


class GoodbyeTests(LiveCase):
    """The end of this connection while others of the person's stay, and of all of them."""

    STAY = line("error", code="goodbye", text="you are still here on 2 others", ref="?")

    def test_quit(self) -> None:
        """The answer to a goodbye is told, and the session ends well."""
        self.session.typed("/quit")
        self.hear(self.STAY)
        self.session.disconnected()
        self.assertEqual(
            self.person.take(),
            ["leaving", "told you are still here on 2 others", "gone None False"],
        )

    def test_unconfirmed(self) -> None:
        """A line that was not confirmed by then is told as after any goodbye."""
        self.say("hi")
        self.session.typed("/quit")
        self.hear(self.STAY)
        words = "1 line was not confirmed by the chat:\n    hi"
        self.assertEqual(self.person.take()[-1], f"gone {words} False")

    def test_not_asked_for(self) -> None:
        """Nor does the session come back if the goodbye was said elsewhere."""
        self.hear(self.STAY)
        self.session.disconnected()
        self.assertEqual(self.person.take()[-1], "gone None False")

    def test_all(self) -> None:
        """A goodbye to all connections goes to the chat as it was typed."""
        self.session.typed("/Q All")
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/Q All"}])
        self.assertIs(self.session.state, State.LEAVING)

    def test_all_without_a_connection(self) -> None:
        """Without a connection it cannot be said for the others, and that is told."""
        words = "1 line was not confirmed by the chat:\n    /quit all"
        for typed, told in (("/quit all", words), ("/quit", None), ("/quit all of it", None)):
            self.setUp()
            self.session.disconnected()
            self.session.typed(typed)
            self.assertEqual(self.person.take()[-1], f"gone {told} False")

    def left(self, **facts: Any) -> bytes:
        return line("left", id=101, nick="ada", goodbye=True, why="", **facts)

    def test_left(self) -> None:
        """Who has left the chat on another device is gone here, too, and not by mistake."""
        self.hear(self.left())
        self.assertIs(self.session.state, State.LIVE)
        self.hear(self.left(own=True))
        told = ["told you left the chat on another device", "gone None False"]
        self.assertEqual(self.person.take(), told)

    def test_left_here(self) -> None:
        """One's own goodbye is not told twice."""
        self.session.leave()
        self.hear(self.left(own=True))
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["leaving", "gone None False"])
