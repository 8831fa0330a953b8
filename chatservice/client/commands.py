"""What the client knows of the chat's slash commands."""

import re
import unicodedata
from difflib import get_close_matches

from chatservice.aliases import ALIASES

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
"""All of them, by the names that ``/help`` lists."""

GOODBYE = "/quit"
"""The one that is answered by the end of the connection."""

MOVES = {"/join", "/part"}
"""Those that may change the current room."""

TALK = {"/me", "/msg"}
"""Those that are answered by their event alone."""

SECRETS = {"/forget", "/login", "/password", "/register", "/resume", "/unregister"}
"""Those whose words are a password or a token; other commands may have one among their words."""

# White_Space, an empty Braille cell, and what else is blank; what could not be decoded may be.
_BLANK = "\\s\u0085\u2800\ufff9-\ufffb\U0001d159\ufffd"
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 15.0).
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BLANKS, _IGNORED = re.compile(f"[{_BLANK}]+"), re.compile(f"[{_IGNORABLE}]+")
_UNSEEN = re.compile(f"[{_BLANK}{_IGNORABLE}]+")
_SLASHES = re.compile("[/\uff0f]{1,2}")


def bare(line: str) -> str:
    """A typed line that begins with a slash, from there on, and with ordinary slashes; any other
    line as it is.

    What nobody can see before a slash is no reason to say a password aloud, nor is a slash as wide
    as a Chinese character.
    """
    start = 0
    while start < len(line):
        if unseen := _UNSEEN.match(line, start):
            start = unseen.end()
        elif unicodedata.category(line[start]).startswith("M"):  # a mark without a letter
            start += 1
        else:
            break
    slashes = _SLASHES.match(line, start)
    return line if slashes is None else "/" * len(slashes[0]) + line[slashes.end() :]


def seen_of(text: str) -> str:
    """The visible part of a text, without its blanks."""
    return _UNSEEN.sub("", text)


def command_word(line: str) -> str:
    """The slash command that a typed line is, by the name that ``/help`` lists; "" if it is
    something to say.
    """
    line = bare(line)
    if not line.startswith("/") or line.startswith("//"):
        return ""
    return _named(line.partition(" ")[0].casefold())


def holds_password(line: str) -> bool:
    """Whether a typed line is a command with a password in it, as far as one can tell.

    However it is written: the chat may not know the command, but whoever looks on does.
    """
    if not command_word(line):
        return False
    plainly = unicodedata.normalize("NFKC", _IGNORED.sub("", bare(line))).casefold()
    word, *others = [word for word in _BLANKS.split(plainly[1:]) if word] or [""]
    match meant := [_meant(f"/{word}"), *others]:
        case ["/join", _, _, *_] | ["/room", "password", _, *_]:
            return True
    return meant[0] in SECRETS


def _named(word: str) -> str:
    """The name of a command that may be written by another name."""
    name = word.removeprefix("/")
    return f"/{ALIASES.get(name, name)}"


def _meant(word: str) -> str:
    """The command, if it is one; else the one that is written remotely like it, if there is one.

    More than near misses: to hide too much does no harm.
    """
    name = _named(word)
    return name if name in COMMANDS else next(iter(get_close_matches(word, COMMANDS, n=1)), word)
