"""The picture on a terminal: lines that scroll, and below them the line being typed. No I/O.

Every method gives the characters to write. There is no alternate screen and no scrolling region:
what was said stays in the terminal's own scrollback. Control sequences are those of ECMA-48.
"""

from collections.abc import Iterable
from math import ceil

from chatservice.terminal.columns import cells, fold, lay_out

_ERASE_BELOW = "\x1b[J"
_CLEAR = "\x1b[H\x1b[2J"
_UNWRAPPED, _WRAPPED = "\x1b[?7l", "\x1b[?7h"  # DECAWM (DEC STD 070)


class Screen:
    """A screen whose cursor is at the beginning of a row.

    @param columns: its width, in cells, and C{rows} its height.
    @param reflows: whether the terminal, made narrower, reflows what it shows; some cut it off.
    """

    def __init__(self, columns: int, rows: int, reflows: bool = True) -> None:
        self._columns = columns
        self._rows = rows
        self._prompt = self._text = ""
        self._reflows = reflows
        self._cursor = 0
        self._above = self._column = 0  # of the cursor, from where the input begins
        self._widths: list[int] = []  # of the rows of the input above the cursor

    def show(self, lines: Iterable[str]) -> str:
        """Put lines above the line being typed, which is whole again afterwards."""
        written = self.erase()
        for line in lines:
            written += self._rows_of(line)
        return written + self._paint()

    def edit(self, prompt: str, text: str, cursor: int) -> str:
        """Change the line being typed.

        @param cursor: an index into the text.
        """
        erased = self.erase()
        self._prompt, self._text, self._cursor = prompt, text, cursor
        return erased + self._paint()

    def erase(self) -> str:
        """Take the line being typed off the screen; the cursor stays where it began."""
        up = f"\x1b[{self._above}A" if self._above else ""
        self._above = 0
        return f"\r{up}{_ERASE_BELOW}"

    def clear(self) -> str:
        """Show nothing but the line being typed."""
        return _CLEAR + self._paint()

    def resize(self, columns: int, rows: int) -> str:
        """Paint the line being typed anew, and nothing else: the rest is the terminal's."""
        if self._reflows:
            above = sum(max(1, ceil(width / columns)) for width in self._widths)
            self._above = min(above + self._column // columns, rows - 1)
        self._columns, self._rows = columns, rows
        return self.erase() + self._paint()

    def _rows_of(self, line: str) -> str:
        """Cut a line into rows; a row that the terminal finds longer must not begin another line.

        What somebody says would stand there like the beginning of a line.
        """
        rows = "".join(f"{row}\r\n" for row in fold(line, self._columns))
        return f"{_UNWRAPPED}{rows}{_WRAPPED}"

    def _window(self) -> tuple[list[str], int, int]:
        """Choose the rows of the input to show, all or those around the cursor, and its row and
        column.
        """
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
