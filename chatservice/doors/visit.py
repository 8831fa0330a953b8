"""A connection on its way to its door."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from twisted.internet.interfaces import IAddress

from chatservice.doors.handover import FrontProtocol
from chatservice.doors.limits import Place
from chatservice.people.peers import Peer

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat


@dataclass(frozen=True, slots=True)
class Visit:
    """A connection on its way to its door: who comes, and what stands open.

    @ivar place: its place in the counts of connections.
    @ivar peer: the other end, as far as it is known.
    @ivar front: hands the connection over to the next door.
    """

    chat: Chat
    place: Place
    peer: Peer
    front: FrontProtocol

    def seen_as(self, peer: Peer) -> Self:
        """Learn more about the peer."""
        return replace(self, peer=peer)

    def seen_from(self, address: IAddress) -> Self:
        """Learn the address of the other end, unless a proxy has told it."""
        return self if self.peer.proxied else self.seen_as(self.peer.seen_from(address))

    def settled(self) -> Self:
        """Count the connection for the address of the peer, which is known now.

        The peer then knows the refusal, if there is one, so that the door can tell it.
        """
        was_refused = self.place.refusal is not None
        self.place.settle(self.peer.origin)
        refusal = self.place.refusal
        if refusal is None:
            return self
        if not was_refused:
            self.chat.audit.refused_connection(self.peer.address, refusal.sentence)
        return self.seen_as(replace(self.peer, refusal=refusal))
