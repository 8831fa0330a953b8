"""The language of a door: what a session must say and understand for it."""

from __future__ import annotations

from abc import abstractmethod

from chatservice.chat.door import Format
from chatservice.chat.rooms import Member
from chatservice.protocol.events import NO_TIMES, ChatError, Event, Times, Watched, Whispered
from chatservice.protocol.wording import not_read_now
from chatservice.sessions.in_turn import InTurn


class Language(InTurn):
    """The part of a session that a door defines.

    A subclass of L{Session <chatservice.sessions.session.Session>} interprets messages from the
    peer (L{heard}), spells sentences (L{tell}), and has the C{name} of the door.

    @cvar end_is_goodbye: whether a peer that ends its connection means to leave.
    @cvar is_typed: whether somebody may type at the other end, so that telnet is understood.
    """

    __slots__ = ("format",)

    kind: str
    name: str
    format: Format
    end_is_goodbye = is_typed = True

    @abstractmethod
    def heard(self, message: bytes) -> None:
        """Act on a message: a line without its end, or another carrier's equivalent.

        @raise ChatError: a mistake of the member's.
        """

    def cost(self, message: bytes) -> float:
        """Tell how many lines a message counts for in the flood limit."""
        return 1

    @abstractmethod
    def tell(self, error: ChatError) -> None:
        """Send an error about this connection or its last line."""

    @abstractmethod
    def notify(self, lines: list[str], events: list[Event], times: Times = NO_TIMES) -> None:
        """See L{chatservice.chat.door.Door.notify}."""

    def unread_now(self, event: Whispered, away: str | None) -> None:
        """See L{chatservice.chat.door.Door.unread_now}."""
        self.notify([not_read_now(event.to, away)], [])

    @abstractmethod
    def ping(self, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.ping}."""

    @abstractmethod
    def reads(self, room: str, is_current: bool) -> bool:
        """See L{chatservice.chat.door.Door.reads}."""

    def waits_for(self, member: Member) -> bool:
        """Tell whether a member who has lost its connection here may come back to this stay."""
        return True

    def read_on(self, room: str, id: int, following: bool) -> None:
        """See L{chatservice.chat.door.Door.read_on}; line doors count nothing."""

    def show_missed(self) -> None:
        """See L{chatservice.chat.door.Door.show_missed}; programs ask for the history."""

    @abstractmethod
    def preferences_changed(self) -> None:
        """See L{chatservice.chat.door.Door.preferences_changed}."""

    @abstractmethod
    def render_own(self, event: Event, mine: bool) -> bytes:
        """See L{chatservice.chat.door.Door.render_own}."""

    @abstractmethod
    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        """See L{chatservice.chat.door.Door.render_elsewhere}."""

    def render_watched(self, event: Event, watched: Watched | None) -> bytes:
        """See L{chatservice.chat.door.Door.render_watched}."""
        return b"" if watched is None else self.format.render(watched, True)

    def again(self, event: Event) -> None:
        """See L{chatservice.chat.door.Door.again}; without refs there are no repeats."""

    def refuse(self, event: Event, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.refuse}; a subclass must also tell the peer."""
        self.note_refusal()
