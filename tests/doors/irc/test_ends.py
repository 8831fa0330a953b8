"""The end of a connection at the IRC door, which is a loss unless the client has said QUIT."""

from __future__ import annotations

from tests.doors.irc.person import IrcCase


class EndTests(IrcCase):
    def setUp(self) -> None:
        super().setUp()
        self.rules.linger = 30
        self.bob = self.at_json("bob")

    def why(self) -> list[tuple[bool, str]]:
        """How those left whom bob has seen leave."""
        left = [each for each in self.bob.sees() if each["type"] == "left"]
        return [(each["goodbye"], each["why"]) for each in left]

    def test_input_ends(self) -> None:
        """The end of input alone is a loss, after everything accepted was said."""
        ada = self.at_irc("ada", "JOIN #lobby")
        ada.sends("PRIVMSG #lobby :last words")
        ada.wire.ends()
        self.assertIn("last words", str(self.bob.sees_all()))
        self.clock.advance(1)
        self.assertNotIn("ada", self.chat.roster)

    def test_guest_does_not_linger(self) -> None:
        """A guest has nothing to come back with, and its nickname is free at once."""
        ada = self.at_irc("ada", "JOIN #lobby")
        ada.wire.vanishes()
        self.assertEqual(self.why(), [(False, "connection lost")])
        self.at_irc("ada")

    def test_account_lingers(self) -> None:
        """A member who is logged in can come back, and nobody sees that the connection was lost."""
        ada = self.at_text("ada")
        ada.types("/register correct-horse")
        ada.types("/quit")
        self.bob.sees()
        ada = self.at_irc("ada", "JOIN #lobby", password="correct-horse")
        ada.wire.vanishes()
        self.assertEqual(self.why(), [])
        self.at_irc("ada", password="correct-horse")
        self.assertEqual(self.why(), [])

    def test_quit(self) -> None:
        """QUIT is a goodbye, with the words given."""
        ada = self.at_irc("ada", "JOIN #lobby")
        ada.sends("QUIT :see you")
        self.assertEqual(self.why(), [(True, "see you")])
        self.assertIsNotNone(ada.wire.lost)
