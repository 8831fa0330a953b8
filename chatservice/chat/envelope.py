"""The envelope in which an event travels through this process."""

from __future__ import annotations

from chatservice.chat.door import Door
from chatservice.chat.rooms import Member
from chatservice.protocol.events import Event


class Envelope:
    """An event on its way through this process, and the people and rooms in it that are here.

    An event holds no live object, so that it is the same on the wire, in the journal and anywhere
    else. Everything that only this process knows is on its envelope.

    @ivar event: the fact.
    @ivar author: the member who did it, if it was done here. It decides what is "my own", which a
        nickname, free to change hands, cannot.
    @ivar other: the recipient, or the person it was done to, if here; known when it is stored.
    @ivar rooms: the names of the rooms in which it is seen; known when it is stored.
    @ivar door: in L{chatservice.protocol.events.Resumed}, the door that its author hears through
        from then on.
    """

    __slots__ = ("author", "door", "event", "other", "rooms")

    def __init__(
        self, event: Event, author: Member | None = None, door: Door | None = None
    ) -> None:
        self.event = event
        self.author = author
        self.door = door
        self.other: Member | None = None
        self.rooms = event.touched

    def parties(self) -> list[Member]:
        """List the author and the other, as far as they are here."""
        return [member for member in (self.author, self.other) if member is not None]
