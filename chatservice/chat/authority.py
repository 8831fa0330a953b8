"""The roles of people and the sanctions against them, computed from the acts of operators.

All of this is in memory and made of acts (protocol/actions.py), applied one after the other: at
start those of earlier runs, then each as it is committed. Sanctions and roles go by lasting
identity, bans and mutes also by address.

The first person in an empty room that nobody owns runs it while there, and so do the operators whom
that person makes. What they do is not stored, and is in force until the room is empty: then only
the stored acts count again.

Server operators may do anything, and no sanction holds against them. The owner of a room and its
operators may do anything in it, except to a server operator, and operators except to the owner;
and nothing at all while they are kept out of it, or silenced in it or in the whole chat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from math import inf

from chatservice.chat.access import NO_RULES, Person, RoomAccess, RoomRules
from chatservice.chat.claiming import acts_between
from chatservice.chat.places import CHAT, Places
from chatservice.chat.rooms import Member
from chatservice.chat.sanctions import Sanctions, is_by_network
from chatservice.people.addresses import Network, address_of, covers
from chatservice.protocol.actions import (
    Banned,
    Extended,
    Founded,
    LockedDown,
    Muted,
    OperatorAct,
)
from chatservice.protocol.ids import AHEAD
from chatservice.protocol.names import LOBBY

ROOMS_OWNED = 50
"""The most rooms that one identity owns."""


class Authority(Places):
    """The roles and sanctions in force.

    @param operators: the keys (L{nick_key}) of the registered names of the server operators.
    @param now: the time in microseconds since the epoch; see L{clock_set}.
    @param keep: the seconds for which the chat keeps lines, or 0 for no such bound.
    @param keep_lines: the lines that it keeps of a room, or 0 for no such bound.
    """

    def __init__(
        self,
        operators: Collection[str],
        now: Callable[[], int],
        keep: int = 0,
        keep_lines: int = 0,
    ) -> None:
        super().__init__()
        self._operators = frozenset(operators)
        self._now = now
        self._keep = keep
        self._keep_lines = keep_lines
        self._bounded: set[str] = set()
        self._owned: Counter[bytes] = Counter()
        # Where bans or mutes may hold against an identity.
        self._against: dict[bytes, set[str]] = {}
        self._moving: dict[bytes, bytes] = {}
        self._lockdown = 0
        self._last = 0

    def apply(self, act: OperatorAct) -> None:
        """Let an act take effect; in the order of their ids."""
        if act.until:
            # The clock may have been wrong when it was done, and set right by now.
            longest = self._now() + act.until - act.when
            act = act if act.until <= longest + AHEAD else replace(act, until=longest)
        whom = act.identity if isinstance(act, Founded) else act.target_identity
        for former, now in self._moving.items():
            act = act.under(former, now)
        place = self._places.setdefault(act.room, RoomAccess())
        owner = place.owner
        self._apply(act, place, whom)
        if place.owner != owner:
            self._owned.update([place.owner.identity] if place.owner else [])
            self._owned.subtract([owner.identity] if owner else [])
        self._last = max(self._last, act.id)
        self._note_silence(act.room, self._places[act.room])
        kept = self._kept(act.room).rules
        if kept.keep or kept.keep_lines:
            self._bounded.add(act.room)
        else:
            self._bounded.discard(act.room)
        if isinstance(act, LockedDown):
            self._lockdown = act.id if act.text == "on" else 0
        elif isinstance(act, Banned | Muted | Extended) and act.target_identity:
            self._against.setdefault(act.target_identity, set()).add(act.room)

    def clock_set(self, step: int) -> None:
        """Move the ends of sanctions with a clock that was set, by a number of microseconds."""
        for place in self._all_places():
            for held in (place.bans, place.mutes):
                held.shift(step)

    def become(self, former: bytes, now: bytes) -> None:
        """Give somebody another identity: everything in force against the former one goes along.

        So does everything that is applied until L{became}, because it was done before.
        """
        self._moving[former] = now
        for place in self._all_places():
            place.become(former, now)
        self._owned[now] += self._owned.pop(former, 0)
        if former in self._against:
            self._against.setdefault(now, set()).update(self._against.pop(former))

    def became(self, former: bytes) -> None:
        """Note that no act under the former identity is on its way any longer."""
        self._moving.pop(former, None)
        self._presence.settle(former)

    @property
    def locked_down(self) -> bool:
        """Whether only registered names may come."""
        return self._lockdown > 0

    def holding(self) -> tuple[int, set[int]]:
        """List the id of the last act that was applied, and the ids of those in force.

        All other acts have no effect. Expired ones are forgotten on the way.
        """
        now, ids = self._now(), {self._lockdown}
        self._against = {}
        for room, place in [*self._stored.items(), *self._places.items()]:
            ids |= place.holding(now)
            for sanctions in (place.bans, place.mutes):
                for identity in sanctions.identities():
                    self._against.setdefault(identity, set()).add(room)
        for room, place in list(self._places.items()):
            self._note_silence(room, place)
            if place.is_bare() and room not in (CHAT, *self._stored):
                del self._places[room]
        return self._last, ids

    # Roles. They need a registered name that was proved, except those of people who are there.

    def is_operator(self, whom: Member | Person) -> bool:
        """Tell whether somebody is a server operator, or has the power of one (C{Member.oper})."""
        if whom.account is not None and self.names_operator(whom.account.key):
            return True
        member = whom if isinstance(whom, Member) else whom.member
        return member is not None and member.oper is not None and member.oper.holds()

    def names_operator(self, key: str) -> bool:
        """Tell whether the owner of a registered nickname, given its key, is a server operator."""
        return key in self._operators

    def is_room_operator(self, whom: Member | Person, room: str) -> bool:
        """Tell whether somebody may do in a room what its operators do, as server operators may."""
        if self.is_operator(whom):
            return True
        return self._runs(whom, room) and not any(self._held_down(whom, room))

    def _runs(self, whom: Member | Person, room: str) -> bool:
        """Tell whether somebody owns a room, is one of its operators, or runs it while there,
        whatever is in force against that.
        """
        return self._runs_while_there(room, whom.identity) or self._has_role(
            whom, self._places.get(room)
        )

    @staticmethod
    def _has_role(whom: Member | Person, place: RoomAccess | None) -> bool:
        return whom.account is not None and place is not None and place.has_role(whom.identity)

    def is_passing(self, whom: Member | Person, room: str) -> bool:
        """Tell whether what somebody does in a room holds only until nobody is there any longer: it
        has no owner, and the person has no lasting role there.
        """
        if not room or self.has_owner(room) or self.is_operator(whom):
            return False
        return not self._has_role(whom, self._kept(room))

    def _is_exempt(self, whom: Member | Person, room: str) -> bool:
        """Tell whether somebody may enter and speak where others may not, unless banned or muted by
        name.
        """
        return self.is_operator(whom) or self._runs(whom, room)

    def is_owner(self, whom: Member | Person, room: str) -> bool:
        """Tell whether somebody owns a room."""
        owner = self.owner(room)
        return owner is not None and whom.account is not None and owner.identity == whom.identity

    def has_owner(self, room: str) -> bool:
        """Tell whether anybody owns a room."""
        return self.owner(room) is not None

    def may_found(self, member: Member, room: str) -> bool:
        """Tell whether a member who makes a room may own it."""
        is_open = room != LOBBY and self._kept(room).is_bare()
        return is_open and member.account is not None and self._owned[member.identity] < ROOMS_OWNED

    def owner(self, room: str) -> Person | None:
        """Find the owner of a room, by the nickname that the owner had when that began."""
        place = self._places.get(room)
        return None if place is None else place.owner

    def founded(self, room: str) -> int:
        """Find when the owner of a room made it, in microseconds since the epoch; 0 without one."""
        place = self._places.get(room)
        return 0 if place is None else place.founded

    def operators(self, room: str) -> list[Person]:
        """List the operators of a room besides its owner, in the order of their appointment."""
        runners = self._presence.runners(room).items()
        lasting = self.lasting_operators(room)
        known = {person.identity for person in lasting}
        return [*lasting, *(Person(nick, key) for key, nick in runners if key not in known)]

    def lasting_operators(self, room: str) -> list[Person]:
        """List those of them who are operators for good, whether there or not."""
        return self._holders(room, lambda place: place.operators)

    def voiced(self, room: str) -> list[Person]:
        """List the people who may speak in a room when it is moderated, besides operators."""
        return self._holders(room, lambda place: place.voiced)

    def is_voiced(self, identity: bytes, room: str) -> bool:
        """Tell whether somebody is among L{voiced}."""
        place = self._places.get(room)
        return place is not None and identity in place.voiced

    def invited(self, room: str) -> list[Person]:
        """List the people who may enter a room when it is for invited people only."""
        return self._holders(room, lambda place: place.invited)

    def invitations(self, identity: bytes) -> list[str]:
        """List the rooms that somebody is invited to."""
        return [room for room, place in self._places.items() if identity in place.invited]

    def _holders(self, room: str, of: Callable[[RoomAccess], dict[bytes, str]]) -> list[Person]:
        place = self._places.get(room)
        return [Person(nick, key) for key, nick in of(place).items()] if place else []

    def rules(self, room: str) -> RoomRules:
        """Find the settings of a room."""
        place = self._places.get(room)
        return NO_RULES if place is None else place.rules

    def bounds(self, room: str) -> tuple[int, int]:
        """Find for how many seconds lines of a room are kept, and how many; 0 for no such bound.

        C{""} stands for private lines.
        """
        # What is not stored deletes nothing.
        rules = self._kept(room).rules
        keep = min(filter(None, (self._keep, rules.keep)), default=0)
        return keep, min(filter(None, (self._keep_lines, rules.keep_lines)), default=0)

    def passing_acts(self, room: str) -> list[OperatorAct]:
        """Make the acts after which everything lasts that is in force in a room."""
        kept, held = self._stored.get(room), self._places.get(room)
        if kept is None or held is None:
            return []
        return list(acts_between(room, kept, held, self._now()))

    def bounded(self) -> list[str]:
        """List the rooms that have bounds of their own."""
        return list(self._bounded)

    def sanctions(self, room: str) -> list[OperatorAct]:
        """List the bans and mutes in force in a room, or in the chat; oldest first."""
        place = self._places.get(room)
        if place is None:
            return []
        now = self._now()
        held = place.bans.holding(now) | place.mutes.holding(now)
        return [held[id] for id in sorted(held)]

    def sanctions_about(
        self, kind: type[OperatorAct], room: str, subject: str, identity: bytes
    ) -> list[OperatorAct]:
        """List the bans, or the mutes, of a person or network; see L{Sanctions.made_about}."""
        self.sanctions(room)
        place = self._places.get(room)
        if place is None:
            return []
        return (place.bans if kind is Banned else place.mutes).made_about(subject, identity)

    def against(self, identity: bytes) -> list[OperatorAct]:
        """List the bans and mutes in force against an identity, wherever; oldest first."""
        found: list[OperatorAct] = []
        now = self._now()
        for room in self._against.get(identity, ()):
            place = self._places[room]
            found += place.bans.against(identity, now) + place.mutes.against(identity, now)
        return sorted(found, key=lambda act: act.id)

    def banned_members(
        self, network: Network, room: str, members: Iterable[Member]
    ) -> list[Member]:
        """List the members whom a ban of a network from a room, or from the chat, covers."""
        return [
            member
            for member in members
            if any(covers(network, host) for host in member.addresses())
            and not self._is_exempt(member, room)
        ]

    # What holds against somebody.

    def _held_down(self, whom: Member | Person, room: str) -> Iterator[OperatorAct | None]:
        """Find the sanction that takes away the power of somebody who runs a room."""
        for place in (CHAT, room):
            yield self._ban_on(whom, place)
            yield self._mute_on(whom, place)

    def _ban_on(self, whom: Member | Person, room: str) -> OperatorAct | None:
        return _longest(self._bans_on(whom, room))

    def _ban_by_mask_on(self, member: Member, room: str) -> OperatorAct | None:
        """Find the ban by mask on a member, which does not turn it out, but silences it."""
        place = self._places.get(room)
        if place is None or not place.bans.masks:
            return None
        return _longest([act for act in self._bans_on(member, room) if act.is_by_mask])

    def _bans_on(self, whom: Member | Person, room: str) -> list[OperatorAct]:
        place = self._places.get(room)
        return self._covering(place.bans, whom, room) if place and place.bans else []

    def _mute_on(self, whom: Member | Person, room: str) -> OperatorAct | None:
        place = self._places.get(room)
        found = self._covering(place.mutes, whom, room) if place and place.mutes else []
        return _longest(found)

    def _covering(
        self, sanctions: Sanctions, whom: Member | Person, room: str
    ) -> list[OperatorAct]:
        """List the sanctions against somebody.

        Masks and addresses do not count against people who run the place. In a room a ban or a mute
        of a person covers by address only guests who came later, so that nobody here shows by it
        where the person came from.
        """
        if self.is_operator(whom):
            return []
        now = self._now()
        found = sanctions.against(whom.identity, now)
        member = whom if isinstance(whom, Member) else whom.member
        if member is None or self._runs(whom, room):
            return found
        found = [*found, *sanctions.matching(member.mask, now)]
        if not found:
            found = [
                act
                for host in member.addresses()
                if (address := address_of(host)) is not None
                for act in sanctions.covering(address, now)
                if not room or is_by_network(act) or _came_as_a_guest_after(member, act)
            ]
        return found


def _longest(found: list[OperatorAct]) -> OperatorAct | None:
    return max(found, key=lambda act: act.until or inf, default=None)


def _came_as_a_guest_after(member: Member, act: OperatorAct) -> bool:
    return member.account is None and member.since >= act.id
