"""The options of C{twistd chat}: their syntax, and the values that the chat uses."""

from __future__ import annotations

import getopt
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.python import usage

from chatservice.protocol.durations import seconds_of
from chatservice.protocol.names import check_nick, nearest, nick_key
from chatservice.protocol.sanitize import clean
from chatservice.protocol.textfile import text_of


class BadValue(Exception):
    """The reason why a value is invalid, as a clause about the value."""


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
    """Read a number of bytes, such as C{4096}, C{512K} or C{4M}."""
    text = str(value).upper().removesuffix("IB").removesuffix("B")
    factor = _FACTORS.get(text[-1:], 1)
    number = _number(text[:-1] if factor > 1 else text)
    if number is None or number * factor < 1024:
        limits = "1024 or more; K, M or G may follow, as in 512K"
        raise BadValue(f"it must be a number of bytes, {limits}")
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
    """Read a duration such as C{30d} or C{12h}, in seconds; C{0} for none."""
    try:
        return 0 if str(value) == "0" else seconds_of(str(value))
    except ValueError as error:
        raise BadValue(str(error)) from None


def _seconds(value: Any) -> int:
    """Read a number of seconds, or a duration such as C{2m}."""
    number = _number(value)
    if number is None and _has_suffix(value):
        return _duration(value)
    if number is None or number < 0:
        raise BadValue("it must be a number of seconds, 0 or more, or a duration such as 2m")
    return number


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the command line and, by the same name, of the configuration file.

    @ivar default: the default as somebody would write it; C{None} for none.
    @ivar read: makes the value from its written form; C{str} if L{chatservice.tap} does that.
    @ivar help: one sentence for people.
    @ivar group: its heading in the documentation.
    @ivar short: its letter on the command line.
    @ivar is_list: whether it may be given more than once, and is a list in the file.
    @ivar is_basic: whether the README shows it.
    @ivar setting: the field of L{Settings} for its value.
    """

    name: str
    default: str | int | None
    read: Callable[[Any], Any]
    help: str
    group: str
    short: str | None = None
    is_list: bool = False
    is_basic: bool = False
    setting: str | None = None

    @property
    def usage(self) -> str:
        """The text of C{--help} for this option."""
        again = "; may be given more than once" if self.is_list else ""
        default = "" if self.default is None else f" [default: {self.default}]"
        return self.help + again + default


REPLAY_MOST = 200
"""The lines of a room that are kept in memory, and so the most that can be replayed."""

_REACHING, _KEEPING, _LIMITS = "The chat and its ports", "History", "Limits"

TABLE = (
    Option(
        "port", 59000, str,
        "a port number, for every address of this machine (IPv4 and IPv6), or a Twisted endpoint"
        " string such as tcp:59000:interface=127.0.0.1 or unix:chat.socket",
        _REACHING, short="p", is_list=True, is_basic=True,
    ),
    Option(
        "name", "chatservice", _line, "the name of the chat", _REACHING,
        is_basic=True, setting="name",
    ),
    Option(
        "motd", None, _text, "a file with the message of the day; SIGHUP reads it again",
        _REACHING, short="m", is_basic=True,
    ),
    Option(
        "operator", None, str, "a registered nickname whose owner is an operator of the whole chat",
        _REACHING, is_list=True, is_basic=True,
    ),
    Option(
        "auth", None, str,
        "a checker that is asked for passwords before the chat's own accounts, such as file:PATH"
        " (see --help-auth)",
        _REACHING, is_list=True,
    ),
    Option(
        "config", None, str,
        "a TOML file with these options under the same names; the command line wins",
        _REACHING, short="c", is_basic=True,
    ),
    Option(
        "database", "chat.sqlite3", _text,
        "the file that keeps the history; :memory: keeps it in memory only",
        _KEEPING, short="d", is_basic=True,
    ),
    Option(
        "keep", 0, _duration,
        "how long history is kept, such as 30d or 12h, in units of s, m, h, d or w; 0 for ever",
        _KEEPING, setting="keep",
    ),
    Option(
        "keep-lines", 0, _whole_number(0), "lines of history kept in each room; 0 for all",
        _KEEPING, setting="keep_lines",
    ),
    Option(
        "replay", 10, _whole_number(0, REPLAY_MOST),
        f"lines of a room's history shown to a person who joins it, at most {REPLAY_MOST}",
        _KEEPING, setting="replay",
    ),
    Option(
        "linger", 30, _seconds,
        "seconds, or a duration such as 2m, for which a person who lost the connection can come"
        " back before anybody is told",
        _LIMITS, setting="linger",
    ),
    Option(
        "rate-limit", 5, _whole_number(0),
        "lines a second from one person, after a burst of 10; 1 KiB counts as a line; 0 for no"
        " limit",
        _LIMITS, setting="rate_limit",
    ),
    Option(
        "pipe-rate", 50, _whole_number(0),
        "lines a second from a program that pipes under a registered nickname; 0 for no limit"
        " except that of the address",
        _LIMITS, setting="pipe_rate",
    ),
    Option(
        "send-queue", "1M", _size,
        "bytes that may wait for one member, such as 512K or 4M; a member with more is dropped",
        _LIMITS, setting="send_queue",
    ),
    Option(
        "max-connections", 0, _whole_number(0),
        "connections in all; 0 for as many as the system allows", _LIMITS,
    ),
    Option(
        "max-per-address", 32, _whole_number(0),
        "connections from one address, or one IPv6 /64, which may together send as much as that"
        " many people; 0 for no limit",
        _LIMITS, setting="per_address",
    ),
)
"""All options of C{twistd chat}, the source of C{--help} and of the documentation."""

COMMAND_LINE_ONLY = ("config", "help", "help-auth", "help-auth-type", "version")

OPTIONS = tuple(row for row in TABLE if not row.is_list and row.name not in COMMAND_LINE_ONLY)
"""The options with a single value, on the command line or in the file."""

COLLECTED = tuple(option.name for option in TABLE if option.is_list)
"""The names of options that may be given more than once, and are a list in the file."""


def option_named(name: str) -> Option:
    """Find an option by its name.

    @raise KeyError: there is no such option.
    """
    return {option.name: option for option in TABLE}[name]


def read_config(path: str, twistd: Collection[str] = ()) -> dict[str, Any]:
    """Read the options in a configuration file, by name.

    @param twistd: the names of twistd's own options.
    @raise usage.UsageError: the file cannot be read, or has an unknown option.
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
    """Explain why the configuration file cannot have an option."""
    if name in COMMAND_LINE_ONLY:
        return f"{name} belongs on the command line"
    if name in twistd:
        return f"{name} is an option of twistd: it belongs on the command line, before chat"
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"the options are {', '.join(sorted(known))}"
    return f"there is no option {name}: {hint}"


def explain(error: getopt.GetoptError, known: list[str], twistd: Collection[str]) -> str:
    """Explain in one sentence why getopt refuses an option on the command line.

    @param known: the names of all options; C{twistd} has those of twistd itself.
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
    """Return the key of an operator's nickname.

    @raise usage.UsageError: it is not a valid nickname.
    """
    try:
        return nick_key(check_nick(nick))
    except ValueError as error:
        raise usage.UsageError(f"--operator {nick}: {error}") from None


def _read(path: str, errors: str = "replace") -> str:
    """Read the text of a file.

    @param errors: see L{text_of}.
    @raise usage.UsageError: the file cannot be read.
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
    """Read the lines of a message of the day.

    @raise usage.UsageError: the file cannot be read.
    """
    text = _read(path)
    return tuple(clean(line) for line in text.rstrip("\n").split("\n"))


@dataclass(slots=True)
class Settings:
    """The settings of a chat; the defaults make one that works.

    @ivar name: the name of the chat.
    @ivar motd: the lines of the message of the day; may be replaced while the chat runs.
    @ivar replay: the lines of a room's history that are shown to a person who joins.
    @ivar rate_limit: lines a second that a person may send after a burst; 0 for no limit.
    @ivar pipe_rate: the same for a program that pipes under a registered nickname; 0 for no limit
        but that of its address.
    @ivar per_address: how many people one address counts as, in connections and lines; 0 for no
        limit.
    @ivar send_queue: the most bytes that may wait for one member.
    @ivar linger: the grace period of a lost connection, in seconds.
    @ivar operators: the keys of the nicknames of the whole chat's operators.
    @ivar keep: seconds for which history is kept; 0 for ever.
    @ivar keep_lines: lines of history kept in each room; 0 for all.
    """

    name: str = "chatservice"
    motd: tuple[str, ...] = ()
    replay: int = 10
    rate_limit: int = 5
    pipe_rate: int = 50
    per_address: int = 32
    send_queue: int = 1024 * 1024
    linger: float = 30.0
    operators: frozenset[str] = frozenset()
    keep: int = 0
    keep_lines: int = 0

    def rate_of(self, is_known_pipe: bool) -> int:
        """Return the lines a second that one person may send; 0 for no limit.

        @param is_known_pipe: whether the sender is a program under a registered nickname, which
            may never send less than others.
        """
        rate, pipe_rate = self.rate_limit, self.pipe_rate
        if not is_known_pipe or not rate or 0 < pipe_rate < rate:
            return rate
        return pipe_rate


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of L{Settings} that come from options.

    @param values: the values of the options, by option name.
    """
    return {row.setting: values[row.name] for row in TABLE if row.setting is not None}
