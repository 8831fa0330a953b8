"""The only writer of a connection: it is bounded, shares bytes, and never blocks the chat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer

HAND_OVER = 128 * 1024
"""Bytes handed to the transport at a time: what it sends at once (C{SEND_LIMIT} in Twisted)."""


@implementer(IPullProducer)
class Outbox:
    """The queue of bytes to send to one peer.

    While the queue is empty, a write goes out at once. Bytes that the network does not take are
    queued, without a copy, so that queues share them, and the transport pulls them.

    @param transport: the connection, which has no other writer.
    @param limit: the most bytes in the queue; an empty queue takes one piece of any size.
    @param overflow: called once, when a write would exceed C{limit}; the outbox is closed by then.
        It must not drop the connection before a later turn of the reactor.
    @param direct: whether to send through C{transport.writeSomeData} while the queue is empty. Only
        for a plain TCP connection: a TLS transport has that method too, and it sends plain text.
    @param mark: returns the sender's position, such as the id of the last event sent.
    @ivar behind: the value of C{mark} when bytes began to wait, even if the outbox has been closed
        and will never send them; C{None} if everything was sent.
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
        """Send C{data} after everything written before; ignore it once the outbox is closed."""
        # If it is handed no bytes, the transport never asks for more.
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
            # A lost connection returns an exception; the transport finds out by itself.
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
        """Whether the outbox is closed, and sends nothing more."""
        return self._transport is None

    def cork(self) -> None:
        """Hold back everything written from now on until L{uncork}."""
        self._corked = deque()
        self._fall_behind()

    def uncork(self, first: bytes) -> None:
        """Send C{first}, and after it everything held back."""
        corked, self._corked = self._corked or (), None
        self.waiting -= sum(map(len, corked))
        for data in (first, *corked):
            self.write(data)
        if self._queue is None and self._transport is not None:
            self.behind = None

    def emptied(self) -> Deferred[None]:
        """Return a Deferred that fires when the queue is empty or the outbox is closed."""
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
        """Hand more to the transport, or unregister if nothing is left."""
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
        """Close: the connection is gone."""
        self.close()

    def detach(self) -> None:
        """Leave the connection to another outbox; bytes already handed over still go out."""
        if self._queue is not None:
            self._transport.unregisterProducer()
        self.close()

    def close(self) -> None:
        """Discard the queue, and send nothing more."""
        self._queue = None
        self._corked = None
        self.waiting = 0
        self._handed = 0
        self._transport = None
        self._tell_emptied()
