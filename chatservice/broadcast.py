"""From a committed batch to the bytes of every member who is to see it: the hot path.

Most members are in one of the rooms that a batch touches, caused none of it, and take the same
bytes: a room's events, rendered once for each wire format and joined. The few others (authors,
who joined or left, whoever is in several of the rooms) get a join of their own of the same pieces.
Everybody gets one delivery.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.logger import Logger

from chatservice.events import Batch, Event, Joined, Left, Parted, Resumed, Whispered
from chatservice.rooms import Fenced, Format, Member, Room

log = Logger()

View = tuple[Format, bool]
"""A wire format, and whether the room is the reader's current one."""


def broadcast(batch: Batch, rooms: Mapping[str, Room]) -> None:
    """Deliver a batch to everybody who hears it, and let its joins and leaves take effect.

    @param rooms: by name; every room that the batch touches is in it.
    """
    singled_out = _singled_out(batch, rooms)
    heard = _pass_through(batch, rooms, singled_out)
    for name, events in heard.items():
        _deliver_room(rooms[name], events, singled_out)
    for member, pieces in singled_out.items():
        if pieces:
            _deliver(member, b"".join(pieces))


def _singled_out(batch: Batch, rooms: Mapping[str, Room]) -> dict[Member, list[bytes]]:
    """The members who need a join of their own."""
    members: set[Member] = set()
    touched: set[str] = set()
    leaving: set[Member] = set()
    for event in batch:
        touched.update(event.touched)
        if event.author is not None:
            members.add(event.author)
            if isinstance(event, Left):
                leaving.add(event.author)
        if isinstance(event, Whispered) and event.recipient is not None:
            members.add(event.recipient)
    if len(touched) > 1:
        members |= _in_several([rooms[name].audience for name in touched])
    return {member: [] for member in members - leaving}


def _in_several(audiences: list[set[Member]]) -> set[Member]:
    *smaller, largest = sorted(audiences, key=len)
    seen: set[Member] = set()
    twice: set[Member] = set()
    for audience in smaller:
        twice |= seen & audience
        seen |= audience
    return twice | (seen & largest)


def _pass_through(
    batch: Batch, rooms: Mapping[str, Room], singled_out: dict[Member, list[bytes]]
) -> dict[str, list[Event]]:
    """Let the events happen one after the other, and give back what was heard in each room.

    Fills in the pieces of those singled out on the way, for what they see depends on who hears a
    room at that very moment.
    """
    heard: dict[str, list[Event]] = {}
    for event in batch:
        touched = [rooms[name] for name in event.touched]
        if isinstance(event, Joined) and event.author is not None:
            touched[0].audience.add(event.author)
        elif isinstance(event, Resumed):
            _let_through(event)
        views: dict[View, bytes] = {}
        for member, pieces in singled_out.items():
            try:
                piece = _piece(event, touched, member, views)
            except Exception:
                _fail(member)
            else:
                pieces.append(piece)
        for room in touched:
            heard.setdefault(room.name, []).append(event)
            if isinstance(event, Parted | Left) and event.author is not None:
                room.audience.discard(event.author)
            if event.stored:
                room.recent.append(event)
    return heard


def _let_through(event: Resumed) -> None:
    """The fence has passed, unless another connection took over meanwhile."""
    member = event.author
    if member is not None and isinstance(member.door, Fenced) and member.door.door is event.door:
        member.door = event.door


def _piece(event: Event, touched: list[Room], member: Member, views: dict[View, bytes]) -> bytes:
    """What one member sees of one event; nothing if it does not reach that member."""
    if event.author is member:
        return member.door.own(event)
    if isinstance(event, Whispered):
        return member.door.format.render(event, True) if event.recipient is member else b""
    if not any(member in room.audience for room in touched):
        return b""
    here = len(touched) != 1 or member.current is touched[0]
    view = (member.door.format, here)
    if view not in views:
        views[view] = view[0].render(event, here)
    return views[view]


def _deliver_room(room: Room, events: list[Event], singled_out: Mapping[Member, object]) -> None:
    views: dict[View, bytes] = {}
    for member in room.audience.difference(singled_out):
        try:
            door = member.door
            view = (door.format, member.current is room)
            data = views.get(view)
            if data is None:
                data = views[view] = b"".join(_rendered(room, events, view))
            door.deliver(data)
        except Exception:
            _fail(member)


def _rendered(room: Room, events: list[Event], view: View) -> list[bytes]:
    wire, here = view
    return [wire.render(event, here or len(event.touched) != 1) for event in events]


def _deliver(member: Member, data: bytes) -> None:
    try:
        member.door.deliver(data)
    except Exception:
        _fail(member)


def _fail(member: Member) -> None:
    log.failure("Delivering to {nick} failed; dropping that member.", nick=member.nick)
    member.door.fail()
