"""What happened, as lines of text: the words of the text door, with the local time first."""

import time
import zlib
from collections.abc import Callable

from chatservice.client.places import Place
from chatservice.client.wire import (
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

Paint = Callable[[str], str]
"""Makes a nickname look like itself, say by a colour."""

_LOBBY = "lobby"
_COLOURS = (31, 32, 33, 34, 35, 36, 91, 92, 93, 94, 95, 96)
_NAMED = 12
"""How many nicknames are listed of those in a room."""


def in_colour(nick: str) -> str:
    """The nickname in a colour of its own (ECMA-48 SGR), always the same."""
    colour = _COLOURS[zlib.crc32(nick.casefold().encode()) % len(_COLOURS)]
    return f"\x1b[{colour}m{nick}\x1b[39m"


def spelled(room: str) -> str:
    """A room's name as people write it: ``lobby``, and ``#python``."""
    return room if room == _LOBBY else f"#{room}"


class Log:
    """Makes the lines of a session: each with its time, and one wherever the date changes.

    *now* gives the time in seconds since the epoch, for what is no event.
    """

    def __init__(self, now: Callable[[], float], paint: Paint = str) -> None:
        self._now = now
        self._paint = paint
        self._day = time.localtime(now())[:3]

    def event(self, event: Event, own_nick: str, current: str) -> list[str]:
        """An event as seen by *own_nick* in the room *current*."""
        room = getattr(event, "room", current)
        elsewhere = room != current and isinstance(event, Said | Acted)
        line = self._words(event, own_nick)
        return self._timed(event.id / 1e6, f"[{spelled(room)}] {line}" if elsewhere else line)

    def notice(self, sentence: str) -> list[str]:
        """A sentence that is not somebody's."""
        return self._timed(self._now(), f"-- {sentence}")

    def room(self, place: Place, own_nick: str) -> list[str]:
        """A room just entered: who is there, and the topic."""
        others = sorted(place.members - {own_nick}, key=str.casefold)
        named = ", ".join(map(self._paint, others[:_NAMED]))
        if len(others) > _NAMED:
            named += f" and {len(others) - _NAMED:,} more"
        who = f"{named} ({len(others) + 1:,} here)" if others else "nobody else is here"
        lines = self.notice(f"you joined {spelled(place.name)}: {who}")
        if place.topic:
            lines += self.notice(f"the topic of {spelled(place.name)} is: {place.topic}")
        return lines

    def _timed(self, seconds: float, line: str) -> list[str]:
        moment = time.localtime(seconds)
        lines = [f"{time.strftime('[%H:%M]', moment)} {line}"]
        if moment[:3] != self._day:
            self._day = moment[:3]
            lines.insert(0, time.strftime("-- %Y-%m-%d", moment))
        return lines

    def _words(self, event: Event, own_nick: str) -> str:  # noqa: C901 (a case for each event)
        nick = self._paint(event.nick)
        match event:
            case Parted(room=room) if event.nick == own_nick:
                return f"-- you left {spelled(room)}"
            case Renamed(now=now) if now == own_nick:
                return f"-- you are now {self._paint(now)}"
            case Said(text=text):
                return f"{nick}: {text}"
            case Acted(text=text):
                return f"* {nick} {text}"
            case Whispered(to=to, text=text):
                sender = "you" if event.nick == own_nick else nick
                reader = "you" if to == own_nick else self._paint(to)
                return f"[{sender} -> {reader}] {text}"
            case TopicChanged(room=room, topic=""):
                return f"-- {nick} cleared the topic of {spelled(room)}"
            case TopicChanged(room=room, topic=topic):
                return f"-- {nick} changed the topic of {spelled(room)}: {topic}"
            case Joined(room=room, arrived=arrived):
                return f"-- {nick} joined {'the chat' if arrived else spelled(room)}"
            case Parted(room=room):
                return f"-- {nick} left {spelled(room)}"
            case Left(goodbye=False, why=why):
                return f"-- {nick} left the chat ({why})"
            case Left(why=why):
                return f"-- {nick} left the chat" + (f": {why}" if why else "")
            case Renamed(now=now):
                return f"-- {nick} is now {self._paint(now)}"
