"""The table of verbs, and one call of a verb."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from twisted.internet.defer import Deferred
from twisted.words.protocols import irc

from chatservice.chat.access import Person
from chatservice.chat.rooms import Device, Member, Room
from chatservice.doors.irc.client import Told
from chatservice.doors.irc.registration import RegisteringClient
from chatservice.doors.irc.wire import Message, middle
from chatservice.protocol.events import ChatError
from chatservice.protocol.sanitize import without_controls

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

QUERY, SCAN = 0.2, 5.0
"""The lines of the flood limit that a question about one thing costs, and one about everything."""


def line(_: str) -> float:
    """Tell the cost of a line that says or does something."""
    return 1.0


def query(_: str) -> float:
    """Tell the cost of a question about one thing."""
    return QUERY


def scan(first: str) -> float:
    """Tell the cost of a question about everything, unless it is about some rooms by name."""
    is_by_name = first.startswith("#") and not set("*?") & set(first)
    return QUERY * (1 + first.count(",")) if is_by_name else SCAN


def lookup(first: str) -> float:
    """Tell the cost of a question about people, which is small if it is about one nickname."""
    is_nick = first not in ("", "0") and not set("*?#") & set(first)
    return QUERY if is_nick else scan(first)


Cost: TypeAlias = Callable[[str], float]
"""A function that tells, given the first parameter, how many lines of the flood limit it costs."""

Function: TypeAlias = Callable[["Call"], Told | Deferred[Any]]
"""A function that carries out a verb, and returns the lines of its answer. Those of a generator
are made, and sent, a part at a time."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A row of the table.

    @ivar least: the fewest parameters.
    @ivar early: whether it is understood before the client has joined.
    @ivar late: whether it is understood afterwards.
    @ivar cost: how many lines it counts for in the flood limit.
    @ivar talk: whether it says something, which is answered by nothing but an echo.
    """

    name: str
    function: Function
    least: int
    early: bool
    late: bool
    cost: Cost
    talk: bool


VERBS: dict[str, Verb] = {}


def verb(
    name: str,
    least: int = 0,
    cost: Cost = line,
    early: bool = False,
    late: bool = True,
    talk: bool = False,
) -> Callable[[Function], Function]:
    """Enter the decorated function in the table."""

    def enter(function: Function) -> Function:
        VERBS[name] = Verb(name, function, least, early, late, cost, talk)
        return function

    return enter


@dataclass(slots=True)
class Call:
    """A verb as a client sent it.

    @ivar label: the label that its answer must have, or empty.
    """

    session: RegisteringClient
    message: Message
    label: str = ""

    @property
    def chat(self) -> Chat:
        """The chat."""
        return self.session.chat

    @property
    def device(self) -> Device:
        """The device of the member who sent it."""
        assert self.session.device is not None
        return self.session.device

    @property
    def member(self) -> Member:
        """The member who sent it."""
        return self.device.member

    def param(self, index: int) -> str:
        """Read a parameter; empty if it is missing."""
        return self.message.param(index)

    def listed(self, index: int) -> list[str]:
        """Read a parameter that is a list with commas, without what is there twice."""
        param = self.param(index)
        if "," not in param:
            return [param] if param else []
        return list(dict.fromkeys(filter(None, param.split(","))))

    def numeric(self, numeric: str, *params: str, text: str | None = None) -> str:
        """Spell a numeric reply; C{params} of the client's own are to be L{middle}."""
        return self.session.numeric(numeric, *params, text=text)

    def for_each(
        self, targets: Iterable[str], function: Callable[[str], Iterable[str] | None]
    ) -> list[str]:
        """Do something for each of several targets; what is refused costs the others nothing."""
        lines: list[str] = []
        for target in targets:
            self.session.about(target)
            try:
                lines += function(target) or ()
            except ChatError as error:
                lines += self.session.error_lines(error)
        return lines

    def room(self, name: str) -> Room:
        """Find a room that is there, by name.

        @raise ChatError: C{bad-room}; there is none, or none that the member may know of.
        """
        self.session.about(name)
        if not name.startswith("#"):
            raise no_room()
        known = self.chat.room_name(name)
        room = self.chat.rooms.get(known)
        if room is None:
            raise no_room()
        return room

    def own_room(self, name: str) -> Room:
        """Find a room of the member's, by name.

        @raise ChatError: C{bad-room}, or C{no-room}: the member is not in it.
        """
        room = self.room(name)
        self.chat.permissions.check_is_in(self.member, room.name)
        return room

    def person(self, nick: str) -> Person:
        """Find somebody who is here or registered, by nickname; never one who only looks alike.

        @raise ChatError: C{no-nick}.
        """
        self.session.about(nick)
        person = self.chat.nicknames.person(nick)
        if person is None or person.nick.casefold() != nick.casefold():
            raise ChatError("no-nick", "there is no such nick")
        return person

    def present(self, nick: str) -> Member:
        """Find somebody who is here, by nickname.

        @raise ChatError: C{no-nick}.
        """
        member = self.person(nick).member
        if member is None:
            raise ChatError("no-nick", "there is no such nick")
        return member

    def fail(self, code: str, *about: str, text: str) -> str:
        """Spell a failure of a verb whose specification asks for C{FAIL} (IRCv3, standard-replies).

        @param about: what it is about, as the peer sent it.
        """
        verb = middle(self.message.verb)
        words = " ".join(("FAIL", verb, code, *map(middle, about)))
        return f":{self.session.server} {words} :{without_controls(text)}"

    def too_few(self) -> str:
        """Spell that parameters are missing."""
        verb = middle(self.message.verb)
        return self.numeric(irc.ERR_NEEDMOREPARAMS, verb, text="parameters are missing")


def no_room() -> ChatError:
    """Make the error for a room that is not there."""
    return ChatError("bad-room", "there is no such channel")


def is_channel(target: str) -> bool:
    """Tell whether a target is a room, and not a person."""
    return target.startswith("#")
