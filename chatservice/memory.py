"""The journal of a chat without a database."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from operator import attrgetter

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
from chatservice.journal import MISSED_MOST, Missed, Page, Place, Wanted, missed_of, page_of
from chatservice.names import nick_key
from chatservice.personal import SOMEBODY, Export, export_page, spelled_places
from chatservice.refs import Noted
from chatservice.rows import MOVES, last_seen, puts_out
from chatservice.search import terms

PEOPLE = 10_000
"""The most people of whom it is kept where they were."""


class MemoryJournal:
    """Keeps the last events in memory; what the methods do is said at L{Journal}.

    @param limit: how many.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._events: deque[Event] = deque()
        self._limit = limit
        self._forgotten: dict[str | bytes, int] = {}
        self._places: OrderedDict[bytes, dict[str, Place]] = OrderedDict()
        self._refs: OrderedDict[tuple[bytes, int], tuple[bytes, Noted]] = OrderedDict()
        self.floor = 0
        self.topics: dict[str, TopicChanged] = {}
        self.acts: list[OperatorAct] = []

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{Journal.append}."""
        for event in batch:
            if event.history or isinstance(event, Whispered):
                self._events.append(event)
                self._keep_ref(event)
            elif isinstance(event, OperatorAct):
                self._keep_act(event)
            elif isinstance(event, MOVES):
                self._keep_place(event)
        while len(self._events) > self._limit:
            oldest = self._events.popleft()
            for owner in _owners(oldest):
                self._forgotten[owner] = oldest.id
        return succeed(None)

    def _keep_ref(self, event: Event) -> None:
        assert isinstance(event, Said | Acted | TopicChanged | Whispered)
        if event.mark:
            noted = event.mark, Noted(event.id, event.nick, event.time)
            self._refs[event.identity, event.id] = noted
            if len(self._refs) > self._limit:
                self._refs.popitem(last=False)

    def _keep_act(self, act: OperatorAct) -> None:
        # The members in it would otherwise be kept as long.
        self.acts.append(replace(act, author=None, whom=None))
        del self.acts[: -self._limit]
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
        found = [
            event
            for event in self._events
            if after < event.id < wanted.before and wanted.of in _owners(event)
        ]
        if wanted.after is None:
            found.reverse()
        forgotten = self._forgotten.get(wanted.of, 0)
        gap = forgotten + 1 if wanted.after is not None and wanted.after < forgotten else None
        page = page_of(found, wanted, gap)
        return succeed(replace(page, used=page.used or bool(forgotten)))

    def missed(
        self, of: str | bytes, after: int, before: int, nick: str, not_by: bytes
    ) -> Deferred[Missed]:
        """See L{Journal.missed}."""
        texts = (
            event.text
            for event in self._events
            if isinstance(event, Said | Acted | Whispered)
            and after < event.id < before
            and event.identity != not_by
            and of == (event.to_identity if isinstance(event, Whispered) else event.room)
        )
        return succeed(missed_of(list(islice(texts, MISSED_MOST + 1)), nick))

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
        self._copy_refs(former, now)
        self.drop_refs(former, [noted.id for _, noted in self._refs_of(former)])
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

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """See L{Journal.become}."""
        self._events = deque(each.under(former, now) for each in self._events)
        self.acts = [act.under(former, now) for act in self.acts]
        if former in self._places:
            self._places.setdefault(now, self._places.pop(former))
        if former in self._forgotten:
            self._forgotten[now] = max(self._forgotten.pop(former), self._forgotten.get(now, 0))
        self._copy_refs(former, now)
        return succeed(None)

    def search(
        self,
        words: str,
        rooms: Collection[str],
        nick: str | None,
        limit: int,
        hides: Callable[[Event], bool] = lambda event: False,
    ) -> Deferred[list[Event]]:
        """See L{Journal.search}."""
        patterns = [_pattern(term) for term in terms(words) if _WORD.search(term)]
        key = None if nick is None else nick_key(nick)
        found: Iterator[Event] = (
            event
            for event in reversed(self._events)
            if isinstance(event, Said | Acted | TopicChanged)
            and event.room in rooms
            and all(pattern.search(event.text.casefold()) for pattern in patterns)
            and key in (None, nick_key(event.nick))
            and not hides(event)
        )
        return succeed(list(islice(found, limit))[::-1] if patterns else [])

    def modlog(self, room: str | None, before: int, limit: int) -> Deferred[list[OperatorAct]]:
        """See L{Journal.modlog}."""
        found = (
            act
            for act in reversed(self.acts)
            if act.id < before and room in (None, act.room) and not isinstance(act, Extended)
        )
        return succeed(list(islice(found, limit))[::-1])

    def export(self, identity: bytes, after: int = 0) -> Deferred[Export]:
        """See L{Journal.export}."""
        theirs = [event for event in self._events if _is_about(event, identity)]
        theirs += [act for act in self.acts if identity in (act.identity, act.target_identity)]
        events = sorted((event for event in theirs if event.id > after), key=attrgetter("id"))
        places = [
            (place.room, place.nick, place.entered, place.seen)
            for place in self._places_of(identity)
        ]
        return succeed(export_page(spelled_places(places), events, after, None))

    def forget(self, identity: bytes) -> Deferred[int]:
        """See L{Journal.forget}."""
        before = len(self._events)
        kept = (event for event in self._events if event.identity != identity)
        self._events = deque(_without(event, identity) for event in kept)
        self._places.pop(identity, None)
        self.drop_refs(identity, [noted.id for _, noted in self._refs_of(identity)])
        return succeed(before - len(self._events))


_WORD = re.compile(r"\w+")


def _pattern(term: str) -> re.Pattern[str]:
    """What finds the words of a term in a case-folded text."""
    words = _WORD.findall(term.casefold())
    end = "" if term.endswith("*") else r"(?!\w)"
    return re.compile(r"(?<!\w)" + r"\W+".join(words) + end)


def _owners(event: Event) -> tuple[str | bytes, ...]:
    """On whose pages an event is: its room's, or the two people's."""
    if isinstance(event, Whispered):
        return (event.identity, event.to_identity)
    assert isinstance(event, RoomEvent)
    return (event.room,)


def _is_about(event: Event, identity: bytes) -> bool:
    told = isinstance(event, Whispered) and event.to_identity == identity
    return told or event.identity == identity


def _without(event: Event, identity: bytes) -> Event:
    """The event without the one whom it was said to."""
    if isinstance(event, Whispered) and event.to_identity == identity:
        return replace(event, to=SOMEBODY, recipient=None, to_identity=b"")
    return event
