"""Registered nicknames that other nodes of a cluster change."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.defer import Deferred

from chatservice.people.account import NotStored, facts_of
from chatservice.people.accounts import Accounts
from tests.registered import HOME, NOW, SECRET, AccountsTestCase


class HeldStore(NotStored):
    """A store that adds an account when a test says so."""

    def __init__(self) -> None:
        self.added: Deferred[None] = Deferred()

    def add(self, *_: object) -> Deferred[None]:
        return self.added


class ElsewhereTests(AccountsTestCase):
    """Accounts whose changes are heard of."""

    def test_removed(self) -> None:
        """An account that is removed elsewhere is gone, and its token proves nothing."""
        account = self.register()
        self.successResultOf(self.accounts.remember(account, "token"))
        self.assertEqual(self.accounts.change("ada", ""), (account, True))
        self.assertTrue(account.is_removed)
        self.assertIsNone(self.accounts.named("ada"))
        self.assertIsNone(self.accounts.of(account.identity))
        self.assertIsNone(self.accounts.proven_by("token"))

    def test_somebody_elses(self) -> None:
        """A nickname that somebody else has registered since is that account's."""
        account = self.register()
        facts = facts_of(replace(account, identity=b"somebody-else-16"))
        changed, is_new = self.accounts.change("ada", facts)
        self.assertTrue(account.is_removed)
        self.assertIs(self.accounts.named("ada"), changed)
        self.assertFalse(is_new)

    def test_own(self) -> None:
        """An account that is heard of before its registration here is over is the same one."""
        store = HeldStore()
        self.accounts = Accounts(self.passwords, self.clock.seconds, lambda: NOW, store)
        done = self.accounts.register("ada", b"a" * 16, SECRET, HOME)
        facts = facts_of(self.made()._new("ada", "plain:"))
        self.accounts.change("ada", facts, is_own=True)
        self.assertIsNone(self.accounts.named("ada"))
        store.added.callback(None)
        self.assertIs(self.accounts.named("ada"), self.successResultOf(done))

    def test_token_of_another(self) -> None:
        """A token that one account has lost to another one proves that."""
        ada, bob = self.register(), self.register("bob")
        self.successResultOf(self.accounts.remember(ada, "token"))
        self.accounts.change("bob", facts_of(replace(bob, tokens=ada.tokens)))
        self.accounts.change("ada", facts_of(replace(ada, tokens=[])))
        self.assertIs(self.accounts.proven_by("token"), bob)
