"""The screen of a terminal: lines that scroll, and below them the line being typed. No I/O.

Every public method returns the characters to write. There is no alternate screen and no scrolling
region, so the talk stays in the terminal's own scrollback. Control sequences follow ECMA-48.
"""

from collections.abc import Iterable
from math import ceil

from chatservice.terminal.columns import cells, fold, lay_out

_ERASE_BELOW = "\x1b[J"
_CLEAR = "\x1b[H\x1b[2J"
_UNWRAPPED, _WRAPPED = "\x1b[?7l", "\x1b[?7h"  # DECAWM (DEC STD 070)


class Screen:
    """A screen of character cells, with a line being typed below everything else."""

    def __init__(self, columns: int, rows: int, reflows: bool = True) -> None:
        """Begin with the cursor at the beginning of a row.

        @param reflows: whether a terminal made narrower rewraps its lines; some cut them off.
        """
        self._columns = columns
        self._rows = rows
        self._prompt = self._text = ""
        self._reflows = reflows
        self._cursor = 0
        self._above = self._column = 0  # the cursor, relative to the beginning of the input
        self._widths: list[int] = []  # of the rows of input above the cursor

    def show(self, lines: Iterable[str]) -> str:
        """Show lines above the line being typed, which is painted again below them."""
        written = self.erase()
        for line in lines:
            written += self._rows_of(line)
        return written + self._paint()

    def edit(self, prompt: str, text: str, cursor: int) -> str:
        """Change the line being typed; C{cursor} is an index into C{text}."""
        erased = self.erase()
        self._prompt, self._text, self._cursor = prompt, text, cursor
        return erased + self._paint()

    def erase(self) -> str:
        """Take the line being typed off the screen; leave the cursor where the line began."""
        up = f"\x1b[{self._above}A" if self._above else ""
        self._above = 0
        return f"\r{up}{_ERASE_BELOW}"

    def clear(self) -> str:
        """Clear the screen of everything but the line being typed."""
        return _CLEAR + self._paint()

    def resize(self, columns: int, rows: int) -> str:
        """Repaint the line being typed, and nothing else: the rest belongs to the terminal."""
        if self._reflows:
            above = sum(max(1, ceil(width / columns)) for width in self._widths)
            self._above = min(above + self._column // columns, rows - 1)
        self._columns, self._rows = columns, rows
        return self.erase() + self._paint()

    def _rows_of(self, line: str) -> str:
        """Cut a line into rows, unwrapped, so that no talk looks like the beginning of a line."""
        rows = "".join(f"{row}\r\n" for row in fold(line, self._columns))
        return f"{_UNWRAPPED}{rows}{_WRAPPED}"

    def _window(self) -> tuple[list[str], int, int]:
        """Choose the rows of input to show; return them and the cursor's row and column there."""
        laid = lay_out(self._prompt + self._text, len(self._prompt) + self._cursor, self._columns)
        most = max(1, self._rows - 1)
        top = max(0, min(laid.row - most // 2, len(laid.rows) - most))
        return laid.rows[top : top + most], laid.row - top, laid.column

    def _paint(self) -> str:
        rows, row, column = self._window()
        self._above, self._column = row, column
        self._widths = [cells(above) for above in rows[:row]]
        up = len(rows) - 1 - row
        back = (f"\x1b[{up}A" if up else "") + "\r" + (f"\x1b[{column}C" if column else "")
        return "\r\n".join(rows) + back
