"""The undoing of what members did here, where the one order of all events has it otherwise.

A verb changes a member at once, and then tells it by an event. In a cluster the same person may be
doing something else at another node, and the engine refuses events of people who are no longer at
the node that tells them. So once nothing of that kind is on its way from here, a member is as the
events that have passed tell.
"""

from __future__ import annotations

from collections.abc import Callable

from chatservice.chat.dwelling import NO_ROOMS, Passed
from chatservice.chat.envelope import Envelope
from chatservice.chat.formers import Formers
from chatservice.chat.permissions import Permissions
from chatservice.chat.room_list import RoomList
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.people.account import Account
from chatservice.protocol.events import (
    CameBack,
    Identified,
    Introduced,
    Joined,
    Left,
    Parted,
    Renamed,
    WentAway,
)
from chatservice.protocol.names import nick_key
from chatservice.protocol.preferences import Preferences

CHANGES = Joined | Parted | Left | Renamed | WentAway | CameBack | Introduced
"""Kinds of events that change who or where their author is."""


def _changed(envelope: Envelope) -> Member | None:
    """Find the member who or where an event of this node changes, if it does."""
    if isinstance(envelope.event, CHANGES):
        return envelope.signer
    return envelope.subject if isinstance(envelope.event, Identified) else None


class Undoing:
    """The comparison of members with what has passed, and the correction of what differs.

    @param account_of: finds the account of an identity.
    """

    def __init__(
        self,
        roster: Roster,
        rooms: RoomList,
        permissions: Permissions,
        formers: Formers,
        account_of: Callable[[bytes], Account | None],
    ) -> None:
        self._roster = roster
        self._rooms = rooms
        self._permissions = permissions
        self._formers = formers
        self._account_of = account_of

    def begin(self, envelope: Envelope) -> None:
        """Note that an event is on its way from here."""
        member = _changed(envelope)
        if member is not None:
            member.changes += 1
            member.doubts |= frozenset(envelope.event.touched)

    def settle(self, envelope: Envelope) -> None:
        """Note that an event has passed, or was refused."""
        member = _changed(envelope)
        if member is not None:
            member.changes -= 1
        for each in (envelope.author or envelope.subject, envelope.other):
            if each is not None:
                self.put_right(each)

    def put_right(self, member: Member) -> None:
        """Have a member be as the events tell that have passed, if none is on its way from here."""
        if member.changes or not self._roster.has(member):
            return
        if member.passed is not None:
            self._be(member, member.passed)
            if member.is_elsewhere:
                member.passed = None
        doubts, member.doubts = member.doubts, NO_ROOMS
        for room in doubts:
            self._put_right_in(member, room)

    def _be(self, member: Member, passed: Passed) -> None:
        if member.identity != passed.identity:
            refused = member.identity
            self._roster.identify(member, passed.identity)
            self._formers.end(refused)
        self.note_account(member)
        member.real_name, member.away = passed.real_name, passed.away
        if member.nick != passed.nick:
            self._roster.rename(member, passed.nick, nick_key(passed.nick))
            member.preferences_changed()

    def note_account(self, member: Member) -> None:
        """Have a member be logged in to the account of its identity, or to none."""
        account, former = self._account_of(member.identity), member.account
        if account is former or not self._roster.has(member):
            return
        if former is not None:
            self._roster.log_out(member)
        if account is not None:
            self._roster.log_in(member, account)
        if not member.is_elsewhere:
            member.preferences = Preferences() if account is None else account.preferences
            member.ignored = {} if account is None else account.ignored
            member.preferences_changed()

    def rooms_left(self, member: Member, left: Left) -> tuple[str, ...]:
        """List the rooms of somebody who leaves, with those entered meanwhile at other nodes."""
        others = sorted({*member.rooms, *member.doubts}.difference(left.rooms))
        identity, is_in = member.identity, self._permissions.is_in
        return (*left.rooms, *(room for room in others if is_in(room, identity)))

    def doubt_everywhere(self, member: Member) -> None:
        """Note that a member may be in other rooms than the events tell that have passed."""
        member.doubts |= {*member.rooms, *self._permissions.rooms_of(member.identity)}

    def take_out(self, member: Member) -> None:
        """Have a member who is gone be in no room."""
        for name in member.doubts:
            room = self._rooms.get(name)
            if room is not None:
                self._rooms.take_out(member, room)

    def _put_right_in(self, member: Member, name: str) -> None:
        """Have a member be in a room, or not, as the events tell that have passed."""
        if self._permissions.is_in(name, member.identity):
            room = self._rooms.put_in(member, name)
            if member not in room.present:
                room.admit(member)
        elif (there := self._rooms.get(name)) is not None:
            self._rooms.take_out(member, there)
