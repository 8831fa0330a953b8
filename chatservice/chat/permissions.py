"""The rules on who may do what, and who may not come in or speak (see authority.py).

A C{check_} method raises L{ChatError}, with a cause that tells rules apart, if somebody may not.
"""

from __future__ import annotations

from collections.abc import Collection

from chatservice.chat.access import Person, RoomAccess
from chatservice.chat.authority import ROOMS_OWNED, Authority
from chatservice.chat.places import CHAT
from chatservice.chat.rooms import Member, Room
from chatservice.protocol.actions import Muted, OperatorAct
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import LOBBY, nick_key
from chatservice.protocol.wording import ending, place_spelled, spelled, times_of

HELD_MOST = 1000
"""Bans and mutes in a room by its operators: all are looked at for each who enters or speaks."""

HELD_BY_ONE = 2000
"""The most bans and mutes by one operator of rooms, in all of them."""

HELD_IN_ALL = 10_000
"""The most in one place by server operators."""


class Permissions(Authority):
    """The rules, as questions."""

    def may_see(self, member: Member, room: str) -> bool:
        """Tell whether a member may know who is in a room and its topic, as the people in it do.

        Everybody may if the room is open to them. If it is for invited people only, or has a
        password, only the people who are invited to it or run it may, and nobody if it is secret.
        """
        place = self._places.get(room)
        if room in member.rooms or place is None or self.is_operator(member):
            return True
        if place.rules.secret or self._ban_on(member, room):
            return False
        is_closed = place.rules.invite_only or place.rules.password_hash
        return not is_closed or member.identity in place.invited or self._runs(member, room)

    def rooms_shown(self, asker: Member, whom: Member) -> list[str]:
        """List the rooms that a member is in and that another one may know of."""
        is_hidden = whom.preferences.hidden and asker is not whom and not self.is_operator(asker)
        if is_hidden and asker.rooms.keys().isdisjoint(whom.rooms):
            return []
        return [room for room in whom.rooms if self.may_see(asker, room)]

    def people_shown(self, asker: Member, room: Room) -> Collection[Member]:
        """List the people in a room whom somebody may see there."""
        return [each for each in room.members if room.name in self.rooms_shown(asker, each)]

    # What somebody may do. Each raises ChatError if not.

    def check_arrival(self, member: Member) -> None:
        """Check that a member may come to the chat; an account was proved before.

        @raise ChatError: it is banned, or a guest during a lockdown.
        """
        self.check_not_banned(member, CHAT)
        if member.account is None:
            self.check_may_be_a_guest()

    def check_may_be_a_guest(self) -> None:
        """Check that somebody may be here without a registered name, and was not here so before.

        @raise ChatError: there is a lockdown.
        """
        if self.locked_down:
            sentence = "only registered names may join the chat at the moment"
            raise ChatError("closed", sentence, "lockdown")

    def check_entry(self, member: Member, room: str, seen: int = 0, here: int = 0) -> None:
        """Check that a member may enter a room.

        @param seen: the id until which the room was seen, if it was not left the last time.
        @param here: how many people are in it.
        @raise ChatError: it is banned, or not invited, or the room is full.
        """
        self.check_not_banned(member, room)
        place = self._places.get(room)
        if place is None:
            return
        rules, name = place.rules, spelled(room)
        is_closed = rules.invite_only and not _is_back(place, member, seen)
        is_full = 0 < rules.limit <= here
        if not (is_closed or is_full) or member.identity in place.invited:
            return
        if self._is_exempt(member, room):
            return
        if is_closed:
            sentence = f"{name} is invite-only: ask one of its operators to invite you"
            raise ChatError("closed", sentence, "invite-only")
        full = f"full (at most {rules.limit:,} people)"
        sentence = f"{name} is {full}: ask one of its operators to invite you"
        raise ChatError("closed", sentence, "limit")

    def needs_password(self, member: Member, room: str, seen: int = 0) -> str:
        """Find the hash of the password needed to enter a room; empty if none is.

        @param seen: see L{check_entry}.
        """
        place = self._places.get(room)
        if place is None or self._is_exempt(member, room) or _is_back(place, member, seen):
            return ""
        return "" if member.identity in place.invited else place.rules.password_hash

    def check_is_in(self, member: Member, room: str) -> None:
        """Check that a member is in a room, without which nobody speaks there.

        @raise ChatError: C{no-room}.
        """
        if room not in member.rooms:
            raise ChatError("no-room", f"you are not in {spelled(room)}")

    def check_speech(self, member: Member, room: str) -> None:
        """Check that a member may say something in a room, or in private (an empty C{room}).

        @raise ChatError: it is muted, banned by mask, or has no voice in a moderated room.
        """
        if room in self._hushed or CHAT in self._hushed:
            self._check_not_silenced(member, CHAT)
            if room:
                self._check_not_silenced(member, room)
                self._check_voiced(member, room)

    def may_speak(self, member: Member, room: str) -> bool:
        """Tell whether a member may say something in a room (L{check_speech})."""
        try:
            self.check_speech(member, room)
        except ChatError:
            return False
        return True

    def check_appearance(self, member: Member) -> None:
        """Check that a member may change what others see of it: nickname, away words, last words.

        These speak wherever the member is, and where they may be shown later: also in rooms that it
        has left, if it is muted there.

        @raise ChatError: the member is silenced somewhere.
        """
        muted_in = [act.room for act in self.against(member.identity) if _silences_for_good(act)]
        for room in (CHAT, *member.rooms, *muted_in):
            self.check_speech(member, room)

    def may_appear(self, member: Member) -> bool:
        """Tell whether a member may change what is shown of it (L{check_appearance})."""
        try:
            self.check_appearance(member)
        except ChatError:
            return False
        return True

    def check_name(self, identity: bytes, nick: str, known: Collection[str]) -> None:
        """Check that somebody may come back by that nickname.

        @param known: the keys of nicknames by which everybody knows that person.
        @raise ChatError: the person is muted, and the nickname is another one.
        """
        muted = any(map(_silences_for_good, self.against(identity)))
        if muted and known and nick_key(nick) not in known:
            sentence = "you are muted: come back with the nickname that you had"
            raise ChatError("muted", sentence, "other-nickname")

    def check_topic(self, member: Member, room: str) -> None:
        """Check that a member may change the topic of a room, which also says something there.

        @raise ChatError: it may not speak, or only operators may.
        """
        self.check_speech(member, room)
        if self.rules(room).operators_topic:
            self.check_power(member, room)

    def check_power(self, member: Member, room: str) -> None:
        """Check that a member may do what operators do in a room, or in the chat.

        @raise ChatError: it is not an operator, or held down.
        """
        if self.is_operator(member):
            return
        if not room:
            raise ChatError("not-allowed", "only a server operator may do that", "not-operator")
        if not self._runs(member, room):
            sentence = f"only an operator of {spelled(room)} may do that"
            raise ChatError("not-allowed", sentence, "not-operator")
        for place in (CHAT, room):
            self.check_not_banned(member, place)
            self._check_not_muted(member, place)

    def check_may_invite(self, member: Member, room: str) -> None:
        """Check that a member may invite people to a room, as all in it do unless it is for invited
        people only.

        @raise ChatError: the member may not: C{no-room} if it is not in the room.
        """
        if not self._is_exempt(member, room):
            self.check_is_in(member, room)
            if not self.rules(room).invite_only:
                # An invitation is shown to the people in the room.
                self.check_speech(member, room)
                return
        self.check_power(member, room)

    def check_may_claim(self, member: Member, room: str) -> None:
        """Check that a member may make a room its own.

        @raise ChatError: the member is no operator of it or not logged in, somebody owns it, or the
            member owns too many.
        """
        self.check_power(member, room)
        owner = self.owner(room)
        if owner is not None:
            sentence = f"{spelled(room)} is owned by {owner.nick}"
            raise ChatError("not-allowed", sentence, "owned")
        if room == LOBBY:
            raise ChatError("not-allowed", f"nobody can own {spelled(room)}", "owned")
        if member.account is None:
            raise ChatError("not-logged-in", "you are not logged in: /register or /login first")
        if self._owned[member.identity] >= ROOMS_OWNED:
            sentence = f"you own {ROOMS_OWNED} rooms already"
            raise ChatError("too-many", sentence, "owned-rooms")

    def check_may_keep(self, member: Member, room: str) -> None:
        """Check that a member may say for how long lines of a room are kept.

        @raise ChatError: what it sets is not kept itself.
        """
        if self.is_passing(member, room):
            sentence = f"nobody owns {spelled(room)}: /claim it first"
            raise ChatError("not-allowed", sentence, "not-owned")

    def check_may_kick(self, member: Member, whom: Member | Person, room: str) -> None:
        """Check that a member may remove somebody from a room or the chat, or end an appointment.

        @raise ChatError: the member may not.
        """
        self.check_power(member, room)
        if self.is_operator(member):
            return
        if self.is_operator(whom):
            raise ChatError(
                "not-allowed",
                f"{whom.nick} is a server operator: only another one may do that to them",
                "protected",
            )
        owner = self.owner(room)
        if owner is not None and owner.identity == whom.identity != member.identity:
            raise ChatError(
                "not-allowed",
                f"{whom.nick} owns {spelled(room)}: only a server operator may do that to them",
                "protected",
            )

    def check_may_sanction(self, member: Member, whom: Member | Person, room: str) -> None:
        """Check that a member may ban or mute somebody.

        @raise ChatError: it may not, or may not do it to that person.
        """
        self.check_may_kick(member, whom, room)
        if self.is_operator(whom):
            sentence = f"{whom.nick} is a server operator: you cannot do that to them"
            raise ChatError("not-allowed", sentence, "protected")
        if whom.identity == member.identity:
            sentence = "you cannot do that to yourself"
            raise ChatError("not-allowed", sentence, "protected")

    def check_may_name_addresses(self, member: Member, room: str) -> None:
        """Check that a member may act on an address: nobody else may learn who comes from where.

        @raise ChatError: it is not a server operator.
        """
        self.check_power(member, room)
        if not self.is_operator(member):
            raise ChatError(
                "not-allowed",
                "only a server operator may do that by address: use a nickname instead",
                "not-operator",
            )

    def check_may_add(self, member: Member, room: str) -> None:
        """Check that a member may make one more ban or mute.

        @raise ChatError: too many are in force in one place, or by one person.
        """
        is_operator = self.is_operator(member)
        most = HELD_IN_ALL if is_operator else HELD_MOST
        if len(self.sanctions(room)) >= most:
            sentence = f"there are already {most:,} bans and mutes here: end some first"
            raise ChatError("too-many", sentence, "sanctions")
        own = sum(
            sanctions.by_author[member.identity]
            for place in self._places.values()
            for sanctions in (place.bans, place.mutes)
        )
        if own >= HELD_BY_ONE and not is_operator:
            sentence = f"you have already set {HELD_BY_ONE:,} bans and mutes: end some first"
            raise ChatError("too-many", sentence, "sanctions")

    # What holds against somebody.

    def is_banned(self, member: Member, room: str) -> bool:
        """Tell whether a member is banned from a room, or from the chat."""
        return self._ban_on(member, room) is not None

    def is_turned_out(self, member: Member, room: str) -> bool:
        """Tell whether a member is banned from a room, and not by mask alone."""
        return any(not act.is_by_mask for act in self._bans_on(member, room))

    def check_not_banned(self, member: Member, room: str) -> None:
        """Check that a member is not banned from a room, or from the chat.

        @raise ChatError: C{banned}.
        """
        if ban := self._ban_on(member, room):
            sentence = f"you are banned from {place_spelled(room)}{ending(ban)}"
            raise ChatError("banned", sentence, times=times_of([ban]))

    def _check_not_silenced(self, member: Member, room: str) -> None:
        self._check_not_muted(member, room)
        if ban := self._ban_by_mask_on(member, room):
            sentence = f"you are banned from {place_spelled(room)}{ending(ban)}"
            raise ChatError("banned", sentence, "silenced", times_of([ban]))

    def _check_not_muted(self, member: Member, room: str) -> None:
        if mute := self._mute_on(member, room):
            sentence = f"you are muted in {place_spelled(room)}{ending(mute)}"
            raise ChatError("muted", sentence, times=times_of([mute]))

    def _check_voiced(self, member: Member, room: str) -> None:
        place = self._places.get(room)
        if place is None or not place.rules.moderated or member.identity in place.voiced:
            return
        if not self._is_exempt(member, room):
            raise ChatError(
                "not-allowed",
                f"{spelled(room)} is moderated: ask one of its operators for a voice",
                "moderated",
            )


def _silences_for_good(act: OperatorAct) -> bool:
    """Tell whether an act is a mute that counts outside its room too.

    Anybody may run an empty room and mute whomever they like in it.
    """
    return isinstance(act, Muted) and not act.passing


def _is_back(place: RoomAccess, member: Member, seen: int) -> bool:
    """Tell whether somebody was in a place when it was closed, and was not put out of it since."""
    return seen > max(place.closed_since(), place.put_out.get(member.identity, 0))
