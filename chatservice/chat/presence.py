"""The people in each room, and those who run it while they are there, by the log of all events."""

from __future__ import annotations

from collections.abc import Mapping

NOBODY: Mapping[bytes, str] = {}


class Presence:
    """The people in each room, by identity, and those among them who run it while they are there.

    It changes as events are committed, like all rights, and not as verbs are carried out: so every
    node finds the same from the events alone.
    """

    def __init__(self) -> None:
        # Sets would take three times the memory.
        self._people: dict[str, dict[bytes, None]] = {}
        self._runners: dict[str, dict[bytes, str]] = {}
        self._moving: dict[bytes, bytes] = {}

    def runners(self, room: str) -> Mapping[bytes, str]:
        """Find the nicknames of those who run a room while they are there, by identity."""
        return self._runners.get(room, NOBODY)

    def is_in(self, room: str, identity: bytes) -> bool:
        """Tell whether somebody is in a room."""
        return identity in self._people.get(room, ())

    def is_entered(self, room: str) -> bool:
        """Tell whether anybody is in a room."""
        return room in self._people

    def rooms_of(self, identity: bytes) -> list[str]:
        """List the rooms that somebody is in."""
        return [room for room, people in self._people.items() if identity in people]

    def enter(self, room: str, identity: bytes) -> bool:
        """Note that somebody has come in; return whether nobody was there."""
        people = self._people.setdefault(room, {})
        was_empty = not people
        people[self._now(identity)] = None
        return was_empty

    def leave(self, room: str, identity: bytes) -> bool:
        """Note that somebody is not there any longer; return whether that leaves nobody."""
        people = self._people.get(room)
        identity = self._now(identity)
        if people is None or identity not in people:
            return False
        self.stop(room, identity)
        del people[identity]
        if people:
            return False
        del self._people[room]
        return True

    def run(self, room: str, identity: bytes, nick: str) -> None:
        """Let somebody run a room from now on, if there."""
        identity = self._now(identity)
        if identity in self._people.get(room, ()):
            self._runners.setdefault(room, {})[identity] = nick

    def stop(self, room: str, identity: bytes) -> None:
        """Let somebody no longer run a room."""
        runners = self._runners.get(room, {})
        runners.pop(self._now(identity), None)
        if not runners:
            self._runners.pop(room, None)

    def move(self, former: bytes, now: bytes) -> None:
        """Give somebody another identity; until L{settle}, also in events on their way."""
        # The last move is the last one that is followed.
        self._moving.pop(former, None)
        self._moving[former] = now
        for room, people in self._people.items():
            if former in people:
                del people[former]
                people[now] = None
                runners = self._runners.get(room, {})
                if former in runners:
                    runners[now] = runners.pop(former)

    def settle(self, former: bytes) -> None:
        """Note that no event under a former identity is on its way any longer."""
        self._moving.pop(former, None)

    def _now(self, identity: bytes) -> bytes:
        for former, now in self._moving.items():
            if identity == former:
                identity = now
        return identity
