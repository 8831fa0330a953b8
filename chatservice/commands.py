"""The slash commands: one small function each, in the table that C{/help} prints."""

from __future__ import annotations

import heapq
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from chatservice.events import ChatError, Event
from chatservice.journal import Page, Wanted
from chatservice.names import nearest
from chatservice.rooms import LOBBY, Member, Room
from chatservice.text import clean, clean_line, names_in_a_line, spelled

if TYPE_CHECKING:
    from chatservice.server import ChatFactory

HISTORY_LINES = 20
HISTORY_MOST = 100
WHO_MOST = 100
NAMES_MOST = 1000
LIST_MOST = 200
WIDTH = 76


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say to whoever gave it.

    @ivar lines: sentences.
    @ivar events: history that was asked for.
    @ivar rooms: rooms that were entered.
    """

    lines: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)


DONE = Answer()


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table.

    @ivar usage: how it is written, such as C{/join ROOM}.
    @ivar summary: one line for the list, and C{details} what else C{/help NAME} says.
    @ivar talk: whether it says something, which goes the way of a line and has no other answer.
    """

    name: str
    usage: str
    summary: str
    details: str
    talk: bool
    function: Callable[[Call], Answer | Deferred[Answer]]


@dataclass(frozen=True, slots=True)
class Call:
    """A command as somebody gave it.

    @ivar rest: what followed its name.
    @ivar ref: the giver's own mark for it, or empty.
    """

    chat: ChatFactory
    member: Member
    command: Command
    rest: str
    ref: str = ""

    def carry_out(self) -> Answer | Deferred[Answer]:
        """Do it.

        @raise ChatError: the member's own mistake.
        """
        return self.command.function(self)

    @property
    def room(self) -> Room:
        """The room that it is given in."""
        return current_room(self.member)

    def wrong(self) -> ChatError:
        """The error that tells how the command is written."""
        return ChatError("usage", f"use it like this: {self.command.usage}")


COMMANDS: dict[str, Command] = {}
ALIASES = {"leave": "part", "exit": "quit", "bye": "quit", "query": "msg"}


def command(
    usage: str, summary: str, details: str = "", talk: bool = False
) -> Callable[[Callable[[Call], Answer | Deferred[Answer]]], Callable[[Call], object]]:
    """Put a function into the table, under the name that its usage begins with."""

    def enter(function: Callable[[Call], Answer | Deferred[Answer]]) -> Callable[[Call], object]:
        name = usage.split()[0].removeprefix("/")
        COMMANDS[name] = Command(name, usage, summary, details, talk, function)
        return function

    return enter


def is_command(text: str) -> bool:
    """Whether a typed line is a command, and not something to say."""
    return text.startswith("/") and not text.startswith("//")


def is_goodbye(text: str) -> bool:
    """Whether a typed line is C{/quit}, by whatever name."""
    name = text.partition(" ")[0].removeprefix("/").casefold()
    return is_command(text) and ALIASES.get(name, name) == "quit"


def unescape(text: str) -> str:
    """What a line that is no command says: C{//text} is C{/text}."""
    return text.removeprefix("/") if text.startswith("//") else text


def parse(chat: ChatFactory, member: Member, line: str, ref: str = "") -> Call:
    """A typed line that is a command.

    @raise ChatError: there is no such command.
    """
    name, _, rest = clean(line).removeprefix("/").partition(" ")
    return Call(chat, member, _find(name), rest.strip(" "), ref)


def _find(name: str) -> Command:
    known = name.casefold()
    found = COMMANDS.get(ALIASES.get(known, known))
    if found is not None:
        return found
    near = nearest(known, [*COMMANDS, *ALIASES])
    hint = f"did you mean /{near}?" if near else "/help lists those there are"
    raise ChatError("unknown", f"there is no command /{clean(name)[:40]}: {hint}")


def current_room(member: Member) -> Room:
    """The room that a member's lines go to.

    @raise ChatError: there is none.
    """
    if member.current is None:
        raise ChatError("no-room", "you are in no room: /join one first, such as /join lobby")
    return member.current


def _room_of(call: Call) -> Room:
    """The room that a command names, or the current one if it names none."""
    if not call.rest:
        return call.room
    name = call.chat.room_name(call.rest)
    if name not in call.member.rooms:
        raise ChatError("no-room", f"you are not in {spelled(name)}")
    return call.member.rooms[name]


@command(
    "/join ROOM",
    "enter a room, or make it; your lines go there from then on",
    "A room that you are in already becomes the one that your lines go to.",
)
def join(call: Call) -> Answer | Deferred[Answer]:
    if not call.rest or " " in call.rest:
        raise call.wrong()
    before = set(call.member.rooms)

    def entered(_: None) -> Answer:
        room = call.room
        if room.name in before:
            return Answer([f"you are talking in {spelled(room.name)}"], rooms=[room])
        return Answer(rooms=[room])

    return call.chat.enter(call.member, call.rest).addCallback(entered)


@command("/part [ROOM]", "leave a room, the current one if you name none")
def part(call: Call) -> Answer:
    call.chat.part(call.member, _room_of(call))
    return DONE


@command("/list", "the rooms there are, with their topics")
def list_rooms(call: Call) -> Answer:
    rooms, topics = call.chat.rooms, call.chat.topics
    known = {LOBBY, *rooms, *topics}
    shown = heapq.nsmallest(LIST_MOST, known, key=lambda name: (name not in rooms, name))
    lines = []
    for name in shown:
        count = len(rooms[name].members) if name in rooms else 0
        topic = f": {topics[name].text[:WIDTH]}" if name in topics else ""
        lines.append(f"{spelled(name)} ({count:,} here){topic}")
    if len(known) > LIST_MOST:
        lines.append(f"and {len(known) - LIST_MOST:,} more")
    return Answer(lines)


@command("/names [ROOM]", "who is in a room, the current one if you name none")
def names(call: Call) -> Answer:
    room = _room_of(call)
    nicks = [member.nick for member in room.members]
    listed = names_in_a_line(sorted(nicks, key=str.casefold)[:NAMES_MOST], len(nicks))
    return Answer([f"in {spelled(room.name)} ({len(nicks):,} here):", *_wrapped(listed)])


@command(
    "/who [NICK]",
    "who is in the chat, and in which rooms",
    f"Without a nickname it lists everybody, {WHO_MOST} at most.",
)
def who(call: Call) -> Answer:
    everybody = call.chat.members.values()
    asked = [call.chat.member_named(call.rest)] if call.rest else everybody
    shown = sorted(asked, key=lambda member: member.nick.casefold())[:WHO_MOST]
    lines = [_whereabouts(member) for member in shown]
    if len(asked) > len(shown):
        lines.append(f"and {len(asked) - len(shown):,} more")
    return Answer(lines)


def _whereabouts(member: Member) -> str:
    return f"{member.nick}: {', '.join(map(spelled, member.rooms)) or 'in no room'}"


@command(
    "/topic [TEXT]",
    "what the room is about; with a text, change it",
    "/topic - clears it. The topic is kept when the chat restarts.",
)
def topic(call: Call) -> Answer:
    room = call.room
    if call.rest:
        call.chat.set_topic(call.member, room, "" if call.rest == "-" else call.rest, call.ref)
        return DONE
    set_one = call.chat.topics.get(room.name)
    if set_one is None:
        return Answer([f"{spelled(room.name)} has no topic"])
    where = spelled(room.name)
    return Answer([f"the topic of {where} is: {set_one.text} (set by {set_one.nick})"])


@command("/me TEXT", "say what you do: /me waves shows as * ada waves", talk=True)
def me(call: Call) -> Answer:
    call.chat.act(call.member, call.room, call.rest, call.ref)
    return DONE


@command(
    "/msg NICK TEXT",
    "say something to one person in private",
    "Private messages are kept for the two of you alone.",
    talk=True,
)
def msg(call: Call) -> Answer:
    nick, _, text = call.rest.partition(" ")
    if not text.strip():
        raise call.wrong()
    call.chat.whisper(call.member, call.chat.member_named(nick), text.strip(), call.ref)
    return DONE


@command("/nick NAME", "take another nickname; you stay in your rooms")
def nick(call: Call) -> Answer:
    if not call.rest:
        return Answer([f"you are {call.member.nick}"])
    call.chat.rename(call.member, call.rest)
    return DONE


@command(
    "/history [N]",
    f"the last N lines of the room, {HISTORY_LINES} if you give no number",
    f"At most {HISTORY_MOST} at a time. Times are UTC.",
)
def history(call: Call) -> Deferred[Answer]:
    wanted = call.rest or str(HISTORY_LINES)
    is_short_number = wanted.isascii() and wanted.isdigit() and len(wanted) <= 3
    if not (is_short_number and 1 <= int(wanted) <= HISTORY_MOST):
        raise ChatError("usage", f"/history takes a number from 1 to {HISTORY_MOST}")

    def answer(page: Page) -> Answer:
        return Answer([] if page.events else ["nothing was said here yet"], events=page.events)

    return call.chat.history(Wanted(of=call.room.name, limit=int(wanted))).addCallback(answer)


@command("/motd", "the message of the day")
def motd(call: Call) -> Answer:
    return Answer(list(call.chat.settings.motd) or ["there is no message of the day"])


@command("/ping", "see whether the chat is there")
def ping(call: Call) -> Answer:
    return Answer(["pong"])


@command(
    "/help [NAME]",
    "this list, or more about one command",
    "//text says /text. A line without a slash is said in the room.",
)
def help_(call: Call) -> Answer:
    if call.rest:
        return Answer(_explained(_find(call.rest.removeprefix("/"))))
    width = max(len(row.usage) for row in COMMANDS.values())
    rows = (f"{row.usage:<{width}}  {row.summary}" for row in COMMANDS.values())
    return Answer([*rows, "//text says a text that begins with a slash"])


def _explained(row: Command) -> list[str]:
    others = [f"/{alias}" for alias, name in ALIASES.items() if name == row.name]
    also = [f"The same: {', '.join(others)}."] if others else []
    return [f"{row.usage}: {row.summary}", *_wrapped(row.details), *also]


@command("/quit [WHY]", "leave the chat, with a word if you like")
def quit_(call: Call) -> Answer:
    call.chat.leave(call.member, clean_line(call.rest) if call.rest else "", goodbye=True)
    return DONE


def _wrapped(text: str) -> Iterable[str]:
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)
