"""The client's requests to the chat, kept until the chat has answered."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from chatservice.client.commands import MOVES, TALK, command_word, holds_password
from chatservice.client.view import Places
from chatservice.client.wire import Ping, is_own
from chatservice.protocol.events import Acted, Noticed, Said, Talk, Whispered
from chatservice.protocol.json import LINE_BYTES, json_line
from chatservice.protocol.sanitize import TEXT_BYTES, without_controls

# A member that is None is not sent.


@dataclass(frozen=True)
class Hello:
    type: ClassVar[str] = "hello"
    nick: str
    rooms: Mapping[str, int] = field(default_factory=dict)
    token: str | None = None
    client: str | None = None
    password: str | None = field(default=None, repr=False)
    pipe: bool | None = None


@dataclass(frozen=True)
class Say:
    type: ClassVar[str] = "say"
    room: str
    text: str
    ref: str


@dataclass(frozen=True)
class Command:
    type: ClassVar[str] = "command"
    line: str
    ref: str
    room: str | None = None


@dataclass(frozen=True)
class PageRequest:
    type: ClassVar[str] = "history"
    ref: str
    before: int
    limit: int
    room: str | None = None
    after: int | None = None


SEEN = "seen"
"""The ref of all requests about read markers, which no other request has."""


@dataclass(frozen=True)
class Seen:
    """The word that a room, or private messages, are read up to an id.

    The answer is how far they are read in any case, so an id of 0 is a question.
    """

    type: ClassVar[str] = "seen"
    id: int
    room: str | None = None
    ref: str = SEEN


@dataclass(frozen=True)
class Pong:
    """The sign of life that the chat asked for."""

    type: ClassVar[str] = "pong"


Request = Hello | Say | Command | PageRequest | Seen | Ping | Pong


def encode(request: Request) -> bytes:
    """Spell a request as a line of JSON with its end."""
    members = {name: value for name, value in vars(request).items() if value is not None}
    return json_line({"type": request.type, **members})


def answers(event: Talk, request: Say | Command) -> bool:
    """Tell whether C{event} shows that what C{request} says was said.

    The recipient of a private line is not compared: the owner of the nickname that was written may
    be here under another one, and that is the one that the event names.
    """
    if not is_own(event):
        return False
    match event, request:
        case Said(), Say():
            return event.room == request.room and is_same(event.text, request.text)
        case Acted(), Command(line=line) if command_word(line) == "/me":
            here = request.room in (None, event.room)
            return here and is_same(event.text, _after_word(line))
        case Noticed(), Command(line=line) if command_word(line) == "/notice":
            return is_same(event.text, _after_word(_after_word(line)))
        case Whispered(), Command(line=line) if command_word(line) in {"/msg", "/notice"}:
            return is_same(event.text, _after_word(_after_word(line)))
    return False


def is_same(said: str, asked: str) -> bool:
    """Tell whether C{said} is what is left of C{asked} once the chat has cleaned it.

    Cleaning takes out, or makes blanks of, what is invisible, and combining marks that are too
    many. What is visible stays, in its order.
    """
    said, at = _seen(said), 0
    for char in _seen(asked):
        if said[at : at + 1] == char:
            at += 1
        elif not unicodedata.category(char).startswith("M"):
            return False
    return at == len(said)


def _seen(text: str) -> str:
    """Take the blanks, the controls and what only formats out of a text."""
    return "".join(char for char in text if unicodedata.category(char)[0] not in "CZ")


def _after_word(line: str) -> str:
    return line.lstrip(" ").partition(" ")[2]


def is_talk(request: Say | Command) -> bool:
    """Tell whether a request is answered by its event alone, and so can be sent again until that
    comes.
    """
    return isinstance(request, Say) or command_word(request.line) in TALK


def is_move(request: Say | Command) -> bool:
    """Tell whether a request is a command that may change the current room."""
    return isinstance(request, Command) and command_word(request.line) in MOVES


_HIDDEN = "(a command with a password)"


class Outgoing:
    """The requests on their way, and the lines that wait behind them."""

    def __init__(
        self, places: Places, refs: Iterator[str], refuse: Callable[[str, str], None]
    ) -> None:
        self._places = places
        self._refs = refs
        self._refuse = refuse
        self._requests: dict[str, Say | Command] = {}  # unanswered, by their refs
        self._sent: set[str] = set()  # the refs of those that this connection has sent
        self._waiting: deque[str] = deque()  # until it is known what the current room is

    def __len__(self) -> int:
        """Count the requests that were neither acknowledged nor refused."""
        return len(self._requests) + len(self._waiting)

    def lines(self) -> list[str]:
        """List what was neither acknowledged nor refused, as it was typed, but for passwords."""
        requests = self._requests.values()
        typed = [each.text if isinstance(each, Say) else each.line for each in requests]
        return [_HIDDEN if holds_password(line) else line for line in [*typed, *self._waiting]]

    @property
    def moving(self) -> bool:
        """Whether nobody knows yet which the current room will be."""
        return any(map(is_move, self._requests.values()))

    def wait(self, line: str) -> None:
        """Have a typed line wait until it is known where it goes."""
        self._waiting.append(line)

    def take_waiting(self) -> deque[str]:
        """Take the lines that waited, in order."""
        lines, self._waiting = self._waiting, deque()
        return lines

    def say(self, text: str) -> None:
        """Say a text in the current room, whatever it begins with."""
        text = without_controls(text)
        if not self._places.current and self._places.shown:
            self._refuse("no-room", "you are not in the room that these lines are for")
        elif not self._places.current:
            self._refuse("no-room", "you are not in a room: /join one first")
        elif len(text.encode()) > TEXT_BYTES:
            self._refuse("too-long", f"a line must have at most {TEXT_BYTES:,} bytes: not sent")
        else:
            self._add(Say(room=self._places.current, text=text, ref=next(self._refs)))

    def command(self, line: str, offline: bool) -> None:
        """Have a command carried out.

        @param offline: whether there is no connection.
        """
        word = command_word(line)
        room = None if word == "/join" else self._places.current or None
        request = Command(line=line, ref=next(self._refs), room=room)
        if len(encode(request)) > LINE_BYTES:
            self._refuse("too-long", "that is too long for one line: not sent")
        elif offline and not is_talk(request):
            self._refuse("offline", f"there is no connection: {word} was not carried out")
        else:
            self._add(request)

    def _add(self, request: Say | Command) -> None:
        self._requests[request.ref] = request

    def to_send(self) -> list[Say | Command]:
        """List the requests that this connection has not seen; from now on, it has."""
        waiting = [request for ref, request in self._requests.items() if ref not in self._sent]
        self._sent.update(request.ref for request in waiting)
        return waiting

    def asked(self, ref: str) -> Say | Command | None:
        """Find the request with a ref, if it waits for its answer."""
        return self._requests.get(ref)

    def answered(self, ref: str) -> Say | Command | None:
        """Take out the request that was answered; C{None} if there is none with this ref."""
        self._sent.discard(ref)
        return self._requests.pop(ref, None)

    def acknowledged(self, event: Talk) -> bool:
        """Take out the request that the event acknowledges; false if there was none."""
        request = self._requests.get(event.ref)
        if request is None or not answers(event, request):
            return False
        self.answered(event.ref)
        return True

    def connection_lost(self) -> None:
        """Keep the talk, to be sent again, and refuse the commands."""
        self._sent.clear()
        commands = [ref for ref, request in self._requests.items() if not is_talk(request)]
        for ref in commands:
            del self._requests[ref]
            self._refuse("offline", "connection lost before the command was answered")


class Waiting:
    """A queue of lines, each of which is sent as soon as it may go."""

    def __init__(self, send: Callable[[str], None], may: Callable[[str], bool]) -> None:
        self._send = send
        self._may = may
        self._lines: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, lines: Iterable[str]) -> None:
        """Have these lines wait behind the others."""
        self._lines.extend(lines)
        self.go_on()

    def go_on(self) -> None:
        """Send what may be sent by now."""
        while self._lines and self._may(self._lines[0]):
            self._send(self._lines.popleft())

    def stop(self) -> int:
        """Send nothing more of it; how many lines those are."""
        count = len(self._lines)
        self._lines.clear()
        return count
