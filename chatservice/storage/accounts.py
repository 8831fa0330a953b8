"""Accounts and spent tokens as rows of the database (schema.sql)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.people.account import Account
from chatservice.protocol.preferences import Preferences
from chatservice.storage.database import Database, explain

_SELECT = """
    SELECT key, nick, identity, hash, since, preferences, ignored, proven_from, tokens
    FROM accounts"""
_INSERT = """
    INSERT INTO accounts VALUES (:key, :nick, :identity, :hash, :since, :preferences, :ignored,
        :proven_from, :tokens)"""
_UPDATE = """
    UPDATE accounts SET hash = :hash, preferences = :preferences, ignored = :ignored,
        proven_from = :proven_from, tokens = :tokens
    WHERE key = :key AND identity = :identity"""
_DELETE = "DELETE FROM accounts WHERE key = :key AND identity = :identity"
_MOVE = "INSERT OR REPLACE INTO moving VALUES (?, ?)"
_SPEND = "INSERT OR IGNORE INTO spent VALUES (?)"
_IS_SPENT = "SELECT 1 FROM spent WHERE digest = ?"


class StoredAccounts:
    """Accounts that are kept in a database; see L{AccountStore}.

    @param database: need not be open yet.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> list[Account]:
        """See L{AccountStore.load}."""
        return self._database.at_start(_read)

    def is_spent(self, digest: str) -> Deferred[bool]:
        """See L{AccountStore.is_spent}."""
        return self._database.read(partial(_is_spent, digest=digest)).addErrback(explain)

    def add(self, account: Account, former: bytes | None) -> Deferred[None]:
        """See L{AccountStore.add}; identities.py moves the lines."""
        return self._write(partial(_insert, row=_row_of(account), former=former))

    def update(self, account: Account, spent: Collection[str]) -> Deferred[None]:
        """See L{AccountStore.update}."""
        return self._write(partial(_update, row=_row_of(account), spent=spent))

    def remove(
        self, account: Account, spent: Collection[str], now: bytes | None
    ) -> Deferred[None]:
        """See L{AccountStore.remove}."""
        return self._write(partial(_delete, row=_row_of(account), spent=spent, now=now))

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> Deferred[None]:
        return self._database.write(work).addErrback(explain)


def _row_of(account: Account) -> dict[str, Any]:
    """Collect the columns of an account, as it is now."""
    return {
        "key": account.key,
        "nick": account.nick,
        "identity": account.identity,
        "hash": account.hash,
        "since": account.since,
        "preferences": json.dumps(account.preferences.those_set()),
        "ignored": json.dumps(account.ignored),
        "proven_from": json.dumps(account.proven_from),
        "tokens": json.dumps(account.tokens),
    }


def _insert(connection: sqlite3.Connection, row: dict[str, Any], former: bytes | None) -> None:
    connection.execute(_INSERT, row)
    if former is not None:
        connection.execute(_MOVE, (former, row["identity"]))


def _update(
    connection: sqlite3.Connection, row: dict[str, Any], spent: Collection[str]
) -> None:
    connection.execute(_UPDATE, row)
    _spend(connection, spent)


def _delete(
    connection: sqlite3.Connection,
    row: dict[str, Any],
    spent: Collection[str],
    now: bytes | None,
) -> None:
    connection.execute(_DELETE, row)
    if now is not None:
        connection.execute(_MOVE, (row["identity"], now))
    _spend(connection, spent)


def _spend(connection: sqlite3.Connection, digests: Collection[str]) -> None:
    connection.executemany(_SPEND, [(bytes.fromhex(digest),) for digest in digests])


def _is_spent(connection: sqlite3.Connection, digest: str) -> bool:
    return connection.execute(_IS_SPENT, (bytes.fromhex(digest),)).fetchone() is not None


def _read(connection: sqlite3.Connection) -> list[Account]:
    return [
        Account(*(*facts, Preferences(**json.loads(preferences)), *map(json.loads, lists)))
        for *facts, preferences, ignored, proven_from, tokens in connection.execute(_SELECT)
        for lists in [(ignored, proven_from, tokens)]
    ]
