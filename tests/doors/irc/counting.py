"""Somebody who says a number in each second, and times and ids of what was said then."""

from __future__ import annotations

import re

from twisted.internet.defer import fail

from chatservice.protocol.errors import StorageError
from tests.conversation import NOON
from tests.doors.irc.asking import ClientCase

SECOND = 1_000_000
START = int(NOON.timestamp()) * SECOND
BROKEN = StorageError("the disk is gone")


def time(second: int, milliseconds: int = 0) -> str:
    """Spell a time after noon as clients do."""
    return f"2026-11-21T12:00:{second:02}.{milliseconds:03}Z"


def filled(text: str) -> str:
    """Fill in the id, as C{idN}, or the time, as C{atN}, of the line that bob said at N seconds."""
    text = re.sub(r"\bid(\d)", lambda found: f"msgid={START + int(found[1]) * SECOND}", text)
    return re.sub(r"\bat(\d)", lambda found: f"timestamp={time(int(found[1]))}", text)


class HistoryCase(ClientCase):
    """Ada, an IRC client, and bob, who says the numbers from 1 to 8, one in each second."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.client("ada", "JOIN #lobby")
        self.bob = self.at_text("bob")

    def count(self, command: str = "", most: int = 8) -> None:
        for each in range(1, most + 1):
            self.clock.advance(1)
            self.bob.types(f"{command}{each}")

    def asks(self, line: str) -> list[str]:
        return self.ada.asks(filled(line))

    def breaks(self, name: str) -> None:
        """Have the journal fail."""
        self.patch(self.journal, name, lambda *_, **__: fail(BROKEN))
