"""The search index of PostgreSQL: the tokens of each line as a C{tsvector}, in the table C{words}.

They are the tokens that protocol/tokenizer.py makes, in no order: PostgreSQL finds the lines that
have all of those that are looked for, and whether some follow each other is checked here. So the
same lines are found as in SQLite.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from chatservice.cluster import locks
from chatservice.protocol.query import Term
from chatservice.protocol.tokenizer import tokens_of
from chatservice.storage.contract import Connection, Row
from chatservice.storage.pieces import in_pieces
from chatservice.storage.rows import ID_OF_TALK, TALK

TOKEN_MOST = 500
"""The most characters of a token in the index: PostgreSQL takes 2,046 bytes, and a query has at
most 400 characters."""

_ADD = """
    INSERT INTO words (id, tokens)
    SELECT id, CAST(tokens AS tsvector)
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[])) AS lines (id, tokens)
    ON CONFLICT (id) DO NOTHING"""
_FIND = f"""
    SELECT {TALK} FROM words JOIN events USING (id)
    WHERE tokens @@ CAST(?3 AS tsquery) AND id < ?1 AND room = ANY(?4)
    ORDER BY id DESC LIMIT ?2"""
_ALL = f"""
    SELECT {TALK} FROM events WHERE id < ?1 AND room = ANY(?3) ORDER BY id DESC LIMIT ?2"""
_TEXT = TALK.split(", ").index("text")


class TokenVectors:
    """The index of a PostgreSQL database; see L{Words <chatservice.storage.contract.Words>}."""

    merging = None

    def begin(self, connection: Connection) -> int:
        """Return the id up to which lines are indexed; other nodes wait until this one is done."""
        connection.execute(locks.TAKE, (locks.INDEX,))
        # Its own statement, so that it sees what the one before has done.
        id: int = connection.execute("SELECT id FROM indexed").fetchone()[0]
        return id

    def add(self, connection: Connection, lines: Iterable[tuple[int, str]]) -> None:
        """See L{Words.add <chatservice.storage.contract.Words.add>}."""
        ids, vectors = [], []
        for id, text in lines:
            ids.append(id)
            vectors.append(_vector(text))
        connection.execute(_ADD, (ids, vectors))

    def remove(self, connection: Connection, ids: Collection[int]) -> None:
        """See L{Words.remove <chatservice.storage.contract.Words.remove>}."""
        connection.execute("DELETE FROM words WHERE id = ANY(?)", (list(ids),))

    def clear(self, connection: Connection) -> None:
        """See L{Words.clear <chatservice.storage.contract.Words.clear>}."""
        connection.execute("TRUNCATE words")

    def find(
        self, connection: Connection, terms: Sequence[Term], rooms: Collection[str], before: int
    ) -> Iterator[Row]:
        """See L{Words.find <chatservice.storage.contract.Words.find>}."""
        where = list(rooms)
        if not terms:
            return in_pieces(connection, _ALL, before, where, id_at=ID_OF_TALK)
        wanted = " & ".join(map(_wanted, terms))
        rows = in_pieces(connection, _FIND, before, wanted, where, id_at=ID_OF_TALK)
        phrases = [_phrase(term) for term in terms if len(term.tokens) > 1]
        return (row for row in rows if not phrases or _has_all(row[_TEXT], phrases))


def _vector(text: str) -> str:
    """Write the tokens of a line as PostgreSQL reads a C{tsvector} (section 8.11.1)."""
    return " ".join({_quoted(token[:TOKEN_MOST]) for token in tokens_of(text)})


def _wanted(term: Term) -> str:
    """Write the tokens of a term as PostgreSQL reads a C{tsquery} (section 8.11.2)."""
    tokens = " & ".join(map(_quoted, term.tokens))
    return f"{tokens}:*" if term.goes_on else tokens


def _quoted(token: str) -> str:
    escaped = token.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _phrase(term: Term) -> str:
    """Write the tokens of a term as they stand in a line: with a space around each."""
    end = "" if term.goes_on else " "
    return f" {' '.join(term.tokens)}{end}"


def _has_all(text: str, phrases: Collection[str]) -> bool:
    tokens = f" {' '.join(tokens_of(text))} "
    return all(phrase in tokens for phrase in phrases)
