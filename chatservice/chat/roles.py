"""The roles that operators give: operator, voice, invitation.

The verbs are like those in enforcement.py. They return C{None} if nothing would change.
"""

from __future__ import annotations

from chatservice.chat.access import HOLDERS_MOST, Person, Whom, is_among, person_of
from chatservice.chat.acting import Acting
from chatservice.chat.envelope import Envelope
from chatservice.chat.permissions import Permissions
from chatservice.chat.rooms import Device
from chatservice.protocol.actions import (
    Deopped,
    Devoiced,
    Invited,
    OperatorAct,
    Opped,
    Uninvited,
    Voiced,
)
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import LOBBY
from chatservice.protocol.wording import spelled


class Roles:
    """The verbs that give a person a role in a room, or take it away."""

    def __init__(self, acting: Acting, permissions: Permissions) -> None:
        self._acting = acting
        self._permissions = permissions

    def op(self, by: Device, whom: Whom, room: str) -> Envelope | None:
        """Make a person an operator of a room: a guest only while there, like everybody if those
        who run it do so only while there.

        @raise ChatError: C{not-allowed} for a guest in the lobby, C{no-nick} for a guest who is not
            in the room, C{too-many} operators, or the member may not.
        """
        self._permissions.check_power(by.member, room)
        person = person_of(whom)
        is_guest = person.account is None
        if is_guest and room == LOBBY:
            raise ChatError("not-allowed", f"{whom.nick} must /register first", "not-registered")
        passing = is_guest or self._permissions.is_passing(by.member, room)
        if passing and (person.member is None or room not in person.member.rooms):
            sentence = f"{whom.nick} is not in {spelled(room)}"
            raise ChatError("no-nick", sentence, "not-in-room")
        operators = self._permissions.operators(room)
        known = operators if passing else self._permissions.lasting_operators(room)
        if self._permissions.is_owner(whom, room) or is_among(whom, known):
            return None
        _check_not_full(operators, f"operators of {spelled(room)}: /deop one first")
        act = Opped(
            room=room, target=whom.nick, target_identity=whom.identity, passing=passing
        )
        return self._acting.act(by, act)

    def claim(self, by: Device, room: str) -> Envelope:
        """Make a room that nobody owns the member's own; what is in force in it is stored with it.

        @raise ChatError: the member is not logged in, or may not.
        """
        self._permissions.check_may_claim(by.member, room)
        return self._acting.claim(by, room)

    def deop(self, by: Device, whom: Whom, room: str) -> Envelope | None:
        """Take away a person's rights as an operator, or as the owner, of a room.

        @raise ChatError: the member may not.
        """
        self._permissions.check_power(by.member, room)
        owner = self._permissions.owner(room)
        if not is_among(whom, [*self._permissions.operators(room), *([owner] if owner else [])]):
            return None
        self._permissions.check_may_kick(by.member, whom, room)
        return self._done_to(by, Deopped, whom, room)

    def voice(self, by: Device, whom: Whom, room: str) -> Envelope | None:
        """Let a person speak in a room while it is moderated.

        @raise ChatError: C{too-many} people with a voice, or the member may not.
        """
        self._permissions.check_power(by.member, room)
        voiced = self._permissions.voiced(room)
        if is_among(whom, voiced):
            return None
        _check_not_full(voiced, f"people with a voice in {spelled(room)}: /devoice one first")
        return self._done_to(by, Voiced, whom, room)

    def devoice(self, by: Device, whom: Whom, room: str) -> Envelope | None:
        """Take away a person's voice in a room.

        @raise ChatError: the member may not.
        """
        self._permissions.check_power(by.member, room)
        if not is_among(whom, self._permissions.voiced(room)):
            return None
        return self._done_to(by, Devoiced, whom, room)

    def invite(self, by: Device, whom: Whom, room: str) -> Envelope | None:
        """Invite a person to a room.

        @raise ChatError: C{in-room} if the person is in it; C{no-room} if the member is not, and
            does not run it; or the member may not.
        """
        self._permissions.check_may_invite(by.member, room)
        person = person_of(whom)
        if person.member is not None and room in person.member.rooms:
            raise ChatError("in-room", f"{person.nick} is in {spelled(room)} already")
        if is_among(person, self._permissions.invited(room)):
            return None
        return self._done_to(by, Invited, person, room)

    def uninvite(self, by: Device, whom: Whom, room: str) -> Envelope | None:
        """Take a person's invitation to a room back.

        @raise ChatError: the member may not.
        """
        self._permissions.check_power(by.member, room)
        if not is_among(whom, self._permissions.invited(room)):
            return None
        return self._done_to(by, Uninvited, whom, room)

    def _done_to(
        self, by: Device, kind: type[OperatorAct], whom: Whom, room: str
    ) -> Envelope:
        act = kind(room=room, target=whom.nick, target_identity=whom.identity)
        return self._acting.act(by, act)


def _check_not_full(holders: list[Person], what: str) -> None:
    if len(holders) >= HOLDERS_MOST:
        raise ChatError("too-many", f"there are already {HOLDERS_MOST:,} {what}", "roles")
