"""The flood limit: how fast the server reads from people."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from chatservice.ratelimit import Allowances

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
        self, person: Hashable, origin: str, lines: int = 1, price: float = 1.0
    ) -> float:
        """Charge lines, and return the seconds to wait before anything more is read.

        @param person: the payer: an identity, or the connection before there is one.
        @param origin: see L{chatservice.networks.origin_of}; empty for this machine, where only the
            person pays.
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

    def arrive(self, origin: str) -> float:
        """Charge a new identity to its address, as one burst; return as L{spend} does."""
        return self._come(origin, BURST)

    def _come(self, origin: str, lines: int) -> float:
        return self._origins.spend(origin, lines) if origin else 0.0
