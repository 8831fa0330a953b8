"""Kicks, bans, mutes and the other verbs of operators.

A verb takes the device through which a member acts, the person acted on, and the place: C{room} is
the name of any room, not only of the device's current one, or L{CHAT}. It checks the member's
rights and the limits, and publishes an act, which takes effect when it is stored (acting.py). It
returns the act's envelope, so that a door can tie its answer to it. More verbs are in roles.py.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterable
from ipaddress import IPv4Network
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.access import Person, Whom, person_of
from chatservice.chat.acting import Acting
from chatservice.chat.envelope import Envelope
from chatservice.chat.journal import Journal
from chatservice.chat.lifting import Lifting
from chatservice.chat.permissions import Permissions
from chatservice.chat.places import CHAT
from chatservice.chat.room_settings import KEEPING, PASSWORD, check_setting, setting_text
from chatservice.chat.rooms import Device, Member
from chatservice.chat.roster import Roster
from chatservice.config.settings import Settings
from chatservice.people.accounts import Accounts
from chatservice.people.addresses import Network, network_of
from chatservice.people.masks import Mask
from chatservice.protocol.actions import (
    Announced,
    Banned,
    Kicked,
    LockedDown,
    Muted,
    RoomSet,
)
from chatservice.protocol.events import ChatError
from chatservice.protocol.sanitize import clean_line, clean_reason
from chatservice.protocol.wording import spelled

REASON_BYTES = 400
WIDEST = {4: 8, 6: 16}
"""By IP version, the prefix of the widest network that is banned without confirmation."""
EVERYBODY = "everybody"
"""The word to type that confirms the ban of a wider network."""


class Enforcement(Lifting):
    """The verbs of operators; see also L{Lifting}.

    @param settled: returns a Deferred that fires when a member's events are delivered or refused.
    @param now: returns the time in microseconds since the epoch.
    """

    def __init__(
        self,
        acting: Acting,
        permissions: Permissions,
        roster: Roster,
        accounts: Accounts,
        journal: Journal,
        settings: Settings,
        person: Callable[[str], Person | None],
        settled: Callable[[Member], Deferred[None]],
        now: Callable[[], int],
    ) -> None:
        super().__init__(acting, permissions, person)
        self._roster = roster
        self._accounts = accounts
        self._journal = journal
        self._settings = settings
        self._settled = settled
        self._now = now

    # Kicks, bans and mutes.

    @inlineCallbacks
    def kick(
        self, by: Device, whom: Whom, room: str, why: str = ""
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Make a person leave; somebody who is away loses the place in the room.

        Only a kick of somebody who is not in the room has to wait.

        @raise ChatError: C{no-nick}, or the member may not (in the Deferred).
        """
        person, reason = person_of(whom), _reason(why)
        if person.member is None and not (room and person.identity):
            raise ChatError("no-nick", f"nobody here is called {person.nick[:40]}")
        self._permissions.check_may_kick(by.member, person, room)
        if person.member is not None and (not room or room in person.member.rooms):
            return self._acting.act(by, _kick(person, room, reason))
        # Otherwise somebody who is away could return to the room without any check.
        places = yield self._journal.places(person.identity)
        self._permissions.check_may_kick(by.member, person, room)
        if room not in [place.room for place in places] and not self._those_of(person, room):
            sentence = f"{person.nick} is not in {spelled(room)}"
            raise ChatError("no-nick", sentence, "not-in-room")
        kicked = self._acting.act(by, _kick(person, room, reason))
        yield self._settled(by.member)
        # The person may have come in before the kick was stored.
        self._turn_out(by, self._those_of(person, room), room, reason)
        return kicked

    @inlineCallbacks
    def ban(
        self, by: Device, whom: Whom, room: str, seconds: int = 0, why: str = ""
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Ban a person, for ever if C{seconds} is 0, and kick everybody it covers.

        @raise ChatError: the member may not, or there are too many sanctions (in the Deferred).
        """
        person, reason, before = person_of(whom), _reason(why), self._present(room)
        banned = self._sanction(by, Banned, person, room, seconds, reason)
        told = [each for each in before if each.identity == person.identity]
        # Only once the ban is in force, or they could come back before it is.
        yield self._settled(by.member)
        covered = self._covered(person, room, before)
        self._turn_out(by, covered, room, reason, told)
        return banned

    @inlineCallbacks
    def ban_network(
        self,
        by: Device,
        network: Network,
        room: str,
        seconds: int = 0,
        why: str = "",
        confirmed: bool = False,
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Ban everybody who connects from a network, and kick those who are here.

        @param confirmed: whether the operator has confirmed the ban of a wide network (L{is_wide}).
        @raise ChatError: C{usage} if that is missing, the member may not, or there are too many
            sanctions (in the Deferred).
        """
        self._permissions.check_may_name_addresses(by.member, room)
        if is_wide(network) and not confirmed:
            command = f"/ban {f'#{room}' if room else '*'} {network} {EVERYBODY}"
            sentence = f"{network} is {_many(network)}: {command} bans them all"
            raise ChatError("usage", sentence, "wide-network")
        reason, named = _reason(why), str(network)
        self._permissions.check_may_add(by.member, room)
        until = self._until(seconds)
        ban = Banned(room=room, target=named, network=named, until=until, text=reason)
        banned = self._acting.act(by, ban)
        yield self._settled(by.member)
        covered = self._permissions.banned_members(network, room, self._present(room))
        self._turn_out(by, covered, room, reason)
        return banned

    def mute(
        self, by: Device, whom: Whom, room: str, seconds: int = 0, why: str = ""
    ) -> Envelope:
        """Mute a person, for ever if C{seconds} is 0.

        @raise ChatError: the member may not, or there are too many sanctions already.
        """
        return self._sanction(by, Muted, person_of(whom), room, seconds, _reason(why))

    def ban_mask(
        self, by: Device, mask: Mask, room: str, seconds: int = 0, why: str = ""
    ) -> Envelope:
        """Ban everybody whom a mask covers: they may not come in, nor speak if they are there.

        @raise ChatError: the member may not, or there are too many sanctions already.
        """
        return self._sanction_mask(by, Banned, mask, room, seconds, why)

    def mute_mask(
        self, by: Device, mask: Mask, room: str, seconds: int = 0, why: str = ""
    ) -> Envelope:
        """Mute everybody whom a mask covers; see L{ban_mask}."""
        return self._sanction_mask(by, Muted, mask, room, seconds, why)

    def _sanction(
        self,
        by: Device,
        kind: type[Banned | Muted],
        person: Person,
        room: str,
        seconds: int,
        reason: str,
    ) -> Envelope:
        """Ban or mute a person by nickname, identity and network address."""
        self._permissions.check_may_sanction(by.member, person, room)
        self._permissions.check_may_add(by.member, room)
        network = network_of(_heard_from(person.member)) if person.member is not None else None
        act = kind(
            room=room,
            target=person.nick,
            target_identity=person.identity,
            network="" if network is None else str(network),
            until=self._until(seconds),
            text=reason,
        )
        return self._acting.act(by, act)

    def _sanction_mask(
        self,
        by: Device,
        kind: type[Banned | Muted],
        mask: Mask,
        room: str,
        seconds: int,
        why: str,
    ) -> Envelope:
        """Ban or mute by mask; one that is about a person's nickname covers the person as well."""
        person = self._person(mask.nick) if mask.nick else None
        if person is None:
            self._permissions.check_power(by.member, room)
        else:
            self._permissions.check_may_sanction(by.member, person, room)
        self._permissions.check_may_add(by.member, room)
        act = kind(
            room=room,
            target=mask.text,
            target_identity=b"" if person is None else person.identity,
            until=self._until(seconds),
            text=_reason(why),
        )
        return self._acting.act(by, act)

    def _until(self, seconds: int) -> int:
        return self._now() + seconds * 1_000_000 if seconds else 0

    def _present(self, room: str) -> list[Member]:
        """List the members in the room, or all of them for the whole chat."""
        members = self._roster.values()
        return [each for each in members if not room or room in each.rooms]

    def _those_of(self, person: Person, room: str) -> list[Member]:
        """List the members in a room with the person's identity, even if they have just come in."""
        return [each for each in self._present(room) if each.identity == person.identity]

    def _covered(self, person: Person, room: str, before: list[Member]) -> list[Member]:
        """List the person, and those under the ban who came while it was being stored.

        In a room, list only the person: kicking others would reveal the address they share.
        """
        members = self._present(room)
        came = set() if room else set(members).difference(before)
        return [
            each
            for each in members
            if each is person.member
            or each.identity == person.identity
            or (each in came and self._permissions.is_banned(each, room))
        ]

    def _turn_out(
        self,
        by: Device,
        banned: Iterable[Member],
        room: str,
        why: str,
        told: Container[Member] = (),
    ) -> None:
        """Kick everybody that an act covers, without counting the kicks as further acts.

        @param told: the members whose leaving the act itself has already announced.
        """
        for whom in banned:
            self._acting.publish(by, _kick(whom, room, why, whom in told))

    # A room as a whole, and the chat.

    @inlineCallbacks
    def set_room(
        self, by: Device, room: str, setting: str, value: str
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Change a setting of a room; only a password has to wait, to be hashed.

        @param value: the value as typed, such as C{on} or C{7d}; see room_settings.py.
        @raise ChatError: C{usage}, or the member may not (in the Deferred).
        """
        check_setting(setting, value)
        self._permissions.check_power(by.member, room)
        if setting in KEEPING:
            self._permissions.check_may_keep(by.member, room)
        text = setting_text(self._settings, setting, value)
        if text and setting == PASSWORD:
            passwords, origin = self._accounts.passwords, by.peer.origin
            text = yield passwords.hash(text, origin, lambda: self._roster.has(by.member))
            # The member may have lost the right meanwhile.
            self._permissions.check_power(by.member, room)
        return self._acting.act(by, RoomSet(room=room, target=setting, text=text))

    def announce(self, by: Device, text: str) -> Envelope:
        """Announce something to everybody.

        @raise ChatError: the member may not, or the text is empty.
        """
        self._permissions.check_power(by.member, CHAT)
        return self._acting.act(by, Announced(text=clean_line(text)))

    def lock_down(self, by: Device, on: bool) -> Envelope | None:
        """Let only registered nicknames join, or everybody again; C{None} if nothing changes.

        @raise ChatError: the member may not.
        """
        self._permissions.check_power(by.member, CHAT)
        if self._permissions.locked_down == on:
            return None
        return self._acting.act(by, LockedDown(text="on" if on else "off"))


def is_wide(network: Network) -> bool:
    """Tell whether a network is so large that its ban must be confirmed."""
    return network.prefixlen < WIDEST[network.version]


def _many(network: Network) -> str:
    """Describe the number of addresses in a network."""
    if isinstance(network, IPv4Network):
        return f"{network.num_addresses:,} addresses"
    return f"2^{network.max_prefixlen - network.prefixlen} addresses"


def _reason(text: str) -> str:
    reason = clean_reason(text).strip(" ")
    size = len(reason.encode())
    if size > REASON_BYTES:
        sentence = f"the reason is too long ({size:,} bytes, at most {REASON_BYTES}): not done"
        raise ChatError("too-long", sentence)
    return reason


def _kick(whom: Whom, room: str, why: str, folded: bool = False) -> Kicked:
    identity = whom.identity
    return Kicked(room=room, target=whom.nick, target_identity=identity, text=why, folded=folded)


def _heard_from(member: Member) -> str:
    """Find the address that the member was heard from last."""
    devices = sorted(member.devices, key=lambda device: device.door.idle_seconds())
    return devices[0].peer.address if devices else member.address
