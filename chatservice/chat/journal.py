"""The contract of the journal, where events become durable and are read back in order.

It has two halves: the L{Log} takes new events, the L{Archive} has the stored ones. A Deferred of
either fails with L{StorageError <chatservice.protocol.errors.StorageError>} when something could
not be stored or read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from twisted.internet.defer import Deferred

from chatservice.chat.read_markers import ReadMarker
from chatservice.chat.refs import Noted
from chatservice.chat.residents import Resident
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import LATEST, Batch, Event, Line, TopicChanged, Whispered
from chatservice.protocol.ids import EventIds
from chatservice.protocol.query import Query

Deliver: TypeAlias = Callable[..., None]
"""A function that takes a committed batch, and maybe the number of the node that appended it."""

LeftOf: TypeAlias = Callable[[Event], Event | None]
"""A filter: returns what somebody may see of an event, or C{None}. Threads that read call it."""

UPKEEP = "upkeep"
"""The origin of work that nobody in the chat waits for."""


def all_of(event: Event) -> Event:
    """Leave nothing out."""
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request for a part of the history.

    @ivar of: a room's name, or the identity whose private messages are meant.
    @ivar with_whom: the identity of the one person with whom those were exchanged; empty for all.
    @ivar after: only greater ids; if given, the page begins with the first of them.
    @ivar before: only smaller ids.
    @ivar limit: the most events.
    @ivar left_of: returns C{None} for an event to leave out as if it did not exist.
    """

    of: str | bytes
    with_whom: bytes = b""
    after: int | None = None
    before: int = LATEST
    limit: int = 50
    left_of: LeftOf = field(default=all_of, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the history.

    @ivar events: in the order of their ids.
    @ivar more: whether there is more in the direction that was asked for.
    @ivar kept_from: if something wanted was deleted, the id from which everything is kept.
    @ivar next: if there is more, the id to continue from, in the direction that was asked for; it
        may be the id of an event that is left out.
    @ivar hidden: how many events were left out.
    @ivar used: whether anything was ever said in the room.
    """

    events: list[Event]
    more: bool
    kept_from: int | None = None
    next: int | None = field(default=None, compare=False)
    hidden: int = field(default=0, compare=False)
    used: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A conversation: a room, or the private lines exchanged with one person.

    @ivar id: the id of the latest event in it.
    @ivar time: the time of that, in microseconds since the epoch, if the id does not tell it.
    @ivar room: the room's name; empty for a person.
    @ivar nick: the person's nickname at that time.
    @ivar identity: the person's lasting identity.
    """

    id: int
    time: int | None = None
    room: str = ""
    nick: str = ""
    identity: bytes = b""


@dataclass(frozen=True, slots=True)
class Missed:
    """A count of the lines that others said meanwhile.

    @ivar count: how many lines, as far as they were counted.
    @ivar mentions: how many of these mention the nickname.
    @ivar more: whether there may be more lines than that.
    """

    count: int
    mentions: int
    more: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The lines that a search has found.

    @ivar events: in the order of their ids.
    @ivar up_to: the id up to which lines were searched, if later ones are not indexed yet.
    """

    events: list[Event]
    up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """A page of the data that is stored about somebody.

    @ivar lines: a JSON object each, without end of line; there may be none.
    @ivar next: the id after which the next page begins; C{None} if this was the last.
    """

    lines: list[str]
    next: int | None


class Asker(NamedTuple):
    """The person or task that waits for a read.

    @ivar origin: whose turn is used (L{chatservice.people.addresses.origin_of}).
    @ivar is_wanted: tells whether anybody still waits for it.
    """

    origin: Hashable = UPKEEP
    is_wanted: Callable[[], bool] = lambda: True


NOBODY = Asker()


class InDoubt(StorageError):
    """The reason that it takes long until anybody can know whether a batch is stored.

    @ivar outcome: fires or fails as L{Log.append} does otherwise, as soon as that is known.
    """

    def __init__(self, why: str, outcome: Deferred[None]) -> None:
        super().__init__(why)
        self.outcome = outcome


class Log(Protocol):
    """One order of all events; the stored ones survive a crash.

    @ivar most: the most events that it is given at once.
    @ivar ids: the source of the ids that it gives.
    @ivar floor: the highest id that an earlier run may have given out.
    @ivar topics: the rooms' topics when it was opened.
    @ivar residents: the people who were in the chat then, at other nodes.
    @ivar moves: the identities whose owners were getting others then, with everything that goes by
        them, each with the other one.
    @ivar host_key: the secret of L{hidden_host <chatservice.people.hosts.hidden_host>}.
    """

    most: int
    ids: EventIds
    floor: int
    topics: dict[str, TopicChanged]
    residents: Sequence[Resident]
    moves: Sequence[tuple[bytes, bytes]]
    host_key: bytes

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """Pass on the operator acts of earlier runs that still matter; before any append."""

    def recall_passing(self, take: Callable[[OperatorAct], object]) -> None:
        """Pass on the acts in force in rooms where people are, which end with those stays."""

    def follow(self, deliver: Deliver, take_back: Callable[[Batch], None]) -> None:
        """Have every committed batch delivered from now on, whoever appended it, in order.

        @param deliver: called with the events, of which those appended here are the same objects,
            and in a cluster with the number of the node that appended them.
        @param take_back: called with those appended here that were left out, because their authors
            are no longer at this node.
        """

    def append(self, batch: Batch) -> Deferred[None]:
        """Give events their ids, store those that must be kept, and deliver all of them.

        The Deferred fires when they are delivered. On failure nothing is stored or delivered, but
        the ids may be used up; after L{InDoubt} alone nobody knows yet. Do not append a second
        batch before the first one is done. An empty batch is a trial: it fails if events could not
        be stored either.
        """

    def pass_on(self, batch: Batch) -> None:
        """Deliver, as soon as that can be, events that need no storing and were not appended."""


class Archive(Protocol):
    """Everything that was stored, by room, by person and by word."""

    def page(self, wanted: Wanted) -> Deferred[Page]:
        """Read a part of a room's history, or of somebody's private lines, sent and received."""

    def targets(
        self,
        identity: bytes,
        rooms: Collection[str],
        after: int,
        before: int,
        limit: int,
        latest: bool,
    ) -> Deferred[list[Target]]:
        """Find the conversations of somebody whose latest event is between two ids.

        @param rooms: the rooms that may be among them.
        @param latest: whether the last C{limit} of them are wanted, and not the first.
        @return: in the order of these events.
        """

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
        """Count the lines between two ids, in a room or to an identity in private.

        @param nick: the nickname whose mentions are counted: as a whole word, ignoring case.
        @param not_by: the identity whose own lines do not count.
        @param left_of: returns C{None} for lines that do not count either.
        """

    def places(self, identity: bytes) -> Deferred[list[ReadMarker]]:
        """Find the read markers of somebody, in the order of entering."""

    def mark(self, identity: bytes, other: bytes) -> Deferred[int]:
        """Find the id up to which somebody has read the private lines with a person, or 0."""

    def room_marks(self, identity: bytes) -> Deferred[dict[str, int]]:
        """Find the ids up to which somebody with an account has marked rooms as read."""

    def move_mark(self, identity: bytes, other: bytes, nick: str, id: int) -> Deferred[int]:
        """Move such a mark on to an id, and find where it is: it never moves back.

        @param nick: the person's nickname.
        """

    def refs(self, identity: bytes) -> Deferred[list[tuple[bytes, Noted]]]:
        """Find the latest requests of somebody, by their marks, oldest first; see refs.py."""

    def drop_refs(self, identity: bytes, noted: Iterable[Noted]) -> None:
        """Forget requests, when there is time for it."""

    def move(self, former: bytes, now: bytes, nick: str) -> Deferred[None]:
        """Replace the read markers of C{now} by those of C{former}, which continues as C{now}.

        Requests under either are recognized; see refs.py.

        @param nick: the nickname from now on.
        """

    def split(
        self, former: bytes, now: bytes, nick: str, rooms: Collection[str], seen: int
    ) -> Deferred[None]:
        """Let somebody continue under another identity, and take rooms along.

        @param nick: the nickname from now on.
        @param rooms: the rooms (C{""}: the chat itself) where the new identity is from now on.
        @param seen: the last id that the former identity saw; it is no longer in any room.
        """

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """Replace an identity by another in everything that is stored.

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
        """Find the newest lines in rooms that match a query.

        @raise ChatError: C{busy}. The Deferred fails with one if it takes too long.
        """

    def modlog(self, room: str | None, before: int, limit: int) -> Deferred[list[OperatorAct]]:
        """Find the last acts of operators below an id, in the order of the ids.

        @param room: only those in it; C{None} for all.
        """

    def export(self, identity: bytes, after: int = 0, asker: Asker = NOBODY) -> Deferred[Export]:
        """Read a page of the data that is stored about somebody, from after an id.

        @raise ChatError: C{busy}. The Deferred fails with one if it takes too long.
        """

    def forget(self, identity: bytes) -> Deferred[int]:
        """Erase everything that somebody said, and return the number of lines."""

    def wipe(self) -> Deferred[None]:
        """Remove all traces of erased data from the disk."""

    def drop_topics(self, topics: Iterable[TopicChanged]) -> Deferred[None]:
        """Remove topics that were displaced from their rooms."""


class Journal(Log, Archive, Protocol):
    """The log and the archive of one chat."""


def text_size(events: Iterable[Event]) -> int:
    """Count the characters that were said."""
    return sum(len(each.text) for each in events if isinstance(each, Line | Whispered))
