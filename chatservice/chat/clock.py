"""The wall clock, and who notices when it is set: the clock that nobody sets."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.logger import Logger

log = Logger()

STEP = 2.0
"""Seconds that the wall clock is set by at once; less is taken for being adjusted slowly."""

SETTLING = 600.0
"""Seconds after a step in which nothing is deleted for its age: the clock may be set again."""

BEHIND = 60
"""Seconds that the clock may be behind what was stored last."""

QUIET = 24 * 3600
"""Seconds that nothing may have been stored for; after that the clock may as well be wrong."""


def running() -> float:
    """Tell the seconds that the machine has been up, including sleep where that is known."""
    return time.clock_gettime(_RUNNING)


_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class WallClock:
    """The time of day, in seconds since the epoch; it may go back.

    @param wall: tells it.
    @param steady: tells the seconds on a clock that nobody sets.
    @ivar when_set: called with the microseconds by which the wall clock was set.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = running
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._seen = wall(), steady()
        self._doubtful_until = 0.0
        self.when_set: list[Callable[[int], None]] = []

    def time(self) -> float:
        """Tell the time now."""
        wall, steady = self._wall(), self._steady()
        (wall_before, steady_before), self._seen = self._seen, (wall, steady)
        step = (wall - wall_before) - (steady - steady_before)
        if abs(step) > STEP:
            self._doubt(f"was set {'ahead' if step > 0 else 'back'} by {abs(step):,.0f} s")
            for call in self.when_set:
                call(int(step * 1_000_000))
        return wall

    def begin(self, newest: int) -> None:
        """Begin a run.

        @param newest: the highest id of earlier runs; 0 if there was none.
        """
        later = self.time() - newest / 1_000_000
        if not newest or -BEHIND <= later <= QUIET:
            return
        place = "behind" if later < 0 else "after"
        self._doubt(f"is {abs(later):,.0f} s {place} what was stored last")

    def _doubt(self, what: str) -> None:
        self._doubtful_until = self._seen[1] + SETTLING
        log.warn(
            "The clock {what}: nothing is deleted for its age in the next {minutes:.0f} minutes.",
            what=what,
            minutes=SETTLING / 60,
        )

    def is_settled(self) -> bool:
        """Tell whether anything may be deleted for its age by this clock."""
        self.time()
        return self._seen[1] >= self._doubtful_until
