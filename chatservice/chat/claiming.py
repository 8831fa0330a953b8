"""The acts that make what is in force in a room last, when somebody makes the room their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from chatservice.chat.access import RoomAccess
from chatservice.chat.sanctions import Sanctions
from chatservice.protocol.actions import (
    Banned,
    Deopped,
    Devoiced,
    Invited,
    Muted,
    OperatorAct,
    RoomSet,
    Unbanned,
    Uninvited,
    Unmuted,
    Voiced,
)

K = TypeVar("K")
V = TypeVar("V")


def acts_between(room: str, kept: RoomAccess, held: RoomAccess, now: int) -> Iterator[OperatorAct]:
    """Make the acts after which what is C{held} in a room is what is C{kept} of it.

    @param now: the time in microseconds since the epoch.
    """
    before = kept.rules.texts()
    for setting, text in held.rules.texts().items():
        if text != before[setting]:
            yield RoomSet(room=room, target=setting, text=text)
    yield from _sanctions(Banned, Unbanned, kept.bans, held.bans, now)
    yield from _sanctions(Muted, Unmuted, kept.mutes, held.mutes, now)
    # Those who run it while there go on so; nobody is made an operator for good by this.
    yield from _holders(room, Deopped, _without(kept.operators, held.operators))
    yield from _holders(room, Voiced, _without(held.voiced, kept.voiced))
    yield from _holders(room, Devoiced, _without(kept.voiced, held.voiced))
    yield from _holders(room, Invited, _without(held.invited, kept.invited))
    yield from _holders(room, Uninvited, _without(kept.invited, held.invited))


def _sanctions(
    kind: type[Banned | Muted],
    end: type[Unbanned | Unmuted],
    kept: Sanctions,
    held: Sanctions,
    now: int,
) -> Iterator[OperatorAct]:
    before, after = kept.holding(now), held.holding(now)
    for act in _without(before, after).values():
        # None is by address: server operators alone end those, and that is stored.
        yield end(room=act.room, target=act.target, target_identity=act.target_identity)
    for act in _without(after, before).values():
        yield kind(
            room=act.room,
            target=act.target,
            target_identity=act.target_identity,
            network=act.network,
            until=act.until,
            text=act.text,
        )


def _holders(
    room: str, kind: type[OperatorAct], holders: Mapping[bytes, str]
) -> Iterator[OperatorAct]:
    for identity, nick in holders.items():
        yield kind(room=room, target=nick, target_identity=identity)


def _without(some: Mapping[K, V], others: Mapping[K, V]) -> dict[K, V]:
    return {key: some[key] for key in some if key not in others}
