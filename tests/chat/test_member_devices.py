"""A member with several devices: what each has for itself, and what they have together."""

from __future__ import annotations

from math import inf
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.coming import Coming
from chatservice.chat.rooms import Device, Member, Room
from chatservice.people.peers import Peer
from chatservice.protocol.events import LATEST
from tests.recording import RecordingDoor, another, door_of, fenced, recorded


class ReaderDoor(RecordingDoor):
    """A door that remembers what was read elsewhere.

    @ivar is_named: whether it is that of a program that says itself what was read.
    @ivar told: the rooms, markers, and whether they are read on.
    """

    def __init__(self, is_named: bool = False) -> None:
        super().__init__()
        self.is_named = is_named
        self.told: list[tuple[str, int, bool]] = []

    def reads(self, room: str, is_current: bool) -> bool:
        return not self.is_named and super().reads(room, is_current)

    def read_on(self, room: str, id: int, following: bool) -> None:
        self.told.append((room, id, following))


class DeviceTestCase(SynchronousTestCase):
    """Tests with ada, in the lobby and in #python, at two devices: a laptop and a phone."""

    def setUp(self) -> None:
        self.lobby, self.python = Room("lobby"), Room("python")
        self.ada = recorded("ada", self.lobby, self.python)
        (self.laptop,) = self.ada.devices
        self.phone = another(self.ada)

    def currents(self) -> list[Room | None]:
        return [device.current for device in self.ada.devices]


class DeviceTests(DeviceTestCase):
    """Things that a device has for itself."""

    def connect(self, client: str = "") -> Device:
        door: Any = RecordingDoor()
        return self.ada.connect(door, client)

    def test_name(self) -> None:
        """It is called what its program calls itself, or else by its door."""
        self.assertEqual(self.connect("tablet").name, "tablet")
        self.assertEqual(self.connect().name, "recording connection")
        self.assertEqual(fenced(self.ada).name, "recording connection")

    def test_first_room(self) -> None:
        """Its lines go to the room that another device last turned to, if there is one."""
        self.phone.turn_to(self.python)
        self.assertIs(self.connect().current, self.python)
        self.assertIsNone(recorded("bob").devices[0].current)

    def test_coming(self) -> None:
        """It knows how it came, and belongs to the member in the order of coming."""
        device = self.connect()
        self.assertEqual((device.coming, device.fence), (Coming.NEW, 0))
        self.assertEqual(self.ada.devices, (self.laptop, self.phone, device))

    def test_hearing(self) -> None:
        """It hears a room once, however often it is told to, and then no more."""
        device = self.connect()
        for _ in range(2):
            device.hear(self.python)
        self.assertEqual(device.heard, (self.python,))
        device.hear(self.lobby)
        device.hear_no_more(self.python)
        self.assertEqual(device.heard, (self.lobby,))
        self.assertNotIn(device, self.python.audience)
        device.hear_no_more(self.python)
        self.assertIn(device, self.lobby.audience)

    def test_turning(self) -> None:
        """It sees the room that it turns to as its current one; the other device does not."""
        self.phone.turn_to(self.python)
        self.assertEqual(self.currents(), [self.lobby, self.python])
        for room in (self.lobby, self.python):
            view = self.phone.door.format, room is self.python
            self.assertEqual(list(room.audience.groups[view]), [self.phone])

    def test_handed_out(self) -> None:
        """Of lines on their way, the first marker of each room is kept until all is sent."""
        for room, since in (("lobby", 5), ("lobby", 7), ("", 3)):
            self.phone.hand_out(room, since, True)
        self.assertEqual((self.phone.unsent, self.laptop.unsent), ({"lobby": 5, "": 3}, {}))
        self.phone.all_sent()
        self.assertEqual(self.phone.unsent, {})


class TogetherTests(DeviceTestCase):
    """Things that devices have together."""

    def test_silence(self) -> None:
        """The member is silent for as long as the device that was heard last."""
        for device, seconds in ((self.laptop, 7.0), (self.phone, 5.0)):
            self.patch(device.door, "idle_seconds", lambda seconds=seconds: seconds)
        self.assertEqual(self.ada.idle_seconds(), 5.0)

    def test_silent_for_ever(self) -> None:
        """Without a device, nothing will be heard."""
        self.assertEqual(Member("bob", "bob", "a token").idle_seconds(), inf)

    def test_addresses(self) -> None:
        """The member is at the addresses of all devices, and where it came from last."""
        self.ada.address = "198.51.100.7"
        self.phone.peer = Peer("203.0.113.5", 40000)
        hosts = {"192.0.2.1", "198.51.100.7", "203.0.113.5"}
        self.assertEqual(self.ada.addresses(), hosts)

    def test_told(self) -> None:
        """Sentences are shown on every device, or on all but one."""
        self.ada.tell(["the disk is full"])
        self.ada.tell(["bell is off now"], but=self.laptop)
        notified = [door_of(device).asked.count("notify") for device in self.ada.devices]
        self.assertEqual(notified, [1, 2])

    def test_leaving_a_room(self) -> None:
        """Devices for which it was the current one turn to the room entered last; no other does."""
        tea = Room("tea")
        tea.let_in(self.ada)
        self.phone.turn_to(self.python)
        self.ada.forget_room(self.python)
        self.assertEqual(self.currents(), [self.lobby, tea])
        for room in (self.lobby, tea):
            self.ada.forget_room(room)
        self.assertEqual(self.currents(), [None, None])

    def test_arrival(self) -> None:
        """The id of the arrival is where the devices hear from that do not know it better."""
        self.phone.fence = 9
        for id in (5, 7):
            self.ada.come(id)
        self.assertEqual(self.ada.since, 5)
        self.assertEqual([device.fence for device in self.ada.devices], [5, 9])


class ReadingTests(DeviceTestCase):
    """Reading at the laptop, where the current room is read, and a phone, which says what was."""

    def setUp(self) -> None:
        super().setUp()
        for device, is_named in ((self.laptop, False), (self.phone, True)):
            device.door = ReaderDoor(is_named)  # type: ignore[assignment]
        self.ada.come(10)
        self.ada.note_reading(10)

    def told(self, device: Device) -> list[tuple[str, int, bool]]:
        """Return what a device was told since the last time."""
        door: Any = device.door
        told, door.told = door.told, []
        return told

    def followed(self) -> list[str]:
        return [room for room in ("", "lobby", "python") if self.ada.reading.is_followed(room)]

    def test_any_device(self) -> None:
        """What one device reads is read; what none does is missed."""
        self.assertEqual(self.followed(), ["", "lobby"])
        self.assertEqual(self.ada.reading.missed, {"python": 10})
        self.assertEqual((self.told(self.laptop), self.told(self.phone)), ([], []))

    def test_not_here_yet(self) -> None:
        """Before the arrival nothing is missed."""
        bob = recorded("bob", self.lobby, self.python)
        bob.note_reading(5)
        self.assertEqual((bob.since, bob.seen_last()), (LATEST, ()))

    def test_turning(self) -> None:
        """The others are told what a device reads no more, and what it reads from then on.

        What it has shown before is read, for its owner has seen it.
        """
        self.laptop.turn_to(self.python)
        self.assertEqual(self.followed(), ["", "python"])
        self.assertEqual(self.ada.reading.missed, {"lobby": 10})
        self.assertEqual(self.told(self.phone), [("lobby", 10, False), ("python", 10, True)])
        self.laptop.turn_to(self.lobby)
        self.assertEqual(self.told(self.phone), [("python", 10, False), ("lobby", 10, True)])
        self.assertEqual(self.told(self.laptop), [])

    def test_turning_to_what_was_missed_before(self) -> None:
        """What was missed before the device came stays missed, and what comes is read."""
        self.ada.reading.take_back({"python": 4})
        self.laptop.turn_to(self.python)
        self.assertEqual(self.ada.reading.until["python"], 11)
        self.assertEqual(self.told(self.phone), [("lobby", 10, False), ("python", 4, True)])

    def test_turning_where_nothing_is_read(self) -> None:
        """A device at which nothing is read turns anywhere without a word."""
        self.phone.turn_to(self.python)
        self.assertEqual(self.followed(), ["", "lobby"])
        self.assertEqual((self.told(self.laptop), self.told(self.phone)), ([], []))

    def test_lost(self) -> None:
        """With the one device that reads, nothing is read, from what it showed last; others learn.

        Lines that it may never have sent are unread again, but not those of rooms that were left.
        """
        self.laptop.hand_out("lobby", 3, True)
        self.laptop.hand_out("attic", 2, True)
        door = self.laptop.door
        self.assertIs(self.ada.lose(self.laptop, 20), door)
        self.assertEqual(self.ada.reading.missed, {"": 20, "lobby": 3, "python": 10})
        self.assertEqual(self.followed(), [])
        self.assertEqual(self.told(self.phone), [("", 20, False)])

    def test_another_one_stays(self) -> None:
        """If another device reads the same room, that is read on."""
        another(self.ada).turn_to(self.lobby)
        self.ada.lose(self.laptop, 20)
        self.assertEqual(self.followed(), ["", "lobby"])

    def test_told_what_is_read(self) -> None:
        """All devices but one are told how far a room is read, and whether that goes on."""
        self.ada.tell_reading("lobby", 30, self.phone)
        self.ada.tell_reading("python", 30, self.laptop)
        self.assertEqual(self.told(self.laptop), [("lobby", 30, True)])
        self.assertEqual(self.told(self.phone), [("python", 10, False)])
