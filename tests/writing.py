"""An outbox that is looked at."""

from twisted.internet.task import Clock

from chatservice.outbox import Outbox
from tests.doubles import Wire

LIMIT = 1024 * 1024


class Writer:
    """The protocol of a connection whose outbox is looked at.

    @ivar overflows: how many bytes waited at each overflow.
    """

    def __init__(self, window: int | None = None, direct: bool = True, limit: int = LIMIT) -> None:
        self.overflows: list[int] = []
        self.wire = Wire.to(self, Clock(), window)
        self.outbox = Outbox(self.wire, limit, self.overflow, direct)

    def makeConnection(self, transport: Wire) -> None:
        pass

    def connectionLost(self, reason: object) -> None:
        self.outbox.close()

    def overflow(self) -> None:
        self.overflows.append(self.outbox.waiting)
