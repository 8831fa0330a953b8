"""The rooms in memory: those with somebody in them, or about to enter them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.journal import Journal, Wanted
from chatservice.chat.recent import EVENTS, Recents
from chatservice.chat.rooms import Member, Room

T = TypeVar("T")


class RoomList(dict[str, Room]):
    """Rooms by name. A room that is over goes away, and comes back from the journal.

    @param journal: the journal, which remembers all rooms.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal
        self._being_entered: Counter[str] = Counter()
        self._recents = Recents()
        self._erasures = 0

    @inlineCallbacks
    def opened(
        self, names: Collection[str], enter: Callable[[list[Room]], T]
    ) -> Generator[Deferred[Any], Any, T]:
        """Call C{enter} with the rooms of these names, and return what it returns.

        Rooms that nobody is in are read from the journal, and so are lines that the others have
        dropped from memory. Rooms that C{enter} leaves empty go away again, but none of them does
        so meanwhile: a line that is said in it must not be missing.
        """
        self._being_entered.update(list(names))
        try:
            for name in names:
                yield self._read(name)
            return enter([self[name] for name in names])
        finally:
            self._being_entered -= Counter(list(names))
            for name in names:
                self.forget_if_over(name)

    @inlineCallbacks
    def _read(self, name: str) -> Generator[Deferred[Any], Any, None]:
        """Read a room from the journal, unless its last lines are in memory."""
        if name in self:
            self[name].is_followed = True
        while name not in self or self[name].recent.gave_way:
            erasures = self._erasures
            page = yield self._journal.page(Wanted(of=name, limit=EVENTS))
            # What was read is out of date if something was erased meanwhile.
            if erasures == self._erasures:
                if name not in self:
                    self[name] = Room(name, self._recents, page.used)
                self[name].recent.refill(page.events)

    def known(self, name: str) -> Room:
        """Give a room that somebody elsewhere is in; its last lines are read once they are needed.
        """
        room = self.get(name)
        if room is None:
            room = self[name] = Room(name, self._recents, used=True)
            room.recent.give_way()
            room.is_followed = name in self._being_entered
        return room

    def is_heard(self, name: str) -> bool:
        """Tell whether what is said in a room concerns anybody here.

        It does if somebody here hears the room, is about to, or lingers in it. If not, nothing of
        the room is remembered until somebody enters it.
        """
        room = self.get(name)
        if room is None or room.audience.groups or not room.is_followed:
            return room is not None and bool(room.audience.groups)
        room.is_followed = name in self._being_entered or any(
            not member.is_elsewhere for member in room.members
        )
        if not room.is_followed:
            self._recents.forget(room.recent)
            room.recent.give_way()
        return room.is_followed

    def put_in(self, member: Member, name: str) -> Room:
        """Have a member be in a room, as the events tell that have passed; return the room."""
        room = self.known(name)
        room.let_in(member)
        return room

    def vacate(self, member: Member) -> None:
        """Take a member out of all rooms, of whose leaving nobody needs to be told."""
        for room in member.rooms.values():
            self.take_out(member, room)

    def take_out(self, member: Member, room: Room) -> None:
        """Take a member out of a room, of whose leaving nobody needs to be told."""
        room.dismiss(member)
        room.members.pop(member, None)
        if room.name in member.rooms:
            member.forget_room(room)
        self.forget_if_over(room.name)

    def forget(self, identity: bytes) -> None:
        """Forget everything that somebody said, because it was erased."""
        self._erasures += 1
        for room in self.values():
            room.recent.forget(identity)

    def become(self, former: bytes, now: bytes) -> None:
        """Give somebody another identity from now on."""
        self._erasures += 1
        for room in self.values():
            room.recent.become(former, now)

    def forget_if_over(self, name: str) -> None:
        """Let a room go away, if nobody is in it any longer."""
        room = self.get(name)
        if room is not None and room.is_over() and name not in self._being_entered:
            del self[name]
            room.recent.close()
