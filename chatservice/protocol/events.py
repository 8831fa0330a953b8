"""Everything that happens in a chat: frozen facts, named in the past tense, and refusals.

Nothing here knows a wire, a room object or a database. An event's C{id} identifies it, gives its
place in the order and, unless somebody sets the clock back, its time in microseconds since the
epoch; code that shows or counts times reads C{when}. A verb creates an event with the fields of
its kind; L{chatservice.protocol.stamping} fills in who did it, and later the id that the log gives.

A new kind of event is one class here, and one row in L{chatservice.protocol.wording.WORDS}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Self, TypeAlias

from chatservice.protocol.drafts import quicken
from chatservice.protocol.tags import NO_TAGS, Tags

Times: TypeAlias = Mapping[str, int]
"""Times as sentences spell them, each with the instant, in microseconds since the epoch."""

NO_TIMES: Times = {}


class ChatError(Exception):
    """A member's own mistake, which only that member is told of.

    @param code: one of the codes in docs/protocol.rst, for programs.
    @param sentence: one sentence, for people; C{times} are those in it.
    @param cause: one of the causes in docs/protocol.rst where a code has several, or empty.
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
    """A password or token that did not prove what it should have.

    @param of: the nickname or the room that it was meant for, as it was given.
    """

    def __init__(self, code: str, sentence: str, of: str, cause: str = "") -> None:
        super().__init__(code, sentence, cause)
        self.of = of


def _no_tags() -> Tags:
    return NO_TAGS


ALWAYS: Final = {"always": True}
"""Metadata of a field that is on the wire even when it has its default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact.

    On the wire an event is a JSON object of its C{kind} and its fields. A field that has its
    default is left out there, and so is every field that C{repr} leaves out: that one stays in
    the server. See L{chatservice.protocol.json}.

    @cvar kind: the name on the wire and in the database; empty for what is never sent.
    @cvar stored: whether it is on the disk before anybody sees it. Presence is not stored.
    @ivar time: the time in microseconds since the epoch, where the id does not tell it.
    @ivar nick: the nickname, at that time, of the author; empty if nobody did it.
    @ivar identity: the author's lasting identity (see L{chatservice.chat.rooms.Member}), 16 bytes.
    @ivar account: the key of the nickname that the author had proved then, or empty; not stored.
    @ivar userhost: the C{USER@HOST} of the author, where the host hides the address (L{hosts
        <chatservice.people.hosts>}); not stored.
    @ivar bot: whether the author has said that it is a bot; not stored.
    """

    kind: ClassVar[str] = ""
    stored: ClassVar[bool] = False
    id: int = 0
    time: int | None = None
    nick: str = ""
    identity: bytes = field(default=b"", compare=False, repr=False)
    account: str = field(default="", compare=False, repr=False)
    userhost: str = field(default="", compare=False, repr=False)
    bot: bool = field(default=False, compare=False, repr=False)

    def __init_subclass__(cls) -> None:
        if cls.kind:
            KINDS[cls.kind] = cls
        if "__dataclass_fields__" in vars(cls):
            quicken(cls)

    @property
    def when(self) -> int:
        """The time in microseconds since the epoch."""
        return self.id if self.time is None else self.time

    @property
    def touched(self) -> tuple[str, ...]:
        """The names of the rooms in which it is seen."""
        return ()

    @property
    def public(self) -> Self:
        """The event as anybody may see it."""
        return self

    @property
    def kept(self) -> Self:
        """The event as the history has it."""
        return self

    def under(self, former: bytes, now: bytes) -> Self:
        """Replace the identity C{former} by C{now}."""
        return replace(self, identity=now) if self.identity == former else self


KINDS: dict[str, type[Event]] = {}
"""The kinds of events by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEvent(Event):
    """A fact about one room, seen by the people in it."""

    room: str

    @property
    def touched(self) -> tuple[str, ...]:
        return (self.room,)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEvent(Event):
    """A fact about a member, seen once by everybody who shares one of C{rooms} with it."""

    rooms: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def touched(self) -> tuple[str, ...]:
        return self.rooms


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken(RoomEvent):
    """Words in a room, and in its history; the event itself is what acknowledges the request.

    @ivar ref: the client's own mark for the request, at most 64 characters, or empty.
    @ivar mark: the fingerprint by which a repeated request is recognised; see chat/refs.py.
    """

    stored = True
    text: str
    ref: str = ""
    mark: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Spoken):
    """Words that belong to a room's talk.

    @ivar tags: what programs tell each other along with it; it is not kept.
    """

    tags: Tags = field(default_factory=_no_tags, compare=False)

    @property
    def kept(self) -> Self:
        return replace(self, tags=NO_TAGS) if self.tags else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Line):
    """A line."""

    kind = "said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted(Line):
    """A line about oneself in the third person: C{/me waves}."""

    kind = "acted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed(Line):
    """A line that nobody must answer automatically: C{NOTICE} of RFC 2812, section 3.3.2."""

    kind = "noticed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChanged(Spoken):
    """A room's new topic, C{text}; empty if it was cleared.

    @ivar hidden: whether the text is left out, for a reader who ignores the author.
    """

    kind = "topic_changed"
    text: str = field(metadata={"spelled": "topic"})
    hidden: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whispered(Event):
    """A private line to one person; see L{Spoken}.

    @ivar to: the recipient's nickname.
    @ivar manner: the kind of the L{Line} that it would be in a room.
    @ivar tags: see L{Line}.
    @ivar to_identity: the recipient's lasting identity.
    """

    kind = "whispered"
    stored = True
    to: str
    text: str
    manner: str = Said.kind
    ref: str = ""
    mark: bytes = field(default=b"", compare=False, repr=False)
    to_identity: bytes = field(default=b"", compare=False, repr=False)
    tags: Tags = field(default_factory=_no_tags, compare=False)


Talk: TypeAlias = Spoken | Whispered
"""Talk: clients may send it again with the same C{ref} until they see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(RoomEvent):
    """Somebody's coming into a room; C{arrived} if that is how the member came to the chat.

    @ivar real_name: the real name that the member gave, or empty.
    @ivar away: why the member is away (maybe empty), or C{None}.
    @ivar folded: whether line doors show a sum instead (L{CameAndWent}), because many people come
        and go; also in L{Parted} and L{Left}.
    """

    kind = "joined"
    arrived: bool = field(default=False, metadata=ALWAYS)
    real_name: str = ""
    away: str | None = field(default=None, compare=False, repr=False)
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted(RoomEvent):
    """Somebody's leaving a room, but not the chat; C{why} are the member's own words, or empty."""

    kind = "parted"
    folded: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(MemberEvent):
    """Somebody's leaving the chat.

    @ivar goodbye: whether it was meant; then C{why} are the member's own words, or empty.
        Otherwise the connection was lost, and C{why} is the reason.
    @ivar everywhere: whether it ends the connections to all nodes of a cluster.
    @ivar real_name: the real name that the author had given, or empty.
    @ivar noted: whether it is stored that the author was in the chat at all.
    @ivar seen: the last id seen in each room in which there was more to catch up on (C{""}:
        private lines); in all others everything was seen.
    @ivar marks: the ids up to which rooms were marked as read, which accounts keep.
    """

    kind = "left"
    goodbye: bool
    why: str
    folded: bool = False
    everywhere: bool = field(default=False, compare=False, repr=False)
    real_name: str = field(default="", compare=False, repr=False)
    noted: bool = field(default=True, compare=False, repr=False)
    seen: tuple[tuple[str, int], ...] = field(default=(), compare=False, repr=False)
    marks: tuple[tuple[str, int], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameAndWent(RoomEvent):
    """The sum of the joins and leaves of a busy room that were folded; nobody did it."""

    kind = "came_and_went"
    came: int
    went: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WentAway(MemberEvent):
    """Somebody's going away from the keyboard; C{why} may be empty.

    @ivar folded: whether it is the copy for clients that keep lists of everybody: for all rooms of
        the member, and shown by these clients alone, instead of the other; also in L{CameBack}.
    """

    kind = "went_away"
    why: str
    folded: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack(MemberEvent):
    """Somebody's return to the keyboard."""

    kind = "came_back"
    folded: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(MemberEvent):
    """The change of a nickname from C{nick} to C{now}, whose key is C{key}."""

    kind = "renamed"
    now: str
    key: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduced(MemberEvent):
    """A change of what is known of somebody: the account, or the real name.

    @ivar account_name: the nickname that the member has proved, or empty.
    @ivar renamed: whether it is the real name that has changed.
    """

    kind = "introduced"
    account_name: str = field(default="", metadata=ALWAYS)
    real_name: str = field(default="", metadata=ALWAYS)
    renamed: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified(Event):
    """A change of somebody's identity; nobody is shown it.

    @ivar former: the identity until then.
    @ivar with_lines: whether everything that went by that one goes by the other one now, because a
        nickname was registered, or given up.
    """

    former: bytes
    with_lines: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Event):
    """News for watchers: somebody took a nickname, or gave it up. The id is that of the event.

    @ivar nick: the nickname that is watched.
    @ivar here: whether somebody has it now.
    @ivar folded: whether the reader was shown the other event, which tells it already.
    """

    kind = "watched"
    here: bool
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """One more device of somebody who is here: a fence, which only that device is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Event):
    """Somebody's having read a room; only the author's own devices are shown it.

    @ivar room: its name; empty for private lines.
    @ivar to: the nickname of the one person with whom those were exchanged; empty for all.
    @ivar upto: the id up to which it is read.
    @ivar ref: the client's own mark for the request, or empty.
    @ivar mark: the id up to which programs have said that it is read, which may be before C{upto}.
    @ivar to_identity: the lasting identity of the one person.
    """

    room: str
    to: str = ""
    upto: int
    ref: str = ""
    mark: int = field(default=0, compare=False, repr=False)
    to_identity: bytes = field(default=b"", compare=False, repr=False)


Batch = Sequence[Event]
"""The events of one commit, in the order of their ids."""


LATEST = 2**63 - 1
"""An id above all others."""
