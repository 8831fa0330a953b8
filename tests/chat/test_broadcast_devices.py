"""Who sees what of a batch if one member has several devices."""

from __future__ import annotations

from typing import Any

from chatservice.chat.coming import Coming
from chatservice.chat.door import NOWHERE, Fenced
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device, Member
from chatservice.protocol.actions import Kicked
from tests.chat.test_broadcast import BroadcastTestCase
from tests.recording import (
    RecordingFormat,
    another,
    deliver_through,
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


class DevicesTestCase(BroadcastTestCase):
    """Tests with ada at two devices: a laptop, in the lobby, and a phone, in no current room.

    What is somebody else's is spelled as its id, what was done at this device as C{!} and it, and
    what was done at another device of the same member as C{+} and it.
    """

    def setUp(self) -> None:
        super().setUp()
        (self.laptop,) = self.ada.devices
        self.phone = another(self.ada, self.wire)

    def shown(self) -> tuple[list[str], list[str]]:
        """Return what the laptop and the phone were shown."""
        return seen(self.laptop), seen(self.phone)


class DevicesTests(DevicesTestCase):
    """Devices that are here all the while."""

    def kicked(self, id: int, whom: Member, room: str, *rooms: str) -> Envelope:
        """Let bob put somebody out of a room, or of the chat, with those rooms seeing it."""
        return sent(Kicked(id=id, nick="bob", room=room), self.bob, whom, rooms or (room,))

    def test_own_line(self) -> None:
        """A line is its device's own, comes to the other in its place, and to others as ever."""
        self.broadcast(
            said(1, self.bob, self.lobby),
            said(2, self.ada, self.lobby, self.laptop),
            said(3, self.ada, self.lobby, self.phone),
            said(4, self.bob, self.lobby),
        )
        self.assertEqual(self.shown(), (["1", "!2", "+3", "4"], ["1~", "+2~", "!3", "4~"]))
        self.assertEqual(seen(self.carol), ["1", "2", "3", "4"])

    def test_current_room(self) -> None:
        """Each device sees a room as its current one, or as another, for itself."""
        self.phone.turn_to(self.lobby)
        self.laptop.turn_to(None)
        self.broadcast(said(1, self.bob, self.lobby), said(2, self.ada, self.lobby, self.laptop))
        self.assertEqual(self.shown(), (["1~", "!2"], ["1", "+2"]))

    def test_one_delivery(self) -> None:
        """Each device gets one delivery, though its member is an author and in several rooms."""
        self.broadcast(joined(1, self.ada, self.python))
        for device in self.ada.devices:
            door_of(device).deliveries.clear()
        self.broadcast(
            said(2, self.ada, self.lobby, self.phone),
            said(3, self.dan, self.python),
            whispered(4, self.bob, self.ada),
            renamed(5, self.ada, self.lobby, self.python),
        )
        self.assertEqual(self.shown(), (["+2", "3~", "4", "!5"], ["!2", "3~", "4", "+5~"]))
        for device in self.ada.devices:
            self.assertEqual(len(door_of(device).deliveries), 1)

    def test_nothing_of_ones_own(self) -> None:
        """A device that hears what others say shares their bytes."""
        self.phone.turn_to(self.lobby)
        self.broadcast(said(1, self.bob, self.lobby), said(2, self.bob, self.lobby))
        shared = door_of(self.carol).deliveries[0]
        for device in self.ada.devices:
            self.assertIs(door_of(device).deliveries[0], shared)

    def test_own_format(self) -> None:
        """Two devices of one member may be on different wires."""
        tablet = another(self.ada, RecordingFormat("x"))
        self.broadcast(said(1, self.bob, self.lobby), whispered(2, self.bob, self.ada))
        self.assertEqual(seen(tablet), ["x1~", "x2"])
        self.assertEqual(self.shown(), (["1", "2"], ["1~", "2"]))

    def test_private_lines(self) -> None:
        """Private lines come to all devices of both people, whoever said them."""
        bobs = another(self.bob, self.wire)
        self.broadcast(whispered(1, self.ada, self.bob), whispered(2, self.bob, self.ada))
        self.assertEqual(self.shown(), (["!1", "2"], ["+1~", "2"]))
        self.assertEqual((seen(self.bob), seen(bobs)), (["1", "!2"], ["1", "+2~"]))
        self.assertEqual(seen(self.carol), [])

    def test_line_to_oneself(self) -> None:
        """A line to oneself comes once to each device."""
        self.broadcast(whispered(1, self.ada, self.ada))
        self.assertEqual(self.shown(), (["!1"], ["+1~"]))

    def test_joining(self) -> None:
        """A room that is entered through one device is heard by all, from then on."""
        self.broadcast(
            said(1, self.dan, self.python),
            joined(2, self.ada, self.python),
            said(3, self.dan, self.python),
        )
        self.assertEqual(self.shown(), (["!2", "3~"], ["+2~", "3~"]))
        self.assertEqual(set(self.python.present), {self.ada, self.carol, self.dan})
        self.assertLessEqual({self.laptop, self.phone}, set(self.python.audience))

    def test_parting(self) -> None:
        """A room that is left through one device is heard by none."""
        self.broadcast(parted(1, self.ada, self.lobby), said(2, self.bob, self.lobby))
        self.assertEqual(self.shown(), (["!1"], ["+1~"]))
        self.assertNotIn(self.ada, self.lobby.present)

    def test_leaving(self) -> None:
        """A member who leaves the chat hears nothing more on any device, nor of that."""
        self.broadcast(left(1, self.ada, self.lobby), said(2, self.bob, self.lobby))
        self.assertEqual(self.shown(), ([], []))
        self.assertEqual(seen(self.carol), ["1", "2"])

    def test_kicked_from_a_room(self) -> None:
        """A kick turns out all devices, and is shown to each; other rooms are heard on."""
        carols = another(self.carol, self.wire)
        self.broadcast(
            self.kicked(1, self.carol, "lobby"),
            said(2, self.bob, self.lobby),
            said(3, self.dan, self.python),
        )
        self.assertEqual((seen(self.carol), seen(carols)), (["!1", "3"], ["!1", "3~"]))
        hearing = {device.member for device in self.lobby.audience}
        self.assertEqual(hearing, self.lobby.present.keys())
        self.assertEqual(hearing, {self.ada, self.bob, self.dan})
        self.assertEqual(list(self.carol.rooms), ["python"])
        self.assertEqual([device.current for device in self.carol.devices], [self.python, None])

    def test_kicked_from_the_chat(self) -> None:
        """A kick from the whole chat turns out all devices everywhere."""
        carols = another(self.carol, self.wire)
        self.broadcast(
            self.kicked(1, self.carol, "", "lobby", "python"),
            said(2, self.bob, self.lobby),
            said(3, self.dan, self.python),
        )
        self.assertEqual((seen(self.carol), seen(carols)), (["!1"], ["!1"]))

    def test_renamed_by_the_chat(self) -> None:
        """A nickname that the chat gave is every device's own affair."""
        given = renamed(1, self.ada, self.lobby)
        given.device = None
        self.broadcast(given)
        self.assertEqual(self.shown(), (["!1"], ["!1"]))
        self.assertEqual(seen(self.bob), ["1"])

    def test_fault(self) -> None:
        """A bug in one device's way costs that device alone."""
        for broken in ("deliver", "render_elsewhere"):
            self.setUp()
            door_of(self.phone).broken = {broken}
            self.broadcast(said(1, self.ada, self.lobby, self.laptop))
            self.assertEqual(self.shown(), (["!1"], []))
            self.assertIn("drop", door_of(self.phone).asked)
            self.assertNotIn("drop", door_of(self.laptop).asked)
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class ComingAndGoingTests(DevicesTestCase):
    """Devices that come while others are here, and that end."""

    def fenced(self, member: Member) -> Device:
        return fenced(member, self.wire)

    def test_fence(self) -> None:
        """A device that comes hears nothing before its L{Resumed}, and everything after it."""
        tablet = self.fenced(self.ada)
        self.broadcast(said(1, self.bob, self.lobby))
        self.assertEqual(door_of(tablet).asked, [])
        self.broadcast(
            said(2, self.bob, self.lobby),
            said(3, self.ada, self.lobby, self.phone),
            whispered(4, self.bob, self.ada),
            resumed(5, tablet),
            said(6, self.bob, self.lobby),
            said(7, self.ada, self.lobby, self.phone),
            said(8, self.ada, self.lobby, tablet),
            whispered(9, self.bob, self.ada),
        )
        self.assertEqual(seen(tablet), ["!5", "6", "+7", "!8", "9"])
        self.assertEqual(len(door_of(tablet).deliveries), 1)
        self.broadcast(said(10, self.bob, self.lobby))
        self.assertEqual(seen(tablet)[-1], "10")

    def test_others_at_a_fence(self) -> None:
        """The others of the member hear on all the while, and nobody else learns of the device."""
        tablet = self.fenced(self.ada)
        self.broadcast(
            said(1, self.bob, self.lobby), resumed(2, tablet), said(3, self.bob, self.lobby)
        )
        self.assertEqual(self.shown(), (["1", "+2~", "3"], ["1~", "+2~", "3~"]))
        self.assertEqual(seen(self.carol), ["1", "3"])

    def test_two_fences(self) -> None:
        """Of two devices that come, each hears from its own fence on."""
        first, second = self.fenced(self.ada), self.fenced(self.ada)
        self.broadcast(
            resumed(1, first),
            said(2, self.bob, self.lobby),
            resumed(3, second),
            said(4, self.bob, self.lobby),
        )
        self.assertEqual((seen(first), seen(second)), (["!1", "2", "+3~", "4"], ["!3", "4"]))

    def test_look_at_a_fence(self) -> None:
        """It hears in the format that its member wishes by then."""
        tablet = self.fenced(self.ada)
        door: Any = door_of(tablet)
        door.preferences_changed = lambda: setattr(door, "format", RecordingFormat("x"))
        self.broadcast(resumed(1, tablet), said(2, self.bob, self.lobby))
        self.assertEqual(door.seen, ["!1", "x2"])

    def test_rooms_at_a_fence(self) -> None:
        """It hears the rooms that its member is in by then, and no others."""
        tablet = self.fenced(self.ada)
        self.python.let_in(self.ada)
        self.ada.forget_room(self.lobby)
        self.broadcast(
            joined(1, self.ada, self.python),
            parted(2, self.ada, self.lobby),
            resumed(3, tablet),
            said(4, self.bob, self.lobby),
            said(5, self.dan, self.python),
        )
        self.assertEqual(seen(tablet), ["!3", "5"])

    def test_not_seen_yet(self) -> None:
        """A room that its member is on the way into is not heard before the L{Joined}."""
        tablet = self.fenced(self.ada)
        self.python.let_in(self.ada)
        self.broadcast(
            resumed(1, tablet),
            said(2, self.dan, self.python),
            joined(3, self.ada, self.python),
            said(4, self.dan, self.python),
        )
        self.assertEqual(seen(tablet), ["!1", "+3~", "4~"])

    def test_ended(self) -> None:
        """What was said through a device that has ended since comes to the others of its member."""
        door = door_of(self.phone)
        self.phone.turn_to(self.lobby)
        line = said(1, self.ada, self.lobby, self.phone)
        self.assertIs(self.phone.end(), door)
        self.broadcast(line, said(2, self.bob, self.lobby))
        self.assertEqual((door.asked, seen(self.laptop)), ([], ["+1", "2"]))
        self.assertNotIn(self.phone, self.lobby.audience)
        self.assertEqual(self.ada.devices, (self.laptop,))
        self.assertIs(self.phone.door, NOWHERE)
        self.assertTrue(self.phone.is_over)

    def test_nobody_left(self) -> None:
        """A member whose last device has ended is in the room, and hears nothing."""
        doors = [door_of(device) for device in self.ada.devices]
        for device in list(self.ada.devices):
            device.end()
        self.broadcast(said(1, self.bob, self.lobby), whispered(2, self.bob, self.ada))
        self.assertEqual([door.asked for door in doors], [[], []])
        self.assertIn(self.ada, self.lobby.present)
        self.assertEqual(len(self.lobby.audience), 3)

    def test_another_member(self) -> None:
        """A device that goes over to another member is that one's, from its new fence on."""
        door = self.phone.end()
        self.phone.move(self.bob, Fenced(door), Coming.ALONGSIDE)
        self.broadcast(
            said(1, self.ada, self.lobby, self.phone),
            resumed(2, self.phone),
            said(3, self.ada, self.lobby),
            said(4, self.bob, self.lobby, self.phone),
        )
        self.assertEqual(seen(self.phone), ["!2", "3", "!4"])
        self.assertEqual(seen(self.laptop), ["+1", "!3", "4"])
        self.assertEqual(seen(self.bob), ["1", "+2~", "3", "+4"])

    def test_another_look(self) -> None:
        """A device that changes its format hears on in the new one, and others in the old one."""
        eve = recorded("eve", self.lobby, wire=self.wire)
        door_of(self.phone).format = RecordingFormat("x")
        self.ada.preferences_changed()
        self.broadcast(said(1, self.bob, self.lobby))
        self.assertEqual(self.shown(), (["1"], ["x1~"]))
        self.assertEqual(seen(eve), ["1"])


class SendingTests(BroadcastTestCase):
    """Devices that do not take everything at once."""

    def sends(self, taken: int | None) -> None:
        """Have bob's device take so many bytes, or raise an error if that is C{None}; ada talks."""

        def deliver(data: bytes) -> int:
            self.given.append(data)
            if taken is None:
                raise BlockingIOError
            return taken

        self.given: list[bytes] = []
        deliver_through(self.bob.devices[0], deliver)
        self.broadcast(said(1, self.ada, self.lobby))

    def test_rest(self) -> None:
        """What is not taken is for the door to send, and only that."""
        for taken, rest in ((None, [b"1 "]), (0, [b"1 "]), (1, [b" "]), (2, [])):
            door = door_of(self.bob)
            door.deliveries.clear()
            self.sends(taken)
            self.assertEqual((self.given, door.deliveries), ([b"1 "], rest))
        self.assertEqual(seen(self.carol), ["1"] * 4)

    def test_rest_fails(self) -> None:
        """A door that cannot take the rest is dropped, and the others get theirs."""
        door_of(self.bob).broken = {"deliver_rest"}
        self.sends(1)
        self.assertIn("drop", door_of(self.bob).asked)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(seen(self.carol), ["1"])

    def test_nothing(self) -> None:
        """A device for which nothing is rendered is sent nothing."""
        self.patch(self.wire, "render", lambda event, here: b"")
        self.sends(0)
        self.assertEqual(self.given, [])

    def test_another_way(self) -> None:
        """A device is delivered to in the way that its door has just begun to use."""
        (device,), door = self.bob.devices, door_of(self.bob)
        given: list[bytes] = []

        def deliver(data: bytes) -> int:
            given.append(data)
            return len(data)

        door.deliver = deliver  # type: ignore[method-assign]
        device.deliver_anew()
        self.broadcast(said(1, self.ada, self.lobby), said(2, self.bob, self.lobby))
        self.broadcast(said(3, self.ada, self.lobby))
        self.assertEqual((given, door.deliveries), ([b"1 !2 ", b"3 "], []))
