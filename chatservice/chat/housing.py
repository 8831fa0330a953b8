"""The nodes that people are connected to, as the one order of all events tells of it.

A person may be connected to several nodes of a cluster; each speaks for its own connections. Who
has none left lingers at the node that lost the last one, and that node speaks for the person. On
one machine nobody is anywhere else, and nothing here is ever needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatservice.chat.devices import Devices
from chatservice.chat.dwelling import NO_HOMES, homes_at
from chatservice.chat.homes import Homes
from chatservice.chat.lingering import Lingering
from chatservice.chat.room_list import RoomList
from chatservice.chat.rooms import Device, Member
from chatservice.chat.roster import Roster
from chatservice.protocol.whereabouts import Adopted, Housed, Lost

CRASHED = "connection lost"
"""The reason for which people of a node that has died leave."""

NOT_IN = "you could not be let in just now: try again"


class Housing:
    """The keeper of members' homes, which change as events pass."""

    def __init__(
        self,
        homes: Homes,
        roster: Roster,
        rooms: RoomList,
        lingering: Lingering,
        devices: Devices,
    ) -> None:
        self._homes = homes
        self._rooms = rooms
        self._roster = roster
        self._lingering = lingering
        self._devices = devices

    def begin(self, node: int) -> None:
        """Be a node from now on, and wait for those who linger here, whom it has taken over."""
        self._homes.node = node
        for member in list(self._roster.values()):
            self.settle(member)

    def house(self, member: Member, node: int, event: Housed, device: Device | None) -> None:
        """Note that a member is connected to a node from now on.

        @param device: the device that has come, if that is here.
        """
        if device is not None and device.member is member:
            device.is_housed = True
        elif device is not None and not self._roster.has(device.member):
            # It came to a stay that was over by then.
            device.end().close(NOT_IN)
        homes = NO_HOMES if member.lingers else member.homes
        member.homes = homes_at(*sorted(homes | {node}))
        member.lingers = False
        if node != self._homes.node:
            self._displace(member, event.instead_of)
        elif not member.devices:
            # Meanwhile the connection is gone, or another one has taken its place.
            self._homes.lose(member)
        self.settle(member)

    def _displace(self, member: Member, program: str) -> None:
        """End the device here whose place one has taken that has come to another node."""
        alike = [each for each in member.devices if each.is_housed and each.program == program]
        if alike:
            silent = max(alike, key=lambda device: device.door.idle_seconds())
            self._devices.end(silent).taken_over()
            if not member.devices:
                self._homes.lose(member)

    def lose(self, member: Member, node: int, event: Lost) -> None:
        """Note that a member has no connection to a node any longer."""
        member.homes -= {node}
        if not member.homes:
            member.homes, member.lingers = homes_at(node), True
            if node != self._homes.node:
                member.reading.missed = dict(event.seen)
        elif node != self._homes.node and not member.is_elsewhere:
            seen = dict(event.seen)
            for room in ("", *member.rooms):
                member.reading.move(room, seen.get(room, event.id))
        self.settle(member)

    def adopt(self, node: int, event: Adopted) -> Iterator[Member]:
        """Have the people of a node that is gone linger at another one, and list them."""
        for member in [*self._roster.values(), *self._roster.leaving.values()]:
            if event.former not in member.homes:
                continue
            member.homes -= {event.former}
            _replay(member, event.upto)
            if not member.homes:
                if not member.lingers:
                    member.reading.missed = dict.fromkeys(("", *member.rooms), event.upto)
                member.homes, member.lingers = homes_at(node), True
            self.settle(member)
            yield member

    def leave(self, member: Member) -> None:
        """Note that a member has left the chat."""
        member.homes, member.lingers = NO_HOMES, False
        self._lingering.stop(member)
        if self._roster.has(member):
            self._roster.remove(member)

    def settle(self, member: Member) -> None:
        """Speak for a member from now on, waiting if it lingers; or let other nodes do so."""
        if not self._roster.has(member):
            return
        if member.devices:
            self._lingering.stop(member)
        elif self._homes.node not in member.homes:
            self._send_away(member)
        else:
            member.come_home()
            if member.lingers:
                self._lingering.begin(member, CRASHED, adopted=True)

    def _send_away(self, member: Member) -> None:
        self._lingering.stop(member)
        if not member.is_elsewhere:
            self._roster.change_token(member, "")
            member.is_elsewhere = True
            member.lost = ()
            member.forget_spoken()

    def turn_away(self, device: Device, member: Member) -> None:
        """End a connection of which the other nodes cannot be told; it may be tried again."""
        device.end().close(NOT_IN)
        if member.devices or not self._roster.has(member):
            return
        if member.homes:
            self._homes.lose(member)
            self.settle(member)
        else:
            member.is_void = True
            self._lingering.stop(member)
            self._roster.remove(member)
            self._roster.gone(member, member.identity)
            self._rooms.vacate(member)


def _replay(member: Member, upto: int) -> None:
    """Show what a member may have missed who has come from a node that was gone.

    @param upto: the last id that is known to have been shown there.
    """
    for device in member.devices:
        if upto < device.fence:
            device.replay = dict.fromkeys(("", *member.rooms), upto)
            device.door.show_missed()
