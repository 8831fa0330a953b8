"""Measure a start after a great many acts of operators: its time and its memory.

    python bench/acts.py [ACTS] [BYTES]     the number of mutes (200,000), the reasons' size (400)
"""

from __future__ import annotations

import resource
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from twisted.internet import reactor

from chatservice.server import ChatFactory
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.threads import ThreadedDatabase

PEOPLE = 500
"""The number of people who are muted again and again."""

INSERT = """
    INSERT INTO acts
        (id, kind, room, nick, author, target, target_identity, network, until, text)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def fill(path: str, count: int, size: int) -> None:
    """Store mutes of an hour each; all have expired except the last one of each person."""
    now = int(time.time() * 1_000_000)
    hour = 3_600_000_000
    rows = (
        (
            *(now - (count - number) * 200_000, "muted", "python", "ada", b"a" * 16),
            *(f"guest{number % PEOPLE}", b"%016d" % (number % PEOPLE)),
            *("", now - (count - number) * 200_000 + hour, "x" * size),
        )
        for number in range(count)
    )
    with sqlite3.connect(path) as connection:
        connection.executemany(INSERT, rows)


def opened(path: str) -> tuple[ThreadedDatabase, DatabaseJournal]:
    """Open the file as a start does."""
    database = ThreadedDatabase(reactor, path)
    database.open()
    journal = DatabaseJournal(database)
    journal.open()
    return database, journal


def main(count: int = 200_000, size: int = 400) -> None:
    """Fill a file, start with it, and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "chat.sqlite3")
        opened(path)[0].close()
        fill(path, count, size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        database, journal = opened(path)
        chat = ChatFactory(reactor, journal)
        chat.restore()
        took = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        held = len(chat.permissions.sanctions("python"))
        database.close()
    print(f"{count:,} acts of {size:,} bytes: {took:.2f} s, {(after - before) / 1024:.0f} MiB,")
    print(f"and {held:,} of them hold")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
