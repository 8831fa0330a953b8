"""A chat without a terminal: it says the lines of standard input and writes plain lines."""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from chatservice.client.commands import GOODBYE, command_word
from chatservice.client.front import REFUSED, Front
from chatservice.client.options import PASSWORD_VARIABLE
from chatservice.client.requests import Waiting
from chatservice.client.wire import Error
from chatservice.protocol.counts import counted
from chatservice.protocol.json import LINE_BYTES

WINDOW, WINDOW_MOST = 8, 64
"""The least and the greatest size of the window of lines sent but not yet acknowledged."""

_REPORT = 1.0
"""Seconds between two reports of how many lines are waiting."""


class Pipe(Front):
    """A person or program on standard input and output that are not both a terminal."""

    without = dict.fromkeys(("colour", "bell"), "this is plain text")

    def __init__(
        self, *args: Any, typed: bool, commands: bool, complain: Callable[[str], None]
    ) -> None:
        """Wait for input.

        @param typed: whether a person types the lines.
        @param commands: whether lines that begin with a slash are commands, rather than text.
        @param complain: writes a sentence to standard error.
        """
        super().__init__(*args)
        self._typed = typed
        self._commands = commands
        self._complain = complain
        self._rest = b""
        self._waiting = Waiting(self._take, self._may_take)
        self._ended = False
        self._report: IDelayedCall | None = None
        self._sent = 0
        self._taken = 0  # lines that the chat had accepted at the last report

    # Standard input

    def dataReceived(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LINE_BYTES]  # anything longer is refused anyway
        self._queue(lines)

    def readConnectionLost(self) -> None:
        self._ended = True
        self._queue([self._rest])

    def _queue(self, lines: list[bytes]) -> None:
        self._waiting.add(line.decode(errors="replace") for line in lines)
        self.settled()

    def settled(self) -> None:
        """Send the lines that may go now; if none is left, read on, or leave after the last."""
        super().settled()
        self._waiting.go_on()
        if self._waiting:
            self.transport.pauseProducing()
            if self._report is None:
                self._report = self._clock.callLater(_REPORT, self._report_waiting)
        elif not self._ended:
            self.transport.resumeProducing()
        elif self.session.joined and not self.session.unanswered:
            self.session.leave()

    def _may_take(self, line: str) -> bool:
        """Tell whether the next line may go. A program says goodbye after everything else."""
        ends = self._commands and command_word(line) == GOODBYE and not self._typed
        under_way = self.session.unanswered
        # Lines that may be commands wait in the session, which refuses them if the move fails.
        is_settled = self._commands or not self.session.moving
        is_ready = self._typed or (self.session.joined and is_settled)
        return is_ready and under_way < (1 if ends else self._window)

    @property
    def _window(self) -> int:
        """The most lines on their way: as many as the chat reads in a second, within limits."""
        rate = self.session.rate or WINDOW_MOST
        return min(max(rate, WINDOW), WINDOW_MOST)

    def _report_waiting(self) -> None:
        """Report the progress, once a second while lines are waiting; a build may depend on it."""
        self._report = None
        if not self._waiting:
            return
        before, self._taken = self._taken, self._sent - self.session.unanswered
        count = len(self._waiting) + self.session.unanswered
        waiting = counted(count, "line is waiting", "lines are waiting")
        self._complain(f"{waiting}; the chat accepts {self._taken - before:,} a second")
        self._report = self._clock.callLater(_REPORT, self._report_waiting)

    def _take(self, line: str) -> None:
        self._sent += 1
        if self._commands:
            self.session.typed(line)
        elif line.strip():
            self.session.say(line)

    # Standard output and error

    def show(self, lines: list[str]) -> None:
        self.transport.write("".join(f"{line}\n" for line in lines).encode())

    def refused(self, error: Error) -> None:
        if error.code == "empty":
            return
        self._complain(error.text)
        if not self._typed:
            self.code = REFUSED

    def nickname_refused(self, sentence: str) -> None:
        if self._typed:
            self.told(f"{sentence}; type another nickname")
        else:
            self._give_up(sentence)

    def password_wanted(self, error: Error) -> None:
        """Give up: a typed password would be visible here, and a program cannot be asked."""
        sentence = error.text
        if error.code == "password-needed":
            sentence = (
                f"{self.session.nick} is a registered nickname: give its password "
                f"with --password-file FILE, or in {PASSWORD_VARIABLE}."
            )
        self._give_up(sentence)

    def gone(self, sentence: str | None, failed: bool) -> None:
        """Count lines that the chat did not confirm as refused, as they may not have been said."""
        if self._report is not None:
            self._report.cancel()
            self._report = None
        if self.session.unanswered and not self._typed:
            self.code = REFUSED
        super().gone(sentence, failed)

    def _give_up(self, sentence: str) -> None:
        self.session.abandon()
        self.gone(sentence, failed=True)
