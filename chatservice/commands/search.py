"""The command that searches for lines."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.ignoring import unseen_by
from chatservice.commands.table import ALL_IGNORED, Answer, Call, Group, command, room_named
from chatservice.protocol.counts import counted
from chatservice.protocol.events import LATEST, Event, Times
from chatservice.protocol.query import Query, Taken, parse
from chatservice.protocol.wording import spelled, time_of

SEARCH_MOST = 20


@command(
    Group.HISTORY,
    "/search WORDS [in:#ROOM] [from:NICK] | more",
    f"the {SEARCH_MOST} newest lines with all these words",
    'It searches the rooms that you are in. "Words in quotes" follow each other. A word that '
    "ends in *, after three letters at least, finds whatever begins with it. In Chinese, "
    "Japanese, Korean, Thai and emoji, any part is found. from:NICK needs no words. /search more "
    'shows older lines, and /search "more" looks for that word.',
    pages='/search WORDS finds the newest lines, and /search "more" looks for that word',
)
def search(call: Call) -> Deferred[Answer]:
    if not call.rest:
        raise call.wrong()
    return _page(call, parse(call.rest))


@inlineCallbacks
def _page(call: Call, query: Query) -> Generator[Deferred[Any], Any, Answer]:
    # A member in no room gets an error from call.room.
    rooms = list(call.member.rooms) or [call.room.name]
    taken = Taken(query, [room_named(call, query.room).name] if query.room else rooms)
    unseen = unseen_by(call.member, call.chat.accounts)
    hidden: list[int] = []

    def left_of(event: Event) -> Event | None:
        left = unseen.left_of(event)
        if left is None:
            hidden.append(event.id)
        return left

    found = yield call.chat.journal.search(
        query, taken.rooms, SEARCH_MOST, left_of, call.asker()
    )
    count = len(found.events)
    lines = [_told(taken, count, bool(hidden))]
    times: Times = {}
    if found.up_to is not None:
        when = time_of(found.up_to, call.chat.ids.now())
        lines.append(_not_yet(when if found.up_to else ""))
        times = {when: found.up_to} if found.up_to else {}
    older = None
    if count == SEARCH_MOST:
        older = partial(_page, query=replace(query, before=found.events[0].id))
    lines += call.goes_on(older, "older lines")
    return Answer(lines, found.events, times=times, scattered=True, taken=taken)


def _told(taken: Taken, count: int, hidden: bool) -> str:
    """Tell how many lines were found, and which lines these are."""
    what = _what(taken)
    if taken.query.before < LATEST:
        older = counted(count, "older line", "older lines") if count else "no older lines"
        return f"{older} {what}"
    if count == SEARCH_MOST:
        return f"the {count} newest lines {what}: more words find fewer"
    if count:
        return f"{counted(count, 'line', 'lines')} {what}"
    return f"nothing {what}: {ALL_IGNORED}" if hidden else f"nothing {what}"


def _what(taken: Taken) -> str:
    """Spell a query in words."""
    query, rooms = taken.query, taken.rooms
    where = f"in {spelled(rooms[0])}" if len(rooms) == 1 else f"in your {len(rooms)} rooms"
    by = f" by {query.nick}" if query.nick else ""
    return f"{where}{by}{_with(query)}"


def _with(query: Query) -> str:
    *others, last = [f'"{term.text}"' for term in query.terms] or [""]
    if not last:
        return ""
    return f" with {', '.join(others)} and {last}" if others else f" with {last}"


def _not_yet(when: str) -> str:
    """Tell which lines are not indexed yet: those after a time, or all."""
    what = f"lines after {when}" if when else "lines"
    return f"{what} cannot be found yet: they are still being indexed, try again in a moment"
