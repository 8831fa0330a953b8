"""Sliding windows that count recent attempts, by anybody or at anything."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable


class Tries:
    """A sliding window for each key. Attempts older than the window are forgotten.

    @param seconds: a clock that never goes back.
    @param limit: the most attempts in any span of C{within} seconds.
    """

    def __init__(self, seconds: Callable[[], float], limit: int = 5, within: float = 60.0) -> None:
        self._seconds = seconds
        self._limit = limit
        self._within = within
        # The latest key is at the end.
        self._times: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def wait(self, *keys: Hashable) -> float:
        """Return the seconds until all of the keys may be tried; 0 if they may be now."""
        return max(map(self._wait, keys))

    def _wait(self, key: Hashable) -> float:
        times = self._times.get(key)
        if times is None or len(times) < self._limit:
            return 0.0
        return max(0.0, times[0] + self._within - self._seconds())

    def count(self, *keys: Hashable) -> None:
        """Count an attempt, now, for each of the keys."""
        now = self._seconds()
        self._forget(now - self._within)
        for key in keys:
            self._times.setdefault(key, deque(maxlen=self._limit)).append(now)
            self._times.move_to_end(key)

    def give_back(self, *keys: Hashable) -> None:
        """Take back the last attempt of each of the keys."""
        for key in keys:
            times = self._times.get(key)
            if times:
                times.pop()

    def _forget(self, until: float) -> None:
        """Forget the keys without a newer attempt."""
        while self._times:
            key, times = next(iter(self._times.items()))
            if times and times[-1] > until:
                break
            del self._times[key]

    def __len__(self) -> int:
        """Count the keys that are remembered."""
        return len(self._times)
