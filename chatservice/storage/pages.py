"""Pages of the history: selecting events, and how many fit on one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chatservice.chat.journal import Page, Wanted, text_size
from chatservice.protocol.events import Event, Whispered
from chatservice.storage.contract import Connection, Row
from chatservice.storage.pieces import in_pieces
from chatservice.storage.rows import ID_OF_PRIVATE, ID_OF_TALK, PRIVATE, TALK, private_of, talk_of

PAGE_BYTES = 128 * 1024
"""Characters of text after which a page ends even if more events were asked for."""

SCAN_MOST = 2000
"""The most events examined for one page, and C{SCAN_BYTES} the most characters: any number of
events in a row may be by people who are ignored.
"""
SCAN_BYTES = 1024 * 1024


def page_of(
    newest_or_oldest_first: Iterable[Event], wanted: Wanted, kept_from: int | None = None
) -> Page:
    """Make a page of the events that fit, by ascending id, and note where the rest begins.

    Events that are left out take no space on the page, but cost as much to examine.
    """
    fitting: list[Event] = []
    room_left, looks_left, to_read = PAGE_BYTES, SCAN_MOST, SCAN_BYTES
    last: int | None = None
    hidden = 0
    more = False
    for event in newest_or_oldest_first:
        size = text_size([event])
        to_read -= size
        looks_left -= 1
        left = wanted.left_of(event)
        if left is not None:
            room_left -= size
        full = len(fitting) == wanted.limit or (fitting and room_left < 0)
        if full or (last is not None and (looks_left < 0 or to_read < 0)):
            more = True
            break
        last = event.id
        if left is None:
            hidden += 1
        else:
            fitting.append(left)
    events = fitting if wanted.after is not None else fitting[::-1]
    next_ = last if more else None
    return Page(events, more, kept_from, next_, hidden, used=bool(events or hidden))


# From the id ?1 on, in the order that was asked for, as far as the id ?4.
_ROOM_PAGE = f"""
    SELECT {TALK} FROM events WHERE room = ?3 AND id {{from}} ?1 AND id {{to}} ?4
    ORDER BY id {{order}} LIMIT ?2"""
_PRIVATE_PAGE = f"""
    SELECT * FROM (
        SELECT {PRIVATE} FROM whispers
        WHERE author_identity = ?3 AND id {{from}} ?1 AND id {{to}} ?4
        ORDER BY id {{order}} LIMIT ?2) AS sent
    UNION ALL
    SELECT * FROM (
        SELECT {PRIVATE} FROM whispers
        WHERE recipient_identity = ?3 AND author_identity <> ?3
        AND id {{from}} ?1 AND id {{to}} ?4 ORDER BY id {{order}} LIMIT ?2) AS received
    ORDER BY id {{order}} LIMIT ?2"""
_PAGE_WITH_ONE = f"""
    SELECT * FROM (
        SELECT {PRIVATE} FROM whispers
        WHERE author_identity = ?3 AND recipient_identity = ?5
        AND id {{from}} ?1 AND id {{to}} ?4 ORDER BY id {{order}} LIMIT ?2) AS sent
    UNION ALL
    SELECT * FROM (
        SELECT {PRIVATE} FROM whispers
        WHERE author_identity = ?5 AND recipient_identity = ?3 AND ?3 <> ?5
        AND id {{from}} ?1 AND id {{to}} ?4 ORDER BY id {{order}} LIMIT ?2) AS received
    ORDER BY id {{order}} LIMIT ?2"""
FORWARD = {"from": ">", "to": "<", "order": "ASC"}
BACKWARD = {"from": "<", "to": ">", "order": "DESC"}


def read_page(connection: Connection, wanted: Wanted) -> Page:
    """Read a page from the database."""
    if wanted.with_whom:
        return page_of(_private(connection, _PAGE_WITH_ONE, wanted, wanted.with_whom), wanted)
    if isinstance(wanted.of, bytes):
        return page_of(_private(connection, _PRIVATE_PAGE, wanted), wanted)
    pruned = connection.execute("SELECT id FROM pruned WHERE room = ?", (wanted.of,)).fetchone()
    is_missing = pruned is not None and wanted.after is not None and wanted.after < pruned[0]
    events = map(talk_of, _rows(connection, _ROOM_PAGE, wanted, ID_OF_TALK))
    page = page_of(events, wanted, pruned[0] + 1 if is_missing else None)
    return replace(page, used=page.used or pruned is not None)


def _private(
    connection: Connection, sql: str, wanted: Wanted, *given: bytes
) -> Iterator[Whispered]:
    return map(private_of, _rows(connection, sql, wanted, ID_OF_PRIVATE, *given))


def _rows(
    connection: Connection, sql: str, wanted: Wanted, id_at: int, *given: bytes
) -> Iterator[Row]:
    """Read rows from one end on; most pages need one piece."""
    way, start, end = BACKWARD, wanted.before, 0
    if wanted.after is not None:
        way, start, end = FORWARD, wanted.after, wanted.before
    first = min(wanted.limit, SCAN_MOST) + 1
    ordered = sql.format(**way)
    return in_pieces(connection, ordered, start, wanted.of, end, *given, id_at=id_at, first=first)
