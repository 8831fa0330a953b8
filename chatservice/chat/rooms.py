"""Rooms and members: who is where, and what a room remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.chat.door import Door
from chatservice.chat.read_markers import Reading
from chatservice.chat.recent import Recent, Recents
from chatservice.chat.refs import Spoken
from chatservice.people.account import Account
from chatservice.people.addresses import origin_of
from chatservice.people.identity import identity_of
from chatservice.protocol.events import LATEST
from chatservice.protocol.preferences import Preferences

ROOMS_PER_MEMBER = 50
NOBODY: dict[str, str] = {}
AS_IT_COMES = Preferences()


class Member:
    """Anyone present, through whatever door.

    @ivar door: what others' events are delivered to.
    @ivar rooms: the rooms the member is in, by name, in the order of entering.
    @ivar current: the room that typed lines go to, if there is one.
    @ivar token: the secret with which the member can come back.
    @ivar account: the account that the member has proved, if any.
    @ivar identity: the 16 bytes under which everything about the member is stored: the account's,
        or the hash of the token (L{identity_of}).
    @ivar address: the host that the member came from, or empty for this machine.
    @ivar since: the id of the arrival in the chat, above all ids until that has passed.
    @ivar came: the time of the arrival, in the reactor's seconds.
    @ivar away: why the member is away (maybe empty), or C{None}.
    @ivar fence: the id from which on the broadcast reaches the member.
    @ivar pages: the continuations of commands whose answers go on, by the command's name.
    @ivar pinged: the time of the last request for a sign of life, in the reactor's seconds.
    @ivar lost_at: the last id heard before the connection was lost; 0 while it is connected.
    @ivar reading: how far the member has read.
    @ivar forgotten: the identity whose data the member had erased, if any; nothing records that
        a member who leaves under it was here.
    @ivar ignored: the nicknames that the member ignores, by key; replaced as a whole when it
        changes.
    @ivar told_not_kept: whether the member knows that its settings are kept only until it leaves.
    @ivar spoken: what the member said lately, under refs.
    @ivar spoke_at: when the member last spoke in each room, in the reactor's seconds.
    @ivar uncommitted: the number of the member's events on their way through the journal.
    @ivar waiting: Deferreds that fire when there are none.
    """

    __slots__ = (
        "account",
        "address",
        "away",
        "came",
        "current",
        "door",
        "fence",
        "forgotten",
        "identity",
        "ignored",
        "key",
        "lost_at",
        "nick",
        "pages",
        "pinged",
        "preferences",
        "reading",
        "rooms",
        "since",
        "spoke_at",
        "spoken",
        "token",
        "told_not_kept",
        "uncommitted",
        "waiting",
    )

    def __init__(
        self, nick: str, key: str, door: Door, token: str, address: str = ""
    ) -> None:
        self.nick = nick
        self.key = key
        self.door = door
        self.token = token
        self.account: Account | None = None
        self.identity = identity_of(token)
        self.address = address
        self.since = LATEST
        self.came = 0.0
        self.away: str | None = None
        self.fence = LATEST
        self.pages: dict[str, Callable[[Any], Any]] = {}
        self.pinged: float | None = None
        self.lost_at = 0
        self.reading = Reading()
        self.forgotten: bytes | None = None
        self.ignored = NOBODY
        self.preferences = AS_IT_COMES
        self.told_not_kept = False
        self.rooms: dict[str, Room] = {}
        self.current: Room | None = None
        self.spoken = Spoken()
        self.spoke_at: dict[str, float] = {}
        self.uncommitted = 0
        self.waiting: list[Deferred[None]] = []

    @property
    def origin(self) -> str:
        """The name under which limits count the member's address."""
        return origin_of(self.address)

    def forget_room(self, room: Room) -> None:
        """Take the member out of a room."""
        del self.rooms[room.name]
        self.reading.forget(room.name)
        self.spoke_at.pop(room.name, None)
        if room.founder is self:
            room.founder = None
        if self.current is room:
            self.current = next(reversed(self.rooms.values()), None)

    def spoke_since(self, moment: float) -> tuple[str, ...]:
        """Name the rooms in which the member spoke after a moment, in the reactor's seconds."""
        return tuple(room for room, last in self.spoke_at.items() if last > moment)

    def seen_last(self) -> tuple[tuple[str, int], ...]:
        """List the rooms with more to read (C{""}: private lines), and the last id seen in each."""
        lost = dict.fromkeys(("", *self.rooms), self.lost_at) if self.lost_at else {}
        return tuple((lost | self.reading.missed).items())

    def come(self, id: int) -> None:
        """Note the id of the member's arrival, which has passed, unless it is known already."""
        if self.since == LATEST:
            self.since = self.fence = id
            # The connection may be lost again by now.
            self.lost_at = self.lost_at and max(self.lost_at, id)

    def lose(self, seen: int, behind: int | None) -> None:
        """Note that the connection is lost, unless it was lost before.

        @param seen: the last id that was heard.
        @param behind: the last id before the first unsent one, if there is one.
        """
        if self.lost_at:
            return
        if behind is not None:
            self.reading.take_back()
        self.reading.unsent.clear()
        self.lost_at = seen if behind is None else min(seen, behind)

    def miss(self, since: int, until: int) -> None:
        """Note that nothing was heard between two ids."""
        self.reading.miss(("", *self.rooms), since)
        self.fence = until


class Room:
    """A named place.

    C{members}, the people who are I{in} it, change at once, when a verb is carried out.
    C{audience}, the people who I{hear} it, changes as C{Joined} and C{Left} pass through the
    broadcast.

    @ivar name: without C{#}.
    @ivar departing: the number of C{Parted} and C{Left} on their way to the audience.
    @ivar founder: the member who made it and will own it, until that is stored.
    @ivar recent: the last stored events.
    @ivar used: whether anything had ever been said in it when it was opened.
    """

    __slots__ = ("audience", "departing", "founder", "members", "name", "recent", "used")

    def __init__(self, name: str, recents: Recents | None = None, used: bool = False) -> None:
        self.name = name
        self.recent = Recent((), recents)
        self.members: set[Member] = set()
        self.audience: set[Member] = set()
        self.departing = 0
        self.founder: Member | None = None
        self.used = used

    def let_go(self, member: Member) -> None:
        """Take a member out of the room; the audience is about to be told."""
        self.members.discard(member)
        self.departing += 1

    def turn_out(self, member: Member) -> None:
        """Carry out a kick, unless the member was already out; one who is back by now stays."""
        if member in self.audience:
            self.audience.discard(member)
            self.members.discard(member)
            if self.name in member.rooms:
                member.forget_room(self)

    def is_over(self) -> bool:
        """Tell whether nobody is here, and nobody's leaving is still on its way."""
        return not self.members and not self.departing

    def last_id(self) -> int:
        """Find the id of the newest stored event, or 0."""
        return self.recent.last_id()
