"""Events, notices and settings as lines of text, each after the local time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from chatservice.client.view import Place
from chatservice.client.wire import HABIT, in_local_time, is_own, zone
from chatservice.protocol.actions import Kicked, OperatorAct, RoomSet
from chatservice.protocol.events import (
    CameAndWent,
    Event,
    Joined,
    Left,
    Line,
    Parted,
    Renamed,
    Whispered,
)
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.wording import (
    in_colour,
    line_of,
    painted,
    second_person,
    spelled,
    times_of,
    with_room,
)

_MEANINGS = {
    "time": (
        "every line begins with its time ({zone})",
        "only history has times ({zone})",
    ),
    "colour": ("nicknames are in colours", "nicknames are not in colours"),
    "bell": (
        "the terminal rings when somebody names you or writes to you in private",
        "the terminal never rings",
    ),
    "quiet": ("you are not shown who comes and goes", "you are shown who comes and goes"),
}
"""The effects of each setting when it is on, and when it is off."""

_NAMED = 12
"""The most nicknames that are listed for a room."""


def settings_asked(line: str) -> list[str] | None:
    """List the settings that a typed C{/set} asks about; C{None} if it changes one or is wrong."""
    words = line.casefold().split()[1:]
    names = ["colour" if word == "color" else word for word in words]
    if not names:
        return list(_MEANINGS)
    return names if len(names) == 1 and names[0] in _MEANINGS else None


def setting_told(preferences: Preferences, name: str, without: Mapping[str, str]) -> str:
    """Describe the state of a setting in a sentence.

    @param without: the reason for each setting that has no effect here.
    """
    on, off = _MEANINGS[name]
    is_on = getattr(preferences, name)
    sentence = f"{name} is on: {on}" if is_on else f"{name} is off: {off}"
    if is_on and name in without:
        sentence += f" (not here: {without[name]})"
    return sentence.format(zone=zone())


def setting_changed(line: str) -> str:
    """Name the setting that a typed C{/set} changes; "" if it changes none."""
    match line.casefold().split()[1:]:
        case [name, "on" | "off"]:
            name = "colour" if name == "color" else name
            return name if name in _MEANINGS else ""
    return ""


class Transcript:
    """A formatter of lines with their times, and of an extra line whenever the date changes.

    @ivar preferences: the settings, which may change from one line to the next.
    """

    def __init__(self, now: Callable[[], float], colours: bool = False) -> None:
        """Begin with the default settings.

        @param now: returns the time in seconds since the epoch, for lines that are not events.
        @param colours: whether nicknames can be shown in colours at all.
        """
        self.preferences = HABIT
        self._now = now
        self._colours = colours
        self._day = time.localtime(now())[:3]

    def event(self, event: Event, own_nick: str, current: str, replayed: bool = False) -> list[str]:
        """Tell C{own_nick}, in the room C{current}, about an event; history always has a time."""
        if self._is_hidden(event, own_nick):
            return []
        times = times_of([event])
        when = (event.when or self._now() * 1e6) / 1e6
        # In history the nickname may have been somebody else's.
        event = _in_second_person(event, "" if replayed else own_nick)
        line = in_local_time(line_of(painted(event) if self._is_coloured else event), times)
        if isinstance(event, Line) and event.room != current:
            line = with_room(event, line)
        if not line:
            return []
        return self._timed(when, line, replayed or self._shows_times)

    def notice(self, sentence: str) -> list[str]:
        """Tell a sentence that nobody said."""
        return self._timed(self._now(), f"-- {sentence}", self._shows_times)

    def room(self, place: Place, own_nick: str) -> list[str]:
        """Tell who is in a room that you have just joined, and its topic."""
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
        """Tell whether another line covers an event, or C{quiet} suppresses it."""
        match event:
            case Kicked(folded=folded):
                return folded
            case CameAndWent():
                return self._is_quiet
            case Joined(folded=folded) | Parted(folded=folded) | Left(folded=folded):
                return event.nick != own_nick and (folded or self._is_quiet)
        return False

    @property
    def _shows_times(self) -> bool:
        return self.preferences.time is True

    @property
    def _is_quiet(self) -> bool:
        return self.preferences.quiet is True

    @property
    def _is_coloured(self) -> bool:
        return self._colours and self.preferences.colour is True

    def _painted(self, nick: str) -> str:
        return in_colour(nick) if self._is_coloured else nick

    def _timed(self, seconds: float, line: str, wanted: bool) -> list[str]:
        if not wanted:
            return [line]
        moment = time.localtime(seconds)
        lines = [f"{time.strftime('%H:%M', moment)} {line}"]
        if moment[:3] != self._day:
            self._day = moment[:3]
            lines.insert(0, time.strftime("-- %Y-%m-%d (%Z)", moment))
        return lines


def _in_second_person(event: Event, own_nick: str) -> Event:
    """Replace C{own_nick} by C{you}, except as the author of talk."""
    by_you = is_own(event) or (own_nick != "" and event.nick == own_nick)
    match event:
        case Line():
            return event
        case Whispered():  # the nickname alone proves nothing
            by_you = is_own(event)
        case Joined() | Parted() | Left() if by_you:
            event = replace(event, folded=False)
        case Renamed(now=now):
            by_you = by_you or now == own_nick
        case OperatorAct(target=target) if target == own_nick and not isinstance(event, RoomSet):
            return second_person(event, by_you, to_you=own_nick != "")
    return second_person(event, by_you)
