"""The end of bans and mutes, as operators wish it; the verbs are like those in enforcement.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from chatservice.chat.access import Person, Whom
from chatservice.chat.acting import Acting
from chatservice.chat.envelope import Envelope
from chatservice.chat.permissions import Permissions
from chatservice.chat.rooms import Device, Member
from chatservice.chat.sanctions import subject
from chatservice.people.addresses import Network
from chatservice.people.masks import Mask, of_nick
from chatservice.protocol.actions import Banned, Muted, Unbanned, Unmuted
from chatservice.protocol.names import nick_key

Named: TypeAlias = dict[tuple[str, bytes], None]
"""Targets and their identities, in order."""


class Lifting:
    """The verbs that end bans and mutes.

    @param person: finds the person who has a nickname or has registered it.
    """

    def __init__(
        self, acting: Acting, permissions: Permissions, person: Callable[[str], Person | None]
    ) -> None:
        self._acting = acting
        self._permissions = permissions
        self._person = person

    def unban(self, by: Device, whom: Whom | Network | Mask, room: str) -> list[Envelope]:
        """End the bans of a person or of a network, or by a mask.

        @param whom: may also be somebody who no longer exists, known only by the former nickname.
        @return: the acts; empty if there was no ban.
        @raise ChatError: the member may not.
        """
        return self._lift(by, Banned, Unbanned, whom, room)

    def unmute(self, by: Device, whom: Whom | Network | Mask, room: str) -> list[Envelope]:
        """End the mutes of a person or of a network, or by a mask; see L{unban}.

        @raise ChatError: the member may not.
        """
        return self._lift(by, Muted, Unmuted, whom, room)

    def _lift(
        self,
        by: Device,
        held: type[Banned | Muted],
        kind: type[Unbanned | Unmuted],
        whom: Whom | Network | Mask,
        room: str,
    ) -> list[Envelope]:
        self._permissions.check_power(by.member, room)
        network = ""
        if isinstance(whom, Mask):
            named = self._by_mask(held, whom.text, room)
            if whom.nick:
                person = self._person(whom.nick) or Person(whom.nick, b"")
                named |= self._by_nick(held, person, room, named)
        elif isinstance(whom, Member | Person):
            named = self._by_mask(held, of_nick(whom.nick), room)
            named |= self._by_nick(held, whom, room, named)
        else:
            self._permissions.check_may_name_addresses(by.member, room)
            network = str(whom)
            is_held = self._permissions.sanctions_about(held, room, network, b"")
            named = {(network, b""): None} if is_held else {}
        return [
            self._acting.act(
                by, kind(room=room, target=target, target_identity=identity, network=network)
            )
            for target, identity in named
        ]

    def _by_mask(self, held: type[Banned | Muted], mask: str, room: str) -> Named:
        """List what is held by a mask."""
        ended = self._permissions.sanctions_about(held, room, mask, b"")
        return dict.fromkeys((act.target, act.target_identity) for act in ended)

    def _by_nick(
        self, held: type[Banned | Muted], whom: Whom, room: str, by_mask: Named
    ) -> Named:
        """List the nicknames and identities whose bans or mutes end with those of a person.

        @param by_mask: those that end by mask, which are about the same person.

        A sanction may hold only because its target has since become the person named. It ends under
        the original target, which is remembered for longer than what became of it.
        """
        about, identity = nick_key(whom.nick), whom.identity
        named: Named = {}
        for act in self._permissions.sanctions_about(held, room, about, identity):
            if (act.target, act.target_identity) in by_mask:
                continue
            is_direct = subject(act) == about or (identity and act.target_identity == identity)
            named[(whom.nick, identity) if is_direct else (act.target, act.target_identity)] = None
        return named
