"""The numerics that the door sends, as its code and its tests have them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from twisted.words.protocols import irc

import chatservice.doors.irc
from chatservice.doors.irc import replies

DOOR = Path(chatservice.doors.irc.__file__).parent
NUMERIC = re.compile(r"(?<![\d.])\d{3}(?![\d.])")
NAME = re.compile(r"(?:RPL|ERR)_[A-Z0-9]+")


def names(path: Path) -> Iterator[str]:
    """List the names of numerics that a file reads."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        is_read = isinstance(getattr(node, "ctx", None), ast.Load)
        if is_read and NAME.fullmatch(name):
            yield name


class NumericTests(SynchronousTestCase):
    """Each numeric by its name, and by its number."""

    def test_tested(self) -> None:
        """There is a test for each numeric that the door can send."""
        sent = {getattr(replies, name, None) or getattr(irc, name) for name in self.used()}
        self.assertGreater(len(sent), 100)
        tests = (path for path in Path(__file__).parent.glob("*.py"))
        tested = {number for path in tests for number in NUMERIC.findall(path.read_text("utf-8"))}
        self.assertEqual(sorted(sent - tested), [])

    def test_used(self) -> None:
        """Nothing has a name that nobody uses."""
        named = {name for name in vars(replies) if NAME.fullmatch(name)}
        self.assertEqual(sorted(named - self.used()), [])

    def used(self) -> set[str]:
        """List the names that the door's code reads."""
        return {name for path in DOOR.rglob("*.py") for name in names(path)}
