"""The acts of operators: events from which all moderation follows.

Who is banned, who may speak and how a room is set is computed from these acts, taken one after
the other (chat/permissions.py). No act is changed or taken back; another one is added. Acts that no
longer hold are deleted when they are old (storage/actlog.py).

A new act is one class here, and one row in L{chatservice.protocol.wording.WORDS}.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from chatservice.protocol.events import ALWAYS, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAct(Event):
    """Something that an operator did; its C{kind} is its name in C{/modlog} too.

    @ivar room: where it holds; empty for the whole chat.
    @ivar target: the person or thing that it was done to, as it is shown: a nickname, an address,
        a network in CIDR notation, a mask (C{nick!user@host}), or the name of a room setting.
    @ivar target_identity: the lasting identity of the person it was done to, or empty.
    @ivar network: the address or network that it covers, in CIDR notation, or empty.
    @ivar until: when it ends, in microseconds since the epoch, by the clock that C{when} was read
        from: what counts is the span between the two. 0 for never.
    @ivar text: the reason, the announcement, or the value of a room setting.
    @ivar passing: whether it holds only until nobody is in the room any longer: an act of somebody
        who runs a room that nobody owns, while there. It stays in the server.
    """

    room: str = ""
    target: str = field(default="", metadata=ALWAYS)
    target_identity: bytes = field(default=b"", repr=False)
    network: str = field(default="", repr=False)
    until: int = 0
    text: str = ""
    passing: bool = field(default=False, repr=False)

    @property
    def stored(self) -> bool:  # type: ignore[override]
        """Whether it is on the disk before anybody sees it."""
        return not self.passing

    @property
    def is_by_mask(self) -> bool:
        """Whether its target is a mask, for no nickname or setting has a C{!}."""
        return "!" in self.target

    def under(self, former: bytes, now: bytes) -> Self:
        to = replace(self, target_identity=now) if self.target_identity == former else self
        return replace(to, identity=now) if self.identity == former else to


@dataclass(frozen=True, slots=True, kw_only=True)
class Kicked(OperatorAct):
    """Somebody's removal from the room, or from the chat.

    @ivar folded: whether the L{Banned} just before it tells the same people already, so that line
        doors show nothing for it. It is not stored.
    """

    kind = "kicked"
    folded: bool = field(default=False, compare=False)


class Banned(OperatorAct):
    """A ban: somebody may no longer come in."""

    __slots__ = ()
    kind = "banned"


class Unbanned(OperatorAct):
    """The end of a ban."""

    __slots__ = ()
    kind = "unbanned"


class Muted(OperatorAct):
    """A mute: somebody may not speak."""

    __slots__ = ()
    kind = "muted"


class Unmuted(OperatorAct):
    """The end of a mute."""

    __slots__ = ()
    kind = "unmuted"


class Extended(OperatorAct):
    """A ban's or mute's extension to another identity of the same person.

    C{text} is the id of the ban or mute, a space, and the former identity in hexadecimal. Nobody
    does it or is told of it, and operators do not find it in their log.
    """

    __slots__ = ()
    kind = "extended"

    @property
    def public(self) -> Self:
        """The act without the identity, which is nobody's business."""
        return replace(self, text="")


class Founded(OperatorAct):
    """The making, or the claim, of a room by a registered person, who owns it from then on."""

    __slots__ = ()
    kind = "founded"


class Opped(OperatorAct):
    """An operator's appointment in a room."""

    __slots__ = ()
    kind = "opped"


class Deopped(OperatorAct):
    """The end of an operator's appointment."""

    __slots__ = ()
    kind = "deopped"


class Voiced(OperatorAct):
    """A voice: somebody may speak in the room while it is moderated."""

    __slots__ = ()
    kind = "voiced"


class Devoiced(OperatorAct):
    """The end of a voice."""

    __slots__ = ()
    kind = "devoiced"


class Invited(OperatorAct):
    """An invitation: somebody may enter a room that is for invited people only."""

    __slots__ = ()
    kind = "invited"


class Uninvited(OperatorAct):
    """The end of an invitation."""

    __slots__ = ()
    kind = "uninvited"


class RoomSet(OperatorAct):
    """A change of the room's setting C{target} to C{text}."""

    __slots__ = ()
    kind = "room_set"

    @property
    def public(self) -> Self:
        """The act; of a password, whose hash C{text} is, only whether there is one."""
        if self.target != "password":
            return self
        return replace(self, text="off" if self.text in ("", "off") else "on")


class Announced(OperatorAct):
    """An announcement to all rooms."""

    __slots__ = ()
    kind = "announced"


class LockedDown(OperatorAct):
    """The beginning or end of a lockdown, in which only registered names may join.

    C{text} is C{on} or C{off}.
    """

    __slots__ = ()
    kind = "locked_down"
