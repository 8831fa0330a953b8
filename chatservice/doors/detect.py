"""Protocol detection: the first bytes of a connection choose its door.

A door is one row in L{DOORS}. A peer that is silent for 0.3 s is greeted as a person at a terminal,
but may still turn out to be a program: the first bytes choose, whenever they come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, IProtocol
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.doors.http import HttpRefusal
from chatservice.doors.json import JsonSession
from chatservice.doors.limits import Admission
from chatservice.doors.lines import LineConnection
from chatservice.doors.text import TextSession
from chatservice.people.addresses import host_of, origin_of
from chatservice.people.peers import Peer
from chatservice.protocol.events import ChatError
from chatservice.sessions.session import CLOSE_TIMEOUT, Session

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

SILENCE = 0.3
"""The seconds of silence after which a peer is greeted."""


@dataclass(frozen=True, slots=True)
class Row:
    """A door, and the first bytes of the peers that want it.

    @ivar prefixes: the first bytes, any one of which chooses this door.
    @ivar open: makes the protocol of a connection, given the chat and the other end.
    @ivar after_greeting: whether a greeted peer may still choose this door; if not, its connection
        is closed without a word.
    """

    prefixes: tuple[bytes, ...]
    open: Callable[[Chat, Peer], Any]
    after_greeting: bool = True


def over_lines(language: Callable[[Chat], Session]) -> Callable[[Chat, Peer], Any]:
    """Make a C{Row.open} that speaks a language over lines."""
    return lambda chat, peer: LineConnection(language(chat), peer)


HTTP_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
"""The methods of RFC 9110, section 9.3, and RFC 5789."""

DOORS = (
    Row((b"{",), over_lines(JsonSession)),
    Row(
        tuple(f"{method} ".encode() for method in HTTP_METHODS),
        lambda chat, peer: HttpRefusal(chat.reactor, chat.settings.name, peer.direct),
        after_greeting=False,
    ),
)
"""The doors other than the text door."""

TEXT_DOOR = Row((), over_lines(TextSession))
"""The door for all other peers."""


def choose(data: bytes) -> Row | None:
    """Choose the door for a peer whose first bytes are C{data}; C{None} if they are too few."""
    for row in DOORS:
        if data.startswith(row.prefixes):
            return row
    undecided = any(prefix.startswith(data) for row in DOORS for prefix in row.prefixes)
    return None if undecided else TEXT_DOOR


@implementer(IHalfCloseableProtocol)
class FrontProtocol(Protocol):
    """The protocol in front of the doors, which hands over as soon as the first bytes choose one.

    The transport goes on calling this protocol, which takes over the door's C{dataReceived};
    that works on any transport.
    """

    factory: FrontFactory
    transport: Any

    def __init__(self, factory: FrontFactory, address: IAddress | None) -> None:
        self.factory = factory
        self._chat = factory.chat
        self._direct = factory.direct
        self._address = address
        self._since = factory.chat.reactor.seconds()
        self._first = b""
        self._greeted: LineConnection | None = None
        self._door: IProtocol | None = None
        self._silence: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self._silence = self._chat.reactor.callLater(SILENCE, self._greet_unless_read)

    def dataReceived(self, data: bytes) -> None:
        self._first += data
        row = choose(self._first)
        if row is not None:
            self._enter(row)

    def _greet_unless_read(self) -> None:
        """Let the reactor read once more: after a stall, data may have arrived unread."""
        self._silence = self._chat.reactor.callLater(0, self._greet)

    def _greet(self) -> None:
        """Greet the peer as a person, though it may still turn out to be a program."""
        self._silence = None
        self._greeted = self._open(TEXT_DOOR)

    def _enter(self, row: Row) -> None:
        if self._greeted is None:
            door = self._open(row)
        elif row is TEXT_DOOR:
            door = self._greeted
        else:
            self._greeted.session.abandon()
            # The greeting may still wait in the transport, ahead of the door's own output.
            self._direct = False
            if not row.after_greeting:
                self.transport.abortConnection()
                return
            # The greeting ended in a prompt, and the door must begin on a new line.
            self.transport.write(b"\r\n")
            door = self._open(row)
        self._hand_over(door)

    def _open(self, row: Row) -> Any:
        # By now a PROXY header, which comes first, has given the peer's address.
        peer = Peer.at(
            self.transport.getPeer(), self._since, self._direct, self.factory.encrypted
        )
        door = row.open(self._chat, peer)
        door.makeConnection(self.transport)
        return door

    def _hand_over(self, door: Any) -> None:
        self._stop_waiting()
        self._door = door
        self._greeted = None
        self.dataReceived = door.dataReceived  # type: ignore[method-assign]
        first, self._first = self._first, b""
        door.dataReceived(first)

    def _stop_waiting(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def readConnectionLost(self) -> None:
        """Hand over what the peer has sent, for it sends nothing more (RFC 9293, section 3.6)."""
        if self._door is None:
            self._hand_over(self._greeted or self._open(TEXT_DOOR))
        door = IHalfCloseableProtocol(self._door, None)
        if door is not None:
            door.readConnectionLost()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """See C{IHalfCloseableProtocol}."""
        door = IHalfCloseableProtocol(self._door, None)
        if door is not None:
            door.writeConnectionLost()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self._stop_waiting()
        door = self._door or self._greeted
        if door is not None:
            door.connectionLost(reason)
        self.factory.gone(self._address)


class Refusal(Protocol):
    """A protocol that sends one sentence, closes within 5 s, and discards what the peer sends.

    @param reactor: C{IReactorTime}.
    @param sentence: why the chat refuses this connection.
    @param ended: called when the connection has ended.
    """

    transport: Any

    def __init__(self, reactor: Any, sentence: str, ended: Callable[[], object]) -> None:
        self._reactor = reactor
        self._sentence = sentence
        self._ended = ended

    def connectionMade(self) -> None:
        self.transport.write(f"-- {self._sentence}\r\n".encode())
        self.transport.loseConnection()
        # TLS waits until the peer has shaken hands, and TCP until it reads.
        self._end = self._reactor.callLater(CLOSE_TIMEOUT, self.transport.abortConnection)

    def dataReceived(self, data: bytes) -> None:
        """Discard the data; over TLS, more arrives even now."""

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        if self._end.active():
            self._end.cancel()
        self._ended()


class Dropped(Protocol):
    """A protocol that closes without a word, when too many peers are already being told why."""

    transport: Any

    def connectionMade(self) -> None:
        self.transport.abortConnection()


class FrontFactory(ServerFactory):
    """The factory for all doors of a chat on one port.

    @param admission: shared by all ports of the chat.
    @param direct: whether its connections are plain TCP; see L{Peer}.
    @param encrypted: whether its connections are encrypted; see L{Peer}.
    """

    noisy = False

    def __init__(
        self,
        chat: Chat,
        admission: Admission,
        direct: bool = False,
        encrypted: bool = False,
    ) -> None:
        self.chat = chat
        self.direct = direct
        self.encrypted = encrypted
        self._admission = admission

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        if not self.chat.flood.connect(origin_of(host_of(addr))):
            return Dropped()
        try:
            self._admission.admit(addr)
        except ChatError as error:
            self.chat.audit.refused_connection(host_of(addr), error.sentence)
            if not self._admission.tell(addr):
                return Dropped()
            return Refusal(
                self.chat.reactor, error.sentence, lambda: self._admission.told(addr)
            )
        return FrontProtocol(self, addr)

    def gone(self, address: IAddress | None) -> None:
        """Count an admitted connection as ended."""
        self._admission.release(address)
