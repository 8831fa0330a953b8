"""Who goes by which identity."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.dwelling import homes_at
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster

FORMER, NOW = b"f" * 16, b"n" * 16


class DwellerTests(SynchronousTestCase):
    """Whom events mean that have passed."""

    def test_newcomer(self) -> None:
        """A newcomer is not meant by what is still under way about who had the identity before."""
        roster, former, newcomer = Roster(), Member("ada", "ada", "a"), Member("bob", "bob", "b")
        former.identity, former.homes = FORMER, homes_at(1, 2)
        roster.add(former)
        roster.identify(former, NOW)
        newcomer.identity = FORMER
        roster.add(newcomer)
        self.assertIs(roster.dweller(FORMER), former)
        newcomer.homes = homes_at(1)
        self.assertIs(roster.dweller(FORMER), newcomer)
        self.assertIs(roster.dweller(NOW), former)

    def test_refused(self) -> None:
        """Somebody who has come with an identity keeps it when another one is refused it."""
        roster, refused, owner = Roster(), Member("ada", "ada", "a"), Member("bob", "bob", "b")
        for member in (refused, owner):
            member.identity, member.homes = FORMER, homes_at(1)
            roster.add(member)
        roster.identify(refused, NOW)
        self.assertIsNone(roster.formerly(FORMER))
        self.assertIs(roster.dweller(FORMER), owner)
        self.assertIs(roster.dweller(NOW), refused)

    def test_refused_leaving(self) -> None:
        """It is the same when both of them are leaving."""
        roster, refused, owner = Roster(), Member("ada", "ada", "a"), Member("bob", "bob", "b")
        for member in (refused, owner):
            member.identity = FORMER
            roster.add(member)
        for member in (refused, owner):
            roster.remove(member)
        roster.identify(refused, NOW)
        self.assertEqual(roster.leaving, {FORMER: owner})

    def test_only_a_newcomer(self) -> None:
        """A newcomer is meant if nobody else had the identity lately."""
        roster, newcomer = Roster(), Member("bob", "bob", "b")
        roster.add(newcomer)
        self.assertIs(roster.dweller(newcomer.identity), newcomer)
