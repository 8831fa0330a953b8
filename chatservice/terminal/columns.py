"""The layout of text on a grid of character cells."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from wcwidth import iter_graphemes, wcswidth

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")  # SGR (ECMA-48 8.3.117)
_WORD = re.compile(r"( *)([^ ]+)")
_INDENT = 8
"""Cells; more than the time at the beginning of a line takes."""


class Laid(NamedTuple):
    """Text cut into rows, and the row and column of the cell where the cursor is."""

    rows: list[str]
    row: int
    column: int


def cells(text: str) -> int:
    """Count the columns that a text takes, such as 2 for a family of emoji (UAX #29, UAX #11)."""
    return sum(max(0, wcswidth(cluster)) for cluster in iter_graphemes(text))


def lay_out(text: str, cursor: int, columns: int) -> Laid:
    """Cut a text into rows of at most C{columns} cells, never through a grapheme cluster.

    @param cursor: the index where a grapheme cluster begins, or the length of the text. After a
        full last row, the cursor goes to the beginning of an additional one.
    """
    rows, used, at, index = [""], 0, (0, 0), 0
    for cluster in iter_graphemes(text):
        width = cells(cluster)
        if used + width > columns:
            rows.append("")
            used = 0
        if index == cursor:
            at = (len(rows) - 1, used)
        rows[-1] += cluster
        used += width
        index += len(cluster)
    if cursor == len(text):
        if used >= columns:
            rows.append("")
            used = 0
        at = (len(rows) - 1, used)
    return Laid(rows, *at)


def fold(line: str, columns: int) -> list[str]:
    """Cut a line, which may be coloured, into rows of at most C{columns} cells.

    Lines are cut at spaces; only a word that is longer than a row is cut itself. All rows but the
    first are indented, so that nothing in a line can pass for the beginning of another line.
    """
    indent = " " * min(_INDENT, columns // 4 or columns // 2)
    rows, used = [""], 0
    for blanks, word in _WORD.findall(line):
        room, needed = columns - used - len(blanks), _width(word)
        if needed > room and (needed <= columns - len(indent) or room <= 0):
            rows.append(indent)
            used, blanks = len(indent), ""
        for cell in _cut(blanks + word):
            width = _width(cell)
            if used + width > columns:
                rows.append(indent)
                used = len(indent)
            rows[-1] += cell
            used += width
    return rows


def _cut(text: str) -> Iterator[str]:
    """Split a text into its grapheme clusters and colour sequences, in order."""
    for number, piece in enumerate(_COLOUR.split(text)):
        if number % 2:
            yield piece
        else:
            yield from iter_graphemes(piece)


def _width(text: str) -> int:
    return cells(_COLOUR.sub("", text))
