"""A chat on a terminal: keys in, a painted line and what others say out."""

import contextlib
import os
import signal
from collections.abc import Mapping
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from chatservice.client.commands import command_word, completions, holds_password
from chatservice.client.front import Descriptors, Front
from chatservice.client.requests import Waiting
from chatservice.client.view import State
from chatservice.client.wire import Error, is_own
from chatservice.protocol.counts import counted
from chatservice.protocol.events import Acted, Event, Said, Whispered
from chatservice.protocol.mentions import mentions
from chatservice.protocol.wording import spelled
from chatservice.terminal.editor import Editor, Entered, Pasted, Wish
from chatservice.terminal.keys import Key, KeyReader
from chatservice.terminal.screen import Screen
from chatservice.terminal.secret import Password, Secret

_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"  # bracketed paste (xterm)
_BELL = "\a"
_ESCAPE = 0.05
"""Seconds after which nothing that follows belongs to an escape character."""


_WINDOW = 2
"""The most pasted lines on their way: those can no longer be stopped."""

_UNASKED = 3
"""The most lines that a paste may say without a question."""


class Terminal(Front):
    """A terminal on standard input and output.

    @param descriptors: know how the terminal was before.
    @param address: where the chat is, for people.
    @param without: see L{Front}.
    """

    def __init__(
        self, *args: Any, descriptors: Descriptors, address: str, without: Mapping[str, str]
    ) -> None:
        super().__init__(*args)
        self.without = without
        self._descriptors = descriptors
        self._address = address
        self._waiting = Waiting(self.session.say, lambda _: self.session.unanswered < _WINDOW)
        self._offered: list[str] = []  # pasted, and not to be sent before Enter is pressed
        self._keys = KeyReader()
        self._editor = Editor(self._completions, holds_password)
        self._nickname = Editor(lambda _: ())  # a typed nickname is remembered nowhere
        self._secret = Secret()
        self._escape: IDelayedCall | None = None
        self._screen = Screen(*_size(), reflows=_reflows())

    # Standard input and output

    def connectionMade(self) -> None:
        self._take_terminal()
        self._redraw()

    def dataReceived(self, data: bytes) -> None:
        if self._escape is not None and self._escape.active():
            self._escape.cancel()
        unseen = self._hides  # and so is all that came with it, whatever the prompt is by then
        for key in self._keys.feed(data):
            self._press(key, unseen)
        if self._keys.may_be_escape:
            self._escape = self._clock.callLater(_ESCAPE, self._escaped)
        self._redraw()

    @property
    def _hides(self) -> bool:
        """Whether nothing that is typed is shown, until the end of a line that was begun so."""
        return self.session.secretive or self._secret.begun

    @property
    def _line(self) -> Editor:
        return self._nickname if self.session.state is State.ASKING else self._editor

    def _press(self, key: Key, unseen: bool) -> None:
        if unseen or self._hides:
            self._carry_out(self._secret.press(key))
        elif self._offered:
            self._decide(key)
        elif self._waiting and key.name == "ctrl-c":
            self.told(f"stopped: {_lines(self._waiting.stop())} not sent")
        else:
            self._carry_out(self._line.press(key))

    def _offer(self, lines: list[str]) -> None:
        """Say what was pasted; ask first, if it is long, or looks like something else."""
        if len(lines) > _UNASKED or any(map(command_word, lines)):
            self._offered = lines
        else:
            self._waiting.add(lines)

    def _decide(self, key: Key) -> None:
        """Take the answer to the question whether to say what was pasted."""
        if key.name == "enter":
            lines, self._offered = self._offered, []
            self._waiting.add(lines)
        elif key.name in ("escape", "ctrl-c"):
            self._offered = []

    def _escaped(self) -> None:
        self._press(self._keys.escape(), self._hides)
        self._redraw()

    def resized(self) -> None:
        """Take the new size of the terminal."""
        self._write(self._screen.resize(*_size()))

    def resumed(self) -> None:
        """Paint again, after the program was stopped."""
        self._take_terminal()
        self._screen.erase()  # where it was painted, the shell may have written
        self._redraw()

    def put_back(self) -> None:
        """Leave the terminal as it was, with what was said on it."""
        self._descriptors.restore()
        with contextlib.suppress(OSError):
            os.write(1, (self._screen.erase() + _PASTE_OFF).encode())

    def _take_terminal(self) -> None:
        self._descriptors.raw()
        self._write(_PASTE_ON)

    def _carry_out(self, outcome: Entered | Pasted | Password | Wish | None) -> None:
        match outcome:
            case Entered(line):
                self.session.typed(line)
            case Pasted(lines):
                self._offer(lines)
            case Password(text):
                self.session.prove(text)
            case Wish.LEAVE:
                self.session.leave()
            case Wish.CLEAR:
                self._write(self._screen.clear())
            case Wish.INTERRUPT:
                self.told("Ctrl-D or /quit leaves")
            case Wish.SUSPEND:
                self.put_back()
                os.kill(0, signal.SIGTSTP)
                self.resumed()

    def _completions(self, before: str) -> list[str]:
        places = self.session.places
        return completions(before, places.everybody - {self.session.nick}, places.shown)

    # What is shown

    def show(self, lines: list[str]) -> None:
        self._write(self._screen.show(lines))

    def happened(self, event: Event, replayed: bool) -> None:
        super().happened(event, replayed)
        if not replayed and self._log.preferences.bell and self._is_named(event):
            self._write(_BELL)

    def settled(self) -> None:
        super().settled()
        self._waiting.go_on()
        self._redraw()

    def told(self, sentence: str) -> None:
        super().told(sentence)
        self._redraw()

    def refused(self, error: Error) -> None:
        self.told(error.text)

    def nickname_refused(self, sentence: str) -> None:
        self._nickname = Editor(lambda _: ())
        self.told(sentence)

    def password_wanted(self, error: Error) -> None:
        self._secret = Secret()
        if not self.session.joined:
            # What was typed so far may have it in it.
            self._editor = Editor(self._completions, holds_password)
        self.told(error.text)

    def _is_named(self, event: Event) -> bool:
        """Tell whether somebody else says your name, or something to you in private."""
        if not isinstance(event, Said | Acted | Whispered) or is_own(event):
            return False
        return isinstance(event, Whispered) or mentions(self.session.nick, event.text)

    def _redraw(self) -> None:
        text, cursor = self._line.text, self._line.cursor
        if self._hides or self._offered:
            text, cursor = "", 0
        self._write(self._screen.edit(self._prompt(), text, cursor))

    def _prompt(self) -> str:
        """Choose what stands before the line being typed: what is wanted, or the state of things.
        """
        session = self.session
        if self._hides:
            return f"Password for {session.nick}: "
        if self._offered:
            return f"{_offer_of(self._offered)}: Enter sends them, Esc does not "
        if session.state is State.ASKING:
            return "nickname: "
        if not session.joined:
            return f"connecting to {self._address} ... "
        current = session.places.current
        return f"{self._trouble()}{spelled(current) if current else ''}> "

    def _trouble(self) -> str:
        """Say why a line that is entered now will not be said at once, if that is so."""
        if self.session.state is State.OFFLINE:
            kept = self.session.unanswered + len(self._waiting)
            return f"(offline, {_lines(kept)} kept) " if kept else "(offline) "
        if self._waiting:
            return f"({_lines(len(self._waiting))} waiting, Ctrl-C stops) "
        return ""

    def _write(self, text: str) -> None:
        self.transport.write(text.encode(errors="replace"))


def _lines(count: int) -> str:
    return counted(count, "line", "lines")


def _offer_of(lines: list[str]) -> str:
    """Say how many lines those are, and how many look like commands, which they will not be."""
    commands = sum(map(bool, map(command_word, lines)))
    as_text = f", {counted(commands, 'command', 'commands')} as text" if commands else ""
    return f"{_lines(len(lines))}{as_text}"


def _reflows() -> bool:
    """Tell whether the terminal reflows what it shows when it becomes narrower.

    Most do; xterm and GNU screen cut it off.
    """
    is_screen = "STY" in os.environ and "TMUX" not in os.environ
    return "XTERM_VERSION" not in os.environ and not is_screen


def _size() -> tuple[int, int]:
    """Find the columns and rows; 80 by 24 where the terminal does not know."""
    columns, rows = os.get_terminal_size(1)
    return columns or 80, rows or 24
