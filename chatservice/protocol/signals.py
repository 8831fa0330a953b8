"""Signals: what programs tell each other while people talk, such as that somebody is typing."""

from __future__ import annotations

from dataclasses import dataclass, field

from chatservice.protocol.events import Event
from chatservice.protocol.tags import NO_TAGS, Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled(Event):
    """A message between programs, in a room or to one person, of which people see nothing.

    It is IRC's C{TAGMSG} (IRCv3, message tags), or a request or an answer of CTCP
    (draft-oakley-irc-ctcp-02, section 3), which reaches programs that speak IRC alone.

    @ivar room: the room's name; empty if it is private.
    @ivar to: the recipient's nickname, if it is private.
    @ivar text: the words of CTCP, such as C{VERSION}; empty if there are only tags.
    @ivar answer: whether the text is an answer of CTCP.
    @ivar tags: see L{Line <chatservice.protocol.events.Line>}.
    @ivar ref: the client's own mark for the request, or empty.
    @ivar to_identity: the recipient's lasting identity.
    """

    kind = "signalled"
    room: str = ""
    to: str = ""
    text: str = field(default="", repr=False)
    answer: bool = field(default=False, repr=False)
    tags: Tags = field(default_factory=lambda: NO_TAGS, compare=False)
    ref: str = ""
    to_identity: bytes = field(default=b"", compare=False, repr=False)

    @property
    def touched(self) -> tuple[str, ...]:
        return (self.room,) if self.room else ()
