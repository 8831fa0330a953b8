"""Pages of the history: selecting events, and how many fit on one page."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from chatservice.chat.journal import Page, Wanted, text_size
from chatservice.protocol.events import Event
from chatservice.storage.rows import PRIVATE, TALK, private_of, talk_of

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


_ROOM_PAGE = f"""
    SELECT {TALK} FROM events WHERE room = ? AND id > ? AND id < ? ORDER BY id {{order}} LIMIT ?"""
_PRIVATE_PAGE = f"""
    SELECT {PRIVATE} FROM whispers WHERE author_identity = ?1 AND id > ?2 AND id < ?3
    UNION
    SELECT {PRIVATE} FROM whispers WHERE recipient_identity = ?1 AND id > ?2 AND id < ?3
    ORDER BY id {{order}} LIMIT ?4"""

_PAGE_WITH_ONE = f"""
    SELECT {PRIVATE} FROM whispers
    WHERE author_identity = ?1 AND recipient_identity = ?5 AND id > ?2 AND id < ?3
    UNION ALL
    SELECT {PRIVATE} FROM whispers
    WHERE author_identity = ?5 AND recipient_identity = ?1 AND ?1 <> ?5 AND id > ?2 AND id < ?3
    ORDER BY id {{order}} LIMIT ?4"""


def read_page(connection: sqlite3.Connection, wanted: Wanted) -> Page:
    """Read a page from the database."""
    order = "DESC" if wanted.after is None else "ASC"
    limits = (wanted.of, wanted.after or 0, wanted.before, SCAN_MOST + 1)
    if wanted.with_whom:
        sql = _PAGE_WITH_ONE.format(order=order)
        rows = connection.execute(sql, (*limits, wanted.with_whom))
        return page_of(map(private_of, rows), wanted)
    if isinstance(wanted.of, bytes):
        sql = _PRIVATE_PAGE.format(order=order)
        return page_of(map(private_of, connection.execute(sql, limits)), wanted)
    pruned = connection.execute("SELECT id FROM pruned WHERE room = ?", (wanted.of,)).fetchone()
    is_missing = pruned is not None and wanted.after is not None and wanted.after < pruned[0]
    events = map(talk_of, connection.execute(_ROOM_PAGE.format(order=order), limits))
    page = page_of(events, wanted, pruned[0] + 1 if is_missing else None)
    return replace(page, used=page.used or pruned is not None)
