"""Bans and mutes: what they cover, and which of them are in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from math import inf
from typing import NamedTuple

from chatservice.people.addresses import Address, Network
from chatservice.people.masks import folded, matches
from chatservice.protocol.actions import Extended, OperatorAct
from chatservice.protocol.names import nick_key

EXTENDED_MOST = 20
"""The most other identities of one person that a ban or a mute holds against.

Those that were used longest ago give way: guests who do not come back.
"""

VERDICTS_MOST = 2000
"""The most people of whom it is remembered which masks cover them, for it is asked for each line.
"""

Covered = tuple[str, bytes, str]
"""The coverage of a ban or a mute: its subject, an identity and a network; each may be empty."""


class Held(NamedTuple):
    """A ban or a mute in force.

    @ivar network: the network that it covers besides the identity.
    @ivar by: the ids of the acts through which it holds against an identity that it was not made
        for: the L{Extended}, and the one that it extended, which may have been replaced since.
    """

    act: OperatorAct
    network: Network | None = None
    by: tuple[int, ...] = ()


class Sanctions:
    """The bans, or the mutes, of one place; the last word on exactly what one covers holds.

    @ivar masks: those by mask, by what they cover.
    @ivar by_author: how many hold, by the identity of who made them; however many other identities
        they were extended to.
    """

    __slots__ = ("_held", "_next_end", "_of", "_verdicts", "by_author", "masks")

    def __init__(self) -> None:
        self._held: dict[Covered, Held] = {}
        self._of: dict[bytes, list[Covered]] = {}
        self._next_end: float = inf
        self.masks: dict[Covered, OperatorAct] = {}
        self._verdicts: dict[str, list[OperatorAct]] = {}
        self.by_author: Counter[bytes] = Counter()

    def __bool__(self) -> bool:
        return bool(self._held)

    def copy(self) -> Sanctions:
        """Make another one in which the same is in force."""
        twin = Sanctions()
        for covered, held in self._held.items():
            twin._hold(covered, held)
        return twin

    def add(self, act: OperatorAct) -> None:
        """Let one hold from now on."""
        # Whether those that have ended are forgotten already depends on who has asked.
        self._forget_ended(act.when)
        network = ip_network(act.network) if act.network else None
        covered = subject(act), act.target_identity, act.network
        if (former := self._held.get(covered)) is not None and not former.by:
            self._replace(former.act, act)
        self._hold(covered, Held(act, network))

    def _replace(self, former: OperatorAct, act: OperatorAct) -> None:
        """Have the last word hold against the person's other identities too."""
        for covered, held in list(self._held.items()):
            if held.by and held.act.id == former.id:
                extended = replace(act, target_identity=covered[1], network="")
                self._hold(covered, held._replace(act=extended))

    def extend(self, extended: Extended) -> None:
        """Let one hold against another identity as well, if it holds at all."""
        same = [covered for covered, held in self._held.items() if held.act.id == number(extended)]
        identity = extended.target_identity
        by = extended.id, number(extended)
        for covered in same:
            if covered[1] == identity:
                # It holds since before this was stored, and had no id then.
                if (held := self._held[covered]).by:
                    self._held[covered] = held._replace(by=by)
                return
        if not same:
            return
        act = replace(self._held[same[0]].act, target_identity=identity, network="")
        for covered in same:
            if covered[1].hex() == extended.text.partition(" ")[2]:
                self._held[covered] = self._held.pop(covered)
        others = [covered for covered in self._held if covered in same and self._held[covered].by]
        for covered in others[: max(0, len(others) + 1 - EXTENDED_MOST)]:
            self._drop(covered)
        self._hold((subject(act), identity, ""), Held(act, by=by))

    def lift(self, act: OperatorAct) -> None:
        """End all that were made for the nickname, or for the network, that an act is about."""
        ended = self.about(subject(act), act.target_identity)
        self._drop_all([covered for covered, held in self._held.items() if held.act.id in ended])

    def about(self, subject: str, identity: bytes) -> set[int]:
        """List the ids of sanctions made for a nickname or a network (see L{subject}).

        @param identity: the account that the nickname is registered to, or empty: sanctions made
            for another nickname of the same person count as well.
        """
        return {
            held.act.id
            for covered, held in self._held.items()
            if covered[0] == subject or (identity and covered[1] == identity)
        }

    def made_about(self, subject: str, identity: bytes) -> list[OperatorAct]:
        """List the acts behind the sanctions of L{about}, with whom they were made for."""
        ids = self.about(subject, identity)
        extended_first = sorted(self._held.values(), key=lambda held: -len(held.by))
        acts = {held.act.id: held.act for held in extended_first}
        return [act for number, act in acts.items() if number in ids]

    def become(self, former: bytes, now: bytes) -> None:
        """Give everything in force against an identity, and everything it has made, to another one.
        """
        for covered, held in list(self._held.items()):
            if former not in (covered[1], held.act.identity):
                continue
            moved = (covered[0], now if covered[1] == former else covered[1], covered[2])
            self._drop(covered)
            if moved not in self._held or self._held[moved].by:
                self._hold(moved, held._replace(act=held.act.under(former, now)))

    def shift(self, step: int) -> None:
        """Move the ends of sanctions by a number of microseconds."""
        for covered, held in self._held.items():
            if held.act.until:
                act = replace(held.act, until=max(1, held.act.until + step))
                self._held[covered] = held._replace(act=act)
                if covered in self.masks:
                    self.masks[covered] = act
        self._verdicts = {}
        self._find_next_end()

    def holding(self, now: int) -> dict[int, OperatorAct]:
        """List the sanctions in force, by id; the others are forgotten."""
        self._forget_ended(now)
        found: dict[int, OperatorAct] = {}
        for held in self._held.values():
            found.setdefault(held.act.id, held.act)
        return found

    def ids(self) -> Iterator[int]:
        """List the ids of all acts in force, after C{holding} was asked."""
        for held in self._held.values():
            yield held.act.id
            yield from held.by

    def identities(self) -> Iterator[bytes]:
        """List the identities that something may be in force against."""
        return iter(self._of)

    def against(self, identity: bytes, now: int) -> list[OperatorAct]:
        """List the sanctions against an identity."""
        self._forget_ended(now)
        return [self._held[covered].act for covered in self._of.get(identity, ())]

    def covering(self, address: Address, now: int) -> Iterator[OperatorAct]:
        """List the sanctions against an address."""
        self._forget_ended(now)
        for held in self._held.values():
            if held.network is not None and address in held.network:
                yield held.act

    def matching(self, mask: str, now: int) -> list[OperatorAct]:
        """List the sanctions by mask that cover a member with this C{nick!user@host}."""
        self._forget_ended(now)
        if not self.masks:
            return []
        if (verdict := self._verdicts.get(mask)) is None:
            whom = folded(mask)
            verdict = [act for act in self.masks.values() if matches(act.target, whom)]
            if len(self._verdicts) >= VERDICTS_MOST:
                self._verdicts = {}
            self._verdicts[mask] = verdict
        return verdict

    def _hold(self, covered: Covered, held: Held) -> None:
        self._drop_all([covered] if covered in self._held else [])
        act = held.act
        self._held[covered] = held
        if covered[1]:
            self._of.setdefault(covered[1], []).append(covered)
        if not held.by:
            self.by_author[act.identity] += 1
        if act.is_by_mask and not held.by:
            self.masks[covered] = act
            self._verdicts = {}
        self._next_end = min(self._next_end, act.until or inf)

    def _drop_all(self, several: list[Covered]) -> None:
        for covered in several:
            self._drop(covered)

    def _drop(self, covered: Covered) -> None:
        held, identity = self._held.pop(covered), covered[1]
        if self.masks.pop(covered, None) is not None:
            self._verdicts = {}
        if identity:
            self._of[identity].remove(covered)
            if not self._of[identity]:
                del self._of[identity]
        if held.by:
            return
        self.by_author[held.act.identity] -= 1
        if not self.by_author[held.act.identity]:
            del self.by_author[held.act.identity]

    def _forget_ended(self, now: int) -> None:
        if now < self._next_end:
            return
        self._drop_all(
            [covered for covered, held in self._held.items() if 0 < held.act.until <= now]
        )
        self._find_next_end()

    def _find_next_end(self) -> None:
        self._next_end = min((held.act.until or inf for held in self._held.values()), default=inf)


def number(extended: Extended) -> int:
    """Read the id of the ban or mute that an act extends."""
    return int(extended.text.partition(" ")[0])


def subject(act: OperatorAct) -> str:
    """Find what a ban or mute, or the end of one, is about: a nickname's key, a network or a mask.

    An act made for a nickname may cover an address too, but is not about it.
    """
    if act.is_by_mask:
        return act.target
    return act.network if is_by_network(act) else nick_key(act.target)


def is_by_network(act: OperatorAct) -> bool:
    """Tell whether an act is about everybody from some network, and not about a person."""
    return bool(act.network) and not act.target_identity
