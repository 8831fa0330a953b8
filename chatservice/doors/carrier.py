"""The part of a carrier that does not depend on what it carries: pauses, resets, closing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from chatservice.sessions.hangups import HangUps, unwatched
from chatservice.sessions.keepalive import keep_honest

if TYPE_CHECKING:
    from chatservice.people.peers import Peer
    from chatservice.sessions.outbox import Outbox
    from chatservice.sessions.session import Session

OVERLONG = 1024 * 1024
"""The most bytes discarded, of a line without an end or after closing, before giving up."""

LINGER = 2.0
"""The seconds that a peer has to close the connection itself once everything is sent."""


class Carrier(Protocol):
    """A connection that carries messages; see L{chatservice.sessions.metering.Connection}.

    @param session: the receiver of each message.
    @param peer: the other end.
    @ivar outbox: the only writer to the transport.
    @ivar paused: whether nothing is read.
    """

    outbox: Outbox
    transport: Any
    # Attributes that few connections ever set are in the class: an object with more than 30 of its
    # own takes 1 KiB more (CPython's key-sharing dictionaries).
    paused = False
    _skipped = 0
    _at_end = False
    _is_over = False
    _lingering: IDelayedCall | None = None

    def __init__(self, session: Session, peer: Peer) -> None:
        self.session = session
        self.peer = peer
        self._stop_watching: Callable[[], None] = unwatched

    def connectionMade(self) -> None:
        self.outbox = self.session.outbox_over(self.transport, self.peer.direct)
        keep_honest(self.transport)
        self.session.begin(self)

    def pause(self) -> None:
        """Stop reading, but still notice resets."""
        if self._is_over:
            return
        self._stop_reading()
        hang_ups = HangUps.of(self.session.chat.reactor)
        self._stop_watching = hang_ups.watch(self.transport, self._reset)

    def resume(self) -> None:
        """Resume reading."""
        self._watch_no_more()
        self.paused = False
        self.transport.resumeProducing()
        self.dataReceived(b"")

    def _stop_reading(self) -> None:
        self.paused = True
        self.transport.pauseProducing()

    def _watch_no_more(self) -> None:
        self._stop_watching()
        self._stop_watching = unwatched

    def _reset(self) -> None:
        """Abort, for the peer is gone; its unread lines are not said any more."""
        self.session.abort("connection lost")

    # For a carrier on which people type.

    @property
    def closes_itself(self) -> bool:
        """Whether the peer is known to exit when its connection ends; programs are."""
        return True

    def show_typing(self, shown: bool) -> None:
        """Do nothing, for programs show what they like."""

    def ask(self) -> None:
        """Do nothing, for programs answer the session."""

    # The end of the connection.

    def close(self) -> None:
        """Close once everything is sent.

        Closing a connection with unread input resets it, and a reset can destroy sent data that the
        peer has not read yet (RFC 9293, 3.6.1). So the rest of the input is read and discarded.
        """
        self._is_over = True
        has_unread = self.paused and not self._at_end
        if self.paused:
            self.resume()
        self.outbox.emptied().addCallback(lambda _: self._close(has_unread))

    def _close(self, has_unread: bool) -> None:
        if self.outbox.is_closed:
            return
        if has_unread and self.peer.direct and not self._at_end:
            self.transport.loseWriteConnection()
            linger = self.session.chat.reactor.callLater
            self._lingering = linger(LINGER, self.transport.loseConnection)
        else:
            self.transport.loseConnection()

    def _discard(self, data: bytes) -> None:
        self._skipped += len(data)
        if self._skipped > OVERLONG:
            self._stop_reading()

    def abort(self) -> None:
        """Close on the next turn of the reactor, without sending what is queued."""
        self._is_over = True
        self.outbox.close()
        self.session.chat.reactor.callLater(0, self.transport.abortConnection)

    def detach(self) -> None:
        """Leave the connection to another protocol, which the transport calls from now on."""
        self._is_over = True
        self.outbox.detach()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self._is_over = True
        if self._lingering is not None and self._lingering.active():
            self._lingering.cancel()
        self._watch_no_more()
        self.outbox.close()
        self.session.ended(reason)
