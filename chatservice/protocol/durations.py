"""Durations, as people write them."""

from __future__ import annotations

import re
from math import ceil

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_UNITS = {
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "w"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
}
# Longest unit first; only the number of the next part may follow a unit directly.
_PART = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})\s?("
    + "|".join(sorted(_UNITS, key=len, reverse=True))
    + r")(?=[0-9.\s]|$)"
)
_BEGINS_WITH_A_NUMBER = re.compile(r"[-+.]*(.)", re.DOTALL)

LONGEST = 10 * 365 * _SECONDS["d"]
"""The longest duration in seconds: ten years."""

NO_DURATION = (
    "a duration is a number and a unit (s, m, h, d or w),"
    " such as 30m, 2h, 1h30m, 10 minutes or 7 days"
)


def seconds_of(text: str) -> int:
    """Read the seconds in a duration such as C{90s}, C{1h30m}, C{1.5h}, C{7 days} or C{2w}.

    @raise ValueError: the text is no duration, or it is zero or over ten years; with one sentence.
    """
    seconds, rest = _taken(text)
    if rest or not seconds:
        raise ValueError(NO_DURATION)
    return _checked(seconds)


def first_duration(text: str) -> tuple[int, str]:
    """Read the seconds in the duration that a text begins with, and the text that follows it.

    A text that does not begin with a number has none: the result is 0 and all of the text.

    @raise ValueError: the number begins no duration; see also L{seconds_of}; with one sentence.
    """
    if not begins_with_a_number(text):
        return 0, text
    seconds, rest = _taken(text)
    if not seconds:
        raise ValueError(NO_DURATION)
    return _checked(seconds), rest


def begins_with_a_number(text: str) -> bool:
    """Tell whether a text begins with a number, in any digits, and so may begin with a duration."""
    first = _BEGINS_WITH_A_NUMBER.match(text)
    return first is not None and first[1].isnumeric()


def _taken(text: str) -> tuple[float, str]:
    """Sum the parts of a duration, greatest unit first; return the sum and the text after it.

    The sum is 0 if there is no duration, or if it ends within a word.
    """
    total, last, end = 0.0, LONGEST, 0
    folded = text.casefold()
    while part := _PART.match(folded, end):
        unit = _SECONDS[_UNITS[part[2]]]
        if unit >= last:
            break
        total += float(part[1]) * unit
        last, end = unit, part.end()
        if folded[end : end + 1].isspace() and _PART.match(folded, end + 1):
            end += 1
    if folded[end : end + 1].isspace():
        return total, text[end:].strip(" ")
    return (0, text) if folded[end:] else (total, "")


def _checked(seconds: float) -> int:
    if seconds > LONGEST:
        raise ValueError("a duration must be at most ten years")
    return ceil(seconds)


def roughly(seconds: int) -> str:
    """Spell a duration in its greatest unit, without the rest: 7500 seconds are C{2h}."""
    unit = next((_SECONDS[unit] for unit in "dhm" if seconds >= _SECONDS[unit]), None)
    return spelled(seconds - seconds % unit) if unit else "less than a minute"


def spelled(seconds: int) -> str:
    """Spell a duration in the greatest unit that divides it: C{7200} is C{2h}.

    Weeks are not used: two weeks are C{14d}, as people say it.
    """
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"
