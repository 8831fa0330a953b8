"""The files that operators write: the configuration, and the message of the day."""

from __future__ import annotations

import getopt
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from twisted.python import usage

from chatservice.config.table import COMMAND_LINE_ONLY, OPTIONS
from chatservice.protocol.names import nearest
from chatservice.protocol.sanitize import clean
from chatservice.protocol.textfile import text_of


def read_config(path: str, twistd: Collection[str] = ()) -> dict[str, Any]:
    """Read the options in a configuration file, by name.

    @param twistd: the names of twistd's own options.
    @raise usage.UsageError: the file cannot be read, or has an unknown option.
    """
    try:
        values = tomllib.loads(_read(path, "strict"))
    except ValueError as error:
        raise usage.UsageError(f"{path} is not TOML: {error}") from None
    known = [option.name for option in OPTIONS]
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
