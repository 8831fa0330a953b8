"""Protocol detection: the first bytes of a connection choose its door.

A door is one row in L{DOORS}. A peer that is silent for 0.3 s is greeted as a person at a terminal,
but may still turn out to be a program: the first bytes choose, whenever they come. A PROXY header
and TLS are rows too; behind them comes another look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.doors.handover import FrontProtocol
from chatservice.doors.http import HttpConnection
from chatservice.doors.irc.door import IrcSession
from chatservice.doors.json import JsonSession
from chatservice.doors.limits import Admission, Place
from chatservice.doors.lines import LineConnection
from chatservice.doors.proxied import ProxyHeader
from chatservice.doors.proxy import STARTS
from chatservice.doors.text import TextSession
from chatservice.doors.tls import TlsLayer
from chatservice.doors.visit import ANY_KIND, EVERYBODY, Policy, PortKind, Visit
from chatservice.people.addresses import is_trusted
from chatservice.people.peers import Peer
from chatservice.people.ratelimit import Tries
from chatservice.sessions.session import Session

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

SILENCE = 0.3
"""The seconds of silence after which a peer is greeted."""

FAR_SILENCE = 1.0
"""The same for another machine, where TLS is spoken: its first bytes are large, and may be late."""

PROXY_SILENCE = 5.0
"""The same for a trusted proxy, which may connect before it has anything to pass on."""

BROWSING = 5.0
"""The seconds after a browser's request in which its address may be silent on other connections: it
opens spare ones for the files that it may need."""

HANDSHAKE = b"\x16\x03"
"""The first bytes of TLS: a handshake record (RFC 8446, section 5.1)."""

NO_TLS = bytes((21, 3, 1, 0, 2, 2, 40))
"""The alert C{handshake_failure} (RFC 8446, section 6)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A door, and the first bytes of the peers that want it.

    @ivar prefixes: the first bytes, any one of which chooses this door.
    @ivar open: makes the protocol of a connection, given the visit.
    @ivar after_greeting: whether a greeted peer may still choose this door; if not, its connection
        is closed without a word.
    """

    prefixes: tuple[bytes, ...]
    open: Callable[[Visit], Any]
    after_greeting: bool = True


def over_lines(language: Callable[[Chat], Session]) -> Callable[[Visit], Any]:
    """Make a C{Row.open} that speaks a language over lines."""
    return lambda visit: LineConnection(language(visit.chat), visit.settled().peer)


HTTP_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
"""The methods of RFC 9110, section 9.3, and RFC 5789."""

IRC_VERBS = ("CAP", "NICK", "PASS", "USER", "QUIT")
"""The verbs with which IRC clients begin (RFC 2812, section 3.1, and IRCv3)."""

IRC_DOOR = Row(tuple(f"{verb} ".encode() for verb in IRC_VERBS), over_lines(IrcSession))

DOORS: tuple[Row, ...] = (
    Row((b"{",), over_lines(JsonSession)),
    IRC_DOOR,
    Row(
        tuple(f"{method} ".encode() for method in HTTP_METHODS),
        HttpConnection,
        after_greeting=False,
    ),
)
"""The doors other than the text door."""

TEXT_DOOR = Row((), over_lines(TextSession))
"""The door for all other peers."""


TLS = Row((HANDSHAKE,), lambda visit: over_tls(visit), after_greeting=False)
"""A layer, within which comes another look."""

PROXY = Row(STARTS, lambda visit: ProxyHeader(visit, Look), after_greeting=False)
"""What proxies send first, before TLS or within it."""

LAYERS = (PROXY, TLS)
"""The rows behind which comes another look."""

AT_FIRST = (*LAYERS, *DOORS)
"""The rows for the first bytes of all."""


def choose(data: bytes, rows: Sequence[Row], otherwise: Row = TEXT_DOOR) -> Row | None:
    """Choose the row for a peer whose first bytes are C{data}; C{None} if they are too few.

    @param otherwise: the row for all other peers.
    """
    for row in rows:
        if data.startswith(row.prefixes):
            return row
    undecided = any(prefix.startswith(data) for row in rows for prefix in row.prefixes)
    return None if undecided else otherwise


def rows_for(visit: Visit) -> list[Row]:
    """List the rows that a peer may still choose from, besides the one for all others."""
    passed = (PROXY, visit.peer.proxied), (TLS, visit.in_tls)
    behind = [row for row, has_passed in passed if has_passed]
    rows = LAYERS if visit.port.is_irc else AT_FIRST
    return [row for row in rows if row not in behind]


def over_tls(visit: Visit) -> Any:
    """Make the layer of TLS, with another look inside."""
    certificate = visit.policy.certificate
    if certificate is None:
        return NoTls()
    # Inside, the layer itself is what to send on directly.
    inside = visit.seen_as(replace(visit.peer, encrypted=True, direct=True))
    front = FrontProtocol(lambda front: Look(replace(inside, front=front, in_tls=True)), _nothing)
    return TlsLayer(visit.chat.reactor, certificate.context, front, visit.peer.direct)


def _nothing() -> None:
    """Do nothing: the front outside is told of the end."""


class NoTls(Protocol):
    """A protocol that tells a TLS client that there is no TLS here."""

    transport: Any

    def connectionMade(self) -> None:
        self.transport.write(NO_TLS)
        self.transport.loseConnection()


class Dropped(Protocol):
    """A protocol that closes without a word, when too many peers are already being told why."""

    transport: Any

    def connectionMade(self) -> None:
        self.transport.abortConnection()


@implementer(IHalfCloseableProtocol)
class Look(Protocol):
    """A look at what a peer sends first, which ends when a row is chosen."""

    transport: Any

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._rows = rows_for(visit)
        # The IRC door says nothing of itself, so nobody is greeted there.
        self._others = IRC_DOOR if visit.port.is_irc else TEXT_DOOR
        self._reactor = visit.chat.reactor
        self._first = b""
        self._greeted: LineConnection | None = None
        self._silence: IDelayedCall | None = None

    def connectionMade(self) -> None:
        visit, seconds = self._visit, SILENCE
        if visit.is_proxy and not visit.peer.proxied:
            seconds = PROXY_SILENCE
        elif visit.policy.certificate is not None and not visit.peer.is_local:
            seconds = FAR_SILENCE
        self._silence = self._reactor.callLater(seconds, self._greet_unless_read)

    def dataReceived(self, data: bytes) -> None:
        self._first += data
        row = choose(self._first, self._rows, self._others)
        if row is not None:
            self._enter(row)

    def _greet_unless_read(self) -> None:
        """Let the reactor read once more: after a stall, data may have arrived unread."""
        spare = self._visit.browsers.wait(self._visit.peer.address)
        self._silence = self._reactor.callLater(spare, self._greet)

    def _greet(self) -> None:
        """Greet the peer as a person, though it may still turn out to be a program."""
        self._silence = None
        self._greeted = self._open(self._others)

    def _enter(self, row: Row) -> None:
        if self._greeted is None:
            door = self._open(row)
        elif row is self._others:
            door = self._greeted
        else:
            self._greeted.session.abandon()
            if not row.after_greeting:
                self.transport.abortConnection()
                return
            # The greeting may still wait in the transport, ahead of the door's own output.
            self._visit = self._visit.seen_as(replace(self._visit.peer, direct=False))
            # The greeting ended in a prompt, and the door must begin on a new line.
            self.transport.write(b"\r\n")
            door = self._open(row)
        self._stop_waiting()
        self._greeted = None
        self._visit.front.hand_over(door, self._first)

    def _open(self, row: Row) -> Any:
        # By now a PROXY header that an endpoint read has given the peer's address.
        self._visit = self._visit.seen_from(self.transport.getPeer())
        door = row.open(self._visit)
        if self._visit.place.is_dropped:
            door = Dropped()
        door.makeConnection(self.transport)
        return door

    def _stop_waiting(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def readConnectionLost(self) -> None:
        """Open the door for all others, as the peer sends nothing more that could choose one."""
        self._enter(self._others)
        self._visit.front.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Wait for the peer."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_waiting()
        if self._greeted is not None:
            self._greeted.connectionLost(reason)


class FrontFactory(ServerFactory):
    """The factory for all doors of a chat on one port.

    @param admission: shared by all ports of the chat.
    @param kind: the kind of the port.
    """

    noisy = False

    def __init__(
        self,
        chat: Chat,
        admission: Admission,
        kind: PortKind = ANY_KIND,
        policy: Policy = EVERYBODY,
    ) -> None:
        self.chat = chat
        self.policy = policy
        self.kind = kind
        self._admission = admission
        self._browsers = Tries(chat.reactor.seconds, 1, BROWSING)

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        kind = self.kind
        peer = Peer.at(addr, self.chat.reactor.seconds(), kind.direct, kind.encrypted)
        is_proxy = is_trusted(peer.address, self.policy.trusted)
        if not is_proxy and not self.chat.flood.connect(peer.origin):
            return Dropped()
        place = Place(self._admission, peer.origin)
        if not is_proxy and not kind.is_proxied:
            place.settle(peer.origin)
        if place.refusal is not None:
            self.chat.audit.refused_connection(peer.address, place.refusal.sentence)
        if place.is_dropped:
            return Dropped()
        return FrontProtocol(
            lambda front: Look(
                Visit(
                    self.chat, self.policy, place, self._browsers, peer, front, kind, kind.encrypted
                )
            ),
            place.leave,
        )
