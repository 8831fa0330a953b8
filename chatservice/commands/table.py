"""The table of commands, what a row of it is, and what the commands share."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.journal import Asker
from chatservice.chat.rooms import Member, Room
from chatservice.people.account import Proof
from chatservice.protocol.aliases import ALIASES
from chatservice.protocol.events import ChatError, Event, FailedProof, Times
from chatservice.protocol.names import nearest
from chatservice.protocol.query import Taken
from chatservice.protocol.sanitize import clean, command_in

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat
    from chatservice.chat.repeats import Kind
    from chatservice.people.account import Account

WIDTH = 76
"""The most columns of a line of an answer, which the text door begins with C{-- }."""

ALL_IGNORED = "all of it was said by people you ignore"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a command to the member who gave it.

    @ivar lines: sentences.
    @ivar events: the history that was asked for; the sentences come after it.
    @ivar rooms: the rooms that were entered.
    @ivar times: those in the sentences.
    @ivar scattered: whether the events are of several rooms, so that each is shown with its own.
    @ivar taken: the query as it was taken, if this answers one.
    @ivar raw: whether C{lines} are data, to be shown as they are.
    @ivar rest: makes the next part, once this is sent; C{None} if this was the last.
    """

    lines: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    times: Times = field(default_factory=dict)
    scattered: bool = False
    taken: Taken | None = None
    raw: bool = False
    rest: Callable[[], Deferred[Answer]] | None = None


DONE = Answer()


class Group(StrEnum):
    """The headings that commands are listed under, in their order."""

    BASICS = "Basics"
    TALK = "Talk"
    ROOMS = "Rooms"
    PEOPLE = "People"
    YOUR_NAME = "Your name"
    HISTORY = "History"
    OPERATORS = "Operators"


Function = Callable[["Call"], Answer | Deferred[Answer]]
"""Carries a command out."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table.

    @ivar group: the heading in C{/help}.
    @ivar usage: the way to write it, such as C{/join ROOM}.
    @ivar summary: one line for the list.
    @ivar details: further sentences for C{/help NAME}.
    @ivar talk: whether it says something, which goes the way of a line and has no other answer.
    @ivar pages: the first page in words, if its name and C{more} show what follows the last one.
    """

    name: str
    group: Group
    usage: str
    summary: str
    details: str
    talk: bool
    pages: str
    function: Function


@dataclass(frozen=True, slots=True)
class Call:
    """A command as somebody gave it.

    @ivar rest: what followed its name.
    @ivar ref: the giver's own mark for it, or empty.
    """

    chat: Chat
    member: Member
    command: Command
    rest: str
    ref: str = ""

    def carry_out(self) -> Answer | Deferred[Answer]:
        """Do it.

        @raise ChatError: the member's own mistake.
        """
        if self.command.pages and self.rest.casefold() == MORE:
            return self._next_page()
        return self.command.function(self)

    def _next_page(self) -> Answer | Deferred[Answer]:
        page: Function | None = self.member.pages.get(self.command.name)
        if page is None:
            sentence = f"there is no next page: {self.command.pages}"
            raise ChatError("usage", sentence)
        return page(self)

    def goes_on(self, page: Function | None, what: str) -> list[str]:
        """Remember the page that follows, and say how to see it.

        @param page: shows it; C{None} if this page is the last one.
        @param what: its contents, in words.
        """
        if page is None:
            self.member.pages.pop(self.command.name, None)
            return []
        self.member.pages[self.command.name] = page
        return [f"/{self.command.name} {MORE} shows {what}"]

    def was_answered(self, kind: Kind, place: str, text: str) -> bool:
        """Tell whether it was carried out before; see L{chatservice.chat.repeats.Repeats.answered}.
        """
        return self.chat.repeats.answered(self.member, kind, place, text, self.ref)

    def is_wanted(self) -> bool:
        """Tell whether the member still waits for the answer."""
        return self.chat.is_here(self.member)

    @property
    def room(self) -> Room:
        """The room that it is given in."""
        return current_room(self.member)

    def asker(self) -> Asker:
        """Name the one who waits for the answer, while the connection lasts."""
        member, door = self.member, self.member.door
        return Asker(member.origin, lambda: member.door is door)

    def wrong(self) -> ChatError:
        """Make the error that tells how the command is written."""
        return ChatError("usage", f"use it like this: {self.command.usage}")


COMMANDS: dict[str, Command] = {}
MORE = "more"


def command(
    group: Group,
    usage: str,
    summary: str,
    details: str = "",
    talk: bool = False,
    pages: str = "",
) -> Callable[[Function], Callable[[Call], object]]:
    """Put a function into the table, under the name that its usage begins with."""

    def enter(function: Function) -> Callable[[Call], object]:
        name = usage.split()[0].removeprefix("/")
        COMMANDS[name] = Command(name, group, usage, summary, details, talk, pages, function)
        return function

    return enter


def is_command(text: str) -> bool:
    """Tell whether a typed line is a command, and not something to say."""
    return command_in(text) is not None


def is_goodbye(text: str) -> bool:
    """Tell whether a typed line is C{/quit}, by whatever name."""
    name = (command_in(text) or "").partition(" ")[0].casefold()
    return ALIASES.get(name, name) == "quit"


def parse(chat: Chat, member: Member, line: str, ref: str = "") -> Call:
    """Parse a typed line that is a command.

    @raise ChatError: C{unknown-command}.
    """
    name, _, rest = (command_in(line) or "").partition(" ")
    return Call(chat, member, find(name), rest.strip(" "), ref)


def find(name: str) -> Command:
    """Find the command of a name or alias.

    @raise ChatError: C{unknown-command}.
    """
    known = name.casefold()
    found = COMMANDS.get(ALIASES.get(known, known))
    if found is not None:
        return found
    near = nearest(known, [*COMMANDS, *ALIASES])
    hint = f"did you mean /{near}?" if near else "/help lists the commands"
    raise ChatError("unknown", f"there is no command /{clean(name)[:40]}: {hint}")


def current_room(member: Member) -> Room:
    """Find the room that a member's lines go to.

    @raise ChatError: C{no-room}.
    """
    if member.current is None:
        sentence = "you are not in a room: /join one first, such as /join lobby"
        raise ChatError("no-room", sentence, "no-current-room")
    return member.current


def room_of(call: Call) -> Room:
    """Find the room that a command names, or the current one if it names none.

    @raise ChatError: C{no-room}: the member is not in it.
    """
    return room_named(call, call.rest) if call.rest else call.room


def room_named(call: Call, text: str) -> Room:
    """Find the room of a name.

    @raise ChatError: C{no-room}: the member is not in it.
    """
    name = call.chat.room_name(text)
    call.chat.permissions.check_is_in(call.member, name)
    return call.member.rooms[name]


def account_of(call: Call) -> Account:
    """Find the account that the member has proved.

    @raise ChatError: there is none.
    """
    if call.member.account is None:
        raise ChatError("not-logged-in", "you are not logged in: /register or /login first")
    return call.member.account


@inlineCallbacks
def proved_again(
    call: Call, account: Account, password: str, what: str = "your password"
) -> Generator[Deferred[Any], Any, Proof]:
    """Prove that a member, who is logged in, still knows the password.

    @param what: the password in words, for the sentence that says that this is not it.
    """
    accounts, origin = call.chat.accounts, call.member.origin
    proof: Proof
    try:
        proof = yield accounts.prove(account.nick, password, origin, call.is_wanted)
    except FailedProof as error:
        raise FailedProof(error.code, f"that is not {what}", error.of) from None
    if proof.account is not account:
        raise ChatError("not-logged-in", f"{account.nick} has just been given up")
    return proof


def wrapped(text: str) -> list[str]:
    """Wrap a text into lines of at most L{WIDTH}."""
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)
