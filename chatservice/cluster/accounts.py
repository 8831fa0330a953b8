"""Accounts in the database of a cluster.

Each change is a single statement, a function of schema.sql, so a node that falls silent leaves
nothing locked. All of them end with C{chat_account_changed}.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.cluster.database import ClusterDatabase
from chatservice.people.account import Account
from chatservice.people.accounts import has_account, registered
from chatservice.storage.accounts import StoredAccounts, read_accounts, row_of
from chatservice.storage.contract import Row

_ADD = "SELECT conflict, holder FROM account_added(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SAVE = "SELECT account_saved(?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REMOVE = "SELECT account_removed(?, ?, ?, ?)"
_PERSON = "person"


class ClusterAccounts(StoredAccounts):
    """Accounts that several nodes share; see L{AccountStore
    <chatservice.people.account.AccountStore>}.

    @param database: need not be open yet.
    @ivar known: all of them, as they were when this node entered.
    """

    def __init__(self, database: ClusterDatabase) -> None:
        super().__init__(database)
        self._cluster = database
        self.known: list[Account] = []

    def load(self) -> list[Account]:
        """See L{AccountStore.load <chatservice.people.account.AccountStore.load>}."""
        return self.known

    def find(self, key: str) -> Deferred[Account | None]:
        """Read one account, as it is stored now; C{None} if there is none with that key."""
        work = partial(read_accounts, key=key)
        return self._cluster.read(work).addCallback(lambda found: found[0] if found else None)

    def add(self, account: Account, former: bytes | None) -> Deferred[None]:
        """See L{AccountStore.add <chatservice.people.account.AccountStore.add>}."""

        def check(row: Row) -> None:
            conflict, holder = row
            if conflict is not None:
                raise has_account() if conflict == _PERSON else registered(account.nick, holder)

        return self._cluster.change(_ADD, *row_of(account), former).addCallback(check)

    def update(self, account: Account, spent: Collection[str]) -> Deferred[None]:
        """See L{AccountStore.update <chatservice.people.account.AccountStore.update>}."""
        key, _, identity, hash, _, *lists = row_of(account)
        given = (*lists, _digests(spent), account.stored_hash)
        return self._change(_SAVE, key, identity, hash, *given)

    def remove(
        self, account: Account, spent: Collection[str], now: bytes | None
    ) -> Deferred[None]:
        """See L{AccountStore.remove <chatservice.people.account.AccountStore.remove>}."""
        return self._change(_REMOVE, account.key, account.identity, _digests(spent), now)

    def _change(self, sql: str, *given: Any) -> Deferred[None]:
        return self._cluster.change(sql, *given).addCallback(lambda _: None)


def _digests(spent: Collection[str]) -> list[bytes]:
    return [bytes.fromhex(digest) for digest in spent]
