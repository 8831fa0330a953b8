"""The chat as people run it: twistd in its own process, and conversations with it.

Nothing here sleeps. Every wait is for one condition, and fails after L{PATIENCE}.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

HOST = "127.0.0.1"
TWISTD = str(Path(sys.executable).with_name("twistd"))

PATIENCE = 30.0
"""The seconds after which a wait fails."""


GONE_WITHIN = 10.0
"""The most seconds that a chat may take to stop, even with people in it."""

PORTS = 20_000, 30_000
_taken: list[socket.socket] = []


def free_port() -> int:
    """Find a TCP port that nobody listens on, and that no other test on this machine gets.

    It is below the ports that systems assign to clients. A socket that stays open prevents other
    test processes from taking the same port (unix(7), abstract names).
    """
    for number in range(*PORTS):
        taken = socket.socket(socket.AF_UNIX)
        try:
            taken.bind(f"\0chatservice test port {number}")
            with socket.create_server((HOST, number)):
                pass
        except OSError:
            taken.close()
            continue
        _taken.append(taken)
        return number
    raise AssertionError(f"no free port of {PORTS}")


def endpoint(port: int) -> str:
    """Make the value of C{--port} for a port that only this machine can reach."""
    return f"tcp:{port}:interface={HOST}:backlog=1024"


class Speaker:
    """A speaker of the JSON door's language, whatever carries it.

    @ivar welcome: the answer to the hello, once it has come.
    """

    welcome: dict[str, Any]

    def send_text(self, text: str) -> None:
        """Send an object, spelled as JSON."""
        raise NotImplementedError

    def line(self) -> str:
        """Read the next object, spelled as JSON."""
        raise NotImplementedError

    def ask(self, kind: str, **facts: Any) -> None:
        """Send a request."""
        self.send_text(json.dumps({"type": kind, **facts}))

    def fact(self) -> dict[str, Any]:
        """Read the next object."""
        found: dict[str, Any] = json.loads(self.line())
        return found

    def until_fact(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Read up to an object that has all these members, and return it."""
        while True:
            found = self.fact()
            if found.items() >= {"type": kind, **facts}.items():
                return found

    def hello(self, nick: str, **facts: Any) -> None:
        """Join the chat, and read until that is done."""
        self.ask("hello", nick=nick, **facts)
        self.welcome = self.until_fact("welcome")

    def history(self, **where: str) -> list[dict[str, Any]]:
        """Read the whole history of C{room}, or of this member's private messages without it."""
        events: list[dict[str, Any]] = []
        more = True
        while more:
            last = events[-1]["id"] if events else 0
            self.ask("history", after=last, limit=100, ref="page", **where)
            page = self.until_fact("history", ref="page")
            events += page["events"]
            more = page["more"]
        return events


class Conversation:
    """Lines received from one file descriptor and sent to another.

    @ivar heard: every complete line received so far, without its end.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._unread: deque[str] = deque()
        self._unfinished = b""
        self.heard: list[str] = []
        for descriptor in (reading, writing):
            os.set_blocking(descriptor, False)

    def send(self, *lines: str) -> None:
        """Send lines, each with a line feed."""
        self.send_bytes("".join(f"{line}\n" for line in lines).encode())

    def send_bytes(self, data: bytes) -> None:
        """Send bytes without change."""
        rest = memoryview(data)
        while rest:
            wait_until_ready(self._writing, select.POLLOUT, "the other side does not read")
            rest = rest[os.write(self._writing, rest) :]

    def line(self) -> str:
        """Read the next line, without its end.

        @raise EOFError: the other side has closed.
        """
        while not self._unread:
            self._receive()
        return self._unread.popleft()

    def until(self, text: str) -> str:
        """Read up to a line that contains C{text}, and return that line."""
        while True:
            line = self.line()
            if text in line:
                return line

    def until_prompt(self, text: str) -> None:
        """Read until an unfinished line is C{text}."""
        while self._unfinished.decode("utf-8", "replace") != text:
            self._receive()
        self._unread.clear()

    def to_the_end(self) -> list[str]:
        """Read all remaining lines, until the other side closes."""
        left = []
        try:
            while True:
                left.append(self.line())
        except EOFError:
            return left

    def _receive(self) -> None:
        last = self.heard[-1:] or [""]
        wait_until_ready(self._reading, select.POLLIN, f"nothing came after {last[0][:200]!r}")
        try:
            data = os.read(self._reading, 256 * 1024)
        except OSError:
            # A connection that was reset, or a terminal whose program has ended.
            data = b""
        if not data:
            raise EOFError(f"closed after {last[0][:200]!r}")
        *whole, self._unfinished = (self._unfinished + data).split(b"\n")
        lines = [line.decode("utf-8", "replace").rstrip("\r") for line in whole]
        self._unread.extend(lines)
        self.heard.extend(lines)


def wait_until_ready(descriptor: int, event: int, otherwise: str) -> None:
    """Wait until a file descriptor is ready for C{event}, or the other side has hung up."""
    poll = select.poll()
    poll.register(descriptor, event)
    assert poll.poll(PATIENCE * 1000), f"{otherwise} within {PATIENCE:.0f} s"


class Peer(Conversation):
    """A connection to the text door, like that of nc.

    @param receive_buffer: the bytes that the system buffers while nobody reads; 0 for its default.
    @param source: the address to connect from, if it matters.
    """

    def __init__(self, port: int, receive_buffer: int = 0, source: str = "") -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            if source:
                self.socket.bind((source, 0))
            self.socket.connect((HOST, port))
        except OSError:
            self.socket.close()
            raise
        super().__init__(self.socket.fileno(), self.socket.fileno())

    def join(self, nick: str) -> None:
        """Join the chat under a nickname, and read until that is done."""
        self.send(nick)
        self.until("/help lists what you can do")

    def to_the_end(self) -> list[str]:
        """Read all remaining lines, and hang up."""
        left = super().to_the_end()
        self.close()
        return left

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class Program(Peer, Speaker):
    """A connection to the JSON lines door."""

    def send_text(self, text: str) -> None:
        """See L{Speaker.send_text}."""
        self.send(text)


P = TypeVar("P", bound=Peer)


class Server:
    """A running C{twistd -n chat}, and the connections that the test made to it.

    @ivar port: the number of the port that it was started on.
    @ivar log: the file with everything that it prints.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self._peers: list[Peer] = []

    def connect(self, **options: Any) -> Peer:
        """Connect to the text door, without saying anything yet."""
        return self._keep(Peer(self.port, **options))

    def join(self, nick: str, **options: Any) -> Peer:
        """Join the lobby through the text door."""
        peer = self.connect(**options)
        peer.join(nick)
        return peer

    def program(self, nick: str, **facts: Any) -> Program:
        """Join the lobby through the JSON lines door."""
        program = self._keep(Program(self.port))
        program.hello(nick, **facts)
        return program

    def _keep(self, peer: P) -> P:
        self._peers.append(peer)
        return peer

    def peak_memory(self) -> int:
        """Read the most bytes that it ever had in memory (VmHWM in proc_pid_status(5))."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def stop(self) -> int:
        """Ask it to end, as an operator does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill it without a warning."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def close(self) -> None:
        """Close all connections, and kill the server if it still runs."""
        for peer in self._peers:
            peer.close()
        if self.process.poll() is None:
            self.kill()

    def wait_until_it_answers(self) -> None:
        """Wait until it serves, and fail with its log if it ends instead."""
        wait_for_server(self.process, self.log, lambda: answers(self.port))


def wait_for_server(
    process: subprocess.Popen[bytes], log: Path, is_ready: Callable[[], bool]
) -> None:
    """Wait until a server is ready, and fail with its log if it ends instead."""
    deadline = time.monotonic() + PATIENCE
    while not is_ready():
        assert time.monotonic() < deadline, f"it is not ready:\n{log.read_text()}"
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"it ended:\n{log.read_text()}")


def answers(port: int) -> bool:
    """Tell whether a chat serves on a port: a web browser would get an answer."""
    try:
        with socket.create_connection((HOST, port), PATIENCE) as browser:
            browser.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            return browser.recv(1) != b""
    except OSError:
        return False


def start(
    directory: Path,
    *options: str,
    port: int = 0,
    prepare: Callable[[], object] | None = None,
) -> Server:
    """Start a chat in C{directory}, and wait until it answers.

    @param options: the options of C{twistd chat}, other than the port.
    @param port: the number of its port; 0 for a free one.
    @param prepare: called in the new process before it becomes twistd.
    """
    port = port or free_port()
    log = directory / "chat.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [TWISTD, "-n", "chat", "--port", endpoint(port), *options],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=prepare,
        )
    server = Server(process, port, log)
    try:
        server.wait_until_it_answers()
    except BaseException:
        server.close()
        raise
    return server


@contextmanager
def running(
    directory: Path, *options: str, prepare: Callable[[], object] | None = None
) -> Iterator[Server]:
    """Run a chat in C{directory} while the context lasts; see L{start}."""
    server = start(directory, *options, prepare=prepare)
    try:
        yield server
    finally:
        server.close()


def twistd(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run twistd until it ends or becomes a daemon."""
    return subprocess.run(
        [TWISTD, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def end_daemon(pid: int) -> None:
    """Ask a process that is not our child to end, and wait until it has."""
    process = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        poll = select.poll()
        poll.register(process, select.POLLIN)
        assert poll.poll(GONE_WITHIN * 1000), f"process {pid} goes on"
    finally:
        os.close(process)
