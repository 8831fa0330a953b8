"""A line editor without I/O: keys go in, a text and a cursor come out."""

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

from wcwidth import grapheme_boundary_before, iter_graphemes

from chatservice.protocol.sanitize import without_controls
from chatservice.terminal.keys import Key

_REMEMBERED = 500
_LINE_END = re.compile("\r\n?|\n")


class Entered(NamedTuple):
    """A line that is not empty, on which Enter was pressed."""

    line: str


class Pasted(NamedTuple):
    """Several pasted lines, all but the unfinished last: text to say, even if it has a slash."""

    lines: list[str]


class Wish(Enum):
    """A request that the editor cannot carry out itself."""

    LEAVE = "Ctrl-D on an empty line"
    CLEAR = "Ctrl-L"
    SUSPEND = "Ctrl-Z"
    INTERRUPT = "Ctrl-C on an empty line"


Complete = Callable[[str], Sequence[str]]
"""From the text before the cursor to the possible completions of its last word."""


class Editor:
    """A line being typed, the lines entered before, and the text that was last cut.

    @ivar cursor: an index into the text, never inside a grapheme cluster.
    """

    def __init__(
        self, complete: Complete, is_secret: Callable[[str], bool] = lambda _: False
    ) -> None:
        """Begin with an empty line.

        @param is_secret: tells whether a line must not be remembered.
        """
        self._is_secret = is_secret
        self.text = ""
        self.cursor = 0
        self._complete = complete
        self._entered: list[str] = []
        self._at = 0  # index of the earlier line that is shown; for a new line, their number
        self._draft = ""
        self._cut_out = ""
        self._choices: Sequence[str] = ()
        self._chosen = 0
        self._word = 0  # where the word being completed begins
        self._keys: dict[str, Callable[[], Entered | Wish | None]] = {
            "enter": self._enter,
            "tab": self._tab,
            "backspace": lambda: self._erase(self._before(), self.cursor),
            "delete": lambda: self._erase(self.cursor, self._after()),
            "left": lambda: self._go(self._before()),
            "right": lambda: self._go(self._after()),
            "home": lambda: self._go(0),
            "end": lambda: self._go(len(self.text)),
            "up": lambda: self._recall(self._at - 1),
            "down": lambda: self._recall(self._at + 1),
            "alt-b": lambda: self._go(self._word_before()),
            "alt-f": lambda: self._go(self._word_after()),
            "ctrl-c": self._interrupt,
            "ctrl-d": self._delete_or_leave,
            "ctrl-k": lambda: self._cut(self.cursor, len(self.text)),
            "ctrl-l": lambda: Wish.CLEAR,
            "ctrl-u": lambda: self._cut(0, self.cursor),
            "ctrl-w": lambda: self._cut(self._word_before(), self.cursor),
            "ctrl-y": lambda: self._insert(self._cut_out),
            "ctrl-z": lambda: Wish.SUSPEND,
        }
        for name, same in {
            "ctrl-a": "home",
            "ctrl-b": "left",
            "ctrl-e": "end",
            "ctrl-f": "right",
            "ctrl-n": "down",
            "ctrl-p": "up",
            "alt-backspace": "ctrl-w",
        }.items():
            self._keys[name] = self._keys[same]

    def press(self, key: Key) -> Entered | Pasted | Wish | None:
        """Take a key; return what the editor does not do itself."""
        if key.name != "tab":
            self._choices = ()
        if key.name == "text":
            self._insert(without_controls(key.text))
            return None
        if key.name == "paste":
            return self._paste(key.text)
        action = self._keys.get(key.name)
        return None if action is None else action()

    # Text

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self._go(self.cursor + len(text))

    def _erase(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self._go(start)

    def _cut(self, start: int, end: int) -> None:
        self._cut_out = self.text[start:end] or self._cut_out
        self._erase(start, end)

    def _replace(self, text: str) -> None:
        self.text = text
        self._go(len(text))

    # Positions

    def _go(self, index: int) -> None:
        self.cursor = index

    def _before(self) -> int:
        return grapheme_boundary_before(self.text, self.cursor) if self.cursor else 0

    def _after(self) -> int:
        return self.cursor + len(next(iter_graphemes(self.text, self.cursor), ""))

    def _word_before(self) -> int:
        return self.text.rfind(" ", 0, len(self.text[: self.cursor].rstrip(" "))) + 1

    def _word_after(self) -> int:
        rest = self.text[self.cursor :]
        spaces = len(rest) - len(rest.lstrip(" "))
        end = rest.find(" ", spaces)
        return len(self.text) if end < 0 else self.cursor + end

    # Whole lines

    def _paste(self, text: str) -> Pasted | None:
        """Insert pasted text. This enters nothing: you can read a single line before Enter."""
        pieces = _LINE_END.split(text)
        if len(pieces) == 1 or (len(pieces) == 2 and not pieces[1]):
            self._insert(without_controls(pieces[0]))
            return None
        before, after = self.text[: self.cursor], self.text[self.cursor :]
        *lines, last = map(without_controls, [before + pieces[0], *pieces[1:]])
        self.text = last + after
        self._go(len(last))
        return Pasted([line for line in lines if line.strip()])

    def _enter(self) -> Entered | None:
        line = self.text
        self._replace("")
        if not line.strip():
            return None
        if self._entered[-1:] != [line] and not self._is_secret(line):
            self._entered.append(line)
        del self._entered[:-_REMEMBERED]
        self._at = len(self._entered)
        return Entered(line)

    def _recall(self, at: int) -> None:
        if not 0 <= at <= len(self._entered):
            return
        if self._at == len(self._entered):
            self._draft = self.text
        self._at = at
        self._replace(self._draft if at == len(self._entered) else self._entered[at])

    def _interrupt(self) -> Wish | None:
        if not self.text:
            return Wish.INTERRUPT
        self._at = len(self._entered)
        self._replace("")
        return None

    def _delete_or_leave(self) -> Wish | None:
        if not self.text:
            return Wish.LEAVE
        self._erase(self.cursor, self._after())
        return None

    def _tab(self) -> None:
        """Complete the word before the cursor; when pressed again, with the next choice."""
        if not self._choices:
            before = self.text[: self.cursor]
            self._choices = self._complete(before)
            self._chosen = 0
            self._word = before.rfind(" ") + 1
        if self._choices:
            self._erase(self._word, self.cursor)
            self._insert(self._choices[self._chosen])
            self._chosen = (self._chosen + 1) % len(self._choices)
