"""What every door does when the chat asks something of it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.door import GOODBYE, NOWHERE, Door, Fenced
from chatservice.chat.rooms import Member, Room
from chatservice.config import Settings
from chatservice.doors.json import JsonSession
from chatservice.doors.lines import LineConnection
from chatservice.doors.text import TextSession
from chatservice.people.peers import Peer
from chatservice.protocol import events
from chatservice.server import ChatFactory
from chatservice.sessions.session import Session
from tests.doubles import Wire
from tests.journals import HeldJournal
from tests.recording import RecordingDoor, come, line

if TYPE_CHECKING:
    Base = SynchronousTestCase
else:
    Base = object


class DoorContract(Base):
    """What every door does; C{self.door} is one, with ada behind it, and C{self.bob} is there."""

    chat: ChatFactory
    clock: Clock
    door: Door
    member: Member
    bob: Member

    def begin(self) -> None:
        """A chat with bob in it."""
        self.clock = Clock()
        self.chat = ChatFactory(self.clock, settings=Settings(rate_limit=0, linger=0))
        self.bob = come(self.chat, "bob", Room("lobby"))
        self.clock.advance(0)

    def events_of(self, author: Member, other: Member) -> list[events.Event]:
        """An event of every kind but one, Resumed, that nobody else is shown."""
        who = {"nick": author.nick}
        return [
            events.Said(id=1, room="lobby", text="hi", **who),
            events.Acted(id=2, room="lobby", text="waves", **who),
            events.TopicChanged(id=3, room="lobby", text="snakes", **who),
            events.TopicChanged(id=4, room="lobby", text="", **who),
            events.Whispered(id=5, to=other.nick, text="psst", **who),
            events.Whispered(id=6, to=author.nick, text="psst", **who),
            events.Joined(id=7, room="lobby", arrived=True, **who),
            events.Joined(id=8, room="lobby", **who),
            events.Parted(id=9, room="lobby", **who),
            events.Left(id=10, goodbye=True, why="", **who),
            events.Left(id=11, goodbye=False, why="connection lost", **who),
            events.Renamed(id=12, now="eve", **who),
        ]

    def test_format(self) -> None:
        """Its format makes bytes of every event of somebody else, in whatever room."""
        for event in self.events_of(self.bob, self.member):
            for here in (True, False):
                self.assertIsInstance(self.door.format.render(event, here), bytes)

    def test_own(self) -> None:
        """It makes bytes of every event of its own member."""
        resumed = events.Resumed(id=13, nick="ada")
        for event in [*self.events_of(self.member, self.bob), resumed]:
            self.assertIsInstance(self.door.render_own(event, True), bytes)


class SilentDoorContract(DoorContract):
    """What a door that lets nothing through does: whatever it is asked, there is no sound."""

    def test_silent(self) -> None:
        """It makes nothing of any event, its own or another's."""
        for event in self.events_of(self.bob, self.member):
            self.assertEqual(self.door.format.render(event, True), b"")
        for event in self.events_of(self.member, self.bob):
            self.assertEqual(self.door.render_own(event, True), b"")

    def test_takes_everything(self) -> None:
        """It takes deliveries and refusals, and forgets them."""
        self.assertIsNone(self.door.deliver(b"hi"))
        self.assertIsNone(self.door.refuse(line(1), "not sent: the disk is full"))
        self.assertIsNone(self.door.notify(["bob asks for you"], []))
        self.assertIsNone(self.door.preferences_changed())
        self.assertIsNone(self.door.ping("are you there?"))
        self.assertIsNone(self.door.drop())
        self.assertIsNone(self.door.complain(Failure(events.ChatError("empty", "say something"))))
        self.assertIsNone(self.door.hold())
        self.assertIsNone(self.door.close("goodbye"))


class NowhereTests(SilentDoorContract, SynchronousTestCase):
    """The door of a member whose connection is gone."""

    def setUp(self) -> None:
        self.begin()
        self.door = NOWHERE
        self.member = Member("ada", "ada", NOWHERE, "a token")

    def test_silent_for_ever(self) -> None:
        """Nothing will be heard through it."""
        self.assertEqual(self.door.idle_seconds(), inf)

    def test_nothing_to_close(self) -> None:
        """There is nothing behind it to be closed."""
        self.assertIsNone(self.door.close(code=GOODBYE))
        self.assertIsNone(self.door.taken_over())

    def test_nothing_to_send(self) -> None:
        """Nothing waits to be sent, and nothing is answered again."""
        self.assertIsNone(self.door.behind())
        self.assertIsNone(self.door.again(line(1)))


class FencedTests(SilentDoorContract, SynchronousTestCase):
    """The door that took a member over, before the fence."""

    def setUp(self) -> None:
        self.begin()
        self.behind = RecordingDoor()
        self.door = Fenced(self.behind)
        self.member = Member("ada", "ada", self.door, "a token")

    def test_nothing_passes(self) -> None:
        """Nothing that it takes reaches the door behind it."""
        self.door.deliver(b"hi")
        self.door.refuse(line(1), "not sent: the disk is full")
        self.door.render_own(line(1), True)
        self.assertEqual(self.behind.asked, [])

    def test_silence(self) -> None:
        """It has been silent for as long as the door behind it."""
        self.patch(self.behind, "idle_seconds", lambda: 7.0)
        self.assertEqual(self.door.idle_seconds(), 7.0)

    def test_dismissed(self) -> None:
        """The member leaves: the door behind it is dismissed."""
        self.door.close(code=GOODBYE)
        self.assertEqual(self.behind.asked, ["close"])

    def test_displaced(self) -> None:
        """A third connection takes over: the door behind it is displaced."""
        self.door.taken_over()
        self.assertEqual(self.behind.asked, ["taken_over"])


class ConnectionContract(DoorContract):
    """What a door with a connection does besides."""

    door: Session
    hello: bytes
    line: bytes
    joined: str
    not_sent: str

    def make(self) -> Session:
        raise NotImplementedError

    def setUp(self) -> None:
        self.begin()
        self.door = self.make()
        self.wire = Wire.to(LineConnection(self.door, Peer()), self.clock)
        self.wire.sends(self.hello)
        assert self.door.member is not None
        self.member = self.door.member
        self.wire.sees()

    def test_delivers(self) -> None:
        """What it is given to deliver is sent, in order."""
        self.door.deliver(b"one ")
        self.door.deliver(b"two")
        self.assertEqual(self.wire.gets(), b"one two")

    def test_deliver_after_close(self) -> None:
        """A delivery after the connection is gone does nothing."""
        self.wire.vanishes()
        before = len(self.wire.written)
        self.door.deliver(b"too late")
        self.assertEqual(len(self.wire.written), before)

    def test_refuse(self) -> None:
        """Its member is told what was not stored, in a sentence."""
        self.door.refuse(
            events.Said(id=1, nick="ada", room="lobby", text="hi", ref="7"),
            "not sent: the disk is full",
        )
        self.assertEqual(self.wire.sees(), self.not_sent)

    def test_refuse_after_close(self) -> None:
        """A refusal after the connection is gone does nothing."""
        self.wire.vanishes()
        before = len(self.wire.written)
        self.door.refuse(line(1), "not sent: the disk is full")
        self.assertEqual(len(self.wire.written), before)

    def test_dismiss(self) -> None:
        """It closes when everything is sent, and not before."""
        self.wire.window = 3
        self.door.deliver(b"goodbye")
        self.door.close(code=GOODBYE)
        self.wire.turn()
        self.assertIsNone(self.wire.lost)
        self.wire.window = None
        self.assertEqual(self.wire.gets(), b"goodbye")
        self.assertIsNotNone(self.wire.lost)

    def test_dismiss_who_does_not_read(self) -> None:
        """Who does not read the rest is cut off after 5 s."""
        self.wire.window = 0
        self.door.deliver(b"goodbye")
        self.door.close(code=GOODBYE)
        self.clock.advance(4.9)
        self.assertFalse(self.wire.aborting)
        self.clock.advance(0.1)
        self.assertTrue(self.wire.aborting)

    def test_displace(self) -> None:
        """It reads nothing more, closes on a later turn, and its member does not leave."""
        self.door.taken_over()
        self.assertFalse(self.wire.aborting)
        self.wire.protocol.dataReceived(self.line)
        self.wire.turn()
        self.wire.turn()
        self.assertIsNotNone(self.wire.lost)
        self.assertIs(self.chat.roster["ada"], self.member)
        self.assertEqual(self.chat.rooms["lobby"].last_id(), 0)

    def test_fail(self) -> None:
        """It is dropped on a later turn, so that nobody leaves in the middle of a delivery."""
        self.door.drop()
        self.assertFalse(self.wire.aborting)
        self.assertIn("ada", self.chat.roster)
        self.wire.turn()
        self.wire.turn()
        self.assertIsNotNone(self.wire.lost)
        self.assertNotIn("ada", self.chat.roster)

    def test_fail_twice(self) -> None:
        """A door that fails again before it is dropped is dropped once."""
        self.door.drop()
        self.door.drop()
        self.wire.sees()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertIsNotNone(self.wire.lost)

    def test_fails_in_a_delivery(self) -> None:
        """A bug in its delivery drops its member alone, with its reason, after the batch."""
        self.door.deliver = lambda data: 1 // 0
        self.chat.say(self.bob, self.chat.rooms["lobby"], "hi")
        self.clock.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.wire.sees()
        assert isinstance(self.bob.door, RecordingDoor)
        self.assertEqual(len(self.bob.door.deliveries), 4)
        self.assertNotIn("ada", self.chat.roster)


    def held(self) -> HeldJournal:
        """Begin again, in a chat whose journal waits and is at work."""
        journal: Any = HeldJournal()
        self.chat = ChatFactory(self.clock, journal, Settings(linger=0))
        self.bob = come(self.chat, "bob", Room("lobby"))
        self.clock.advance(0)
        self.door = self.make()
        self.wire = Wire.to(LineConnection(self.door, Peer()), self.clock)
        return journal

    def test_gone_before_its_events(self) -> None:
        """Whose connection is gone before its events are stored is missed by no door of its own."""
        journal = self.held()
        self.wire.sends(self.hello)
        journal.held.pop(0).callback(None)
        self.clock.advance(0)
        self.wire.vanishes()
        journal.release(self.clock)
        self.assertEqual([type(event) for event in journal.batches[-1]], [events.Left])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_end_of_input(self) -> None:
        """Who sends a line and the end of input is shown the joining, though the journal is slow.

        Only then does it leave.
        """
        journal = self.held()
        self.wire.sends(self.hello + self.line)
        self.wire.ends()
        journal.release(self.clock)
        self.assertIn(self.joined, self.wire.sees())
        self.assertIsNotNone(self.wire.lost)
        kinds = [[type(event) for event in batch] for batch in journal.batches]
        self.assertEqual(kinds[1:], [[events.Joined, events.Said], [events.Left]])


class TextDoorTests(ConnectionContract, SynchronousTestCase):
    """The door for people."""

    hello = b"ada\n"
    line = b"hi\n"
    joined = "-- you joined lobby: bob (2 here)\r\n"
    not_sent = "-- not sent: the disk is full\r\n"

    def make(self) -> Session:
        return TextSession(self.chat)


class JsonDoorTests(ConnectionContract, SynchronousTestCase):
    """The door for programs."""

    hello = b'{"type":"hello","nick":"ada"}\n'
    line = b'{"type":"say","room":"lobby","text":"hi"}\n'
    joined = '"rooms":{"lobby":{"topic":"","members":["ada","bob"],'
    not_sent = (
        '{"type":"error","code":"not-sent","text":"not sent: the disk is full","ref":"7"}\n'
    )

    def make(self) -> Session:
        return JsonSession(self.chat)
