"""An invitation lets its guest past the password of a room."""

from __future__ import annotations

from chatservice.chat import acting
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

    def test_taken_back(self) -> None:
        """An invitation that was taken back lets nobody in."""
        self.ada.types("/uninvite bob")
        self.assertIn("#den has a password", self.says(self.bob, "/join den"))

    def test_taken_back_for_good(self) -> None:
        """Nor does it after a restart."""
        self.ada.types("/invite sysop")
        self.ada.types("/uninvite bob")
        bob = self.chat.roster["bob"].identity
        self.run_again()
        self.assertEqual(self.chat.permissions.invitations(bob), [])
        self.assertEqual([each.nick for each in self.chat.permissions.invited("den")], ["sysop"])

    def test_invite_only(self) -> None:
        """To a room that is for invited people only, its operators alone invite."""
        self.ada.types("/room invite-only on")
        self.assertEqual(
            self.asks(self.eve, "/invite sysop"), ["-- only an operator of #den may do that"]
        )
        self.ada.types("/room invite-only off")
        self.assertEqual(self.asks(self.eve, "/invite sysop")[-1], "-- you invited sysop to #den")

    def test_silenced(self) -> None:
        """Inviting shows no names in a room in which the inviter must not speak."""
        self.ada.types("/mute eve")
        self.ada.sees()
        self.assertIn("you are muted in #den", self.says(self.eve, "/invite sysop"))
        self.assertEqual(self.ada.sees(), [])

    def test_too_many(self) -> None:
        """Anyone's invitations count as acts, of which a minute has 60."""
        for _ in range(acting.ACTS):
            self.eve.types("/invite sysop")
            self.sysop.types("/uninvite sysop #den")
        self.assertIn("more than 60 actions", self.says(self.eve, "/invite sysop"))

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
