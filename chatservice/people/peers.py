"""The other end of a connection."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import Self

from twisted.internet.interfaces import IAddress

from chatservice.people.addresses import host_of, is_loopback, origin_of
from chatservice.protocol.events import ChatError


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection, as far as what it sent has told by now.

    @ivar address: its host; empty if it is this machine, through a UNIX socket.
    @ivar port: its port; 0 if it has none.
    @ivar since: when the connection was made, in the reactor's seconds.
    @ivar direct: whether the connection is plain TCP; see L{chatservice.sessions.outbox.Outbox}.
    @ivar encrypted: whether the connection is protected against eavesdropping.
    @ivar proxied: whether it came through a proxy, which told the rest.
    @ivar refusal: why the chat does not let the peer in; C{None} if it does.
    @ivar origin: the address as limits count it (L{origin_of}).
    """

    address: str = ""
    port: int = 0
    since: float = 0.0
    direct: bool = False
    encrypted: bool = False
    proxied: bool = False
    refusal: ChatError | None = None
    origin: str = field(init=False)

    def __post_init__(self) -> None:
        # Many come from the same address.
        object.__setattr__(self, "origin", sys.intern(origin_of(self.address)))

    @classmethod
    def at(
        cls,
        address: IAddress | None,
        since: float,
        direct: bool = False,
        encrypted: bool = False,
    ) -> Self:
        """Make a peer from Twisted's address of the other end."""
        return cls(since=since, direct=direct, encrypted=encrypted).seen_from(address)

    def seen_from(self, address: IAddress | None) -> Self:
        """Learn Twisted's address of the other end."""
        host = sys.intern(host_of(address))
        return replace(self, address=host, port=getattr(address, "port", 0))

    @property
    def is_local(self) -> bool:
        """Whether the peer is a program on this machine."""
        return not self.proxied and is_loopback(self.address)

    def __str__(self) -> str:
        """Name the peer, for the operator's log."""
        return f"{self.address} port {self.port}" if self.address else "this machine"
