"""Figures of several rounds, in each of which different things are measured in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tables import Row


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load showed in one round.

    @ivar cpu: microseconds of server CPU per delivery.
    @ivar p50: milliseconds until half of the deliveries, and C{p99} until 99 of 100.
    @ivar missing: messages that were heard too few or too many times.
    """

    cpu: float
    p50: float
    p99: float
    missing: int = 0


def columns(own: Sequence[Figures], others: Sequence[Figures]) -> Row:
    """Make the columns of medians, beside the figures of others in the same rounds.

    On a machine that is busy now and then, two figures of the same round can be compared best.
    """
    pairs = list(zip(own, others, strict=True))
    ratios = [mine.cpu / theirs.cpu for mine, theirs in pairs]
    return {
        "us/delivery": round(median(mine.cpu for mine in own), 3),
        "ratio": round(median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
        "p50 ms": round(median(mine.p50 for mine in own), 2),
        "p99 ms": round(median(mine.p99 for mine in own), 2),
        "p99 ratio": round(median(mine.p99 / theirs.p99 for mine, theirs in pairs), 2),
    }


@dataclass
class Figure:
    """Something that was measured in every round.

    @ivar missing: messages that were heard too few or too many times.
    """

    target: str
    values: list[float] = field(default_factory=list)
    missing: int = 0


class Results(dict[str, Figure]):
    """Figures by what was measured."""

    def note(self, name: str, value: float, target: str = "", missing: int = 0) -> None:
        """Note a figure of one round."""
        figure = self.setdefault(name, Figure(target))
        figure.values.append(value)
        figure.missing += missing

    def rows(self) -> list[Row]:
        """Make a row of each figure."""
        return [
            {
                "measured": name,
                "median": _rounded(median(figure.values)),
                "lowest": _rounded(min(figure.values)),
                "highest": _rounded(max(figure.values)),
                "target": figure.target,
                "missing": figure.missing,
            }
            for name, figure in self.items()
        ]


def _rounded(value: float) -> float:
    return round(value) if value >= 100 else round(value, 2)
