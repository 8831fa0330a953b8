"""Events, history, topics and away messages without the words of people the reader ignores."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from chatservice.chat.door import Format
from chatservice.chat.rooms import Member, Room
from chatservice.protocol.actions import Kicked, OperatorAct
from chatservice.protocol.events import (
    Event,
    Introduced,
    Joined,
    Left,
    Line,
    Parted,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.protocol.names import nick_key
from chatservice.protocol.signals import Signalled

if TYPE_CHECKING:
    from chatservice.people.accounts import Accounts

E = TypeVar("E", bound=Event)

TALK = Line | Whispered | Signalled
"""Lines, which ignoring hides at every door."""


class Ignoring:
    """A format without the lines of people the reader ignores and, if it hides acts, without those.

    The reader still sees them come, go, go away and change a topic, but without their words.

    @param base: the format that renders everything else.
    @param ignored: the keys of the ignored nicknames.
    """

    def __init__(self, base: Format, ignored: Collection[str]) -> None:
        self._base = base
        self._ignored = ignored
        self.heeds_room, self.hides_acts = base.heeds_room, base.hides_acts

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.chat.door.Format.render}."""
        may_hide = self.hides_acts or isinstance(event, TALK)
        left = _left_of(event, may_hide and is_by(event, self._ignored))
        return b"" if left is None else self._base.render(left, here)


@dataclass(frozen=True, slots=True)
class Unseen:
    """The part of the history that is hidden from a reader: the words of ignored people.

    @ivar reader: the reader's own identity; its lines are shown under any nickname.
    @ivar keys: the keys of the ignored nicknames.
    @ivar identities: the identities of ignored accounts, which stay ignored under other names.
    """

    reader: bytes = b""
    keys: Collection[str] = ()
    identities: Collection[bytes] = ()

    def left_of(self, event: Event) -> Event | None:
        """Return the event as it is shown; C{None} if it is hidden."""
        if not self.keys or (self.reader and event.identity == self.reader):
            return event
        return _left_of(event, event.identity in self.identities or is_by(event, self.keys))

    def shown(self, events: Iterable[Event]) -> list[Event]:
        """List the events that are shown, as they are shown."""
        return [left for event in events if (left := self.left_of(event)) is not None]


def has_missed(room: Room, seen: int, unseen: Unseen) -> bool:
    """Tell whether a room remembers an event newer than C{seen} that the reader may see."""
    if room.is_followed and room.last_id() <= seen:
        return False
    newer = [event for event in room.recent if event.id > seen]
    return len(newer) == len(room.recent) or bool(unseen.shown(newer))


def unseen_by(member: Member, accounts: Accounts) -> Unseen:
    """Find the part of the history that is hidden from a member."""
    if not member.ignored:
        return Unseen(member.identity)
    registered = filter(None, map(accounts.named, member.ignored))
    identities = frozenset(account.identity for account in registered)
    return Unseen(member.identity, frozenset(member.ignored), identities)


def topic_shown(topic: TopicChanged | None, ignored: Collection[str]) -> TopicChanged | None:
    """Return a topic as a reader sees it who ignores the nicknames with these keys."""
    return _without_words(topic) if topic and is_by(topic, ignored) else topic


def away_shown(member: Member, ignored: Collection[str]) -> str | None:
    """Return an away message as a reader sees it who ignores the nicknames with these keys."""
    return "" if member.away and _is_ignored(member, ignored) else member.away


def real_name_shown(member: Member, ignored: Collection[str]) -> str:
    """Return a real name as a reader sees it who ignores the nicknames with these keys."""
    return "" if _is_ignored(member, ignored) else member.real_name


def _left_of(event: Event, is_by_ignored: bool) -> Event | None:
    """Return what the reader sees of an event; C{None} if nothing."""
    if not is_by_ignored:
        return event
    return None if _is_talk(event) else _without_words(event)


def is_by(event: Event, ignored: Collection[str]) -> bool:
    """Tell whether an event is by somebody whom a reader ignores, by these keys."""
    return event.account in ignored or nick_key(event.nick) in ignored


def _is_ignored(member: Member, ignored: Collection[str]) -> bool:
    account = member.account
    return member.key in ignored or (account is not None and account.key in ignored)


def _is_talk(event: Event) -> bool:
    """Tell whether an event is talk, or an act in a room, whose text reaches people outside too."""
    match event:
        case Line() | Whispered() | Signalled():
            return True
        # Everybody in the room must know who has left it.
        case OperatorAct(room=room) if room:
            return not isinstance(event, Kicked)
    return False


def _without_words(event: E) -> E:
    """Take the author's words out of an event."""
    match event:
        case TopicChanged(text=text) if text:
            return replace(event, text="", hidden=True)
        case WentAway() | Left(goodbye=True) | Parted():
            return replace(event, why="")
        case Introduced() | Joined() if event.real_name:
            return replace(event, real_name="")
        # Acts of operators in the whole chat cannot be ignored.
        case Kicked(room=room) if room:
            # The ban that announces this kick to others is hidden from this reader.
            return replace(event, text="", folded=False)
    return event
