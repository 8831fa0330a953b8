"""The grace period of a lost connection, and the end of a member's reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from math import ceil
from typing import Any, NamedTuple

from twisted.internet.interfaces import IDelayedCall

from chatservice.chat.rooms import Member
from chatservice.config import Settings
from chatservice.protocol.events import Left

PER_ADDRESS = 32
"""The most lost connections from one address that are waited for: they count nowhere else."""

UNNOTICED = 150.0
"""Seconds after which a dead connection is noticed at the latest (sessions/keepalive.py)."""


class _Wait(NamedTuple):
    """For a lost connection to come back.

    @ivar origin: where it was from; whoever comes back may be somewhere else.
    @ivar end: the call that ends it.
    """

    origin: str
    end: IDelayedCall


class Lingering:
    """Waits for lost connections to come back.

    @param reactor: C{IReactorTime}.
    @param settings: C{linger} is for how many seconds; 0 for not at all.
    @param leave: called with a member whose connection did not come back, and why it was lost.
    @ivar waits: whose connection is lost and may still come back.
    """

    def __init__(
        self, reactor: Any, settings: Settings, leave: Callable[[Member, str], object]
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._leave = leave
        self.waits: dict[Member, _Wait] = {}
        self._waits_from: Counter[str] = Counter()

    def begin(self, member: Member, why: str) -> None:
        """Wait for a member to come back, or let it leave if that is not waited for."""
        origin = member.origin
        if not self._settings.linger or self._waits_from[origin] >= PER_ADDRESS:
            self._leave(member, why)
            return
        end = self._reactor.callLater(self._settings.linger, self._leave, member, why)
        self.waits[member] = _Wait(origin, end)
        self._waits_from[origin] += 1

    def stop(self, member: Member) -> None:
        """Wait no longer for a member, if that is being waited for."""
        wait = self.waits.pop(member, None)
        if wait is None:
            return
        if wait.end.active():
            wait.end.cancel()
        self._waits_from[wait.origin] -= 1
        if not self._waits_from[wait.origin]:
            del self._waits_from[wait.origin]

    def left_for(self, member: Member) -> int:
        """Tell for how many seconds a lost connection may still come back; 0 if it is not lost."""
        wait = self.waits.get(member)
        if wait is None:
            return 0
        seconds: float = wait.end.getTime() - self._reactor.seconds()
        return max(1, ceil(seconds))


def absences(members: Iterable[Member]) -> list[Left]:
    """Make events that store how far those members have read who have not read everything.

    This is for the end of the chat: nobody is told that they leave.
    """
    behind = [member for member in members if member.lost_at or member.reading.missed]
    return [
        Left(
            nick=member.nick,
            identity=member.identity,
            goodbye=False,
            why="",
            rooms=tuple(member.rooms),
            noted=member.forgotten != member.identity,
            seen=member.seen_last(),
        )
        for member in behind
    ]
