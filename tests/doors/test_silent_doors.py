"""What a door that lets nothing through does when the chat asks something of it."""

from __future__ import annotations

from math import inf

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.door import GOODBYE, NOWHERE, Fenced
from chatservice.chat.rooms import Member
from chatservice.protocol import events
from tests.doors.contract import DoorContract
from tests.recording import RecordingDoor, line


class SilentDoorContract(DoorContract):
    """What a door that lets nothing through does: whatever it is asked, there is no sound."""

    def test_silent(self) -> None:
        """It makes nothing of any event, its own or another's."""
        for event in self.events_of(self.bob.member, self.member):
            self.assertEqual(self.door.format.render(event, True), b"")
        for event in self.own_events():
            self.assertEqual(self.door.render_own(event, True), b"")
            self.assertEqual(self.door.render_elsewhere(event, True, "phone"), b"")
            self.assertEqual(self.door.render_watched(event, None), b"")

    def test_reads(self) -> None:
        """Nothing counts as read there, wherever it comes from."""
        for room, is_current in (("lobby", True), ("python", False), ("", False)):
            self.assertIs(self.door.reads(room, is_current), False)

    def test_takes_everything(self) -> None:
        """It takes deliveries, refusals and what is read elsewhere, and forgets them."""
        self.assertEqual(self.door.deliver(b"hi"), 2)
        self.assertIsNone(self.door.deliver_rest(b"hi", None))
        self.assertIsNone(self.door.refuse(line(1), "not sent: the disk is full"))
        self.assertIsNone(self.door.again(line(1)))
        self.assertIsNone(self.door.read_on("lobby", 1, True))
        self.assertIsNone(self.door.show_missed())
        self.assertIsNone(self.door.notify(["bob asks for you"], []))
        whispered = events.Whispered(nick="ada", to="bob", text="psst")
        self.assertIsNone(self.door.unread_now(whispered, "lunch"))
        self.assertIsNone(self.door.preferences_changed())
        self.assertIsNone(self.door.ping("are you there?"))
        self.assertIsNone(self.door.drop())
        self.assertIsNone(self.door.complain(Failure(events.ChatError("empty", "say something"))))
        self.assertIsNone(self.door.hold())
        self.assertIsNone(self.door.close("goodbye"))


class NowhereTests(SilentDoorContract, SynchronousTestCase):
    """The door of a device whose connection is gone."""

    def setUp(self) -> None:
        self.begin()
        self.door = NOWHERE
        self.member = Member("ada", "ada", "a token")

    def test_silent_for_ever(self) -> None:
        """Nothing will be heard through it."""
        self.assertEqual(self.door.idle_seconds(), inf)

    def test_nothing_to_close(self) -> None:
        """There is nothing behind it to be closed."""
        self.assertIsNone(self.door.close(code=GOODBYE))
        self.assertIsNone(self.door.taken_over())

    def test_nothing_to_send(self) -> None:
        """Nothing waits to be sent."""
        self.assertIsNone(self.door.behind())


class FencedTests(SilentDoorContract, SynchronousTestCase):
    """The door of one more device, before its fence."""

    def setUp(self) -> None:
        self.begin()
        self.behind = RecordingDoor()
        self.door = Fenced(self.behind)
        self.member = Member("ada", "ada", "a token")

    def test_nothing_passes(self) -> None:
        """Nothing that it takes reaches the door behind it."""
        self.door.deliver(b"hi")
        self.door.refuse(line(1), "not sent: the disk is full")
        self.door.render_own(line(1), True)
        self.door.render_elsewhere(line(1), True, "phone")
        self.door.read_on("lobby", 1, True)
        self.door.show_missed()
        self.assertEqual(self.behind.asked, [])

    def test_name(self) -> None:
        """It is called what the door behind it is called, and its peer is that door's."""
        names = self.door.kind, self.door.name, self.door.peer
        self.assertEqual(names, (self.behind.kind, self.behind.name, self.behind.peer))

    def test_unsent(self) -> None:
        """What waits to be sent there is what waits at the door behind it."""
        self.patch(self.behind, "behind", lambda: 7)
        self.assertEqual(self.door.behind(), 7)

    def test_silence(self) -> None:
        """It has been silent for as long as the door behind it."""
        self.patch(self.behind, "idle_seconds", lambda: 7.0)
        self.assertEqual(self.door.idle_seconds(), 7.0)

    def test_dismissed(self) -> None:
        """The member leaves: the door behind it is dismissed."""
        self.door.close(code=GOODBYE)
        self.assertEqual(self.behind.asked, ["close"])

    def test_displaced(self) -> None:
        """Another connection takes its place: the door behind it is displaced."""
        self.door.taken_over()
        self.assertEqual(self.behind.asked, ["taken_over"])
