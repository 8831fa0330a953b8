"""People with an IRC client, in tests, and the lines that they receive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chatservice.doors.irc.wire import tags_of
from tests.doubles import Wire

SERVER = "chatservice"
"""The source of the lines that are the server's own."""

ALL = (
    "message-tags server-time batch labeled-response echo-message account-tag account-notify "
    "away-notify extended-join multi-prefix userhost-in-names invite-notify setname "
    "standard-replies"
)
"""The capabilities on which the spelling of lines depends."""


class Line(NamedTuple):
    """A line that a client received.

    @ivar tags: by key, with their values unescaped.
    @ivar source: the source, without its colon; empty if there is none.
    """

    tags: dict[str, str]
    source: str
    verb: str
    params: list[str]

    @property
    def nick(self) -> str:
        """The nickname of the source."""
        return self.source.partition("!")[0]

    @property
    def text(self) -> str:
        """The last parameter."""
        return self.params[-1] if self.params else ""


def read(line: str) -> Line:
    """Read a line that the door sent, and check that it is well formed."""
    assert not set(line) & {"\r", "\n", "\0"}, line
    tags = {}
    if line.startswith("@"):
        spelled, _, line = line[1:].partition(" ")
        tags = dict(tags_of(spelled))
    assert len(line.encode()) <= 510, line
    source = ""
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    head, colon, last = line.partition(" :")
    verb, *params = head.split(" ")
    assert verb and all(params), line
    return Line(tags, source, verb, [*params, last] if colon else params)


class IrcPerson:
    """A person with an IRC client.

    @ivar nick: the nickname with which it has asked to join.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.nick = ""

    def sends(self, *lines: str) -> None:
        """Send lines."""
        self.wire.sends("".join(f"{line}\r\n" for line in lines).encode())

    def joins(self, nick: str, caps: str = "", password: str = "") -> None:
        """Register, with capabilities, and with the nickname's password if there is one."""
        self.nick = nick
        first = [f"CAP REQ :{caps}"] if caps else []
        if password:
            first.append(f"PASS :{password}")
        last = ["CAP END"] if caps else []
        self.sends(*first, f"NICK {nick}", f"USER {nick} 0 * :The real {nick}", *last)

    def spelled(self) -> list[str]:
        """Return the lines since the last call, as they were spelled."""
        lines = self.wire.sees().split("\r\n")
        assert lines.pop() == "", "a line without its end"
        return lines

    def sees(self) -> list[Line]:
        """Return the lines since the last call."""
        return [read(line) for line in self.spelled()]

    def asks(self, *lines: str) -> list[Line]:
        """Send lines, and return what comes then."""
        self.sees()
        self.sends(*lines)
        return self.sees()

    def numerics(self, *lines: str) -> list[str]:
        """Send lines, if any, and return the numerics since the last call, in their order."""
        self.sends(*lines)
        return [line.verb for line in self.sees() if line.verb.isdigit()]


def of(lines: Iterable[Line], *verbs: str) -> list[Line]:
    """List the lines with some verbs."""
    return [line for line in lines if line.verb in verbs]


def brief(lines: Iterable[Line]) -> list[str]:
    """Spell lines by nickname, verb and parameters, which is all that most tests ask."""
    return [" ".join((line.nick, line.verb, *line.params)) for line in lines]
