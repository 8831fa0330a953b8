"""What an operator may choose, and how it is written on the command line and in a file."""

from __future__ import annotations

import getopt
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.python import usage

from chatservice.durations import seconds_of
from chatservice.names import check_nick, nearest, nick_key
from chatservice.recent import EVENTS
from chatservice.sanitize import clean
from chatservice.textfile import text_of


class BadValue(Exception):
    """The reason for which a value makes no sense, as a clause about the value."""


def _whole_number(least: int, most: int | None = None) -> Callable[[Any], int]:
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


def _size(value: Any) -> int:
    """Bytes, also as C{512K} or C{4M}."""
    text = str(value).upper().removesuffix("IB").removesuffix("B")
    factor = _FACTORS.get(text[-1:], 1)
    number = _number(text[:-1] if factor > 1 else text)
    if number is None or number * factor < 1024:
        raise BadValue("it must be a number of bytes, 1024 or more, or of K, M or G, such as 512K")
    return number * factor


_FACTORS = {"K": 1024, "M": 1024**2, "G": 1024**3}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("it must be a text in quotation marks")
    if not clean(value).strip():
        raise BadValue("it must not be empty")
    return value


def _line(value: Any) -> str:
    return clean(_text(value))


def _duration(value: Any) -> int:
    """Seconds, as C{30d} or C{12h}; 0 for none."""
    try:
        return 0 if str(value) == "0" else seconds_of(str(value))
    except ValueError as error:
        raise BadValue(str(error)) from None


def _seconds(value: Any) -> int:
    """Seconds, as a number or as C{2m}."""
    number = _number(value)
    if number is None and _has_suffix(value):
        return _duration(value)
    if number is None or number < 0:
        raise BadValue("it must be a number of seconds, 0 or more, or a duration such as 2m")
    return number


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the command line and, by the same name, of the configuration file.

    @ivar default: as it would be written; C{None} for none.
    @ivar read: makes the value of what was written.
    @ivar short: its letter on the command line.
    """

    name: str
    default: str | int | None
    read: Callable[[Any], Any]
    help: str
    short: str | None = None

    def parameter(self) -> list[Any]:
        """Its row in C{usage.Options.optParameters}."""
        default = "" if self.default is None else f" [default: {self.default}]"
        return [self.name, self.short, None, self.help + default]


OPTIONS = (
    Option(
        "database",
        "chat.sqlite3",
        _text,
        "the file that keeps what is said; :memory: for none",
        short="d",
    ),
    Option("name", "chatservice", _line, "what the chat calls itself"),
    Option("motd", None, _text, "a file with the message of the day; read again on SIGHUP", "m"),
    Option(
        "replay",
        10,
        _whole_number(0, EVENTS),
        f"lines of a room's history that who joins is shown, at most {EVENTS}",
    ),
    Option("rate-limit", 5, _whole_number(0), "lines a second for one person; 0 for no limit"),
    Option(
        "pipe-rate",
        50,
        _whole_number(0),
        "lines a second for what a program pipes in under a registered nickname; 0 for no limit",
    ),
    Option("send-queue", "1M", _size, "bytes that may wait for one member, such as 512K"),
    Option(
        "linger",
        30,
        _seconds,
        "seconds a lost connection may come back before its leave is announced",
    ),
    Option("keep", 0, _duration, "how long history is kept, such as 30d; 0: for ever"),
    Option("keep-lines", 0, _whole_number(0), "lines of history kept of a room; 0: all of them"),
    Option("max-connections", 0, _whole_number(0), "connections in all; 0: what the system allows"),
    Option("max-per-address", 32, _whole_number(0), "connections from one address; 0 for no limit"),
)


COLLECTED = ("port", "operator", "auth")
"""Options that may be given again, and are a list in the file."""

COMMAND_LINE_ONLY = ("config", "help", "help-auth", "help-auth-type", "version")


def read_config(path: str, twistd: Collection[str] = ()) -> dict[str, Any]:
    """The options in a configuration file, by name.

    @param twistd: the names of twistd's own options.
    @raise usage.UsageError: it cannot be read, or has an option that there is not.
    """
    try:
        values = tomllib.loads(_read(path, "strict"))
    except ValueError as error:
        raise usage.UsageError(f"{path} is not TOML: {error}") from None
    known = [*(option.name for option in OPTIONS), *COLLECTED]
    for name in values:
        if name not in known:
            raise usage.UsageError(f"{path}: {_no_option(name, known, twistd)}")
    return values


def _no_option(name: str, known: list[str], twistd: Collection[str]) -> str:
    """The reason for which the configuration file cannot have an option."""
    if name in COMMAND_LINE_ONLY:
        return f"{name} belongs on the command line"
    if name in twistd:
        return f"{name} is an option of twistd: it belongs on the command line, before chat"
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known))}"
    return f"there is no option {name}: {hint}"


def explain(error: getopt.GetoptError, known: list[str], twistd: Collection[str]) -> str:
    """One sentence for an option on the command line that getopt(3) refuses.

    @param known: the names of all options; and C{twistd} those of twistd itself.
    """
    name = error.opt
    dashed = f"--{name}" if len(name) > 1 else f"-{name}"
    if "not recognized" in error.msg:
        if name in twistd:
            return f"{dashed} is an option of twistd: it belongs before chat"
        near = nearest(name, known)
        return f"there is no option {dashed}" + (f": did you mean --{near}?" if near else "")
    if "unique" in error.msg:
        fitting = [f"--{each}" for each in sorted(known) if each.startswith(name)]
        return f"{dashed} is short for more than one option: {', '.join(fitting)}"
    if "requires" in error.msg:
        return f"{dashed} needs a value"
    return f"{dashed} takes no value"


def operator_key(nick: str) -> str:
    """The key of an operator's nickname.

    @raise usage.UsageError: it is none.
    """
    try:
        return nick_key(check_nick(nick))
    except ValueError as error:
        raise usage.UsageError(f"--operator {nick}: {error}") from None


def _read(path: str, errors: str = "replace") -> str:
    """The text of a file.

    @param errors: see L{text_of}.
    @raise usage.UsageError: it cannot be read.
    """
    try:
        return text_of(Path(path).read_bytes(), errors)
    except OSError as error:
        raise usage.UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise usage.UsageError(f"{path} is not in UTF-8: {error}") from None
    except ValueError as error:
        raise usage.UsageError(f"{path} {error}") from None


def read_motd(path: str) -> tuple[str, ...]:
    """The lines of a message of the day.

    @raise usage.UsageError: it cannot be read.
    """
    text = _read(path)
    return tuple(clean(line) for line in text.rstrip("\n").split("\n"))
