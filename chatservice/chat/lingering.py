"""The grace period of a lost connection, and the read marker of its member."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from math import ceil
from typing import Any, NamedTuple

from twisted.internet.interfaces import IDelayedCall

from chatservice.chat.rooms import Member
from chatservice.config.settings import Settings
from chatservice.protocol.events import Left

PER_ADDRESS = 32
"""The most grace periods at a time for one address: no other limit counts lost connections."""

ADOPTED = "another node"
"""The origin of grace periods that began at other nodes."""

UNNOTICED = 150.0
"""The most seconds until a dead connection is noticed (sessions/keepalive.py)."""


class _Wait(NamedTuple):
    """A grace period.

    @ivar origin: the origin of the lost connection; the member may return from another.
    @ivar end: the delayed call that ends the grace period.
    """

    origin: str
    end: IDelayedCall


class Lingering:
    """The grace periods of lost connections.

    @param reactor: an C{IReactorTime}.
    @param settings: their C{linger} is the grace period in seconds; 0 for none.
    @param leave: called with a member who did not return in time, and the reason for the loss.
    @ivar waits: the members whose connection is lost and who may still return.
    """

    def __init__(
        self, reactor: Any, settings: Settings, leave: Callable[[Member, str], object]
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._leave = leave
        self.waits: dict[Member, _Wait] = {}
        self._waits_from: Counter[str] = Counter()
        self._is_over = False

    def begin(self, member: Member, why: str, adopted: bool = False) -> None:
        """Begin the grace period of a member; without one, the member leaves at once.

        @param adopted: whether the connection was to another node, which knew the address.
        """
        if self._is_over or member in self.waits:
            return
        origin = ADOPTED if adopted else member.origin
        is_one_too_many = not adopted and self._waits_from[origin] >= PER_ADDRESS
        if not self._settings.linger or is_one_too_many:
            self._leave(member, why)
            return
        end = self._reactor.callLater(self._settings.linger, self._leave, member, why)
        self.waits[member] = _Wait(origin, end)
        self._waits_from[origin] += 1

    def stop(self, member: Member) -> None:
        """End the grace period of a member, if there is one."""
        wait = self.waits.pop(member, None)
        if wait is None:
            return
        if wait.end.active():
            wait.end.cancel()
        self._waits_from[wait.origin] -= 1
        if not self._waits_from[wait.origin]:
            del self._waits_from[wait.origin]

    def stop_all(self) -> None:
        """End all grace periods, and begin none any more: the chat is shutting down."""
        self._is_over = True
        for member in list(self.waits):
            self.stop(member)

    def left_for(self, member: Member) -> int:
        """Return the seconds left of a member's grace period, at least 1; 0 without one."""
        wait = self.waits.get(member)
        if wait is None:
            return 0
        seconds: float = wait.end.getTime() - self._reactor.seconds()
        return max(1, ceil(seconds))


def absences(members: Iterable[Member]) -> list[Left]:
    """Make events that store the read markers of members who have not seen everything.

    They are for the shutdown of the chat: nobody is told that these members leave.
    """
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
        for member in members
    ]
