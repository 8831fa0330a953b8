"""The commands about the past: a room's history, and the events that somebody missed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.ignoring import unseen_by
from chatservice.chat.journal import Page, Wanted
from chatservice.chat.rooms import Room
from chatservice.commands.table import (
    ALL_IGNORED,
    Answer,
    Call,
    Group,
    command,
    room_named,
)
from chatservice.commands.targets import is_room
from chatservice.protocol.counts import number
from chatservice.protocol.durations import begins_with_a_number, seconds_of
from chatservice.protocol.events import LATEST, ChatError
from chatservice.protocol.wording import spelled
from chatservice.sessions import catchup as catching_up

HISTORY_LINES = 20
HISTORY_MOST = 100
BEFORE_THAT = "nothing was said before that"
CATCH_UP_MOST = 100
"""The most events of each room at a time."""


@dataclass(frozen=True, slots=True)
class Span:
    """The requested part of a room's history: its newest lines before an id.

    @ivar nothing: the sentence to show if there are no such lines.
    @ivar since: the time after which the lines must be.
    """

    nothing: str = "nothing has been said here yet"
    lines: int = HISTORY_MOST
    since: int = 0
    before: int = LATEST


@command(
    Group.HISTORY,
    "/history [#ROOM] [N | 2h | before ID | more]",
    "show the last lines of a room",
    f"It shows the last N lines ({HISTORY_LINES} without N), those since a time ago (m, h, d, w), "
    f"or those before the line with an ID. At most {HISTORY_MOST} at a time; /history more shows "
    "the lines before them. Times are UTC, unless your program shows them in its own time zone.",
    pages="/history shows the newest lines",
)
def history(call: Call) -> Deferred[Answer]:
    words = call.rest.split()
    room = room_named(call, words.pop(0)) if words and is_room(words[0]) else call.room
    return _page(call, room.name, _span(words, call.chat.ids.now()))


@inlineCallbacks
def _page(call: Call, name: str, span: Span) -> Generator[Deferred[Any], Any, Answer]:
    room = room_named(call, name)
    left_of = unseen_by(call.member, call.chat.accounts).left_of
    wanted = Wanted(of=room.name, before=span.before, limit=span.lines, left_of=left_of)
    page = yield call.chat.journal.page(wanted)
    return _shown(call, room, span, page)


def _span(words: list[str], now: int) -> Span:
    match words:
        case []:
            return Span(lines=HISTORY_LINES)
        case [before, id] if before.casefold() == "before" and number(id, LATEST):
            return Span(BEFORE_THAT, before=int(id))
        case [count] if number(count, HISTORY_MOST):
            return Span(lines=int(count))
        case [first, *_] if begins_with_a_number(first):
            try:
                ago = seconds_of(" ".join(words)) * 1_000_000
                return Span("nothing has been said since then", since=now - ago)
            except ValueError:
                pass
    raise ChatError(
        "usage",
        f"/history takes a number from 1 to {HISTORY_MOST}, a time such as 2h, more, or before ID",
    )


def _shown(call: Call, room: Room, span: Span, page: Page) -> Answer:
    events = [event for event in page.events if event.when > span.since]
    lines = []
    if not events:
        lines.append(ALL_IGNORED if page.hidden and not page.events else span.nothing)
    more = None
    if page.next is not None and len(events) == len(page.events):
        following = replace(span, before=page.next, nothing=BEFORE_THAT)
        more = partial(_page, name=room.name, span=following)
    lines += call.goes_on(more, "what was said before")
    return Answer(lines, events, scattered=room is not call.device.current)


@command(
    Group.HISTORY,
    "/catchup [ROOM]",
    "show what was said while you were not here",
    f"Without ROOM it shows all your rooms and your private messages. At most {CATCH_UP_MOST} "
    "lines of each at a time; the next /catchup goes on from there.",
)
@inlineCallbacks
def catchup(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    rooms = [room_named(call, call.rest).name] if call.rest else ["", *call.member.rooms]
    missed = call.member.reading.missed_of(rooms)
    found = yield catching_up.read(call.chat, call.device, missed, CATCH_UP_MOST)
    left = [spelled(room) if room else "private" for room in rooms if room in found.more]
    if left:
        lines = [f"there is more in {', '.join(left)}: /catchup"]
    elif not found.events:
        lines = [ALL_IGNORED if found.hidden else "you have missed nothing"]
    else:
        lines = []
    return Answer(lines, found.events, scattered=True)
