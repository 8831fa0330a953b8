"""What the client tells the chat of what its person has read; with no I/O."""

from __future__ import annotations

import json
from typing import Any

from chatservice.client.front import READ
from chatservice.client.session import Session
from chatservice.client.view import State, Viewer
from tests.client.test_pipe import PipeCase
from tests.scripted import LOBBY, MISSED, SessionCase, line, welcome


def seen(number: int, room: str = "", **more: Any) -> bytes:
    """Make the chat's word on how far a room is read; without one, private messages."""
    return line("seen", id=number, **({"room": room} if room else {}), **more)


def whispered(number: int) -> bytes:
    """Make a private line."""
    return line("whispered", id=number, nick="bob", to="ada", text="psst")


class ReadingCase(SessionCase):
    """A session with a chat that keeps read markers."""

    def join(self, read: int = 100, private: int = 100, missed: tuple[int, ...] = ()) -> None:
        """Join the lobby, with the fence at 100.

        @param read: the marker of the lobby; C{private} is that of private messages.
        @param missed: the ids of the lines in the lobby.
        """
        self.connect()
        state = MISSED if missed else LOBBY
        self.hear(welcome(100, lobby=state | {"read": read}))
        self.hear(seen(private, ref="seen"))
        if missed:
            self.answer(*map(self.said, missed))
        self.person.take()
        self.chat.take()

    def answer(self, *events: bytes) -> dict[str, Any]:
        """Answer the last request for history, and return it."""
        request = self.chat.requests[-1]
        self.assertEqual(request["type"], "history")
        facts = [json.loads(event) for event in events]
        self.hear(line("history", ref=request["ref"], events=facts))
        return request

    def tells(self) -> list[tuple[str, int]]:
        """Have the session tell what was read, and return it."""
        self.chat.take()
        has_read = self.session.has_read
        self.session.tell_read()
        told = [(each.get("room", ""), each["id"]) for each in self.chat.take()]
        self.assertEqual(has_read, bool(told))
        return told


class RoomTests(ReadingCase):
    """Rooms."""

    def test_new_lines(self) -> None:
        """The last line of the current room is told, once."""
        self.join()
        self.assertEqual(self.tells(), [])
        self.hear(self.said(101), self.said(102, "hi", "ada", own=True))
        self.hear(line("joined", id=103, room="lobby", nick="eve"))
        self.assertEqual(self.tells(), [("lobby", 102)])
        self.assertEqual(self.tells(), [])

    def test_own_line(self) -> None:
        """A line of one's own is read, too; the marker does not move back to one that is older."""
        self.join()
        first, second = self.say("one"), self.say("two")
        self.hear(self.said(102, "two", "ada", ref=second, own=True))
        self.hear(self.said(101, "one", "ada", ref=first, own=True))
        self.assertEqual(self.tells(), [("lobby", 102)])
        self.hear(self.said(103, "three", "ada", ref=self.say("three"), own=True))
        self.assertEqual(self.tells(), [("lobby", 103)])

    def test_other_kinds(self) -> None:
        """Actions and topics are lines as well."""
        self.join()
        self.hear(line("acted", id=101, room="lobby", nick="bob", text="waves"))
        self.assertEqual(self.tells(), [("lobby", 101)])
        self.hear(line("topic_changed", id=102, room="lobby", nick="bob", topic="tea"))
        self.assertEqual(self.tells(), [("lobby", 102)])

    def test_other_room(self) -> None:
        """A room counts as read only once it is the current one."""
        self.join()
        facts = {"room": "python", "nick": "ada", "own": True}
        rooms = {"python": LOBBY | {"read": 110}}
        self.hear(line("joined", id=111, rooms=rooms, **facts), self.said(112, room="python"))
        self.assertEqual(self.tells(), [])
        self.hear(line("ok", ref=self.say("/join python"), rooms=rooms))
        self.assertEqual(self.tells(), [("python", 112)])

    def test_joined(self) -> None:
        """In a room that was joined here, what is said from then on is read."""
        self.join()
        ref = self.say("/join python")
        self.hear(line("joined", id=111, room="python", nick="ada", own=True))
        self.hear(line("ok", ref=ref, rooms={"python": LOBBY | {"read": 110}}))
        self.answer(self.said(105, room="python"))
        self.assertEqual(self.tells(), [])
        self.hear(self.said(112, room="python"))
        self.assertEqual(self.tells(), [("python", 112)])

    def test_read_elsewhere(self) -> None:
        """What the chat knows from another device is not told again."""
        self.join()
        self.hear(self.said(101), seen(101, "lobby", following=True))
        self.assertEqual(self.tells(), [])
        self.hear(self.said(102))
        self.assertEqual(self.tells(), [("lobby", 102)])

    def test_nothing_missed(self) -> None:
        """History that was read before is no hindrance."""
        self.join(read=60, missed=(50, 60))
        self.hear(self.said(101))
        self.assertEqual(self.tells(), [("lobby", 101)])

    def test_missed(self) -> None:
        """The marker does not pass what was missed, of which only the last lines are shown."""
        self.join(read=50, missed=(50, 60))
        self.hear(self.said(101))
        self.assertEqual(self.tells(), [])
        self.hear(seen(60, "lobby"))
        self.assertEqual(self.tells(), [("lobby", 101)])

    def test_caught_up(self) -> None:
        """After /catchup the chat is asked whether something is missed yet."""
        self.join(read=50, missed=(50, 60))
        self.hear(self.said(101), line("ok", ref=self.say("/who")))
        self.assertEqual(len(self.chat.take()), 1)
        self.hear(line("ok", ref=self.say("/catchup"), lines=["one"], more=True))
        self.assertEqual(len(self.chat.take()), 1)
        self.hear(line("ok", ref=self.say("/catchup")))
        self.assertEqual(self.chat.take()[1:], [{"type": "seen", "id": 0, "room": "lobby"}])
        self.hear(seen(99, "lobby", ref="seen"))
        self.assertEqual(self.tells(), [("lobby", 101)])

    def test_caught_up_elsewhere(self) -> None:
        """A room in which nothing was missed, or that was left, is not asked for."""
        self.join(read=50, missed=(60,))
        self.hear(seen(60, "lobby"), line("ok", ref=self.say("/catchup")))
        self.assertEqual(len(self.chat.take()), 1)
        self.hear(seen(50, "lobby"), line("parted", id=101, room="lobby", nick="ada", own=True))
        self.hear(line("ok", ref=self.say("/catchup")))
        self.assertEqual(len(self.chat.take()), 1)

    def test_left(self) -> None:
        """That a room was left at that moment is no news for the person."""
        self.join()
        self.hear(line("error", ref="seen", code="no-room", text="you are not in lobby"))
        self.assertEqual(self.person.take(), [])
        self.assertIs(self.session.state, State.LIVE)


class LostTests(ReadingCase):
    """The connection is lost, and comes back."""

    def test_told_later(self) -> None:
        """What was read is told when there is somebody to tell, with what was missed by then."""
        self.join()
        self.hear(self.said(101))
        self.session.disconnected()
        self.session.tell_read()
        self.connect()
        self.hear(welcome(200, lobby=MISSED | {"read": 100}))
        self.session.tell_read()
        self.answer(whispered(140))
        self.answer(self.said(150))
        self.assertNotIn("seen", [each["type"] for each in self.chat.take()])
        self.assertEqual(self.tells(), [("lobby", 150), ("", 140)])

    def test_read_meanwhile(self) -> None:
        """What was read on another device meanwhile is not told."""
        self.join()
        self.hear(self.said(101))
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY | {"read": 150}))
        self.answer()
        self.assertEqual(self.tells(), [])


class PrivateTests(ReadingCase):
    """Private messages."""

    def test_shown(self) -> None:
        """They are read when they are shown, whatever the current room is."""
        self.join()
        self.hear(self.said(101), whispered(102))
        self.assertEqual(self.tells(), [("lobby", 101), ("", 102)])
        self.hear(line("notice", lines=[], events=[json.loads(whispered(103))]))
        self.assertEqual(self.tells(), [("", 103)])

    def test_missed(self) -> None:
        """Those that came while the person was away are shown first, and count as read."""
        self.connect()
        self.hear(welcome(100, lobby=LOBBY | {"read": 90}))
        self.assertEqual(self.chat.take()[-1], {"type": "seen", "id": 0})
        self.hear(whispered(101), seen(30, "lobby"), seen(40, ref="seen"))
        request = self.answer(whispered(50), whispered(60))
        self.assertEqual((request["after"], request["before"], "room" in request), (40, 100, False))
        shown = ["old Whispered 50", "old Whispered 60", "new Whispered 101"]
        self.assertEqual(self.person.take()[1:], shown)
        self.assertEqual(self.tells(), [("", 101)])

    def test_missed_and_delivered(self) -> None:
        """Those that the chat delivers by itself as well are shown once."""
        self.connect()
        delivered = [json.loads(whispered(50))]
        self.hear(welcome(100, lobby=LOBBY | {"read": 90}))
        self.hear(line("notice", lines=[], events=delivered), seen(40, ref="seen"))
        self.answer(whispered(50))
        self.assertEqual(self.person.take()[1:], ["old Whispered 50"])

    def test_nothing_missed(self) -> None:
        """If everything was read, nothing is asked for."""
        for marker in (0, 100, 120):
            self.setUp()
            self.connect()
            self.hear(welcome(100, lobby=LOBBY | {"read": 90}), seen(marker, ref="seen"))
            self.assertIs(self.session.state, State.LIVE)
            self.hear(whispered(130))
            self.assertEqual(self.tells(), [("", 130)])

    def test_refused(self) -> None:
        """Without an answer the session begins all the same, and says nothing of them."""
        self.connect()
        self.hear(welcome(100, lobby=LOBBY | {"read": 90}))
        self.hear(line("error", ref="seen", code="failed", text="no"))
        self.assertIs(self.session.state, State.LIVE)
        self.assertEqual(len(self.person.take()), 1)
        self.hear(whispered(101))
        self.assertEqual(self.tells(), [])

    def test_lost(self) -> None:
        """If the connection is lost before the answer, the next one does not wait for it."""
        self.connect()
        self.hear(welcome(100, lobby=LOBBY | {"read": 90}))
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY | {"read": 90}))
        self.assertEqual(self.chat.requests[-1]["after"], 100)
        self.answer()
        self.assertIs(self.session.state, State.LIVE)

    def test_somebody_else(self) -> None:
        """Whoever logs in asks anew."""
        self.join()
        self.hear(welcome(200, "eve", lobby=LOBBY | {"read": 190}))
        self.assertEqual(self.chat.take(), [{"type": "seen", "id": 0}])
        self.hear(seen(150, ref="seen"))
        self.assertEqual(self.answer()["after"], 150)


class NoMarkerTests(ReadingCase):
    """A chat that keeps no markers, and a program, which reads nothing."""

    def test_chat(self) -> None:
        """A chat that does not say how far a room is read is neither asked nor told."""
        self.connect()
        self.hear(welcome(100, lobby=LOBBY))
        self.assertEqual(len(self.chat.take()), 1)
        self.hear(self.said(101), whispered(102))
        self.assertEqual(self.tells(), [])

    def test_program(self) -> None:
        """What a program is sent is not read."""
        self.recent = 0
        self.setUp()
        self.connect()
        self.hear(welcome(100, lobby=LOBBY | {"read": 100}))
        self.assertEqual(len(self.chat.take()), 1)
        self.hear(self.said(101), whispered(102))
        self.assertEqual(self.tells(), [])


class TimeTests(PipeCase):
    """When it is told, with a clock that is turned by hand."""

    typed = True
    commands = True

    def make_session(self, person: Viewer, recent: int) -> Session:
        return super().make_session(person, 20)

    def setUp(self) -> None:
        super().setUp()
        self.pipe.session.connected(self.chat.send)
        self.hear(welcome(100, lobby=LOBBY | {"read": 100}), seen(100, ref="seen"))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.chat.take()

    def hear(self, *lines: bytes) -> None:
        for each in lines:
            self.pipe.session.line_received(each)

    def said(self, number: int) -> bytes:
        return line("said", id=number, room="lobby", nick="bob", text="x")

    def told(self) -> list[Any]:
        """List the ids up to which it was told that the lobby is read, and other requests."""
        return [each.get("id", each.get("line")) for each in self.chat.take()]

    def test_in_a_while(self) -> None:
        """Lines that come within a few seconds are told together, and later ones later."""
        self.hear(self.said(101))
        self.clock.advance(READ - 0.5)
        self.hear(self.said(102))
        self.assertEqual(self.told(), [])
        self.clock.advance(0.5)
        self.assertEqual(self.told(), [102])
        self.clock.advance(READ)
        self.hear(self.said(103))
        self.assertEqual(self.told(), [])
        self.clock.advance(READ)
        self.assertEqual(self.told(), [103])

    def test_current_room(self) -> None:
        """A room that becomes the current one is told by itself."""
        facts = {"room": "python", "nick": "ada", "own": True}
        rooms = {"python": LOBBY | {"read": 110}}
        self.hear(line("joined", id=111, rooms=rooms, **facts))
        self.hear(line("said", id=112, room="python", nick="bob", text="x"))
        self.pipe.dataReceived(b"/join python\n")
        self.hear(line("ok", ref="r1", rooms=rooms))
        self.chat.take()
        self.clock.advance(READ)
        self.assertEqual(self.told(), [112])

    def test_goodbye(self) -> None:
        """Whoever says goodbye has read what is on the screen."""
        self.hear(self.said(101))
        self.pipe.dataReceived(b"/quit\n")
        self.assertEqual(self.told(), [101, "/quit"])

    def test_end(self) -> None:
        """Nothing is left to do at the end, however that comes."""
        self.hear(self.said(101), self.said(102), line("error", code="taken-over", text="x"))
        self.assertEqual(self.clock.getDelayedCalls(), [])
