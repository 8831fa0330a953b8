"""Client-only tags: what programs tell each other along with a line (IRCv3, message tags)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

Tags: TypeAlias = Mapping[str, str]
"""Values by the names of tags, each with the C{+} that it begins with."""

NO_TAGS: Tags = {}

TAGS_BYTES = 4094
"""The most bytes of all tags of a message, as IRC spells them (IRCv3, message tags, Size limit)."""

_BREAKS = re.compile("[\0\v\f\x1c-\x1e\x85\u2028\u2029]")
_NAME = re.compile(r"\+[a-zA-Z0-9./-]+")
_ESCAPES = str.maketrans({";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"})


def break_in(value: str) -> str:
    """Find a character that would break a line, and that IRC has no escape for; empty if none."""
    found = _BREAKS.search(value)
    return "" if found is None else found[0]


def spelled(tags: Tags) -> str:
    """Spell tags as IRC does, without the C{@} before them (IRCv3, message tags, Escaping values).
    """
    return ";".join(
        f"{name}={value.translate(_ESCAPES)}" if value else name for name, value in tags.items()
    )


def check_tags(tags: Tags) -> Tags:
    """Check that every door can send tags on, and return them.

    @raise ValueError: a name or a value is malformed, or they are too long.
    """
    for name, value in tags.items():
        if not _NAME.fullmatch(name):
            raise ValueError(
                'the name of a tag must be "+" and then letters, digits, ".", "/" or "-"'
            )
        if found := break_in(value):
            raise ValueError(f"the value of a tag must not contain U+{ord(found):04X}")
    size = len(spelled(tags).encode())
    if size > TAGS_BYTES:
        raise ValueError(f"the tags are too long ({size:,} bytes, at most {TAGS_BYTES:,})")
    return tags
