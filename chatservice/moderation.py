"""Who may do what, and who may not come in or speak: what the acts of operators come to.

All of this is kept in memory and made of acts (acts.py), applied one after the other: at start
those of earlier runs, then each as it is committed. What is held against somebody, or given, goes
by lasting identity, and a ban or a mute also by address.

Server operators may do anything, and nothing holds against them. The owner of a room and its
operators may do anything in it, but not to a server operator, and operators not to the owner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from chatservice.acts import LockedDown, OperatorAct
from chatservice.events import AHEAD, ChatError
from chatservice.networks import Network, address_of, covers
from chatservice.rooms import LOBBY, Member
from chatservice.standing import NO_RULES, Person, Place, RoomRules, Sanctions
from chatservice.text import ending, place_spelled, spelled

CHAT = ""
"""The whole chat, where otherwise a room's name is."""

ROOMS_OWNED = 50
"""The most rooms that one identity owns."""


class Moderation:
    """What holds now.

    @param operators: the keys (L{nick_key}) of the registered names of the server operators.
    @param now: the time in microseconds since the epoch; see L{clock_set}.
    @param keep: for how many seconds the chat keeps lines, and C{keep_lines} how many of a room; 0
        for no such bound.
    @ivar locked_down: whether only registered names may come.
    """

    def __init__(
        self,
        operators: Collection[str],
        now: Callable[[], int],
        keep: int = 0,
        keep_lines: int = 0,
    ) -> None:
        self._operators = frozenset(operators)
        self._now = now
        self._keep = keep
        self._keep_lines = keep_lines
        self._places: dict[str, Place] = {CHAT: Place()}
        self._hushed: set[str] = set()
        self._owned: Counter[bytes] = Counter()
        self.locked_down = False

    def apply(self, act: OperatorAct) -> None:
        """Let an act take effect; in the order of their ids."""
        if act.until:
            # The clock may have been wrong when it was done, and set right by now.
            longest = self._now() + act.until - act.when
            act = act if act.until <= longest + AHEAD else replace(act, until=longest)
        place = self._places.setdefault(act.room, Place())
        owner = place.owner
        place.apply(act)
        if place.owner != owner:
            self._owned.update([place.owner.identity] if place.owner else [])
            self._owned.subtract([owner.identity] if owner else [])
        # Looked at for every line that is said.
        if place.mutes.acts or place.rules.moderated:
            self._hushed.add(act.room)
        else:
            self._hushed.discard(act.room)
        if isinstance(act, LockedDown):
            self.locked_down = act.text == "on"

    def clock_set(self, step: int) -> None:
        """The clock was set by so many microseconds: nothing ends sooner or later for that."""
        for place in self._places.values():
            for held in (place.bans, place.mutes):
                held.shift(step)

    def become(self, former: bytes, now: bytes) -> None:
        """Who had one identity has another from now on: what holds for it goes along."""
        for place in self._places.values():
            place.become(former, now)
        self._owned[now] += self._owned.pop(former, 0)

    # Who is what. Rights need a registered name that was proved.

    def is_operator(self, whom: Member | Person) -> bool:
        """Whether that is a server operator."""
        return whom.account is not None and whom.account.key in self._operators

    def is_room_operator(self, whom: Member | Person, room: str) -> bool:
        """Whether that is the owner of a room, one of its operators, or a server operator."""
        if whom.account is None:
            return False
        place = self._places.get(room)
        named = place is not None and whom.identity in place.operators
        return named or self.is_owner(whom, room) or self.is_operator(whom)

    def is_owner(self, whom: Member | Person, room: str) -> bool:
        """Whether that owns a room."""
        owner = self.owner(room)
        return owner is not None and whom.account is not None and owner.identity == whom.identity

    def has_owner(self, room: str) -> bool:
        """Whether anybody owns a room."""
        return self.owner(room) is not None

    def may_found(self, member: Member, room: str) -> bool:
        """Whether a member who makes a room comes to own it."""
        is_open = room != LOBBY and not self.has_owner(room)
        return is_open and member.account is not None and self._owned[member.identity] < ROOMS_OWNED

    def owner(self, room: str) -> Person | None:
        """Who owns a room, by the nickname of that time."""
        place = self._places.get(room)
        return None if place is None else place.owner

    def operators(self, room: str) -> list[Person]:
        """The operators of a room besides its owner, in the order of becoming it."""
        return self._holders(room, lambda place: place.operators)

    def voiced(self, room: str) -> list[Person]:
        """Who may speak in a room when it is moderated, besides operators."""
        return self._holders(room, lambda place: place.voiced)

    def invited(self, room: str) -> list[Person]:
        """Who may enter a room when it is for invited people only."""
        return self._holders(room, lambda place: place.invited)

    def _holders(self, room: str, of: Callable[[Place], dict[bytes, str]]) -> list[Person]:
        place = self._places.get(room)
        return [Person(nick, key) for key, nick in of(place).items()] if place else []

    def rules(self, room: str) -> RoomRules:
        """How a room is set."""
        place = self._places.get(room)
        return NO_RULES if place is None else place.rules

    def bounds(self, room: str) -> tuple[int, int]:
        """For how many seconds lines of a room are kept, and how many; 0 for no such bound.

        C{""} stands for private lines.
        """
        rules = self.rules(room)
        keep = min(filter(None, (self._keep, rules.keep)), default=0)
        return keep, min(filter(None, (self._keep_lines, rules.keep_lines)), default=0)

    def sanctions(self, room: str) -> list[OperatorAct]:
        """The bans and mutes that hold now in a room, or in the chat; oldest first."""
        place = self._places.get(room)
        if place is None:
            return []
        now = self._now()
        held = [act for kind in (place.bans, place.mutes) for act, _ in kind.holding(now)]
        return sorted(held, key=lambda act: act.id)

    def banned_members(
        self, network: Network, room: str, members: Iterable[Member]
    ) -> list[Member]:
        """Those whom a ban of a network from a room, or from the chat, covers."""
        return [
            member
            for member in members
            if covers(network, member.address) and not self.is_room_operator(member, room)
        ]

    # What somebody may do. Each raises ChatError if not.

    def check_arrival(self, member: Member) -> None:
        """May come to the chat; an account was proved before."""
        self.check_not_banned(member, CHAT)
        if self.locked_down and member.account is None:
            raise ChatError("closed", "only registered names may join the chat at the moment")

    def check_entry(self, member: Member, room: str, back: bool) -> None:
        """May enter a room.

        @param back: the member was in it before and did not part.
        """
        self.check_not_banned(member, room)
        place = self._places.get(room)
        if place is None or not place.rules.invite_only or back:
            return
        if member.identity not in place.invited and not self.is_room_operator(member, room):
            raise ChatError(
                "closed",
                f"{spelled(room)} is for invited people only: ask one of its operators",
            )

    def needs_password(self, member: Member, room: str, back: bool) -> str:
        """The hash of the password needed to enter a room; empty if none is."""
        hash = self.rules(room).password_hash
        return "" if not hash or back or self.is_room_operator(member, room) else hash

    def check_speech(self, member: Member, room: str) -> None:
        """May say something in a room, or in private (an empty C{room})."""
        if room in self._hushed or CHAT in self._hushed:
            self._check_not_muted(member, CHAT)
            if room:
                self._check_not_muted(member, room)
                self._check_voiced(member, room)

    def check_speech_in_all(self, member: Member, rooms: Collection[str]) -> None:
        """May say something that is shown in several rooms."""
        for room in (CHAT, *rooms):
            self.check_speech(member, room)

    def check_topic(self, member: Member, room: str) -> None:
        """May change the topic of a room; it says something there."""
        self.check_speech(member, room)
        if self.rules(room).operators_topic:
            self.check_power(member, room)

    def check_power(self, member: Member, room: str) -> None:
        """May do what operators do in a room, or in the chat."""
        if not room and not self.is_operator(member):
            raise ChatError("not-allowed", "only a server operator may do that")
        if not self.is_room_operator(member, room):
            raise ChatError("not-allowed", f"only an operator of {spelled(room)} may do that")

    def check_may_kick(self, member: Member, whom: Member | Person, room: str) -> None:
        """May have somebody leave a room, or the chat; or be no operator of it any more."""
        self.check_power(member, room)
        if self.is_operator(member):
            return
        if self.is_operator(whom):
            raise ChatError(
                "not-allowed",
                f"{whom.nick} is a server operator: only another one may do that",
            )
        owner = self.owner(room)
        if owner is not None and owner.identity == whom.identity != member.identity:
            raise ChatError(
                "not-allowed",
                f"{whom.nick} owns {spelled(room)}: only a server operator may do that",
            )

    def check_may_sanction(self, member: Member, whom: Member | Person, room: str) -> None:
        """May ban or mute somebody."""
        self.check_may_kick(member, whom, room)
        if self.is_operator(whom):
            raise ChatError("not-allowed", f"{whom.nick} is a server operator: nobody may do that")
        if whom.identity == member.identity:
            raise ChatError("not-allowed", "that is you: nobody may do that to themselves")

    # What holds against somebody.

    def check_not_banned(self, member: Member, room: str) -> None:
        """Is not banned from a room, or from the chat."""
        place = self._places.get(room)
        ban = place and self._covering(place.bans, member, room)
        if ban:
            raise ChatError("banned", f"you are banned from {place_spelled(room)}{ending(ban)}")

    def _check_not_muted(self, member: Member, room: str) -> None:
        place = self._places.get(room)
        mute = place and self._covering(place.mutes, member, room)
        if mute:
            raise ChatError("muted", f"you are muted in {place_spelled(room)}{ending(mute)}")

    def _check_voiced(self, member: Member, room: str) -> None:
        place = self._places.get(room)
        if place is None or not place.rules.moderated or member.identity in place.voiced:
            return
        if not self.is_room_operator(member, room):
            raise ChatError(
                "not-allowed",
                f"{spelled(room)} is moderated: only those speak whom its operators give a voice",
            )

    def _covering(self, sanctions: Sanctions, member: Member, room: str) -> OperatorAct | None:
        """What holds against a member. By address nothing does against operators."""
        held = sanctions.holding(self._now())
        if not held or self.is_operator(member):
            return None
        for act, _ in held:
            if act.target_identity == member.identity:
                return act
        address = address_of(member.address)
        if address is None or self.is_room_operator(member, room):
            return None
        for act, network in held:
            if network is not None and address in network:
                return act
        return None
