"""Limits on the number of connections, in all and from one address."""

from __future__ import annotations

import resource
from collections import Counter
from enum import Enum, auto

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

    def admit(self) -> None:
        """Count one more connection, which has just been accepted.

        @raise ChatError: C{closing}: there are too many, and this one is not counted.
        """
        if self._in_all and self.count >= self._in_all:
            raise ChatError("closing", "the chat is full: try again later", "full")
        self.count += 1

    def settle(self, origin: str) -> None:
        """Count a connection for its address, once that is known.

        @param origin: see L{chatservice.people.addresses.origin_of}; empty for none.
        @raise ChatError: C{closing}: there are too many, and this one is not counted.
        """
        if self._per_address and origin and self._from[origin] >= self._per_address:
            raise ChatError(
                "closing",
                f"your address already has the most connections allowed ({self._per_address}): "
                "close one of them first",
                "address-full",
            )
        self._from[origin] += 1

    def release(self) -> None:
        """Count an admitted connection as ended."""
        self.count -= 1

    def unsettle(self, origin: str) -> None:
        """Count a connection as ended that was counted for its address."""
        _take_one(self._from, origin)

    def tell(self, origin: str) -> bool:
        """Count a refused connection as being told why; C{False} if too many are already."""
        is_limited = self._per_address and origin
        if is_limited and self._told[origin] >= TOLD_OF_AN_ADDRESS:
            return False
        if self._told.total() >= TOLD_AT_ONCE:
            return False
        self._told[origin] += 1
        return True

    def told(self, origin: str) -> None:
        """Count a refused connection that was told why as ended."""
        _take_one(self._told, origin)


class _Stage(Enum):
    OUT = auto()
    ADMITTED = auto()
    SETTLED = auto()
    TOLD = auto()


class Place:
    """One connection's place in the counts, from its acceptance to its end.

    @param origin: of the address from which it was accepted.
    @ivar refusal: why it is not let in; C{None} if it is.
    """

    __slots__ = ("_admission", "_origin", "_stage", "refusal")

    def __init__(self, admission: Admission, origin: str) -> None:
        self._admission = admission
        self._origin = origin
        self._stage = _Stage.ADMITTED
        self.refusal: ChatError | None = None
        try:
            admission.admit()
        except ChatError as error:
            self._refuse(error)

    def settle(self, origin: str) -> None:
        """Count the connection for its address, once that is known; only the first call counts."""
        if self._stage is not _Stage.ADMITTED:
            return
        self._origin = origin
        try:
            self._admission.settle(origin)
        except ChatError as error:
            self._admission.release()
            self._refuse(error)
        else:
            self._stage = _Stage.SETTLED

    def _refuse(self, error: ChatError) -> None:
        self.refusal = error
        self._stage = _Stage.TOLD if self._admission.tell(self._origin) else _Stage.OUT

    @property
    def is_dropped(self) -> bool:
        """Whether it is closed without a word, for too many are being told why already."""
        return self._stage is _Stage.OUT

    def leave(self) -> None:
        """Take the connection out of the counts, for it has ended."""
        stage, self._stage = self._stage, _Stage.OUT
        if stage is _Stage.TOLD:
            self._admission.told(self._origin)
        elif stage is not _Stage.OUT:
            self._admission.release()
        if stage is _Stage.SETTLED:
            self._admission.unsettle(self._origin)


def _take_one(counted: Counter[str], origin: str) -> None:
    counted[origin] -= 1
    if not counted[origin]:
        del counted[origin]
