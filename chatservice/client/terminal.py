"""A chat on a terminal: keys in, the line being typed and the talk out."""

import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from chatservice.client.commands import command_word, completions, holds_password
from chatservice.client.front import Descriptors, Front
from chatservice.client.requests import Waiting
from chatservice.client.view import State
from chatservice.client.wire import Error, is_own
from chatservice.protocol.counts import counted
from chatservice.protocol.events import Event, Line, Whispered
from chatservice.protocol.mentions import mentions
from chatservice.protocol.wording import spelled
from chatservice.terminal.editor import Editor, Entered, Pasted, Wish
from chatservice.terminal.keys import Key, KeyReader
from chatservice.terminal.screen import Screen
from chatservice.terminal.secret import Password, Secret

_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"  # bracketed paste (xterm)
_BELL = "\a"
_ESCAPE = 0.05
"""Seconds after an escape character within which the rest of a sequence must arrive."""

_WINDOW = 2
"""The most pasted lines on their way at once, which can no longer be stopped."""

_UNASKED = 3
"""The most pasted lines that are said without asking first."""


class Terminal(Front):
    """A person at a terminal on standard input and output."""

    def __init__(
        self,
        *args: Any,
        descriptors: Descriptors,
        address: Callable[[], str],
        without: Mapping[str, str],
    ) -> None:
        """Begin with an empty line.

        @param descriptors: remembers the modes of the terminal, to restore them.
        @param address: returns the address of the chat, as people write it, that is tried now.
        @param without: see L{Front}.
        """
        super().__init__(*args)
        self.without = without
        self._descriptors = descriptors
        self._address = address
        self._waiting = Waiting(self.session.say, lambda _: self.session.unanswered < _WINDOW)
        self._offered: list[str] = []  # pasted, and not sent until Enter is pressed
        self._keys = KeyReader()
        self._editor = Editor(self._completions, holds_password)
        self._nickname = Editor(lambda _: ())  # remembers no nickname that was typed
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
        unseen = self._hides  # so are all keys that came together, even if the prompt changes
        for key in self._keys.feed(data):
            self._press(key, unseen)
        if self._keys.may_be_escape:
            self._escape = self._clock.callLater(_ESCAPE, self._escaped)
        self._redraw()

    @property
    def _hides(self) -> bool:
        """Whether typed text is invisible, to the end of a line that was begun so."""
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
        """Say pasted lines; ask first if they are many, or look like commands."""
        if len(lines) > _UNASKED or any(map(command_word, lines)):
            self._offered = lines
        else:
            self._waiting.add(lines)

    def _decide(self, key: Key) -> None:
        """Take the answer to the question whether to say the pasted lines."""
        if key.name == "enter":
            lines, self._offered = self._offered, []
            self._waiting.add(lines)
        elif key.name in ("escape", "ctrl-c"):
            self._offered = []

    def _escaped(self) -> None:
        self._press(self._keys.escape(), self._hides)
        self._redraw()

    def resized(self) -> None:
        """Adapt to the new size of the terminal."""
        self._write(self._screen.resize(*_size()))

    def resumed(self) -> None:
        """Take the terminal back, as the program continues after it was suspended."""
        self._take_terminal()
        self._screen.erase()  # the shell may have written over it
        self._redraw()

    def put_back(self) -> None:
        """Restore the terminal, and leave the talk on it."""
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
                self.told("press Ctrl-D or type /quit to leave")
            case Wish.SUSPEND:
                self.put_back()
                os.kill(0, signal.SIGTSTP)
                self.resumed()

    def _completions(self, before: str) -> list[str]:
        places = self.session.places
        return completions(before, places.everybody - {self.session.nick}, places.shown)

    # Output

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
            # What was typed so far may contain the password.
            self._editor = Editor(self._completions, holds_password)
        self.told(error.text)

    def _is_named(self, event: Event) -> bool:
        """Tell whether somebody else mentions you, or writes to you in private."""
        if not isinstance(event, Line | Whispered) or is_own(event):
            return False
        return isinstance(event, Whispered) or mentions(self.session.nick, event.text)

    def _redraw(self) -> None:
        text, cursor = self._line.text, self._line.cursor
        if self._hides or self._offered:
            text, cursor = "", 0
        self._write(self._screen.edit(self._prompt(), text, cursor))

    def _prompt(self) -> str:
        """Choose the prompt, which says what to type, or how the session is."""
        session = self.session
        if self._hides:
            return f"Password for {session.nick}: "
        if self._offered:
            return f"{_offer_of(self._offered)}: Enter sends them, Esc drops them "
        if session.state is State.ASKING:
            return "nickname: "
        if not session.joined:
            return f"connecting to {self._address()} ... "
        current = session.places.current
        return f"{self._trouble()}{spelled(current) if current else ''}> "

    def _trouble(self) -> str:
        """Explain why a line entered now would not be said at once; "" if it would."""
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
    """Count the lines, and those that look like commands but will be said as text."""
    commands = sum(map(bool, map(command_word, lines)))
    as_text = f", {counted(commands, 'command', 'commands')} as text" if commands else ""
    return f"{_lines(len(lines))}{as_text}"


def _reflows() -> bool:
    """Tell whether the terminal, made narrower, rewraps; xterm and GNU screen do not."""
    is_screen = "STY" in os.environ and "TMUX" not in os.environ
    return "XTERM_VERSION" not in os.environ and not is_screen


def _size() -> tuple[int, int]:
    """Return the columns and rows; 80 and 24 if the terminal does not know them."""
    columns, rows = os.get_terminal_size(1)
    return columns or 80, rows or 24
