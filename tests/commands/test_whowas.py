"""The people who left lately, by whatever door, and the bound on their number."""

from __future__ import annotations

from chatservice.chat.departures import DEPARTURES_KEPT
from tests.conversation import ConversationCase, at_each_door

AT_NOON = "left at 2026-11-21 12:00 (UTC)"


class WhowasTests(ConversationCase):
    """Ada asks."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_text("ada")

    def whowas(self, nick: str) -> list[str]:
        self.ada.sees()
        self.ada.types(f"/whowas {nick}")
        return self.ada.sees()

    @at_each_door
    def test_left(self, door: str) -> None:
        """People who have left are known by their last nickname, not by one that they gave up."""
        bob = self.at(door, "bob")
        bob.types("/nick robert")
        self.assertIn("nobody called bob", self.whowas("bob")[0])
        self.assertIn("nobody called robert", self.whowas("robert")[0])
        bob.types("/quit")
        self.assertEqual(self.whowas("robert"), [f"-- robert {AT_NOON}"])

    def test_lost(self) -> None:
        """Somebody who lost the connection has left as well."""
        self.at_text("bob").wire.vanishes()
        self.assertEqual(self.whowas("bob"), [f"-- bob {AT_NOON}"])

    def test_latest_first(self) -> None:
        """Everybody who had the nickname, or one like it, is shown, with the account."""
        bob = self.at_text("bob")
        bob.types("/quit")
        self.clock.advance(60)
        bob = self.at_text("Bob")
        bob.types("/register correct-horse")
        bob.types("/quit")
        later = "-- Bob left at 2026-11-21 12:01 (UTC), logged in as Bob"
        self.assertEqual(self.whowas("b0b"), [later, f"-- bob {AT_NOON}"])

    def test_times(self) -> None:
        """Programs are given the times."""
        self.at_text("bob").types("/quit")
        program = self.at_json("eve")
        program.types("/whowas bob")
        (left,) = self.chat.departures.of("bob")
        self.assertEqual(program.sees()[-1]["times"], {"2026-11-21 12:00 (UTC)": left.when})

    def test_bound(self) -> None:
        """The last hundred are remembered."""
        for number in range(DEPARTURES_KEPT + 1):
            self.at_text(f"dan-{number}-x").types("/quit")
        self.assertIn("nobody called", self.whowas("dan-0-x")[0])
        self.assertIn("left at", self.whowas("dan-1-x")[0])

    def test_long(self) -> None:
        """A name that nobody can have is shortened, and shows no control characters."""
        seen = self.whowas("\x1b[1m" + "x" * 2000)
        self.assertEqual(seen, [f"-- nobody called {'x' * 32} has left lately"])

    def test_forgotten(self) -> None:
        """Somebody who had everything erased was never here, before or afterwards."""
        first = self.at_json("bob")
        (token,) = [member.token for member in self.chat.roster.values() if member.nick == "bob"]
        first.types("/quit")
        again = self.at_json("bob", token=token)
        again.types("/forget everything")
        self.assertIn("nobody called bob", self.whowas("bob")[0])
        again.types("/quit")
        self.assertIn("nobody called bob", self.whowas("bob")[0])

    def test_identity(self) -> None:
        """What is remembered of a guest goes with the account that the guest registers."""
        first = self.at_json("bob")
        token = self.chat.member_named("bob").token
        first.types("/quit")
        again = self.at_json("bob", token=token)
        again.types("/register correct-horse")
        account = self.chat.accounts.named("bob")
        assert account is not None
        self.assertEqual(
            [left.identity for left in self.chat.departures.of("bob")], [account.identity]
        )

    def test_most(self) -> None:
        """The chat knows how many people there were at most."""
        bob = self.at_text("bob")
        bob.types("/quit")
        self.at_text("eve")
        self.assertEqual((self.chat.roster.most, len(self.chat.roster)), (2, 2))
        self.at_text("dan")
        self.assertEqual(self.chat.roster.most, 3)
