"""The paying for what is read from a connection, by reading no further for a while."""

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
"""Bytes of an answer that cost as much as a line does."""


class Connection(Protocol):
    """The contract of a carrier's connection with its session. A carrier makes one for each peer.

    It tells its session what the peer sends (C{received}, C{too_long}, C{bytes_taken},
    C{note_sign_of_life}, C{input_ended}), and its own beginning (C{begin}) and end (C{ended}).

    @ivar peer: the other end.
    @ivar outbox: the only writer.
    """

    peer: Peer
    outbox: Outbox

    @property
    def closes_itself(self) -> bool:
        """Whether the peer is known to end when its connection does."""

    def pause(self) -> None:
        """Read nothing more, and notice resets all the same."""

    def resume(self) -> None:
        """Read on."""

    def show_typing(self, shown: bool) -> None:
        """Have the peer show or hide what its person types, if that is possible."""

    def ask(self) -> None:
        """Have the peer answer by itself, if that is possible."""

    def close(self) -> None:
        """Close once everything is sent, and read nothing more."""

    def abort(self) -> None:
        """Close on the next turn of the reactor, without sending what waits."""

    def detach(self) -> None:
        """Leave the connection to another carrier."""


class Metered(ABC):
    """A session that is read as fast as the flood limit allows.

    @ivar chat: the chat whose flood limit that is.
    @ivar connection: what carries the session, from its beginning on.
    """

    connection: Connection

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self._holds = 0
        self._unpaid = 0

    @property
    @abstractmethod
    def payer(self) -> Hashable:
        """The key of the person who pays, besides the address; see
        L{chatservice.people.ratelimit.FloodLimit}.
        """

    @property
    def price(self) -> float:
        """The part of its cost that the person pays for a line; the address pays all of it."""
        return 1.0

    @property
    @abstractmethod
    def is_ended(self) -> bool:
        """Whether the connection is gone."""

    def pay(self, lines: int = 1) -> None:
        """Count lines, and read no further until they are paid for."""
        flood = self.chat.flood
        if not flood.is_limited:
            return
        wait = flood.spend(self.payer, self.connection.peer.origin, lines, self.price)
        if wait:
            self.hold()
            self.chat.reactor.callLater(wait, self.release)

    def bytes_taken(self, size: int) -> None:
        """Count bytes that the peer sent, whatever they are."""
        self._unpaid += size
        if self._unpaid >= WEIGHT:
            lines, self._unpaid = divmod(self._unpaid, WEIGHT)
            self.pay(lines)

    def reply(self, data: bytes) -> None:
        """Send an answer; a large one costs as much as some lines do."""
        self.connection.outbox.write(data)
        if len(data) >= ANSWER_WEIGHT:
            self.pay(len(data) // ANSWER_WEIGHT)

    def hold(self) -> None:
        """Read no further; as often as it is called, L{release} must be called."""
        self._holds += 1
        if self._holds == 1:
            self.connection.pause()

    def release(self) -> None:
        """Read on, unless there is another reason to wait."""
        self._holds -= 1
        if self._holds == 0 and not self.is_ended:
            self.connection.resume()
