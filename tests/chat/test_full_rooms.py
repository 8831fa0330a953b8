"""Rooms in which only so many people may be."""

from __future__ import annotations

from tests.conversation import JsonPerson, at_each_door
from tests.operating import DenCase

FULL = "#den is full (at most 2 people): ask one of its operators to invite you"


class FullTests(DenCase):
    """Ada and eve are in #den, where two may be."""

    def setUp(self) -> None:
        super().setUp()
        self.ada.types("/room limit 2")
        self.see_all()

    @at_each_door
    def test_full(self, door: str) -> None:
        """Nobody else enters until somebody leaves."""
        grace = self.comes(door, "grace")
        self.assertIn(FULL, self.says(grace, "/join den"))
        self.eve.types("/part den")
        self.assertNotIn(FULL, self.says(grace, "/join den"))
        self.assertIn("grace", self.says(self.ada, "/names"))
        self.assertIn(FULL, self.says(self.eve, "/join den"))

    def test_invited(self) -> None:
        """An invitation lets somebody in all the same, and so does being an operator."""
        self.ada.types("/invite bob")
        for person in (self.bob, self.sysop):
            self.assertIn("you joined #den", self.says(person, "/join den"))

    def test_on_arrival(self) -> None:
        """Somebody who was there and went comes back when there is room."""
        self.register("olga")
        self.ada.types("/room limit 3")
        olga = self.comes("json", "olga", "den")
        olga.types("/quit")
        self.bob.types("/join den")
        again = self.at("json", "olga")
        assert isinstance(again, JsonPerson)
        self.assertNotIn("den", again.welcome["rooms"])

    def test_the_last_place(self) -> None:
        """The last place is given once, to two who ask for it at once."""
        self.ada.types("/room limit 3")
        grace = self.comes("text", "grace")
        for person in (self.bob, grace):
            person.types("/join den")
        seen = "".join([*self.bob.sees(), *grace.sees()])
        self.assertEqual(seen.count("you joined #den"), 1)
        self.assertEqual(seen.count("is full"), 1)
