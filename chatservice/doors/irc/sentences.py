"""The chat's sentences, as people with IRC clients need them."""

from __future__ import annotations

import re

from chatservice import commands
from chatservice.protocol.aliases import ALIASES

KNOWN = {
    *("away", "help", "invite", "join", "kick", "list", "me", "msg", "names", "nick", "notice"),
    *("oper", "part", "quit", "topic", "who", "whois"),
}
"""The commands of the chat that IRC clients have themselves."""

INSTEAD = {"register": "/msg NickServ REGISTER"}
"""How to type what IRC has a verb for that takes something else."""

_COMMAND = re.compile(r"(?<![\w/])/([a-z]+)\b")


def typed_at_irc(sentence: str) -> str:
    """Spell the commands in a sentence as they can be typed: clients refuse what they do not know.
    """
    return _COMMAND.sub(_spelled, sentence)


def _spelled(found: re.Match[str]) -> str:
    name = found[1]
    if name in KNOWN or ALIASES.get(name, name) not in commands.COMMANDS:
        return found[0]
    return INSTEAD.get(name, f"/quote {name}")
