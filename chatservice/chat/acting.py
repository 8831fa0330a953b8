"""The publishing of operators' acts: counted, stored, and applied to the person they are about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from chatservice.chat.envelope import Envelope
from chatservice.chat.permissions import Permissions
from chatservice.chat.publisher import Publish
from chatservice.chat.rooms import Member, Room
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
"""The most of one operator of a room in a minute: acts are kept for long."""


class Acting:
    """Publishes acts. Whether the member may, whoever calls this has asked (enforcement.py).

    @param publish: lets an event of a member's go its way.
    @param publish_event: lets an event go its way that is signed.
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

    def act(self, member: Member, act: OperatorAct) -> Envelope:
        """Do something in a room, or in the whole chat; it holds when it is stored.

        @raise ChatError: too much was done in the last minute.
        """
        if self._acts.wait(member.identity) and not self._permissions.is_operator(member):
            sentence = f"that was more than {ACTS} actions in a minute: wait a little"
            raise ChatError("too-many", sentence, "acts")
        self._acts.count(member.identity)
        return self._publish(member, act)

    def address(self, envelope: Envelope) -> None:
        """Find out whom an act is done to, of those here, and in which rooms it is seen."""
        act = envelope.event
        if not isinstance(act, OperatorAct) or isinstance(act, Extended):
            return
        whom = envelope.other = self._roster.find(act.target_identity, act.id)
        seen_in: Collection[str] = whom.rooms if whom is not None else ()
        if isinstance(act, Announced | LockedDown):
            seen_in = self._rooms.keys()
        elif act.room:
            # Only people who see addresses anyway may learn who comes from where.
            is_by_network = act.network and not act.target_identity
            seen_in = () if is_by_network else {act.room} & self._rooms.keys()
        # A room that people are only about to leave is as good as empty.
        envelope.rooms = tuple(name for name in seen_in if self._rooms[name].members)

    def found(self, member: Member, room: Room) -> None:
        """Have a member own the room that it has made, if it may.

        Until that is stored it is done again when the member says something there.
        """
        if self._permissions.may_found(member, room.name):
            room.founder = member
            with suppress(ChatError):
                self.act(member, Founded(room=room.name))

    def follow(self, member: Member, former: bytes) -> None:
        """Let what holds against an identity hold against the one that a member has instead.

        It does so at once, before the member can say a word, and is published to be stored.
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
            )
            self._permissions.apply(extended)
            self._publish_event(Envelope(extended))

    def follow_late(self, act: OperatorAct) -> None:
        """Let a ban or a mute hold against who became somebody else while it was on its way."""
        whom = self._roster.formerly(act.target_identity)
        if isinstance(act, Banned | Muted) and whom is not None:
            self.follow(whom, act.target_identity)
