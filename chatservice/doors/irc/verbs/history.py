"""The verbs about the past: pages of history, conversations, read marks, and search.

See IRCv3, draft/chathistory and draft/read-marker, and https://soju.im/search.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from chatservice.chat.access import Person
from chatservice.chat.ignoring import unseen_by
from chatservice.chat.journal import Asker, LeftOf, Page, Target, Wanted
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc import own
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.format import server_time
from chatservice.doors.irc.isupport import HISTORY_MOST
from chatservice.doors.irc.verbs.table import Call, is_channel, query, scan, verb
from chatservice.doors.irc.wire import middle, tags_of
from chatservice.protocol.counts import number
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import LATEST, ChatError, Event, Line, Whispered
from chatservice.protocol.names import check_nick
from chatservice.protocol.query import Query, parse

log = Logger()

NOT_THERE = ("bad-room", "no-room", "no-nick")
"""The codes of errors that mean that a conversation is none of the member's."""

MARK_COST = 0.8
"""The lines of the flood limit that moving a mark costs more than asking for it."""

_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,6}Z")
_UNIT = 1000
"""The microseconds for which the time of a line stands."""


class Point(NamedTuple):
    """A place in the history: the first and the last id that a selector stands for."""

    first: int
    last: int


class Part(NamedTuple):
    """A stretch of history between two ids, and how much of it is wanted from which end."""

    after: int
    before: int
    newest: bool
    limit: int


def moment(text: str) -> int:
    """Read C{timestamp=...}, in microseconds since the epoch, without what milliseconds lack.

    @raise ChatError: C{malformed}.
    """
    kind, _, spelled = text.partition("=")
    try:
        if kind != "timestamp" or not _TIMESTAMP.fullmatch(spelled):
            raise ValueError
        when = datetime.strptime(spelled, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        sentence = "a time must be like timestamp=2026-11-21T12:00:00.000Z"
        raise ChatError("malformed", sentence) from None
    since = when - datetime.fromtimestamp(0, UTC)
    milliseconds = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // _UNIT
    return max(0, milliseconds) * _UNIT


def point(text: str) -> Point:
    """Read a selector: C{msgid=...} or C{timestamp=...}.

    @raise ChatError: C{malformed}.
    """
    if not text.startswith("msgid="):
        when = moment(text)
        return Point(when, when + _UNIT - 1)
    id = number(text.removeprefix("msgid="), LATEST)
    if id is None:
        raise ChatError("malformed", "there is no such msgid")
    return Point(id, id)


def parts(kind: str, selectors: list[str], limit: int) -> list[Part]:
    """Find the stretches that a request is about, in their order.

    @raise ChatError: C{malformed}.
    """
    if kind == "LATEST" and selectors == ["*"]:
        return [Part(0, LATEST, True, limit)]
    first, *others = map(point, selectors)
    match kind:
        case "LATEST":
            return [Part(first.last, LATEST, True, limit)]
        case "BEFORE":
            return [Part(0, first.first, True, limit)]
        case "AFTER":
            return [Part(first.last, LATEST, False, limit)]
        case "AROUND":
            half = limit // 2
            earlier = Part(0, first.first, True, half)
            later = Part(first.first - 1, LATEST, False, limit - half)
            return [earlier, later] if half else [later]
    second = others[0]
    if first > second:
        return [Part(second.last, first.first, True, limit)]
    return [Part(first.last, second.first, False, limit)]


SELECTORS = {"LATEST": 1, "BEFORE": 1, "AFTER": 1, "AROUND": 1, "BETWEEN": 2}
"""The kinds of pages, and how many selectors each takes."""


@verb("CHATHISTORY")
def chathistory(call: Call) -> Lines | Deferred[Lines]:
    kind, given = call.param(0).upper(), call.message.params[1:]
    if not kind:
        return [call.fail("NEED_MORE_PARAMS", text="parameters are missing")]
    if kind == "TARGETS":
        least, work = 3, _targets
    elif kind in SELECTORS:
        least, work = SELECTORS[kind] + 2, _page
    else:
        return [call.fail("UNKNOWN_COMMAND", kind, text="there is no such command")]
    if len(given) < least:
        return [call.fail("NEED_MORE_PARAMS", kind, text="parameters are missing")]
    return work(call, kind, given)


@inlineCallbacks
def _page(call: Call, kind: str, given: list[str]) -> Generator[Deferred[Any], Any, Lines]:
    target, *selectors = given[: SELECTORS[kind] + 1]
    events: list[Event] = []
    try:
        wanted = _conversation(call, target)
        for part in parts(kind, selectors, _limit(given[len(selectors) + 1])):
            events += yield _read(call, wanted, part)
    except (ChatError, StorageError) as error:
        code, sentence = _why(error)
        return [call.fail(code, kind, target, text=sentence)]
    return own.batched(
        call.session, "chathistory", middle(target), list(own.replayed(call.session, events))
    )


def _conversation(call: Call, target: str) -> Wanted:
    """Find the room, or the private lines, that a request is about.

    @raise ChatError: one of L{NOT_THERE}.
    """
    left_of = _shown(call)
    if is_channel(target):
        return Wanted(of=call.own_room(target).name, left_of=left_of)
    with_whom = call.person(target).identity
    return Wanted(of=call.member.identity, with_whom=with_whom, left_of=left_of)


def _shown(call: Call) -> LeftOf:
    """Make a filter that leaves out what the member ignores, and what is not talk if need be."""
    unseen = unseen_by(call.member, call.chat.accounts)
    is_all = call.session.has(caps.EVENT_PLAYBACK)

    def left_of(event: Event) -> Event | None:
        return unseen.left_of(event) if is_all or isinstance(event, Line | Whispered) else None

    return left_of


def _read(call: Call, wanted: Wanted, part: Part) -> Deferred[list[Event]]:
    """Read a part of a conversation, in the order of the ids."""
    wanted = replace(
        wanted,
        after=None if part.newest else part.after,
        before=part.before,
        limit=part.limit,
    )

    def within(page: Page) -> list[Event]:
        return [event for event in page.events if event.id > part.after]

    return call.chat.journal.page(wanted).addCallback(within)


def _limit(text: str) -> int:
    """Read how many lines are wanted, of which there are never more than L{HISTORY_MOST}.

    @raise ChatError: C{malformed}.
    """
    limit = number(text, LATEST)
    if limit is None:
        raise ChatError("malformed", "the limit must be a whole number, 1 or more")
    return min(limit, HISTORY_MOST)


INVALID = ("malformed", "usage", "bad-nick")
"""The codes of errors that mean that a parameter makes no sense."""


def _why(error: ChatError | StorageError) -> tuple[str, str]:
    """Give the code and the sentence for a request that cannot be answered."""
    if isinstance(error, StorageError):
        log.error("The database failed: {why}.", why=error)
        return "MESSAGE_ERROR", f"not done: {error}"
    if error.code in NOT_THERE:
        return "INVALID_TARGET", error.sentence
    return "INVALID_PARAMS" if error.code in INVALID else "MESSAGE_ERROR", error.sentence


@inlineCallbacks
def _targets(call: Call, kind: str, given: list[str]) -> Generator[Deferred[Any], Any, Lines]:
    try:
        begin, end = map(moment, given[:2])
        found = yield call.chat.journal.targets(
            call.member.identity,
            list(call.member.rooms),
            after=min(begin, end) + _UNIT - 1,
            before=max(begin, end),
            limit=_limit(given[2]),
            latest=begin > end,
        )
    except (ChatError, StorageError) as error:
        code, sentence = _why(error)
        return [call.fail(code, kind, text=sentence)]
    head = f":{call.session.server} CHATHISTORY TARGETS"
    lines = [
        f"{head} {name} {server_time(target.id if target.time is None else target.time)}"
        for target in found
        if (name := _name_of(call, target))
    ]
    return own.batched(call.session, "draft/chathistory-targets", "", lines)


def _name_of(call: Call, target: Target) -> str:
    """Find the present name of a conversation; empty if it can no longer be asked for."""
    if target.room:
        return f"#{target.room}"
    member = call.chat.roster.find(target.identity, LATEST)
    if member is not None:
        return member.nick
    account = call.chat.accounts.named(target.nick)
    return account.nick if account is not None and account.identity == target.identity else ""


@verb("MARKREAD", cost=query)
def markread(call: Call) -> Lines | Deferred[Lines]:
    target, given = call.param(0), call.param(1)
    if not target:
        return [call.fail("NEED_MORE_PARAMS", text="parameters are missing")]
    try:
        # Everything within the millisecond has been read.
        upto = moment(given) + _UNIT - 1 if len(call.message.params) > 1 else None
        if is_channel(target):
            return _room_mark(call, call.own_room(target).name, upto)
        return _person_mark(call, call.person(target), upto)
    except ChatError as error:
        if given or error.code not in NOT_THERE:
            return [call.fail("INVALID_PARAMS", target, text=error.sentence)]
        return [own.mark_of(call.session, middle(target), 0)]


def _room_mark(call: Call, room: str, upto: int | None) -> Lines:
    if upto is None:
        return [own.mark_line(call.session, room)]
    call.session.pay(MARK_COST)
    # The event that this publishes is the answer, to this device and to the others.
    call.chat.marks.note_read(call.device, room, upto)
    return []


@inlineCallbacks
def _person_mark(
    call: Call, person: Person, upto: int | None
) -> Generator[Deferred[Any], Any, Lines]:
    if upto is None:
        mark = yield call.chat.marks.of_person(call.device, person)
        return [own.mark_of(call.session, person.nick, mark)]
    call.session.pay(MARK_COST)
    yield call.chat.marks.note_read_with(call.device, person, upto)
    return []


@verb("SEARCH", cost=scan)
@inlineCallbacks
def search(call: Call) -> Generator[Deferred[Any], Any, Lines]:
    attributes = tags_of(call.param(0))
    events: list[Event] = []
    try:
        after = _time_of(attributes, "after", -_UNIT) + _UNIT
        wanted, rooms = _query(attributes), _rooms(call, attributes.get("in"))
        limit = _limit(attributes.get("limit", f"{HISTORY_MOST}"))
        if rooms:
            asker = Asker(call.session.peer.origin, lambda: not call.session.is_over())
            done = call.chat.journal.search(wanted, rooms, limit, _shown(call), asker)
            events = [event for event in (yield done).events if event.id >= after]
    except (ChatError, StorageError) as error:
        code, sentence = _why(error)
        if code != "INVALID_PARAMS":
            code = "INVALID_PARAMS" if code == "INVALID_TARGET" else "INTERNAL_ERROR"
        return [call.fail(code, text=sentence)]
    return own.batched(call.session, caps.SEARCH, "", list(own.replayed(call.session, events)))


def _time_of(attributes: Mapping[str, str], name: str, default: int) -> int:
    return moment(f"timestamp={attributes[name]}") if name in attributes else default


def _query(attributes: Mapping[str, str]) -> Query:
    """Read what is looked for.

    @raise ChatError: C{usage}, C{bad-nick} or C{malformed}.
    """
    text, nick = attributes.get("text", ""), attributes.get("from")
    try:
        by = None if nick is None else check_nick(nick)
    except ValueError as error:
        raise ChatError("bad-nick", str(error)) from error
    found = Query(()) if by and not text else parse(text)
    before = _time_of(attributes, "before", LATEST)
    return replace(found, nick=by or found.nick, before=before)


def _rooms(call: Call, target: str | None) -> list[str]:
    """Find the rooms to search.

    @raise ChatError: C{usage}; or C{bad-room} or C{no-room}: the member is not in it.
    """
    if target is None:
        return list(call.member.rooms)
    if not is_channel(target):
        raise ChatError("usage", "only channels can be searched")
    return [call.own_room(target).name]
