"""The flood limit: how fast people are read."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from chatservice.ratelimit import Allowances

BURST = 10
"""Lines that may come at once before the limit slows the reading."""

WEIGHT = 1024
"""Bytes that cost as much as a line does, whatever they are."""

BEHIND_MOST = 10.0
"""Seconds by which an address may be behind before it cannot connect any more."""


class FloodLimit:
    """The cost of lines, other bytes and arrivals, for the people and addresses that cause them.

    Whoever sends them pays, under whichever identity is known, and so does the address. Both
    outlive the connection.

    @param seconds: a clock that never goes back.
    @param rate: lines a second of one person; 0 for no limit.
    @param people: how many people one address may have; 0 for any number, and no limit for
        addresses.
    @ivar is_limited: whether anything costs anything.
    """

    def __init__(self, seconds: Callable[[], float], rate: int, people: int) -> None:
        self.is_limited = rate > 0
        self._people = Allowances(seconds, rate, BURST)
        self._origins = Allowances(seconds, rate * people, BURST * people)

    def spend(
        self, person: Hashable, origin: str, lines: int = 1, price: float = 1.0
    ) -> float:
        """Count lines, and give the seconds to wait before anything more is read.

        @param person: who pays: an identity, or the connection before there is one.
        @param origin: see L{chatservice.networks.origin_of}; empty for this machine, which is
            counted by person alone.
        @param price: of a line, for the person; the address pays the whole of it in any case.
        """
        return max(self._people.spend(person, lines * price), self._come(origin, lines))

    def become(self, former: Hashable, now: Hashable) -> None:
        """Somebody who was one person is another from now on, which renews nothing."""
        self._people.become(former, now)

    def connect(self, origin: str) -> bool:
        """Count a connection as a line of its address; gives whether it may come.

        One that may not is not counted: otherwise who goes on trying would have everybody else
        there, who is in the chat already, wait for ever.
        """
        if origin and self._origins.wait(origin) > BEHIND_MOST:
            return False
        self._come(origin, 1)
        return True

    def arrive(self, origin: str) -> float:
        """Count a new identity, and so one more burst; gives the seconds as L{spend} does."""
        return self._come(origin, BURST)

    def _come(self, origin: str, lines: int) -> float:
        return self._origins.spend(origin, lines) if origin else 0.0
