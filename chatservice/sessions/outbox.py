"""The only writer of a connection: it is bounded, shares bytes, and never blocks the chat."""

from __future__ import annotations

import errno
from collections import deque
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer
from zope.interface import implementer

from chatservice.chat.door import Deliver

HAND_OVER = 128 * 1024
"""Bytes handed to the transport at a time: what it sends at once (C{SEND_LIMIT} in Twisted)."""


def is_lost(error: OSError) -> bool:
    """Tell from what send(2) raised whether a connection is lost for sure.

    The socket tells it once: afterwards its transport would read an end of the input, and take that
    for a goodbye. C{EPIPE} comes after a real one as well, which is left to the transport.
    """
    is_full = isinstance(error, BlockingIOError) or error.errno == errno.ENOBUFS
    return not is_full and not isinstance(error, BrokenPipeError)


class Sender(Protocol):
    """The owner of an outbox."""

    def overflowed(self) -> None:
        """Drop the connection on a later turn of the reactor: what waits exceeds the limit.

        It is called once, and the outbox is closed by then.
        """

    def position(self) -> int:
        """Tell the position in what is sent, such as the id of the last event."""

    def switched(self) -> None:
        """Take note that C{deliver} has become another function."""


@implementer(IPullProducer)
class Outbox:
    """The queue of bytes to send to one peer.

    While the queue is empty, a write goes out at once. Bytes that the network does not take are
    queued, without a copy, so that queues share them, and the transport pulls them.

    @param transport: the connection, which has no other writer.
    @param limit: the most bytes in the queue; an empty queue takes one piece of any size.
    @param owner: is told of what happens.
    @param direct: whether to send on the transport's socket (C{ISystemHandle}) while the queue is
        empty. Only for a plain TCP connection: behind a TLS transport that would be plain text.
    @ivar deliver: the function that takes bytes at the moment: the socket's own C{send} (send(2)),
        or L{take}. It returns how many bytes it took, and the others are for L{rest}; or it raises
        C{OSError} if it took none. It must not be handed nothing.
    @ivar behind: the owner's position when bytes began to wait, even if the outbox has been closed
        and will never send them; C{None} if everything was sent.
    """

    __slots__ = (
        "_corked",
        "_emptied",
        "_handed",
        "_limit",
        "_owner",
        "_queue",
        "_socket_send",
        "_transport",
        "behind",
        "deliver",
        "waiting",
    )

    def __init__(
        self,
        transport: Any,
        limit: int,
        owner: Sender,
        direct: bool = False,
    ) -> None:
        self._transport = transport
        self._limit = limit
        self._owner = owner
        self._socket_send: Deliver | None = transport.getHandle().send if direct else None
        self.deliver: Deliver = self._socket_send or self.take
        self._queue: deque[bytes] | None = None
        self._corked: deque[bytes] | None = None
        self._emptied: list[Deferred[None]] = []
        self._handed = 0
        self.waiting = 0
        self.behind: int | None = None

    def write(self, data: bytes) -> None:
        """Send C{data} after everything written before; ignore it once the outbox is closed."""
        # If it is handed no bytes, the transport never asks for more.
        if data:
            try:
                taken = self.deliver(data)
            except OSError as error:
                self.rest(data, error)
            else:
                if taken < len(data):
                    self.rest(data[taken:])

    def rest(self, data: bytes, error: OSError | None = None) -> None:
        """Send bytes that the network did not take at once; or end a connection that is lost.

        @param error: the one that C{deliver} raised, if it did.
        """
        if self._transport is None:
            return
        self._queue = deque((data,))
        self.waiting = len(data)
        self._fall_behind()
        self._switch(self.take)
        if error is not None and is_lost(error):
            self._transport.abortConnection()
        else:
            self._transport.registerProducer(self, False)

    def take(self, data: bytes) -> int:
        """Take bytes that must wait; discard them once the outbox is closed."""
        queue = self._queue if self._corked is None else self._corked
        if queue is not None:
            self._wait_in(queue, data)
        else:
            self.rest(data)
        return len(data)

    def _switch(self, deliver: Deliver) -> None:
        if deliver != self.deliver:
            self.deliver = deliver
            self._owner.switched()

    def _fall_behind(self) -> None:
        if self.behind is None:
            self.behind = self._owner.position()

    def _wait_in(self, queue: deque[bytes], data: bytes) -> None:
        if self.waiting + len(data) > self._limit:
            self.close()
            self._owner.overflowed()
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
        self._switch(self.take)

    def uncork(self, first: bytes) -> None:
        """Send C{first}, and after it everything held back."""
        corked, self._corked = self._corked or (), None
        self.waiting -= sum(map(len, corked))
        self._send_at_once_if_empty()
        for data in (first, *corked):
            self.write(data)
        if self._queue is None and self._transport is not None:
            self.behind = None

    def _send_at_once_if_empty(self) -> None:
        if self._socket_send is not None and self._queue is None and self._corked is None:
            self._switch(self._socket_send)

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
            self._send_at_once_if_empty()
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
        self._transport = self._socket_send = None
        self._switch(len)
        self._tell_emptied()
