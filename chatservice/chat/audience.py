"""The hearers of a room, grouped by what they see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from chatservice.chat.door import Deliver, Door, Format

View = tuple[Format, bool]
"""A wire format, and whether it must spell events as of the reader's current room."""

H = TypeVar("H", bound="Hearer[Any]")


class Audience(Generic[H]):
    """The hearers of one room.

    All hearers of a group are given the same bytes, so delivering to it is a plain loop, which
    touches nothing of a hearer but that function: with a thousand of them, the processor would have
    to fetch everything else from memory.

    @ivar groups: the hearers by what they see, each with its C{deliver}; no group is empty.
    """

    __slots__ = ("groups",)

    def __init__(self) -> None:
        self.groups: dict[View, dict[H, Deliver]] = {}

    def add(self, hearer: H, view: View) -> None:
        """Add a hearer, which is in no other group; or note that its C{deliver} has changed."""
        self.groups.setdefault(view, {})[hearer] = hearer.deliver

    def discard(self, hearer: H, view: View) -> None:
        """Take a hearer out of the group with that view."""
        group = self.groups.get(view)
        if group is not None:
            group.pop(hearer, None)
            if not group:
                del self.groups[view]

    def __iter__(self) -> Iterator[H]:
        for group in self.groups.values():
            yield from group

    def __len__(self) -> int:
        return sum(map(len, self.groups.values()))


class Heard(Protocol):
    """A place that can be heard: a room."""

    audience: Audience[Any]


P = TypeVar("P", bound=Heard)


class Hearer(Generic[P]):
    """Something that hears rooms through a door.

    @ivar door: what it hears through.
    @ivar deliver: the function that sends bytes to it; see L{chatservice.chat.door.Door.deliver}.
    @ivar current: the room that typed lines go to, if there is one.
    @ivar heard: the rooms that it hears.
    """

    __slots__ = ("_format", "current", "deliver", "door", "heard")

    def __init__(self, door: Door, current: P | None) -> None:
        self.current = current
        self.heard: tuple[P, ...] = ()
        self._take(door)

    def _take(self, door: Door) -> None:
        self.door = door
        self.deliver = door.deliver
        self._format = door.format

    def view(self, room: P) -> View:
        """Tell what it sees of a room."""
        return self._format, not self._format.heeds_room or self.current is room

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Leave all groups before something changes, and enter the new ones afterwards."""
        for room in self.heard:
            room.audience.discard(self, self.view(room))
        yield
        for room in self.heard:
            room.audience.add(self, self.view(room))

    def hear(self, room: P) -> None:
        """Hear a room from now on."""
        if room not in self.heard:
            self.heard += (room,)
            room.audience.add(self, self.view(room))

    def hear_no_more(self, room: P) -> None:
        """Hear a room no longer."""
        if room in self.heard:
            self.heard = tuple(each for each in self.heard if each is not room)
            room.audience.discard(self, self.view(room))

    def hear_through(self, door: Door) -> None:
        """Hear through another door."""
        with self._changing():
            self._take(door)

    def deliver_anew(self) -> None:
        """Deliver through the function with which the door sends now.

        It may happen in the middle of a broadcast, so no group comes or goes.
        """
        self.deliver = self.door.deliver
        for room in self.heard:
            room.audience.add(self, self.view(room))

    def preferences_changed(self) -> None:
        """See things as the member now wishes."""
        self.door.preferences_changed()
        if self.door.format is not self._format:
            with self._changing():
                self._format = self.door.format
