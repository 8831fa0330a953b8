"""Connections, whatever they carry: pauses, resets, closing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from chatservice.sessions.hangups import HangUps, unwatched
from chatservice.sessions.keepalive import keep_honest

if TYPE_CHECKING:
    from chatservice.people.peers import Peer
    from chatservice.sessions.outbox import Outbox
    from chatservice.sessions.session import Session

OVERLONG = 1024 * 1024
"""The most bytes discarded, of a line without an end or after closing, before giving up."""

LINGER = 1.5
"""The seconds that a peer has to close the connection itself once everything is sent; a stop of the
server waits as long, and must be over within 2 s."""


class Stream(Protocol):
    """A connection that can stop reading, and that closes without destroying what it has sent.

    @ivar peer: the other end.
    @ivar outbox: the only writer to the transport.
    @ivar reactor: C{IReactorTime}.
    @ivar paused: whether nothing is read.
    """

    peer: Peer
    outbox: Outbox
    transport: Any
    # Attributes that few connections ever set are in the class: an object with more than 30 of its
    # own takes 1 KiB more (CPython's key-sharing dictionaries).
    paused = False
    _skipped = 0
    _at_end = False
    _is_over = False
    _lingering: IDelayedCall | None = None

    @property
    @abstractmethod
    def reactor(self) -> Any:
        """The reactor."""

    def pause(self) -> None:
        """Stop reading."""
        self.paused = True
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Resume reading."""
        self.paused = False
        self.transport.resumeProducing()
        self.dataReceived(b"")

    def close(self) -> None:
        """Close once everything is sent.

        Closing a connection with unread input resets it, and a reset can destroy sent data that the
        peer has not read yet (RFC 9293, 3.6.1). So the rest of the input is read and discarded.
        """
        self._is_over = True
        has_unread = self.has_unread()
        if self.paused:
            self.resume()
        self.outbox.emptied().addCallback(lambda _: self._close(has_unread))

    def has_unread(self) -> bool:
        """Tell whether the peer may have sent something that is not read yet."""
        return self.paused and not self._at_end

    def _close(self, has_unread: bool) -> None:
        if self.outbox.is_closed:
            return
        if has_unread and self.peer.direct and not self._at_end:
            self.transport.loseWriteConnection()
            self._lingering = self.reactor.callLater(LINGER, self.transport.loseConnection)
        else:
            self.transport.loseConnection()

    def _discard(self, data: bytes) -> None:
        self._skipped += len(data)
        if self._skipped > OVERLONG:
            self.paused = True
            self.transport.pauseProducing()

    def abort(self) -> None:
        """Close on the next turn of the reactor, without sending what is queued."""
        self._is_over = True
        self.outbox.close()
        self.reactor.callLater(0, self.transport.abortConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_over = True
        if self._lingering is not None and self._lingering.active():
            self._lingering.cancel()
        self.outbox.close()


class Carrier(Stream):
    """A connection that carries messages; see L{chatservice.sessions.metering.Connection}.

    @param session: the receiver of each message.
    @param peer: the other end.
    """

    def __init__(self, session: Session, peer: Peer) -> None:
        self.session = session
        self.peer = peer
        self._stop_watching: Callable[[], None] = unwatched

    @property
    def reactor(self) -> Any:
        """See L{Stream}."""
        return self.session.chat.reactor

    def connectionMade(self) -> None:
        self.outbox = self.session.outbox_over(self.transport, self.peer.direct)
        keep_honest(self.transport)
        self.session.begin(self)

    def pause(self) -> None:
        """Stop reading, but still notice resets."""
        if not self._is_over:
            super().pause()
            self._stop_watching = HangUps.of(self.reactor).watch(self.transport, self._reset)

    def resume(self) -> None:
        """Resume reading."""
        self._watch_no_more()
        super().resume()

    def _watch_no_more(self) -> None:
        self._stop_watching()
        self._stop_watching = unwatched

    def _reset(self) -> None:
        """Abort, for the peer is gone; its unread lines are not said any more."""
        self.session.abort("connection lost")

    def detach(self) -> None:
        """Leave the connection to another protocol, which the transport calls from now on."""
        self._is_over = True
        self.outbox.detach()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._watch_no_more()
        super().connectionLost(reason)
        self.session.ended(reason)

    # For a carrier on which people type.

    @property
    def closes_itself(self) -> bool:
        """Whether the peer is known to exit when its connection ends; programs are."""
        return True

    def show_typing(self, shown: bool) -> None:
        """Do nothing, for programs show what they like."""

    def ask(self) -> None:
        """Do nothing, for programs answer the session."""
