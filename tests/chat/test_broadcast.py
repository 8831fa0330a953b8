"""Who sees what of a batch, in which order, and at what cost."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.broadcast import broadcast
from chatservice.chat.door import NOWHERE
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Member, Room
from chatservice.protocol import events
from tests.recording import (
    RecordingFormat,
    door_of,
    fenced,
    joined,
    left,
    parted,
    recorded,
    renamed,
    resumed,
    said,
    seen,
    sent,
    whispered,
)


class BroadcastTestCase(SynchronousTestCase):
    """Two rooms; ada and bob are in the lobby, carol and dan in both."""

    def setUp(self) -> None:
        self.lobby, self.python = Room("lobby"), Room("python")
        self.wire = RecordingFormat()
        self.ada = self.here("ada", self.lobby)
        self.bob = self.here("bob", self.lobby)
        self.carol = self.here("carol", self.lobby, self.python)
        self.dan = self.here("dan", self.python, self.lobby)

    def here(self, nick: str, *rooms: Room) -> Member:
        return recorded(nick, *rooms, wire=self.wire)

    def broadcast(self, *batch: Envelope) -> None:
        broadcast(batch, {"lobby": self.lobby, "python": self.python})


class OrderTests(BroadcastTestCase):
    """Who sees what, and in which order."""

    def test_room(self) -> None:
        """Everybody in a room sees its events in the order of their ids, the author its own."""
        self.broadcast(said(1, self.ada, self.lobby), said(2, self.bob, self.lobby))
        self.assertEqual(seen(self.ada), ["!1", "2"])
        self.assertEqual(seen(self.bob), ["1", "!2"])
        self.assertEqual(seen(self.carol), ["1", "2"])
        self.assertEqual(seen(self.dan), ["1~", "2~"])

    def test_not_in_the_room(self) -> None:
        """Who is not in a room sees nothing of it, and is sent nothing."""
        self.broadcast(said(1, self.carol, self.python))
        self.assertEqual(door_of(self.ada).deliveries, [])
        self.assertEqual(seen(self.dan), ["1"])

    def test_several_rooms(self) -> None:
        """Who is in several of the rooms sees their events in one order."""
        eve, frank = self.here("eve", self.lobby), self.here("frank", self.python)
        self.broadcast(
            said(1, eve, self.lobby),
            said(2, frank, self.python),
            said(3, eve, self.lobby),
            said(4, frank, self.python),
        )
        self.assertEqual(seen(self.carol), ["1", "2~", "3", "4~"])
        self.assertEqual(seen(self.dan), ["1~", "2", "3~", "4"])
        self.assertEqual(seen(self.ada), ["1", "3"])

    def test_the_two_smaller_of_three_rooms(self) -> None:
        """Who is in some of many rooms gets one delivery, whichever of the rooms is the largest."""
        tea = Room("tea")
        eve, frank = self.here("eve", self.python, tea), self.here("frank", tea)
        batch = [said(1, frank, tea), said(2, self.dan, self.python), said(3, self.ada, self.lobby)]
        broadcast(batch, {"lobby": self.lobby, "python": self.python, "tea": tea})
        self.assertEqual(seen(eve), ["1~", "2"])
        self.assertEqual(len(door_of(eve).deliveries), 1)

    def test_members_event(self) -> None:
        """A fact about a member is seen once by whoever shares any of its rooms."""
        frank = self.here("frank", self.python)
        self.broadcast(renamed(1, self.carol, self.lobby, self.python))
        for member in (self.ada, self.dan, frank):
            self.assertEqual(seen(member), ["1"])
        self.assertEqual(seen(self.carol), ["!1"])

    def test_one_delivery(self) -> None:
        """Everybody gets one delivery, however many events and rooms there are in the batch."""
        self.broadcast(
            said(1, self.ada, self.lobby),
            renamed(2, self.carol, self.lobby, self.python),
            said(3, self.dan, self.python),
            whispered(4, self.bob, self.carol),
        )
        for member in (self.ada, self.bob, self.carol, self.dan):
            self.assertEqual(len(door_of(member).deliveries), 1)

    def test_joining(self) -> None:
        """Who joins sees nothing before its own joining, and everything after it."""
        eve = self.here("eve")
        self.broadcast(
            said(1, self.ada, self.lobby),
            joined(2, eve, self.lobby),
            said(3, self.bob, self.lobby),
        )
        self.assertEqual(seen(eve), ["!2", "3~"])
        self.assertEqual(seen(self.carol), ["1", "2", "3"])
        self.broadcast(said(4, self.ada, self.lobby))
        self.assertEqual(seen(eve), ["!2", "3~", "4~"])

    def test_parting(self) -> None:
        """Who leaves a room sees everything before it, nothing after, and other rooms still."""
        self.broadcast(
            said(1, self.ada, self.lobby),
            parted(2, self.carol, self.lobby),
            said(3, self.bob, self.lobby),
            said(4, self.dan, self.python),
        )
        self.assertEqual(seen(self.carol), ["1", "!2", "4~"])
        self.broadcast(said(5, self.ada, self.lobby))
        self.assertEqual(seen(self.carol), ["1", "!2", "4~"])
        self.assertEqual(seen(self.ada), ["!1", "2", "3", "!5"])

    def test_there_and_back(self) -> None:
        """Who parts and joins again within a batch misses what was said between."""
        self.broadcast(
            parted(1, self.bob, self.lobby),
            said(2, self.ada, self.lobby),
            joined(3, self.bob, self.lobby),
            said(4, self.ada, self.lobby),
        )
        self.assertEqual(seen(self.bob), ["!1", "!3", "4"])

    def test_leaving(self) -> None:
        """Who leaves the chat hears all before that, and no more; its rooms are told once."""
        frank = self.here("frank", self.python)
        self.broadcast(left(1, self.carol, self.lobby, self.python), said(2, self.ada, self.lobby))
        self.assertEqual(seen(self.carol), [])
        self.assertEqual(seen(self.dan), ["1", "2~"])
        self.assertEqual((seen(self.ada), seen(frank)), (["1", "!2"], ["1"]))
        self.broadcast(said(3, self.ada, self.lobby), said(4, self.dan, self.python))
        self.assertEqual(seen(self.carol), [])

    def test_whispers(self) -> None:
        """A private line reaches the two people alone, in its place in the order."""
        self.broadcast(
            said(1, self.dan, self.lobby),
            whispered(2, self.ada, self.bob),
            said(3, self.dan, self.lobby),
        )
        self.assertEqual(seen(self.ada), ["1", "!2", "3"])
        self.assertEqual(seen(self.bob), ["1", "2", "3"])
        self.assertEqual(seen(self.carol), ["1", "3"])

    def test_whisper_across_rooms(self) -> None:
        """A private line needs no room that both are in."""
        frank = self.here("frank")
        self.broadcast(whispered(1, frank, self.ada))
        self.assertEqual((seen(frank), seen(self.ada), seen(self.bob)), (["!1"], ["1"], []))

    def test_whisper_to_oneself(self) -> None:
        """A line to oneself comes once, as one's own."""
        self.broadcast(whispered(1, self.ada, self.ada))
        self.assertEqual(seen(self.ada), ["!1"])

    def test_read_back(self) -> None:
        """What has no author here is nobody's own, and whom it is for is not known by name."""
        self.broadcast(
            sent(events.Said(id=1, nick="ada", room="lobby", text="hi")),
            sent(events.Whispered(id=2, nick="eve", to="bob", text="psst")),
            sent(events.Joined(id=3, nick="eve", room="lobby")),
            sent(events.Left(id=4, nick="eve", goodbye=True, why="", rooms=("lobby",))),
            sent(events.Resumed(id=5, nick="eve")),
        )
        self.assertEqual(seen(self.ada), ["1", "3", "4"])
        self.assertEqual(seen(self.bob), ["1", "3", "4"])

    def test_nothing(self) -> None:
        """An empty batch is delivered to nobody."""
        self.broadcast()
        self.assertEqual(door_of(self.ada).asked, [])

    def test_recent(self) -> None:
        """A room remembers what is history, in order, and not who came and went."""
        batch = [
            said(1, self.ada, self.lobby),
            joined(2, self.here("eve"), self.lobby),
            sent(events.TopicChanged(id=3, nick="ada", room="lobby", text=""), self.ada),
            said(4, self.dan, self.python),
        ]
        self.broadcast(*batch)
        self.assertEqual(list(self.lobby.recent), [batch[0].event, batch[2].event])
        self.assertEqual(list(self.python.recent), [batch[3].event])

    def test_recent_at_the_joining(self) -> None:
        """When it is shown its own joining, a joiner's room remembers exactly what came before."""
        remembered: list[int] = []
        eve = self.here("eve")
        door_of(eve).render_own = lambda event, mine: (  # type: ignore[method-assign]
            remembered.extend(past.id for past in self.lobby.recent) or b""
        )
        self.broadcast(
            said(1, self.ada, self.lobby), joined(2, eve, self.lobby), said(3, self.ada, self.lobby)
        )
        self.assertEqual(remembered, [1])


class ResumeTests(BroadcastTestCase):
    """A connection that takes the place of a member's only one."""

    def setUp(self) -> None:
        super().setUp()
        self.bob.devices[0].end()
        self.device = fenced(self.bob, self.wire)
        self.door = door_of(self.device)

    def test_fence(self) -> None:
        """A new connection is shown nothing before the fence, and everything from it on."""
        self.broadcast(
            said(1, self.ada, self.lobby),
            said(2, self.bob, self.lobby),
            whispered(3, self.ada, self.bob),
            resumed(4, self.device),
            said(5, self.ada, self.lobby),
            said(6, self.bob, self.lobby),
        )
        self.assertEqual(self.door.seen, ["!4", "5", "!6"])
        self.assertIs(self.device.door, self.door)

    def test_before_the_fences_batch(self) -> None:
        """A batch before the one with the fence is not shown to the new connection."""
        self.broadcast(said(1, self.ada, self.lobby))
        self.assertEqual(self.door.asked, [])

    def test_nobody_else(self) -> None:
        """Others see nothing of it."""
        self.broadcast(resumed(1, self.device))
        self.assertEqual(seen(self.ada), [])

    def test_taken_over_again(self) -> None:
        """Of two connections that take a member over, the later one has it from its own fence."""
        self.device.end()
        second = fenced(self.bob, self.wire)
        self.broadcast(
            resumed(1, self.device), said(2, self.ada, self.lobby), resumed(3, second)
        )
        self.assertEqual((self.door.asked, seen(second)), ([], ["!3"]))

    def test_gone_meanwhile(self) -> None:
        """A connection that is gone before its fence stays so, and its member without one."""
        self.device.end()
        self.broadcast(resumed(1, self.device), said(2, self.ada, self.lobby))
        self.assertIs(self.device.door, NOWHERE)
        self.assertEqual((self.door.asked, self.bob.devices), ([], ()))


class CostTests(BroadcastTestCase):
    """An event is rendered for each wire and view, not for each reader."""

    def crowd(self, count: int) -> list[Member]:
        return [self.here(f"reader{number}", self.lobby) for number in range(count)]

    def test_once_for_a_view(self) -> None:
        """However many readers there are, a line is rendered once here and once elsewhere."""
        self.crowd(50)
        self.broadcast(said(1, self.ada, self.lobby))
        self.assertEqual(sorted(self.wire.rendered), [(1, False), (1, True)])

    def test_once_for_a_format(self) -> None:
        """Readers on different wires each get their own, rendered once."""
        other = RecordingFormat("other")
        reader = recorded("eve", self.lobby, wire=other)
        recorded("frank", self.lobby, wire=other)
        self.crowd(50)
        self.broadcast(said(1, self.ada, self.lobby))
        self.assertEqual(other.rendered, [(1, True)])
        self.assertEqual(seen(reader), ["other1"])

    def test_same_bytes(self) -> None:
        """Readers with the same view are handed the same object."""
        one, *others = self.crowd(5)
        self.broadcast(said(1, self.ada, self.lobby), said(2, self.bob, self.lobby))
        for other in others:
            self.assertIs(door_of(other).deliveries[0], door_of(one).deliveries[0])

    def test_the_few(self) -> None:
        """Those who need a join of their own share what is rendered for them as well."""
        authors = self.crowd(20)
        self.crowd(50)
        self.broadcast(*(said(id, author, self.lobby) for id, author in enumerate(authors)))
        for id in range(20):
            self.assertEqual(self.wire.rendered.count((id, True)), 1)
            self.assertEqual(self.wire.rendered.count((id, False)), 1)

    def test_view_of_a_members_event(self) -> None:
        """What is in several rooms is nowhere else: there is one view of it in each room."""
        self.broadcast(renamed(1, self.carol, self.lobby, self.python))
        self.assertNotIn((1, False), self.wire.rendered)

    def test_view_where_nobody_needs_their_own(self) -> None:
        """So it is where all who hear it can share the same bytes."""
        tea, beer = Room("tea"), Room("beer")
        eve, frank = self.here("eve", self.lobby, tea), self.here("frank", self.python, beer)
        stranger = self.here("stranger")
        stranger.devices = ()
        rooms = {"tea": tea, "beer": beer}
        broadcast([renamed(1, stranger, tea, beer), said(2, stranger, tea)], rooms)
        self.assertEqual((seen(eve), seen(frank)), (["1", "2~"], ["1"]))
        self.assertEqual(self.wire.rendered, [(1, True), (2, False)])


class FaultTests(BroadcastTestCase):
    """A bug in one member's way costs that member alone."""

    def assert_dropped(self, member: Member) -> None:
        """The member was dropped, the traceback logged, and everybody else served."""
        self.assertIn("drop", door_of(member).asked)
        self.assertTrue(self.flushLoggedErrors(ZeroDivisionError))
        for other in {self.ada, self.bob, self.carol, self.dan} - {member}:
            self.assertEqual(len(door_of(other).deliveries), 1)
            self.assertNotIn("drop", door_of(other).asked)

    def test_delivery_to_a_reader(self) -> None:
        """A reader whose delivery raises is dropped, and the others get theirs."""
        door_of(self.bob).broken = {"deliver"}
        self.broadcast(said(1, self.ada, self.lobby))
        self.assert_dropped(self.bob)

    def test_delivery_to_the_author(self) -> None:
        """An author whose delivery raises is dropped, and the others get theirs."""
        door_of(self.ada).broken = {"deliver"}
        self.broadcast(said(1, self.ada, self.lobby))
        self.assert_dropped(self.ada)

    def test_own(self) -> None:
        """An author whose door cannot spell its event is dropped, and the others get theirs."""
        door_of(self.ada).broken = {"render_own"}
        self.broadcast(said(1, self.ada, self.lobby), said(2, self.bob, self.lobby))
        self.assert_dropped(self.ada)
        self.assertEqual(seen(self.bob), ["1", "!2"])

    def test_own_and_nothing_else(self) -> None:
        """An author for whom nothing could be spelled is sent nothing."""
        door_of(self.ada).broken = {"render_own"}
        self.broadcast(said(1, self.ada, self.lobby))
        self.assertEqual(door_of(self.ada).deliveries, [])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_rendering_for_a_reader(self) -> None:
        """A reader whose wire cannot spell an event is dropped, and the others get theirs."""
        door_of(self.bob).format = BrokenFormat()
        self.bob.preferences_changed()
        self.broadcast(said(1, self.ada, self.lobby))
        self.assert_dropped(self.bob)

    def test_rendering_for_an_author(self) -> None:
        """An author whose wire cannot spell another's event is dropped, and the others served."""
        door_of(self.bob).format = BrokenFormat()
        self.bob.preferences_changed()
        self.broadcast(said(1, self.bob, self.lobby), said(2, self.ada, self.lobby))
        self.assertIn("drop", door_of(self.bob).asked)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(seen(self.ada), ["1", "!2"])

    def test_stays_in_the_room(self) -> None:
        """Dropping is for a later turn: whoever is dropped is in the room until then."""
        door_of(self.bob).broken = {"deliver"}
        self.broadcast(said(1, self.ada, self.lobby))
        self.assertIn(self.bob, self.lobby.present)
        self.assertIn(self.bob.devices[0], self.lobby.audience)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class BrokenFormat(RecordingFormat):
    """A wire that cannot spell anything."""

    def render(self, event: events.Event, here: bool) -> bytes:
        raise ZeroDivisionError
