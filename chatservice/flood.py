"""The flood limit: how fast a member is read."""

from __future__ import annotations

BURST = 10
"""Lines that may come at once before the limit slows the reading."""


class FloodLimit:
    """A bucket of tokens, one for each line.

    @param now: in the reactor's seconds.
    """

    __slots__ = ("_counted_at", "_tokens")

    def __init__(self, now: float) -> None:
        self._tokens = float(BURST)
        self._counted_at = now

    def count(self, rate: int, now: float) -> float:
        """Count a line, and give the seconds to wait before the next one is read.

        @param rate: lines a second; 0 for no limit.
        """
        if not rate:
            return 0.0
        earned = (now - self._counted_at) * rate
        self._counted_at = now
        self._tokens = min(BURST, self._tokens + earned) - 1
        return max(0.0, (1 - self._tokens) / rate)
