"""How somebody goes: at once or after a while, and what is kept of where that was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from chatservice.events import Left
from chatservice.journal import JournalError
from chatservice.rooms import NOWHERE, Door, Member
from chatservice.sanitize import clean

if TYPE_CHECKING:
    from chatservice.server import ChatFactory

log = Logger()

LINGERING_PER_ADDRESS = 32
"""The most lost connections from one address that are waited for: they count nowhere else."""

UNNOTICED = 150.0
"""Seconds after which a dead connection is noticed at the latest (keepalive.py)."""


class _Wait(NamedTuple):
    """For a lost connection to come back.

    @ivar origin: where it was from; whoever comes back may be somewhere else.
    @ivar end: the call that ends it.
    """

    origin: str
    end: IDelayedCall


class Departures:
    """Lets people out of the chat.

    @param chat: the one.
    @ivar lingering: whose connection is lost, and may still come back.
    @ivar last_delivered: the id of the last event that came to its end.
    """

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat
        self.lingering: dict[Member, _Wait] = {}
        self.last_delivered = 0
        self._lingering_from: Counter[str] = Counter()
        self._leaving: dict[bytes, Member] = {}

    def lose(self, member: Member, why: str) -> None:
        """The connection is lost: leave, unless the member comes back before long."""
        chat, origin = self._chat, member.origin
        if chat.closing or not chat.is_here(member):
            return
        if not chat.settings.linger or self._lingering_from[origin] >= LINGERING_PER_ADDRESS:
            self.leave(member, why, goodbye=False)
            return
        end = chat.reactor.callLater(
            chat.settings.linger, self.leave, member, why, goodbye=False
        )
        self.lingering[member] = _Wait(origin, end)
        self._lingering_from[origin] += 1

    def stop_lingering(self, member: Member) -> None:
        """The wait for a lost connection is over, if there is one."""
        wait = self.lingering.pop(member, None)
        if wait is None:
            return
        if wait.end.active():
            wait.end.cancel()
        self._lingering_from[wait.origin] -= 1
        if not self._lingering_from[wait.origin]:
            del self._lingering_from[wait.origin]

    def waits_for(self, member: Member) -> int:
        """For how many seconds a lost connection may still come back; 0 if it is not lost."""
        wait = self.lingering.get(member)
        if wait is None:
            return 0
        seconds: float = wait.end.getTime() - self._chat.reactor.seconds()
        return max(1, ceil(seconds))

    def last_heard(self, member: Member) -> int:
        """The id up to which a member was delivered everything; more may be on its way."""
        return max(self.last_delivered, member.since)

    def note_loss(self, member: Member, door: Door, silence: float = 0.0) -> None:
        """Note up to which event a member saw everything through a door that is lost.

        @param silence: seconds for which the door may have been dead already.
        """
        if member.lost_at:
            return
        behind = door.behind()
        seen = self.last_heard(member) if behind is None else behind
        if silence:
            unnoticed = min(silence, UNNOTICED)
            seen = min(seen, self._chat.ids.latest() - int(unnoticed * 1_000_000))
        if behind is not None:
            member.missed.update(member.unsent)
        member.unsent.clear()
        member.lost_at = seen

    def leave(self, member: Member, why: str, goodbye: bool, folded: bool = False) -> None:
        """Leave the chat; see L{Left}. The nickname is free at once."""
        chat = self._chat
        if chat.closing or not chat.is_here(member):
            return
        self.stop_lingering(member)
        del chat.members[member.key]
        del chat.by_token[member.token]
        if member.account is not None:
            member.account.member = None
        rooms, seen = tuple(member.rooms), member.seen_last()
        for room in member.rooms.values():
            room.let_go(member)
        member.rooms.clear()
        self._leaving[member.identity] = member
        chat.publish(
            member,
            Left,
            why=clean(why),
            goodbye=goodbye,
            rooms=rooms,
            folded=chat.folding.note(rooms, came=False) or folded,
            noted=member.forgotten != member.identity,
            seen=seen,
        )

    def complete(self, member: Member, identity: bytes) -> None:
        """Everybody has heard that a member left, who had that identity."""
        door, member.door = member.door, NOWHERE
        for known_as in (identity, member.identity):
            if self._leaving.get(known_as) is member:
                del self._leaving[known_as]
        # The events that it is the author of may be kept for long, and rooms need not.
        member.current = None
        door.dismiss()

    def become(self, former: bytes, now: bytes) -> None:
        """Give somebody another identity from now on."""
        member = self._leaving.pop(former, None)
        if member is not None:
            member.identity = now
            self._leaving[now] = member

    def stored(self, identity: bytes) -> Deferred[None]:
        """Fires when it is stored where somebody was who has left, if that is on its way."""
        member = self._leaving.get(identity)
        return succeed(None) if member is None else self._chat.settled(member)

    @inlineCallbacks
    def note_what_is_missed(self) -> Generator[Deferred[Any], Any, None]:
        """Keep where those are who have not seen everything; nobody is told that they leave.

        For the end of the chat.
        """
        chat = self._chat
        behind = [member for member in chat.members.values() if member.lost_at or member.missed]
        leaves = [
            Left(
                id=chat.ids.next(),
                time=chat.ids.time,
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
        try:
            if leaves:
                yield chat.journal.append(leaves)
        except JournalError as error:
            log.error("What people have missed is not stored: {why}.", why=error)
