"""Limits on how often something is done: token buckets, sliding windows, the flood limit.

The payer outlives its connections, so a reconnect renews nothing.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Protocol

from twisted.internet.defer import Deferred


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


class Limit(Protocol):
    """A limit on attempts, which may be kept where asking takes a moment; see L{Tries}."""

    def attempt(self, *keys: Hashable) -> float | Deferred[float]:
        """See L{Tries.attempt}."""

    def give_back(self, *keys: Hashable) -> object:
        """See L{Tries.give_back}."""


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

    def attempt(self, *keys: Hashable) -> float:
        """Count an attempt for each of the keys, unless it is one too many for any of them.

        Attempts count when they begin, for many may go on at the same time.

        @return: the seconds until it may be made; 0 if it is counted.
        """
        wait = self.wait(*keys)
        if not wait:
            self.count(*keys)
        return wait

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


BURST = 10
"""Lines that may come at once before the limit slows the reading."""

WEIGHT = 1024
"""Bytes that cost as much as one line, whatever they contain."""

BEHIND_MOST = 10.0
"""Seconds of debt beyond which an address cannot make new connections."""


class FloodLimit:
    """The cost of lines, other bytes and arrivals, charged to people and to addresses.

    The sender pays, under the best identity that is known, and so does the sender's address. Both
    outlive the connection.

    @param seconds: a clock that never goes back.
    @param rate: lines a second for each person; 0 for no limit.
    @param people: how many people's allowance an address gets; 0 for any number, so no limit for
        addresses.
    @ivar is_limited: whether anything costs anything.
    """

    def __init__(self, seconds: Callable[[], float], rate: int, people: int) -> None:
        self.is_limited = rate > 0
        self._people = Allowances(seconds, rate, BURST)
        self._origins = Allowances(seconds, rate * people, BURST * people)

    def spend(
        self, person: Hashable, origin: str, lines: float = 1, price: float = 1.0
    ) -> float:
        """Charge lines, and return the seconds to wait before anything more is read.

        @param person: the payer: an identity, or the connection before there is one.
        @param origin: see L{chatservice.people.addresses.origin_of}; empty for this machine, where
            only the person pays.
        @param price: the price of a line for the person; the address always pays in full.
        """
        return max(self._people.spend(person, lines * price), self._come(origin, lines))

    def become(self, former: Hashable, now: Hashable) -> None:
        """Give a person another identity without renewing the allowance."""
        self._people.become(former, now)

    def connect(self, origin: str) -> bool:
        """Charge a connection to its address as one line; return whether it is allowed.

        Refused connections are free: otherwise somebody who keeps trying would block for ever the
        people at that address who are in the chat already.
        """
        if origin and self._origins.wait(origin) > BEHIND_MOST:
            return False
        self._come(origin, 1)
        return True

    def charge(self, origin: str, lines: float) -> float:
        """Charge lines to an address alone; return as L{spend} does."""
        return self._come(origin, lines)

    def arrive(self, origin: str) -> float:
        """Charge a new identity to its address, as one burst; return as L{spend} does."""
        return self._come(origin, BURST)

    def _come(self, origin: str, lines: float) -> float:
        return self._origins.spend(origin, lines) if origin else 0.0
