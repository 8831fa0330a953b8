"""Measure the time of indexing, the size of the index, and the time of searching.

    python bench/searching.py [LINES]       the number of lines (100,000) of each script
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import react

from chatservice.protocol.query import parse
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.threads import ThreadedDatabase

VOCABULARY = 5000
"""Different words, or characters; the first is 500 times as frequent as the last."""

TRIES = 20
SECOND = 1_000_000
LENGTHS = range(4, 17)
"""Words of a line in Latin letters; in Chinese, twice as many characters and more."""

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def latin(random: Random) -> Iterator[str]:
    """Make lines of words of two to four syllables."""
    words = ["".join(random.choices(SYLLABLES, k=random.randint(2, 4))) for _ in range(VOCABULARY)]
    while True:
        yield " ".join(random.choices(words, WEIGHTS, k=random.choice(LENGTHS)))


def chinese(random: Random) -> Iterator[str]:
    """Make lines of characters, with a comma in the middle."""
    characters = [chr(0x4E00 + number) for number in range(VOCABULARY)]
    while True:
        chosen = random.choices(characters, WEIGHTS, k=2 * random.choice(LENGTHS))
        half = len(chosen) // 2
        yield "".join(chosen[:half]) + "，" + "".join(chosen[half:])


WEIGHTS = [1 / (number + 10) for number in range(VOCABULARY)]
KINDS: dict[str, Callable[[Random], Iterator[str]]] = {"Latin": latin, "Chinese": chinese}


def fill(path: str, texts: Iterable[str]) -> None:
    """Store lines, one a second."""
    sql = """
        INSERT INTO events (id, kind, room, nick, text, ref, author)
        VALUES (?, 'said', 'lobby', 'ada', ?, '', x'')"""
    begun = int(time.time()) * SECOND
    with sqlite3.connect(path) as connection:
        rows = ((begun + number * SECOND, text) for number, text in enumerate(texts))
        connection.executemany(sql, rows)


def used(path: str) -> int:
    """Count the bytes of a file that are in use."""
    with sqlite3.connect(path) as connection:
        size, pages, free = (
            connection.execute(f"PRAGMA {what}").fetchone()[0]
            for what in ("page_size", "page_count", "freelist_count")
        )
    return int((pages - free) * size)


def opened(reactor: Any, path: str) -> tuple[ThreadedDatabase, DatabaseJournal]:
    """Open the file as a start does."""
    database = ThreadedDatabase(reactor, path)
    database.open()
    journal = DatabaseJournal(database)
    journal.open()
    return database, journal


@inlineCallbacks
def measure(reactor: Any, kind: str, path: str, count: int) -> Generator[Deferred[Any], Any, None]:
    """Index lines, search for words of the one in the middle, and print how long it took."""
    lines = KINDS[kind](Random(kind))
    texts = [next(lines) for _ in range(count)]
    opened(reactor, path)[0].close()
    fill(path, texts)
    before = used(path)
    database, journal = opened(reactor, path)
    start = time.perf_counter()
    while (yield journal.index()):
        pass
    took = time.perf_counter() - start
    print(f"{kind}: {count:,} lines of {sum(map(len, texts)) / count:.0f} characters")
    print(f"    lines and their other indexes: {before / 2**20:.1f} MiB")
    print(f"    index of words: {(used(path) - before) / 2**20:.1f} MiB, made in {took:.1f} s")
    for name, query in queries(texts):
        times = []
        for _ in range(TRIES):
            start = time.perf_counter()
            found = yield journal.search(parse(query), ["lobby"], 20)
            times.append(time.perf_counter() - start)
        print(f"    {name}: {median(times) * 1000:.2f} ms, {len(found.events)} lines")
    database.close()


def queries(texts: list[str]) -> Iterator[tuple[str, str]]:
    """Make queries, each with a name, of parts of the line in the middle."""
    text = texts[len(texts) // 2]
    if text.isascii():
        words = text.split()
        yield "a word", words[0]
        yield "two words", " ".join(words[:2])
        yield "a phrase", f'"{" ".join(words[:3])}"'
        yield "a beginning", f"{words[0][:3]}*"
    else:
        yield "a character", text[0]
        yield "a word of two", text[:2]
        yield "two words of two", f"{text[:2]} {text[-2:]}"
        yield "a part of four", text[:4]
        yield "the most frequent character", "\u4e00"


@inlineCallbacks
def main(reactor: Any, count: str = "100000") -> Generator[Deferred[None], None, None]:
    """Measure each script in a file of its own."""
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            yield measure(reactor, kind, str(Path(folder) / "chat.sqlite3"), int(count))


if __name__ == "__main__":
    react(main, sys.argv[1:])
