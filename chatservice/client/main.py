"""The entry point; it connects all other parts, and it alone imports the reactor."""

import contextlib
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.stdio import StandardIO

from chatservice.client.front import Descriptors, Front, open_what_is_closed
from chatservice.client.joining import Identity
from chatservice.client.link import Link, endpoints_of
from chatservice.client.options import Settings, read_command_line
from chatservice.client.pipe import Pipe
from chatservice.client.rounds import Backoff
from chatservice.client.session import Session
from chatservice.client.show import Transcript
from chatservice.client.terminal import Terminal
from chatservice.client.view import Viewer
from chatservice.protocol.names import LOBBY

_RECENT = 20
"""Lines of history that a person sees of a new room."""

_DEADLY = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Chat, then exit with the exit code, or by the signal that ended the chat."""
    open_what_is_closed()
    settings = read_command_line(sys.argv[1:], os.environ)
    client = Client(settings)
    client.run()
    if client.killed_by is not None:
        signal.signal(client.killed_by, signal.SIG_DFL)
        os.kill(os.getpid(), client.killed_by)
    if client.front.last_words:
        _complain(client.front.last_words)
    sys.exit(client.front.code)


class Client:
    """One run of the program, with everything that belongs to it.

    @ivar killed_by: the number of the signal that ended it, if one did.
    """

    def __init__(self, settings: Settings) -> None:
        self.killed_by: int | None = None
        self._settings = settings
        self._reactor = _monotonic_reactor()
        self._descriptors = Descriptors()
        self.front = self._make_front()
        endpoints = endpoints_of(self._reactor, settings.addresses, settings.trust)
        self._link = Link(endpoints, self.front.session, self._reactor, Backoff())

    def run(self) -> None:
        """Chat, and restore the terminal however the chat ends."""
        self._reactor.callWhenRunning(self._begin)
        for number in _DEADLY:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup(1)
                signal.signal(number, self._killed)
        try:
            self._reactor.run(installSignalHandlers=False)
        finally:
            self._descriptors.restore()
            if isinstance(self.front, Terminal):
                self.front.put_back()

    def _begin(self) -> None:
        StandardIO(self.front, reactor=self._reactor)
        if isinstance(self.front, Terminal):
            self._on_signal(signal.SIGWINCH, self.front.resized)
            self._on_signal(signal.SIGCONT, self.front.resumed)
        self._link.start()

    def _make_front(self) -> Front:
        no_colour = bool(os.environ.get("NO_COLOR"))
        typed, seen = os.isatty(0), os.isatty(1)
        if typed and seen and os.environ.get("TERM", "dumb") != "dumb":
            log = Transcript(time.time, colours=not no_colour)
            without = {"colour": "NO_COLOR is set"} if no_colour else {}
            common = (self._make_session, _RECENT, log, self._reactor, self._end)
            return Terminal(
                *common,
                descriptors=self._descriptors,
                address=lambda: self._link.address,
                without=without,
            )
        recent = _RECENT if typed else 0
        common = (self._make_session, recent, Transcript(time.time), self._reactor, self._end)
        commands = typed or self._settings.commands
        return Pipe(*common, typed=typed, commands=commands, complain=_complain)

    def _make_session(self, person: Viewer, recent: int) -> Session:
        is_pipe = not recent
        identity = Identity(
            self._settings.nick, self._settings.password, is_pipe, _client_name(is_pipe)
        )
        rooms = self._settings.rooms
        if is_pipe and not rooms:
            rooms = (LOBBY,)  # a program's talk must not follow its owner from room to room
        return Session(person, identity, rooms, _refs(), recent)

    def _end(self) -> None:
        self._link.stop()
        if self._reactor.running:
            self._reactor.stop()

    def _killed(self, number: int, _frame: FrameType | None) -> None:
        self.killed_by = number
        self._reactor.callFromThread(self.front.session.abandon)
        self._reactor.callFromThread(self._end)

    def _on_signal(self, number: int, action: Any) -> None:
        signal.signal(number, lambda *_: self._reactor.callFromThread(action))


def _monotonic_reactor() -> Any:
    """Return the reactor, with timers that do not move when the wall clock is set."""
    ReactorBase.seconds = staticmethod(time.monotonic)
    from twisted.internet import reactor

    return reactor


def _client_name(is_pipe: bool) -> str:
    """Choose the name of this run, which no other device of the same person may have."""
    return f"{'pipe' if is_pipe else 'terminal'}-{secrets.token_hex(4)}"


def _refs() -> Iterator[str]:
    """Generate refs for requests. Everybody sees those of talk, so none reveals another."""
    while True:
        yield secrets.token_hex(16)


def _complain(sentence: str) -> None:
    with contextlib.suppress(OSError):
        print(f"chatservice: {sentence}", file=sys.stderr, flush=True)
