"""The examples in the documents."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def blocks(path: str, begin: str = "", end: str = "\0") -> list[str]:
    """The examples of a text: what is indented after two colons.

    @param begin: a title, if only what follows it counts.
    @param end: another one, before which it ends.
    """
    text = (ROOT / path).read_text()
    text = text[text.index(begin) :].partition(end)[0]
    found = re.findall(r"::\n\n((?:(?: {4}.*)?\n)+)", text)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip("\n") for block in found]
