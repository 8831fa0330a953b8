"""Generator of docs/commands.rst, on standard output, from the table that /help prints.

    python docs/make_commands.py > docs/commands.rst
"""

import re
from collections.abc import Iterator
from textwrap import wrap

from chatservice.commands import ALIASES, COMMANDS, Command, Group

WIDTH = 80

HEAD = """\
.. Made by docs/make_commands.py from the table that /help prints: change it there.

The commands
============

They are the same at every door. A line that begins with a slash is a command;
``//text`` says a text that begins with one. ``[...]`` can be left out, ``|``
stands between two ways to write it, and words in capitals are for you to replace.
Names of commands may be written in capitals.
"""


def page() -> Iterator[str]:
    """Make the lines of the page, with a heading for each group of commands."""
    yield HEAD
    for group in Group:
        yield from (f"{group}", "-" * len(group), "")
        for row in COMMANDS.values():
            if row.group is group:
                yield from entry(row)


def entry(row: Command) -> Iterator[str]:
    """Format a command as an item of a definition list."""
    others = [f"/{alias}" for alias, name in ALIASES.items() if name == row.name]
    also = f"The same: {', '.join(others)}." if others else ""
    first = f"{row.summary[:1].upper()}{row.summary[1:]}."
    text = " ".join(filter(None, (first, row.details, also)))
    yield f"``{row.usage}``"
    yield from (f"    {line}" for line in wrap(escaped(text), WIDTH - 4, break_on_hyphens=False))
    yield ""


def escaped(text: str) -> str:
    """Escape a text for reStructuredText."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


if __name__ == "__main__":
    print("\n".join(page()).rstrip("\n"))
