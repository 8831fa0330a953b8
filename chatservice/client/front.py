"""Standard input and output, and the session behind them."""

from __future__ import annotations

import contextlib
import os
import termios
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from typing import Protocol as TypingProtocol

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.client.session import Session
from chatservice.client.show import Transcript, setting_told
from chatservice.client.view import Place, Viewer
from chatservice.client.wire import Error
from chatservice.protocol.events import Event
from chatservice.protocol.preferences import Preferences

GOODBYE, NOT_JOINED, REFUSED = 0, 1, 3
"""Exit codes; 2 is for a command line that makes no sense."""

_FAREWELL = 5.0
"""Seconds of silence after which a goodbye is not waited for any longer."""


class MakeSession(TypingProtocol):
    """A maker of sessions, for a person who wants to see some lines of recent history."""

    def __call__(self, person: Viewer, recent: int) -> Session: ...


@implementer(IHalfCloseableProtocol)
class Front(Protocol):
    """A person on standard input and output; see L{Viewer}.

    @ivar code: the exit code, once everything was written.
    @ivar last_words: a sentence for standard error, or C{None}.
    """

    transport: StandardIO
    without: Mapping[str, str] = {}
    """The settings that have no effect here, and why."""

    def __init__(
        self,
        make_session: MakeSession,
        recent: int,
        log: Transcript,
        clock: IReactorTime,
        done: Callable[[], None],
    ) -> None:
        self.session = make_session(self, recent)
        self.code = GOODBYE
        self.last_words: str | None = None
        self._log = log
        self._clock = clock
        self._done = done
        self._output_lost = False
        self._patience: IDelayedCall | None = None

    @abstractmethod
    def show(self, lines: list[str]) -> None:
        """Write lines, none of which has an end or is empty."""

    @abstractmethod
    def refused(self, error: Error) -> None:
        """See `Viewer.refused`."""

    @abstractmethod
    def nickname_refused(self, sentence: str) -> None:
        """See `Viewer.nickname_refused`."""

    @abstractmethod
    def password_wanted(self, error: Error) -> None:
        """See `Viewer.password_wanted`."""

    # What the session tells

    def happened(self, event: Event, replayed: bool) -> None:
        current = self.session.places.current
        self.show(self._log.event(event, self.session.nick, current, replayed))

    def entered(self, place: Place) -> None:
        self.show(self._log.room(place, self.session.nick))

    def told(self, sentence: str) -> None:
        self.show(self._log.notice(sentence))

    def preferred(self, preferences: Preferences) -> None:
        self._log.preferences = preferences

    def settings_wanted(self, names: Sequence[str]) -> None:
        for name in names:
            self.told(setting_told(self._log.preferences, name, self.without))

    def handed(self, line: str) -> None:
        self.show([line])

    def settled(self) -> None:
        if self._patience is not None and self._patience.active():
            self._patience.reset(_FAREWELL)

    def leaving(self) -> None:
        self._patience = self._clock.callLater(_FAREWELL, self.session.disconnected)

    def gone(self, sentence: str | None, failed: bool) -> None:
        self.last_words = sentence
        if failed:
            self.code = NOT_JOINED
        if self._output_lost:
            self._done()
        else:
            self.transport.loseConnection()

    # What standard input and output tell

    def readConnectionLost(self) -> None:
        self.session.leave()

    def writeConnectionLost(self) -> None:
        self._output_lost = True
        self.session.leave()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._done()


_IFLAG, _LFLAG, _CC = 0, 3, 6


def open_what_is_closed() -> None:
    """Open C{/dev/null} for each standard descriptor that the shell has closed (C{>&-}).

    Otherwise the first file or connection that is opened would be standard input or output.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


class Descriptors:
    """Remembers how standard input, output and error were set: see fcntl(2) and termios(3)."""

    def __init__(self) -> None:
        self._blocking: dict[int, bool] = {}
        for descriptor in (0, 1, 2):
            with contextlib.suppress(OSError):  # closed
                self._blocking[descriptor] = os.get_blocking(descriptor)
        self._modes: list[Any] | None = None

    def raw(self) -> None:
        """Have the terminal on standard input hand over every key, unseen and at once.

        Its output stays processed, so what others write to it looks as it should.
        """
        modes = termios.tcgetattr(0)
        if self._modes is None:
            self._modes = [*modes[:_CC], list(modes[_CC])]
        modes[_IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
        modes[_LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        modes[_CC][termios.VMIN], modes[_CC][termios.VTIME] = 1, 0
        termios.tcsetattr(0, termios.TCSADRAIN, modes)
        for descriptor in (0, 1):
            os.set_blocking(descriptor, False)

    def restore(self) -> None:
        """Put everything back as it was."""
        for descriptor, blocking in self._blocking.items():
            with contextlib.suppress(OSError):
                os.set_blocking(descriptor, blocking)
        if self._modes is not None:
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(0, termios.TCSADRAIN, self._modes)
