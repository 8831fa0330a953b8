"""The nodes on which a chat runs, as its operators see them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred


class NodeState(NamedTuple):
    """The state of a node at one moment.

    @ivar version: of its program.
    @ivar members: the people who are connected to it.
    @ivar lag: the age, in seconds, of the oldest event that it is not known to have delivered; 0
        if there is none.
    @ivar seen: the seconds since it was heard of.
    @ivar is_this: whether it is the one that was asked.
    """

    name: str
    version: str
    members: int
    lag: float
    seen: float
    is_this: bool


class Nodes(Protocol):
    """The nodes of a chat."""

    def list(self) -> Deferred[list[NodeState]]:
        """Find all nodes; fails with L{StorageError
        <chatservice.protocol.errors.StorageError>}.
        """

    def heard(self, id: int) -> Deferred[None]:
        """Wait until every node has delivered the event with an id; fails as L{list}."""
