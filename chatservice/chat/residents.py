"""The people of a chat as the engine of a cluster knows them, for a node that has just started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Stay(NamedTuple):
    """Somebody's being in a room.

    @ivar id: the id of the event of entering.
    @ivar runs: whether the person runs the room while there: nobody owned it, or was in it, then.
    """

    room: str
    id: int
    runs: bool


class Resident(NamedTuple):
    """Somebody who is in the chat.

    @ivar key: the key of the nickname.
    @ivar address: the address that the person has come from last.
    @ivar since: the id of the arrival.
    @ivar homes: the numbers of the nodes that the person is connected to, or lingers at.
    @ivar seen: for somebody who lingers, the last id seen in each room (C{""}: private lines).
    @ivar stays: the rooms that the person is in, in the order of entering.
    """

    identity: bytes
    nick: str
    key: str
    userhost: str
    address: str
    real_name: str
    away: str | None
    since: int
    homes: frozenset[int]
    lingers: bool
    seen: Mapping[str, int]
    stays: Sequence[Stay]
