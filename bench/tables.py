"""Plain-text tables of results."""

from __future__ import annotations

from dataclasses import dataclass, field

Row = dict[str, object]
"""A row of a table: values by the heads of their columns."""


@dataclass
class Table:
    """Rows with the same heads.

    @ivar notes: sentences about faults, printed below the rows.
    """

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Format the title, the columns and the notes as lines."""
        return "\n".join([self.title, "", *self._lines(), *self.notes])

    def _lines(self) -> list[str]:
        if not self.rows:
            return []
        heads = list(self.rows[0])
        cells = [heads, *([_shown(row[head]) for head in heads] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return ["  ".join(map(_justified, line, widths, range(len(heads)))) for line in cells]

    def is_sound(self) -> bool:
        """Tell whether nothing is missing and nothing went wrong."""
        return not self.notes and not any(
            row.get("missing") or row.get("faults") for row in self.rows
        )


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _justified(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)
