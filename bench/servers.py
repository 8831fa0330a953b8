"""The servers that L{limit} loads in turn: the chat at two of its doors, a C program, and Debian's
two IRC servers.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import processes
from chat_server import fresh_server

CHAT, IRC_DOOR, C_PROGRAM = "chat", "chat, by IRC", "C"
START_LIMIT = 10.0

IRC_LOGIN = (
    "CAP REQ :message-tags server-time account-tag echo-message labeled-response batch"
    " extended-join away-notify multi-prefix userhost-in-names\r\n"
    "NICK bench%d\r\nUSER bench 0 * :a member\r\nCAP END\r\n"
)
"""How a member comes to the IRC door: chatload has 255 bytes for it, so it asks for those
capabilities on which the lines that it reads depend."""

SYSTEM_PROGRAMS = "/usr/sbin"
"""Where Debian keeps the IRC servers; the path of an ordinary user leaves it out."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens on 127.0.0.1.

    @ivar loading: the options with which chatload plays its members.
    """

    name: str
    port: int
    pid: int
    loading: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Irc:
    """How to run an IRC server; C{NAME.conf} in this folder has its settings, with comments.

    @ivar options: for staying in the foreground; the last one takes the path of the settings.
    @ivar joining: how many members may be joining at the same time.
    """

    options: Sequence[str]
    joining: int


_IRC_SERVERS = {
    # Only 10 connections can wait for it; another one tries again after a second.
    "ngircd": _Irc(("--nodaemon", "--config"), 10),
    # It lets people in once a second. (As any user but root, it ignores --runasroot.)
    "inspircd": _Irc(("--nofork", "--nopid", "--runasroot", "--config"), 1000),
}


def missing() -> list[str]:
    """Name the IRC servers that are not installed."""
    return [name for name in _IRC_SERVERS if _program(name) is None]


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PROGRAMS}")


@contextmanager
def all_servers(c_program: Path, core: int | None) -> Iterator[list[Server]]:
    """Run the chat twice, for members with telnet and with IRC clients, the C program and the IRC
    servers that are installed, all on one core.
    """
    with ExitStack() as stack:
        text, irc = (stack.enter_context(fresh_server(core)) for _ in range(2))
        servers = [
            Server(CHAT, text.port, text.pid, ("--ready", "you joined lobby")),
            Server(IRC_DOOR, irc.port, irc.pid, ("--irc", "--login", IRC_LOGIN)),
        ]
        servers.append(stack.enter_context(_c_program(c_program, core)))
        for name in _IRC_SERVERS:
            if program := _program(name):
                servers.append(stack.enter_context(_irc_server(name, program, core)))
        yield servers


@contextmanager
def _c_program(program: Path, core: int | None) -> Iterator[Server]:
    port = _free_port()
    with _running([str(program), str(port)], port, core) as pid:
        yield Server(C_PROGRAM, port, pid)


@contextmanager
def _irc_server(name: str, program: str, core: int | None) -> Iterator[Server]:
    """Run an IRC server with its settings, in a folder that is removed afterwards."""
    irc = _IRC_SERVERS[name]
    port = _free_port()
    template = Template(Path(__file__).with_name(f"{name}.conf").read_text("utf-8"))
    with TemporaryDirectory(prefix=f"{name}-bench-") as folder:
        settings = Path(folder) / "settings"
        settings.write_text(template.substitute(port=port, folder=folder), "utf-8")
        with _running([program, *irc.options, str(settings)], port, core) as pid:
            yield Server(name, port, pid, ("--irc", "--burst", str(irc.joining)))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def _running(command: Sequence[str], port: int, core: int | None) -> Iterator[int]:
    """Run a program that listens on a port; give its process id.

    @raise RuntimeError: it does not listen.
    """
    process = processes.start(command, core)
    try:
        deadline = time.monotonic() + START_LIMIT
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} does not listen on port {port}")
            time.sleep(0.05)
        yield process.pid
    finally:
        processes.end(process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionError:
        return False
    return True
