"""The table of commands, and the classes and functions that the commands share."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.journal import Asker
from chatservice.chat.rooms import Device, Member, Room
from chatservice.people.account import Proof
from chatservice.protocol.aliases import ALIASES
from chatservice.protocol.events import ChatError, Event, FailedProof, Said, Times
from chatservice.protocol.names import nearest
from chatservice.protocol.query import Taken
from chatservice.protocol.sanitize import clean, command_in

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat
    from chatservice.chat.repeats import Kind
    from chatservice.people.account import Account

WIDTH = 76
"""The most columns of a line of an answer, without the C{-- } that the text door puts first."""

ALL_IGNORED = "all of it was said by people you ignore"


class ListedRoom(NamedTuple):
    """A room as C{/list} shows it.

    @ivar here: the number of people in it.
    @ivar topic: the whole topic; empty if there is none, or none that the asker is shown.
    """

    room: str
    here: int
    topic: str


class ListedPerson(NamedTuple):
    """A person as C{/who} shows them.

    @ivar rooms: the rooms that the person is in and that the asker may see.
    """

    nick: str
    rooms: list[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a command to the member who gave it.

    @ivar lines: sentences.
    @ivar events: the history that the member asked for; the sentences come after it.
    @ivar rooms: the rooms that the member entered.
    @ivar times: the times that appear in the sentences.
    @ivar scattered: whether the events may be of several rooms, so that each is shown with its own.
    @ivar taken: how a query was understood, if this answers one.
    @ivar listed: the rooms that the sentences list; C{None} if they list none.
    @ivar people: the people that the sentences list; C{None} if they list none.
    @ivar left: the number of rooms or people on further pages.
    @ivar raw: whether C{lines} are data, shown without change.
    @ivar rest: gives the next part of the answer, once this is sent; C{None} if this is the last.
    """

    lines: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    times: Times = field(default_factory=dict)
    scattered: bool = False
    taken: Taken | None = None
    listed: list[ListedRoom] | None = None
    people: list[ListedPerson] | None = None
    left: int = 0
    raw: bool = False
    rest: Callable[[], Deferred[Answer]] | None = None


DONE = Answer()


class Group(StrEnum):
    """The headings under which commands are listed, in order."""

    BASICS = "Basics"
    TALK = "Talk"
    ROOMS = "Rooms"
    PEOPLE = "People"
    YOUR_NAME = "Your name"
    HISTORY = "History"
    OPERATORS = "Operators"


Function = Callable[["Call"], Answer | Deferred[Answer]]
"""A function that carries out a command."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table.

    @ivar group: the heading under which C{/help} lists it.
    @ivar usage: how to write it, such as C{/join ROOM}.
    @ivar summary: one line for the list; C{/help NAME} adds the C{details}.
    @ivar talk: whether it says something, which is published like a line and has no other answer.
    @ivar pages: the first page in words, if the command's name and C{more} show the next page.
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
    """A command as a member gave it.

    @ivar device: the device through which the member gave it.
    @ivar rest: the text after its name.
    @ivar ref: the client's own mark for it, or empty.
    """

    chat: Chat
    device: Device
    command: Command
    rest: str
    ref: str = ""

    @property
    def member(self) -> Member:
        """The member who gave it."""
        return self.device.member

    def carry_out(self) -> Answer | Deferred[Answer]:
        """Carry out the command.

        @raise ChatError: the member made a mistake.
        """
        if self.command.pages and self.rest.casefold() == MORE:
            return self._next_page()
        return self.command.function(self)

    def _next_page(self) -> Answer | Deferred[Answer]:
        page: Function | None = self.device.pages.get(self.command.name)
        if page is None:
            sentence = f"there is no next page: {self.command.pages}"
            raise ChatError("usage", sentence)
        return page(self)

    def goes_on(self, page: Function | None, what: str) -> list[str]:
        """Remember the next page, and say how to see it.

        @param page: shows the next page; C{None} if this page is the last one.
        @param what: the next page's contents, in words.
        """
        name, pages = self.command.name, self.device.pages
        if page is None:
            self.device.pages = {each: pages[each] for each in pages if each != name}
            return []
        self.device.pages = {**pages, name: page}
        return [f"/{self.command.name} {MORE} shows {what}"]

    def was_answered(
        self, kind: Kind, place: str, text: str, manner: str = Said.kind
    ) -> bool:
        """Answer it if it is a repeat; see L{chatservice.chat.repeats.Repeats.answered}."""
        return self.chat.repeats.answered(self.device, kind, place, text, self.ref, manner)

    def tell_others(self, line: str) -> None:
        """Tell the member's other devices what the command has changed."""
        self.member.tell([f"{line} (from your {self.device.name})"], but=self.device)

    def is_wanted(self) -> bool:
        """Tell whether the member who gave the command is still here."""
        return self.chat.is_here(self.member)

    @property
    def room(self) -> Room:
        """The member's current room; see L{current_room}."""
        return current_room(self.device)

    def asker(self) -> Asker:
        """Make the asker of a query, who waits for the answer while the connection lasts."""
        return Asker(self.device.peer.origin, lambda: not self.device.is_over)

    def wrong(self) -> ChatError:
        """Make the error that tells how to write the command."""
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
    """Enter the decorated function in the table, under the name at the start of its usage."""

    def enter(function: Function) -> Callable[[Call], object]:
        name = usage.split()[0].removeprefix("/")
        COMMANDS[name] = Command(name, group, usage, summary, details, talk, pages, function)
        return function

    return enter


def is_command(text: str) -> bool:
    """Tell whether a typed line is a command, and not something to say."""
    return command_in(text) is not None


def is_goodbye(text: str) -> bool:
    """Tell whether a typed line is C{/quit} or one of its aliases."""
    name = (command_in(text) or "").partition(" ")[0].casefold()
    return ALIASES.get(name, name) == "quit"


def parse(chat: Chat, device: Device, line: str, ref: str = "") -> Call:
    """Parse a typed line that is a command.

    @raise ChatError: C{unknown}: there is no such command.
    """
    name, _, rest = (command_in(line) or "").partition(" ")
    return Call(chat, device, find(name), rest.strip(" "), ref)


def find(name: str) -> Command:
    """Find the command with a name or alias.

    @raise ChatError: C{unknown}: there is no such command.
    """
    known = name.casefold()
    found = COMMANDS.get(ALIASES.get(known, known))
    if found is not None:
        return found
    near = nearest(known, [*COMMANDS, *ALIASES])
    hint = f"did you mean /{near}?" if near else "/help lists the commands"
    raise ChatError("unknown", f"there is no command /{clean(name)[:40]}: {hint}")


def current_room(device: Device) -> Room:
    """Find the room that the lines of a device go to.

    @raise ChatError: C{no-room}: there is none.
    """
    if device.current is None:
        sentence = "you are not in a room: /join one first, such as /join lobby"
        raise ChatError("no-room", sentence, "no-current-room")
    return device.current


def room_of(call: Call) -> Room:
    """Find the room that a command names, or the current one if it names none.

    @raise ChatError: C{bad-room} or C{no-room}: the member is not in it.
    """
    return room_named(call, call.rest) if call.rest else call.room


def room_named(call: Call, text: str) -> Room:
    """Find a room of the member's by name.

    @raise ChatError: C{bad-room} or C{no-room}: the member is not in it.
    """
    name = call.chat.room_name(text)
    call.chat.permissions.check_is_in(call.member, name)
    return call.member.rooms[name]


def account_of(call: Call) -> Account:
    """Find the account that the member is logged in to.

    @raise ChatError: C{not-logged-in}: there is none.
    """
    if call.member.account is None:
        raise ChatError("not-logged-in", "you are not logged in: /register or /login first")
    return call.member.account


@inlineCallbacks
def proved_again(
    call: Call, account: Account, password: str, what: str = "your password"
) -> Generator[Deferred[Any], Any, Proof]:
    """Have a member who is logged in prove the password again.

    @param what: the password in words, for the error that says that it is wrong.
    @raise FailedProof: C{wrong-password}.
    @raise ChatError: C{not-logged-in}, C{too-many-tries}, C{busy} or C{closing}.
    """
    accounts, origin = call.chat.accounts, call.device.peer.origin
    proof: Proof
    try:
        proof = yield accounts.prove(account.nick, password, origin, call.is_wanted)
    except FailedProof as error:
        raise FailedProof(error.code, f"that is not {what}", error.of) from None
    if proof.account is not account:
        raise ChatError("not-logged-in", f"{account.nick} has just been given up")
    return proof


def wrapped(text: str) -> list[str]:
    """Wrap a text into lines of at most L{WIDTH} columns."""
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)
