"""What every device is given of random batches, compared with the simplest way to find it."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.broadcast import broadcast
from chatservice.chat.coming import Coming
from chatservice.chat.door import Fenced
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device, Member, Room
from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import Joined, Left, Parted, Resumed, Whispered
from tests.recording import (
    RecordingDoor,
    RecordingFormat,
    another,
    by,
    door_of,
    fenced,
    joined,
    left,
    parted,
    recorded,
    renamed,
    resumed,
    said,
    sent,
    whispered,
)

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=600)

ROOMS = ("lobby", "python", "tea")
MEMBERS = ("ada", "bob", "carol", "dan", "eve", "frank")
DEVICES_MOST = 4


class OneByOne:
    """The simplest broadcast: event by event, device by device.

    @ivar present: the members who are seen in each room.
    @ivar waiting: the devices that wait for their L{Resumed}.
    @ivar heard: the rooms that each of the other devices hears.
    """

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self.present = {
            name: {member for member in members if name in member.rooms} for name in ROOMS
        }
        self.waiting: set[Device] = set()
        self.heard = {device: set(each.rooms) for each in members for device in each.devices}

    def comes(self, device: Device) -> None:
        self.waiting.add(device)

    def ends(self, device: Device) -> None:
        self.waiting.discard(device)
        self.heard.pop(device, None)

    def given(self, batch: Iterable[Envelope], doors: dict[Device, RecordingDoor]) -> list[str]:
        """Find what the broadcast of a batch must give each device."""
        given = dict.fromkeys(doors, "")
        self._rooms = {member: list(member.rooms) for member in self._members}
        self._current = {
            device: device.current.name if device.current else "" for device in doors
        }
        for envelope in batch:
            self._take_effect(envelope)
            for device in self.heard:
                given[device] += self._shown(envelope, device, doors[device].format.name)
        return list(given.values())

    def _take_effect(self, envelope: Envelope) -> None:
        author, other, device = envelope.author, envelope.other, envelope.device
        match envelope.event:
            case Resumed() if device in self.waiting:
                self.waiting.remove(device)
                is_seen = {name for name in ROOMS if author in self.present[name]}
                self.heard[device] = is_seen.intersection(self._rooms[author])
            case Joined(room=name):
                self.present[name].add(author)
                for each in self._devices_of(author):
                    self.heard[each].add(name)
            case Parted() | Left():
                self._put_out(author, envelope.rooms)
            case Kicked(room=""):
                self._put_out(other, envelope.rooms)
            case Kicked(room=name) if other in self.present[name]:
                self._put_out(other, [name])
                self._forget(other, name)

    def _put_out(self, member: Member | None, names: Iterable[str]) -> None:
        for name in names:
            self.present[name].discard(member)
            for device in self._devices_of(member):
                self.heard[device].discard(name)

    def _forget(self, member: Member, name: str) -> None:
        """Take a room out of a member's rooms, unless the member has just left it."""
        rooms = self._rooms[member]
        if name in rooms:
            rooms.remove(name)
            for device in self._current:
                if device.member is member and self._current[device] == name:
                    self._current[device] = rooms[-1] if rooms else ""

    def _devices_of(self, member: Member | None) -> list[Device]:
        return [device for device in self.heard if device.member is member]

    def _shown(self, envelope: Envelope, device: Device, wire: str) -> str:
        event, rooms = envelope.event, envelope.rooms
        is_mine, is_to_me = (who is device.member for who in (envelope.author, envelope.other))
        is_current = self._current[device] in rooms
        if is_mine and isinstance(event, Left):
            return ""
        if is_mine and envelope.device not in (None, device):
            return f"+{event.id}{'' if is_current else '~'} "
        if is_mine or (is_to_me and isinstance(event, Kicked)):
            return f"!{event.id} "
        if self.heard[device].intersection(rooms) or (is_to_me and isinstance(event, Whispered)):
            return f"{wire}{event.id}{'' if is_current or len(rooms) != 1 else '~'} "
        return ""


Step = tuple[str, int, int, int]

STEPS = st.tuples(
    st.sampled_from(
        [
            *("say", "say", "say", "whisper", "move", "move", "rename", "rename_by_chat", "kick"),
            *("leave", "come", "come", "end", "turn", "turn", "log_in", "commit", "commit"),
        ]
    ),
    st.integers(0, len(MEMBERS) - 1),
    st.integers(0, 5),
    st.integers(0, DEVICES_MOST - 1),
)
"""What happens, through whom, to whom or where, and through which of the devices."""


class Script:
    """A chat that random steps are done in; what is impossible at some step does nothing.

    Verbs change at once who is in which room, as in the chat, and devices come and end.

    @ivar doors: the door of every device that there ever was.
    @ivar batches: the events on their way: those that are being stored, and those that wait.
    """

    def __init__(self, where: list[set[str]]) -> None:
        self.rooms = {name: Room(name) for name in ROOMS}
        self.wires = [RecordingFormat("x"), RecordingFormat("y")]
        self.members = []
        for number, (nick, names) in enumerate(zip(MEMBERS, where, strict=True)):
            rooms = [self.rooms[name] for name in ROOMS if name in names]
            member = recorded(nick, *rooms, wire=self.wires[number % 2])
            for extra in range(number % 3):
                another(member, self.wires[extra % 2])
            self.members.append(member)
        self.here = list(self.members)
        self.doors = {device: door_of(device) for each in self.here for device in each.devices}
        self.simple = OneByOne(self.members)
        self.batches: list[list[Envelope]] = [[], []]
        self._last_id = 0

    def do(self, step: Step) -> None:
        kind, who, what, through = step
        member = self.members[who]
        if member not in self.here:
            return
        if kind == "come":
            self._come(member, self.wires[what % 2])
        elif member.devices:
            device = member.devices[through % len(member.devices)]
            getattr(self, f"_{kind}")(device, what)

    def stored(self) -> list[Envelope]:
        """Return the batch that was being stored; the next one is from now on."""
        self.batches.append([])
        return self.batches.pop(0)

    def finish(self, batch: list[Envelope]) -> None:
        """Do what the chat does once a batch is delivered."""
        for envelope in batch:
            member, other = envelope.author, envelope.other
            match envelope.event:
                case Left() if member is not None:
                    for device in list(member.devices):
                        self._end(device)
                case Kicked(room="") if other in self.here:
                    self._leave_chat(other)

    def _publish(self, envelope: Envelope, device: Device | None) -> None:
        envelope.device = device
        self.batches[-1].append(envelope)

    def _id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _come(self, member: Member, wire: RecordingFormat) -> None:
        if len(member.devices) < DEVICES_MOST:
            device = fenced(member, wire)
            self.doors[device] = door_of(device)
            self.simple.comes(device)
            self._publish(resumed(self._id(), device), device)

    def _end(self, device: Device, _: int = 0) -> None:
        device.end()
        self.simple.ends(device)

    def _log_in(self, device: Device, what: int) -> None:
        """Make a device that of another member, once its fence has passed."""
        owner = self.members[what]
        if owner in self.here and device.member is not owner and device not in self.simple.waiting:
            door = device.end()
            self.simple.ends(device)
            device.move(owner, Fenced(door), Coming.ALONGSIDE)
            self.simple.comes(device)
            self._publish(resumed(self._id(), device), device)

    def _turn(self, device: Device, what: int) -> None:
        room = self._room(what)
        if room.name in device.member.rooms:
            device.turn_to(room)

    def _say(self, device: Device, what: int) -> None:
        room = self._room(what)
        if room.name in device.member.rooms:
            self._publish(said(self._id(), device.member, room), device)

    def _whisper(self, device: Device, what: int) -> None:
        to = self.members[what]
        if to in self.here:
            self._publish(whispered(self._id(), device.member, to), device)

    def _move(self, device: Device, what: int) -> None:
        room = self._room(what)
        if room.name in device.member.rooms:
            self._part(device, room)
        elif not self._is_put_out_twice(device.member, room):
            self._join(device, room)

    def _is_put_out_twice(self, member: Member, room: Room) -> bool:
        """Tell whether a kick and a parting are on their way: before these, nobody enters."""
        under_way = [each for batch in self.batches for each in batch if room.name in each.rooms]
        is_kicked = any(
            isinstance(each.event, Kicked) and each.other is member for each in under_way
        )
        return is_kicked and any(
            isinstance(each.event, Parted) and each.author is member for each in under_way
        )

    def _part(self, device: Device, room: Room) -> None:
        room.members.pop(device.member, None)
        device.member.forget_room(room)
        self._publish(parted(self._id(), device.member, room), device)

    def _join(self, device: Device, room: Room) -> None:
        member = device.member
        room.let_in(member)
        for each in member.devices:
            if each is device or each.current is None:
                each.turn_to(room)
        self._publish(joined(self._id(), member, room), device)

    def _rename(self, device: Device, _: int) -> None:
        member = device.member
        self._publish(renamed(self._id(), member, *member.rooms.values()), device)

    def _rename_by_chat(self, device: Device, _: int) -> None:
        member = device.member
        self._publish(renamed(self._id(), member, *member.rooms.values()), None)

    def _kick(self, device: Device, what: int) -> None:
        """Put somebody out of the chat, or out of one of the rooms."""
        whom = self.members[what]
        if whom not in self.here:
            return
        for room in ("", *whom.rooms)[what % 2 :][:1]:
            event = Kicked(id=self._id(), **by(device.member), target=whom.nick, room=room)
            rooms = (room,) if room else tuple(whom.rooms)
            self._publish(sent(event, device.member, whom, rooms), device)

    def _leave(self, device: Device, _: int) -> None:
        self._leave_chat(device.member)

    def _leave_chat(self, member: Member) -> None:
        self._publish(left(self._id(), member, *member.rooms.values()), None)
        self.here.remove(member)
        for room in member.rooms.values():
            room.members.pop(member, None)
        member.be_in({})

    def _room(self, what: int) -> Room:
        return self.rooms[ROOMS[what % len(ROOMS)]]


class ReferenceTests(SynchronousTestCase):
    """The quick way and the simple way agree."""

    @deterministic
    @given(
        st.lists(st.sets(st.sampled_from(ROOMS)), min_size=len(MEMBERS), max_size=len(MEMBERS)),
        st.lists(STEPS, max_size=40),
    )
    def test_any_batches(self, where: list[set[str]], steps: list[Step]) -> None:
        """Whatever happens, every device is given what going event by event would give."""
        script = Script(where)
        for step in steps:
            if step[0] == "commit":
                self.check_batch(script)
            else:
                script.do(step)
        while any(script.batches):
            self.check_batch(script)
        self.check_hearers(script)

    def check_batch(self, script: Script) -> None:
        batch = script.stored()
        expected = script.simple.given(batch, script.doors)
        for door in script.doors.values():
            door.deliveries.clear()
        broadcast(batch, script.rooms)
        deliveries = [door.deliveries for door in script.doors.values()]
        self.assertLessEqual(max(map(len, deliveries)), 1)
        self.assertEqual([b"".join(each).decode() for each in deliveries], expected)
        script.finish(batch)

    def check_hearers(self, script: Script) -> None:
        """Check who is where when nothing is on its way."""
        simple = script.simple
        for name, room in script.rooms.items():
            self.assertEqual(set(room.present), simple.present[name])
            inside = {member for member in script.here if name in member.rooms}
            self.assertEqual((set(room.present), set(room.members)), (inside, inside))
            hearing = {device for device, rooms in simple.heard.items() if name in rooms}
            self.assertEqual(set(room.audience), hearing)
            for view, group in room.audience.groups.items():
                self.assertEqual({device.view(room) for device in group}, {view})
        for device, rooms in simple.heard.items():
            self.assertEqual(sorted(room.name for room in device.heard), sorted(rooms))
            if device.current is not None:
                self.assertIn(device.current.name, device.member.rooms)
