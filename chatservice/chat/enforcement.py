"""The verbs of operators: each takes the member who acts, the person it is done to, and the room.

C{room} is the name of any room, whatever the member's current one is, or L{CHAT}. A verb asks
whether the member may, checks the limits, and publishes an act, which takes effect when it is
stored (acting.py). It returns the envelope of that act, so that a door can tie its answer to it.
More verbs are in roles.py.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterable
from ipaddress import IPv4Network
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.access import Person, Whom, person_of
from chatservice.chat.acting import Acting
from chatservice.chat.authority import CHAT
from chatservice.chat.envelope import Envelope
from chatservice.chat.journal import Journal
from chatservice.chat.permissions import Permissions
from chatservice.chat.publisher import Publish
from chatservice.chat.room_settings import PASSWORD, check_setting, setting_text
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.chat.sanctions import subject
from chatservice.config import Settings
from chatservice.people.accounts import Accounts
from chatservice.people.addresses import Network, network_of
from chatservice.protocol.actions import (
    Announced,
    Banned,
    Kicked,
    LockedDown,
    Muted,
    OperatorAct,
    RoomSet,
    Unbanned,
    Unmuted,
)
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import nick_key
from chatservice.protocol.sanitize import clean_line, clean_reason
from chatservice.protocol.wording import spelled

REASON_BYTES = 400
WIDEST = {4: 8, 6: 16}
"""By version of the protocol, the prefix of the widest network that is banned unasked."""
EVERYBODY = "everybody"
"""The word that confirms the ban of a wider one, as it is typed."""


class Enforcement:
    """The verbs of operators.

    @param publish: publishes an event of a member.
    @param settled: returns a Deferred that fires when everything that a member has done is through.
    @param now: the time in microseconds since the epoch.
    """

    def __init__(
        self,
        acting: Acting,
        permissions: Permissions,
        roster: Roster,
        accounts: Accounts,
        journal: Journal,
        settings: Settings,
        publish: Publish,
        settled: Callable[[Member], Deferred[None]],
        now: Callable[[], int],
    ) -> None:
        self._acting = acting
        self._permissions = permissions
        self._roster = roster
        self._accounts = accounts
        self._journal = journal
        self._settings = settings
        self._publish = publish
        self._settled = settled
        self._now = now

    # Kicks, bans and mutes.

    @inlineCallbacks
    def kick(
        self, member: Member, whom: Whom, room: str, why: str = ""
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Have somebody leave; whoever was in a room and is away loses the place there.

        It waits only if whoever is meant is not in the room.

        @raise ChatError: the member may not, or whoever is meant is not there (in the Deferred).
        """
        person, reason = person_of(whom), _reason(why)
        if person.member is None and not (room and person.identity):
            raise ChatError("no-nick", f"nobody here is called {person.nick[:40]}")
        self._permissions.check_may_kick(member, person, room)
        if person.member is not None and (not room or room in person.member.rooms):
            return self._acting.act(member, _kick(person, room, reason))
        # Somebody who is away would be let in again without being asked anything.
        places = yield self._journal.places(person.identity)
        self._permissions.check_may_kick(member, person, room)
        if room not in [place.room for place in places] and not self._those_of(person, room):
            sentence = f"{person.nick} is not in {spelled(room)}"
            raise ChatError("no-nick", sentence, "not-in-room")
        kicked = self._acting.act(member, _kick(person, room, reason))
        yield self._settled(member)
        # Whoever was about to come may have come before that was stored.
        self._turn_out(member, self._those_of(person, room), room, reason)
        return kicked

    @inlineCallbacks
    def ban(
        self, member: Member, whom: Whom, room: str, seconds: int = 0, why: str = ""
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Keep somebody out, and kick whoever that is; for ever, if C{seconds} is 0.

        @raise ChatError: the member may not, or too much is held already (in the Deferred).
        """
        person, reason, before = person_of(whom), _reason(why), self._present(room)
        banned = self._sanction(member, Banned, person, room, seconds, reason)
        told = [each for each in before if each.identity == person.identity]
        # Not before the ban holds, or somebody could be back by then.
        yield self._settled(member)
        covered = self._covered(person, room, before)
        self._turn_out(member, covered, room, reason, told)
        return banned

    @inlineCallbacks
    def ban_network(
        self,
        member: Member,
        network: Network,
        room: str,
        seconds: int = 0,
        why: str = "",
        confirmed: bool = False,
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Keep everybody from a network out, and kick them.

        @param confirmed: whether the member insists, though the network is a wide one (L{is_wide}).
        @raise ChatError: the member may not, it is not confirmed, or too many sanctions are in
            force already (in the Deferred).
        """
        self._permissions.check_may_name_addresses(member, room)
        if is_wide(network) and not confirmed:
            command = f"/ban {f'#{room}' if room else '*'} {network} {EVERYBODY}"
            sentence = f"{network} is {_many(network)}: {command} bans them all"
            raise ChatError("usage", sentence, "wide-network")
        reason, named = _reason(why), str(network)
        self._permissions.check_may_add(member, room)
        until = self._until(seconds)
        ban = Banned(room=room, target=named, network=named, until=until, text=reason)
        banned = self._acting.act(member, ban)
        yield self._settled(member)
        covered = self._permissions.banned_members(network, room, self._present(room))
        self._turn_out(member, covered, room, reason)
        return banned

    def mute(
        self, member: Member, whom: Whom, room: str, seconds: int = 0, why: str = ""
    ) -> Envelope:
        """Keep somebody from speaking; for ever, if C{seconds} is 0.

        @raise ChatError: the member may not, or too much is held already.
        """
        return self._sanction(member, Muted, person_of(whom), room, seconds, _reason(why))

    def unban(self, member: Member, whom: Whom | Network, room: str) -> list[Envelope]:
        """End the bans of somebody, or of a network.

        @param whom: also somebody who no longer exists, by the nickname of that time alone.
        @return: the acts; none, if there was no ban.
        @raise ChatError: the member may not.
        """
        return self._lift(member, Banned, Unbanned, whom, room)

    def unmute(self, member: Member, whom: Whom | Network, room: str) -> list[Envelope]:
        """End the mutes of somebody; see L{unban}.

        @raise ChatError: the member may not.
        """
        return self._lift(member, Muted, Unmuted, whom, room)

    def _sanction(
        self,
        member: Member,
        kind: type[Banned | Muted],
        person: Person,
        room: str,
        seconds: int,
        reason: str,
    ) -> Envelope:
        """Ban or mute somebody by nickname, and so by account and by address."""
        self._permissions.check_may_sanction(member, person, room)
        self._permissions.check_may_add(member, room)
        network = network_of(person.member.address) if person.member is not None else None
        act = kind(
            room=room,
            target=person.nick,
            target_identity=person.identity,
            network="" if network is None else str(network),
            until=self._until(seconds),
            text=reason,
        )
        return self._acting.act(member, act)

    def _until(self, seconds: int) -> int:
        return self._now() + seconds * 1_000_000 if seconds else 0

    def _present(self, room: str) -> list[Member]:
        """List those who are in the room, or in the chat."""
        members = self._roster.values()
        return [each for each in members if not room or room in each.rooms]

    def _those_of(self, person: Person, room: str) -> list[Member]:
        """List the members in a room with a person's identity, newcomers included."""
        return [each for each in self._present(room) if each.identity == person.identity]

    def _covered(self, person: Person, room: str, before: list[Member]) -> list[Member]:
        """List the person, and those who came while the ban was on its way and are kept out by it.

        From a room the person alone, or others would show where it came from.
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
        member: Member,
        banned: Iterable[Member],
        room: str,
        why: str,
        told: Container[Member] = (),
    ) -> None:
        """Kick the members that a ban covers; together with it that is one act, however many they
        are.

        @param told: the members about whom the ban itself tells everybody that they must leave.
        """
        for whom in banned:
            self._publish(member, _kick(whom, room, why, whom in told))

    def _lift(
        self,
        member: Member,
        held: type[Banned | Muted],
        kind: type[Unbanned | Unmuted],
        whom: Whom | Network,
        room: str,
    ) -> list[Envelope]:
        self._permissions.check_power(member, room)
        if isinstance(whom, Member | Person):
            about, network, given = nick_key(whom.nick), "", (whom.nick, whom.identity)
        else:
            self._permissions.check_may_name_addresses(member, room)
            about = network = str(whom)
            given = network, b""
        ended = self._permissions.sanctions_about(held, room, about, given[1])
        return [
            self._acting.act(
                member, kind(room=room, target=nick, target_identity=identity, network=network)
            )
            for nick, identity in _lifted(ended, about, given)
        ]

    # A room as a whole, and the chat.

    @inlineCallbacks
    def set_room(
        self, member: Member, room: str, setting: str, value: str
    ) -> Generator[Deferred[Any], Any, Envelope]:
        """Change a setting of a room; it waits only for a password to be hashed.

        @param value: as it is written, such as C{on} or C{7d}; see room_settings.py.
        @raise ChatError: the member may not, or the value makes no sense (in the Deferred).
        """
        check_setting(setting, value)
        self._permissions.check_power(member, room)
        text = setting_text(self._settings, setting, value)
        if text and setting == PASSWORD:
            passwords, origin = self._accounts.passwords, member.origin
            text = yield passwords.hash(text, origin, lambda: self._roster.has(member))
            # The right may be gone since that began.
            self._permissions.check_power(member, room)
        return self._acting.act(member, RoomSet(room=room, target=setting, text=text))

    def announce(self, member: Member, text: str) -> Envelope:
        """Tell all rooms something.

        @raise ChatError: the member may not, or there is nothing to tell.
        """
        self._permissions.check_power(member, CHAT)
        return self._acting.act(member, Announced(text=clean_line(text)))

    def lock_down(self, member: Member, on: bool) -> Envelope | None:
        """Let only registered names join the chat, or all again; C{None} if that is so already.

        @raise ChatError: the member may not.
        """
        self._permissions.check_power(member, CHAT)
        if self._permissions.locked_down == on:
            return None
        return self._acting.act(member, LockedDown(text="on" if on else "off"))


def is_wide(network: Network) -> bool:
    """Tell whether so much is in a network that its ban must be confirmed."""
    return network.prefixlen < WIDEST[network.version]


def _many(network: Network) -> str:
    """Say how many addresses are in a network."""
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


def _lifted(
    ended: list[OperatorAct], about: str, given: tuple[str, bytes]
) -> Iterable[tuple[str, bytes]]:
    """List the nicknames and identities whose bans or mutes are ended.

    A sanction that holds against the named person only because that is somebody else by now is
    ended under the name that it was made for: that name is known for longer.
    """
    named: dict[tuple[str, bytes], None] = {}
    for act in ended:
        is_direct = subject(act) == about or (given[1] and act.target_identity == given[1])
        named[given if is_direct else (act.target, act.target_identity)] = None
    return named
