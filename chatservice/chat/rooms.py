"""Rooms, members and their devices: who is where, who hears what, and what a room remembers."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.chat.audience import Audience
from chatservice.chat.coming import Coming
from chatservice.chat.door import NOWHERE, Door, Fenced
from chatservice.chat.dwelling import Dweller
from chatservice.chat.read_markers import NO_MARKERS, without
from chatservice.chat.receiving import Receiver
from chatservice.chat.recent import Recent, Recents
from chatservice.chat.refs import Spoken
from chatservice.people.account import Account, Proof
from chatservice.people.addresses import origin_of
from chatservice.people.identity import identity_of
from chatservice.protocol.preferences import Preferences

ROOMS_PER_MEMBER = 50
NOBODY: dict[str, str] = {}
NEVER: dict[str, float] = {}
NO_PAGES: dict[str, Callable[[Any], Any]] = {}
AS_IT_COMES = Preferences()


class Device(Receiver["Room"]):
    """One connection of a member: a phone, a browser tab, a terminal.

    Everything that belongs to one connection is here, and all else belongs to the L{Member}. Its
    door is L{Fenced} until its fence has passed, and L{NOWHERE} once it has ended.

    @ivar client: the name that its program gave itself, or empty.
    @ivar coming: how it came.
    @ivar kind: the C{kind} of its door, C{door_name} the name and C{peer} the other end, which all
        stay when it has ended.
    @ivar came: when it came, in the reactor's seconds.
    @ivar fence: the id from which on the broadcast reaches it; 0 until that has passed.
    @ivar is_housed: whether the other nodes of a cluster have been told of it.
    @ivar pages: the continuations of commands whose answers go on, by the command's name.
    """

    __slots__ = (
        "came",
        "client",
        "coming",
        "door_name",
        "fence",
        "is_housed",
        "kind",
        "member",
        "pages",
        "peer",
    )

    def __init__(self, member: Member, door: Door, client: str, coming: Coming) -> None:
        super().__init__(door, member.talking_in)
        self.member = member
        self.client = client
        self.kind, self.door_name, self.peer = door.kind, door.name, door.peer
        self.coming = coming
        self.came = 0.0
        self.fence = 0
        self.is_housed = False
        self.pages = NO_PAGES

    @property
    def name(self) -> str:
        """The name of the device, for its owner: its client's, or that of its door."""
        return self.client or f"{self.door_name} connection"

    @property
    def program(self) -> str:
        """The name of its program, or else the kind of its door; see L{Devices.place}."""
        return self.client or self.kind

    @property
    def is_over(self) -> bool:
        """Whether its connection has ended, or another one has taken its place."""
        return self.door is NOWHERE

    # Its life.

    def open(self, id: int) -> None:
        """Hear everything from an event on: the fence has passed, unless the device has ended."""
        if isinstance(self.door, Fenced):
            door = self.door.door
            door.preferences_changed()
            self._hear_nothing()
            self.hear_through(door)
            self.fence = id
            for room in self.member.rooms.values():
                if self.member in room.present:
                    self.hear(room)
            self.member.note_reading(id, self)

    def turn_to(self, room: Room | None) -> None:
        """Make a room the current one.

        If that makes a line door read it, then all of it is read that was shown there before.
        """
        former, self.member.talking_in = self.current, room
        if room is former:
            return
        with self._changing():
            self.current = room
        if not self.fence:
            # It reads nothing yet; see open.
            return
        for each in (former, room):
            # A room that the member is coming into is read from there on; see come.
            if each is not None and each.name in self.member.rooms and self.member in each.present:
                self._note_turning(each.name, max(each.last_id(), self.fence))

    def _note_turning(self, room: str, at: int) -> None:
        if self.reads(room) and self._read_all_shown(room):
            self.member.tell_reading(room, at, self)
        else:
            self.member.note_reading_of(room, at, self)

    def end(self) -> Door:
        """Hear nothing more, and no longer belong to the member.

        @return: the door that it had.
        """
        door = self.door
        self._hear_nothing()
        self.hear_through(NOWHERE)
        others = (each for each in self.member.devices if each is not self)
        self.member.devices = tuple(others)
        return door

    def _hear_nothing(self) -> None:
        for room in self.heard:
            self.hear_no_more(room)

    def move(self, member: Member, door: Door, coming: Coming) -> None:
        """Belong to another member from now on; it has ended as a device of the former one."""
        self.member, self.coming, self.fence, self.is_housed = member, coming, 0, False
        self.current = member.talking_in
        self.receive_anew()
        self.pages = NO_PAGES
        self.hear_through(door)
        member.devices += (self,)

    # Reading.

    def reads(self, room: str) -> bool:
        """Tell whether what comes from a room counts as read (C{""}: private lines)."""
        return self.door.reads(room, self.current is not None and self.current.name == room)

    def read_all_shown(self) -> None:
        """Note that everything is read that a line door has shown, for the member goes."""
        for room in list(self.member.reading.missed):
            if self.door.reads(room, True):
                self._read_all_shown(room)

    def _read_all_shown(self, room: str) -> bool:
        return self.fence > 0 and self.member.reading.catch_up(room, self.fence)

    def all_sent(self) -> None:
        """Note that everything that it was given is sent."""
        self.member.reading.mark_sent(self.moved)
        self.unsent = self.moved = NO_MARKERS


class Member(Dweller["Device", "Room"]):
    """Anyone present, through whatever doors; see also L{Dweller}, and L{Reader
    <chatservice.chat.read_markers.Reader>}.

    @ivar lost: devices whose connection was lost and which may come back, the latest at the end.
    @ivar talking_in: the room that a device last made its current one.
    @ivar token: the secret with which the member can come back; empty where that is not known.
    @ivar account: the account that the member has proved, if any.
    @ivar address: the host that the member came from last, or empty for this machine.
    @ivar came: the time of the arrival, in the reactor's seconds, if it was here.
    @ivar oper: the proof by which it has the power of a server operator without being logged in as
        one, if it has; it ends with the stay (sessions/power.py).
    @ivar pinged: the time of the last request for a sign of life, in the reactor's seconds.
    @ivar forgotten: the identity whose data the member had erased, if any; nothing records that
        a member who leaves under it was here.
    @ivar ignored: the nicknames that the member ignores, by key; replaced as a whole when it
        changes.
    @ivar told_not_kept: whether the member knows that its settings are kept only until it leaves.
    @ivar spoke_at: when the member last spoke in each room, in the reactor's seconds.
    @ivar uncommitted: the number of the member's events on their way through the journal.
    @ivar waiting: Deferreds that fire when there are none.
    """

    __slots__ = (
        "_spoken",
        "account",
        "address",
        "came",
        "forgotten",
        "ignored",
        "lost",
        "oper",
        "pinged",
        "preferences",
        "spoke_at",
        "talking_in",
        "token",
        "told_not_kept",
        "uncommitted",
        "waiting",
    )

    def __init__(self, nick: str, key: str, token: str, address: str = "") -> None:
        super().__init__(nick, key, identity_of(token))
        self.lost: tuple[Device, ...] = ()
        self.token = token
        self.account: Account | None = None
        self.address = address
        self.came: float | None = None
        self.oper: Proof | None = None
        self.pinged: float | None = None
        self.forgotten: bytes | None = None
        self.ignored = NOBODY
        self.preferences = AS_IT_COMES
        self.told_not_kept = False
        self.talking_in: Room | None = None
        self._spoken: Spoken | None = None
        self.spoke_at = NEVER
        self.uncommitted = 0
        self.waiting: tuple[Deferred[None], ...] = ()

    @property
    def spoken(self) -> Spoken:
        """The recent requests of the member; see refs.py."""
        if self._spoken is None:
            self._spoken = Spoken()
        return self._spoken

    def forget_spoken(self) -> None:
        """Forget the recent requests of the member."""
        self._spoken = None

    @property
    def origin(self) -> str:
        """The name under which limits count the member's address."""
        return origin_of(self.address)

    def addresses(self) -> set[str]:
        """List the hosts that the member is known to be at."""
        return {self.address, *(device.peer.address for device in self.devices)}

    def connect(self, door: Door, client: str = "", coming: Coming = Coming.NEW) -> Device:
        """Add a device, which hears through a door as soon as it is opened."""
        device = Device(self, door, client, coming)
        self.devices += (device,)
        return device

    def idle_seconds(self) -> float:
        """Tell how long nothing was heard from the member; without a device, for ever."""
        return min((device.door.idle_seconds() for device in self.devices), default=inf)

    def preferences_changed(self) -> None:
        """Have every device show things as the member now wishes."""
        for device in self.devices:
            device.preferences_changed()

    def tell(self, lines: list[str], but: Device | None = None) -> None:
        """Show sentences on every device.

        @param but: the one device that does not show them, as it shows them as an answer.
        """
        for device in self.devices:
            if device is not but:
                device.door.notify(lines, [])

    def forget_room(self, room: Room) -> None:
        """Take the member out of a room."""
        self.be_in(without(self.rooms, room.name))
        self.reading.forget(room.name)
        self.spoke_at.pop(room.name, None)
        for each in (*self.devices, *self.lost):
            each.forget_room(room.name)
        if room.founder is self:
            room.founder = None
        last = next(reversed(self.rooms.values()), None)
        if self.talking_in is room:
            self.talking_in = last
        for device in self.devices:
            if device.current is room:
                device.turn_to(last)

    def note_speaking(self, room: Room, at: float) -> None:
        """Note that the member has spoken in a room."""
        if self.spoke_at is NEVER:
            self.spoke_at = {}
        self.spoke_at[room.name] = at

    def spoke_since(self, moment: float) -> tuple[str, ...]:
        """Name the rooms in which the member spoke after a moment, in the reactor's seconds."""
        return tuple(room for room, last in self.spoke_at.items() if last > moment)

    def lose(self, device: Device, at: int) -> Door:
        """End a device.

        @param at: the last id that was shown there.
        @return: the door that it had.
        """
        if self.devices == (device,):
            device.read_all_shown()
        door = device.end()
        rooms = ("", *self.rooms)
        # A replay that has not begun yet is the next one's.
        device.replay = dict.fromkeys(rooms, at) | device.unsent | device.replay
        self.reading.take_back({room: device.moved[room] for room in rooms if room in device.moved})
        self.note_reading(at, device)
        return door


class Room:
    """A named place.

    C{members}, the people who are I{in} it, change at once, when a verb is carried out.
    C{present} and C{audience}, the people who are seen in it and the devices that I{hear} it,
    change as C{Joined} and C{Left} pass through the broadcast.

    @ivar name: without C{#}.
    @ivar alone: see L{Seen <chatservice.chat.read_markers.Seen>}.
    @ivar is_followed: whether what is said in it is remembered here even while nobody hears it; see
        L{RoomList.is_heard <chatservice.chat.room_list.RoomList.is_heard>}.
    @ivar departing: the member of each C{Parted} and C{Left} on its way to the audience.
    @ivar founder: the member who made it and will own it, until that is stored.
    @ivar recent: the last stored events.
    @ivar since: when its owner made it, or else when it was first entered since it is in memory,
        in microseconds since the epoch; 0 before that.
    @ivar used: whether anything had ever been said in it when it was opened.
    """

    __slots__ = (
        *("alone", "audience", "departing", "founder", "is_followed", "members", "name"),
        *("present", "recent", "since", "used"),
    )

    def __init__(self, name: str, recents: Recents | None = None, used: bool = False) -> None:
        self.name = name
        self.alone = {name: self}
        self.recent = Recent((), recents)
        # A dict of a few takes a third of the memory of a set.
        self.members: dict[Member, None] = {}
        self.present: dict[Member, None] = {}
        self.audience: Audience[Device] = Audience()
        self.is_followed = True
        self.departing: list[Member] = []
        self.founder: Member | None = None
        self.used = used
        self.since = 0

    def admit(self, member: Member) -> None:
        """Let a member be seen in the room, and hear it."""
        self.present[member] = None
        for device in member.devices:
            device.hear(self)

    def dismiss(self, member: Member) -> None:
        """Let a member no longer be seen in the room, nor hear it."""
        self.present.pop(member, None)
        for device in member.devices:
            device.hear_no_more(self)

    def let_in(self, member: Member) -> None:
        """Put a member into the room; the audience is about to be told."""
        self.members[member] = None
        member.be_in({**member.rooms, self.name: self})

    def let_go(self, member: Member) -> None:
        """Take a member out of the room; the audience is about to be told."""
        self.members.pop(member, None)
        self.departing.append(member)

    def turn_out(self, member: Member) -> None:
        """Carry out a kick, unless the member was already out; one who is back by now stays."""
        if member not in self.present:
            return
        self.dismiss(member)
        if member not in self.departing:
            self.members.pop(member, None)
            if self.name in member.rooms:
                member.forget_room(self)

    def is_over(self) -> bool:
        """Tell whether nobody is here, and nobody's leaving is still on its way."""
        return not self.members and not self.departing

    def last_id(self) -> int:
        """Find the id of the newest stored event, or 0."""
        return self.recent.last_id()
