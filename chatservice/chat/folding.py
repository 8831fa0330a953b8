"""The folding of joins and leaves where there are too many of them to read."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from chatservice.protocol.events import Joined, Left, Parted
from chatservice.protocol.stamping import folded

SHOWN = 20
"""Joins and leaves that a room is shown one by one within L{WITHIN}."""

WITHIN = 10.0
"""Seconds."""

_WITHIN = int(WITHIN * 1_000_000)


@dataclass(slots=True)
class _Sum:
    """The joins and leaves folded in a room since the last sum, and the call that will tell it."""

    telling: IDelayedCall
    came: int = 0
    went: int = 0


class Folding:
    """Decides which joins and leaves are told in a sum, as they pass and by their times.

    So all who follow the same log fold the same ones.

    @param reactor: C{IReactorTime}.
    @param tell: called with a room, and how many came to it and went from it in the L{WITHIN}
        seconds that began with the first one folded.
    """

    def __init__(self, reactor: Any, tell: Callable[[str, int, int], object]) -> None:
        self._reactor = reactor
        self._tell = tell
        # The moments of each room's last joins and leaves; the room with the latest comes last.
        self._moments: OrderedDict[str, deque[int]] = OrderedDict()
        self._sums: dict[str, _Sum] = {}

    def take(self, event: Joined | Parted | Left) -> None:
        """Count an event that has just been stored, and fold it if all of its rooms are busy."""
        if self.note(event.touched, isinstance(event, Joined), event.when):
            folded(event)

    def note(self, rooms: Sequence[str], came: bool, at: int) -> bool:
        """Note that somebody joins or leaves rooms.

        @param at: the time of the event, in microseconds since the epoch.
        @return: whether to fold this one, which is when all of the rooms are busy.
        """
        self._forget(at - _WITHIN)
        busy = [self._is_busy(room, at) for room in rooms]
        if not rooms or not all(busy):
            return False
        for room in rooms:
            self._add(room, came)
        return True

    def stop(self) -> None:
        """Tell nothing more."""
        for each in self._sums.values():
            each.telling.cancel()
        self._sums.clear()

    def _forget(self, before: int) -> None:
        """Forget the rooms in which nothing has happened since."""
        while self._moments and next(iter(self._moments.values()))[-1] <= before:
            self._moments.popitem(last=False)

    def _is_busy(self, room: str, now: int) -> bool:
        """Count one more in a room; whether there were too many before it already."""
        moments = self._moments.setdefault(room, deque(maxlen=SHOWN))
        if moments and moments[-1] > now:
            # The clock was set back.
            moments.clear()
        busy = len(moments) == SHOWN and moments[0] > now - _WITHIN
        moments.append(now)
        self._moments.move_to_end(room)
        return busy

    def _add(self, room: str, came: bool) -> None:
        counted = self._sums.get(room)
        if counted is None:
            telling = self._reactor.callLater(WITHIN, self._tell_sum, room)
            counted = self._sums[room] = _Sum(telling)
        if came:
            counted.came += 1
        else:
            counted.went += 1

    def _tell_sum(self, room: str) -> None:
        counted = self._sums.pop(room)
        self._tell(room, counted.came, counted.went)
