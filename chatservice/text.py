"""How a line of text tells an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import singledispatch
from itertools import islice

from chatservice import durations
from chatservice.acts import (
    Announced,
    Banned,
    Deopped,
    Devoiced,
    Founded,
    Invited,
    Kicked,
    LockedDown,
    Muted,
    OperatorAct,
    Opped,
    RoomSet,
    Unbanned,
    Unmuted,
    Voiced,
)
from chatservice.events import (
    Acted,
    CameAndWent,
    CameBack,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    Times,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.rooms import LOBBY, Room

NAMES_SHOWN = 20
YOU, YOURSELF = "you", "yourself"


@singledispatch
def line_of(event: Event) -> str:
    """The event in a line, without its end; empty for what nobody is shown."""
    raise NotImplementedError(f"no words for {event!r}")


@line_of.register
def _(event: Said) -> str:
    return f"{event.nick}: {event.text}"


@line_of.register
def _(event: Acted) -> str:
    return f"* {event.nick} {event.text}"


@line_of.register
def _(event: Whispered) -> str:
    return f"({event.nick} to you) {event.text}"


@line_of.register
def _(event: TopicChanged) -> str:
    if not event.text and not event.hidden:
        return f"-- {event.nick} cleared the topic of {spelled(event.room)}"
    return f"-- {event.nick} changed the topic of {spelled(event.room)}{_because(event.text)}"


@line_of.register
def _(event: Joined) -> str:
    if event.folded:
        return ""
    return f"-- {event.nick} joined {'the chat' if event.arrived else spelled(event.room)}"


@line_of.register
def _(event: Parted) -> str:
    return "" if event.folded else f"-- {event.nick} left {spelled(event.room)}"


@line_of.register
def _(event: Left) -> str:
    if event.folded:
        return ""
    if not event.goodbye:
        return f"-- {event.nick} left the chat ({event.why})"
    return f"-- {event.nick} left the chat{_because(event.why)}"


@line_of.register
def _(event: CameAndWent) -> str:
    counts = [f"{event.came:,} came"] if event.came else []
    counts += [f"{event.went:,} went"] if event.went else []
    return f"-- {spelled(event.room)}: {' and '.join(counts)}"


@line_of.register
def _(event: WentAway) -> str:
    return f"-- {_is(event.nick)} away{_because(event.why)}"


@line_of.register
def _(event: CameBack) -> str:
    return f"-- {_is(event.nick)} back"


@line_of.register
def _(event: Renamed) -> str:
    return f"-- {_is(event.nick)} now {event.now}"


@line_of.register
def _(event: Resumed) -> str:
    return ""


@line_of.register
def _(event: Kicked) -> str:
    if event.folded:
        return ""
    return f"-- {event.nick} kicked {event.target} from {_place(event)}{_because(event.text)}"


@line_of.register
def _(event: Banned) -> str:
    return f"-- {event.nick} banned {event.target} from {_place(event)}{ending(event)}"


@line_of.register
def _(event: Unbanned) -> str:
    return f"-- {event.nick} unbanned {event.target} from {_place(event)}{_because(event.text)}"


@line_of.register
def _(event: Muted) -> str:
    return f"-- {event.nick} muted {event.target} in {_place(event)}{ending(event)}"


@line_of.register
def _(event: Unmuted) -> str:
    return f"-- {event.nick} unmuted {event.target} in {_place(event)}{_because(event.text)}"


@line_of.register
def _(event: Founded) -> str:
    return f"-- {_is(event.nick)} the owner of {_place(event)}"


@line_of.register
def _(event: Opped) -> str:
    return f"-- {event.nick} made {event.target} an operator of {_place(event)}"


@line_of.register
def _(event: Deopped) -> str:
    return f"-- {event.nick} removed {event.target} as an operator of {_place(event)}"


@line_of.register
def _(event: Voiced) -> str:
    return f"-- {event.nick} gave {event.target} a voice in {_place(event)}"


@line_of.register
def _(event: Devoiced) -> str:
    return f"-- {event.nick} took the voice in {_place(event)} from {event.target}"


@line_of.register
def _(event: Invited) -> str:
    how = f": /join {_place(event)}" if event.target == YOU else ""
    return f"-- {event.nick} invited {event.target} to {_place(event)}{how}"


@line_of.register
def _(event: RoomSet) -> str:
    return f"-- {event.nick} set {event.target} of {_place(event)} to {_value(event)}"


@line_of.register
def _(event: Announced) -> str:
    return f"-- {event.nick} {'announce' if event.nick == YOU else 'announces'}: {event.text}"


@line_of.register
def _(event: LockedDown) -> str:
    if event.text == "on":
        return f"-- {event.nick} locked the chat down: only registered names may join now"
    return f"-- {event.nick} ended the lockdown: anybody may join again"


def second_person(event: Event, mine: bool) -> Event:
    """Put C{you} in the place of the reader's name, who did it or to whom it was done.

    @param mine: whether the reader did it.
    """
    if not isinstance(event, OperatorAct):
        return replace(event, nick=YOU)
    if not mine:
        return replace(event, target=YOU)
    if event.target_identity and event.target_identity == event.identity:
        event = replace(event, target=YOURSELF)
    return replace(event, nick=YOU)


def _is(nick: str) -> str:
    return f"{nick} {'are' if nick == YOU else 'is'}"


def _because(why: str) -> str:
    return f": {why}" if why else ""


def _place(act: OperatorAct) -> str:
    return place_spelled(act.room)


def place_spelled(room: str) -> str:
    """A room's name as line doors spell it; if it is empty, the whole chat is meant."""
    return spelled(room) if room else "the chat"


def _value(act: RoomSet) -> str:
    value = act.shown
    if value in ("", "0"):
        return "off"
    return durations.spelled(int(value)) if act.target == "keep" else value


def ending(act: OperatorAct) -> str:
    """Until when an act holds, and why, as the end of a sentence."""
    until = when(act.until) if act.until else "an operator ends it"
    return f" until {until}{_because(act.text)}"


class TextFormat:
    """Events as lines of text, the way the text door shows them."""

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.rooms.Format.render}."""
        line = line_of(event)
        if not here:
            line = _with_room(event, line)
        return encoded([line]) if line else b""


TEXT = TextFormat()


def _with_room(event: Event, line: str) -> str:
    """A line that tells an event, behind its room where it does not name that."""
    return f"#{event.room} {line}" if isinstance(event, Said | Acted) else line


def encoded(lines: Iterable[str], prompt: str = "") -> bytes:
    """Lines as the text door sends them, each with its end, and a prompt without one."""
    return ("".join(f"{line}\r\n" for line in lines) + prompt).encode()


def spelled(room: str) -> str:
    """A room's name as line doors spell it: C{lobby}, and C{#python}."""
    return room if room == LOBBY else f"#{room}"


def topic_told(topic: TopicChanged, what: str = "the topic") -> str:
    """A topic in a sentence that nothing in the topic can end."""
    if topic.hidden:
        return f"{what} was set by {topic.nick}, whom you ignore"
    return f"{what} (set by {topic.nick}): {topic.text}"


def arrival(
    room: Room, nick: str, topic: TopicChanged | None, recent: Iterable[Event], now: int
) -> list[str]:
    """What somebody is told who has just entered a room.

    @param nick: the newcomer's, who is among those who hear the room already.
    @param recent: the room's last lines, to be retold.
    @param now: see L{retold}.
    """
    some = (member.nick for member in islice(room.audience, NAMES_SHOWN + 1))
    others = [other for other in some if other != nick][:NAMES_SHOWN]
    count = len(room.audience)
    who = names_in_a_line(others, count - 1) if others else "nobody else"
    lines = [f"-- you joined {spelled(room.name)}: {who} ({count:,} here)"]
    if topic is not None:
        lines.append(f"-- {topic_told(topic)}")
    lines.extend(retold(recent, now))
    return lines


def retold(events: Iterable[Event], now: int, rooms: bool = False) -> Iterator[str]:
    """History as lines, each with its time (UTC), and a line wherever the date changes.

    @param now: a time, whose date goes without saying at the beginning.
    @param rooms: whether each line names its room.
    """
    day = _moment(now).date()
    for event in events:
        moment = _moment(event.when)
        if moment.date() != day:
            day = moment.date()
            yield f"-- {day.isoformat()} (UTC)"
        line = _with_room(event, line_of(event)) if rooms else line_of(event)
        yield f"{clock_time(event.when)} {line}"


def when(time: int) -> str:
    """A time, in microseconds since the epoch, to the minute."""
    return f"{_moment(time):%Y-%m-%d %H:%M} (UTC)"


def time_of(time: int, now: int) -> str:
    """A time; without its date if that is the date of C{now}."""
    return clock_time(time) if _moment(time).date() == _moment(now).date() else when(time)


def times_of(acts: Iterable[OperatorAct]) -> Times:
    """The times in what L{ending} says of acts."""
    return {when(act.until): act.until for act in acts if act.until}


def clock_time(time: int) -> str:
    """The hour and the minute (UTC) of a time."""
    return f"{_moment(time):%H:%M}"


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1_000_000, UTC)


def names_in_a_line(nicks: list[str], count: int) -> str:
    """A few nicknames, and how many of C{count} they leave out."""
    more = count - len(nicks)
    listed = ", ".join(sorted(nicks, key=str.casefold))
    return f"{listed} and {more:,} more" if more else listed


