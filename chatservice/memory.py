"""The journal of a chat without a database."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from operator import attrgetter
from sys import getsizeof

from twisted.internet.defer import Deferred, succeed

from chatservice.acts import Extended, OperatorAct
from chatservice.events import (
    Acted,
    Batch,
    Event,
    Joined,
    Parted,
    Renamed,
    RoomEvent,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.journal import Place
from chatservice.missed import Counted, Missed, missed_of
from chatservice.pages import Page, Wanted, page_of
from chatservice.personal import (
    SOMEBODY,
    Export,
    export_page,
    spelled_places,
    spelled_refs,
    spelled_topics,
)
from chatservice.query import Query
from chatservice.refs import Noted
from chatservice.rows import MOVES, last_seen, puts_out
from chatservice.scanning import NOBODY, Asker
from chatservice.search import Found, LeftOf, all_of
from chatservice.seeking import seek

PEOPLE = 10_000
"""The most people of whom it is kept where they were."""

LINES = 10_000
"""The most lines that are kept of a room, or of somebody's private ones."""

ALL_BYTES = 64 * 1024 * 1024
"""The memory that all lines together take at most."""

EVENT_BYTES = 500
"""Memory that a line takes besides its text."""

ACTS = 10_000
"""The most acts of operators that are kept."""

REFS = 10_000
"""The most requests that are known again."""

Owner = str | bytes
"""Whose page: a room's name, or the identity of one of the two of a private line."""


class MemoryJournal:
    """Keeps the last events in memory; what the methods do is said at L{Journal}.

    @param lines: how many of a room, and of each one's private ones.
    @param size: the memory that they may take together, in bytes.
    """

    def __init__(self, lines: int = LINES, size: int = ALL_BYTES) -> None:
        self._lines = lines
        self._room_left = size
        self._events: OrderedDict[int, Event] = OrderedDict()
        self._pages: dict[Owner, deque[Event]] = {}
        self._forgotten: OrderedDict[Owner, int] = OrderedDict()
        self._places: OrderedDict[bytes, dict[str, Place]] = OrderedDict()
        self._refs: OrderedDict[tuple[bytes, int], tuple[bytes, Noted]] = OrderedDict()
        self.floor = 0
        self.topics: dict[str, TopicChanged] = {}
        self.acts: list[OperatorAct] = []

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{Journal.append}."""
        for event in batch:
            if event.history or isinstance(event, Whispered):
                self._keep(event)
                self._keep_ref(event)
            elif isinstance(event, OperatorAct):
                self._keep_act(event)
            elif isinstance(event, MOVES):
                self._keep_place(event)
        return succeed(None)

    def _keep_ref(self, event: Event) -> None:
        assert isinstance(event, Said | Acted | TopicChanged | Whispered)
        if event.mark:
            noted = event.mark, Noted(event.id, event.nick, event.time)
            self._refs[event.identity, event.id] = noted
            if len(self._refs) > REFS:
                self._refs.popitem(last=False)

    def _keep(self, event: Event) -> None:
        if isinstance(event, TopicChanged):
            self.topics[event.room] = event
            if not event.text:
                del self.topics[event.room]
        self._events[event.id] = event
        self._room_left -= _size_of(event)
        for owner in _owners(event):
            page = self._pages.setdefault(owner, deque())
            page.append(event)
            if len(page) > self._lines:
                self._shorten(owner)
        while self._room_left < 0:
            oldest = next(iter(self._events.values()))
            for owner in filter(partial(self._has, event=oldest), _owners(oldest)):
                self._shorten(owner)

    def _shorten(self, owner: Owner) -> None:
        """Take the oldest event from a page; if it is on no other one, it is gone."""
        page = self._pages[owner]
        event = page.popleft()
        if not page:
            del self._pages[owner]
        self._forgotten[owner] = event.id
        self._forgotten.move_to_end(owner)
        while len(self._forgotten) > PEOPLE:
            self._forgotten.popitem(last=False)
        if not any(self._has(each, event) for each in _owners(event)):
            del self._events[event.id]
            self._room_left += _size_of(event)

    def _has(self, owner: Owner, event: Event) -> bool:
        """Whether an event is on a page."""
        page = self._pages.get(owner, ())
        at = bisect_left(page, event.id, key=attrgetter("id"))
        return at < len(page) and page[at].id == event.id

    def _keep_act(self, act: OperatorAct) -> None:
        self.acts.append(act)
        del self.acts[:-ACTS]
        if puts_out(act):
            self._places.get(act.target_identity, {}).pop(act.room, None)

    def _keep_place(self, event: MOVES) -> None:
        places = self._places.setdefault(event.identity, {})
        self._places.move_to_end(event.identity)
        first = Place("", event.nick, event.id, event.id, event.time)
        if isinstance(event, Joined):
            places[event.room] = replace(first, room=event.room)
            places[""] = replace(places.get("", first), nick=event.nick)
        elif isinstance(event, Parted):
            places.pop(event.room, None)
        elif isinstance(event, Renamed):
            for room, place in places.items():
                places[room] = replace(place, nick=event.now)
        else:
            for room, seen in last_seen(event).items():
                # Who was kicked from a room may leave before hearing of it.
                if room in places or not room:
                    place = places.get(room, first)
                    places[room] = replace(
                        place, nick=event.nick, seen=seen, time=event.time
                    )
        self._forget_people()

    def _forget_people(self) -> None:
        while len(self._places) > PEOPLE:
            self._places.popitem(last=False)

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{Journal.recall}."""
        for act in self.acts:
            take(act)

    def page(self, wanted: Wanted) -> Deferred[Page]:
        """See L{Journal.page}."""
        after = wanted.after or 0
        page = self._pages.get(wanted.of, ())
        found = [event for event in page if after < event.id < wanted.before]
        if wanted.after is None:
            found.reverse()
        forgotten = self._forgotten.get(wanted.of, 0)
        gap = forgotten + 1 if wanted.after is not None and wanted.after < forgotten else None
        given = page_of(found, wanted, gap)
        return succeed(replace(given, used=given.used or bool(forgotten)))

    def missed(
        self,
        of: str | bytes,
        after: int,
        before: int,
        nick: str,
        not_by: bytes,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Missed]:
        """See L{Journal.missed}."""
        told = (
            event
            for event in self._pages.get(of, ())
            if after < event.id < before
            and not (isinstance(event, Whispered) and event.to_identity != of)
        )
        return succeed(missed_of(told, Counted(nick, not_by, left_of)))

    def places(self, identity: bytes) -> Deferred[list[Place]]:
        """See L{Journal.places}."""
        return succeed(self._places_of(identity))

    def _places_of(self, identity: bytes) -> list[Place]:
        places = self._places.get(identity, {}).values()
        return sorted(places, key=lambda place: (place.entered, place.room))

    def refs(self, identity: bytes) -> Deferred[list[tuple[bytes, Noted]]]:
        """See L{Journal.refs}."""
        return succeed(self._refs_of(identity))

    def _refs_of(self, identity: bytes) -> list[tuple[bytes, Noted]]:
        return [noted for (whose, _), noted in self._refs.items() if whose == identity]

    def drop_refs(self, identity: bytes, ids: Iterable[int]) -> None:
        """See L{Journal.drop_refs}."""
        for id in ids:
            self._refs.pop((identity, id), None)

    def move(self, former: bytes, now: bytes, nick: str) -> Deferred[None]:
        """See L{Journal.move}."""
        places = self._places.pop(former, {})
        self._places[now] = {room: replace(each, nick=nick) for room, each in places.items()}
        self._move_refs(former, now)
        return succeed(None)

    def split(
        self, former: bytes, now: bytes, nick: str, rooms: Collection[str], seen: int
    ) -> Deferred[None]:
        """See L{Journal.split}."""
        places = self._places.get(former, {})
        self._places[now] = {
            room: replace(place, nick=nick) for room, place in places.items() if room in rooms
        }
        if "" in places:
            last = places[""]
            self._places[former] = {"": replace(last, seen=max(last.seen, seen))}
        self._copy_refs(former, now)
        self._forget_people()
        return succeed(None)

    def _copy_refs(self, former: bytes, now: bytes) -> None:
        self._refs.update(
            ((now, noted.id), (mark, noted)) for mark, noted in self._refs_of(former)
        )

    def _move_refs(self, former: bytes, now: bytes) -> None:
        self._copy_refs(former, now)
        self.drop_refs(former, [noted.id for _, noted in self._refs_of(former)])

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """See L{Journal.become}."""
        for id, event in self._events.items():
            self._events[id] = event.under(former, now)
        for owner, page in list(self._pages.items()):
            self._pages[owner] = deque(self._events[event.id] for event in page)
        if former in self._pages:
            both = (self._pages.pop(former), self._pages.pop(now, deque()))
            merged = {event.id: event for event in heapq.merge(*both, key=attrgetter("id"))}
            self._pages[now] = deque(merged.values())
        self.topics = {room: topic.under(former, now) for room, topic in self.topics.items()}
        self.acts = [act.under(former, now) for act in self.acts]
        if former in self._places:
            self._places.setdefault(now, self._places.pop(former))
        if former in self._forgotten:
            self._forgotten[now] = max(self._forgotten.pop(former), self._forgotten.get(now, 0))
        self._move_refs(former, now)
        return succeed(None)

    def search(
        self,
        query: Query,
        rooms: Collection[str],
        limit: int,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Found]:
        """See L{Journal.search}."""
        pages = [self._pages.get(room, ()) for room in set(rooms)]
        return succeed(seek(pages, query, limit, left_of))

    def modlog(self, room: str | None, before: int, limit: int) -> Deferred[list[OperatorAct]]:
        """See L{Journal.modlog}."""
        found = (
            act
            for act in reversed(self.acts)
            if act.id < before and room in (None, act.room) and not isinstance(act, Extended)
        )
        return succeed(list(islice(found, limit))[::-1])

    def export(
        self, identity: bytes, after: int = 0, asker: Asker = NOBODY
    ) -> Deferred[Export]:
        """See L{Journal.export}."""
        theirs = [event for event in self._events.values() if _is_about(event, identity)]
        theirs += [act for act in self.acts if identity in (act.identity, act.target_identity)]
        events = sorted((event for event in theirs if event.id > after), key=attrgetter("id"))
        places = [
            (place.room, place.nick, place.entered, place.seen)
            for place in self._places_of(identity)
        ]
        topics = [
            (topic.room, topic.id, topic.nick, topic.text)
            for topic in self.topics.values()
            if topic.identity == identity
        ]
        refs = [(noted.id, noted.nick) for _, noted in self._refs_of(identity)]
        about = [spelled_places(places), spelled_topics(topics), *spelled_refs(refs)]
        return succeed(export_page(about, events, after))

    def forget(self, identity: bytes) -> Deferred[int]:
        """See L{Journal.forget}."""
        about = [event for event in self._events.values() if _is_about(event, identity)]
        now = {event.id: _without(event, identity) for event in about}
        for owner in {owner for event in about for owner in _owners(event)}:
            kept = (now.get(event.id, event) for event in self._pages.pop(owner, ()))
            page = deque(event for event in kept if event is not None)
            if page and owner != identity:
                self._pages[owner] = page
        for event in about:
            blank = now[event.id]
            # The page of whoever told it may have lost it before.
            if blank is None or not any(self._has(each, blank) for each in _owners(blank)):
                self._room_left += _size_of(self._events.pop(event.id))
            else:
                self._events[event.id] = blank
        self._forgotten.pop(identity, None)
        self.drop_topics([each for each in self.topics.values() if each.identity == identity])
        self._places.pop(identity, None)
        self.drop_refs(identity, [noted.id for _, noted in self._refs_of(identity)])
        return succeed(sum(event.identity == identity for event in about))

    def wipe(self) -> Deferred[None]:
        """See L{Journal.wipe}."""
        return succeed(None)

    def drop_topics(self, topics: Iterable[TopicChanged]) -> Deferred[None]:
        """See L{Journal.drop_topics}."""
        for topic in topics:
            if self.topics.get(topic.room) is topic:
                del self.topics[topic.room]
        return succeed(None)


def _owners(event: Event) -> tuple[Owner, ...]:
    """On whose pages an event is: its room's, or the two people's."""
    if isinstance(event, Whispered):
        return tuple(filter(None, {event.identity, event.to_identity}))
    assert isinstance(event, RoomEvent)
    return (event.room,)


def _size_of(event: Event) -> int:
    return getsizeof(getattr(event, "text", "")) + EVENT_BYTES


def _is_about(event: Event, identity: bytes) -> bool:
    told = isinstance(event, Whispered) and event.to_identity == identity
    return told or event.identity == identity


def _without(event: Event, identity: bytes) -> Event | None:
    """What is left of an event about somebody who is forgotten."""
    if event.identity == identity:
        return None
    assert isinstance(event, Whispered)
    return replace(event, to=SOMEBODY, to_identity=b"")
