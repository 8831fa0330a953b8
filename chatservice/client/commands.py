"""The slash commands that the client knows, and the completion of words."""

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
    "/claim",
    "/deop",
    "/devices",
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
    "/nodes",
    "/notice",
    "/op",
    "/oper",
    "/part",
    "/password",
    "/ping",
    "/quit",
    "/realname",
    "/register",
    "/resume",
    "/room",
    "/search",
    "/set",
    "/token",
    "/topic",
    "/unban",
    "/unignore",
    "/uninvite",
    "/unmute",
    "/unregister",
    "/unwatch",
    "/voice",
    "/watch",
    "/who",
    "/whois",
    "/whowas",
)
"""All commands, by the names that C{/help} lists."""

GOODBYE = "/quit"
"""The command that the chat answers by ending the connection."""

CATCHUP = "/catchup"
"""The command that shows what was missed, which then counts as read."""

MOVES = {"/join", "/part"}
"""The commands that may change the current room."""

TALK = {"/me", "/msg", "/notice"}
"""The commands that the chat answers with their event alone."""

SECRETS = {"/forget", "/login", "/oper", "/password", "/register", "/resume", "/unregister"}
"""The commands whose words are a password or a token; others may have one among their words."""

_WITH_ROOM = {"/join", "/names", "/part"}
"""The commands after which the names of rooms are completed."""


def bare(line: str) -> str:
    """Strip what precedes the slash of a typed command; return any other line as it is.

    See L{command_in}: an invisible character before the slash must not make a password public.
    """
    command = command_in(line)
    return line if command is None else f"/{command}"


def command_word(line: str) -> str:
    """Name the slash command in a typed line as C{/help} does; "" if the line is text to say."""
    command = command_in(line)
    return "" if command is None else _named(command.partition(" ")[0].casefold())


def ends_all(goodbye: str) -> bool:
    """Tell whether a goodbye is meant for all connections of the person."""
    return words_seen(goodbye.casefold())[1:] == ["all"]


def holds_password(line: str) -> bool:
    """Tell whether a typed line seems to be a command that contains a password.

    Misspelled commands count too: the chat may not know them, but an onlooker reads them.
    """
    command = command_in(line)
    if command is None:
        return False
    word, *others = words_seen(command.casefold()) or [""]
    match meant := [_meant(f"/{word}"), *others]:
        case ["/join", _, _, *_] | ["/room", "password", _, *_]:
            return True
    return meant[0] in SECRETS


def completions(before: str, nicknames: Iterable[str], rooms: Iterable[str]) -> list[str]:
    """List the completions of the last word of C{before}, sorted, with what follows each."""
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


def _named(word: str) -> str:
    """Replace an alias of a command by its name."""
    name = word.removeprefix("/")
    return f"/{ALIASES.get(name, name)}"


def _meant(word: str) -> str:
    """Return the command itself, or the one that it faintly resembles, or else the word.

    The match is loose on purpose: hiding too much does no harm.
    """
    name = _named(word)
    return name if name in COMMANDS else next(iter(get_close_matches(word, COMMANDS, n=1)), word)


def _starting(word: str, names: Iterable[str]) -> list[str]:
    start = word.casefold()
    return sorted((n for n in names if n.casefold().startswith(start)), key=str.casefold)
