"""Databases with a large history; each is made once, and copied wherever it is needed.

The server under test makes the tables. SQL then fills them, because saying everything would take
hours: nothing here is more than people could have said in time.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

from chat_server import ChatServer

FILE = "chat.sqlite3"
LINE = 4090
"""Bytes of a long line."""

WORDS = 454
"""Words, of eight letters, in a long line."""

SECOND = 1_000_000
"""A second in ids."""

RETURNING = 29
"""People who return with a token, under the nicknames C{a}, C{aa}, ..."""

TOPIC_ROOMS = 5000
MANY_ROOMS = 300_000
ACTS = 200_000
WORDED_LINES = 100_000
UNINDEXED_LINES = 8000
LONG = 1_000_000
"""Lines in a room with a long history, one a second."""

Talk = tuple[int, str, str, str]
"""An id, a room, a nickname and a text."""


def token_of(number: int) -> str:
    """Make the token of a person who returns."""
    return f"token-of-somebody-{number:04}"


def distinct_words(number: int) -> str:
    """Make a line of 4 KB of words, none of which is in another such line.

    @param number: of the line.
    """
    return " ".join("w" + _scattered(number * WORDS + word) for word in range(WORDS))


def _scattered(number: int) -> str:
    """Make seven letters, unique for numbers below 2**28; neighbours are far apart in the index."""
    return f"{number * 2654435761 % 2**28:07x}"


def _returning(connection: sqlite3.Connection, now: int) -> None:
    """Add ten rooms of 1,000 lines of C{aaaa...}, and 29 guests who have seen none of it."""
    rooms = [f"room{n}" for n in range(10)]
    begun = now - 1800 * SECOND
    _talk(connection, ((begun + n, rooms[n % 10], "filler", "a" * LINE) for n in range(10_000)))
    places = []
    for number in range(1, RETURNING + 1):
        identity = blake2b(token_of(number).encode(), digest_size=16).digest()
        seen = begun - SECOND
        places += [(identity, room, "a" * number, seen, seen) for room in ("", *rooms)]
    connection.executemany(
        "INSERT INTO places (identity, room, nick, entered, seen) VALUES (?, ?, ?, ?, ?)", places
    )


def _unindexed(connection: sqlite3.Connection, now: int) -> None:
    """Add 8,000 lines of 4 KB of distinct words that are in no index yet."""
    begun = now - 1800 * SECOND
    lines = ((begun + n, "lobby", "filler", distinct_words(n)) for n in range(UNINDEXED_LINES))
    _talk(connection, lines)


def _words(connection: sqlite3.Connection, now: int) -> None:
    """Add 1.6 M words that begin with C{abc}, sixteen in a line, which begins with C{the}."""
    begun = now - 1800 * SECOND
    lines = (
        " ".join(["the", *("abc" + _scattered(n * 16 + word) for word in range(16))])
        for n in range(WORDED_LINES)
    )
    _talk(connection, ((begun + n, "lobby", "filler", line) for n, line in enumerate(lines)))


def _rooms(connection: sqlite3.Connection, now: int) -> None:
    """Add a line in each of 300,000 rooms."""
    begun = now - 1800 * SECOND
    lines = ((begun + n, f"room{n}", "filler", f"hello {n}") for n in range(MANY_ROOMS))
    _talk(connection, lines)


def _topics(connection: sqlite3.Connection, now: int) -> None:
    """Add topics in 5,000 rooms, all by one guest; all of the rooms are empty."""
    begun = now - 1800 * SECOND
    rows = [(begun + n, f"topic{n}", "mallory", "mine", b"m" * 16) for n in range(TOPIC_ROOMS)]
    connection.executemany(
        "INSERT INTO topics (id, room, nick, text, author) VALUES (?, ?, ?, ?, ?)", rows
    )
    connection.executemany(
        "INSERT INTO events (id, kind, room, nick, text, ref, author)"
        " VALUES (?, 'topic', ?, ?, ?, '', ?)",
        rows,
    )
    _set_ceiling(connection, rows[-1][0])


def _acts(connection: sqlite3.Connection, now: int) -> None:
    """Add 200,000 mutes of an hour, five of them a second, with reasons of 3 KB each."""
    begun = now - ACTS // 5 * SECOND
    ids = [begun + n * SECOND // 5 for n in range(ACTS)]
    until = 3600 * SECOND
    who = ("owner", b"o" * 16, "bob", b"b" * 16)
    connection.executemany(
        "INSERT INTO acts (id, kind, room, nick, author, target, target_identity, network, until,"
        " text) VALUES (?, 'muted', 'den', ?, ?, ?, ?, '', ?, ?)",
        ((id, *who, id + until, f"{n:7} {'x' * 3000}") for n, id in enumerate(ids)),
    )
    _set_ceiling(connection, ids[-1])


def _talk(connection: sqlite3.Connection, lines: Iterable[Talk]) -> None:
    connection.executemany(
        "INSERT INTO events (id, kind, room, nick, text, ref, author)"
        " VALUES (?, 'said', ?, ?, ?, '', x'66')",
        lines,
    )
    _set_ceiling(connection, connection.execute("SELECT max(id) FROM events").fetchone()[0])


def _set_ceiling(connection: sqlite3.Connection, last: int) -> None:
    connection.execute("UPDATE ids SET ceiling = ?", (last,))


def _long(connection: sqlite3.Connection, now: int) -> None:
    """Add a million lines in the lobby, one a second until now."""
    begun = now - LONG * SECOND
    _talk(
        connection,
        ((begun + n * SECOND, "lobby", "filler", f"line {n} of many") for n in range(LONG)),
    )


FILLED: dict[str, Callable[[sqlite3.Connection, int], None]] = {
    "returning": _returning,
    "unindexed": _unindexed,
    "words": _words,
    "rooms": _rooms,
    "topics": _topics,
    "acts": _acts,
    "long": _long,
}

AS_WRITTEN = ("unindexed", "acts", "topics")
"""Databases that no server opens after they are filled; the others are indexed."""


class Databases:
    """A cache of databases, made when they are needed.

    @param folder: an empty one, for as long as they may be needed.
    @param python: see L{ChatServer}.
    """

    def __init__(self, folder: Path, python: str | None) -> None:
        self._folder = folder
        self._python = python

    def copy(self, name: str, folder: Path) -> None:
        """Copy a database into a folder."""
        made = self._folder / name
        if not made.exists():
            self._make(name)
        shutil.copyfile(made / FILE, folder / FILE)

    def _make(self, name: str) -> None:
        being_made = self._folder / f"{name}.part"
        shutil.rmtree(being_made, ignore_errors=True)
        being_made.mkdir()
        server = ChatServer(being_made, None, python=self._python)
        with server.running():
            pass
        with closing(sqlite3.connect(being_made / FILE)) as connection, connection:
            FILLED[name](connection, time.time_ns() // 1000)
        if name not in AS_WRITTEN:
            with server.running():
                # Indexing begins within a second.
                time.sleep(2)
                server.wait_until_idle()
        being_made.rename(self._folder / name)
