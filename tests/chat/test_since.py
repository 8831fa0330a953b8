"""Since when a room is there."""

from __future__ import annotations

from tests.conversation import NOON
from tests.operating import DenCase

START = int(NOON.timestamp()) * 1_000_000


class SinceTests(DenCase):
    """Ada, registered, made #den; an hour later bob, a guest, made #attic."""

    def setUp(self) -> None:
        super().setUp()
        self.clock.advance(3600)
        self.bob.types("/join attic")

    def hours(self, room: str) -> int:
        """The hour in which a room began."""
        return (self.chat.rooms[room].since - START) // 3_600_000_000

    def test_while_people_are_there(self) -> None:
        """A room has existed since it was made, whoever comes and goes."""
        self.clock.advance(3600)
        for line in ("/join attic", "/join den"):
            self.sysop.types(line)
        self.assertEqual((self.hours("attic"), self.hours("den")), (1, 0))

    def test_owned(self) -> None:
        """One that is owned is since then, however often it was empty and the server restarted."""
        for person in (self.ada, self.eve):
            person.types("/part den")
        self.clock.advance(3600)
        self.ada.types("/join den")
        self.assertEqual(self.hours("den"), 0)
        self.run_again()
        self.clock.advance(3600)
        self.comes("text", "ada", "den")
        self.assertEqual(self.hours("den"), 0)

    def test_not_owned(self) -> None:
        """A room without an owner has existed since it was last entered anew."""
        self.ada.types("/deop ada")
        self.assertEqual(self.hours("den"), 0)
        for person in (self.ada, self.eve):
            person.types("/part den")
        self.bob.types("/part attic")
        self.clock.advance(3600)
        for room in ("den", "attic"):
            self.bob.types(f"/join {room}")
            self.assertEqual(self.hours(room), 2)
