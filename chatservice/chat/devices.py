"""The devices of members: how one more comes, how one ends, and what that means for the member."""

from __future__ import annotations

from collections.abc import Callable

from chatservice.chat.audit import Audit, place
from chatservice.chat.coming import Coming
from chatservice.chat.door import GOODBYE, Door, Fenced
from chatservice.chat.entrances import Entrances
from chatservice.chat.homes import Homes
from chatservice.chat.lingering import UNNOTICED, Lingering
from chatservice.chat.permissions import Permissions
from chatservice.chat.publisher import Publish
from chatservice.chat.read_markers import NO_MARKERS
from chatservice.chat.rooms import Device, Member
from chatservice.chat.roster import Roster
from chatservice.people.ratelimit import Tries
from chatservice.protocol.actions import Banned
from chatservice.protocol.counts import counted
from chatservice.protocol.events import LATEST, ChatError, Resumed
from chatservice.protocol.names import nick_key

DEVICES_MOST = 10
"""The most devices of a member; the one that is idle for longest makes room."""

NEWCOMERS = 10
"""The most devices that come alongside a member's others in a minute."""

LEFT_ELSEWHERE = "you left the chat on another device"

CLOSED = "taken-over"
"""The code with which a device is closed that must not come back by itself."""


class Devices:
    """The coming and going of devices. A member leaves with its last one, or lingers.

    @param publish: publishes an event of a member.
    @param leave: has a member leave the chat, given last words or a reason, and whether it said
        goodbye.
    @param latest: returns an id above all until a moment ago.
    @param last_delivered: returns the id of the last event that has passed.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        roster: Roster,
        permissions: Permissions,
        audit: Audit,
        lingering: Lingering,
        entrances: Entrances,
        homes: Homes,
        publish: Publish,
        leave: Callable[[Member, str, bool], object],
        latest: Callable[[], int],
        last_delivered: Callable[[], int],
        seconds: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._permissions = permissions
        self._audit = audit
        self._lingering = lingering
        self._entrances = entrances
        self._homes = homes
        self._publish = publish
        self._leave = leave
        self._latest = latest
        self._last_delivered = last_delivered
        self._seconds = seconds
        self._newcomers = Tries(seconds, NEWCOMERS)

    # Coming.

    def connect(self, member: Member, door: Door, client: str) -> Device:
        """Give a member who comes to the chat its first device."""
        device = member.connect(door, client)
        device.came = self._seconds()
        return device

    def come_back(
        self,
        member: Member,
        door: Door,
        client: str = "",
        instead_of: Device | None = None,
        elsewhere: str = "",
    ) -> Device:
        """Give a member who is here one more device, or another one in the place of one.

        It hears from the L{Resumed} on that this publishes. Nobody else is told.

        @param client: the name that the program gave itself, or empty.
        @param instead_of: the device whose place it takes (L{place}); if it is not lost, it is
            closed.
        @param elsewhere: the program whose place it takes at other nodes (L{Device.program}).
        @raise ChatError: C{banned}, at the address of that door; or C{too-many} came lately.
        """
        coming = self._coming(member, instead_of)
        self._admit(member, door, coming)
        replay = NO_MARKERS if coming is Coming.ALONGSIDE else dict(member.reading.missed)
        if instead_of is not None:
            if coming is Coming.INSTEAD:
                self.end(instead_of, instead_of.door.idle_seconds()).taken_over()
            member.lost = tuple(each for each in member.lost if each is not instead_of)
            replay = instead_of.replay
        device = member.connect(Fenced(door), client, coming)
        device.replay = replay
        if instead_of is not None and instead_of.current in member.rooms.values():
            device.turn_to(instead_of.current)
        elif device.current is None:
            # Which room it talked in at another node is not known here.
            device.turn_to(next(reversed(member.rooms.values()), None))
        self._let_through(device, elsewhere)
        return device

    def _coming(self, member: Member, instead_of: Device | None) -> Coming:
        if instead_of is not None and not instead_of.is_over:
            return Coming.INSTEAD
        is_back = instead_of is not None or not (member.devices or self._homes.has_others(member))
        return Coming.BACK if is_back else Coming.ALONGSIDE

    def place(self, member: Member, client: str | None, kind: str) -> Device | None:
        """Find the device whose place somebody takes who shows the member's token.

        It is the one that was lost, or else the one that is silent for longest.

        @param client: the name of the program, which takes only its own place; empty if it has
            none, so that it takes that of another one without a name at the same door, if it can;
            C{None} where people type.
        @param kind: the door's C{kind}.
        """
        devices = sorted(member.devices, key=lambda device: device.door.idle_seconds())
        alike = [
            device
            for device in (*devices, *member.lost)
            if device.client == (client or "") and (client or device.kind == kind)
        ]
        if client or (alike and (client is not None or alike[-1] in member.lost)):
            return alike[-1] if alike else None
        return devices[-1] if devices else None

    def move(self, device: Device, member: Member) -> None:
        """Make a device one of another member, who is here.

        @raise ChatError: see L{come_back}.
        """
        self._admit(member, device.door, self._coming(member, None))
        device.move(member, Fenced(self.end(device)), Coming.ALONGSIDE)
        self._let_through(device)

    def part_ways(self, device: Device, nick: str, token: str) -> Member:
        """Make a device one of a new guest, who is in no room yet and whom it is the only one of.

        @param nick: a nickname that is free.
        """
        door = self.end(device)
        guest = Member(nick, nick_key(nick), token, door.peer.address)
        guest.came, guest.userhost = self._seconds(), device.member.userhost
        device.move(guest, door, Coming.NEW)
        device.preferences_changed()
        return guest

    def _admit(self, member: Member, door: Door, coming: Coming) -> None:
        """Let one more device come to a member, and close another if there are too many."""
        is_alongside = coming is Coming.ALONGSIDE
        former, member.address = member.address, door.peer.address
        try:
            self._permissions.check_not_banned(member, "")
            if is_alongside:
                self._check_pace(member)
        except ChatError:
            member.address = former
            raise
        how = "One more connection" if is_alongside else "Taken over"
        self._audit.about(how, member.address, member.nick, f", who was at {place(former)}")
        self._lingering.stop(member)
        if coming is not Coming.INSTEAD and len(member.devices) >= DEVICES_MOST:
            idle = max(member.devices, key=lambda device: device.door.idle_seconds())
            sentence = f"you have more than {DEVICES_MOST} connections, and this was idle longest"
            self.close(idle, sentence)

    def _check_pace(self, member: Member) -> None:
        if self._newcomers.attempt(member.identity):
            sentence = f"more than {NEWCOMERS} of your connections came in a minute: wait a little"
            raise ChatError("too-many", sentence, "connections")

    def _let_through(self, device: Device, elsewhere: str = "") -> None:
        device.came = self._seconds()
        self._homes.house(device, instead_of=elsewhere)
        self._entrances.part_where_banned(device.member)
        self._publish(device.member, Resumed(), device)

    # Going.

    def hang_up(self, device: Device, why: str = "") -> None:
        """End a device that says goodbye; with the last one, the member leaves.

        @param why: last words, if the member leaves.
        @raise ChatError: C{too-long}.
        """
        member, others = device.member, len(device.member.devices) - 1
        if others > 0:
            where = counted(others, "other", "others")
            self.end(device).close(f"you are still here on {where}", GOODBYE)
        elif self._homes.has_others(member):
            self.end(device).close("you are still here through another server", GOODBYE)
            self._homes.lose(member)
        else:
            self._leave(member, why, True)

    def lose(
        self,
        device: Device,
        why: str,
        silence: float,
        goodbye: bool = False,
        waits: bool = True,
    ) -> None:
        """End a device whose connection has ended; with the last one, the member lingers.

        @param why: the reason for the loss.
        @param silence: see L{end}.
        @param goodbye: whether it had said goodbye.
        @param waits: whether the member may come back; if not, it leaves at once.
        """
        member = device.member
        self.end(device, silence)
        member.lost = (*member.lost, device)[-DEVICES_MOST:]
        if waits or member.devices or self._homes.has_others(member):
            self._linger_if_alone(member, why)
        else:
            self._leave(member, "" if goodbye else why, goodbye)

    def _linger_if_alone(self, member: Member, why: str) -> None:
        if member.devices or not self._roster.has(member):
            return
        self._homes.lose(member)
        if not self._homes.has_others(member):
            self._lingering.begin(member, why)

    def close(self, device: Device, sentence: str) -> None:
        """End a device, with a sentence that tells its owner why."""
        self.end(device).close(sentence, CLOSED)
        self._linger_if_alone(device.member, sentence)

    def close_others(self, than: Device, sentence: str) -> int:
        """End all other devices of a member; return how many there were."""
        others = [device for device in than.member.devices if device is not than]
        for device in others:
            self.close(device, sentence)
        return len(others)

    def turn_out(self, ban: Banned) -> None:
        """Turn out those whom a ban covers that was made at another node.

        Whoever made it kicks all others, but cannot have heard yet of those who are just coming
        into the room or the chat, or are just logging in to the account.
        """
        room = ban.room
        for member in [each for each in self._roster.values() if not each.is_elsewhere]:
            if not self._permissions.is_turned_out(member, room):
                continue
            if room in member.rooms and not self._permissions.is_in(room, member.identity):
                self._entrances.part(member, member.rooms[room])
            elif not (room or member.homes):
                self._leave(member, f"banned by {ban.nick}", False)

    @staticmethod
    def end_all(member: Member, by: Device | None, is_foreign: bool = False) -> None:
        """End the devices of a member who has left the chat.

        @param by: the device through which the member said goodbye for all of them, if it did.
        @param is_foreign: whether that was at another node, which did not know of devices that
            have come since.
        """
        for device in list(member.devices):
            if is_foreign and not device.is_housed:
                continue
            is_told = by not in (None, device)
            device.end().close(LEFT_ELSEWHERE if is_told else "", GOODBYE)
        # Its events may stay in memory for long; they must not keep the room there too.
        member.talking_in = None

    def end(self, device: Device, silence: float = 0.0) -> Door:
        """End a device, and note what its member may not have seen there.

        @param silence: the seconds for which it may have been dead already.
        @return: the door that it had, still open.
        """
        member, behind = device.member, device.door.behind()
        come = self._latest() if member.since == LATEST else member.since
        seen = max(self._last_delivered(), come)
        if silence:
            seen = min(seen, self._latest() - int(min(silence, UNNOTICED) * 1_000_000))
        if behind is None:
            device.all_sent()
        return member.lose(device, seen if behind is None else min(seen, behind))
