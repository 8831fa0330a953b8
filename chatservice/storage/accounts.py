"""Accounts and spent tokens as rows of the database (schema.sql)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import partial

from twisted.internet.defer import Deferred

from chatservice.people.account import Account
from chatservice.protocol.preferences import Preferences
from chatservice.storage.contract import Connection, Row, Storage
from chatservice.storage.database import explain
from chatservice.storage.identities import BEGIN

_COLUMNS = "key, nick, identity, hash, since, preferences, ignored, proven_from, tokens"
_SELECT = f"SELECT {_COLUMNS} FROM accounts"
_SELECT_ONE = f"{_SELECT} WHERE key = ?"
_INSERT = f"INSERT INTO accounts ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
_UPDATE = """
    UPDATE accounts SET hash = ?4, preferences = ?6, ignored = ?7, proven_from = ?8, tokens = ?9
    WHERE key = ?1 AND identity = ?3"""
_DELETE = "DELETE FROM accounts WHERE key = ? AND identity = ?"
_SPEND = "INSERT INTO spent (digest) VALUES (?) ON CONFLICT DO NOTHING"
_IS_SPENT = "SELECT 1 FROM spent WHERE digest = ?"


class StoredAccounts:
    """Accounts that are kept in a database; see L{AccountStore}.

    @param database: need not be open yet.
    """

    def __init__(self, database: Storage) -> None:
        self._database = database

    def load(self) -> list[Account]:
        """See L{AccountStore.load}."""
        return self._database.at_start(read_accounts)

    def is_spent(self, digest: str) -> Deferred[bool]:
        """See L{AccountStore.is_spent}."""
        return self._database.read(partial(_is_spent, digest=digest)).addErrback(explain)

    def add(self, account: Account, former: bytes | None) -> Deferred[None]:
        """See L{AccountStore.add}; identities.py moves the lines."""
        row, identity = row_of(account), account.identity
        return self._write(partial(_insert, account=row, identity=identity, former=former))

    def update(self, account: Account, spent: Collection[str]) -> Deferred[None]:
        """See L{AccountStore.update}."""
        return self._write(partial(_update, account=row_of(account), spent=spent))

    def remove(
        self, account: Account, spent: Collection[str], now: bytes | None
    ) -> Deferred[None]:
        """See L{AccountStore.remove}."""
        key, identity = account.key, account.identity
        work = partial(_delete, key=key, identity=identity, spent=spent, now=now)
        return self._write(work)

    def _write(self, work: Callable[[Connection], None]) -> Deferred[None]:
        return self._database.write(work).addErrback(explain)


def row_of(account: Account) -> Row:
    """Make a row of the columns of an account, as it is now."""
    return (
        account.key,
        account.nick,
        account.identity,
        account.hash,
        account.since,
        json.dumps(account.preferences.those_set()),
        json.dumps(account.ignored),
        json.dumps(account.proven_from),
        json.dumps(account.tokens),
    )


def _insert(connection: Connection, account: Row, identity: bytes, former: bytes | None) -> None:
    connection.execute(_INSERT, account)
    if former is not None:
        connection.execute(BEGIN, (former, identity))


def _update(connection: Connection, account: Row, spent: Collection[str]) -> None:
    connection.execute(_UPDATE, account)
    _spend(connection, spent)


def _delete(
    connection: Connection, key: str, identity: bytes, spent: Collection[str], now: bytes | None
) -> None:
    connection.execute(_DELETE, (key, identity))
    if now is not None:
        connection.execute(BEGIN, (identity, now))
    _spend(connection, spent)


def _spend(connection: Connection, digests: Collection[str]) -> None:
    connection.executemany(_SPEND, [(bytes.fromhex(digest),) for digest in digests])


def _is_spent(connection: Connection, digest: str) -> bool:
    return connection.execute(_IS_SPENT, (bytes.fromhex(digest),)).fetchone() is not None


def read_accounts(connection: Connection, key: str | None = None) -> list[Account]:
    """Read all accounts, or the one with a key, if it is there."""
    sql, given = (_SELECT, ()) if key is None else (_SELECT_ONE, (key,))
    return [
        Account(*(*facts, Preferences(**json.loads(preferences)), *map(json.loads, lists)))
        for *facts, preferences, ignored, proven_from, tokens in connection.execute(sql, given)
        for lists in [(ignored, proven_from, tokens)]
    ]
