"""How text lies on a grid of character cells."""

import re
from typing import NamedTuple

from wcwidth import wcwidth

_COLOUR = r"\x1b\[[0-9;]*m"  # SGR (ECMA-48 8.3.117)
_EMOJI = "\ufe0f"
"""Makes an emoji of the character before it, which terminals show in one cell or in two."""

_CELL = re.compile(rf"{_COLOUR}|.{_EMOJI}?", re.DOTALL)
_WORD = re.compile(r"( *)([^ ]+)")
_INDENT = 8
"""More cells than the time takes at the beginning of a line."""


class Laid(NamedTuple):
    """Text cut into *rows*, and the cell (*row*, *column*) where the cursor is."""

    rows: list[str]
    row: int
    column: int


def cells(char: str) -> int:
    """The columns that a character takes: 0 if it combines with the one before, 1 or 2."""
    return max(0, wcwidth(char))


def lay_out(text: str, cursor: int, columns: int) -> Laid:
    """Cut *text* into rows of at most *columns* cells, never through a wide character.

    *cursor* is an index into the text, or its length. At the end of a full last row the cursor
    goes to the beginning of one more.
    """
    rows, used, at = [""], 0, (0, 0)
    for index, char in enumerate(text):
        width = cells(char)
        if used + width > columns:
            rows.append("")
            used = 0
        if index == cursor:
            at = (len(rows) - 1, used)
        rows[-1] += char
        used += width
    if cursor == len(text):
        if used >= columns:
            rows.append("")
            used = 0
        at = (len(rows) - 1, used)
    return Laid(rows, *at)


def fold(line: str, columns: int) -> list[str]:
    """Cut a line, which may be coloured, into rows of at most *columns* cells.

    It is cut at blanks, and only a word that is longer than a row within itself. All rows but the
    first are indented, so that nothing in a line can pass for the beginning of another one.
    """
    indent = " " * min(_INDENT, columns // 4 or columns // 2)
    rows, used = [""], 0
    for blanks, word in _WORD.findall(line):
        room, needed = columns - used - len(blanks), _width(word)
        if needed > room and (needed <= columns - len(indent) or room <= 0):
            rows.append(indent)
            used, blanks = len(indent), ""
        for cell in _CELL.findall(blanks + word):
            width = _width(cell)
            if used + width > columns:
                rows.append(indent)
                used = len(indent)
            rows[-1] += cell
            used += width
    return rows


def _width(text: str) -> int:
    """The most columns that a text may take."""
    return sum(map(cells, re.sub(_COLOUR, "", text))) + text.count(_EMOJI)
