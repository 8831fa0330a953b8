"""Token buckets, one for each payer: an address or an identity, and its share of the server.

A payer outlives its connections, so a reconnect does not refill its bucket.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable


class Allowances:
    """A token bucket for each payer; full buckets are forgotten.

    @param seconds: a clock that never goes back.
    @param rate: tokens a second that come back; 0 for no limit at all.
    @param burst: the most tokens in a bucket.
    """

    def __init__(self, seconds: Callable[[], float], rate: float, burst: float) -> None:
        self._seconds = seconds
        self._rate = rate
        self._burst = burst
        # Tokens, perhaps negative, and the time of that count; the latest payer is at the end.
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait(self, payer: Hashable) -> float:
        """Return the seconds until the payer has a whole token; 0 if it has one."""
        return self._until_one(self._tokens(payer)) if self._rate else 0.0

    def spend(self, payer: Hashable, tokens: float = 1.0) -> float:
        """Take tokens, even if the bucket goes below zero.

        @return: seconds to wait before spending more (L{wait}).
        """
        if not self._rate:
            return 0.0
        self._forget_full()
        left = self._tokens(payer) - tokens
        self._buckets[payer] = (left, self._seconds())
        self._buckets.move_to_end(payer)
        return self._until_one(left)

    def become(self, former: Hashable, now: Hashable) -> None:
        """Move a payer to another name, with the smaller of the two buckets."""
        if self._rate:
            left = min(self._tokens(former), self._tokens(now))
            self._buckets[now] = (left, self._seconds())
            self._buckets.move_to_end(now)

    def _tokens(self, payer: Hashable) -> float:
        tokens, since = self._buckets.get(payer, (self._burst, 0.0))
        return min(self._burst, tokens + (self._seconds() - since) * self._rate)

    def _until_one(self, tokens: float) -> float:
        return max(0.0, (1 - tokens) / self._rate)

    def _forget_full(self) -> None:
        """Forget the full buckets at the beginning."""
        while self._buckets:
            payer = next(iter(self._buckets))
            if self._tokens(payer) < self._burst:
                break
            del self._buckets[payer]

    def __len__(self) -> int:
        """Count the payers that are remembered."""
        return len(self._buckets)
