"""Test doubles for the chat's inside: recording doors, and events on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatservice.chat.access import Whom
from chatservice.chat.coming import Coming
from chatservice.chat.door import Fenced
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device, Member, Room
from chatservice.people.identity import identity_of
from chatservice.people.peers import Peer
from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import (
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    Watched,
    Whispered,
)
from chatservice.server import ChatFactory


class RecordingFormat:
    """A format that spells an event as its id, with C{~} after it unless its room is current.

    @ivar rendered: the events rendered so far, in order.
    """

    heeds_room = hides_acts = True

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.rendered: list[tuple[int, bool]] = []

    def render(self, event: Event, here: bool) -> bytes:
        self.rendered.append((event.id, here))
        return f"{self.name}{event.id}{'' if here else '~'} ".encode()


class RecordingDoor:
    """A door that records the chat's calls.

    It spells the member's own event as C{!} and its id, and one of another device as C{+} and it.

    @ivar broken: the names of the methods that must raise.
    """

    peer = Peer("192.0.2.1", 40000)
    kind = "a recorder"
    name = "recording"

    is_arriving = False

    def __init__(self, wire: RecordingFormat | None = None) -> None:
        self.format = wire or RecordingFormat()
        self.deliveries: list[bytes] = []
        self.asked: list[str] = []
        self.refused: list[tuple[int, str]] = []
        self.broken: set[str] = set()

    @property
    def seen(self) -> list[str]:
        """The events delivered so far, one word each."""
        return b"".join(self.deliveries).decode().split()

    def _note(self, what: str) -> None:
        if what in self.broken:
            raise ZeroDivisionError(what)
        self.asked.append(what)

    def deliver(self, data: bytes) -> int:
        self._note("deliver")
        self.deliveries.append(data)
        return len(data)

    def deliver_rest(self, data: bytes, error: OSError | None) -> None:
        self._note("deliver_rest")
        self.deliveries.append(data)

    def render_own(self, event: Event, mine: bool) -> bytes:
        self._note("render_own")
        return f"!{event.id} ".encode()

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        self._note("render_elsewhere")
        return f"+{event.id}{'' if here else '~'} ".encode()

    def render_watched(self, event: Event, watched: Watched | None) -> bytes:
        self._note("render_watched")
        if watched is None:
            return f"?{event.id} ".encode()
        heard = "*" if watched.folded else ""
        return f"{watched.nick}{'+' if watched.here else '-'}{heard} ".encode()

    def reads(self, room: str, is_current: bool) -> bool:
        return is_current or not room

    def read_on(self, room: str, id: int, following: bool) -> None:
        self._note("read_on")

    def show_missed(self) -> None:
        self._note("show_missed")

    def behind(self) -> int | None:
        return None

    def again(self, event: Event) -> None:
        self._note("again")

    def refuse(self, event: Event, sentence: str) -> None:
        self._note("refuse")
        self.refused.append((event.id, sentence))

    def notify(self, lines: list[str], events: list[Event], times: Any = None) -> None:
        self._note("notify")

    def unread_now(self, event: Event, away: str | None) -> None:
        self.notify([], [])

    def preferences_changed(self) -> None:
        self._note("preferences_changed")

    def ping(self, sentence: str) -> None:
        self._note("ping")

    def idle_seconds(self) -> float:
        return 0.0

    def taken_over(self) -> None:
        self._note("taken_over")

    def close(self, sentence: str = "", code: str = "closing") -> None:
        self._note("close")

    def drop(self) -> None:
        self._note("drop")


def recorded(nick: str, *rooms: Room, wire: RecordingFormat | None = None) -> Member:
    """Make a member with a recording door, who is in the rooms and hears them.

    The first of the rooms is the current one.
    """
    member = Member(nick, nick, f"token of {nick}")
    device = member.connect(RecordingDoor(wire))
    for room in rooms:
        room.let_in(member)
        room.admit(member)
    device.turn_to(rooms[0] if rooms else None)
    return member


def another(member: Member, wire: RecordingFormat | None = None) -> Device:
    """Make one more device of a member, which hears the member's rooms; none is current."""
    device = member.connect(RecordingDoor(wire), coming=Coming.ALONGSIDE)
    device.current = None
    for room in member.rooms.values():
        device.hear(room)
    return device


def fenced(member: Member, wire: RecordingFormat | None = None) -> Device:
    """Make one more device of a member, which hears nothing before its L{Resumed}."""
    door: Any = RecordingDoor(wire)
    return member.connect(Fenced(door), coming=Coming.ALONGSIDE)


def deliver_through(device: Device, deliver: Callable[[bytes], int]) -> None:
    """Have a device deliver through a function, as if its door had begun to."""
    device.deliver = deliver
    for room in device.heard:
        room.audience.add(device, device.view(room))


def door_of(who: Member | Device) -> RecordingDoor:
    """Return the recording door of a device, fenced or not, or of a member's first one."""
    device = who if isinstance(who, Device) else who.devices[0]
    door: object = device.door.door if isinstance(device.door, Fenced) else device.door
    assert isinstance(door, RecordingDoor)
    return door


def seen(who: Member | Device) -> list[str]:
    """List the events that a device, or a member's first one, was shown, one word each."""
    return door_of(who).seen


def come(chat: ChatFactory, nick: str, *rooms: Room, token: str = "") -> Device:
    """Have somebody join rooms of a chat, through a recording door."""
    door: Any = RecordingDoor()
    return chat.join(door, nick, token, None, list(rooms), {})


def kick(chat: ChatFactory, by: Device, whom: Whom, room: str, why: str = "") -> None:
    """Send a kick on its way, without checking the right to it."""
    facts = {"target": whom.nick, "target_identity": whom.identity}
    chat.acting.act(by, Kicked(room=room, text=why, **facts))


def by(author: Member) -> dict[str, Any]:
    """Give the facts about an event's author."""
    return {"nick": author.nick, "identity": author.identity}


def sent(
    event: Event,
    author: Member | None = None,
    other: Member | None = None,
    rooms: tuple[str, ...] | None = None,
    device: Device | None = None,
) -> Envelope:
    """Put an event in an envelope, with the members that it is by and to.

    @param device: the device through which its author did it; by default, the first one.
    """
    if device is None and author is not None and author.devices:
        device = author.devices[0]
    envelope = Envelope(event, author, device)
    envelope.other = other
    if rooms is not None:
        envelope.rooms = rooms
    return envelope


def said(id: int, author: Member, room: Room, device: Device | None = None) -> Envelope:
    """Make the event of a member who says a line in a room."""
    line = Said(id=id, **by(author), room=room.name, text="hi")
    return sent(line, author, device=device)


def joined(id: int, author: Member, room: Room) -> Envelope:
    """Make the event of a member who joins a room."""
    return sent(Joined(id=id, **by(author), room=room.name), author)


def parted(id: int, author: Member, room: Room) -> Envelope:
    """Make the event of a member who leaves a room."""
    return sent(Parted(id=id, **by(author), room=room.name), author)


def left(id: int, author: Member, *rooms: Room) -> Envelope:
    """Make the event of a member who leaves the chat, and the rooms that it was in."""
    names = tuple(room.name for room in rooms)
    return sent(Left(id=id, **by(author), goodbye=True, why="", rooms=names), author)


def renamed(id: int, author: Member, *rooms: Room) -> Envelope:
    """Make the event of a member in some rooms who is called eve from now on."""
    names = tuple(room.name for room in rooms)
    return sent(Renamed(id=id, **by(author), now="eve", rooms=names), author)


def whispered(id: int, author: Member, to: Member) -> Envelope:
    """Make the event of a member who says something to another in private."""
    whom = {"to": to.nick, "to_identity": to.identity}
    return sent(Whispered(id=id, **by(author), **whom, text="psst"), author, to)


def resumed(id: int, device: Device) -> Envelope:
    """Make the event of one more device of a member."""
    author = device.member
    return sent(Resumed(id=id, **by(author)), author, device=device)


ADA, BOB, EVE = (identity_of(f"{nick}'s token") for nick in ("ada", "bob", "eve"))


def line(
    id: int, text: str = "hi", room: str = "lobby", nick: str = "ada", identity: bytes = ADA
) -> Said:
    """Make a line, ada's by default, as a journal returns it, without its author in the chat."""
    return Said(id=id, nick=nick, room=room, text=text, identity=identity)


def private_line(id: int, by: str, to: str, text: str = "psst") -> Whispered:
    """Make a private line, as a journal returns it."""
    author, reader = (identity_of(f"{nick}'s token") for nick in (by, to))
    return Whispered(id=id, nick=by, to=to, text=text, identity=author, to_identity=reader)
