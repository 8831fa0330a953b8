"""What the chat says to the client: typed objects inside, JSON lines on the wire.

Nothing here but the messages of docs/protocol.rst that a client gets, and `decode`. What is
decoded is already `plain`: nothing the server sends can steer a terminal. And the times in its
sentences are those of the clock here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, TypeVar

from chatservice.client.plain import plain
from chatservice.client.preferences import Preferences
from chatservice.client.times import in_local_time

NUMBERS = range(2**53)
"""Those that may be on the wire: ids, times and counts (RFC 8259, section 6)."""

HABIT = Preferences()
"""How things are shown to somebody who has set nothing."""

PACE = 5
"""Lines a second that the chat reads, if it does not say how many."""


# Events: facts, the same for everybody but for whose they are.


@dataclass(frozen=True)
class Fact:
    """What all events have. *own*: it is one's own doing, which the chat alone can tell.

    *time* is when it happened, in microseconds since the epoch, if the *id* does not say so.
    """

    id: int = 0
    own: bool = field(default=False, kw_only=True)
    time: int = field(default=0, kw_only=True)

    @property
    def moment(self) -> int:
        """When it happened, in microseconds since the epoch."""
        return self.time or self.id


@dataclass(frozen=True)
class Said(Fact):
    room: str = ""
    nick: str = ""
    text: str = ""
    ref: str = ""


@dataclass(frozen=True)
class Acted(Fact):
    room: str = ""
    nick: str = ""
    text: str = ""
    ref: str = ""


@dataclass(frozen=True)
class Whispered(Fact):
    nick: str = ""
    to: str = ""
    text: str = ""
    ref: str = ""


@dataclass(frozen=True)
class TopicChanged(Fact):
    """*hidden*: there is a topic, of somebody whom one ignores."""

    room: str = ""
    nick: str = ""
    topic: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Joined(Fact):
    """*folded*: so many come and go that a sum is shown instead; see `CameAndWent`."""

    room: str = ""
    nick: str = ""
    arrived: bool = False
    folded: bool = False


@dataclass(frozen=True)
class Parted(Fact):
    room: str = ""
    nick: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Left(Fact):
    nick: str = ""
    goodbye: bool = False
    why: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Renamed(Fact):
    nick: str = ""
    now: str = ""


@dataclass(frozen=True)
class CameAndWent(Fact):
    """How many entered and left a room in a while, for those that were folded."""

    room: str = ""
    came: int = 0
    went: int = 0


@dataclass(frozen=True)
class WentAway(Fact):
    nick: str = ""
    why: str = ""


@dataclass(frozen=True)
class CameBack(Fact):
    nick: str = ""


@dataclass(frozen=True)
class OperatorAct(Fact):
    """What an operator did: *type* is one of `ACTS`. Without a *room*, in the whole chat.

    *target* is whom or what it was done to; *until* an id from which on it holds no more, or 0.
    *folded*: what came just before, a ban, tells it already.
    """

    type: str = ""
    room: str = ""
    nick: str = ""
    target: str = ""
    until: int = 0
    text: str = ""
    folded: bool = False


Talk = Said | Acted | Whispered
Presence = Joined | Parted | Left
Event = (
    Talk
    | TopicChanged
    | Presence
    | Renamed
    | CameAndWent
    | WentAway
    | CameBack
    | OperatorAct
)


# Answers: to this client alone.


@dataclass(frozen=True)
class RoomState:
    """A room as one finds it on entering; *missed*: there is history to ask for."""

    name: str
    topic: str = ""
    members: tuple[str, ...] = ()
    missed: bool = False


@dataclass(frozen=True)
class Welcome:
    """*token* proves that one is who one was, on the next connection.

    *rate*: how many lines a second the chat reads; 0 for no limit.
    """

    id: int = 0
    nick: str = ""
    token: str = ""
    settings: Preferences = HABIT
    rate: int = PACE
    motd: tuple[str, ...] = ()
    rooms: tuple[RoomState, ...] = ()


@dataclass(frozen=True)
class Ok:
    """*more*: another one answers the same request. *raw*: the lines are for programs.

    With a *token*, it, the *settings* and the *rate* take the place of those of the welcome.
    """

    ref: str = ""
    lines: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    rooms: tuple[RoomState, ...] = ()
    more: bool = False
    raw: bool = False
    token: str = ""
    settings: Preferences = HABIT
    rate: int = PACE


@dataclass(frozen=True)
class Notice:
    """Something to read that was not asked for; the events are history."""

    lines: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Error:
    code: str = ""
    text: str = ""
    ref: str = ""


@dataclass(frozen=True)
class History:
    """A page. With *more*, *next* is the id to go on from, or 0 if the chat does not say."""

    ref: str = ""
    events: tuple[Event, ...] = ()
    more: bool = False
    next: int = 0


@dataclass(frozen=True)
class Gap:
    room: str = ""


# Both ways.


@dataclass(frozen=True)
class Ping:
    """Asks for a sign of life."""

    type: ClassVar[str] = "ping"
    ref: str = ""


Answer = Welcome | Ok | Notice | Error | History | Gap
Message = Event | Answer | Ping


ACTS = (
    *("kicked", "banned", "unbanned", "muted", "unmuted", "founded", "opped", "deopped"),
    *("voiced", "devoiced", "invited", "room_set", "announced", "locked_down"),
)
"""What operators do."""

_EVENTS: dict[str, type[Event]] = {
    "said": Said,
    "acted": Acted,
    "whispered": Whispered,
    "topic_changed": TopicChanged,
    "joined": Joined,
    "parted": Parted,
    "left": Left,
    "renamed": Renamed,
    "came_and_went": CameAndWent,
    "went_away": WentAway,
    "came_back": CameBack,
    **dict.fromkeys(ACTS, OperatorAct),
}
_MESSAGES: dict[str, type[Message]] = {
    **_EVENTS,
    "welcome": Welcome,
    "ok": Ok,
    "notice": Notice,
    "error": Error,
    "history": History,
    "gap": Gap,
    "ping": Ping,
}

M = TypeVar("M")


def decode(line: bytes) -> Message | None:
    """The message in a line of JSON; None if it is none that this client knows.

    A member that is missing or of the wrong kind counts as empty, and so does a number that is
    none of `NUMBERS`.
    """
    try:
        wire = json.loads(line)
    except (ValueError, RecursionError):
        return None
    message = _of_kinds(_MESSAGES, wire)
    match message:
        case Ok(lines=lines) | Notice(lines=lines):
            times = _instants(wire)
            return replace(message, lines=tuple(in_local_time(each, times) for each in lines))
        case Error(text=text):
            return replace(message, text=in_local_time(text, _instants(wire)))
    return message


def _instants(wire: Mapping[str, Any]) -> dict[str, int]:
    """The times in the sentences of a message, as they are spelled there and since the epoch."""
    times = wire.get("times")
    found = times.items() if isinstance(times, dict) else ()
    return {plain(text): time for text, time in found if type(time) is int and time in NUMBERS}


def _of_kinds(kinds: Mapping[str, type[M]], wire: Any) -> M | None:
    if not isinstance(wire, dict):
        return None
    named = wire.get("type")
    kind = kinds.get(named) if isinstance(named, str) else None
    return None if kind is None else _build(kind, wire)


def _build(kind: type[M], wire: Mapping[str, Any], **known: str) -> M:
    members: dict[str, Any] = dict(known)
    for member in fields(kind):  # type: ignore[arg-type]
        value = _inside(member.name, wire.get(member.name))
        if type(value) is type(member.default):
            members[member.name] = value
    return kind(**members)


def _inside(name: str, value: Any) -> Any:
    """What a member is inside; None if it is of the wrong kind."""
    match value:
        case str():
            return plain(value)
        case bool():
            return value
        case int() if value in NUMBERS:
            return value
        case dict() if name == "settings":
            return _build(Preferences, value)
        case dict() if name == "rooms":
            rooms = [(plain(room), state) for room, state in value.items()]
            return tuple(_build(RoomState, s, name=r) for r, s in rooms if isinstance(s, dict))
        case list() if name == "events":
            return tuple(e for e in (_of_kinds(_EVENTS, each) for each in value) if e is not None)
        case list() if name != "rooms":
            return tuple(plain(each) for each in value if isinstance(each, str))
    return None
