"""The answers to commands: labels, batches, and changes of modes told together.

See IRCv3, labeled-response and batch.
"""

from __future__ import annotations

from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc.format import Change, mode_line
from chatservice.doors.irc.wire import tagged
from chatservice.protocol.tags import spelled


class Response:
    """The lines with which the door answers one command, in their places among all others.

    @param server: the name of the server.
    @param label: the label that the client gave the command, or empty.
    @param number: tells the batches of a connection apart.
    @ivar is_merging: whether changes of modes are held back.
    """

    def __init__(self, server: str, label: str, number: int) -> None:
        self._server = server
        self._label = spelled({"label": label}) if label else ""
        self._batch = f"r{number}"
        self._expected: int | None = None
        self._is_open = False
        self._is_answered = False
        self._room = self._by = ""
        self._changes: list[Change] = []
        self._expected_changes: int | None = None
        self.is_merging = False

    @property
    def is_unopened(self) -> bool:
        """Whether nothing of the answer has been sent yet."""
        return not self._is_answered

    def expect(self, lines: int) -> None:
        """Note how many lines there will be, which may be known before the first one."""
        self._expected = lines

    def spelled(self, lines: list[str]) -> list[str]:
        """Mark lines as a part of the answer."""
        if not self._label or not lines:
            return lines
        if self._expected == 1 == len(lines) and not self._is_open:
            self._is_answered = True
            return [tagged(lines[0], self._label)]
        opening = []
        if not self._is_open:
            self._is_open = self._is_answered = True
            opening = [
                f"@{self._label} :{self._server} BATCH +{self._batch} {caps.LABELED_RESPONSE}"
            ]
        return [*opening, *(self._within(line) for line in lines)]

    def _within(self, line: str) -> str:
        # A batch within this one stands in it with its first line alone.
        return line if "batch=" in line.partition(" ")[0] else tagged(line, f"batch={self._batch}")

    def begin_merging(self) -> None:
        """Tell the changes of modes that follow in one line, with the last of them."""
        self.is_merging = True

    def expect_changes(self, count: int, others: int) -> list[str]:
        """Note how many changes of modes there are in all; tell them if they have come already.

        @param others: how many lines the answer has besides that of the changes.
        """
        self._expected_changes = count
        self.expect(bool(count) + others)
        return self._told() if len(self._changes) >= count else []

    def merge(self, by: str, room: str, change: Change) -> list[str]:
        """Hold a change of a mode until all that one command changes have come."""
        self._by, self._room = by, room
        self._changes.append(change)
        expected = self._expected_changes
        return self.held() if expected is not None and len(self._changes) >= expected else []

    def held(self) -> list[str]:
        """Spell the changes that are held back."""
        return self.spelled(self._told())

    def _told(self) -> list[str]:
        changes, self._changes = self._changes, []
        return [mode_line(self._by, self._room, changes)] if changes else []

    def end(self) -> list[str]:
        """End the answer: close its batch, or acknowledge a command that had no lines."""
        lines = self.held()
        if self._is_open:
            lines.append(f":{self._server} BATCH -{self._batch}")
        elif self._label and not self._is_answered and not lines:
            lines = [f"@{self._label} :{self._server} ACK"]
        self._label = ""
        self._is_open = False
        return lines
