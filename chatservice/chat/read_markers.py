"""Read markers: how far somebody has read in each room, stored and of a member who is here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


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
    """The rooms in which a member has not read everything; C{""} stands for private lines.

    @ivar missed: for each of them, the id after which the unread part begins.
    @ivar unsent: the same, before lines were handed to a connection that may not have sent them.
    @ivar times: the times of such ids, in microseconds since the epoch, where they do not tell it.
    """

    __slots__ = ("missed", "times", "unsent")

    def __init__(self) -> None:
        self.missed: dict[str, int] = {}
        self.unsent: dict[str, int] = {}
        self.times: dict[int, int] = {}

    def take_up(self, markers: Iterable[ReadMarker], rooms: Collection[str]) -> None:
        """Go on from stored markers: what was said after them is missed.

        @param rooms: where the member is now, and C{""}; other markers do not count.
        """
        for marker in markers:
            if marker.room in rooms:
                self.missed[marker.room] = marker.seen
                if marker.time is not None:
                    self.times[marker.seen] = marker.time

    def miss(self, rooms: Iterable[str], since: int) -> None:
        """Note that nothing was heard after an id, in rooms in which nothing was missed before."""
        for room in rooms:
            self.missed.setdefault(room, since)

    def hand_out(self, room: str, rest: int | None) -> None:
        """Note that the missed lines of a room are on their way to the member.

        @param rest: the id after which more are missed; C{None} if these are all.
        """
        self.unsent.setdefault(room, self.missed.pop(room))
        if rest is not None:
            self.missed[room] = rest

    def take_back(self) -> None:
        """Note that the lines that were handed out may never have been sent."""
        self.missed.update(self.unsent)
        self.unsent.clear()

    def forget(self, room: str) -> None:
        """Forget a room that the member has left."""
        self.missed.pop(room, None)
        self.unsent.pop(room, None)
