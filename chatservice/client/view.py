"""The rooms as the client knows them, and the person or program that sees them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from chatservice.client.wire import Error, RoomState
from chatservice.protocol.actions import Kicked
from chatservice.protocol.events import (
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Spoken,
    TopicChanged,
    Whispered,
)
from chatservice.protocol.preferences import Preferences

_REMEMBERED = 1000  # ids of private events


@dataclass
class Place:
    """A room that you are in; C{shown} is the id up to which everything in it was shown."""

    name: str
    shown: int = 0
    topic: str = ""
    members: set[str] = field(default_factory=set)

    def update(self, state: RoomState) -> None:
        self.topic = state.topic
        self.members = set(state.members)


class Places:
    """The rooms that you are in, in the order in which you joined them, and the current one."""

    def __init__(self, rooms: Sequence[str], faithful: bool = False) -> None:
        """Begin with the rooms that are wanted.

        @param faithful: whether lines go only to a room that was wanted or made the current one,
            and never to one that the person has entered on another device.
        """
        self._places = {room: Place(room) for room in rooms}
        self._current = next(iter(rooms), "")
        self._faithful = faithful
        self._wanted = set(rooms)
        self._whispers_shown = 0
        self._private: deque[int] = deque(maxlen=_REMEMBERED)

    def get(self, name: str) -> Place | None:
        return self._places.get(name)

    @property
    def current(self) -> str:
        """The room that typed lines go to; "" if you are in no room."""
        if self._current not in self._places:
            rooms = (room for room in reversed(self._places) if self._takes_lines(room))
            self._current = next(rooms, "")
        return self._current

    def _takes_lines(self, room: str) -> bool:
        return room in self._wanted or not self._faithful

    @property
    def shown(self) -> dict[str, int]:
        """The id up to which everything was shown, for each room."""
        return {place.name: place.shown for place in self._places.values()}

    def shown_in(self, room: str | None) -> int:
        """Return the id up to which a room, or private messages (C{None}), was shown."""
        if room is None:
            return self._whispers_shown
        return self._places[room].shown

    def mark(self, room: str | None, shown: int) -> None:
        """Note that everything up to the id C{shown} was shown."""
        if room is None:
            self._whispers_shown = shown
        else:
            self._places[room].shown = shown

    def is_news(self, event: Event) -> bool:
        """Tell whether an event was not shown before, and count it as shown from now on."""
        match event:
            case Spoken() | Joined() | Parted():
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
        """Do what L{is_news} does, for an event that the chat kept for you.

        It may be older than what was shown: kept for an account that you have only now proven.
        """
        if event.id in self._private:
            return False
        if not isinstance(event, Whispered) or not self.is_news(event):
            self._private.append(event.id)
        return True

    def enter(self, name: str) -> Place:
        """Make a room the current one, adding it if it is new, and return it."""
        self._current = name
        self._wanted.add(name)
        return self.add(name)

    def add(self, name: str) -> Place:
        """Return a room, adding it if it is new."""
        return self._places.setdefault(name, Place(name))

    def leave(self, name: str) -> None:
        self._places.pop(name, None)

    def keep_only(self, names: set[str]) -> None:
        """Leave all other rooms."""
        for name in self._places.keys() - names:
            del self._places[name]

    @property
    def everybody(self) -> set[str]:
        """The nicknames seen in any of the rooms."""
        return {nick for place in self._places.values() for nick in place.members}

    def apply(self, event: Event) -> None:
        """Update topics and members with an event."""
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
    """A state of a session; the value says what it means."""

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
    """The person or program that sees what happens, and how the session goes."""

    def happened(self, event: Event, replayed: bool) -> None:
        """Show an event; C{replayed} if it is history."""

    def entered(self, place: Place) -> None:
        """Show a room that was just joined."""

    def told(self, sentence: str) -> None:
        """Show a notice."""

    def refused(self, error: Error) -> None:
        """Tell why a line was not sent, or a command not carried out."""

    def nickname_refused(self, sentence: str) -> None:
        """Ask for another nickname: the session takes the next typed line for one."""

    def password_wanted(self, error: Error) -> None:
        """Ask for the nickname's password, for L{Joining.prove}; C{error} says why."""

    def preferred(self, preferences: Preferences) -> None:
        """Follow these preferences from now on."""

    def settings_wanted(self, names: Sequence[str]) -> None:
        """Tell the state of these settings."""

    def handed(self, line: str) -> None:
        """Show a line that is meant for programs, unchanged."""

    def settled(self) -> None:
        """Send more if possible, as a request was answered or the session became live."""

    def leaving(self) -> None:
        """Wait for the end of the connection, but not for ever, as goodbye is being said."""

    def gone(self, sentence: str | None, failed: bool) -> None:
        """End, as the session is over; C{failed} if it could not join, or was made to leave."""
