"""The scene of an attack: a server of its own, and bystanders who measure its effects."""

from __future__ import annotations

import json
import select
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import processes
from bystander import LIFE, PATIENCE
from chat_server import ChatServer
from databases import FILE, Databases

BYSTANDER = Path(__file__).with_name("bystander.py")

USUAL = ("ping", "say", "history", "join")
"""The bystanders' questions, unless an attack also aims at something else."""

READY_LIMIT = 30.0
MIB = 1 << 20

Answers = dict[str, dict[str, Any]]


@dataclass
class Measured:
    """The cost of an attack.

    @ivar cpu: of the server, as a share of one core, 0 to 1.
    @ivar others: how many cores everything else on this machine took meanwhile.
    @ivar memory: of the server at the end, in bytes, and C{peak} its maximum.
    @ivar answers: what the bystanders saw, by kind; see L{bystander.Measured}.
    @ivar told: what got through, in words.
    """

    cpu: float = 0.0
    others: float = 0.0
    memory: int = 0
    peak: int = 0
    answers: Answers = field(default_factory=dict)
    told: str = ""


class Scene:
    """An attack, carried out once.

    @param folder: an empty one.
    @param core: the server's, or C{None}.
    @param python: see L{ChatServer}.
    @param seconds: how long an attack lasts.
    @ivar server: set by L{start}, as is C{started_in}, the seconds that the start took.
    @ivar measured: the measurements so far.
    """

    server: ChatServer
    started_in: float

    def __init__(
        self,
        folder: Path,
        core: int | None,
        python: str | None,
        databases: Databases,
        seconds: float,
    ) -> None:
        self.folder = folder
        self.seconds = seconds
        self.measured = Measured()
        self._core = core
        self._python = python
        self._databases = databases

    def start(self, *options: str, filled: str = "") -> ChatServer:
        """Start the server, with the default limits unless C{options} say otherwise.

        @param filled: the name of a database to start with; see L{Databases}.
        """
        if filled:
            self._databases.copy(filled, self.folder)
        server = ChatServer(self.folder, self._core, options, self._python)
        begun = time.monotonic()
        server.start()
        self.started_in = time.monotonic() - begun
        self.server = server
        return server

    def close(self) -> None:
        """Kill the server; nobody waits for its remaining work."""
        if hasattr(self, "server"):
            self.server.kill()

    def query(self, sql: str) -> Any:
        """Return the one value that a statement finds in the database of the running server."""
        uri = f"file:{self.folder / FILE}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            return connection.execute(sql).fetchone()[0]

    @contextmanager
    def watched(self, *kinds: str, seconds: float = 0.0) -> Iterator[float]:
        """Measure while the context lasts; give the moment when it ends, L{seconds} from now.

        @param kinds: the bystanders' questions; L{USUAL} if none are given.
        """
        with _bystander(self.server.port, kinds or USUAL) as bystander:
            busy, own = processes.busy_seconds(), self._known(bystander)
            cpu, begun = self.server.cpu_seconds(), time.monotonic()
            until = begun + (seconds or self.seconds)
            yield until
            time.sleep(max(0.0, until - time.monotonic()))
            spent = time.monotonic() - begun
            measured = self.measured
            cpu = self.server.cpu_seconds() - cpu
            measured.cpu = cpu / spent
            others = processes.busy_seconds() - busy - (self._known(bystander) - own) - cpu
            measured.others = max(0.0, others / spent)
            self._look_at_memory()
            measured.answers = _answers(bystander)

    def _known(self, bystander: subprocess.Popen[bytes]) -> float:
        """Measure the CPU seconds of this process and of the bystanders."""
        return time.process_time() + processes.cpu_seconds(bystander.pid)

    def _look_at_memory(self) -> None:
        self.measured.memory = self.server.resident_bytes()
        self.measured.peak = processes.peak_bytes(self.server.pid)


@contextmanager
def _bystander(port: int, kinds: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process of the bystanders, give it once they have joined, and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, str(BYSTANDER), str(port), *kinds],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        if not select.select([process.stdout], [], [], READY_LIMIT)[0]:
            raise RuntimeError("the bystanders could not join")
        if process.stdout.readline() != b"ready\n":
            _, said = process.communicate(timeout=PATIENCE)
            raise RuntimeError(f"the bystanders could not join: {_last_line(said)}")
        yield process
    finally:
        process.kill()
        process.communicate()


def _answers(bystander: subprocess.Popen[bytes]) -> Answers:
    try:
        told, said = bystander.communicate(timeout=min(LIFE, PATIENCE + 10))
    except subprocess.TimeoutExpired:
        raise RuntimeError("the bystanders did not end") from None
    if bystander.returncode:
        raise RuntimeError(f"the bystanders failed: {_last_line(said)}")
    answers: Answers = json.loads(told)
    return answers


def _last_line(said: bytes) -> str:
    return (said.decode("utf-8", "replace").strip().splitlines() or ["nothing"])[-1]
