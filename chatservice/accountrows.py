"""Accounts, and tokens that are spent, as rows of the database (schema.sql)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Any

from chatservice.account import Account
from chatservice.preferences import Preferences

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


def row_of(account: Account) -> dict[str, Any]:
    """The stored facts about an account, as they are now."""
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


def insert(connection: sqlite3.Connection, row: dict[str, Any], former: bytes | None) -> None:
    """Add an account.

    @param former: the identity from which its owner's lines move (identities.py).
    """
    connection.execute(_INSERT, row)
    if former is not None:
        connection.execute(_MOVE, (former, row["identity"]))


def update(
    connection: sqlite3.Connection, row: dict[str, Any], spent: Collection[str] = ()
) -> None:
    """Change an account; nothing happens if it was removed.

    @param spent: hashes of the tokens that prove it no longer.
    """
    connection.execute(_UPDATE, row)
    spend(connection, spent)


def delete(
    connection: sqlite3.Connection,
    row: dict[str, Any],
    spent: Collection[str] = (),
    now: bytes | None = None,
) -> None:
    """Remove an account.

    @param now: the identity to which its owner's lines move (identities.py).
    """
    connection.execute(_DELETE, row)
    if now is not None:
        connection.execute(_MOVE, (row["identity"], now))
    spend(connection, spent)


def spend(connection: sqlite3.Connection, digests: Collection[str]) -> None:
    """Keep the hashes (hexadecimal) of tokens that prove nothing any more."""
    connection.executemany(_SPEND, [(bytes.fromhex(digest),) for digest in digests])


def is_spent(connection: sqlite3.Connection, digest: str) -> bool:
    """Whether a token with this hash once proved an account, and does no longer."""
    return connection.execute(_IS_SPENT, (bytes.fromhex(digest),)).fetchone() is not None


def read(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """All accounts, each as what L{Account} takes."""
    return [
        (*facts, Preferences(**json.loads(preferences)), *map(json.loads, lists))
        for *facts, preferences, ignored, proven_from, tokens in connection.execute(_SELECT)
        for lists in [(ignored, proven_from, tokens)]
    ]
