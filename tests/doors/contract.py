"""The contract of every door: what it does when the chat asks something of it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.door import GOODBYE, Door
from chatservice.chat.rooms import Device, Member, Room
from chatservice.config.settings import Settings
from chatservice.doors.lines import LineConnection
from chatservice.people.peers import Peer
from chatservice.protocol import events
from chatservice.protocol.actions import Kicked, Muted
from chatservice.protocol.signals import Signalled
from chatservice.server import ChatFactory
from chatservice.sessions.session import Session
from tests.doubles import Wire
from tests.journals import HeldJournal
from tests.recording import RecordingDoor, come, deliver_through, door_of, line

if TYPE_CHECKING:
    Base = SynchronousTestCase
else:
    Base = object


RESUMED = events.Resumed(id=18, nick="ada")


class DoorContract(Base):
    """What every door does; C{self.door} is one, with ada behind it, and C{self.bob} is there."""

    chat: ChatFactory
    clock: Clock
    door: Door
    member: Member
    bob: Device

    def begin(self) -> None:
        """A chat with bob in it."""
        self.clock = Clock()
        self.chat = ChatFactory(self.clock, settings=Settings(rate_limit=0, linger=0))
        self.bob = come(self.chat, "bob", Room("lobby"))
        self.clock.advance(0)

    def events_of(self, author: Member, other: Member) -> list[events.Event]:
        """List an event of every kind but those that nobody else is shown."""
        who = {"nick": author.nick}
        return [
            events.Said(id=1, room="lobby", text="hi", **who),
            events.Acted(id=2, room="lobby", text="waves", **who),
            events.Noticed(id=2, room="lobby", text="tea", tags={"+a": "b"}, **who),
            Signalled(id=2, room="lobby", tags={"+typing": "active"}, **who),
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
            events.WentAway(id=13, why="tea", **who),
            events.CameBack(id=14, **who),
            Muted(id=15, room="lobby", target=other.nick, target_identity=other.identity, **who),
            Kicked(id=16, room="lobby", target=other.nick, target_identity=other.identity, **who),
        ]

    def own_events(self) -> list[events.Event]:
        """List an event of every kind, of the member behind the door."""
        return [
            *self.events_of(self.member, self.bob.member),
            events.Read(id=17, nick="ada", room="lobby", upto=3, ref="r1"),
            events.Read(id=18, nick="ada", room="", to="bob", upto=3),
            RESUMED,
        ]

    def test_format(self) -> None:
        """Its format makes bytes of every event of somebody else, in whatever room."""
        for event in self.events_of(self.bob.member, self.member):
            for here in (True, False):
                self.assertIsInstance(self.door.format.render(event, here), bytes)

    def test_own(self) -> None:
        """It makes bytes of every event of its own member."""
        for event in self.own_events():
            self.assertIsInstance(self.door.render_own(event, True), bytes)

    def test_elsewhere(self) -> None:
        """It makes bytes of every event that its member caused through another device."""
        for event in self.own_events():
            for here in (True, False):
                spelled = self.door.render_elsewhere(event, here, "phone")
                self.assertIsInstance(spelled, bytes)

    def test_watched(self) -> None:
        """It makes bytes of whatever happens to somebody whom its member watches."""
        watched = events.Watched(id=7, nick="bob", here=True)
        for event in self.events_of(self.bob.member, self.member):
            for told in (watched, None):
                self.assertIsInstance(self.door.render_watched(event, told), bytes)

    def test_another_device(self) -> None:
        """It shows nothing of the coming of another device of its member."""
        self.assertEqual(self.door.render_elsewhere(RESUMED, True, "phone"), b"")


class ConnectionContract(DoorContract):
    """What a door with a connection does besides.

    @cvar arrival: the kinds of events with which somebody comes to the lobby.
    @cvar steps: how often all that was done must be stored before its goodbye is.
    """

    door: Session
    hello: bytes
    line: bytes
    joined: str
    not_sent: str
    elsewhere: str
    joined_elsewhere: str
    seen: str
    reading: tuple[bool, bool, bool]
    farewell = b""
    arrival: tuple[type[events.Event], ...] = (events.Joined,)
    steps = 1

    def make(self) -> Session:
        raise NotImplementedError

    def setUp(self) -> None:
        self.begin()
        self.connect()
        self.wire.sends(self.hello)
        assert self.door.member is not None
        self.member = self.door.member
        self.wire.gets()

    def connect(self) -> None:
        """Make the door and its connection."""
        self.door = self.make()
        self.wire = Wire.to(LineConnection(self.door, Peer()), self.clock)

    def sees(self) -> str:
        """Return what the peer received since the last call."""
        return self.wire.sees()

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
        self.assertEqual(self.sees(), self.not_sent)

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
        self.assertEqual(self.wire.gets(), b"goodbye" + self.farewell)
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
        self.wire.gets()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertIsNotNone(self.wire.lost)

    def test_fails_in_a_delivery(self) -> None:
        """A bug in its delivery drops its member alone, with its reason, after the batch."""
        (device,) = self.member.devices
        deliver_through(device, lambda data: 1 // 0)
        self.chat.say(self.bob, self.chat.rooms["lobby"], "hi")
        self.clock.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.wire.gets()
        self.assertEqual(len(door_of(self.bob).deliveries), 4)
        self.assertNotIn("ada", self.chat.roster)

    def alongside(self) -> Device:
        """Give its member one more device, let the fence of that pass, and see what it shows."""
        door: Any = RecordingDoor()
        device = self.chat.devices.come_back(self.member, door, "phone")
        self.clock.advance(0)
        self.wire.gets()
        return device

    def test_line_elsewhere(self) -> None:
        """What its member says through another device comes in its place, and answers nothing."""
        phone, lobby = self.alongside(), self.chat.rooms["lobby"]
        for device, text in ((self.bob, "first"), (phone, "hi"), (self.bob, "last")):
            self.chat.say(device, lobby, text, ref="r1")
        self.clock.advance(0)
        before, after = self.sees().split(self.elsewhere)
        self.assertIn("first", before)
        self.assertIn("last", after)

    def test_joining_elsewhere(self) -> None:
        """A room that its member enters through another device is shown, and heard."""
        phone = self.alongside()
        self.chat.enter(phone, "python")
        self.clock.advance(0)
        self.assertIn(self.joined_elsewhere, self.sees())
        self.chat.say(phone, self.chat.rooms["python"], "psst")
        self.clock.advance(0)
        self.assertIn("psst", self.sees())

    def test_in_and_out_elsewhere(self) -> None:
        """A room that its member enters and leaves again at once, elsewhere, does no harm."""
        phone = self.alongside()
        self.chat.enter(phone, "python")
        self.chat.part(phone, self.chat.rooms["python"])
        self.clock.advance(0)
        self.assertIn("python", self.sees())
        self.assertIsNone(self.wire.lost)

    def test_reads(self) -> None:
        """It tells whether the current room, any other, and private lines are read there."""
        ways = [("lobby", True), ("python", False), ("", False)]
        self.assertEqual(tuple(self.door.reads(*way) for way in ways), self.reading)

    def test_read_on(self) -> None:
        """It shows what is read elsewhere, if it shows what is read at all."""
        for room, following in (("lobby", False), ("", True)):
            self.assertIsNone(self.door.read_on(room, 7, following))
        self.assertEqual(self.sees(), self.seen)

    def test_read_on_after_close(self) -> None:
        """What is read elsewhere is nothing to a connection that is gone."""
        self.wire.vanishes()
        before = len(self.wire.written)
        self.door.read_on("lobby", 7, False)
        self.assertEqual(len(self.wire.written), before)

    def held(self) -> HeldJournal:
        """Begin again, in a chat whose journal waits and is at work."""
        journal: Any = HeldJournal()
        self.chat = ChatFactory(self.clock, journal, Settings(linger=0))
        self.bob = come(self.chat, "bob", Room("lobby"))
        self.clock.advance(0)
        self.connect()
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

    def says_goodbye(self) -> None:
        """Send what is a goodbye at the door: the end of the input, or something else."""
        self.wire.ends()

    def test_end_of_input(self) -> None:
        """Who sends a line and says goodbye is shown the joining, though the journal is slow.

        Only then does it leave.
        """
        journal = self.held()
        self.wire.sends(self.hello + self.line)
        self.says_goodbye()
        shown = ""
        for _ in range(self.steps):
            journal.release(self.clock)
            shown += self.sees()
        self.assertIn(self.joined, shown)
        self.assertIsNotNone(self.wire.lost)
        *before, last = [[type(event) for event in batch] for batch in journal.batches[1:]]
        self.assertEqual([*chain(*before)], [*self.arrival, events.Said])
        self.assertEqual(last, [events.Left])
