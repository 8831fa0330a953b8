"""A scripted chat for tests of the client, on a real port or in memory."""

import fcntl
import itertools
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyte
from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.joining import Identity
from chatservice.client.requests import Request, encode
from chatservice.client.session import Session
from chatservice.client.view import Place, State
from chatservice.client.wire import Error
from chatservice.protocol.events import Event
from chatservice.protocol.preferences import Preferences

PATIENCE = 20.0
"""The seconds after which a wait fails."""

LOBBY = {"topic": "", "members": ["ada", "bob"], "missed": False}
MISSED = {**LOBBY, "missed": True}
"""A room in a welcome, with something missed; L{LOBBY} is one without."""


def line(kind: str, **members: Any) -> bytes:
    """Make a message as the chat would send it, without the line end."""
    return json.dumps({"type": kind, **members}).encode()


def welcome(
    fence: int = 100,
    nick: str = "ada",
    settings: dict[str, Any] | None = None,
    rate: int | None = None,
    **rooms: dict[str, Any],
) -> bytes:
    """Make a welcome to rooms, or to the lobby if none are given."""
    named = rooms or {"lobby": {"topic": "", "members": [nick], "missed": False}}
    known = {"account": None, "settings": settings or {}}
    known |= {} if rate is None else {"rate": rate}
    token = {"token": "t" * 22, "resumed": False}
    return line("welcome", id=fence, nick=nick, **known, **token, motd=[], rooms=named)


@dataclass
class Recorder:
    """A person who records what a session tells, one line for each call."""

    told_all: list[str] = field(default_factory=list)
    shown: list[Event] = field(default_factory=list)
    errors: list[Error] = field(default_factory=list)
    settled_count: int = 0
    preferences: Preferences = field(default_factory=Preferences)

    def happened(self, event: Event, replayed: bool) -> None:
        self.shown.append(event)
        self.told_all.append(f"{'old' if replayed else 'new'} {type(event).__name__} {event.id}")

    def entered(self, place: Place) -> None:
        self.told_all.append(f"entered {place.name} {sorted(place.members)}")

    def told(self, sentence: str) -> None:
        self.told_all.append(f"told {sentence}")

    def refused(self, error: Error) -> None:
        self.errors.append(error)
        self.told_all.append(f"refused {error.code}")

    def nickname_refused(self, sentence: str) -> None:
        self.told_all.append(f"nickname refused: {sentence}")

    def password_wanted(self, error: Error) -> None:
        self.told_all.append(f"password wanted: {error.code}")

    def preferred(self, preferences: Preferences) -> None:
        self.preferences = preferences

    def settings_wanted(self, names: Sequence[str]) -> None:
        self.told_all.append(f"settings {' '.join(names)}")

    def handed(self, line: str) -> None:
        self.told_all.append(f"handed {line}")

    def settled(self) -> None:
        self.settled_count += 1

    def leaving(self) -> None:
        self.told_all.append("leaving")

    def gone(self, sentence: str | None, failed: bool) -> None:
        self.told_all.append(f"gone {sentence} {failed}")

    def take(self) -> list[str]:
        """Return what was told since the last call."""
        told, self.told_all = self.told_all, []
        return told


class Hearer:
    """The other end of a connection: the requests that a session sends, as objects."""

    def __init__(self) -> None:
        self.requests: deque[dict[str, Any]] = deque()

    def send(self, request: Request) -> None:
        self.requests.append(json.loads(encode(request)))

    def take(self) -> list[dict[str, Any]]:
        """Return the requests since the last call, without their refs."""
        taken = [{k: v for k, v in r.items() if k != "ref"} for r in self.requests]
        self.requests.clear()
        return taken


class SessionCase(SynchronousTestCase):
    """Tests with a session of ada's, between a L{Recorder} and a L{Hearer}."""

    rooms: tuple[str, ...] = ("lobby",)
    recent = 20
    password: str | None = None

    def setUp(self) -> None:
        self.person = Recorder()
        self.chat = Hearer()
        refs = (f"r{number}" for number in itertools.count(1))
        identity = Identity("ada", self.password)
        self.session = Session(self.person, identity, self.rooms, refs, self.recent)

    def connect(self) -> None:
        self.session.connected(self.chat.send)

    def hear(self, *lines: bytes) -> None:
        for each in lines:
            self.session.line_received(each)

    def live(self, fence: int = 100) -> None:
        """Join, and discard what was told and sent."""
        self.connect()
        self.hear(welcome(fence, lobby=LOBBY))
        self.assertIs(self.session.state, State.LIVE)
        self.person.take()
        self.chat.take()

    def say(self, text: str) -> str:
        """Say a line, and return its ref."""
        self.session.typed(text)
        ref: str = self.chat.requests[-1]["ref"]
        return ref

    def said(self, number: int, text: str = "x", nick: str = "bob", **more: Any) -> bytes:
        return line("said", **{"id": number, "room": "lobby", "nick": nick, "text": text, **more})


class Peer:
    """A chat on a port of this machine, for one client process at a time.

    Every wait ends with an exception after L{PATIENCE}.
    """

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(PATIENCE)
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._connection: socket.socket | None = None
        self._file: Any = None
        self._next_id = int(time.time() * 1e6)

    def accept(self) -> None:
        """Take the client's next connection."""
        self._connection, _ = self._listening.accept()
        self._connection.settimeout(PATIENCE)
        self._file = self._connection.makefile("rb")

    def hears(self, kind: str = "") -> dict[str, Any]:
        """Read the next request; return an empty one if the connection has ended."""
        data = self._file.readline()
        request: dict[str, Any] = json.loads(data) if data else {}
        assert not kind or request.get("type") == kind, request
        return request

    def says(self, *lines: bytes) -> None:
        """Send lines."""
        assert self._connection is not None
        self._connection.sendall(b"".join(each + b"\n" for each in lines))

    def welcomes(self, nick: str = "ada", **rooms: dict[str, Any]) -> dict[str, Any]:
        """Accept the client, hear its hello, and welcome it; return the hello."""
        self.accept()
        hello = self.hears("hello")
        self.says(welcome(self.new_id(), nick, **rooms))
        return hello

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def said(self, nick: str, text: str, ref: str = "", room: str = "lobby", **more: Any) -> bytes:
        """Make a new event of talk."""
        members = {"room": room, "nick": nick, "text": text, "ref": ref}
        return line("said", id=self.new_id(), **members, **more)

    def acknowledges(self, nick: str = "ada") -> str:
        """Hear a line of talk, send it back as its event, and return its text."""
        request = self.hears("say")
        self.says(self.said(nick, request["text"], request["ref"], request["room"], own=True))
        text: str = request["text"]
        return text

    def hangs_up(self) -> None:
        """End the connection."""
        assert self._connection is not None
        self._file.close()
        self._connection.close()

    def close(self) -> None:
        """Close the connection and the port."""
        if self._connection is not None:
            self.hangs_up()
        self._listening.close()


DEADLY = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def mind_signals() -> None:
    """Let a program that is about to start die of signals, even if the tests ignore them.

    The tests do so as a shell's background job.
    """
    for number in DEADLY:
        signal.signal(number, signal.SIG_DFL)


COLUMNS, ROWS = 64, 10
# The terminal controls the session that the process leads, which thus gets its signals.
_ON_ITS_TERMINAL = """
import fcntl, runpy, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("chatservice", run_name="__main__")
"""


class Terminal:
    """A terminal with the client on it.

    @ivar descriptor: the terminal's own side; C{line} is the program's.
    """

    def __init__(self, *words: str, **environment: str) -> None:
        self.descriptor, self.line = pty.openpty()
        self.size(COLUMNS, ROWS, tell=False)
        self.screen = pyte.HistoryScreen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.bells = 0
        self.written = b""
        self.before = termios.tcgetattr(self.line)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_TERMINAL, *words],
            stdin=self.line,
            stdout=self.line,
            stderr=self.line,
            start_new_session=True,
            preexec_fn=mind_signals,
            # Like xterm, pyte cuts lines off when it becomes narrower.
            env={
                **os.environ,
                "TERM": "xterm",
                "XTERM_VERSION": "pyte",
                "NO_COLOR": "",
                **environment,
            },
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.descriptor)
        os.close(self.line)

    def size(self, columns: int, rows: int, tell: bool = True) -> None:
        """Change the size of the terminal."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.screen.resize(rows, columns)

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def rows(self) -> list[str]:
        """List the visible rows, without empty rows at the bottom, times and dates."""
        rows = [row.rstrip() for row in self.screen.display if not row.startswith("-- 2")]
        while rows and not rows[-1]:
            rows.pop()
        return [row[6:] if re.match(r"\d\d:\d\d ", row) else row for row in rows]

    def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Show the client's output until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (what, self.rows())
            if select.select([self.descriptor], [], [], 0.2)[0]:
                try:
                    data = os.read(self.descriptor, 65536)
                except OSError:  # every process has left the terminal
                    continue
                self.written += data
                self.bells += data.replace(b"\x1b]", b"").count(b"\a")
                self._stream.feed(data)

    def shows(self, *expected: str) -> None:
        """Wait until the last rows are these."""
        wanted = list(expected)
        self.until(lambda: self.rows()[-len(wanted) :] == wanted, str(wanted))

    def ended(self) -> int:
        """Wait until the client has ended and its output is shown, and return its exit code."""
        self.until(lambda: self.process.poll() is not None)
        self.until(lambda: not select.select([self.descriptor], [], [], 0)[0])
        return self.process.wait()


@contextmanager
def opened(peer: Peer, *words: str, **environment: str) -> Iterator[Terminal]:
    """Open a terminal with a client that has not joined yet."""
    terminal = Terminal(peer.address, "--nick", "ada", "--room", "lobby", *words, **environment)
    try:
        yield terminal
    finally:
        terminal.close()
