"""The last events of rooms, in memory that is bounded in bytes as well as in events."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from sys import getsizeof

from chatservice.config.table import REPLAY_MOST
from chatservice.protocol.events import Event, Spoken

EVENTS = REPLAY_MOST
"""The most events of one room that are remembered."""

ROOM_BYTES = 256 * 1024
"""The most memory that they take; the newest one is kept however long it is."""

ALL_BYTES = 32 * 1024 * 1024
"""The most memory that the events of all rooms take."""

NO_EVENTS: deque[Spoken] = deque()
"""The events of rooms that remember none: even an empty deque takes 600 bytes."""

EVENT_BYTES = 400
"""The memory that an event takes besides its text."""


class Recents:
    """The memory of all rooms. Those that were least recently spoken in give way.

    @ivar size: the memory that it takes, in bytes.
    """

    def __init__(self, most: int = ALL_BYTES) -> None:
        self._most = most
        self._spoken_in: OrderedDict[Recent, None] = OrderedDict()
        self.size = 0

    def note(self, recent: Recent, grown: int) -> None:
        """Count the bytes by which a room has grown, which was just spoken in."""
        self.size += grown
        try:
            self._spoken_in.move_to_end(recent)
        except KeyError:
            self._spoken_in[recent] = None
        while self.size > self._most and len(self._spoken_in) > 1:
            first, _ = self._spoken_in.popitem(last=False)
            self.size -= first.give_way()

    def forget(self, recent: Recent) -> None:
        """Forget a room that is gone."""
        if recent in self._spoken_in:
            del self._spoken_in[recent]
            self.size -= recent.size


class Recent:
    """The last stored events of a room, oldest first.

    @param events: the last events in the journal.
    @param all_rooms: the memory of all rooms, which this is a part of.
    @ivar size: the memory that it takes, in bytes.
    @ivar gave_way: whether there may be more in the journal than is remembered, because the memory
        was needed for other rooms; L{refill} is for that.
    """

    __slots__ = ("_all", "_events", "_last", "gave_way", "size")

    def __init__(self, events: Iterable[Spoken] = (), all_rooms: Recents | None = None) -> None:
        self._all = all_rooms or Recents()
        self._events = NO_EVENTS
        self._last = 0
        self.size = 0
        self.gave_way = False
        for event in events:
            self.append(event)

    def append(self, event: Spoken) -> None:
        """Remember an event, unless it or a later one is remembered already."""
        events = self._events
        if not events:
            events = self._events = deque()
        elif events[-1].id >= event.id:
            return
        events.append(event.kept)
        if event.id > self._last:
            self._last = event.id
        size = self.size + _size_of(event)
        while len(events) > EVENTS or (size > ROOM_BYTES and len(events) > 1):
            size -= _size_of(events.popleft())
        grown, self.size = size - self.size, size
        self._all.note(self, grown)

    def refill(self, events: Iterable[Event]) -> None:
        """Remember events that were read from the journal, and any that have come since."""
        newer = self._events
        self._all.forget(self)
        self._events, self.size, self.gave_way = NO_EVENTS, 0, False
        for event in [each for each in (*events, *newer) if isinstance(each, Spoken)]:
            self.append(event)

    def give_way(self) -> int:
        """Forget everything for now, and return how many bytes that freed."""
        freed, self.size = self.size, 0
        self._events = NO_EVENTS
        self.gave_way = True
        return freed

    def forget(self, identity: bytes) -> None:
        """Forget what somebody said."""
        self._replace(event for event in list(self._events) if event.identity != identity)

    def become(self, former: bytes, now: bytes) -> None:
        """Give somebody another identity from now on."""
        if any(event.identity == former for event in self._events):
            self._replace(event.under(former, now) for event in list(self._events))

    def _replace(self, events: Iterable[Event]) -> None:
        gave_way = self.gave_way
        kept = list(events)
        self._events = NO_EVENTS
        self.refill(kept)
        self.gave_way = gave_way

    def close(self) -> None:
        """Stop counting this memory, because the room is gone."""
        self._all.forget(self)

    def __bool__(self) -> bool:
        """Tell whether anything was ever said in the room, as far as is known."""
        return bool(self._events) or self.gave_way

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def last_id(self) -> int:
        """Find the id of the newest event, even if that gave way; 0 if there was none."""
        return self._last


def _size_of(event: Spoken) -> int:
    return getsizeof(event.text) + EVENT_BYTES
