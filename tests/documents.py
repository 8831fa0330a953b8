"""The examples in the documents."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def blocks(path: str) -> list[str]:
    """The examples of a text: what is indented after two colons."""
    found = re.findall(r"::\n\n((?:(?: {4}.*)?\n)+)", (ROOT / path).read_text())
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip("\n") for block in found]
