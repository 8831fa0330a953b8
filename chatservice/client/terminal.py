"""A chat on a terminal: keys in, a painted line and what others say out."""

import contextlib
import os
import re
import signal
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from chatservice.client.completion import completions
from chatservice.client.descriptors import Descriptors
from chatservice.client.editor import Editor, Entered, Wish
from chatservice.client.front import Front
from chatservice.client.keys import Key, KeyReader
from chatservice.client.screen import Screen
from chatservice.client.secret import Password, Secret
from chatservice.client.state import State
from chatservice.client.wire import Acted, Error, Event, Said, Whispered
from chatservice.client.words import spelled

_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"  # bracketed paste (xterm)
_BELL = "\a"
_ESCAPE = 0.1
"""Seconds after which nothing that follows belongs to an escape character."""


class Terminal(Front):
    """A terminal on standard input and output; *descriptors* know how it was."""

    def __init__(self, *args: Any, descriptors: Descriptors) -> None:
        super().__init__(*args)
        self._descriptors = descriptors
        self._keys = KeyReader()
        self._editor = Editor(self._completions)
        self._nickname = Editor(lambda _: ())  # what is typed for one is remembered nowhere
        self._secret = Secret()
        self._escape: IDelayedCall | None = None
        self._screen = Screen(*_size())

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
        if self._keys.may_be_escape and self._hides:
            self._escape = self._clock.callLater(_ESCAPE, self._escaped)
        self._redraw()

    @property
    def _hides(self) -> bool:
        """Whether nothing that is typed is shown: till the end of a line that was begun so."""
        return self.session.secretive or self._secret.begun

    @property
    def _line(self) -> Editor:
        return self._nickname if self.session.state is State.ASKING else self._editor

    def _press(self, key: Key, unseen: bool) -> None:
        if unseen or self._hides:
            self._carry_out(self._secret.press(key))
        else:
            self._carry_out(self._line.press(key))

    def _escaped(self) -> None:
        self._press(self._keys.escape(), unseen=True)
        self._redraw()

    def resized(self) -> None:
        """The terminal has another size now."""
        self._write(self._screen.resize(*_size()))

    def resumed(self) -> None:
        """The program runs again after it was stopped."""
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

    def _carry_out(self, outcome: Entered | Password | Wish | None) -> None:
        match outcome:
            case Entered(line):
                self.session.typed(line)
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
        self._redraw()

    def refused(self, error: Error) -> None:
        self.told(error.text)

    def nickname_refused(self, sentence: str) -> None:
        self._nickname = Editor(lambda _: ())
        self.told(sentence)
        self._redraw()

    def password_wanted(self, error: Error) -> None:
        self._secret = Secret()
        if not self.session.joined:
            self._editor = Editor(self._completions)  # in what was typed so far it may be
        self.told(error.text)
        self._redraw()

    def _is_named(self, event: Event) -> bool:
        """Whether somebody else says one's own name, or something to oneself."""
        if not isinstance(event, Said | Acted | Whispered) or event.own:
            return False
        name = rf"(?<!\w){re.escape(self.session.nick)}(?!\w)"
        return isinstance(event, Whispered) or bool(re.search(name, event.text, re.IGNORECASE))

    def _redraw(self) -> None:
        if self._hides:
            self._write(self._screen.edit(f"Password for {self.session.nick}: ", "", 0))
            return
        if self.session.state is State.ASKING:
            prompt = "nickname: "
        else:
            current = self.session.places.current
            prompt = f"{spelled(current) if current else ''}> "
        self._write(self._screen.edit(prompt, self._line.text, self._line.cursor))

    def _write(self, text: str) -> None:
        self.transport.write(text.encode(errors="replace"))


def _size() -> tuple[int, int]:
    """Columns and rows; 80 by 24 where the terminal does not know."""
    columns, rows = os.get_terminal_size(1)
    return columns or 80, rows or 24
