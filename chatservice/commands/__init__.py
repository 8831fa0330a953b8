"""The slash commands: one small function each, in the table that C{/help} prints.

Importing this package fills the table; each group of commands has a module.
"""

from chatservice.aliases import ALIASES
from chatservice.commands import (
    basics,
    history,
    names,
    operators,
    people,
    personal,
    rooms,
    roomsettings,
    sanctions,
    search,
    talk,
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

__all__ = [
    "ALIASES",
    "COMMANDS",
    "Answer",
    "Call",
    "Command",
    "Group",
    "basics",
    "current_room",
    "history",
    "is_command",
    "is_goodbye",
    "names",
    "operators",
    "parse",
    "people",
    "personal",
    "rooms",
    "roomsettings",
    "sanctions",
    "search",
    "talk",
]
