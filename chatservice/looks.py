"""What each member sees: the formats of the doors, adapted to preferences and to who is ignored.

Members who see the same share one format, so that broadcast.py renders for all of them at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from chatservice.acts import Kicked, OperatorAct, RoomSet
from chatservice.door import Format
from chatservice.events import (
    Acted,
    CameAndWent,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Said,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.mentions import mentioned_in, wanted
from chatservice.names import nick_key
from chatservice.preferences import Preferences
from chatservice.rooms import Member, Room
from chatservice.text import TEXT, YOU, YOURSELF, clock_time

if TYPE_CHECKING:
    from chatservice.accounts import Accounts

# Those that can be read on a dark background and on a light one (ECMA-48 8.3.117, and aixterm).
_COLOURS = (31, 32, 33, 35, 36, 91, 94, 95)
_COMING_AND_GOING = (Joined, Parted, Left, CameAndWent)
_WITH_WORDS = (TopicChanged, WentAway, Left, Kicked)
_END = b"\r\n"

E = TypeVar("E", bound=Event)


def format_for(
    base: Format, preferences: Preferences, ignored: Collection[str], nick: str
) -> Format:
    """The format of a member's door.

    @param base: the door's own. The preferences are for L{TEXT} alone.
    @param ignored: the keys of nicknames; see L{chatservice.rooms.Member}.
    @param nick: the member's own, which the bell rings for.
    """
    if base is TEXT and preferences != Preferences():
        base = _shared(Look, preferences, nick if preferences.bell else "")
    return _shared(Ignoring, base, frozenset(ignored)) if ignored else base


def _shared(kind: Callable[..., Format], *facts: object) -> Format:
    """The one format that is made from these facts, for as long as anybody has it."""
    found = _formats.get((kind, *facts))
    if found is None:
        found = _formats[kind, *facts] = kind(*facts)
    return found


_formats: WeakValueDictionary[tuple[object, ...], Format] = WeakValueDictionary()


class Look:
    """Events as the text door shows them, the way somebody prefers it.

    @param nick: the reader's.
    """

    def __init__(self, preferences: Preferences, nick: str) -> None:
        self._preferences = preferences
        self._wanted = wanted(nick)

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.rooms.Format.render}."""
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
            case Said(text=text) | Acted(text=text):
                return self._wanted in mentioned_in(text)
        return False


class Ignoring:
    """A format in which nothing is said by those whom the reader ignores, or done in a room.

    Who else has to know that they come, go, are away or change a topic is told so without a word
    of theirs.

    @param base: how everything else is spelled.
    @param ignored: the keys of nicknames.
    """

    def __init__(self, base: Format, ignored: Collection[str]) -> None:
        self._base = base
        self._ignored = ignored

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.rooms.Format.render}."""
        left = _left_of(event, _is_by(event, self._ignored))
        return b"" if left is None else self._base.render(left, here)


@dataclass(frozen=True, slots=True)
class Unseen:
    """What of the history somebody is not shown: what those say whom they ignore.

    @ivar reader: the reader's own identity, whose lines are shown whatever the nickname was.
    @ivar keys: of the nicknames that are ignored, and C{identities} of those of them that are
        registered, who stay ignored under other nicknames.
    """

    reader: bytes = b""
    keys: Collection[str] = ()
    identities: Collection[bytes] = ()

    def left_of(self, event: Event) -> Event | None:
        """What is shown of an event; C{None} if nothing is."""
        if not self.keys or (self.reader and event.identity == self.reader):
            return event
        return _left_of(event, event.identity in self.identities or _is_by(event, self.keys))

    def shown(self, events: Iterable[Event]) -> list[Event]:
        """What is shown of some events."""
        return [left for event in events if (left := self.left_of(event)) is not None]


def has_missed(room: Room, seen: int, unseen: Unseen) -> bool:
    """Whether a room has something newer than an id that is shown, as far as it remembers."""
    if room.last_id() <= seen:
        return False
    newer = [event for event in room.recent if event.id > seen]
    return len(newer) == len(room.recent) or bool(unseen.shown(newer))


def unseen_by(member: Member, accounts: Accounts) -> Unseen:
    """What of the history a member is not shown."""
    if not member.ignored:
        return Unseen(member.identity)
    registered = filter(None, map(accounts.named, member.ignored))
    identities = frozenset(account.identity for account in registered)
    return Unseen(member.identity, frozenset(member.ignored), identities)


def topic_shown(topic: TopicChanged | None, ignored: Collection[str]) -> TopicChanged | None:
    """What a room is about, for somebody who ignores the nicknames with these keys."""
    return _without_words(topic) if topic and _is_by(topic, ignored) else topic


def away_shown(member: Member, ignored: Collection[str]) -> str | None:
    """Why somebody is away, for somebody who ignores the nicknames with these keys."""
    return "" if member.away and _is_ignored(member, ignored) else member.away


def not_read_now(
    event: Whispered, recipient: Member | None, ignored: Collection[str]
) -> list[str]:
    """What its author is to know of who does not read a private line now.

    @param recipient: the one it is for, if here.
    @param ignored: the keys of nicknames that the author ignores.
    """
    if recipient is None:
        return [f"{event.to} is not here: kept until {event.to} comes back"]
    away = away_shown(recipient, ignored)
    if away is None:
        return []
    return [f"{event.to} is away: {away}" if away else f"{event.to} is away"]


def _left_of(event: Event, is_by_ignored: bool) -> Event | None:
    """What is left of an event; C{None} if nothing is."""
    if not is_by_ignored:
        return event
    return None if _is_talk(event) else _without_words(event)


def _is_by(event: Event, ignored: Collection[str]) -> bool:
    return event.account in ignored or nick_key(event.nick) in ignored


def _is_ignored(member: Member, ignored: Collection[str]) -> bool:
    account = member.account
    return member.key in ignored or (account is not None and account.key in ignored)


def _is_talk(event: Event) -> bool:
    """Whether it is said, or an act of a room, whose text reaches people who are not in it."""
    match event:
        case Said() | Acted() | Whispered():
            return True
        # Who is kicked is in the room, and everybody there has to know who has left.
        case OperatorAct(room=room) if room:
            return not isinstance(event, Kicked)
    return False


def _without_words(event: E) -> E:
    """The fact without what its author says about it."""
    match event:
        case TopicChanged(text=text) if text:
            return replace(event, text="", hidden=True)
        case WentAway() | Left(goodbye=True):
            return replace(event, why="")
        # Nobody ignores the operators of the whole chat in what they do for it.
        case Kicked(room=room) if room:
            # The ban that tells it to others is not shown.
            return replace(event, text="", folded=False)
    return event


def painted(event: Event) -> Event:
    """The event with the nicknames in it in their colours."""
    nick = _painted(event.nick)
    match event:
        case Renamed(now=now):
            return replace(event, nick=nick, now=_painted(now))
        case OperatorAct(target=target) if not isinstance(event, RoomSet):
            return replace(event, nick=nick, target=_painted(target))
    return replace(event, nick=nick)


@lru_cache(1024)
def _painted(name: str) -> str:
    """A nickname in its colour, the same whenever and wherever it is shown."""
    if name in ("", YOU, YOURSELF):
        return name
    colour = _COLOURS[zlib.crc32(name.casefold().encode()) % len(_COLOURS)]
    return f"\x1b[{colour}m{name}\x1b[39m"
