"""Accounts that are proved, given up or registered at several nodes at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import deferLater

from chatservice.cluster.link import LinkLost
from tests.housed import HousingCase
from tests.nodes import SECRET
from tests.persons import TextPerson


class HousedAccountsTests(HousingCase):
    """Ada is at one node; bob, who has an account, and eve are at the other one, in #python."""

    def test_going_coming_and_logging_in(self) -> None:
        """Who has come to another node before going is still here, and nobody else is that person.

        Somebody logs in to the account at the first node, which takes its owner for gone.
        """
        zoe = self.come(self.there, "zoe")
        self.there.link.delay = 0.2
        guest = self.there.chat.roster["zoe"]
        identity = guest.identity
        zoe.types(f"/login bob {SECRET}")
        self.clock.pump([0.01] * 15)
        self.bob.types("/quit")
        second = TextPerson(self.here.connect())
        second.types("bob")
        second.types(SECRET)
        self.clock.pump([0.01] * 300)
        self.assertEqual(self.homes("bob"), [([1], False)] * 2)
        self.assertEqual(self.homes("zoe"), [([2], False)] * 2)
        self.assertEqual((guest.identity, guest.account), (identity, None))
        self.types(zoe, "/quit")
        self.assertNotIn("zoe", self.here.chat.roster)

    def test_two_that_log_out(self) -> None:
        """Of two people who become guests at two nodes at once, each gets a nickname."""
        zoe = self.come(self.there, "zoe", f"/register {SECRET}")
        second, third = self.come(self.here, "bob", SECRET), self.come(self.here, "zoe", SECRET)
        second.types("/logout")
        zoe.types("/logout")
        self.passes()
        self.passes()
        here, there = (
            {(member.nick, member.identity) for member in node.chat.roster.values()}
            for node in (self.here, self.there)
        )
        self.assertEqual(here, there)
        self.assertEqual(len(here), 6)
        for person in (self.bob, second, third, zoe):
            person.sees()
            self.assertTrue(person.wire.connected)

    def registered_in_vain(self) -> TextPerson:
        """Zoe, who has registered her nickname, and was told that it is not stored."""
        zoe = self.come(self.there, "zoe")
        call = self.there.link.call

        def call_in_vain(work: Callable[[], Any]) -> Deferred[Any]:
            call(work)
            return deferLater(self.clock, 1, fail, LinkLost())

        patched = self.patch(self.there.link, "call", call_in_vain)
        zoe.types(f"/register {SECRET}")
        self.waits(2)
        patched.restore()
        self.assertIn("the database does not answer", "\n".join(zoe.sees()))
        return zoe

    def test_registered_without_an_answer(self) -> None:
        """An account whose storing was not answered is one all the same, at its own node too."""
        zoe = self.registered_in_vain()
        self.types(zoe, f"/login {SECRET}")
        self.assertIn("-- you are logged in as zoe", zoe.sees())

    def test_coming_with_an_unanswered_account(self) -> None:
        """Who comes with that account elsewhere is another person than the guest who made it."""
        self.registered_in_vain()
        self.come(self.here, "zoe", SECRET)
        self.waits(30)
        here, there = (
            {(member.nick, member.identity) for member in node.chat.roster.values()}
            for node in (self.here, self.there)
        )
        self.assertEqual(here, there)
        self.assertEqual(len(here), len({identity for _, identity in here}))
