"""Prints a page with its options as the table in config/table.py has them, on standard output.

    python docs/make_options.py docs/running.rst > new.rst && mv new.rst docs/running.rst

README.rst has the options that a new user needs, and any other page has all of them.
"""

import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from textwrap import wrap

from chatservice.config.table import TABLE, Option

WIDTH = 88
BEGIN = ".. Made by docs/make_options.py from the table in config/table.py: change it there.\n"
END = ".. The end of what is made.\n"


def with_options(page: str, only_basic: bool) -> str:
    """Replace the list of options in a page.

    @raise ValueError: the page has no place for it.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for options")
    return "\n".join([before + BEGIN, *entries(only_basic), END + after])


def entries(only_basic: bool) -> Iterator[str]:
    """The lines of the list; a full one has a title for each group."""
    for group, rows in groupby(TABLE, key=lambda row: row.group):
        if not only_basic:
            yield from (f"**{group}**", "")
        for row in rows:
            if row.is_basic or not only_basic:
                yield from entry(row)


def entry(row: Option) -> Iterator[str]:
    """An option as an item of a definition list."""
    short = f"``-{row.short}``, " if row.short else ""
    text = re.sub(r"([\\*`|_])", r"\\\1", f"{row.usage[:1].upper()}{row.usage[1:]}")
    yield f"{short}``--{row.name}{'' if row.is_flag else '='}``"
    yield from (f"    {line}" for line in wrap(text, WIDTH - 4, break_on_hyphens=False))
    yield ""


if __name__ == "__main__":
    path = Path(sys.argv[1])
    print(with_options(path.read_text("utf-8"), path.name == "README.rst"), end="")
