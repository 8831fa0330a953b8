"""The server under test: C{twistd chat} with its journal on, in a folder of its own."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import processes

PROJECT = Path(__file__).resolve().parent.parent

OPTIONS = ("--replay", "0", "--rate-limit", "0", "--max-per-address", "0")
"""Everything else is the default: a database file, synchronous=FULL."""

START_LIMIT = 30.0

_LISTENING = re.compile(r"The chat is open on 127\.0\.0\.1 port (\d+)")


class ChatServer:
    """The server as a process; after a restart, it continues with the same database.

    @param folder: for the database and the log.
    @param core: the one to run on, or C{None} for any.
    @param options: of C{twistd chat}, beside the port.
    @param python: the interpreter whose installed chat to run; by default, the present one with the
        chat of this checkout.
    @ivar port: on 127.0.0.1, another one after each start.
    @ivar more_ports: those that C{options} add, on 127.0.0.1 too.
    """

    def __init__(
        self,
        folder: Path,
        core: int | None,
        options: Sequence[str] = OPTIONS,
        python: str | None = None,
    ) -> None:
        self._folder = folder
        self._core = core
        self._options = options
        self._python = python
        self._log = folder / "server.log"

    def start(self) -> None:
        """Start it, and wait until it listens.

        @raise RuntimeError: it does not listen; with the end of its log.
        """
        self._log.unlink(missing_ok=True)
        run_twistd = "from twisted.scripts.twistd import run; run()"
        python = self._python or sys.executable
        twistd = [python, "-c", run_twistd, "-n", "--pidfile=", f"--logfile={self._log}"]
        chat = ["chat", "--port", "tcp:0:interface=127.0.0.1:backlog=1024", *self._options]
        environment = os.environ | ({} if self._python else {"PYTHONPATH": str(PROJECT)})
        self._process = processes.start(twistd + chat, self._core, self._folder, environment)
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline and self._process.poll() is None:
            ports = [int(port) for port in _LISTENING.findall(self.log())]
            if len(ports) > self._options.count("--port"):
                self.port, *self.more_ports = ports
                return
            time.sleep(0.02)
        processes.end(self._process)
        raise RuntimeError(f"the server did not start:\n{self.log()[-2000:]}")

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def log(self) -> str:
        """Read what it has logged since it was started."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def cpu_seconds(self) -> float:
        """Measure the CPU time so far."""
        return processes.cpu_seconds(self.pid)

    def resident_bytes(self) -> int:
        """Measure the memory in RAM now."""
        return processes.resident_bytes(self.pid)

    def wait_until_idle(self) -> None:
        """Wait until it has used no CPU for half a second."""
        processes.wait_until_idle(self.pid)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the server in a context; at the end, stop it cleanly if it still runs."""
        self.start()
        try:
            yield
        finally:
            processes.end(self._process)

    def kill(self) -> None:
        """Kill it without warning (SIGKILL)."""
        self._process.kill()
        self._process.wait()


@contextmanager
def fresh_server(core: int | None, options: Sequence[str] = ()) -> Iterator[ChatServer]:
    """Run a server with an empty history, in a folder that is removed afterwards.

    @param options: beside L{OPTIONS}.
    """
    with TemporaryDirectory(prefix="chat-bench-") as folder:
        server = ChatServer(Path(folder), core, (*OPTIONS, *options))
        with server.running():
            yield server
