"""What text may carry from one member to another, and how a line of text tells an event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import singledispatch
from itertools import islice

from chatservice.events import (
    Acted,
    ChatError,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.rooms import LOBBY, Room

TEXT_BYTES = 4096
NAMES_SHOWN = 20

_ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI (ECMA-48 5.4)
    # OSC, DCS and their like, to the end of the text if they have none of their own.
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_SEPARATORS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BIDI_CLOSERS = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)


def clean(text: str) -> str:
    """C{text} on one line, without what could act on the terminal or the page that shows it.

    Escape sequences and control characters vanish, separators become a space, lone surrogates
    U+FFFD. Bidi controls stay where each has its end (UAX #9, 3.3.2), and all vanish otherwise.
    """
    if text.isascii() and text.isprintable():
        return text.rstrip(" ")
    text = _ESCAPE_SEQUENCES.sub("", text)
    text = _SEPARATORS.sub(" ", text)
    text = _CONTROLS.sub("", text)
    text = _SURROGATES.sub("\ufffd", text)
    if not _bidi_is_balanced(text):
        text = _BIDI_CONTROLS.sub("", text)
    return text.rstrip(" ")


def _bidi_is_balanced(text: str) -> bool:
    closers: list[str] = []
    for control in _BIDI_CONTROLS.findall(text):
        if control in _BIDI_CLOSERS:
            closers.append(_BIDI_CLOSERS[control])
        elif not closers or closers.pop() != control:
            return False
    return not closers


def clean_line(text: str) -> str:
    """What is said, cleaned.

    @raise ChatError: there is nothing left to say, or more than 4,096 bytes of UTF-8.
    """
    text = clean(text)
    if not text.strip():
        raise ChatError("empty", "there is nothing to say")
    size = len(text.encode())
    if size > TEXT_BYTES:
        raise ChatError(
            "too-long", f"that has {size:,} bytes, and a line at most {TEXT_BYTES:,}: not sent"
        )
    return text


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
    return f"[{event.nick} -> you] {event.text}"


@line_of.register
def _(event: TopicChanged) -> str:
    if not event.text:
        return f"-- {event.nick} cleared the topic of {spelled(event.room)}"
    return f"-- {event.nick} changed the topic of {spelled(event.room)}: {event.text}"


@line_of.register
def _(event: Joined) -> str:
    return f"-- {event.nick} joined {'the chat' if event.arrived else spelled(event.room)}"


@line_of.register
def _(event: Parted) -> str:
    return f"-- {event.nick} left {spelled(event.room)}"


@line_of.register
def _(event: Left) -> str:
    if not event.goodbye:
        return f"-- {event.nick} left the chat ({event.why})"
    return f"-- {event.nick} left the chat" + (f": {event.why}" if event.why else "")


@line_of.register
def _(event: Renamed) -> str:
    return f"-- {event.nick} is now {event.now}"


@line_of.register
def _(event: Resumed) -> str:
    return ""


class TextFormat:
    """Events as lines of text, the way the text door shows them."""

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.rooms.Format.render}."""
        line = line_of(event)
        if not here and isinstance(event, Said | Acted):
            line = f"[{spelled(event.room)}] {line}"
        return encoded([line]) if line else b""


TEXT = TextFormat()


def encoded(lines: Iterable[str], prompt: str = "") -> bytes:
    """Lines as the text door sends them, each with its end, and a prompt without one."""
    return ("".join(f"{line}\r\n" for line in lines) + prompt).encode()


def spelled(room: str) -> str:
    """A room's name as line doors spell it: C{lobby}, and C{#python}."""
    return room if room == LOBBY else f"#{room}"


def arrival(
    room: Room, nick: str, topic: TopicChanged | None, replay: int, now: int
) -> list[str]:
    """What somebody is told who has just entered a room.

    @param nick: the newcomer's, who is among those who hear the room already.
    @param replay: how many of the room's last lines to retell.
    @param now: see L{retold}.
    """
    some = (member.nick for member in islice(room.audience, NAMES_SHOWN + 1))
    others = [other for other in some if other != nick][:NAMES_SHOWN]
    count = len(room.audience)
    who = names_in_a_line(others, count - 1) if others else "nobody else"
    lines = [f"-- you joined {spelled(room.name)}: {who} ({count:,} here)"]
    if topic is not None:
        lines.append(f"-- the topic is: {topic.text} (set by {topic.nick})")
    if replay:
        lines.extend(retold(list(room.recent)[-replay:], now))
    return lines


def retold(events: Iterable[Event], now: int) -> Iterator[str]:
    """History as lines, each with its time (UTC), and a line wherever the date changes.

    @param now: an id, whose date goes without saying at the beginning.
    """
    day = _moment(now).date()
    for event in events:
        moment = _moment(event.id)
        if moment.date() != day:
            day = moment.date()
            yield f"-- {day.isoformat()} (UTC)"
        yield f"[{moment:%H:%M}] {line_of(event)}"


def _moment(id: int) -> datetime:
    return datetime.fromtimestamp(id / 1_000_000, UTC)


def names_in_a_line(nicks: list[str], count: int) -> str:
    """A few nicknames, and how many of C{count} they leave out."""
    more = count - len(nicks)
    listed = ", ".join(sorted(nicks, key=str.casefold))
    return f"{listed} and {more:,} more" if more else listed


