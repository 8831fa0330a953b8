"""The slash commands: one small function each, in the table that C{/help} prints.

Importing this package fills the table; each group of commands has a module.
"""

from chatservice.commands import (
    accounts,
    basics,
    connections,
    history,
    nodes,
    people,
    privacy,
    roles,
    room_settings,
    rooms,
    sanctions,
    search,
    talk,
    watching,
)
from chatservice.commands.table import (
    COMMANDS,
    Answer,
    Call,
    Command,
    Group,
    current_room,
    is_command,
    is_goodbye,
    parse,
)
from chatservice.protocol.aliases import ALIASES

__all__ = [
    "ALIASES",
    "COMMANDS",
    "Answer",
    "Call",
    "Command",
    "Group",
    "accounts",
    "basics",
    "connections",
    "current_room",
    "history",
    "is_command",
    "is_goodbye",
    "nodes",
    "parse",
    "people",
    "privacy",
    "roles",
    "room_settings",
    "rooms",
    "sanctions",
    "search",
    "talk",
    "watching",
]
