"""The flood limit of a connection: a session pauses reading until its lines are paid for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import TYPE_CHECKING, Protocol

from chatservice.people.ratelimit import WEIGHT

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat
    from chatservice.people.peers import Peer
    from chatservice.sessions.outbox import Outbox

ANSWER_WEIGHT = 64 * 1024
"""The bytes of an answer that cost as much as one line."""


class Connection(Protocol):
    """The interface between a session and its carrier, which makes one for each peer.

    It tells the session what the peer sends (C{received}, C{too_long}, C{bytes_taken},
    C{note_sign_of_life}, C{input_ended}), and when it begins (C{begin}) and ends (C{ended}).

    @ivar peer: the other end.
    @ivar outbox: the only writer.
    """

    peer: Peer
    outbox: Outbox

    @property
    def closes_itself(self) -> bool:
        """Whether the peer is known to exit when its connection closes."""

    def pause(self) -> None:
        """Stop reading, but still notice resets."""

    def resume(self) -> None:
        """Resume reading."""

    def show_typing(self, shown: bool) -> None:
        """Make the peer show or hide what its user types, if possible."""

    def ask(self) -> None:
        """Make the peer answer automatically, if possible."""

    def close(self) -> None:
        """Stop reading, and close once everything is sent."""

    def abort(self) -> None:
        """Close on the next turn of the reactor, and discard what is not sent yet."""

    def detach(self) -> None:
        """Hand the connection over to another carrier."""


class Metered(ABC):
    """A session that reads no faster than the flood limit allows.

    @ivar chat: the chat, whose flood limit applies.
    @ivar connection: the connection that carries the session, once it has begun.
    """

    # A member takes 1 KiB less where all classes of its session have slots.
    __slots__ = ("_holds", "_unpaid", "chat", "connection")

    connection: Connection

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self._holds = 0
        self._unpaid = 0

    @property
    @abstractmethod
    def payer(self) -> Hashable:
        """The payer besides the address; see L{chatservice.people.ratelimit.FloodLimit}."""

    @property
    def price(self) -> float:
        """The fraction of a line's cost that the person pays; the address pays all of it."""
        return 1.0

    @property
    @abstractmethod
    def is_ended(self) -> bool:
        """Whether the connection is gone."""

    def pay(self, lines: float = 1) -> None:
        """Charge for lines, and pause reading until they are paid for."""
        flood = self.chat.flood
        if not flood.is_limited:
            return
        wait = flood.spend(self.payer, self.connection.peer.origin, lines, self.price)
        if wait:
            self.hold()
            self.chat.reactor.callLater(wait, self.release)

    def bytes_taken(self, size: int) -> None:
        """Charge for bytes that the peer sent, of any kind."""
        self._unpaid += size
        if self._unpaid >= WEIGHT:
            lines, self._unpaid = divmod(self._unpaid, WEIGHT)
            self.pay(lines)

    def reply(self, data: bytes) -> None:
        """Send an answer, and charge for a large one as for several lines."""
        self.connection.outbox.write(data)
        if len(data) >= ANSWER_WEIGHT:
            self.pay(len(data) // ANSWER_WEIGHT)

    def hold(self) -> None:
        """Pause reading; each call must be matched by one of L{release}."""
        self._holds += 1
        if self._holds == 1:
            self.connection.pause()

    def release(self) -> None:
        """Undo one L{hold}, and resume reading when none is left."""
        self._holds -= 1
        if self._holds == 0 and not self.is_ended:
            self.connection.resume()
