"""Standard input and output as the person of a session, and the state of the terminal."""

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
"""Exit codes; 2 means a wrong command line."""

_FAREWELL = 5.0
"""Seconds of silence after which the client no longer waits for its goodbye to be answered."""

READ = 3.0
"""Seconds after which the chat is told that lines on the screen were read."""

_IFLAG, _LFLAG, _CC = 0, 3, 6  # indices into what tcgetattr returns


class MakeSession(TypingProtocol):
    """Maker of the session of a person, who wants to see C{recent} lines of history."""

    def __call__(self, person: Viewer, recent: int) -> Session: ...


@implementer(IHalfCloseableProtocol)
class Front(Protocol):
    """A person on standard input and output; see L{Viewer}.

    @cvar without: the settings that have no effect here, and why.
    @ivar code: the exit code, once everything is over.
    @ivar last_words: a last sentence for standard error, or C{None}.
    """

    transport: StandardIO
    without: Mapping[str, str] = {}

    def __init__(
        self,
        make_session: MakeSession,
        recent: int,
        log: Transcript,
        clock: IReactorTime,
        done: Callable[[], None],
    ) -> None:
        """Make the session; C{done} is called once, when everything has been written."""
        self.session = make_session(self, recent)
        self.code = GOODBYE
        self.last_words: str | None = None
        self._log = log
        self._clock = clock
        self._done = done
        self._output_lost = False
        self._patience: IDelayedCall | None = None
        self._telling: IDelayedCall | None = None

    @abstractmethod
    def show(self, lines: list[str]) -> None:
        """Write lines, none of which is empty or contains a line end."""

    @abstractmethod
    def refused(self, error: Error) -> None:
        """See L{Viewer.refused}."""

    @abstractmethod
    def nickname_refused(self, sentence: str) -> None:
        """See L{Viewer.nickname_refused}."""

    @abstractmethod
    def password_wanted(self, error: Error) -> None:
        """See L{Viewer.password_wanted}."""

    # Calls from the session

    def happened(self, event: Event, replayed: bool) -> None:
        current = self.session.places.current
        self.show(self._log.event(event, self.session.nick, current, replayed))
        self._read_soon()

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
        self._read_soon()

    def _read_soon(self) -> None:
        """Tell the chat in a while what was read, once for all lines that come until then."""
        if self._telling is None and self.session.has_read:
            self._telling = self._clock.callLater(READ, self._tell_read)

    def _tell_read(self) -> None:
        self._stop_telling()
        self.session.tell_read()

    def _stop_telling(self) -> None:
        if self._telling is not None and self._telling.active():
            self._telling.cancel()
        self._telling = None

    def leaving(self) -> None:
        self._tell_read()
        self._patience = self._clock.callLater(_FAREWELL, self.session.disconnected)

    def gone(self, sentence: str | None, failed: bool) -> None:
        self.last_words = sentence
        self._stop_telling()
        if failed:
            self.code = NOT_JOINED
        if self._output_lost:
            self._done()
        else:
            self.transport.loseConnection()

    # Calls from standard input and output

    def readConnectionLost(self) -> None:
        self.session.leave()

    def writeConnectionLost(self) -> None:
        self._output_lost = True
        self.session.leave()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._done()


class Descriptors:
    """The modes that standard input, output and error had at first; see fcntl(2), termios(3)."""

    def __init__(self) -> None:
        self._blocking: dict[int, bool] = {}
        for descriptor in (0, 1, 2):
            with contextlib.suppress(OSError):  # closed
                self._blocking[descriptor] = os.get_blocking(descriptor)
        self._modes: list[Any] | None = None

    def raw(self) -> None:
        """Make the terminal on standard input deliver every key at once and without echo.

        Output processing stays on, so that what other programs write still looks right.
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
        """Restore the modes that were found at first."""
        for descriptor, blocking in self._blocking.items():
            with contextlib.suppress(OSError):
                os.set_blocking(descriptor, blocking)
        if self._modes is not None:
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(0, termios.TCSADRAIN, self._modes)


def open_what_is_closed() -> None:
    """Open C{/dev/null} for each standard stream that the shell has closed (C{>&-}).

    Otherwise the first file or connection to be opened would take its descriptor.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
