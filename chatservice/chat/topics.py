"""The topics of rooms. They are kept when everybody has left, and so they are bounded.

There is one bound for all, and one for each person and address, so that nobody uses up what others
need. Somebody at a bound may set another topic nevertheless: the least used one within that bound
gives way, of a room that nobody is in and nobody owns. The nodes of a cluster must agree on that
one, those that start later too: there it is the oldest, and addresses are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.chat.journal import Journal
from chatservice.chat.rooms import Member
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import ChatError, TopicChanged
from chatservice.protocol.names import LOBBY

log = Logger()

IN_ALL = 5000
"""The most rooms that have a topic."""

ALL = "all"

OF_A_PERSON = 50
"""The most topics that one identity has set."""

FROM_AN_ADDRESS = 200
"""The most topics that were set from one address, as far as this run knows."""


FULL_ADDRESS = "too many topics were set from your address: clear one first"


class _Bound(NamedTuple):
    """A bound on topics that one more would exceed.

    @ivar payer: the person or the address, or L{ALL}.
    @ivar excess: how many must give way: one, unless a node that has just started has read some
        that the others have let give way.
    @ivar sentence: for somebody who wants more.
    """

    payer: Hashable
    excess: int
    sentence: str


class Topics(dict[str, TopicChanged]):
    """The topics of all rooms, by the room's name; the least recently used first.

    @param is_in_use: tells, by a room's name, whether it keeps its topic in any case.
    @param is_alone: tells whether this process is the whole chat, and not one of several nodes.
    """

    def __init__(
        self,
        journal: Journal,
        is_in_use: Callable[[str], bool],
        is_alone: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._journal = journal
        self._is_in_use = is_in_use
        self._is_alone = is_alone
        self._origins: dict[str, str] = {}
        self._set_by: Counter[Hashable] = Counter()

    def restore(self, topics: Iterable[TopicChanged]) -> None:
        """Take in the topics that earlier runs left."""
        for topic in sorted(topics, key=_age):
            self._put(topic, None)

    def check(self, room: str, member: Member) -> None:
        """Check that somebody may set a topic, and not only clear it.

        @raise ChatError: C{too-many}, and none of them can give way.
        """
        for bound in self._reached(room, member.identity, self._origin(member)):
            if next(self._can_give_way(bound, room), None) is None:
                raise ChatError("too-many", bound.sentence, "topics")

    def take(self, topic: TopicChanged, author: Member | None) -> None:
        """Set a topic, or clear it, from now on.

        @param author: the member who did it, if known.
        """
        if not topic.text:
            self._remove(topic.room)
            return
        origin = self._origin(author)
        gone = []
        for bound in self._reached(topic.room, topic.identity, origin):
            for room in list(islice(self._can_give_way(bound, topic.room), bound.excess)):
                gone.append(self[room])
                self._remove(room)
        self._put(topic, origin)
        if gone:
            self._journal.drop_topics(gone).addErrback(_complain)

    def _origin(self, author: Member | None) -> str | None:
        return author.origin if author is not None and self._is_alone() else None

    def touch(self, room: str) -> None:
        """Note that a room is used."""
        if room in self:
            self[room] = self.pop(room)

    def forget(self, identity: bytes) -> None:
        """Forget the topics that somebody set."""
        for topic in [topic for topic in self.values() if topic.identity == identity]:
            self._remove(topic.room)

    def become(self, former: bytes, now: bytes) -> None:
        """Give somebody another identity from now on."""
        for topic in [topic for topic in self.values() if topic.identity == former]:
            self._put(topic.under(former, now), self._origins.get(topic.room))

    def _put(self, topic: TopicChanged, origin: str | None) -> None:
        self._remove(topic.room)
        self[topic.room] = topic
        if origin is not None:
            self._origins[topic.room] = origin
        self._set_by.update(self._payers(topic.room))

    def _remove(self, room: str) -> None:
        if room in self:
            for payer in self._payers(room):
                self._set_by[payer] -= 1
                if not self._set_by[payer]:
                    del self._set_by[payer]
            self._origins.pop(room, None)
            del self[room]

    def _payers(self, room: str) -> set[Hashable]:
        """List the people and addresses that the topic of a room counts for."""
        payers: set[Hashable] = {ALL, self[room].identity}
        return payers | {self._origins[room]} if room in self._origins else payers

    def _reached(self, room: str, identity: bytes, origin: str | None) -> Iterator[_Bound]:
        """List the bounds that one more topic would exceed."""
        counted = self._payers(room) if room in self else set()
        for payer, most, sentence in (
            (identity, OF_A_PERSON, f"you have set {OF_A_PERSON} topics: clear one first"),
            (origin, FROM_AN_ADDRESS, FULL_ADDRESS),
            (ALL, IN_ALL, f"{IN_ALL:,} rooms have a topic already: the chat allows no more"),
        ):
            excess = self._set_by[payer] - (payer in counted) - most + 1
            if excess > 0:
                yield _Bound(payer, excess, sentence)

    def _can_give_way(self, bound: _Bound, other_than: str) -> Iterator[str]:
        topics = self.values() if self._is_alone() else sorted(self.values(), key=_age)
        return (
            room
            for room in (topic.room for topic in topics)
            if bound.payer in self._payers(room)
            and room != other_than
            and room != LOBBY
            and not self._is_in_use(room)
        )


def _age(topic: TopicChanged) -> int:
    return topic.id


def _complain(failure: Failure) -> None:
    failure.trap(StorageError)
    log.error("Deleting replaced topics failed: {why}.", why=failure.value)
