"""The people who left the chat last, whatever door they had."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from chatservice.protocol.events import Left
from chatservice.protocol.names import nick_key

DEPARTURES_KEPT = 100
"""The people who are remembered, each for one leave."""


class Departures:
    """A memory of the last L{Left}, which has the nickname, the account and the time.

    All that passed are in it, wherever they happened. It is in memory alone.
    """

    def __init__(self) -> None:
        self._left: deque[Left] = deque(maxlen=DEPARTURES_KEPT)

    def note(self, left: Left) -> None:
        """Note that somebody has left, unless nothing records that the person was here."""
        if left.noted:
            self._left.append(left)

    def of(self, nick: str) -> list[Left]:
        """List the leaves of people with a nickname, or one that looks like it; latest first."""
        key = nick_key(nick)
        return [left for left in reversed(self._left) if nick_key(left.nick) == key]

    def become(self, former: bytes, now: bytes) -> None:
        """Note that somebody goes by another identity from now on."""
        self._keep(left.under(former, now) for left in self._left)

    def forget(self, identity: bytes) -> None:
        """Forget somebody."""
        self._keep(left for left in self._left if left.identity != identity)

    def _keep(self, left: Iterable[Left]) -> None:
        self._left = deque(list(left), DEPARTURES_KEPT)
