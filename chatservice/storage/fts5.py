"""The search index of SQLite: FTS5, in the table C{words}.

It has the tokens of the lines, not the lines. See U{https://www.sqlite.org/fts5.html}.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence

from chatservice.protocol.query import Term
from chatservice.protocol.tokenizer import indexable
from chatservice.storage.contract import Connection, Row
from chatservice.storage.rows import TALK

MERGE_PAGES = 32
"""Pages of the index that one transaction of merging writes."""

_TEXT = "SELECT id, text FROM events WHERE id = ?"
_ADD = "INSERT INTO words (rowid, text) VALUES (?, ?)"
_REMOVE = "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)"
_FIND = f"""
    WITH found (found_id) AS (SELECT rowid FROM words
        WHERE words MATCH ? AND rowid < ? ORDER BY rowid DESC)
    SELECT {TALK} FROM found CROSS JOIN events ON id = found_id
    WHERE room IN (SELECT value FROM json_each(?)) ORDER BY found_id DESC"""
_ALL = f"""
    SELECT {TALK} FROM events NOT INDEXED
    WHERE id < ? AND room IN (SELECT value FROM json_each(?)) ORDER BY id DESC"""


class Fts5Merging:
    """The merging of the index: removed lines are only marked, and merging frees their space.

    See L{Merging <chatservice.storage.contract.Merging>}.
    """

    def merge(self, connection: Connection) -> bool:
        """See L{Merging.merge <chatservice.storage.contract.Merging.merge>}."""
        return _merge(connection, MERGE_PAGES)

    def tidy(self, connection: Connection, first: bool) -> bool:
        """Merge a little of the index into one (FTS5, section 6.7); return whether there is more.

        @param first: whether to start over, with the whole index.
        """
        return _merge(connection, -MERGE_PAGES if first else MERGE_PAGES)


class Fts5:
    """The index of an SQLite database; see L{Words <chatservice.storage.contract.Words>}."""

    merging = Fts5Merging()

    def begin(self, connection: Connection) -> int:
        """See L{Words.begin <chatservice.storage.contract.Words.begin>}."""
        return _value(connection, "SELECT id FROM indexed")

    def add(self, connection: Connection, lines: Iterable[tuple[int, str]]) -> None:
        """See L{Words.add <chatservice.storage.contract.Words.add>}."""
        for id, text in lines:
            connection.execute(_ADD, (id, indexable(text)))

    def remove(self, connection: Connection, ids: Collection[int]) -> None:
        """See L{Words.remove <chatservice.storage.contract.Words.remove>}."""
        for each in ids:
            for id, text in connection.execute(_TEXT, (each,)).fetchall():
                connection.execute(_REMOVE, (id, indexable(text)))

    def clear(self, connection: Connection) -> None:
        """See L{Words.clear <chatservice.storage.contract.Words.clear>}."""
        connection.execute("INSERT INTO words (words) VALUES ('delete-all')")

    def find(
        self, connection: Connection, terms: Sequence[Term], rooms: Collection[str], before: int
    ) -> Iterator[Row]:
        """See L{Words.find <chatservice.storage.contract.Words.find>}."""
        where = json.dumps(list(rooms))
        if not terms:
            return iter(connection.execute(_ALL, (before, where)))
        words = " ".join(map(_quoted, terms))
        return iter(connection.execute(_FIND, (words, before, where)))


def _merge(connection: Connection, pages: int) -> bool:
    """Merge a little of the index; return whether there is more."""
    before = _value(connection, "SELECT total_changes()")
    connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
    return _value(connection, "SELECT total_changes()") - before >= 2


def _quoted(term: Term) -> str:
    """Write a term as an FTS5 phrase (section 3.2): a quoted string of tokens, without syntax."""
    phrase = f'"{" ".join(term.tokens)}"'
    return f"{phrase}*" if term.goes_on else phrase


def _value(connection: Connection, sql: str) -> int:
    value: int = connection.execute(sql).fetchone()[0]
    return value
