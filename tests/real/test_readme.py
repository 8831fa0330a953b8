"""The examples of README.rst and docs/running.rst, followed in order, in one directory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import ROOT, blocks
from tests.running import PATIENCE, Peer, Server, answers, end_daemon, free_port

BIN = Path(sys.executable).parent


def commands(path: str) -> list[str]:
    """What its examples have a shell do, but for what installs something or shows a terminal."""
    lines = "\n".join(blocks(path)).replace("\\\n", "").splitlines()
    parts = [part.strip() for line in lines for part in line.split(" && ")]
    begin = (".venv/bin/twistd", "twistd", "kill", "openssl req")
    return [part for part in parts if part.startswith(begin)]


class Reader:
    """Somebody who follows the examples, in one directory, on ports that are free.

    @ivar port: stands for 59000.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        self._ports = {"59000": str(self.port), "59001": str(free_port())}
        self._environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        self._server: Server | None = None

    def written(self, text: str) -> str:
        """An example, for where this one is."""
        for number, free in self._ports.items():
            text = text.replace(number, free)
        return text.replace(".venv/bin/", f"{BIN}/")

    def follow(self, command: str) -> None:
        """Do what an example says; a chat in the foreground goes on until the next one."""
        if re.search(r"twistd -n|python", command):
            self.stop()
            self.start(command)
        elif command.startswith("kill"):
            pid = int((self._directory / "twistd.pid").read_text())
            end_daemon(pid)
        else:
            if "twistd" in command:
                self.stop()
            ended = self.run(command)
            assert ended.returncode == 0, f"{command}: {ended.stderr}"
            if "twistd" in command:
                # twistd leaves a daemon to itself before that removes its pidfile at a SIGTERM.
                assert answers(self.port), f"{command}: no answer"

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with nothing to read."""
        return subprocess.run(
            ["sh", "-c", self.written(command)],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def start(self, command: str) -> None:
        """Start a chat, and wait until it is there."""
        log = self._directory / "output.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {self.written(command)}"],
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._server = Server(process, self.port, log)
        self._server.wait_until_it_answers()

    def stop(self) -> None:
        """Stop the chat in the foreground, if there is one."""
        if self._server is not None:
            self._server.stop()
            self._server = None


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Somebody in an empty directory."""
    somebody = Reader(tmp_path)
    yield somebody
    somebody.stop()


def test_readme(reader: Reader, tmp_path: Path) -> None:
    """The README works from top to bottom, and so does the program that it shows."""
    if shutil.which("nc.openbsd") is None:
        pytest.skip("nc.openbsd is not installed")
    for command in commands("README.rst"):
        reader.follow(command)
    # A name of your own.
    ada = Peer(reader.port)
    ada.join("ada")
    ada.send("/register correct-horse", "/quit")
    ada.until("ada is yours")
    # How to join.
    text = (ROOT / "README.rst").read_text()
    rows = re.findall(r"^(?:the client|a pipe|a one-liner) +``(.*)``$", text, re.MULTILINE)
    assert len(rows) == 3
    for command in rows:
        reader.follow(command)
    grace = Peer(reader.port)
    grace.send("grace", "/history", "/ping")
    grace.until("pong")
    assert any(line.endswith(" bob: hello") for line in grace.heard)
    assert any(" lister: " in line for line in grace.heard)
    # In your own program.
    (program,) = (block for block in blocks("README.rst") if "reactor.run()" in block)
    (tmp_path / "program.py").write_text(reader.written(program))
    reader.follow("python3 program.py")
    again = reader.run("python3 program.py")
    sentence = f"Address already in use: cannot listen on {reader.port}\n"
    assert (again.returncode, again.stdout, again.stderr) == (1, "", sentence)


def test_running(reader: Reader, tmp_path: Path) -> None:
    """The commands of docs/running.rst work one after the other, and so does its file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    for command in commands("docs/running.rst"):
        reader.follow(command)
    (config,) = (block for block in blocks("docs/running.rst") if block.startswith("port = "))
    (tmp_path / "chat.toml").write_text(reader.written(config))
    reader.follow("twistd -n chat --config chat.toml")
