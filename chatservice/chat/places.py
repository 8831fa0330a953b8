"""The state of each room and of the chat, by the acts that are stored and by those that pass.

Acts pass if they were done in a room that nobody owns, by somebody who runs it while there. They
are in force until the room is empty. From then on only the stored acts count again.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatservice.chat.access import RoomAccess
from chatservice.chat.presence import Presence
from chatservice.protocol.actions import Banned, Deopped, Founded, Kicked, OperatorAct, Opped
from chatservice.protocol.events import Joined, Left, Parted
from chatservice.protocol.names import LOBBY

CHAT = ""
"""The whole chat, where otherwise a room's name is."""

NO_ACCESS = RoomAccess()
"""The state of a place in which nothing is in force."""


class Places:
    """The state of each place, and the people who run it while they are there."""

    def __init__(self) -> None:
        self._presence = Presence()
        self._places: dict[str, RoomAccess] = {CHAT: RoomAccess()}
        # The state by the stored acts alone, where passing ones are in force as well.
        self._stored: dict[str, RoomAccess] = {}
        self._hushed: set[str] = set()
        # The identities by which people are still known who have others already.
        self._expected: dict[bytes, bytes] = {}

    def _apply(self, act: OperatorAct, place: RoomAccess, whom: bytes) -> None:
        """Let an act take effect in its place, and in what is stored of that if it is stored.

        @param whom: the person whom it concerns, by the identity that the act was made with: of
            those who are changing theirs, presence knows the new one only when that has passed.
        """
        room = act.room
        if isinstance(act, Opped) and act.passing:
            self._presence.run(room, whom, act.target)
            return
        if isinstance(act, Founded | Deopped | Banned):
            self._presence.stop(room, whom)
        if not act.passing and room in self._stored:
            self._stored[room].apply(act)
        elif act.passing and room not in self._stored:
            self._stored[room] = place.copy()
        place.apply(act)
        if isinstance(act, Kicked) and room and self._presence.leave(room, whom):
            self._vacated(room)

    def moved(self, event: Joined | Parted | Left, rooms: Iterable[str]) -> None:
        """Note that somebody has come into a room, or left rooms; in the order of the ids."""
        identity = event.identity
        for room in rooms:
            if not isinstance(event, Joined):
                if self._presence.leave(room, identity):
                    self._vacated(room)
            elif self._presence.enter(room, identity) and self._may_be_run(room):
                self._presence.run(room, identity, event.nick)

    def rooms_of(self, identity: bytes) -> list[str]:
        """List the rooms that somebody is in, by the events that have passed."""
        return self._presence.rooms_of(identity)

    def is_in(self, room: str, identity: bytes) -> bool:
        """Tell whether somebody is in a room, by the events that have passed."""
        return self._presence.is_in(room, identity)

    def is_entered(self, room: str) -> bool:
        """Tell whether anybody is in a room, by the events that have passed."""
        return self._presence.is_entered(room)

    def settle_in(self, room: str, identity: bytes, nick: str, runs: bool) -> None:
        """Note that somebody is in a room already when this node starts.

        @param runs: whether that person runs it while there.
        """
        self._presence.enter(room, identity)
        if runs:
            self._presence.run(room, identity, nick)

    def _may_be_run(self, room: str) -> bool:
        place = self._places.get(room)
        return room != LOBBY and (place is None or place.owner is None)

    def _vacated(self, room: str) -> None:
        """Leave only the stored acts of a room in force."""
        if room in self._stored:
            self._places[room] = self._stored.pop(room)
            self._note_silence(room, self._places[room])

    def _kept(self, room: str) -> RoomAccess:
        """Find the state of a room by its stored acts alone."""
        return self._stored.get(room) or self._places.get(room) or NO_ACCESS

    def identified(self, former: bytes, now: bytes) -> None:
        """Note that somebody who is here goes by another identity, and runs the same rooms."""
        self._presence.move(former, now)

    def expect(self, former: bytes, now: bytes) -> None:
        """Note that somebody who is here goes by another identity, which has not passed yet."""
        self._expected[now] = self._expected.pop(former, former)

    def expect_no_more(self, now: bytes) -> None:
        """Note that this has passed, or was refused."""
        self._expected.pop(now, None)

    def _runs_while_there(self, room: str, identity: bytes) -> bool:
        runners = self._presence.runners(room)
        return identity in runners or self._expected.get(identity) in runners

    def _all_places(self) -> list[RoomAccess]:
        return [*self._places.values(), *self._stored.values()]

    def _note_silence(self, room: str, place: RoomAccess) -> None:
        """Note whether talk in a room must be checked at all; that is asked for every line."""
        if place.mutes or place.bans.masks or place.rules.moderated:
            self._hushed.add(room)
        else:
            self._hushed.discard(room)
