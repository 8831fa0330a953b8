"""The detection of resets on connections that are paused."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, proxy

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

_CAN_WATCH = hasattr(select, "epoll")


def unwatched() -> None:
    """Do nothing: the end of a watch that never began."""


@implementer(IReadDescriptor)
class HangUps:
    """A watch on connections from which nothing is read.

    Twisted takes a paused connection out of its epoll, and learns of a reset only when it writes.
    Here each is in an epoll that requests no events, since EPOLLHUP and EPOLLERR are reported
    anyway (epoll_ctl(2)); the reactor reads that epoll like any descriptor. The end of the input
    alone is neither, except that a UNIX socket hangs up when the peer has read all and closes.

    @param reactor: if it is no C{IReactorFDSet}, such as a test's clock, or if the system has no
        epoll(7), nothing is watched.
    """

    _of: WeakKeyDictionary[Any, HangUps] = WeakKeyDictionary()

    @classmethod
    def of(cls, reactor: Any) -> HangUps:
        """Find or make the one watch of a reactor."""
        found = cls._of.get(reactor)
        if found is None:
            found = cls._of[reactor] = cls(reactor)
        return found

    def __init__(self, reactor: Any) -> None:
        # A weak reference: the reactor owns this object.
        self._reactor = proxy(reactor)
        self._can_watch = _CAN_WATCH and IReactorFDSet.providedBy(reactor)
        self._gone: dict[int, Callable[[], object]] = {}
        # The descriptors of UNIX sockets.
        self._local: set[int] = set()
        self._epoll: Any = None

    def watch(self, transport: Any, gone: Callable[[], object]) -> Callable[[], None]:
        """Call C{gone}, once, when the connection is reset.

        @return: ends the watch; call it before another connection can get the descriptor.
        """
        # A TLS transport passes this on to the one below it; getHandle() would not give a socket.
        connection = getattr(transport, "socket", None)
        if not (self._can_watch and isinstance(connection, socket.socket)):
            return unwatched
        if self._epoll is None:
            self._epoll = select.epoll()
        if not self._gone:
            self._reactor.addReader(self)
        descriptor = connection.fileno()
        self._epoll.register(descriptor, 0)
        self._gone[descriptor] = gone
        if connection.family == socket.AF_UNIX:
            self._local.add(descriptor)
        else:
            self._local.discard(descriptor)
        return lambda: self._forget(descriptor, gone)

    def _forget(self, descriptor: int, gone: Callable[[], object]) -> None:
        if self._gone.get(descriptor) is not gone:
            return
        del self._gone[descriptor]
        with suppress(OSError):  # a closed descriptor has left the epoll already
            self._epoll.unregister(descriptor)
        if not self._gone:
            self._reactor.removeReader(self)

    def fileno(self) -> int:
        """See C{IFileDescriptor}."""
        number: int = self._epoll.fileno()
        return number

    def doRead(self) -> None:
        """Report the connections that were reset."""
        for descriptor, event in self._epoll.poll(0):
            gone = self._gone[descriptor]
            self._forget(descriptor, gone)
            if event & select.EPOLLERR or descriptor not in self._local:
                gone()

    def connectionLost(self, reason: Failure) -> None:
        """See C{IFileDescriptor}: the reactor has stopped."""

    def logPrefix(self) -> str:
        """See C{ILoggingContext}."""
        return "hang-ups"
