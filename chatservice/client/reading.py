"""How far the person has read, as far as the chat knows it and as it is shown here."""

from __future__ import annotations

from dataclasses import dataclass

from chatservice.client.requests import Seen
from chatservice.client.view import Places
from chatservice.client.wire import UNKNOWN
from chatservice.protocol.events import Event, Spoken, Whispered


@dataclass
class _Mark:
    """How far one room, or private talk, is read.

    @ivar entered: the id after which all that is said there is shown here.
    @ivar read: the id up to which it is read, as the chat says; or L{UNKNOWN}.
    @ivar before: the id of the last line before C{entered} that is shown here.
    @ivar shown: the id of the last line after C{entered} that is shown here.
    """

    entered: int
    read: int
    before: int = 0
    shown: int = 0

    @property
    def is_behind(self) -> bool:
        """Whether lines were missed before C{entered}, of which only the last are shown."""
        return UNKNOWN < self.read < self.before

    @property
    def is_news(self) -> bool:
        """Whether more is read than the chat knows."""
        return UNKNOWN < self.read < self.shown and not self.is_behind


class Reading:
    """The read markers of the rooms, and of private talk (C{None}).

    A marker says that everything before it is read. So it does not move past lines that were
    missed; C{/catchup} shows those, and moves it. A chat that does not say how far a room is read
    keeps no markers, and is told nothing.
    """

    def __init__(self, places: Places, by_person: bool) -> None:
        """Begin with no room.

        @param by_person: whether a person reads what is shown; otherwise nothing counts as read.
        """
        self.by_person = by_person
        self._places = places
        self._marks: dict[str | None, _Mark] = {}

    def begin(self, room: str | None, entered: int, read: int = UNKNOWN) -> None:
        """Begin with a room, of which everything after the id C{entered} will be shown."""
        if self.by_person:
            self._marks[room] = _Mark(entered, read)

    def learn(self, room: str | None, read: int) -> None:
        """Take the chat's word on how far a room is read."""
        if mark := self._marks.get(room):
            mark.read = read

    def note(self, event: Event) -> None:
        """Note that an event is shown."""
        match event:
            case Spoken(room=room):
                mark = self._marks.get(room)
            case Whispered():
                mark = self._marks.get(None)
            case _:
                return
        if mark is not None and event.id > mark.entered:
            mark.shown = max(mark.shown, event.id)
        elif mark is not None:
            mark.before = max(mark.before, event.id)

    @property
    def has_news(self) -> bool:
        """Whether the current room, or private talk, is read further than the chat knows."""
        return bool(self._news())

    def take_news(self) -> list[Seen]:
        """Make the requests that tell the chat what it does not know; from now on, it does."""
        news = self._news()
        for mark in news.values():
            mark.read = mark.shown
        return [Seen(id=mark.shown, room=room) for room, mark in news.items()]

    def questions(self) -> list[Seen]:
        """Make the requests that ask how far the rooms are read in which lines were missed."""
        behind = [room for room, mark in self._marks.items() if mark.is_behind]
        return [Seen(id=0, room=room) for room in behind if self._places.get(room or "")]

    def _news(self) -> dict[str | None, _Mark]:
        in_view = (self._places.current, None)
        marks = {room: self._marks[room] for room in in_view if room in self._marks}
        return {room: mark for room, mark in marks.items() if mark.is_news}
