"""The format of each wire: events as bytes, adapted to the reader's preferences and ignore list.

Members who see the same share one format, so chat/broadcast.py renders each event once for them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from itertools import islice
from typing import Any
from weakref import WeakValueDictionary, ref

from chatservice.chat.door import Format
from chatservice.chat.ignoring import Ignoring
from chatservice.chat.rooms import Room
from chatservice.protocol.events import (
    CameAndWent,
    CameBack,
    Event,
    Joined,
    Left,
    Line,
    Parted,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.protocol.json import event_line, json_line, last_member
from chatservice.protocol.mentions import mentioned_in, wanted
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.signals import Signalled
from chatservice.protocol.wording import (
    clock_time,
    line_of,
    names_in_a_line,
    painted,
    retold,
    spelled,
    topic_told,
    with_room,
)

NAMES_SHOWN = 20
_COMING_AND_GOING = (Joined, Parted, Left, CameAndWent)
_END = b"\r\n"
_OWN = b',"own":true}\n'


class TextFormat:
    """The format of the text door: lines of text."""

    heeds_room = hides_acts = True

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.chat.door.Format.render}."""
        line = line_of(event)
        if not here:
            line = with_room(event, line)
        return encoded([line]) if line else b""


class JsonFormat:
    """The format of a wire of JSON objects, the same whichever room the reader is in.

    What programs that speak IRC ask each other is no business of others, and is left out.
    It keeps the last event, which is rendered for its author and for others in turn.

    @param framed: makes a message for the wire of an object's line.
    """

    heeds_room = False
    hides_acts = True

    def __init__(self, framed: Callable[[bytes], bytes] | None = None) -> None:
        self._framed = framed or bytes
        self._event: Event | None = None
        self._line = self._message = b""

    def spell(self, facts: dict[str, Any]) -> bytes:
        """Spell an object."""
        return self._framed(json_line(facts))

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.chat.door.Format.render}."""
        if event is not self._event:
            self._line = b"" if _is_for_irc(event) else event_line(event)
            self._message = self._line and self._framed(self._line)
            self._event = event
        return self._message

    def render_own(self, event: Event, ref: str = "") -> bytes:
        """Spell an event for its own author.

        @param ref: the mark to leave out, which is the last member, if there is one.
        """
        if not self.render(event, True):
            return b""
        line = self._line.removesuffix(b"}\n")
        return self._framed((line.removesuffix(last_member("ref", ref)) if ref else line) + _OWN)


def _is_for_irc(event: Event) -> bool:
    """Tell whether only IRC has use for an event: CTCP, and who is away where nobody asks."""
    match event:
        case Line():
            return False
        case Signalled(text=text):
            return text != ""
        case WentAway(folded=folded) | CameBack(folded=folded):
            return folded
    return False


TEXT = TextFormat()
JSON = JsonFormat()


def format_for(
    base: Format, preferences: Preferences, ignored: Collection[str], nick: str
) -> Format:
    """Find or make the format for a member's door.

    @param base: the door's own format. Only L{TEXT} heeds the preferences.
    @param ignored: the keys of nicknames; see L{chatservice.chat.rooms.Member}.
    @param nick: the member's nickname, whose mention rings the bell.
    """
    preferences = preferences.display
    if base is TEXT and preferences != Preferences():
        named = nick if preferences.bell else ""
        base = _shared(lambda: Preferred(preferences, named), preferences, named)
    if not ignored:
        return base
    keys = frozenset(ignored)
    # A key must not keep the base, through which a whole chat may be reached.
    return _shared(lambda: Ignoring(base, keys), ref(base), keys)


def _shared(make: Callable[[], Format], *key: Hashable) -> Format:
    """Find or make the one format with a key, which is kept while anybody uses it."""
    found = _formats.get(key)
    if found is None:
        found = _formats[key] = make()
    return found


_formats: WeakValueDictionary[tuple[Hashable, ...], Format] = WeakValueDictionary()


class Preferred:
    """The format of the text door, adapted to a reader's preferences.

    @param nick: the reader's nickname.
    """

    heeds_room = hides_acts = True

    def __init__(self, preferences: Preferences, nick: str) -> None:
        self._preferences = preferences
        self._wanted = wanted(nick)

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.chat.door.Format.render}."""
        wanted = self._preferences
        if wanted.quiet and isinstance(event, _COMING_AND_GOING):
            return b""
        line = TEXT.render(painted(event) if wanted.colour else event, here)
        if line and wanted.time:
            line = f"{clock_time(event.when)} ".encode() + line
        if wanted.bell and self._is_for_reader(event):
            line = line.removesuffix(_END) + b"\a" + _END
        return line

    def _is_for_reader(self, event: Event) -> bool:
        match event:
            case Whispered():
                return True
            case Line(text=text):
                return self._wanted in mentioned_in(text)
        return False


def encoded(lines: Iterable[str], prompt: str = "") -> bytes:
    """Encode lines for the text door, each with a line end, and then a prompt without one."""
    return ("".join(f"{line}\r\n" for line in lines) + prompt).encode()


def arrival(
    room: Room,
    nick: str,
    topic: TopicChanged | None,
    recent: Iterable[Event],
    now: int,
    how: str = "you joined",
) -> list[str]:
    """Make the lines that describe a room to a newcomer.

    @param nick: the newcomer's nickname; the newcomer is present in the room already.
    @param recent: the room's last lines, to retell.
    @param now: see L{retold}.
    @param how: what the newcomer did to be there.
    """
    some = (member.nick for member in islice(room.present, NAMES_SHOWN + 1))
    others = [other for other in some if other != nick][:NAMES_SHOWN]
    count = len(room.present)
    who = names_in_a_line(others, count - 1) if others else "nobody else"
    lines = [f"-- {how} {spelled(room.name)}: {who} ({count:,} here)"]
    if topic is not None:
        lines.append(f"-- {topic_told(topic)}")
    lines.extend(retold(recent, now))
    return lines
