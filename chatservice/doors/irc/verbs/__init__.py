"""The verbs of IRC: one small function each, in the table.

Importing this package fills the table; each group of verbs has a module.
"""

from chatservice.doors.irc.verbs import (
    about,
    accounts,
    connection,
    history,
    lists,
    modes,
    operators,
    people,
    rooms,
    services,
    talk,
)
from chatservice.doors.irc.verbs.table import VERBS, Call, Verb

__all__ = [
    "VERBS",
    "Call",
    "Verb",
    "about",
    "accounts",
    "connection",
    "history",
    "lists",
    "modes",
    "operators",
    "people",
    "rooms",
    "services",
    "talk",
]
