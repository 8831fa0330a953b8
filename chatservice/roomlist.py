"""The rooms there are in memory: those with somebody in them, or about to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.journal import Journal, Wanted
from chatservice.memory import MemoryJournal
from chatservice.rooms import RECENT_EVENTS, Room

T = TypeVar("T")


class RoomList(dict[str, Room]):
    """Rooms by name. A room that is over goes away, and comes back from the journal.

    @param journal: what remembers all rooms.
    """

    def __init__(self, journal: Journal | MemoryJournal) -> None:
        super().__init__()
        self._journal = journal
        self._being_entered: Counter[str] = Counter()

    @inlineCallbacks
    def opened(
        self, names: Collection[str], enter: Callable[[list[Room]], T]
    ) -> Generator[Deferred[Any], Any, T]:
        """Call C{enter} with the rooms of these names, and give back what it gives.

        Those that nobody is in come from the journal, and go away again if C{enter} leaves them
        empty. Meanwhile none of them goes away: what is said in it must not be missing.
        """
        self._being_entered.update(list(names))
        try:
            for name in names:
                if name not in self:
                    page = yield self._journal.page(Wanted(of=name, limit=RECENT_EVENTS))
                    self.setdefault(name, Room(name, page.events, page.used))
            return enter([self[name] for name in names])
        finally:
            self._being_entered -= Counter(list(names))
            for name in names:
                self.forget_if_over(name)

    def forget_if_over(self, name: str) -> None:
        """Let a room go away, if nobody is in it any more."""
        room = self.get(name)
        if room is not None and room.is_over() and name not in self._being_entered:
            del self[name]
