"""What operators do: their acts, published. Whether one may, whoever calls this has asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from chatservice.acts import (
    Announced,
    Banned,
    Extended,
    Founded,
    Kicked,
    LockedDown,
    Muted,
    OperatorAct,
)
from chatservice.events import ChatError, Event, EventIds
from chatservice.moderation import Moderation
from chatservice.publisher import Publish
from chatservice.rooms import Member, Room
from chatservice.standing import Person
from chatservice.tries import Tries

ACTS = 60
"""The most of one operator of a room in a minute: acts are kept for long."""


class Operators:
    """Publishes acts.

    @param publish: lets an event of a member's go its way.
    @param publish_event: lets an event go its way that is complete.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        permissions: Moderation,
        rooms: Mapping[str, Room],
        ids: EventIds,
        publish: Publish,
        publish_event: Callable[[Event], object],
        seconds: Callable[[], float],
    ) -> None:
        self._permissions = permissions
        self._rooms = rooms
        self._ids = ids
        self._publish_own = publish
        self._publish_event = publish_event
        self._acts = Tries(seconds, ACTS)

    def act(self, member: Member, kind: type[OperatorAct], room: str = "", **facts: Any) -> None:
        """Do something in a room, or in the whole chat; it holds when it is stored.

        @param facts: see L{OperatorAct}.
        @raise ChatError: too much was done in the last minute.
        """
        if self._acts.wait(member.identity) and not self._permissions.is_operator(member):
            raise ChatError("too-many", f"you did {ACTS} such things in a minute: wait a little")
        self._acts.count(member.identity)
        self._publish(member, kind, room, facts)

    def _publish(
        self, member: Member, kind: type[OperatorAct], room: str, facts: dict[str, Any]
    ) -> None:
        whom: Member | None = facts.get("whom")
        seen_in: Collection[str] = whom.rooms if whom is not None else ()
        if kind in (Announced, LockedDown):
            seen_in = self._rooms.keys()
        elif room:
            # Who comes from where is for those alone who see addresses anyway.
            is_by_network = facts.get("network") and not facts.get("target_identity")
            seen_in = () if is_by_network else {room} & self._rooms.keys()
        # Where people are only about to leave, the room may be gone before this comes to pass.
        inhabited = tuple(name for name in seen_in if self._rooms[name].members)
        self._publish_own(member, kind, room=room, seen_in=inhabited, **facts)

    def found(self, member: Member, room: Room) -> None:
        """Have a member own the room that it has made, if it may.

        Until that is stored it is done again when the member says something there.
        """
        if self._permissions.may_found(member, room.name):
            room.founder = member
            with suppress(ChatError):
                self.act(member, Founded, room.name)

    def kick(self, member: Member, whom: Member | Person, room: str, why: str) -> None:
        """Put somebody out of a room, or out of the chat if C{room} is empty."""
        self.act(member, Kicked, room, **_meaning(whom, why))

    def turn_out(self, member: Member, banned: list[Member], room: str, why: str) -> None:
        """Kick those whom an act covers; it is one act with that, however many they are."""
        for whom in banned:
            self._publish(member, Kicked, room, _meaning(whom, why))

    def follow(self, member: Member, former: bytes) -> None:
        """Let what holds against an identity hold against the one that a member has instead.

        It does so at once, before the member can say a word, and is published to be stored.
        """
        known = {act.id for act in self._permissions.against(member.identity)}
        for act in self._permissions.against(former):
            if act.id in known:
                continue
            extended = Extended(
                id=self._ids.next(),
                time=self._ids.time,
                nick=act.nick,
                identity=act.identity,
                room=act.room,
                target=act.target,
                target_identity=member.identity,
                text=f"{act.id} {former.hex()}",
            )
            self._permissions.apply(extended)
            self._publish_event(extended)

    def follow_late(self, act: OperatorAct) -> None:
        """Let a ban or a mute hold against who became somebody else while it was on its way."""
        whom = act.whom
        if isinstance(act, Banned | Muted) and whom and whom.identity != act.target_identity:
            self.follow(whom, act.target_identity)


def _meaning(whom: Member | Person, why: str) -> dict[str, Any]:
    member = whom if isinstance(whom, Member) else whom.member
    return {"target": whom.nick, "target_identity": whom.identity, "whom": member, "text": why}
