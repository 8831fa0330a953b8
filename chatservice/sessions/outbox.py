"""The only writer of a connection: bounded, sharing bytes, never making the chat wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer

HAND_OVER = 128 * 1024
"""Bytes given to the transport at a time; what it sends in one go (C{SEND_LIMIT} in Twisted)."""


@implementer(IPullProducer)
class Outbox:
    """The bytes that wait to be sent to one peer.

    While nothing waits, a write goes out at once. What the network does not take then waits here,
    as the very bytes object that others may be waiting for too, and the transport pulls it.

    @param transport: the connection, of which this is the only writer.
    @param limit: the most bytes that may wait. One piece of any size is taken when nothing waits.
    @param overflow: called once, instead of waiting for more than C{limit}; the outbox is closed by
        then. It must not drop the connection before a later turn of the reactor.
    @param direct: whether to send through C{transport.writeSomeData} while nothing waits. Only true
        for a plain TCP connection: on TLS that method exists as well, and sends plain text.
    @param mark: tells where the sender is, such as the id of the last event sent.
    @ivar behind: the C{mark} of when something began to wait that is not sent yet, or never will
        be, because the outbox is closed; C{None} if everything was sent.
    """

    __slots__ = (
        "_corked",
        "_direct",
        "_emptied",
        "_handed",
        "_limit",
        "_mark",
        "_overflow",
        "_queue",
        "_transport",
        "behind",
        "waiting",
    )

    def __init__(
        self,
        transport: Any,
        limit: int,
        overflow: Callable[[], object],
        direct: bool = False,
        mark: Callable[[], int] = lambda: 0,
    ) -> None:
        self._transport = transport
        self._limit = limit
        self._overflow = overflow
        self._direct = direct
        self._mark = mark
        self._queue: deque[bytes] | None = None
        self._corked: deque[bytes] | None = None
        self._emptied: list[Deferred[None]] = []
        self._handed = 0
        self.waiting = 0
        self.behind: int | None = None

    def write(self, data: bytes) -> None:
        """Send C{data} after everything written before; nothing once the outbox is closed."""
        # Handed no bytes, the transport would never ask for more.
        if self._transport is None or not data:
            return
        queue = self._queue if self._corked is None else self._corked
        if queue is not None:
            self._wait_in(queue, data)
            return
        if self._direct:
            sent = self._transport.writeSomeData(data)
            if sent == len(data):
                return
            # A lost connection gives an exception; the transport finds out by itself.
            if isinstance(sent, int):
                data = data[sent:]
        self._queue = deque((data,))
        self.waiting = len(data)
        self._fall_behind()
        self._transport.registerProducer(self, False)

    def _fall_behind(self) -> None:
        if self.behind is None:
            self.behind = self._mark()

    def _wait_in(self, queue: deque[bytes], data: bytes) -> None:
        if self.waiting + len(data) > self._limit:
            self.close()
            self._overflow()
            return
        queue.append(data)
        self.waiting += len(data)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is sent from now on."""
        return self._transport is None

    def cork(self) -> None:
        """Let what is written from now on wait for L{uncork}."""
        self._corked = deque()
        self._fall_behind()

    def uncork(self, first: bytes) -> None:
        """Send C{first}, and after it what has waited."""
        corked, self._corked = self._corked or (), None
        self.waiting -= sum(map(len, corked))
        for data in (first, *corked):
            self.write(data)
        if self._queue is None and self._transport is not None:
            self.behind = None

    def emptied(self) -> Deferred[None]:
        """Wait until nothing is left to send, or the outbox is closed."""
        done: Deferred[None] = Deferred()
        if self._queue is None:
            done.callback(None)
        else:
            self._emptied.append(done)
        return done

    def _tell_emptied(self) -> None:
        emptied, self._emptied = self._emptied, []
        for done in emptied:
            done.callback(None)

    def resumeProducing(self) -> None:
        """Hand over more, or finish: the transport has sent what it had."""
        self.waiting -= self._handed
        self._handed = 0
        if self._queue:
            data = self._next_chunk(self._queue)
            self._handed = len(data)
            self._transport.write(data)
        elif self._queue is not None:
            self._queue = None
            if self._corked is None:
                self.behind = None
            self._transport.unregisterProducer()
            self._tell_emptied()

    @staticmethod
    def _next_chunk(queue: deque[bytes]) -> bytes:
        pieces = [queue.popleft()]
        size = len(pieces[0])
        while queue and size + len(queue[0]) <= HAND_OVER:
            size += len(queue[0])
            pieces.append(queue.popleft())
        if size > HAND_OVER:
            queue.appendleft(pieces[0][HAND_OVER:])
            pieces[0] = pieces[0][:HAND_OVER]
        return b"".join(pieces)

    def stopProducing(self) -> None:
        """Drop what waits: the connection is gone."""
        self.close()

    def detach(self) -> None:
        """Leave the connection to another outbox; what the transport was handed still goes out."""
        if self._queue is not None:
            self._transport.unregisterProducer()
        self.close()

    def close(self) -> None:
        """Forget what waits, and send nothing more."""
        self._queue = None
        self._corked = None
        self.waiting = 0
        self._handed = 0
        self._transport = None
        self._tell_emptied()
