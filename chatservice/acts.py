"""The acts of operators: facts like any other, and all that moderation is made of.

Who is banned, who may speak, how a room is set: all of it is what these acts come to when they
are taken one after the other (moderation.py). None is changed or taken back; another one is added.
Those that hold no more are deleted when they are old (actlog.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from chatservice.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAct(Event):
    """Something that an operator did.

    @cvar kind: its name in the database, on the wire and in C{/modlog}.
    @ivar room: where it holds; empty for the whole chat.
    @ivar target: whom or what it was done to, as it is shown: a nickname, an address, a network
        in CIDR notation, or the name of a room setting.
    @ivar target_identity: the lasting identity of whom it was done to, or empty.
    @ivar network: the address or network that it covers, in CIDR notation, or empty.
    @ivar until: when it holds no more, in microseconds since the epoch, by the clock that tells
        C{when} it was done: what counts is the span between the two. 0 for never.
    @ivar text: the reason, what is announced, or the value of a room setting.
    """

    stored = True
    kind: ClassVar[str]
    room: str = ""
    target: str = ""
    target_identity: bytes = field(default=b"", repr=False)
    network: str = field(default="", repr=False)
    until: int = 0
    text: str = ""

    @property
    def shown(self) -> str:
        """What anybody may see of C{text}."""
        return self.text

    def under(self, former: bytes, now: bytes) -> Self:
        to = replace(self, target_identity=now) if self.target_identity == former else self
        return replace(to, identity=now) if self.identity == former else to


@dataclass(frozen=True, slots=True, kw_only=True)
class Kicked(OperatorAct):
    """Had to leave the room, or the chat.

    @ivar folded: whether everybody who is told was told before by the L{Banned} that it follows,
        so that line doors show nothing for it. It is no part of the log.
    """

    kind: ClassVar[str] = "kicked"
    folded: bool = field(default=False, compare=False, repr=False)


class Banned(OperatorAct):
    """May not come in any more."""

    __slots__ = ()
    kind = "banned"


class Unbanned(OperatorAct):
    """May come in again."""

    __slots__ = ()
    kind = "unbanned"


class Muted(OperatorAct):
    """May not speak."""

    __slots__ = ()
    kind = "muted"


class Unmuted(OperatorAct):
    """May speak again."""

    __slots__ = ()
    kind = "unmuted"


class Extended(OperatorAct):
    """Holds against another identity of the same person.

    C{text} is the id of the ban or mute, a space, and the former identity in hexadecimal. Done by
    nobody, told to nobody, and no part of the log that operators read.
    """

    __slots__ = ()
    kind = "extended"

    @property
    def shown(self) -> str:
        """Nothing: who somebody else was is nobody's business."""
        return ""


class Founded(OperatorAct):
    """Made a room while logged in, and so owns it."""

    __slots__ = ()
    kind = "founded"


class Opped(OperatorAct):
    """Is an operator of the room now."""

    __slots__ = ()
    kind = "opped"


class Deopped(OperatorAct):
    """Is no operator of the room any more."""

    __slots__ = ()
    kind = "deopped"


class Voiced(OperatorAct):
    """May speak in the room while it is moderated."""

    __slots__ = ()
    kind = "voiced"


class Devoiced(OperatorAct):
    """May not speak any more in the room while it is moderated."""

    __slots__ = ()
    kind = "devoiced"


class Invited(OperatorAct):
    """May enter the room, though it is for invited people only."""

    __slots__ = ()
    kind = "invited"


class RoomSet(OperatorAct):
    """The room's setting C{target} is now C{text}."""

    __slots__ = ()
    kind = "room_set"

    @property
    def shown(self) -> str:
        """Of a password only whether there is one: the text is its hash."""
        if self.target == "password":
            return "off" if self.text in ("", "off") else "on"
        return self.text


class Announced(OperatorAct):
    """Told something to all rooms."""

    __slots__ = ()
    kind = "announced"


class LockedDown(OperatorAct):
    """Only registered names may join from now on, or all again: C{text} is C{on} or C{off}."""

    __slots__ = ()
    kind = "locked_down"


KINDS: dict[str, type[OperatorAct]] = {
    act.kind: act
    for act in (
        Kicked,
        Banned,
        Unbanned,
        Muted,
        Unmuted,
        Founded,
        Opped,
        Deopped,
        Voiced,
        Devoiced,
        Invited,
        RoomSet,
        Announced,
        LockedDown,
    )
}
"""The acts of operators, by kind."""

STORED: dict[str, type[OperatorAct]] = KINDS | {Extended.kind: Extended}
"""All that is stored with it."""
