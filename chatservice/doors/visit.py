"""A connection on its way to its door, and what the operator decided about connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from twisted.internet.interfaces import IAddress

from chatservice.doors.certificates import Certificate
from chatservice.doors.forwarded import client_of, is_https
from chatservice.doors.handover import FrontProtocol
from chatservice.doors.limits import Place
from chatservice.people.addresses import Network, is_trusted
from chatservice.people.peers import Peer
from chatservice.people.ratelimit import Tries
from chatservice.protocol.events import ChatError
from chatservice.protocol.origins import Origin

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

TLS_REQUIRED = ChatError(
    "closing",
    "this chat takes encrypted connections only: use https, chatservice --tls, or openssl s_client",
    "tls-required",
)


@dataclass(slots=True)
class Policy:
    """The operator's decisions about connections.

    @ivar certificate: what the chat shows over TLS; C{None} if it does not speak it.
    @ivar trusted: the networks of the proxies whose word is taken.
    @ivar origins: the origins of the web pages, besides the chat's own, that may open a WebSocket.
    @ivar requires_tls: whether a connection over a network must be encrypted.
    @ivar hsts: the seconds for which browsers must use https for this host; 0 for none.
    """

    certificate: Certificate | None = None
    trusted: Sequence[Network] = ()
    origins: Sequence[Origin] = ()
    requires_tls: bool = False
    hsts: int = 0


@dataclass(frozen=True, slots=True)
class PortKind:
    """The kind of a port.

    @ivar direct: whether its connections are plain TCP; see L{Peer}.
    @ivar encrypted: whether they are encrypted by the port itself.
    @ivar is_proxied: whether the port itself reads PROXY headers.
    @ivar is_irc: whether they speak IRC and nothing else.
    """

    direct: bool = False
    encrypted: bool = False
    is_proxied: bool = False
    is_irc: bool = False


ANY_KIND = PortKind()
"""A port of which nothing is known."""

EVERYBODY = Policy()
"""No proxies, and no decisions."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A connection on its way to its door: who comes, and what stands open.

    @ivar place: its place in the counts of connections.
    @ivar browsers: the addresses from which a browser sent a request lately.
    @ivar peer: the other end, as far as it is known.
    @ivar front: hands the connection over to the next door.
    @ivar port: the kind of the port.
    @ivar in_tls: whether it is within TLS, so that no further TLS may come.
    """

    chat: Chat
    policy: Policy
    place: Place
    browsers: Tries
    peer: Peer
    front: FrontProtocol
    port: PortKind
    in_tls: bool = False

    def seen_as(self, peer: Peer) -> Self:
        """Learn more about the peer."""
        return replace(self, peer=peer)

    def seen_from(self, address: IAddress) -> Self:
        """Learn the address of the other end, where the port itself has read a PROXY header."""
        if not self.port.is_proxied:
            return self
        return self.seen_as(replace(self.peer.seen_from(address), proxied=True))

    @property
    def is_proxy(self) -> bool:
        """Whether the peer is a proxy whose word is taken."""
        return is_trusted(self.peer.address, self.policy.trusted)

    def forwarded(self, clients: Sequence[bytes], protocols: Sequence[bytes]) -> Self:
        """Learn from the headers of a request who sent it, if a trusted proxy passed it on.

        @param clients: the values of C{X-Forwarded-For}.
        @param protocols: the values of C{X-Forwarded-Proto}.
        """
        if not self.is_proxy:
            return self
        peer = self.peer
        client = client_of(peer.address, clients, self.policy.trusted)
        is_passed_on = bool(clients or protocols)
        encrypted = is_https(protocols) if is_passed_on else peer.encrypted
        return self.seen_as(
            replace(peer, address=client, port=0, encrypted=encrypted, proxied=True)
        )

    @property
    def must_be_encrypted(self) -> bool:
        """Whether the connection is not encrypted, and must be; a UNIX socket needs not."""
        is_on_network = self.peer.proxied or self.peer.address != ""
        return self.policy.requires_tls and is_on_network and not self.peer.encrypted

    def settled(self) -> Self:
        """Count the connection for the address of the peer, which is known now.

        The peer then knows the refusal, if there is one, so that the door can tell it.
        """
        was_refused = self.place.refusal is not None
        self.place.settle(self.peer.origin)
        refusal = self.place.refusal
        if refusal is not None and not was_refused:
            self.chat.audit.refused_connection(self.peer.address, refusal.sentence)
        if refusal is None and self.must_be_encrypted:
            refusal = TLS_REQUIRED
        return self if refusal is None else self.seen_as(replace(self.peer, refusal=refusal))
