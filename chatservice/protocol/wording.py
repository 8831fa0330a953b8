"""The words in which line doors and the client describe events.

L{WORDS} has a row for each kind of event. A line that tells of an act, or has a prefix before
somebody's words, begins with what cannot begin a nickname: C{-}, C{*}, C{(}, or C{#} and a room.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from chatservice.protocol import actions, durations, events, signals
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import Event, Times, TopicChanged
from chatservice.protocol.names import LOBBY

YOU, YOURSELF = "you", "yourself"

_SECONDS = re.compile("[1-9][0-9]{0,15}")
# Colours that are readable on dark and on light backgrounds (ECMA-48 8.3.117, and aixterm).
_COLOURS = (31, 32, 33, 35, 36, 91, 94, 95)


def line_of(event: Event) -> str:
    """Describe an event in a line, without a line end; return C{""} for an event that is not shown.

    @raise KeyError: the kind of event has no row in L{WORDS}.
    """
    return "" if getattr(event, "folded", False) else WORDS[type(event)](event)


def _whispered(event: events.Whispered) -> str:
    # Only its author and its addressee see a private line.
    ends = f"{event.nick} to {event.to if event.nick == YOU else YOU}"
    if event.manner == events.Noticed.kind:
        return f"-{ends}- {event.text}"
    star = "* " if event.manner == events.Acted.kind else ""
    return f"({ends}) {star}{event.text}"


def _topic_changed(event: TopicChanged) -> str:
    done = "changed" if event.text or event.hidden else "cleared"
    return f"-- {event.nick} {done} the topic of {spelled(event.room)}{_because(event.text)}"


def _left(event: events.Left) -> str:
    why = _because(event.why) if event.goodbye else f" ({event.why})"
    return f"-- {event.nick} left the chat{why}"


def _introduced(event: events.Introduced) -> str:
    if not event.renamed:
        return ""
    has = f"{event.nick} {'have' if event.nick == YOU else 'has'}"
    if not event.real_name:
        return f"-- {has} no real name any more"
    return f"-- {has} a real name now: {event.real_name}"


def _came_and_went(event: events.CameAndWent) -> str:
    counts = [f"{event.came:,} came"] if event.came else []
    counts += [f"{event.went:,} went"] if event.went else []
    return f"-- {spelled(event.room)}: {' and '.join(counts)}"


def _invited(event: actions.Invited) -> str:
    how = f": /join {_place(event)}" if event.target == YOU else ""
    return f"-- {event.nick} invited {event.target} to {_place(event)}{how}"


def _uninvited(event: actions.Uninvited) -> str:
    invites = "invite" if event.nick == YOU else "invites"
    return f"-- {event.nick} no longer {invites} {event.target} to {_place(event)}"


def _locked_down(event: actions.LockedDown) -> str:
    if event.text == "on":
        return f"-- {event.nick} locked the chat down: only registered names may join now"
    return f"-- {event.nick} ended the lockdown: anybody may join again"


def _is(nick: str) -> str:
    return f"{nick} {'are' if nick == YOU else 'is'}"


def _because(why: str) -> str:
    return f": {why}" if why else ""


def _place(act: OperatorAct) -> str:
    return place_spelled(act.room)


def _value(act: actions.RoomSet) -> str:
    value = act.public.text
    if value in ("", "0"):
        return "off"
    is_span = act.target == "keep" and _SECONDS.fullmatch(value)
    return durations.spelled(int(value)) if is_span else value


WORDS: dict[type[Event], Callable[[Any], str]] = {
    events.Said: lambda e: f"{e.nick}: {e.text}",
    events.Acted: lambda e: f"* {e.nick} {e.text}",
    events.Noticed: lambda e: f"-{e.nick}- {e.text}",
    events.Whispered: _whispered,
    signals.Signalled: lambda e: "",
    events.TopicChanged: _topic_changed,
    events.Joined: lambda e: (
        f"-- {e.nick} joined {'the chat' if e.arrived else spelled(e.room)}"
    ),
    events.Parted: lambda e: f"-- {e.nick} left {spelled(e.room)}{_because(e.why)}",
    events.Left: _left,
    events.CameAndWent: _came_and_went,
    events.WentAway: lambda e: f"-- {_is(e.nick)} away{_because(e.why)}",
    events.CameBack: lambda e: f"-- {_is(e.nick)} back",
    events.Renamed: lambda e: f"-- {_is(e.nick)} now {e.now}",
    events.Introduced: _introduced,
    events.Watched: lambda e: f"-- {_is(e.nick)} {'here' if e.here else 'gone'}",
    events.Resumed: lambda e: "",
    actions.Kicked: lambda e: f"-- {e.nick} kicked {e.target} from {_place(e)}{_because(e.text)}",
    actions.Banned: lambda e: f"-- {e.nick} banned {e.target} from {_place(e)}{ending(e)}",
    actions.Unbanned: lambda e: (
        f"-- {e.nick} unbanned {e.target} from {_place(e)}{_because(e.text)}"
    ),
    actions.Muted: lambda e: f"-- {e.nick} muted {e.target} in {_place(e)}{ending(e)}",
    actions.Unmuted: lambda e: f"-- {e.nick} unmuted {e.target} in {_place(e)}{_because(e.text)}",
    actions.Extended: lambda e: "",
    actions.Founded: lambda e: f"-- {_is(e.nick)} the owner of {_place(e)}",
    actions.Opped: lambda e: f"-- {e.nick} made {e.target} an operator of {_place(e)}",
    actions.Deopped: lambda e: f"-- {e.nick} removed {e.target} as an operator of {_place(e)}",
    actions.Voiced: lambda e: f"-- {e.nick} gave {e.target} a voice in {_place(e)}",
    actions.Devoiced: lambda e: f"-- {e.nick} took the voice in {_place(e)} from {e.target}",
    actions.Invited: _invited,
    actions.Uninvited: _uninvited,
    actions.RoomSet: lambda e: f"-- {e.nick} set {e.target} of {_place(e)} to {_value(e)}",
    actions.Announced: lambda e: (
        f"-- {e.nick} {'announce' if e.nick == YOU else 'announces'}: {e.text}"
    ),
    actions.LockedDown: _locked_down,
}
"""The functions that make the line of each kind of event, for L{line_of}."""


def second_person(event: Event, by_you: bool, to_you: bool = False) -> Event:
    """Replace the reader's name with C{you}.

    @param by_you: whether the reader caused the event.
    @param to_you: whether the event is an L{OperatorAct} whose target is the reader.
    """
    if to_you and isinstance(event, OperatorAct):
        event = replace(event, target=YOURSELF if by_you else YOU)
    return replace(event, nick=YOU) if by_you else event


def painted(event: Event) -> Event:
    """Colour the nicknames in an event."""
    nick = in_colour(event.nick)
    match event:
        case events.Renamed(now=now):
            return replace(event, nick=nick, now=in_colour(now))
        case events.Whispered(to=to):
            return replace(event, nick=nick, to=in_colour(to))
        case OperatorAct(target=target) if not isinstance(event, actions.RoomSet):
            return replace(event, nick=nick, target=in_colour(target))
    return replace(event, nick=nick)


@lru_cache(1024)
def in_colour(name: str) -> str:
    """Colour a nickname (ECMA-48, SGR), always and everywhere in the same colour."""
    if name in ("", YOU, YOURSELF):
        return name
    colour = _COLOURS[zlib.crc32(name.casefold().encode()) % len(_COLOURS)]
    return f"\x1b[{colour}m{name}\x1b[39m"


def with_room(event: Event, line: str) -> str:
    """Put the room before the line of an event, unless the line names it."""
    return f"#{event.room} {line}" if isinstance(event, events.Line) else line


def retold(past: Iterable[Event], now: int, rooms: bool = False) -> Iterator[str]:
    """Describe past events in lines with times (UTC), and with a line wherever the date changes.

    @param now: the present time, whose date needs no such line at the beginning.
    @param rooms: whether each line names its room.
    """
    day = _moment(now).date()
    for event in past:
        moment = _moment(event.when)
        if moment.date() != day:
            day = moment.date()
            yield f"-- {day.isoformat()} (UTC)"
        line = with_room(event, line_of(event)) if rooms else line_of(event)
        yield f"{clock_time(event.when)} {line}"


def spelled(room: str) -> str:
    """Spell a room's name as line doors do: C{lobby}, and C{#python}."""
    return room if room == LOBBY else f"#{room}"


def place_spelled(room: str) -> str:
    """Spell a room's name as line doors do; an empty one stands for the whole chat."""
    return spelled(room) if room else "the chat"


def not_read_now(nick: str, away: str | None) -> str:
    """Make the sentence for a private line's author that its recipient is absent or away.

    @param away: why they are away (maybe empty); C{None} if they are not here at all.
    """
    if away is None:
        return f"{nick} is not here: kept until {nick} comes back"
    return f"{nick} is away{_because(away)}"


def ending(act: OperatorAct) -> str:
    """Make the end of a sentence that tells until when an act holds, and why."""
    until = when(act.until) if act.until else "an operator ends it"
    return f" until {until}{_because(act.text)}"


def topic_told(topic: TopicChanged, what: str = "the topic") -> str:
    """Describe a topic in a sentence that no text in the topic can end early."""
    if topic.hidden:
        return f"{what} was set by {topic.nick}, whom you ignore"
    return f"{what} (set by {topic.nick}): {topic.text}"


def when(time: int) -> str:
    """Spell a time, in microseconds since the epoch, to the minute."""
    return f"{_moment(time):%Y-%m-%d %H:%M} (UTC)"


def time_of(time: int, now: int) -> str:
    """Spell a time, without its date if C{now} has the same date."""
    return clock_time(time) if _moment(time).date() == _moment(now).date() else when(time)


def times_of(told: Iterable[Event]) -> Times:
    """Collect the times that the lines of events contain (L{ending})."""
    until = [act.until for act in told if isinstance(act, OperatorAct) and act.until]
    return {when(time): time for time in until}


def clock_time(time: int) -> str:
    """Spell the hour and the minute (UTC) of a time."""
    return f"{_moment(time):%H:%M}"


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1_000_000, UTC)


def names_in_a_line(nicks: list[str], count: int) -> str:
    """List some nicknames, and tell how many of C{count} are left out."""
    more = count - len(nicks)
    listed = ", ".join(sorted(nicks, key=str.casefold))
    return f"{listed} and {more:,} more" if more else listed
