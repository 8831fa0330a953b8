"""What holds in one place, a room or the whole chat: what its operators' acts come to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from chatservice.acts import (
    Banned,
    Deopped,
    Devoiced,
    Founded,
    Invited,
    Kicked,
    Muted,
    OperatorAct,
    Opped,
    RoomSet,
    Unbanned,
    Unmuted,
    Voiced,
)
from chatservice.names import nick_key
from chatservice.networks import Network
from chatservice.rooms import Member

if TYPE_CHECKING:
    from chatservice.accounts import Account


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is meant, and need not be here.

    @ivar account: what the person is registered as, if at all.
    @ivar member: the person, if here.
    """

    nick: str
    identity: bytes
    account: Account | None = None
    member: Member | None = None

    def meant(self) -> dict[str, Any]:
        """The facts of an act that is done to this person; see L{OperatorAct}."""
        return {"target": self.nick, "target_identity": self.identity, "whom": self.member}


@dataclass(frozen=True, slots=True)
class RoomRules:
    """How a room is set.

    @ivar invite_only: only invited people enter.
    @ivar password_hash: of the password that one needs to enter; empty for none.
    @ivar moderated: only who has a voice speaks.
    @ivar operators_topic: only operators change the topic.
    @ivar keep: seconds for which lines are kept, and C{keep_lines} how many of them; 0 for as many
        as the chat keeps.
    """

    invite_only: bool = False
    password_hash: str = field(default="", repr=False)
    moderated: bool = False
    operators_topic: bool = False
    keep: int = 0
    keep_lines: int = 0

    def changed(self, setting: str, value: str) -> RoomRules:
        """The rules after a L{RoomSet}; a setting that there is no more changes nothing."""
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
        return self


NO_RULES = RoomRules()


class Sanctions:
    """The bans, or the mutes, of one place.

    @ivar acts: by what they cover; the last word on exactly that holds. Each with its network.
    """

    __slots__ = ("acts",)

    def __init__(self) -> None:
        self.acts: dict[tuple[str, bytes, str], tuple[OperatorAct, Network | None]] = {}

    def add(self, act: OperatorAct) -> None:
        # The members in it would otherwise be kept for as long as it holds.
        kept = replace(act, author=None, whom=None)
        network = ip_network(act.network) if act.network else None
        self.acts[subject(act), act.target_identity, act.network] = (kept, network)

    def lift(self, act: OperatorAct) -> None:
        """End all that were made for the nickname, or for the network, that an act is about."""
        self.acts = {
            key: (held, network)
            for key, (held, network) in self.acts.items()
            if not concerns(held, subject(act), act.target_identity)
        }

    def shift(self, step: int) -> None:
        """Have those that end by themselves end so many microseconds later by the clock."""
        for key, (act, network) in self.acts.items():
            if act.until:
                self.acts[key] = (replace(act, until=max(1, act.until + step)), network)

    def become(self, former: bytes, now: bytes) -> None:
        """Who had one identity has another from now on."""
        self.acts = {
            (about, now if identity == former else identity, covered): (act.under(former, now), net)
            for (about, identity, covered), (act, net) in self.acts.items()
        }

    def holding(self, now: int) -> Collection[tuple[OperatorAct, Network | None]]:
        """Those that hold; the others are forgotten."""
        over = [key for key, (act, _) in self.acts.items() if 0 < act.until <= now]
        for key in over:
            del self.acts[key]
        return self.acts.values()


class Place:
    """What holds in a room, or in the chat.

    @ivar operators: nicknames by identity, as are C{voiced} and C{invited}.
    """

    __slots__ = ("bans", "invited", "mutes", "operators", "owner", "rules", "voiced")

    def __init__(self) -> None:
        self.owner: Person | None = None
        self.operators: dict[bytes, str] = {}
        self.voiced: dict[bytes, str] = {}
        self.invited: dict[bytes, str] = {}
        self.bans = Sanctions()
        self.mutes = Sanctions()
        self.rules = NO_RULES

    def apply(self, act: OperatorAct) -> None:
        """Let an act take effect."""
        match act:
            case Banned():
                self.bans.add(act)
            case Unbanned():
                self.bans.lift(act)
            case Muted():
                self.mutes.add(act)
            case Unmuted():
                self.mutes.lift(act)
            case RoomSet():
                self.rules = self.rules.changed(act.target, act.text)
            case Founded() if self.owner is None:
                self.owner = Person(act.nick, act.identity)
            case _:
                self._apply_role(act)
        if isinstance(act, Banned | Kicked):
            self.invited.pop(act.target_identity, None)
        if isinstance(act, Banned):
            # Who is kept out runs nothing from outside, and least of all the end of the ban.
            self.operators.pop(act.target_identity, None)

    def become(self, former: bytes, now: bytes) -> None:
        """Who had one identity has another from now on."""
        if self.owner is not None and self.owner.identity == former:
            self.owner = replace(self.owner, identity=now)
        for holders in (self.operators, self.voiced, self.invited):
            if former in holders:
                renamed = {(now if key == former else key): nick for key, nick in holders.items()}
                holders.clear()
                holders.update(renamed)
        self.bans.become(former, now)
        self.mutes.become(former, now)

    def _apply_role(self, act: OperatorAct) -> None:
        match act:
            case Opped():
                self.operators[act.target_identity] = act.target
            case Deopped():
                self.operators.pop(act.target_identity, None)
                if self.owner is not None and self.owner.identity == act.target_identity:
                    self.owner = None
            case Voiced():
                self.voiced[act.target_identity] = act.target
            case Devoiced():
                self.voiced.pop(act.target_identity, None)
            case Invited():
                self.invited[act.target_identity] = act.target


def subject(act: OperatorAct) -> str:
    """What a ban or a mute, or the end of one, is about: a nickname's key, or a network.

    One made for a nickname may cover an address too, but is not about it.
    """
    by_network = act.network and not act.target_identity
    return act.network if by_network else nick_key(act.target)


def concerns(act: OperatorAct, about: str, identity: bytes) -> bool:
    """Whether a ban or a mute was made for a nickname or a network (L{subject}).

    @param identity: of whom the nickname is registered to, or empty: one made for another
        nickname of the same person is meant as well.
    """
    return subject(act) == about or (identity != b"" and act.target_identity == identity)
