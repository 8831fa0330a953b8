"""Spans of time, as people write them."""

from __future__ import annotations

import re

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile("([0-9]{1,9})([smhdw])")

LONGEST = 10 * 365 * _SECONDS["d"]
"""Seconds: ten years."""


def seconds_of(text: str) -> int:
    """The seconds in a duration such as C{90s}, C{30m}, C{2h}, C{7d} or C{2w}.

    @raise ValueError: it is none, or is nothing, or more than ten years; with one sentence.
    """
    match = _DURATION.fullmatch(text.casefold())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not seconds:
        raise ValueError("a duration is a number and one of s, m, h, d, w, such as 30m, 2h or 7d")
    if seconds > LONGEST:
        raise ValueError("a duration is at most ten years")
    return seconds


def spelled(seconds: int) -> str:
    """A duration in the greatest unit of which it is a whole number: C{7200} is C{2h}.

    Weeks are left out: two of them are C{14d}, as people say it.
    """
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"
