"""What is read from a connection is paid for, and a connection that is not read is watched."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import TYPE_CHECKING

from chatservice.flood import WEIGHT
from chatservice.hangups import unwatched
from chatservice.networks import origin_of
from chatservice.reading import LineReader

if TYPE_CHECKING:
    from chatservice.server import ChatFactory

ANSWER_WEIGHT = 64 * 1024
"""Bytes of an answer that cost as much as a line does."""


class MeteredReader(LineReader):
    """A connection that is read as fast as the flood limit allows.

    @ivar chat: the chat whose flood limit that is.
    """

    def __init__(self, chat: ChatFactory) -> None:
        super().__init__()
        self.chat = chat
        self.stop_watching: Callable[[], None] = unwatched
        self._unpaid = 0

    # What a subclass says.

    @property
    @abstractmethod
    def payer(self) -> Hashable:
        """Who pays, besides the address; see L{chatservice.flood.FloodLimit}."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The host at the other end; empty if it is this machine, through a UNIX socket."""

    @abstractmethod
    def abort(self, why: str) -> None:
        """Close on the next turn of the reactor, without sending what waits."""

    @cached_property
    def origin(self) -> str:
        """What counts as the address (L{origin_of}); it is asked for with every line."""
        return origin_of(self.address)

    # What things cost.

    def pay(self, lines: int = 1) -> None:
        """Count lines, and read no further until they are paid for."""
        flood = self.chat.flood
        wait = flood.spend(self.payer, self.origin, lines) if flood.is_limited else 0.0
        if wait:
            self.hold()
            self.chat.reactor.callLater(wait, self.release)

    def bytes_taken(self, size: int) -> None:
        """See L{LineReader.bytes_taken}."""
        self._unpaid += size
        if self._unpaid >= WEIGHT:
            lines, self._unpaid = divmod(self._unpaid, WEIGHT)
            self.pay(lines)

    def reply(self, data: bytes) -> None:
        """Send an answer; a large one costs as much as some lines do."""
        self.outbox.write(data)
        if len(data) >= ANSWER_WEIGHT:
            self.pay(len(data) // ANSWER_WEIGHT)

    # While nothing is read.

    def pauseProducing(self) -> None:
        super().pauseProducing()
        self.stop_watching = self.chat.hang_ups.watch(self.transport, self._reset)

    def resumeProducing(self) -> None:
        self.stop_watching()
        self.stop_watching = unwatched
        super().resumeProducing()

    def _reset(self) -> None:
        """The peer is gone, and what it had sent before is not said any more."""
        self.abort("connection lost")
