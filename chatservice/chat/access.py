"""The roles, bans and settings of one room, or of the whole chat, computed from its acts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from chatservice.chat.rooms import Member
from chatservice.chat.sanctions import Sanctions
from chatservice.protocol.actions import (
    Banned,
    Deopped,
    Devoiced,
    Extended,
    Founded,
    Invited,
    Kicked,
    Muted,
    OperatorAct,
    Opped,
    RoomSet,
    Unbanned,
    Uninvited,
    Unmuted,
    Voiced,
)

if TYPE_CHECKING:
    from chatservice.people.account import Account

HOLDERS_MOST = 1000
"""The most people who have one role in a room; the oldest invitations give way."""

PUT_OUT_MOST = 1000
PUT_OUT_FOR = 3600 * 1_000_000
"""Microseconds for which kicks and bans are remembered: longer than anybody takes to arrive."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person that a command or an act is about, here or not.

    @ivar account: the person's account, if there is one.
    @ivar member: the person, if here.
    """

    nick: str
    identity: bytes
    account: Account | None = None
    member: Member | None = None


Whom: TypeAlias = Member | Person


def person_of(whom: Whom) -> Person:
    """Note who a member is now; a person stays as noted."""
    if isinstance(whom, Person):
        return whom
    return Person(whom.nick, whom.identity, whom.account, whom)


def is_among(whom: Whom, holders: Iterable[Person]) -> bool:
    """Tell whether somebody is among the holders of a role."""
    return any(whom.identity == holder.identity for holder in holders)


@dataclass(frozen=True, slots=True)
class RoomRules:
    """The settings of a room.

    @ivar invite_only: only invited people enter.
    @ivar password_hash: the hash of the password that is needed to enter; empty for none.
    @ivar moderated: only people with a voice speak.
    @ivar operators_topic: only operators change the topic.
    @ivar keep: the seconds for which lines are kept; 0 for the chat's own bound.
    @ivar keep_lines: the lines that are kept; 0 for the chat's own bound.
    @ivar limit: the most people in it, besides operators and the invited; 0 for no such bound.
    @ivar secret: only the people in it see that there is such a room.
    """

    invite_only: bool = False
    password_hash: str = field(default="", repr=False)
    moderated: bool = False
    operators_topic: bool = False
    keep: int = 0
    keep_lines: int = 0
    limit: int = 0
    secret: bool = False

    def changed(self, setting: str, value: str) -> RoomRules:
        """Give the rules after a L{RoomSet}; a setting that no longer exists changes nothing."""
        match setting:
            case "invite-only":
                return replace(self, invite_only=value == "on")
            case "password":
                return replace(self, password_hash=value)
            case "moderated":
                return replace(self, moderated=value == "on")
            case "topic":
                return replace(self, operators_topic=value == "operators")
            case "keep":
                return replace(self, keep=int(value or 0))
            case "keep-lines":
                return replace(self, keep_lines=int(value or 0))
            case "limit":
                return replace(self, limit=int(value or 0))
            case "secret":
                return replace(self, secret=value == "on")
        return self


    def texts(self) -> dict[str, str]:
        """Give the text of a L{RoomSet} for each setting."""
        return {
            "invite-only": "on" if self.invite_only else "off",
            "password": self.password_hash,
            "moderated": "on" if self.moderated else "off",
            "topic": "operators" if self.operators_topic else "all",
            "keep": str(self.keep or ""),
            "keep-lines": str(self.keep_lines or ""),
            "limit": str(self.limit or ""),
            "secret": "on" if self.secret else "off",
        }


NO_RULES = RoomRules()


class RoomAccess:
    """The roles, bans and settings in force in a room, or in the chat.

    @ivar operators: nicknames by identity, as are C{voiced} and C{invited}.
    @ivar founded: when its owner made it, in microseconds since the epoch; 0 without an owner.
    @ivar put_out: the id of the last recent kick or ban of each person, by identity.
    """

    __slots__ = (
        *("_ids", "bans", "founded", "invited", "mutes", "operators", "owner", "put_out"),
        *("rules", "voiced"),
    )

    def __init__(self) -> None:
        self.owner: Person | None = None
        self.founded = 0
        self.operators: dict[bytes, str] = {}
        self.voiced: dict[bytes, str] = {}
        self.invited: dict[bytes, str] = {}
        self.put_out: OrderedDict[bytes, int] = OrderedDict()
        self.bans = Sanctions()
        self.mutes = Sanctions()
        self.rules = NO_RULES
        # The ids of the acts behind everything except bans and mutes.
        self._ids: dict[tuple[str, str | bytes], int] = {}

    def copy(self) -> RoomAccess:
        """Make another one in which the same is in force."""
        twin = RoomAccess()
        twin.owner, twin.founded, twin.rules = self.owner, self.founded, self.rules
        twin.operators, twin.voiced = dict(self.operators), dict(self.voiced)
        twin.invited, twin.put_out = dict(self.invited), OrderedDict(self.put_out)
        twin.bans, twin.mutes = self.bans.copy(), self.mutes.copy()
        twin._ids = dict(self._ids)
        return twin

    def apply(self, act: OperatorAct) -> None:
        """Let an act take effect."""
        match act:
            case Banned():
                self.bans.add(act)
                # A banned operator loses the role for good, not only until the ban ends.
                self._end("operator", act.target_identity, self.operators)
            case Unbanned():
                self.bans.lift(act)
            case Muted():
                self.mutes.add(act)
            case Unmuted():
                self.mutes.lift(act)
            case Extended():
                self.bans.extend(act)
                self.mutes.extend(act)
            case RoomSet():
                self._set(act)
            case Founded() if self.owner is None:
                self.owner = Person(act.nick, act.identity)
                self.founded = act.when
                self._ids["owner", ""] = act.id
                self._ids.pop(("owner", "given up"), None)
            case _:
                self._apply_role(act)
        if isinstance(act, Banned | Kicked) and act.target_identity:
            self._put_out(act)

    def _put_out(self, act: OperatorAct) -> None:
        identity = act.target_identity
        self._end("invited", identity, self.invited)
        self.put_out[identity] = act.id
        self.put_out.move_to_end(identity)
        if len(self.put_out) > PUT_OUT_MOST:
            self.put_out.popitem(last=False)

    def _set(self, act: RoomSet) -> None:
        self.rules = self.rules.changed(act.target, act.text)
        setting = ("setting", act.target)
        if NO_RULES.changed(act.target, act.text) == NO_RULES:
            self._ids.pop(setting, None)
        else:
            self._ids[setting] = act.id

    def become(self, former: bytes, now: bytes) -> None:
        """Give somebody another identity from now on."""
        if self.owner is not None and self.owner.identity == former:
            self.owner = replace(self.owner, identity=now)
        for holders in (self.operators, self.voiced, self.invited):
            if former in holders:
                renamed = {(now if key == former else key): nick for key, nick in holders.items()}
                holders.clear()
                holders.update(renamed)
        if former in self.put_out:
            self.put_out[now] = self.put_out.pop(former)
        for role, identity in [key for key in self._ids if key[1] == former]:
            self._ids[role, now] = self._ids.pop((role, identity))
        self.bans.become(former, now)
        self.mutes.become(former, now)

    def _apply_role(self, act: OperatorAct) -> None:
        identity = act.target_identity
        match act:
            case Opped():
                self._give("operator", act, self.operators)
            case Deopped():
                self._end("operator", identity, self.operators)
                if self.owner is not None and self.owner.identity == identity:
                    self.owner, self.founded = None, 0
                    self._ids["owner", "given up"] = act.id
            case Voiced():
                self._give("voiced", act, self.voiced)
            case Devoiced():
                self._end("voiced", identity, self.voiced)
            case Invited():
                self._give("invited", act, self.invited)
                if len(self.invited) > HOLDERS_MOST:
                    self._end("invited", next(iter(self.invited)), self.invited)
            case Uninvited():
                self._end("invited", identity, self.invited)

    def _give(self, role: str, act: OperatorAct, holders: dict[bytes, str]) -> None:
        # Holders stay in the order of the acts that are in force.
        holders.pop(act.target_identity, None)
        holders[act.target_identity] = act.target
        self._ids[role, act.target_identity] = act.id

    def _end(self, role: str, identity: bytes, holders: dict[bytes, str]) -> None:
        holders.pop(identity, None)
        self._ids.pop((role, identity), None)

    def closed_since(self) -> int:
        """Find the id of the last act that made it invite-only or gave it a password; or 0."""
        settings = ("invite-only", "password")
        return max(self._ids.get(("setting", setting), 0) for setting in settings)

    def has_role(self, identity: bytes) -> bool:
        """Tell whether an identity is the owner's or an operator's."""
        owns = self.owner is not None and self.owner.identity == identity
        return owns or identity in self.operators

    def holding(self, now: int) -> set[int]:
        """List the ids of the acts that still have an effect; expired ones are forgotten."""
        for sanctions in (self.bans, self.mutes):
            sanctions.holding(now)
        while self.put_out and next(iter(self.put_out.values())) < now - PUT_OUT_FOR:
            self.put_out.popitem(last=False)
        return {*self._ids.values(), *self.bans.ids(), *self.mutes.ids()}

    def is_bare(self) -> bool:
        """Tell whether nothing is in force here, and nobody was put out lately."""
        return not (self._ids or self.bans or self.mutes or self.put_out)
