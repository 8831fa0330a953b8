"""The rooms as the client knows them, and the person or program that is shown them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from chatservice.client.wire import Error, RoomState
from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import (
    Acted,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.protocol.preferences import Preferences

_REMEMBERED = 1000


@dataclass
class Place:
    """A room that you are in.

    @ivar shown: the id up to which everything in it was shown.
    """

    name: str
    shown: int = 0
    topic: str = ""
    members: set[str] = field(default_factory=set)

    def update(self, state: RoomState) -> None:
        self.topic = state.topic
        self.members = set(state.members)


class Places:
    """The rooms by name, in the order in which they were entered, and the current one."""

    def __init__(self, rooms: Sequence[str]) -> None:
        self._places = {room: Place(room) for room in rooms}
        self._current = next(iter(rooms), "")
        self._whispers_shown = 0
        self._private: deque[int] = deque(maxlen=_REMEMBERED)

    def get(self, name: str) -> Place | None:
        return self._places.get(name)

    @property
    def current(self) -> str:
        """The room that typed lines go to; empty if you are in no room."""
        if self._current not in self._places:
            self._current = next(reversed(self._places), "")
        return self._current

    @property
    def shown(self) -> dict[str, int]:
        """For each room, the id up to which everything was shown."""
        return {place.name: place.shown for place in self._places.values()}

    def shown_in(self, room: str | None) -> int:
        """Find the id up to which everything in a room was shown, or of private messages (C{None}).
        """
        if room is None:
            return self._whispers_shown
        return self._places[room].shown

    def mark(self, room: str | None, shown: int) -> None:
        """Note that everything up to an id was shown."""
        if room is None:
            self._whispers_shown = shown
        else:
            self._places[room].shown = shown

    def is_news(self, event: Event) -> bool:
        """Tell whether an event was not shown before; from now on, it was."""
        match event:
            case Said() | Acted() | TopicChanged() | Joined() | Parted():
                room: str | None = event.room
                if event.room not in self._places:
                    return False
            case Whispered():
                room = None
            case _:
                return True
        if event.id <= self.shown_in(room):
            return False
        self.mark(room, event.id)
        if room is None:
            self._private.append(event.id)
        return True

    def was_kept(self, event: Event) -> bool:
        """Tell whether an event that the chat kept for you was not shown before; from now on, it
        was.

        It may be older than what was shown: kept for an account that you have only just proved.
        """
        if event.id in self._private:
            return False
        if not isinstance(event, Whispered) or not self.is_news(event):
            self._private.append(event.id)
        return True

    def enter(self, name: str) -> Place:
        """Find or make the room of that name; it becomes the current one."""
        self._current = name
        return self._places.setdefault(name, Place(name))

    def return_to(self, name: str) -> None:
        """Make a room the current one, if you are in it."""
        self._current = name

    def leave(self, name: str) -> None:
        self._places.pop(name, None)

    def keep_only(self, names: set[str]) -> None:
        """Leave every room but these."""
        for name in self._places.keys() - names:
            del self._places[name]

    @property
    def everybody(self) -> set[str]:
        """The nicknames seen in any of the rooms."""
        return {nick for place in self._places.values() for nick in place.members}

    def apply(self, event: Event) -> None:
        """Bring topics and members up to date with an event."""
        match event:
            case TopicChanged(room=room, text=topic) if place := self.get(room):
                place.topic = topic
            case Joined(room=room, nick=nick) if place := self.get(room):
                place.members.add(nick)
            case Parted(room=room, nick=nick) if place := self.get(room):
                place.members.discard(nick)
            case Kicked(room=room, target=nick) if place := self.get(room):
                place.members.discard(nick)
            case Left(nick=nick) | Kicked(room="", target=nick):
                for place in self._places.values():
                    place.members.discard(nick)
            case Renamed(nick=nick, now=now):
                for place in self._places.values():
                    if nick in place.members:
                        place.members.discard(nick)
                        place.members.add(now)


class State(Enum):
    """One of these at a time."""

    OFFLINE = "there is no connection"
    GREETING = "hello was said and not answered"
    ASKING = "another nickname is wanted"
    LOCKED = "the nickname's password is wanted"
    PROVING = "hello was said with a password that was typed, and not answered"
    REPLAYING = "history is shown, and what happens meanwhile is held back"
    LIVE = "events are shown as they come, and lines sent as they are typed"
    LEAVING = "goodbye was said"
    GONE = "it is over"


class Viewer(Protocol):
    """The terminal or pipe that is shown events, and told how the session goes."""

    def happened(self, event: Event, replayed: bool) -> None:
        """Show an event.

        @param replayed: whether it is history.
        """

    def entered(self, place: Place) -> None:
        """Show a room that you have just entered."""

    def told(self, sentence: str) -> None:
        """Show a notice."""

    def refused(self, error: Error) -> None:
        """Tell that a line or a command was not carried out."""

    def nickname_refused(self, sentence: str) -> None:
        """Ask for another nickname: the next typed line is taken for it."""

    def password_wanted(self, error: Error) -> None:
        """Ask for the nickname's password: the session's C{prove} takes it.

        @param error: the reason: none was sent, or a wrong one.
        """

    def preferred(self, preferences: Preferences) -> None:
        """Show things in this way from now on."""

    def settings_wanted(self, names: Sequence[str]) -> None:
        """Tell how these settings are."""

    def handed(self, line: str) -> None:
        """Show a line that is meant for programs, as it is."""

    def settled(self) -> None:
        """Go on: something was answered, or the session became live."""

    def leaving(self) -> None:
        """Wait for the end, but not for ever: goodbye is being said."""

    def gone(self, sentence: str | None, failed: bool) -> None:
        """End: the session is over.

        @param failed: whether the chat could not be joined, or had to be left.
        """
