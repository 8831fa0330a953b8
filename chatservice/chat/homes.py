"""The events by which a node tells the others who is connected to it."""

from __future__ import annotations

from collections.abc import Callable

from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device, Member
from chatservice.protocol.events import Event
from chatservice.protocol.stamping import signed
from chatservice.protocol.whereabouts import Housed, Lost


class Homes:
    """The teller of a node, which says nothing on one machine.

    @param publish_event: publishes an event that nobody is shown.
    @ivar node: the number of this node; 0 on one machine.
    """

    def __init__(self, publish_event: Callable[[Envelope], object]) -> None:
        self._publish_event = publish_event
        self.node = 0

    def house(self, device: Device, arrives: bool = False, instead_of: str = "") -> None:
        """Tell that a member is connected to this node, with a device that has just come.

        @param arrives, instead_of: see L{Housed}.
        """
        member = device.member
        member.come_home()
        self._tell(
            member,
            _signed(
                Housed(
                    arrives=arrives,
                    key=member.key,
                    instead_of=instead_of,
                    account_name="" if member.account is None else member.account.nick,
                    address=member.address,
                    real_name=member.real_name,
                    away=member.away,
                ),
                member,
            ),
            device,
        )

    def lose(self, member: Member) -> None:
        """Tell that a member has no connection to this node any longer."""
        self._tell(member, self.lost(member))

    @staticmethod
    def lost(member: Member) -> Event:
        """Make an event that tells so."""
        return _signed(Lost(seen=member.seen_last()), member)

    def _tell(self, member: Member, event: Event, device: Device | None = None) -> None:
        if self.node:
            self._publish_event(Envelope(event, device=device, subject=member))

    def has_others(self, member: Member) -> bool:
        """Tell whether a member is connected to other nodes, as far as has been heard here."""
        return not member.lingers and bool(member.homes - {self.node})

    def speaks_for(self, member: Member) -> bool:
        """Tell whether this is the one node that does to a member what somebody else wishes."""
        return not self.node or min(member.homes, default=0) == self.node


def _signed(event: Event, member: Member) -> Event:
    account = "" if member.account is None else member.account.key
    return signed(event, member.nick, member.identity, account, member.userhost)
