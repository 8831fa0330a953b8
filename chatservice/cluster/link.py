"""The contract of a link: a node's connection to the engine, for the log alone.

Each call is one statement. It is either carried out as a whole or not at all, but if the connection
breaks meanwhile, nobody here knows which: then L{Link.settle} tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred

ROWS = 64
"""The most rows that one call returns: C{chat_read} in C{functions.sql} has the same number."""


class LinkLost(Exception):
    """The connection to the engine is lost: what was under way may be committed or not."""


class Row(NamedTuple):
    """A batch in the log.

    @ivar last: the id of its last event; C{first} that of the first one.
    @ivar node: the number of the node that appended it.
    @ivar number: its number among the batches of that node; 0 if it is not one of those.
    @ivar refused: the positions of the events that were left out, from 0.
    @ivar time: the time of all of them, in microseconds since the epoch, if that is not their ids.
    @ivar data: the events (L{chatservice.cluster.spelling}); C{None} if the reader appended them.
    """

    last: int
    first: int
    node: int
    number: int
    refused: Sequence[int]
    time: int | None
    data: str | None


class Promises(NamedTuple):
    """The promises of a server about what it has committed.

    @ivar flushes: whether that is on its disk.
    @ivar is_synchronous: whether it is on a standby's as well.
    """

    flushes: bool = True
    is_synchronous: bool = True


class Settled(NamedTuple):
    """The state of a node in the engine, after its connection was lost.

    @ivar link: the number of its new link.
    @ivar number: the number of its last batch that is committed.
    @ivar is_whole: whether the log still has everything that the node has read.
    @ivar promises: those of the server, which may be another one than before.
    """

    link: int
    number: int
    is_whole: bool
    promises: Promises = Promises()


@dataclass(slots=True)
class Seat:
    """A node's place in the cluster.

    @ivar node: its number.
    @ivar link: the number of its present link; nothing that comes through an earlier one counts.
    """

    node: int
    link: int


class Link(Protocol):
    """A connection to the engine. Calls fail with L{LinkLost}, or with L{StorageError
    <chatservice.protocol.errors.StorageError>} if the engine says that it cannot do it.

    @ivar woken: called when there may be something new to read.
    """

    woken: Callable[[], object]

    def connect(self) -> Deferred[None]:
        """Open a new connection."""

    def drop(self) -> None:
        """Give up the connection, and with it the call that is under way."""

    def append(
        self, seat: Seat, number: int, cursor: int, batch: str
    ) -> Deferred[Sequence[Row]]:
        """Append a batch, and read everything that was committed after an id.

        @param number: one more than that of the last batch.
        @return: the rows after C{cursor}, in order, of which the new one is the last; none if
            another node has taken over the place of this one.
        """

    def read(self, seat: Seat, cursor: int) -> Deferred[Sequence[Row]]:
        """Read some of what was committed after an id, in order."""

    def settle(self, seat: Seat, cursor: int) -> Deferred[Settled | None]:
        """Find out what is committed, and let nothing through any more that is on its way.

        @return: C{None} if another node has taken over the place of this one.
        """

    def renew(
        self, seat: Seat, cursor: int, members: int, adopts: bool
    ) -> Deferred[Sequence[int] | None]:
        """Show the others that this node lives.

        @param members: the people who are connected to it.
        @param adopts: whether to take over the people of nodes that do not.
        @return: the numbers of those nodes; C{None} if another one has taken over this one's place.
        """

    def leave(self, seat: Seat, cursor: int) -> Deferred[None]:
        """Hand everybody at this node over to another one, if there is any."""

    def close(self) -> None:
        """Close the connection for good."""
