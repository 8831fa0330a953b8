"""People who are connected to another process of the same chat, as their events tell of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from chatservice.chat.acting import Acting
from chatservice.chat.envelope import Envelope
from chatservice.chat.room_list import RoomList
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.people.account import Account
from chatservice.protocol.events import (
    LATEST,
    CameBack,
    Event,
    Identified,
    Introduced,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    WentAway,
)
from chatservice.protocol.names import nick_key

log = Logger()


class Replicas:
    """The maker of members for people who are elsewhere; see L{Member.is_elsewhere}.

    Everybody finds everybody in the roster and in the rooms. A member who is elsewhere has no
    device here, and changes only as its events pass.

    @param become: has everything that goes by one identity go by another one.
    @param account: finds an account by its key.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        roster: Roster,
        rooms: RoomList,
        acting: Acting,
        become: Callable[[bytes, bytes], object],
        account: Callable[[str], Account | None],
        seconds: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._rooms = rooms
        self._acting = acting
        self._become = become
        self._account = account
        self._seconds = seconds

    def take(self, envelope: Envelope) -> None:
        """Apply an event that was published elsewhere, and find its author."""
        event = envelope.event
        if isinstance(event, Identified):
            self._identify(event)
        member = self._roster.find(event.identity, LATEST)
        if member is None and isinstance(event, Joined | Resumed):
            member = self._appear(event)
        if member is None or not member.is_elsewhere:
            return
        envelope.author = member
        change = _CHANGES.get(type(event))
        if change is not None:
            change(self, member, event)

    def _identify(self, event: Identified) -> None:
        former, now = event.former, event.identity
        if event.with_lines:
            self._become(former, now)
            return
        member = self._roster.find(former, LATEST)
        if member is not None and member.is_elsewhere:
            self._roster.identify(member, now)
            self._roster.settle(former)
            self._acting.identify(former, now)
            self._acting.settle(former)

    def _appear(self, event: Event) -> Member | None:
        key = nick_key(event.nick)
        if self._roster.get(key) is not None:
            log.error("There are two people called {nick}: one is not shown.", nick=event.nick)
            return None
        member = Member(event.nick, key, "")
        member.identity, member.userhost = event.identity, event.userhost
        member.since, member.came = event.id, self._seconds()
        self._roster.add(member)
        self._log_in(member, event.account)
        return member

    def _log_in(self, member: Member, key: str) -> None:
        account = self._account(key) if key else None
        if member.account is not None:
            self._roster.log_out(member)
        if account is not None:
            self._roster.log_in(member, account)

    def _join(self, member: Member, event: Joined) -> None:
        member.real_name, member.away = event.real_name, event.away
        room = self._rooms.known(event.room)
        room.members.add(member)
        member.rooms[room.name] = room

    def _part(self, member: Member, event: Parted | Left) -> None:
        for name in event.touched:
            if name in member.rooms:
                room = member.rooms[name]
                room.members.discard(member)
                member.forget_room(room)

    def _leave(self, member: Member, event: Left) -> None:
        self._part(member, event)
        self._roster.remove(member)

    def _rename(self, member: Member, event: Renamed) -> None:
        self._roster.rename(member, event.now, nick_key(event.now))

    def _go_away(self, member: Member, event: WentAway) -> None:
        member.away = event.why

    def _come_back(self, member: Member, event: CameBack) -> None:
        member.away = None

    def _introduce(self, member: Member, event: Introduced) -> None:
        member.real_name = event.real_name
        self._log_in(member, event.account)


_CHANGES: dict[type[Event], Callable[[Replicas, Member, Any], None]] = {
    Joined: Replicas._join,
    Parted: Replicas._part,
    Left: Replicas._leave,
    Renamed: Replicas._rename,
    WentAway: Replicas._go_away,
    CameBack: Replicas._come_back,
    Introduced: Replicas._introduce,
}
