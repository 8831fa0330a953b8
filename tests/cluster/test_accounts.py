"""Accounts that several nodes share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, fail

from chatservice.cluster.accounts import _ADD, ClusterAccounts
from chatservice.people.account import Account
from chatservice.people.accounts import Accounts
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import PASSWORD_LEAST
from chatservice.storage.accounts import read_accounts, row_of
from tests.clustered import ClusterCase, at_once
from tests.people.test_accounts_stored import StoredContract
from tests.registered import NOW, AccountsTestCase

GUEST, OTHER = b"a guest.........", b"another guest..."
TAKEN = ("registered", "ada is registered already", "")
HAS_ONE = ("registered", "you already have an account: /logout first", "has-account")


class StoredTests(StoredContract, AccountsTestCase, ClusterCase):
    """Accounts with the database of a cluster."""

    def setUp(self) -> None:
        ClusterCase.setUp(self)
        AccountsTestCase.setUp(self)
        self.database_ = self.opened()
        self.accounts = self.made(self.database_)

    def made(
        self, database: Any = None, checkers: Any = (), least: int = PASSWORD_LEAST
    ) -> Accounts:
        if database is None:
            return super().made(None, checkers, least)
        store = ClusterAccounts(database)
        store.known = database.at_start(read_accounts)
        seconds = self.clock.seconds
        return Accounts(self.passwords, seconds, lambda: NOW, store, checkers, least)

    def break_disk(self) -> None:
        self.patch(
            self.database_, "change", lambda *_: fail(StorageError("the disk is full"))
        )

    def break_code(self) -> None:
        self.patch(self.database_, "change", lambda *_: fail(ZeroDivisionError()))

    def mend(self) -> None:
        del self.database_.change


class NodesTests(ClusterCase):
    """Two nodes that change the same accounts."""

    def setUp(self) -> None:
        super().setUp()
        self.here, self.there = (ClusterAccounts(self.opened()) for _ in range(2))

    def account(self, nick: str = "ada", identity: bytes = b"ada") -> Account:
        return Account(nick.lower(), nick, identity.ljust(16), "plain:secret", NOW)

    def refused(self, done: Deferred[None]) -> tuple[str, str, str]:
        error = self.failureResultOf(done, ChatError).value
        return error.code, error.sentence, error.cause

    def stored(self) -> list[tuple[str, bytes]]:
        """The accounts that a third node would find."""
        loaded = self.opened().at_start(read_accounts)
        return sorted((account.nick, account.identity) for account in loaded)

    def test_same_nickname(self) -> None:
        """Of two who register one nickname, one gets it, and the other is told so."""
        self.successResultOf(self.here.add(self.account(), GUEST))
        other = self.account(identity=b"other")
        self.assertEqual(self.refused(self.there.add(other, OTHER)), TAKEN)
        looks_so = replace(other, nick="adа")
        refusal = self.refused(self.there.add(looks_so, OTHER))
        self.assertEqual(refusal[1], "adа looks too much like ada, which is registered")
        self.assertEqual(self.stored(), [("ada", b"ada".ljust(16))])

    def test_same_identity(self) -> None:
        """Nor has an identity two accounts."""
        self.successResultOf(self.here.add(self.account(), None))
        again = self.account("eve")
        self.assertEqual(self.refused(self.there.add(again, None))[0], "registered")
        self.assertEqual(self.stored(), [("ada", b"ada".ljust(16))])

    def test_same_person(self) -> None:
        """Somebody who registers two nicknames, at two nodes, gets the first one."""
        self.successResultOf(self.here.add(self.account(), GUEST))
        eve = self.account("eve", b"eve")
        self.assertEqual(self.refused(self.there.add(eve, GUEST)), HAS_ONE)
        self.assertEqual(self.stored(), [("ada", b"ada".ljust(16))])

    def test_at_once(self) -> None:
        """Of many who register a nickname at the same moment, one gets it."""
        accounts = [self.account(identity=b"%d" % number) for number in range(6)]
        calls = [(_ADD, (*row_of(account), account.identity[::-1])) for account in accounts]
        conflicts = sorted(row[0] or "" for row in at_once(self.url, calls))
        self.assertEqual(conflicts, ["", *["nickname"] * 5])
        same = [self.account(f"eve{n}", b"eve%d" % n) for n in range(6)]
        calls = [(_ADD, (*row_of(account), GUEST)) for account in same]
        conflicts = sorted(row[0] or "" for row in at_once(self.url, calls))
        self.assertEqual(conflicts, ["", *["person"] * 5])
        self.assertEqual(len(self.stored()), 2)

    def test_once_more(self) -> None:
        """Adding an account again, after its answer was lost, is no conflict."""
        for _ in range(2):
            self.successResultOf(self.here.add(self.account(), GUEST))
        self.assertEqual(self.stored(), [("ada", b"ada".ljust(16))])

    def test_given_up_before(self) -> None:
        """Somebody whose lines are still on their way from a former account may register."""
        former = self.account()
        self.successResultOf(self.here.add(former, None))
        self.successResultOf(self.here.remove(former, [], GUEST))
        for _ in range(2):
            self.successResultOf(self.there.add(self.account("eve", b"eve"), GUEST))
        self.assertEqual(self.stored(), [("eve", b"eve".ljust(16))])

    def test_find(self) -> None:
        """A node reads what another one has changed."""
        account = self.account()
        self.successResultOf(self.here.add(account, None))
        account.ignored = {"bob": "Bob"}
        self.successResultOf(self.here.update(account, []))
        found = self.successResultOf(self.there.find("ada"))
        assert found is not None
        self.assertEqual((found.nick, found.ignored), ("ada", {"bob": "Bob"}))
        self.successResultOf(self.here.remove(account, ["ab" * 16], None))
        self.assertIsNone(self.successResultOf(self.there.find("ada")))
        self.assertTrue(self.successResultOf(self.there.is_spent("ab" * 16)))

    def test_spent_elsewhere(self) -> None:
        """A token that was spent at one node is not kept by another one that does not know yet."""
        account = self.account()
        account.tokens = ["aa" * 16, "bb" * 16]
        self.successResultOf(self.here.add(account, None))
        there = replace(account, ignored={"bob": "Bob"})
        account.tokens = ["bb" * 16]
        self.successResultOf(self.here.update(account, ["aa" * 16]))
        self.successResultOf(self.there.update(there, []))
        found = self.successResultOf(self.here.find("ada"))
        assert found is not None
        self.assertEqual((found.tokens, found.ignored), (["bb" * 16], {"bob": "Bob"}))
