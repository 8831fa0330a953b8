"""What everybody is given of random batches, compared with the simplest way to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.broadcast import broadcast
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Member, Room
from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import Joined, Left, Parted, Whispered
from tests.recording import (
    RecordingFormat,
    door_of,
    joined,
    left,
    parted,
    recorded,
    renamed,
    said,
    sent,
    whispered,
)

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=400)


def one_by_one(
    batch: Iterable[Envelope], rooms: dict[str, Room], members: Iterable[Member]
) -> dict[str, str]:
    """What broadcast is to give everybody, found in the simplest way: event by event."""
    given = {member.nick: "" for member in members}
    for envelope in batch:
        event, author, other = envelope.event, envelope.author, envelope.other
        touched = [rooms[name] for name in envelope.rooms]
        if isinstance(event, Joined) and author is not None:
            touched[0].audience.add(author)
        if isinstance(event, Left) and author is not None:
            for room in touched:
                room.audience.discard(author)
        if isinstance(event, Kicked) and other is not None:
            for room in touched:
                room.audience.discard(other)
        for member in members:
            if not (isinstance(event, Left) and member is author):
                given[member.nick] += _shown(envelope, touched, member)
        if isinstance(event, Parted) and author is not None:
            touched[0].audience.discard(author)
    return given


def kicked(id: int, author: Member, whom: Member, *rooms: Room) -> Envelope:
    """An operator puts somebody out of rooms."""
    names = tuple(room.name for room in rooms)
    event = Kicked(id=id, nick=author.nick, target=whom.nick)
    return sent(event, author, whom, names)


def _shown(envelope: Envelope, touched: list[Room], member: Member) -> str:
    event, is_other = envelope.event, envelope.other is member
    if envelope.author is member or (isinstance(event, Kicked) and is_other):
        return member.door.render_own(event, envelope.author is member).decode()
    if isinstance(event, Whispered):
        hears, here = is_other, True
    else:
        hears = any(member in room.audience for room in touched)
        here = len(touched) != 1 or touched[0] is member.current
    return member.door.format.render(event, here).decode() if hears else ""


ROOMS = ("lobby", "python", "tea")
MEMBERS = ("ada", "bob", "carol", "dan", "eve", "frank")
Step = tuple[str, int, int]

STEPS = st.tuples(
    st.sampled_from(
        ["say", "say", "say", "whisper", "move", "move", "rename", "kick", "leave", "commit"]
    ),
    st.integers(0, len(MEMBERS) - 1),
    st.integers(0, 5),
)


class Script:
    """A chat that random steps are done in; what is impossible at some step does nothing."""

    def __init__(self, where: list[set[str]]) -> None:
        self.rooms = {name: Room(name) for name in ROOMS}
        wires = (RecordingFormat("x"), RecordingFormat("y"))
        self.members = [
            recorded(
                nick, *(self.rooms[name] for name in ROOMS if name in names), wire=wires[number % 2]
            )
            for number, (nick, names) in enumerate(zip(MEMBERS, where, strict=True))
        ]
        self.batches: list[list[Envelope]] = [[]]
        self._here = dict(zip(self.members, map(set, where), strict=True))

    def do(self, step: Step) -> None:
        kind, who, what = step
        member = self.members[who]
        if kind == "commit":
            self.batches.append([])
        elif member in self._here:
            id = sum(map(len, self.batches))
            room = self.rooms[ROOMS[what % len(ROOMS)]]
            self.batches[-1] += getattr(self, f"_{kind}")(id, member, room, what)

    def _say(self, id: int, member: Member, room: Room, _: int) -> list[Envelope]:
        return [said(id, member, room)] if room.name in self._here[member] else []

    def _whisper(self, id: int, member: Member, _: Room, what: int) -> list[Envelope]:
        to = self.members[what]
        return [whispered(id, member, to)] if to in self._here else []

    def _move(self, id: int, member: Member, room: Room, _: int) -> list[Envelope]:
        inside = room.name in self._here[member]
        self._here[member] ^= {room.name}
        step: Callable[[int, Member, Room], Envelope] = parted if inside else joined
        return [step(id, member, room)]

    def _rename(self, id: int, member: Member, _: Room, __: int) -> list[Envelope]:
        return [renamed(id, member, *self._rooms_of(member))]

    def _kick(self, id: int, member: Member, room: Room, what: int) -> list[Envelope]:
        """From a room, or from all of them."""
        whom = self.members[what]
        if room.name not in self._here.get(whom, ()):
            return []
        names = {room.name} if what % 2 else set(self._here[whom])
        self._here[whom] -= names
        return [kicked(id, member, whom, *(self.rooms[name] for name in sorted(names)))]

    def _leave(self, id: int, member: Member, _: Room, __: int) -> list[Envelope]:
        event = left(id, member, *self._rooms_of(member))
        del self._here[member]
        return [event]

    def _rooms_of(self, member: Member) -> list[Room]:
        return [self.rooms[name] for name in ROOMS if name in self._here[member]]


def played(where: list[set[str]], steps: list[Step]) -> Script:
    script = Script(where)
    for step in steps:
        script.do(step)
    return script


class ReferenceTests(SynchronousTestCase):
    """The quick way and the simple way agree."""

    @deterministic
    @given(
        st.lists(st.sets(st.sampled_from(ROOMS)), min_size=len(MEMBERS), max_size=len(MEMBERS)),
        st.lists(STEPS, max_size=25),
    )
    def test_any_batches(self, where: list[set[str]], steps: list[Step]) -> None:
        """Whatever happens, everybody is given what going event by event would give."""
        quick, simple = played(where, steps), played(where, steps)
        for mine, batch in zip(quick.batches, simple.batches, strict=True):
            expected = one_by_one(batch, simple.rooms, simple.members)
            for member in quick.members:
                door_of(member).deliveries.clear()
            broadcast(mine, quick.rooms)
            for member in quick.members:
                deliveries = door_of(member).deliveries
                self.assertLessEqual(len(deliveries), 1)
                self.assertEqual(b"".join(deliveries).decode(), expected[member.nick])
        for name in ROOMS:
            hearing = {member.nick for member in quick.rooms[name].audience}
            self.assertEqual(hearing, {member.nick for member in simple.rooms[name].audience})
