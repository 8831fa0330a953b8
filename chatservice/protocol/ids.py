"""The ids of events: each is an identity, a place in the order and, nearly always, a time."""

from __future__ import annotations

import time
from collections.abc import Callable

AHEAD = 1_000_000
"""Microseconds by which an id may be ahead of the clock and still tell the time."""


class EventIds:
    """A source of ids that strictly increase, whatever the wall clock does.

    @param clock: the wall clock, in seconds since the epoch.
    @ivar last: the last id.
    @ivar time: when that was given out, if it is too far ahead to tell.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.last = 0
        self.time: int | None = None

    def start_above(self, floor: int) -> None:
        """Give out only ids above C{floor}, the highest that may have been given out before."""
        self.last = max(self.last, floor)

    def now(self) -> int:
        """Tell the time by the wall clock, in microseconds since the epoch."""
        return int(self._clock() * 1_000_000)

    def latest(self) -> int:
        """Give an id above all until a moment ago, and not below the last one."""
        return max(self.now(), self.last)

    def next(self) -> int:
        """Give out the time now, in microseconds, or one above the last id if that is greater."""
        now = self.now()
        self.last = max(now, self.last + 1)
        self.time = now if self.last - now > AHEAD else None
        return self.last
