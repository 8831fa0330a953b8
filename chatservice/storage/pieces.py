"""Reading rows a piece at a time: no more of them is read than somebody uses."""

from __future__ import annotations

from collections.abc import Iterator

from chatservice.storage.contract import Connection, Row

FIRST = 100
"""The rows of the first piece; each is twice as large as the one before, up to C{MOST} rows."""
MOST = 1000


def in_pieces(
    connection: Connection,
    sql: str,
    start: int,
    *given: object,
    id_at: int = 0,
    first: int = FIRST,
) -> Iterator[Row]:
    """Read rows in the order of their ids, or in the opposite order.

    @param sql: finds at most C{?2} rows from after (or before) the id C{?1} on.
    @param start: the id to start from.
    @param given: the further parameters, C{?3} and so on.
    @param id_at: the place of the id in a row.
    """
    most = first
    while True:
        rows = connection.execute(sql, (start, most, *given)).fetchall()
        yield from rows
        if len(rows) < most:
            return
        start = rows[-1][id_at]
        most = min(2 * most, MOST)
