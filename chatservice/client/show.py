"""What happened, as lines of text, each with the local time first.

Whatever comes before somebody's words, or tells what they did, begins with what can begin no
nickname: the time, or without it ``#`` and a room, ``(``, ``*`` or ``-``.
"""

import time
import zlib
from collections.abc import Callable

from chatservice.client.places import Place
from chatservice.client.preferences import Preferences
from chatservice.client.wire import (
    Acted,
    CameAndWent,
    Event,
    Joined,
    Left,
    OperatorAct,
    Parted,
    Said,
)
from chatservice.client.words import Paint, spelled, words

_COLOURS = (31, 32, 33, 34, 35, 36, 91, 92, 93, 94, 95, 96)
_NAMED = 12
"""How many nicknames are listed of those in a room."""


def in_colour(nick: str) -> str:
    """The nickname in a colour of its own (ECMA-48 SGR), always the same."""
    colour = _COLOURS[zlib.crc32(nick.casefold().encode()) % len(_COLOURS)]
    return f"\x1b[{colour}m{nick}\x1b[39m"


class Log:
    """Makes the lines of a session: with their times, and one wherever the date changes.

    *now* gives the time in seconds since the epoch, for what is no event. *preferences* may be
    others from one line to the next.
    """

    def __init__(self, now: Callable[[], float], paint: Paint = str) -> None:
        self.preferences = Preferences()
        self._now = now
        self._paint = paint
        self._day = time.localtime(now())[:3]

    def event(self, event: Event, own_nick: str, current: str, replayed: bool = False) -> list[str]:
        """An event as seen by *own_nick* in the room *current*; history always has its time."""
        if self._is_hidden(event, own_nick):
            return []
        # In history it may have been somebody else's.
        line = words(event, "" if replayed else own_nick, self._painted)
        if isinstance(event, Said | Acted) and event.room != current:
            line = f"#{event.room} {line}"
        moment = event.moment / 1e6 if event.moment else self._now()
        return self._timed(moment, line, replayed or self.preferences.time)

    def notice(self, sentence: str) -> list[str]:
        """A sentence that is not somebody's."""
        return self._timed(self._now(), f"-- {sentence}", self.preferences.time)

    def room(self, place: Place, own_nick: str) -> list[str]:
        """A room just entered: who is there, and the topic."""
        others = sorted(place.members - {own_nick}, key=str.casefold)
        named = ", ".join(map(self._painted, others[:_NAMED]))
        if len(others) > _NAMED:
            named += f" and {len(others) - _NAMED:,} more"
        who = f"{named} ({len(others) + 1:,} here)" if others else "nobody else is here"
        lines = self.notice(f"you joined {spelled(place.name)}: {who}")
        if place.topic:
            lines += self.notice(f"the topic of {spelled(place.name)} is: {place.topic}")
        return lines

    def _is_hidden(self, event: Event, own_nick: str) -> bool:
        """Whether it is told otherwise, or one of the comings and goings that are not wanted."""
        match event:
            case OperatorAct(folded=folded):
                return folded
            case CameAndWent():
                return self.preferences.quiet
            case Joined(folded=folded) | Parted(folded=folded) | Left(folded=folded):
                return event.nick != own_nick and (folded or self.preferences.quiet)
        return False

    def _painted(self, nick: str) -> str:
        return self._paint(nick) if self.preferences.colour else nick

    def _timed(self, seconds: float, line: str, wanted: bool) -> list[str]:
        if not wanted:
            return [line]
        moment = time.localtime(seconds)
        lines = [f"{time.strftime('%H:%M', moment)} {line}"]
        if moment[:3] != self._day:
            self._day = moment[:3]
            lines.insert(0, time.strftime("-- %Y-%m-%d (%Z)", moment))
        return lines
