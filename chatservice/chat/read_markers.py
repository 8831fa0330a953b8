"""Read markers: how far somebody has read in each room, stored and of a member who is here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from chatservice.chat.door import Door
from chatservice.protocol.events import LATEST, Read

V = TypeVar("V")

NO_MARKERS: dict[str, int] = {}
NO_TIMES: dict[int, int] = {}
IN_NO_ROOM: dict[str, Any] = {}

MARKS = 1000
"""The most marks of one person; those with the lowest ids give way."""


@dataclass(frozen=True, slots=True)
class ReadMarker:
    """A stored read marker, of a room that somebody was in last and did not leave on purpose.

    @ivar room: its name; or empty for the chat itself, and so for private lines.
    @ivar nick: the nickname there.
    @ivar entered: the id of the event of entering.
    @ivar seen: the last id seen there; for a member who is there now, one seen earlier.
    @ivar time: when they left, in microseconds since the epoch, if C{seen} does not tell it.
    """

    room: str
    nick: str
    entered: int
    seen: int
    time: int | None = None


class Reading:
    """How far a member has read; C{""} stands for private lines.

    In a room that is in neither map, everything is read, and lines are read as they come.

    @ivar missed: for each room in which not everything is read, the id after which the unread
        part begins: its read marker.
    @ivar until: for those of them in which lines are read as they come once more, the id before
        which the unread part ends.
    @ivar times: the times of such ids, in microseconds since the epoch, where they do not tell it.
    @ivar marks: for each room that a program has said is read, or that a line door has shown, the
        id up to which it was; not the id of coming into a room, from which its marker begins.
    """

    __slots__ = ("marks", "missed", "times", "until")

    def __init__(self) -> None:
        # Most people need none of these at most times; they are replaced as a whole.
        self.missed = NO_MARKERS
        self.until = NO_MARKERS
        self.times = NO_TIMES
        self.marks = NO_MARKERS

    def take_up(self, markers: Iterable[ReadMarker], rooms: Collection[str]) -> None:
        """Go on from stored markers: what was said after them is missed.

        @param rooms: where the member is now, and C{""}; other markers do not count.
        """
        for marker in markers:
            if marker.room in rooms:
                self.missed = {**self.missed, marker.room: marker.seen}
                if marker.time is not None:
                    self.times = {**self.times, marker.seen: marker.time}

    def begin(self, room: str, at: int) -> None:
        """Note that somebody has come into a room, and does not read there as lines come."""
        self.missed = {room: at} | self.missed

    def follow(self, room: str, at: int) -> bool:
        """Note that the lines of a room after an id are read as they come; tell if that is new."""
        is_new = not self.is_followed(room)
        if is_new:
            self.until = {**self.until, room: at + 1}
        return is_new

    def follow_no_more(self, room: str, at: int) -> bool:
        """Note that lines after an id are not read as they come; tell if that is new."""
        is_new = self.is_followed(room)
        self._without_end(room)
        if room not in self.missed:
            self.missed = {**self.missed, room: at}
            self.note_mark(room, at)
        return is_new

    def is_followed(self, room: str) -> bool:
        """Tell whether the lines of a room are read as they come."""
        return room not in self.missed or room in self.until

    def catch_up(self, room: str, since: int) -> bool:
        """Note that everything after an id is read, and so all, if no more is missed.

        @return: whether the marker moves by that.
        """
        is_all = self.missed.get(room, -1) >= since
        if is_all:
            self.forget(room)
        return is_all

    def missed_of(self, rooms: Iterable[str]) -> dict[str, int]:
        """Find the markers of those of the rooms in which something is missed."""
        return {room: self.missed[room] for room in rooms if room in self.missed}

    def marker(self, room: str, last: int) -> int:
        """Find the id up to which a room is read.

        @param last: the one if everything is.
        """
        return self.missed.get(room, last)

    def mark(self, room: str, last: int) -> int:
        """Find the id up to which a room was marked as read; 0 if it never was.

        @param last: the one if everything is read as it comes.
        """
        return self.marks.get(room, 0) if room in self.missed else last

    def note_mark(self, room: str, id: int) -> None:
        """Mark a room as read up to an id, or leave the mark further on."""
        self.marks = {**self.marks, room: max(id, self.marks.get(room, 0))}
        if len(self.marks) > MARKS:
            self.marks = without(self.marks, min(self.marks, key=self.marks.__getitem__))

    def mark_sent(self, rooms: Iterable[str]) -> None:
        """Mark rooms as read up to their markers, for everything before those has been sent."""
        for room in rooms:
            if room in self.missed:
                self.note_mark(room, self.missed[room])

    def mark_followed(self, rooms: Iterable[str], last: int) -> None:
        """Mark those of the rooms up to the last id in which everything is read as it comes."""
        for room in rooms:
            if room not in self.missed:
                self.note_mark(room, last)

    def recall(self, marks: Mapping[str, int]) -> None:
        """Take up marks that are stored."""
        for room, mark in marks.items():
            self.note_mark(room, mark)

    def move(self, room: str, id: int) -> bool:
        """Move the marker of a room on to an id; tell whether it was not there yet."""
        before = self.missed.get(room)
        if before is None or id <= before:
            return False
        if id + 1 >= self.until.get(room, LATEST):
            self.forget(room)
        else:
            self.missed = {**self.missed, room: id}
        return True

    def take(self, read: Read) -> None:
        """Move the marker and the mark of a room as a program has done through another node."""
        self.move(read.room, read.upto)
        self.note_mark(read.room, read.mark)

    def take_back(self, markers: Mapping[str, int]) -> None:
        """Put markers back, for the lines after them may never have been sent."""
        for room, since in markers.items():
            self.missed = {**self.missed, room: min(since, self.missed.get(room, since))}

    def forget(self, room: str) -> None:
        """Forget a room in which everything is read, or that the member has left."""
        if room in self.missed:
            self.missed = without(self.missed, room)
        self._without_end(room)

    def _without_end(self, room: str) -> None:
        if room in self.until:
            self.until = without(self.until, room)


def without(rooms: Mapping[str, V], room: str) -> dict[str, V]:
    """Leave a room out of what is kept by room."""
    return {name: value for name, value in rooms.items() if name != room}


class Reads(Protocol):
    """Something on which somebody reads: a device.

    @ivar fence: the id from which on it hears; 0 until that has passed.
    """

    door: Door
    fence: int

    def reads(self, room: str) -> bool:
        """Tell whether what comes from a room counts as read (C{""}: private lines)."""

    def read_all_shown(self) -> None:
        """Note that everything is read that was shown here, if this is a line door."""


class Seen(Protocol):
    """A room in which readers are seen.

    @ivar alone: the rooms of everybody who is in this one alone: of many, that is some memory.
    """

    alone: dict[str, Any]

    @property
    def present(self) -> Collection[Any]:
        """The readers who are seen in it."""


D = TypeVar("D", bound=Reads)
R = TypeVar("R", bound=Seen)


class Reader(Generic[D, R]):
    """Somebody who reads rooms, on any number of devices.

    @ivar devices: the connections through which the reader is here, in the order of their coming;
        there are none while it lingers.
    @ivar rooms: the rooms the reader is in, by name, in the order of entering; replaced as a whole
        when they change, for many share them.
    @ivar since: the id of the arrival in the chat, above all ids until that has passed.
    """

    __slots__ = ("_reading", "devices", "rooms", "since")

    def __init__(self) -> None:
        self.devices: tuple[D, ...] = ()
        self.rooms: dict[str, R] = IN_NO_ROOM
        self._reading: Reading | None = None
        self.since = LATEST

    @property
    def reading(self) -> Reading:
        """How far the reader has read. People at other nodes never need one here."""
        if self._reading is None:
            self._reading = Reading()
        return self._reading

    def be_in(self, rooms: dict[str, R]) -> None:
        """Be in these rooms from now on."""
        if len(rooms) == 1:
            (room,) = rooms.values()
            rooms = room.alone
        self.rooms = rooms or IN_NO_ROOM

    def note_reading(self, at: int, by: D | None = None) -> None:
        """Note anew in which rooms lines are read as they come, and in which they are not.

        Rooms that the member is only coming into do not count yet; see L{come}.

        @param at: the id from which on that holds.
        @param by: the device that has changed, so that the others are told; C{None} if that is
            nothing to tell.
        """
        for room in ("", *self.present_in()):
            self.note_reading_of(room, at, by)

    def present_in(self) -> list[str]:
        """List the rooms in which the reader is seen by now."""
        return [name for name, room in self.rooms.items() if self in room.present]

    def note_reading_of(self, room: str, at: int, by: D | None = None) -> None:
        """Note this of one room (C{""}: private lines); see L{note_reading}."""
        if self.since == LATEST:
            return
        note = self.reading.follow if self._reads(room) else self.reading.follow_no_more
        if note(room, at) and by is not None:
            self.tell_reading(room, at, by)

    def tell_reading(self, room: str, last: int, but: D | None) -> None:
        """Tell every device but one how far a room is read, and whether it is read on.

        @param last: the last id, up to which the room is read if nothing of it is missed.
        """
        for device in self.devices:
            if device is not but:
                is_read_on = self.reading.is_followed(room)
                device.door.read_on(room, self.reading.marker(room, last), is_read_on)

    def come(self, id: int, room: str = "") -> None:
        """Note that the member has come into the chat, or into a room.

        @param id: that of the event, which has passed.
        """
        if self.since == LATEST:
            self.since = id
            for device in self.devices:
                device.fence = device.fence or id
            self._begin_reading("", id)
        if room:
            self._begin_reading(room, id)

    def _begin_reading(self, room: str, at: int) -> None:
        begin = self.reading.follow if self._reads(room) else self.reading.begin
        begin(room, at)

    def _reads(self, room: str) -> bool:
        return any(device.reads(room) for device in self.devices)

    def seen_last(self) -> tuple[tuple[str, int], ...]:
        """List the rooms with more to read (C{""}: private lines), and the last id seen in each.

        It is for a member who goes: whatever a line door has shown counts as read by then.
        """
        for device in self.devices:
            device.read_all_shown()
        return tuple(self.reading.missed.items())
