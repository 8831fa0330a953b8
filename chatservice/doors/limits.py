"""Limits on the number of connections, in all and from one address."""

from __future__ import annotations

import resource
from collections import Counter
from typing import Any

from chatservice.people.addresses import host_of, origin_of
from chatservice.protocol.events import ChatError

SPARE_FILES = 192
"""The file descriptors reserved for the chat itself, and for connections that are being refused
(Twisted accepts 100 at a time)."""

TOLD_AT_ONCE = 64
"""The most refused connections that are told why at a time; more are closed without a word."""

TOLD_OF_AN_ADDRESS = 4
"""The most of them from one address, if there is a limit per address."""


def most_connections(wanted: int = 0) -> int:
    """Find how many connections are possible: C{wanted}, or fewer if the system allows fewer.

    Raise the soft limit on file descriptors to the hard one first (getrlimit(2)).

    @param wanted: 0 for as many as the system allows.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    possible = max(1, soft - min(SPARE_FILES, soft // 2))
    return min(wanted, possible) if wanted else possible


class Admission:
    """The count of connections, and the limits on it.

    @param in_all: the most connections; 0 for no limit.
    @param per_address: the most from one IPv4 address or one IPv6 /64; 0 for no limit.
    """

    def __init__(self, in_all: int = 0, per_address: int = 0) -> None:
        self._in_all = in_all
        self._per_address = per_address
        self._from: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self.count = 0

    def admit(self, address: Any) -> None:
        """Count one more connection, from C{address} (an C{IAddress}).

        @raise ChatError: C{closing}: there are too many, and this one is not counted.
        """
        if self._in_all and self.count >= self._in_all:
            raise ChatError("closing", "the chat is full: try again later", "full")
        origin = origin_of(host_of(address))
        if self._per_address and origin and self._from[origin] >= self._per_address:
            raise ChatError(
                "closing",
                f"your address already has the most connections allowed ({self._per_address}): "
                "close one of them first",
                "address-full",
            )
        self.count += 1
        self._from[origin] += 1

    def release(self, address: Any) -> None:
        """Count an admitted connection as ended."""
        self.count -= 1
        _take_one(self._from, address)

    def tell(self, address: Any) -> bool:
        """Count a refused connection as being told why; C{False} if too many are already."""
        origin = origin_of(host_of(address))
        is_limited = self._per_address and origin
        if is_limited and self._told[origin] >= TOLD_OF_AN_ADDRESS:
            return False
        if self._told.total() >= TOLD_AT_ONCE:
            return False
        self._told[origin] += 1
        return True

    def told(self, address: Any) -> None:
        """Count a refused connection that was told why as ended."""
        _take_one(self._told, address)


def _take_one(counted: Counter[str], address: Any) -> None:
    origin = origin_of(host_of(address))
    counted[origin] -= 1
    if not counted[origin]:
        del counted[origin]
