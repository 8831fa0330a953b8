"""The contract of the journal, where events become durable and are read back in order.

It has two halves: the L{Log} of what happens, and the L{Archive} of what happened. A Deferred of
either fails with L{StorageError <chatservice.errors.StorageError>} when something could not be
stored or read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from twisted.internet.defer import Deferred

from chatservice.acts import OperatorAct
from chatservice.events import (
    LATEST,
    Acted,
    Batch,
    Event,
    EventIds,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.query import Query
from chatservice.refs import Noted

LeftOf: TypeAlias = Callable[[Event], Event | None]
"""Gives what somebody is shown of an event; C{None} if nothing is. Threads that read call it."""

UPKEEP = "upkeep"
"""The origin of work that nobody in the chat waits for."""


def all_of(event: Event) -> Event:
    """Leave everything."""
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The part of the history that is wanted.

    @ivar of: a room's name, or the identity whose private messages are meant.
    @ivar after: only greater ids; if given, the page begins with the first of them.
    @ivar before: only smaller ids.
    @ivar limit: at most so many events.
    @ivar left_of: C{None} for what is left out, as if it was not there.
    """

    of: str | bytes
    after: int | None = None
    before: int = LATEST
    limit: int = 50
    left_of: LeftOf = field(default=all_of, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the history.

    @ivar events: in the order of their ids.
    @ivar more: whether there is more in the direction that was asked for.
    @ivar kept_from: if something wanted is no longer kept, the id from which on all is.
    @ivar next: if there is more, the id to go on from, in the direction that was asked for; it may
        be that of an event that is left out.
    @ivar hidden: how many events were left out.
    @ivar used: whether anything was ever said in the room that it is of.
    """

    events: list[Event]
    more: bool
    kept_from: int | None = None
    next: int | None = field(default=None, compare=False)
    hidden: int = field(default=0, compare=False)
    used: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class ReadMarker:
    """A room in which somebody was last, and did not leave on purpose, and how far it was read.

    @ivar room: its name; or empty for the chat itself, and so for private lines.
    @ivar nick: under which nickname.
    @ivar entered: the id of coming there.
    @ivar seen: the last id that was seen there; of a member who is there now, one that was seen
        before.
    @ivar time: when that was left, in microseconds since the epoch, if it is not what C{seen} says.
    """

    room: str
    nick: str
    entered: int
    seen: int
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """The lines that others said meanwhile.

    @ivar count: how many lines, as far as they were counted.
    @ivar mentions: in how many of these the nickname is.
    @ivar more: whether there may be more lines than that.
    """

    count: int
    mentions: int
    more: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The lines that a search has found.

    @ivar events: in the order of their ids.
    @ivar up_to: the id up to which lines were searched, if those after it are not indexed yet.
    """

    events: list[Event]
    up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """A page of what is stored about somebody.

    @ivar lines: a JSON object each, without end of line; there may be none.
    @ivar next: the id after which the next page begins; C{None} if this was the last.
    """

    lines: list[str]
    next: int | None


class Asker(NamedTuple):
    """The one who waits for what is read.

    @ivar origin: whose turn it must be (L{chatservice.networks.origin_of}).
    @ivar is_wanted: whether anybody waits for it still.
    """

    origin: Hashable = UPKEEP
    is_wanted: Callable[[], bool] = lambda: True


NOBODY = Asker()


class Log(Protocol):
    """One order of all events, of which those that are stored survive a crash.

    @ivar ids: the source of the ids that it gives.
    @ivar floor: the highest id that an earlier run may have given out.
    @ivar topics: the rooms' topics when it was opened.
    """

    ids: EventIds
    floor: int
    topics: dict[str, TopicChanged]

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """Hand on the acts of earlier runs that still matter, before anything is appended."""

    def follow(self, deliver: Callable[[Batch], None]) -> None:
        """Have every committed batch delivered from now on, whoever appended it, in order.

        @param deliver: given the events; those that were appended here are the same objects.
        """

    def append(self, batch: Batch) -> Deferred[None]:
        """Give events their ids, store what must be kept of them, and deliver them.

        Fires when they are delivered. If it fails nothing is stored or delivered, and the ids are
        given nevertheless. No second batch may be appended before the first one is done.
        """


class Archive(Protocol):
    """All that was stored, by room, by person and by word."""

    def page(self, wanted: Wanted) -> Deferred[Page]:
        """Read a part of a room's history, or of what somebody said and was told in private."""

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
        """Count what was said between two ids, in a room or to an identity in private.

        @param nick: whose mentions are counted: as a whole word, in capitals or not.
        @param not_by: the identity whose own lines do not count.
        @param left_of: gives C{None} for what does not count either.
        """

    def places(self, identity: bytes) -> Deferred[list[ReadMarker]]:
        """Find out where somebody was last, in the order of entering."""

    def refs(self, identity: bytes) -> Deferred[list[tuple[bytes, Noted]]]:
        """Find the latest requests of somebody, by their marks, oldest first; see refs.py."""

    def drop_refs(self, identity: bytes, noted: Iterable[Noted]) -> None:
        """Forget requests, when there is time for it."""

    def move(self, former: bytes, now: bytes, nick: str) -> Deferred[None]:
        """Let the places of one identity replace those of another, which goes on under it.

        What was said under either is known again; see refs.py.

        @param nick: under which nickname.
        """

    def split(
        self, former: bytes, now: bytes, nick: str, rooms: Collection[str], seen: int
    ) -> Deferred[None]:
        """Let somebody go on under another identity, and take the rooms along.

        @param nick: under which nickname.
        @param rooms: where (C{""}: the chat itself) the other one is from now on.
        @param seen: the id up to which the former one saw everything; it is in no room any more.
        """

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """Give somebody another identity from now on, in all that is stored.

        @param last: whether nothing more will be stored under the former one.
        """

    def search(
        self,
        query: Query,
        rooms: Collection[str],
        limit: int,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Found]:
        """Find the newest lines of rooms that are looked for.

        @raise ChatError: C{busy}. The Deferred fails with one if it takes too long.
        """

    def modlog(self, room: str | None, before: int, limit: int) -> Deferred[list[OperatorAct]]:
        """Find the last acts of operators below an id, in the order of the ids.

        @param room: only those in it; C{None} for all.
        """

    def export(self, identity: bytes, after: int = 0, asker: Asker = NOBODY) -> Deferred[Export]:
        """Read a page of what is stored about somebody, from after an id.

        @raise ChatError: C{busy}. The Deferred fails with one if it takes too long.
        """

    def forget(self, identity: bytes) -> Deferred[int]:
        """Erase what somebody said, and give how many lines that were."""

    def wipe(self) -> Deferred[None]:
        """Have no trace on the disk of what was erased."""

    def drop_topics(self, topics: Iterable[TopicChanged]) -> Deferred[None]:
        """Take from rooms the topics that gave way."""


class Journal(Log, Archive, Protocol):
    """The log and the archive of one chat."""


def text_size(events: Iterable[Event]) -> int:
    """Count the characters that were said."""
    return sum(len(each.text) for each in events if isinstance(each, Said | Acted | Whispered))
