"""C{kill -9} under load, again and again: is everything seen in the history, and are ids sound?

Witnesses join through the JSON door, some of them speak in a closed loop, and the server is killed
at a random moment. It is restarted with the same database, and its history is compared with
everything that any witness had seen. (This shows what a killed process loses. That nothing is lost
in a power failure rests on synchronous=FULL and on the disk.)
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from chat_server import ChatServer
from loads import WINDOW
from tables import Row

WITNESSES = 12
SPEAKERS = 4
ANSWER_LIMIT = 30.0
EVENTS = frozenset(
    ("said", "acted", "whispered", "topic_changed", "joined", "parted", "left", "renamed")
)

Facts = dict[str, Any]


class Witness:
    """A member who remembers everything they receive.

    @ivar events: in the order in which they came.
    """

    def __init__(self, port: int, name: str) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), ANSWER_LIMIT)
        self.name = name
        self.events: list[Facts] = []
        self._tail = b""
        self._said = 0
        self._send({"type": "hello", "nick": name})
        self.answer("welcome")

    def _send(self, request: Facts) -> None:
        self.connection.sendall(json.dumps(request).encode() + b"\n")

    def say(self, count: int) -> None:
        """Say this many lines, all different."""
        for _ in range(count):
            self._said += 1
            text = f"{self.name} says {self._said}"
            self._send({"type": "say", "room": "lobby", "text": text, "ref": str(self._said)})

    def has_said(self, facts: Facts) -> bool:
        """Tell whether this is the witness's own line, come back."""
        return (facts["type"], facts.get("nick")) == ("said", self.name)

    def read(self) -> list[Facts] | None:
        """Wait for data, and return the complete lines; C{None} once the connection is gone."""
        try:
            data = self.connection.recv(1 << 18)
        except ConnectionError:
            data = b""
        if not data:
            return None
        *lines, self._tail = (self._tail + data).split(b"\n")
        told: list[Facts] = [json.loads(line) for line in lines if line.startswith(b"{")]
        self.events.extend(_as_anybody_sees(facts) for facts in told if facts["type"] in EVENTS)
        return told

    def answer(self, kind: str) -> Facts:
        """Wait for an answer.

        @raise RuntimeError: there was an error instead, or the connection is gone.
        """
        while (told := self.read()) is not None:
            for facts in told:
                if facts["type"] == kind:
                    return facts
                if facts["type"] == "error":
                    raise RuntimeError(f"the server said: {facts['text']}")
        raise RuntimeError(f"the connection ended before {kind}")

    def history_after(self, last_id: int) -> Iterator[Facts]:
        """Read what the server has kept of the lobby, page by page."""
        more = True
        while more:
            wanted = {"type": "history", "room": "lobby", "after": last_id, "limit": 100}
            self._send(wanted)
            page = self.answer("history")
            yield from map(_as_anybody_sees, page["events"])
            more = page["more"]
            last_id = page["events"][-1]["id"] if page["events"] else last_id


def _as_anybody_sees(facts: Facts) -> Facts:
    """Leave out of an event whether it is the reader's own."""
    return {name: value for name, value in facts.items() if name != "own"}


class Ledger:
    """Everything that was seen over all runs of the server, and all faults in it.

    @ivar highest: the highest id so far.
    @ivar lines: the lines that were seen, by id.
    @ivar faults: a sentence for each.
    """

    def __init__(self) -> None:
        self.highest = 0
        self.lines: dict[int, Facts] = {}
        self.faults: list[str] = []
        self._events: dict[int, Facts] = {}

    def note(self, witnesses: list[Witness]) -> None:
        """Record a finished run of the server."""
        before = self.highest
        for witness in witnesses:
            self._note_ids(witness.events, before)
            self.lines.update(
                (facts["id"], facts) for facts in witness.events if facts["type"] == "said"
            )

    def check(self, witness: Witness, after: int) -> None:
        """Compare everything seen after an id with the history."""
        kept = list(witness.history_after(after))
        self._note_ids(kept, after)
        by_id = {facts["id"]: facts for facts in kept}
        for number, facts in self.lines.items():
            if number > after and by_id.get(number) != facts:
                self.faults.append(f"{facts} was seen; in the history is {by_id.get(number)}")

    def _note_ids(self, events: list[Facts], last: int) -> None:
        """Check that each id is above the one before, and means the same event to everybody."""
        for facts in events:
            if facts["id"] <= last:
                self.faults.append(f"id {facts['id']} came after {last}")
            last = facts["id"]
            if self._events.setdefault(last, facts) != facts:
                self.faults.append(f"id {last} means two events")
        self.highest = max(self.highest, last)


@contextmanager
def _witnesses(server: ChatServer, count: int) -> Iterator[list[Witness]]:
    witnesses: list[Witness] = []
    try:
        for number in range(count):
            witnesses.append(Witness(server.port, f"witness{number}"))
        yield witnesses
    finally:
        for witness in witnesses:
            witness.connection.close()


def _speak_until_killed(server: ChatServer, witnesses: list[Witness], seconds: float) -> None:
    """Speak in a closed loop, kill the server in the middle, and read everything that it sent."""
    readable = selectors.DefaultSelector()
    speakers = witnesses[:SPEAKERS]
    for witness in witnesses:
        readable.register(witness.connection, selectors.EVENT_READ, witness)
    for speaker in speakers:
        speaker.say(WINDOW)
    killed_at = time.monotonic() + seconds
    while time.monotonic() < killed_at:
        for key, _ in readable.select(0.01):
            witness = key.data
            told = witness.read()
            if told is None:
                raise RuntimeError("the server closed a connection before it was killed")
            if witness in speakers:
                witness.say(sum(witness.has_said(facts) for facts in told))
    readable.close()
    server.kill()
    for witness in witnesses:
        while witness.read() is not None:
            pass


def crash_loop(core: int | None, kills: int, random: Random) -> tuple[Row, list[str]]:
    """Kill the server this many times; return a line for the table, and the faults."""
    ledger = Ledger()
    checked_to = 0
    with TemporaryDirectory(prefix="chat-bench-") as folder:
        server = ChatServer(Path(folder), core)
        for _ in range(kills):
            with server.running(), _witnesses(server, WITNESSES) as witnesses:
                ledger.check(witnesses[0], checked_to)
                checked_to = ledger.highest
                _speak_until_killed(server, witnesses, random.uniform(0.05, 0.5))
                ledger.note(witnesses)
        with server.running(), _witnesses(server, 1) as witnesses:
            ledger.check(witnesses[0], 0)
    row: Row = {"kills": kills, "lines seen": len(ledger.lines), "faults": len(ledger.faults)}
    return row, ledger.faults
