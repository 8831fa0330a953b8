"""The hot path: from a committed batch to the bytes that each device receives.

Most devices are in one of the rooms that a batch touches, caused none of it, and share the same
bytes: the room's events, rendered once for each wire format and joined. For the few others (those
of authors, of people who join or leave, in several of the rooms) the same pieces are joined
individually. Every device gets one delivery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from twisted.logger import Logger

from chatservice.chat.audience import View
from chatservice.chat.door import Deliver, Format
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device, Room
from chatservice.chat.watching import NO_WATCHERS, Sighting, Watchers, sightings
from chatservice.protocol.actions import Kicked, OperatorAct
from chatservice.protocol.events import Joined, Left, Parted, Resumed, Spoken

log = Logger()


Seen = Mapping[Envelope, list[Sighting]]
"""For each event about somebody who is watched, how the watchers are told of it."""

NOBODY_SEEN: Seen = {}

NOTHING_COUNTED: Mapping[Device, int] = {}

ANOTHER_SERVER = "connection through another server"
"""The name of a device at another node."""


def broadcast(
    batch: Sequence[Envelope], rooms: Mapping[str, Room], watchers: Watchers = NO_WATCHERS
) -> None:
    """Deliver a batch to everybody who hears it, and let its joins and leaves take effect.

    @param rooms: the rooms by name; a room that is missing here has no hearers.
    @param watchers: those who are told of somebody even where they share no room.
    """
    seen = _seen(batch, watchers) if watchers else NOBODY_SEEN
    singled_out = _singled_out(batch, rooms, seen)
    rendered = _Rendered(again=bool(singled_out.pieces))
    heard = _pass_through(batch, rooms, singled_out, rendered, seen)
    for name, events in heard.items():
        for view, group in rooms[name].audience.groups.items():
            aside = [device for device in singled_out.pieces if group.pop(device, None) is not None]
            _deliver_group(group, events, view, rendered)
            group.update((device, device.deliver) for device in aside)
    for device, pieces in singled_out.pieces.items():
        _deliver({device: device.deliver}, b"".join(pieces))


class _Rendered:
    """The bytes of a batch's events, made once for each view.

    @param again: whether those of a single room may be asked for several times as well.
    """

    def __init__(self, again: bool) -> None:
        self._again = again
        self._pieces: dict[tuple[int, View], bytes] = {}

    def joined(self, heard: list[Envelope], wire: Format, here: bool) -> bytes:
        """Render events as they look to readers who did not cause them, one after the other."""
        if self._again:
            return b"".join([self.piece(envelope, wire, here) for envelope in heard])
        render = wire.render
        return b"".join([
            render(envelope.event, here)
            if len(envelope.rooms) == 1
            else self.piece(envelope, wire, here)
            for envelope in heard
        ])

    def piece(self, envelope: Envelope, wire: Format, here: bool) -> bytes:
        """Render an event as it looks to readers who did not cause it."""
        event = envelope.event
        view = (wire, here or len(envelope.rooms) != 1 or not wire.heeds_room)
        key = (event.id, view)
        piece = self._pieces.get(key)
        if piece is None:
            piece = self._pieces[key] = wire.render(event, view[1])
        return piece


class _SingledOut:
    """The devices that need their pieces joined individually.

    @ivar pieces: those of each device so far.
    """

    def __init__(self, devices: Iterable[Device]) -> None:
        self.pieces: dict[Device, list[bytes]] = {device: [] for device in devices}
        self._hearing: dict[str, list[tuple[View, Collection[Device]]]] = {}

    def hearing(self, room: Room) -> list[tuple[View, Collection[Device]]]:
        """Find those that hear a room, by what they see."""
        found = self._hearing.get(room.name)
        if found is None:
            by_view = [
                (view, group.keys() & self.pieces.keys())
                for view, group in room.audience.groups.items()
            ]
            found = self._hearing[room.name] = [each for each in by_view if each[1]]
        return found

    def audiences_changed(self) -> None:
        """Note that rooms may be heard by others from now on."""
        self._hearing.clear()


def _singled_out(batch: Sequence[Envelope], rooms: Mapping[str, Room], seen: Seen) -> _SingledOut:
    """Find the devices that need their pieces joined individually."""
    watching = (each for found in seen.values() for each in found)
    devices = {device for each in watching for device in each.devices}
    for envelope in batch:
        if told := envelope.devices():
            devices.update(told)
    touched = {name for envelope in batch for name in envelope.rooms if name in rooms}
    if len(touched) > 1:
        audiences = [rooms[name].audience for name in touched]
        groups = [group for audience in audiences for group in audience.groups.values()]
        devices |= _in_several(groups) if groups else set()
    return _SingledOut(devices)


def _in_several(groups: list[dict[Device, Deliver]]) -> set[Device]:
    *smaller, largest = sorted(groups, key=len)
    seen: set[Device] = set()
    twice: set[Device] = set()
    for group in smaller:
        twice |= group.keys() & seen
        seen.update(group)
    return twice | (largest.keys() & seen)


def _pass_through(
    batch: Sequence[Envelope],
    rooms: Mapping[str, Room],
    singled_out: _SingledOut,
    rendered: _Rendered,
    seen: Seen,
) -> dict[str, list[Envelope]]:
    """Apply the events one after the other, and return those heard in each room.

    Fill in the pieces of the devices singled out on the way, because what they see depends on
    the room's audience at that moment.
    """
    heard: dict[str, list[Envelope]] = defaultdict(list)
    for envelope in batch:
        event = envelope.event
        touched = _touched(envelope.rooms, rooms)
        if not isinstance(event, Spoken):
            _take_effect(envelope, touched)
            singled_out.audiences_changed()
        watching = seen.get(envelope) if seen else None
        before = _counted(watching, singled_out) if watching else NOTHING_COUNTED
        if singled_out.pieces:
            _show_singly(envelope, touched, singled_out, rendered)
        for room in touched:
            heard[room.name].append(envelope)
            if isinstance(event, Spoken):
                room.recent.append(event)
        if watching:
            _tell_watchers(envelope, watching, singled_out, before)
    return heard


def _touched(names: Sequence[str], rooms: Mapping[str, Room]) -> list[Room]:
    """Find the rooms of an event; before a kick, somebody's last line may find a room gone."""
    if len(names) == 1:
        room = rooms.get(names[0])
        return [] if room is None else [room]
    return [rooms[name] for name in names if name in rooms]


def _show_singly(
    envelope: Envelope, touched: list[Room], singled_out: _SingledOut, rendered: _Rendered
) -> None:
    """Show an event to the devices singled out, if they are told of it or hear a room of it."""
    shown = _show_own(envelope, touched, singled_out, rendered)
    for room in touched:
        for view, devices in singled_out.hearing(room):
            others = [device for device in devices if device not in shown]
            if not others:
                continue
            try:
                piece = rendered.piece(envelope, *view)
            except Exception:
                for device in others:
                    _fail(device)
                continue
            for device in others:
                singled_out.pieces[device].append(piece)
            if len(touched) > 1:
                shown.update(others)


def _show_own(
    envelope: Envelope, touched: list[Room], singled_out: _SingledOut, rendered: _Rendered
) -> set[Device]:
    """Show an event to those who are told of it apart from the rooms, and return their devices."""
    own = set() if isinstance(envelope.event, Left) else set(envelope.devices())
    for device in own:
        try:
            singled_out.pieces[device].append(_piece(envelope, touched, device, rendered))
        except Exception:
            _fail(device)
    return own


def _seen(batch: Sequence[Envelope], watchers: Watchers) -> Seen:
    return {each: found for each in batch if (found := sightings(each, watchers))}


def _counted(watching: list[Sighting], singled_out: _SingledOut) -> dict[Device, int]:
    """Count the pieces that the devices of watchers have so far."""
    return {each: len(singled_out.pieces[each]) for those in watching for each in those.devices}


def _tell_watchers(
    envelope: Envelope,
    watching: list[Sighting],
    singled_out: _SingledOut,
    before: Mapping[Device, int],
) -> None:
    """Tell the devices whose members watch somebody in an event, after the event itself.

    @param before: the number of their pieces before they were shown the event, if they were.
    """
    event = envelope.event
    # A fold or a wish of the reader's may have hidden the event.
    is_folded = getattr(event, "folded", False)
    heard = {each for each, count in before.items() if any(singled_out.pieces[each][count:])}
    for sighting in watching:
        for device in sighting.devices:
            was_heard = device in heard and not is_folded
            watched = sighting.told(envelope, was_heard)
            if watched is None and was_heard:
                continue
            try:
                singled_out.pieces[device].append(device.door.render_watched(event, watched))
            except Exception:
                _fail(device)


def _take_effect(envelope: Envelope, touched: list[Room]) -> None:
    """Update the audiences from this event on; its author sees the event in any case."""
    member, other, event = envelope.author, envelope.other, envelope.event
    match event:
        case Kicked(room="") if other is not None:
            for room in touched:
                room.dismiss(other)
        case Kicked() if other is not None:
            for room in touched:
                room.turn_out(other)
        case _ if member is None:
            pass
        case Joined():
            touched[0].admit(member)
        case Parted() | Left():
            for room in touched:
                room.dismiss(member)
        case Resumed() if envelope.device is not None:
            envelope.device.open(event.id)


def _piece(
    envelope: Envelope, touched: list[Room], device: Device, rendered: _Rendered
) -> bytes:
    """Render an event for a device that is singled out."""
    event, through, here = envelope.event, envelope.device, device.current in touched
    is_mine = envelope.author is device.member
    if is_mine and through is not device and (through is not None or envelope.is_foreign):
        name = ANOTHER_SERVER if through is None else through.name
        return device.door.render_elsewhere(event, here, name)
    is_done_to = envelope.other is device.member and isinstance(event, OperatorAct)
    if is_mine or is_done_to:
        return device.door.render_own(event, is_mine)
    return rendered.piece(envelope, device.door.format, here)


def _deliver_group(
    group: Mapping[Device, Deliver], heard: list[Envelope], view: View, rendered: _Rendered
) -> None:
    try:
        data = rendered.joined(heard, *view) if group else b""
    except Exception:
        for device in group:
            _fail(device)
    else:
        _deliver(group, data)


def _deliver(group: Mapping[Device, Deliver], data: bytes) -> None:
    """Send the same bytes to a group of devices; see L{Audience <chatservice.chat.audience>}."""
    size = len(data)
    if not size:
        return
    short: list[tuple[int, int, OSError | None]] = []
    for place, deliver in enumerate(group.values()):
        try:
            taken = deliver(data)
        except OSError as error:
            short.append((place, 0, error))
            continue
        except Exception:
            _fail(list(group)[place])
            continue
        if taken != size:
            short.append((place, taken, None))
    for place, taken, why in short:
        device = list(group)[place]
        try:
            device.door.deliver_rest(data[taken:], why)
        except Exception:
            _fail(device)


def _fail(device: Device) -> None:
    log.failure("Delivering to {nick} failed; dropping that connection.", nick=device.member.nick)
    device.door.drop()
