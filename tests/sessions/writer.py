"""A double for tests of an outbox: the connection that it writes to."""

from __future__ import annotations

from twisted.internet.task import Clock

from chatservice.sessions.outbox import Outbox
from tests.doubles import Wire

LIMIT = 1024 * 1024


class Writer:
    """A protocol for tests of its connection's outbox.

    @ivar overflows: the number of bytes waiting at each overflow.
    """

    def __init__(self, window: int | None = None, direct: bool = True, limit: int = LIMIT) -> None:
        self.overflows: list[int] = []
        self.wire = Wire.to(self, Clock(), window)
        self.outbox = Outbox(self.wire, limit, self, direct)

    def makeConnection(self, transport: Wire) -> None:
        pass

    def connectionLost(self, reason: object) -> None:
        self.outbox.close()

    def overflowed(self) -> None:
        self.overflows.append(self.outbox.waiting)

    def position(self) -> int:
        return 0

    def switched(self) -> None:
        """Do nothing: nobody delivers here."""
