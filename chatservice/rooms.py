"""A room, and a member: who is where, and what a room remembers."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from twisted.internet.defer import Deferred

from chatservice.events import Event

LOBBY = "lobby"
RECENT_EVENTS = 200
ROOMS_PER_MEMBER = 50


class Format(Protocol):
    """How one wire spells events. Two doors with the same format share the same bytes."""

    def render(self, event: Event, here: bool) -> bytes:
        """The event for somebody who did not cause it.

        @param here: whether its room is the reader's current one.
        """


class Door(Protocol):
    """What the chat asks of a connection with a member behind it."""

    format: Format

    def deliver(self, data: bytes) -> None:
        """Send what the format made, without waiting."""

    def own(self, event: Event) -> bytes:
        """The bytes of an event that this door's own member caused."""

    def refuse(self, event: Event, sentence: str) -> None:
        """Tell that the member's event could not be stored, so that nobody saw it."""

    def dismiss(self) -> None:
        """The member has left the chat: close, once everything is sent."""

    def displace(self) -> None:
        """Another connection takes the member over: close at once, and read nothing more."""

    def fail(self) -> None:
        """Delivering to the member ran into a bug: drop it, on a later turn."""


class _Nowhere:
    """The door of a member whose connection is gone, or not there yet: it lets nothing through."""

    class _Silence:
        def render(self, event: Event, here: bool) -> bytes:
            return b""

    format: Format = _Silence()

    def deliver(self, data: bytes) -> None:
        pass

    def own(self, event: Event) -> bytes:
        return b""

    def refuse(self, event: Event, sentence: str) -> None:
        pass

    def dismiss(self) -> None:
        pass

    def displace(self) -> None:
        pass

    def fail(self) -> None:
        pass


NOWHERE: Door = _Nowhere()


class Fenced(_Nowhere):
    """A door that took a member over, until the fence has passed: it lets nothing through yet.

    @ivar door: the one that will.
    """

    def __init__(self, door: Door) -> None:
        self.door = door

    def dismiss(self) -> None:
        self.door.dismiss()

    def displace(self) -> None:
        self.door.displace()


class Member:
    """Anyone present, through whatever door.

    @ivar door: where what others do is delivered to.
    @ivar rooms: the rooms the member is in, by name, in the order of entering.
    @ivar current: the room that lines go to, if there is one.
    @ivar token: the secret with which the member takes the place back.
    @ivar uncommitted: how many events of the member's are on their way through the journal, and
        C{waiting} fires when there is none.
    """

    __slots__ = ("current", "door", "key", "nick", "rooms", "token", "uncommitted", "waiting")

    def __init__(self, nick: str, key: str, door: Door, token: str) -> None:
        self.nick = nick
        self.key = key
        self.door = door
        self.token = token
        self.rooms: dict[str, Room] = {}
        self.current: Room | None = None
        self.uncommitted = 0
        self.waiting: list[Deferred[None]] = []

    @property
    def identity(self) -> bytes:
        """What private messages are kept under: 16 bytes that do not give the token away."""
        return hashlib.blake2b(self.token.encode(), digest_size=16).digest()


class Room:
    """A named place.

    Who is I{in} a room changes at once, when a verb is carried out (C{members}); who I{hears} it
    changes as C{Joined} and C{Left} pass through the broadcast (C{audience}).

    @ivar name: without ``#``.
    @ivar departing: how many C{Parted} and C{Left} are on their way to the audience.
    @ivar recent: the last stored events, oldest first.
    """

    __slots__ = ("audience", "departing", "members", "name", "recent")

    def __init__(self, name: str, recent: Iterable[Event] = ()) -> None:
        self.name = name
        self.recent: deque[Event] = deque(recent, RECENT_EVENTS)
        self.members: set[Member] = set()
        self.audience: set[Member] = set()
        self.departing = 0

    def let_go(self, member: Member) -> None:
        """The member is not in the room any more; those who hear it are about to be told."""
        self.members.discard(member)
        self.departing += 1

    def is_over(self) -> bool:
        """Whether nobody is here any more, and nobody's leaving is still on its way."""
        return not self.members and not self.departing

    def last_id(self) -> int:
        """The id of the newest stored event, or 0."""
        return self.recent[-1].id if self.recent else 0
