"""The commands about the chat itself."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from chatservice.commands.table import (
    COMMANDS,
    DONE,
    WIDTH,
    Answer,
    Call,
    Command,
    Group,
    command,
    find,
    wrapped,
)
from chatservice.protocol.aliases import ALIASES

ALL = "all"
USAGE_WIDTH = 22
"""The columns for a command's usage; a longer usage gets a line of its own."""


@command(
    Group.BASICS,
    "/help [NAME]",
    "list the commands, or explain one",
    "//text says /text. A line without a slash is said in the room.",
)
def help_(call: Call) -> Answer:
    if call.rest:
        return Answer(_explained(find(call.rest.removeprefix("/"))))
    last = "//text says /text"
    return Answer([*_listed(), *wrapped(f"Short forms: {_short_forms()}"), last])


def _listed() -> Iterator[str]:
    for group in Group:
        yield f"{group}:"
        for row in COMMANDS.values():
            if row.group is group:
                yield from _in_columns(row)


def _short_forms() -> str:
    """List the aliases of all commands, each list before the command that it stands for."""
    forms = ((" ".join(_others(row)), row.name) for row in COMMANDS.values() if _others(row))
    return ", ".join(f"{others} for /{name}" for others, name in forms)


def _others(row: Command) -> list[str]:
    return [f"/{alias}" for alias, name in ALIASES.items() if name == row.name]


def _in_columns(row: Command) -> Iterator[str]:
    usage = f"  {row.usage:<{USAGE_WIDTH}}  "
    margin = " " * (USAGE_WIDTH + 4)
    if len(row.usage) > USAGE_WIDTH:
        yield usage.rstrip(" ")
        usage = margin
    yield from textwrap.wrap(
        row.summary, WIDTH, initial_indent=usage, subsequent_indent=margin, break_on_hyphens=False
    )


def _explained(row: Command) -> list[str]:
    others = _others(row)
    also = [f"The same: {', '.join(others)}."] if others else []
    return [*wrapped(f"{row.usage}: {row.summary}"), *wrapped(row.details), *also]


@command(
    Group.BASICS,
    "/quit [all | WHY]",
    "leave the chat, with a reason if you like",
    "If you are here through other connections too, only this one ends; /quit all ends them all.",
)
def quit_(call: Call) -> Answer:
    if call.rest.casefold() == ALL:
        call.chat.leave(call.member, "", goodbye=True, by=call.device)
    else:
        call.chat.devices.hang_up(call.device, call.rest)
    return DONE


@command(Group.BASICS, "/motd", "show the message of the day")
def motd(call: Call) -> Answer:
    return Answer(list(call.chat.settings.motd) or ["there is no message of the day"])


@command(Group.BASICS, "/ping", "check that the chat is there")
def ping(call: Call) -> Answer:
    return Answer(["pong"])
