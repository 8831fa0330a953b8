"""The values of options: from what an operator wrote to what the chat uses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chatservice.people.addresses import Network, network_named
from chatservice.protocol.durations import seconds_of
from chatservice.protocol.names import check_nick
from chatservice.protocol.origins import Origin
from chatservice.protocol.sanitize import clean


class BadValue(Exception):
    """The reason why a value is invalid, as a clause about the value."""


def whole_number(least: int, most: int | None = None) -> Callable[[Any], int]:
    """Make a reader of whole numbers within limits."""
    limits = f", {least} or more" if most is None else f" from {least} to {most}"

    def number(value: Any) -> int:
        found = _number(value)
        if found is None or found < least or (most is not None and found > most):
            suffix = "; there are no suffixes" if _has_suffix(value) else ""
            raise BadValue(f"it must be a whole number{limits}{suffix}")
        return found

    return number


def _number(value: Any) -> int | None:
    if isinstance(value, str | int) and not isinstance(value, bool):
        try:
            return int(value)
        except ValueError:
            pass
    return None


def _has_suffix(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"\s*[0-9]+\s*[^\W\d]", value) is not None


def size(value: Any) -> int:
    """Read a number of bytes, such as C{4096}, C{512K} or C{4M}."""
    text = str(value).upper().removesuffix("IB").removesuffix("B")
    factor = _FACTORS.get(text[-1:], 1)
    number = _number(text[:-1] if factor > 1 else text)
    if number is None or number * factor < 1024:
        limits = "1024 or more; K, M or G may follow, as in 512K"
        raise BadValue(f"it must be a number of bytes, {limits}")
    return number * factor


_FACTORS = {"K": 1024, "M": 1024**2, "G": 1024**3}


def some_text(value: Any) -> str:
    """Read a text that shows something."""
    if not isinstance(value, str):
        raise BadValue("it must be a text in quotation marks")
    if not clean(value).strip():
        raise BadValue("it must not be empty")
    return value


def line(value: Any) -> str:
    """Read a text that shows something, as one clean line."""
    return clean(some_text(value))


def duration(value: Any) -> int:
    """Read a duration such as C{30d} or C{12h}, in seconds; C{0} for none."""
    try:
        return 0 if str(value) == "0" else seconds_of(str(value))
    except ValueError as error:
        raise BadValue(str(error)) from None


def seconds(value: Any) -> int:
    """Read a number of seconds, or a duration such as C{2m}."""
    number = _number(value)
    if number is None and _has_suffix(value):
        return duration(value)
    if number is None or number < 0:
        raise BadValue("it must be a number of seconds, 0 or more, or a duration such as 2m")
    return number


def nickname(value: Any) -> str:
    """Read a nickname."""
    try:
        return check_nick(str(value))
    except ValueError as error:
        raise BadValue(str(error)) from None


def flag(value: Any) -> bool:
    """Read true or false."""
    if value not in (0, 1):
        raise BadValue("it must be true or false")
    return bool(value)


def network(value: Any) -> Network:
    """Read an address or a network."""
    try:
        return network_named(str(value))
    except ValueError as error:
        raise BadValue(str(error)) from None


def web_origin(value: Any) -> Origin:
    """Read the origin of a web page."""
    try:
        return Origin.named(str(value).rstrip("/"))
    except ValueError as error:
        raise BadValue(str(error)) from None
