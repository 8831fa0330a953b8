"""The path of an operator's act: counted, published, and applied to its target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace

from chatservice.chat.envelope import Envelope
from chatservice.chat.permissions import Permissions
from chatservice.chat.publisher import Publish
from chatservice.chat.rooms import Device, Member, Room
from chatservice.chat.roster import Roster
from chatservice.people.ratelimit import Tries
from chatservice.protocol.actions import (
    Announced,
    Banned,
    Extended,
    Founded,
    LockedDown,
    Muted,
    OperatorAct,
)
from chatservice.protocol.events import ChatError

ACTS = 60
"""The most acts of a room's operator in a minute, since acts are stored for a long time."""


class Acting:
    """The publisher of acts. The caller has checked the member's rights (enforcement.py).

    @param publish: publishes an event of a member.
    @param publish_event: publishes an event whose author is already filled in.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        permissions: Permissions,
        roster: Roster,
        rooms: Mapping[str, Room],
        publish: Publish,
        publish_event: Callable[[Envelope], object],
        seconds: Callable[[], float],
    ) -> None:
        self._permissions = permissions
        self._roster = roster
        self._rooms = rooms
        self._publish = publish
        self._publish_event = publish_event
        self._acts = Tries(seconds, ACTS)

    def act(self, by: Device, act: OperatorAct) -> Envelope:
        """Publish an act in a room or in the whole chat; it takes effect when it is stored.

        @raise ChatError: C{too-many} acts in the last minute.
        """
        self._count(by.member)
        return self.publish(by, act)

    def _count(self, member: Member) -> None:
        if self._acts.attempt(member.identity) and not self._permissions.is_operator(member):
            sentence = f"that was more than {ACTS} actions in a minute: wait a little"
            raise ChatError("too-many", sentence, "acts")

    def publish(self, by: Device, act: OperatorAct) -> Envelope:
        """Publish an act that follows from another one, and is not counted."""
        if self._permissions.is_passing(by.member, act.room):
            act = replace(act, passing=True)
        return self._publish(by.member, act, by)

    def claim(self, by: Device, room: str) -> Envelope:
        """Make a member the owner of a room, and have what is in force there last.

        @raise ChatError: C{too-many} acts in the last minute.
        """
        self._count(by.member)
        claimed = self._publish(by.member, Founded(room=room), by)
        for act in self._permissions.passing_acts(room):
            self._publish(by.member, act, by)
        return claimed

    def address(self, envelope: Envelope) -> None:
        """Find the member whom an act targets, if here, and the rooms that see it."""
        act = envelope.event
        if not isinstance(act, OperatorAct) or isinstance(act, Extended):
            return
        whom = envelope.other = self._roster.find(act.target_identity, act.id)
        seen_in: Collection[str] = whom.rooms if whom is not None else ()
        if isinstance(act, Announced | LockedDown):
            seen_in = self._rooms.keys()
            envelope.roomless = [
                device
                for member in self._roster.values()
                if not any(member in room.present for room in member.rooms.values())
                for device in member.devices
                if device.fence
            ]
        elif act.room:
            # An act on a network shows who comes from it: only those who may see addresses see it.
            is_by_network = act.network and not act.target_identity
            seen_in = () if is_by_network else {act.room} & self._rooms.keys()
        # A room whose last members are just leaving counts as empty.
        envelope.rooms = tuple(name for name in seen_in if self._rooms[name].members)

    def found(self, by: Device, room: Room) -> None:
        """Make a member the owner of the room that it has created, if it may be.

        Until this is stored, it is tried again whenever the member says something there.
        """
        if self._permissions.may_found(by.member, room.name):
            room.founder = by.member
            with suppress(ChatError):
                self._count(by.member)
                self._publish(by.member, Founded(room=room.name), by)

    def follow(self, member: Member, former: bytes) -> None:
        """Extend the sanctions on an identity to the identity that a member has in its place.

        They apply at once, before the member can say a word, and are published to be stored.
        """
        known = {act.id for act in self._permissions.against(member.identity)}
        for act in self._permissions.against(former):
            if act.id in known:
                continue
            extended = Extended(
                nick=act.nick,
                identity=act.identity,
                room=act.room,
                target=act.target,
                target_identity=member.identity,
                text=f"{act.id} {former.hex()}",
                passing=act.passing,
            )
            self._permissions.apply(extended)
            self._publish_event(Envelope(extended))

    def follow_late(self, act: OperatorAct) -> None:
        """Extend a ban or a mute whose target changed identity while it was being stored."""
        whom = self._roster.formerly(act.target_identity)
        if isinstance(act, Banned | Muted) and whom is not None:
            self.follow(whom, act.target_identity)
