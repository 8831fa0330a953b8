"""The hot path: from a committed batch to the bytes that each member receives.

Most members are in one of the rooms that a batch touches, caused none of it, and share the same
bytes: the room's events, rendered once for each wire format and joined. For the few others
(authors, people who join or leave, members of several of the rooms) the same pieces are joined
individually. Everybody gets one delivery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.logger import Logger

from chatservice.chat.door import Fenced, Format
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Member, Room
from chatservice.protocol.actions import Kicked, OperatorAct
from chatservice.protocol.events import Joined, Left, Parted, Resumed

log = Logger()

View = tuple[Format, bool]
"""A wire format, and whether the room is the reader's current one."""


def broadcast(batch: Sequence[Envelope], rooms: Mapping[str, Room]) -> None:
    """Deliver a batch to everybody who hears it, and let its joins and leaves take effect.

    @param rooms: the rooms by name; a room that is missing here has no hearers.
    """
    rendered = _Rendered()
    singled_out = _singled_out(batch, rooms)
    heard = _pass_through(batch, rooms, singled_out, rendered)
    for name, events in heard.items():
        _deliver_room(rooms[name], events, singled_out, rendered)
    for member, pieces in singled_out.items():
        if pieces:
            _deliver(member, b"".join(pieces))


class _Rendered:
    """The bytes of a batch's events, made once for each view."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[int, View], bytes] = {}

    def piece(self, envelope: Envelope, wire: Format, here: bool) -> bytes:
        """Render an event as it looks to readers who did not cause it."""
        event = envelope.event
        view = (wire, here or len(envelope.rooms) != 1)
        key = (event.id, view)
        piece = self._pieces.get(key)
        if piece is None:
            piece = self._pieces[key] = wire.render(event, view[1])
        return piece


def _singled_out(
    batch: Sequence[Envelope], rooms: Mapping[str, Room]
) -> dict[Member, list[bytes]]:
    """Find the members who need their pieces joined individually, each with a list for them."""
    members: set[Member] = set()
    touched: set[str] = set()
    for envelope in batch:
        touched.update(name for name in envelope.rooms if name in rooms)
        members.update(envelope.parties())
    if len(touched) > 1:
        members |= _in_several([rooms[name].audience for name in touched])
    return {member: [] for member in members}


def _in_several(audiences: list[set[Member]]) -> set[Member]:
    *smaller, largest = sorted(audiences, key=len)
    seen: set[Member] = set()
    twice: set[Member] = set()
    for audience in smaller:
        twice |= seen & audience
        seen |= audience
    return twice | (seen & largest)


def _pass_through(
    batch: Sequence[Envelope],
    rooms: Mapping[str, Room],
    singled_out: Mapping[Member, list[bytes]],
    rendered: _Rendered,
) -> dict[str, list[Envelope]]:
    """Apply the events one after the other, and return those heard in each room.

    Fill in the pieces of the members singled out on the way, because what they see depends on
    the room's audience at that moment.
    """
    heard: dict[str, list[Envelope]] = {}
    for envelope in batch:
        event = envelope.event
        # The last line that somebody said in a room before a kick may find the room gone.
        touched = [rooms[name] for name in envelope.rooms if name in rooms]
        _take_effect(envelope, touched)
        hearers = set() if isinstance(event, Left) else set(envelope.parties())
        for room in touched:
            hearers |= room.audience & singled_out.keys()
        for member in hearers:
            try:
                singled_out[member].append(_piece(envelope, touched, member, rendered))
            except Exception:
                _fail(member)
        for room in touched:
            heard.setdefault(room.name, []).append(envelope)
            if event.history:
                room.recent.append(event)
    return heard


def _take_effect(envelope: Envelope, touched: list[Room]) -> None:
    """Update the audiences from this event on; its author sees the event in any case."""
    member, other = envelope.author, envelope.other
    match envelope.event:
        case Kicked(room=""):
            for room in touched:
                room.audience.discard(other)
        case Kicked() if other is not None:
            for room in touched:
                room.turn_out(other)
        case _ if member is None:
            pass
        case Joined():
            touched[0].audience.add(member)
        case Parted() | Left():
            for room in touched:
                room.audience.discard(member)
        # The fence has passed, unless another connection took over meanwhile.
        case Resumed() if (
            isinstance(member.door, Fenced) and member.door.door is envelope.door
        ):
            member.door = member.door.door


def _piece(
    envelope: Envelope, touched: list[Room], member: Member, rendered: _Rendered
) -> bytes:
    """Render an event for a member who is singled out."""
    is_done_to = envelope.other is member and isinstance(envelope.event, OperatorAct)
    if envelope.author is member or is_done_to:
        return member.door.render_own(envelope.event, envelope.author is member)
    return rendered.piece(envelope, member.door.format, member.current in touched)


def _deliver_room(
    room: Room, heard: list[Envelope], singled_out: Mapping[Member, object], rendered: _Rendered
) -> None:
    views: dict[View, bytes] = {}
    for member in room.audience.difference(singled_out):
        try:
            door = member.door
            view = (door.format, member.current is room)
            data = views.get(view)
            if data is None:
                pieces = [rendered.piece(envelope, *view) for envelope in heard]
                data = views[view] = b"".join(pieces)
            door.deliver(data)
        except Exception:
            _fail(member)


def _deliver(member: Member, data: bytes) -> None:
    try:
        member.door.deliver(data)
    except Exception:
        _fail(member)


def _fail(member: Member) -> None:
    log.failure("Delivering to {nick} failed; dropping that member.", nick=member.nick)
    member.door.drop()
