"""An invitation lets its guest past the password of a room."""

from __future__ import annotations

from tests.operating import DenCase


class InvitedTests(DenCase):
    """An invitation to a room with a password."""

    def setUp(self) -> None:
        super().setUp()
        self.ada.types("/room password sesame")
        self.ada.types("/invite bob")
        self.bob.sees()

    def test_no_password(self) -> None:
        """Who is invited needs no password, until put out of the room."""
        self.assertIn("you joined #den", self.says(self.bob, "/join den"))
        self.ada.types("/kick bob")
        self.assertEqual(
            self.asks(self.bob, "/join den"), ["-- #den has a password: /join #den PASSWORD"]
        )

    def test_wrong_password(self) -> None:
        """Nor does a wrong one matter; and others need it as before."""
        self.assertIn("you joined #den", self.says(self.bob, "/join den wrong"))
        grace = self.comes("text", "grace")
        self.assertIn("#den has a password", self.says(grace, "/join den"))

    def test_on_arrival(self) -> None:
        """A program may name the room in its hello."""
        token = self.chat.roster["bob"].token
        self.bob.types("/quit")
        again = self.at_json("bob", token=token, rooms={"den": 0})
        self.assertEqual(list(again.welcome["rooms"]), ["den"])
