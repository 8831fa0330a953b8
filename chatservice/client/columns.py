"""How text lies on a grid of character cells."""

from typing import NamedTuple

from wcwidth import wcwidth


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
