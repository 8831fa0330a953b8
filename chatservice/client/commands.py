"""The chat's slash commands as the client knows them, and how it completes words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from chatservice.protocol.aliases import ALIASES
from chatservice.protocol.sanitize import command_in, words_seen
from chatservice.protocol.wording import spelled

COMMANDS = (
    "/announce",
    "/away",
    "/back",
    "/ban",
    "/bans",
    "/catchup",
    "/deop",
    "/devoice",
    "/export",
    "/forget",
    "/help",
    "/history",
    "/ignore",
    "/invite",
    "/join",
    "/kick",
    "/list",
    "/lockdown",
    "/login",
    "/logout",
    "/me",
    "/modlog",
    "/motd",
    "/msg",
    "/mute",
    "/names",
    "/nick",
    "/op",
    "/part",
    "/password",
    "/ping",
    "/quit",
    "/register",
    "/resume",
    "/room",
    "/search",
    "/set",
    "/token",
    "/topic",
    "/unban",
    "/unignore",
    "/unmute",
    "/unregister",
    "/voice",
    "/who",
    "/whois",
)
"""All commands, by the names that C{/help} lists."""

GOODBYE = "/quit"
"""The one that is answered by the end of the connection."""

MOVES = {"/join", "/part"}
"""The commands that may change the current room."""

TALK = {"/me", "/msg"}
"""The commands that are answered by their event alone."""

SECRETS = {"/forget", "/login", "/password", "/register", "/resume", "/unregister"}
"""The commands with a password or a token; other commands may have one among their words."""


def bare(line: str) -> str:
    """Give a typed line that begins with a slash from there on; any other line as it is.

    See L{command_in}: an invisible character before a slash is no reason to say a password aloud.
    """
    command = command_in(line)
    return line if command is None else f"/{command}"


def command_word(line: str) -> str:
    """Find the slash command of a typed line, by the name that C{/help} lists; empty if it is talk.
    """
    command = command_in(line)
    return "" if command is None else _named(command.partition(" ")[0].casefold())


def holds_password(line: str) -> bool:
    """Tell whether a typed line is a command with a password in it, as far as one can tell.

    The spelling does not matter: the chat may not know the command, but an onlooker reads it.
    """
    command = command_in(line)
    if command is None:
        return False
    word, *others = words_seen(command.casefold()) or [""]
    match meant := [_meant(f"/{word}"), *others]:
        case ["/join", _, _, *_] | ["/room", "password", _, *_]:
            return True
    return meant[0] in SECRETS


def _named(word: str) -> str:
    """Give the name of a command that may be written by another name."""
    name = word.removeprefix("/")
    return f"/{ALIASES.get(name, name)}"


def _meant(word: str) -> str:
    """Give the command, or else the one that is spelled remotely like it, if there is one.

    This takes more than near misses: hiding too much does no harm.
    """
    name = _named(word)
    return name if name in COMMANDS else next(iter(get_close_matches(word, COMMANDS, n=1)), word)


_WITH_ROOM = {"/join", "/names", "/part"}


def completions(before: str, nicknames: Iterable[str], rooms: Iterable[str]) -> list[str]:
    """List what the last word of C{before} could become, with what follows it; in order."""
    *earlier, word = before.split(" ")
    if not word:
        return []
    if not earlier and word.startswith("/"):
        return [f"{command} " for command in _starting(word, COMMANDS)]
    if word.startswith("#"):
        return [f"{room} " for room in _starting(word, (f"#{room}" for room in rooms))]
    if earlier and command_word(earlier[0]) in _WITH_ROOM:
        return [f"{spelled(room)} " for room in _starting(word, rooms)]
    end = " " if earlier else ": "
    return [nick + end for nick in _starting(word, nicknames)]


def _starting(word: str, names: Iterable[str]) -> list[str]:
    start = word.casefold()
    return sorted((n for n in names if n.casefold().startswith(start)), key=str.casefold)
