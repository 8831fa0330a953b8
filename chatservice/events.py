"""What happens in the chat: frozen facts, in the past tense, and the refusal of a wish.

Nothing here knows a wire, a room object or a database. An event's ``id`` is its identity, its
place in the order and, as long as nobody sets the clock back, its time: microseconds since the
epoch. What shows or counts times asks for ``when`` it was. A verb makes an event of what is
special about it. Who did it is filled in as it is published (L{signed}), and its id by the log as
it is committed (L{numbered}).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self, TypeAlias, TypeVar

Times: TypeAlias = Mapping[str, int]
"""Times as sentences spell them, each with the instant, in microseconds since the epoch."""

NO_TIMES: Times = {}


class ChatError(Exception):
    """A member's own mistake, told to that member alone.

    @param code: one of the codes in docs/protocol.rst, for programs.
    @param sentence: one sentence, for people; C{times} are those in it.
    @param cause: one of the causes there, where one code has several; or empty.
    """

    def __init__(
        self, code: str, sentence: str, cause: str = "", times: Times = NO_TIMES
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.cause = cause
        self.times = times


class FailedProof(ChatError):
    """Something that should have proved who somebody is, or may enter, and did not.

    @param of: what it was to prove: a nickname, as it was given, or a room.
    """

    def __init__(self, code: str, sentence: str, of: str, cause: str = "") -> None:
        super().__init__(code, sentence, cause)
        self.of = of


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact.

    @cvar stored: whether it is on the disk before anybody sees it, or presence (not stored).
    @cvar history: whether it is a part of its room's history.
    @ivar time: when it was, in microseconds since the epoch, if that is not what the id says.
    @ivar nick: the nickname, at that time, of who did it.
    @ivar identity: the author's lasting identity (see L{chatservice.rooms.Member}), 16 bytes.
    @ivar account: the key of the nickname that the author had proved then, or empty; not kept.
    """

    stored: ClassVar[bool] = False
    history: ClassVar[bool] = False
    id: int = 0
    time: int | None = None
    nick: str = ""
    identity: bytes = field(default=b"", compare=False, repr=False)
    account: str = field(default="", compare=False, repr=False)

    @property
    def when(self) -> int:
        """When it was, in microseconds since the epoch."""
        return self.id if self.time is None else self.time

    @property
    def touched(self) -> tuple[str, ...]:
        """The names of the rooms in which it is seen."""
        return ()

    def under(self, former: bytes, now: bytes) -> Self:
        """The same of who had the one identity, and has the other."""
        return replace(self, identity=now) if self.identity == former else self


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEvent(Event):
    """A fact about one room, seen by those who are in it."""

    room: str

    @property
    def touched(self) -> tuple[str, ...]:
        return (self.room,)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEvent(Event):
    """A fact about a member, seen once by everybody who shares one of C{rooms} with it."""

    rooms: tuple[str, ...] = field(default=(), compare=False)

    @property
    def touched(self) -> tuple[str, ...]:
        return self.rooms


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(RoomEvent):
    """A line; ``ref`` is its author's own mark for it, at most 64 characters, or empty.

    ``mark``, of all talk, is that by which the request would be known again; see refs.py.
    """

    stored = True
    history = True
    text: str
    ref: str = ""
    mark: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted(RoomEvent):
    """A line about oneself in the third person: ``/me waves``."""

    stored = True
    history = True
    text: str
    ref: str = ""
    mark: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChanged(RoomEvent):
    """The room's topic is now ``text``; empty if it was cleared.

    @ivar hidden: whether the text is left out, for who ignores the author (looks.py).
    """

    stored = True
    history = True
    text: str
    ref: str = ""
    hidden: bool = field(default=False, compare=False, repr=False)
    mark: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whispered(Event):
    """A private line to one person.

    @ivar to: the nickname of whom it is for.
    @ivar to_identity: the lasting identity of whom it is for.
    """

    stored = True
    to: str
    text: str
    ref: str = ""
    mark: bytes = field(default=b"", compare=False, repr=False)
    to_identity: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(RoomEvent):
    """Entered a room; ``arrived`` when this is how the member came to the chat.

    ``folded`` in L{Joined}, L{Parted} and L{Left}: so many come and go that line doors show a sum
    instead (L{CameAndWent}).
    """

    arrived: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted(RoomEvent):
    """Left a room, and is still in the chat."""

    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(MemberEvent):
    """Left the chat.

    @ivar goodbye: whether it was meant; then ``why`` are the member's own words, or empty.
        Otherwise the connection was lost, and ``why`` is the reason.
    @ivar noted: whether it is kept that the author was in the chat at all.
    @ivar seen: of rooms in which there was more to catch up on (``""``: private lines), each with
        the last id that was seen there; in all others everything was.
    """

    goodbye: bool
    why: str
    folded: bool = False
    noted: bool = field(default=True, compare=False, repr=False)
    seen: tuple[tuple[str, int], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameAndWent(RoomEvent):
    """How many joins and leaves of a busy room were folded; done by nobody."""

    came: int
    went: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WentAway(MemberEvent):
    """Is here, but not at the keyboard; ``why`` may be empty."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack(MemberEvent):
    """Is at the keyboard again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(MemberEvent):
    """Is now called ``now``, and was called ``nick``."""

    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """Took a connection over; a fence that nobody but its author is shown."""


E = TypeVar("E", bound=Event)


def signed(event: E, nick: str, identity: bytes, account: str) -> E:
    """Fill in who did something that has just been made; see L{Event}.

    @return: the same event. Nobody else has seen it yet, so it changes for nobody.
    """
    object.__setattr__(event, "nick", nick)
    object.__setattr__(event, "identity", identity)
    object.__setattr__(event, "account", account)
    return event


def numbered(event: E, id: int, time: int | None) -> E:
    """Fill in the id of an event, and its time if the id does not say it, as it is committed.

    @return: the same event.
    """
    object.__setattr__(event, "id", id)
    object.__setattr__(event, "time", time)
    return event


Batch = Sequence[Event]
"""The events of one commit, in the order of their ids."""


LATEST = 2**63 - 1
"""Above all ids."""

AHEAD = 1_000_000
"""Microseconds by which an id may be ahead of the clock, and still pass for the time."""


class EventIds:
    """Gives out ids that strictly increase, whatever the wall clock does.

    @param clock: the wall clock, in seconds since the epoch.
    @ivar last: the last one.
    @ivar time: when that was given out, if it is so far ahead that it does not say so itself.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.last = 0
        self.time: int | None = None

    def start_above(self, floor: int) -> None:
        """Give out no id at or below ``floor``, the highest that may have been given before."""
        self.last = max(self.last, floor)

    def now(self) -> int:
        """The time now, in microseconds since the epoch, by the wall clock."""
        return int(self._clock() * 1_000_000)

    def latest(self) -> int:
        """Above all ids until a moment ago, and not below the last one."""
        return max(self.now(), self.last)

    def next(self) -> int:
        """The time now, in microseconds, or one above the last id if that is greater."""
        now = self.now()
        self.last = max(now, self.last + 1)
        self.time = now if self.last - now > AHEAD else None
        return self.last
