"""The client in a real tmux, which lays out anew what it shows when it changes its size."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scripted import LOBBY, PATIENCE, Peer

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """A tmux server of its own, with the client in its only window of 60 by 12."""

    def __init__(self, folder: Path, peer: Peer) -> None:
        self._socket = folder / "tmux"
        command = [sys.executable, "-m", "chatservice", peer.address, "--nick", "ada"]
        command += ["--room", "lobby"]
        self.run("-f", "/dev/null", "new-session", "-d", "-x", "60", "-y", "12", *command)

    def run(self, *words: str) -> str:
        """Carry out a command of tmux; its output."""
        command = ["tmux", "-S", str(self._socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def everything(self) -> list[str]:
        """All rows, those that have scrolled away too, without what is empty."""
        rows = self.run("capture-pane", "-p", "-S", "-", "-J").split("\n")
        return [row.rstrip() for row in rows if row.strip()]

    def until(self, condition: Callable[[list[str]], bool]) -> list[str]:
        """Wait until a condition holds for what is shown, and give that back."""
        deadline = time.monotonic() + PATIENCE
        while not condition(rows := self.everything()):
            assert time.monotonic() < deadline, rows
        return rows


@pytest.fixture
def tmux(tmp_path: Path, peer: Peer) -> Iterator[Tmux]:
    """A tmux with a client that is in the lobby."""
    one = Tmux(tmp_path, peer)
    try:
        peer.welcomes(lobby=LOBBY)
        one.until(lambda rows: rows[-1:] == ["lobby>"])
        yield one
    finally:
        one.run("kill-server")


def test_resizing(tmux: Tmux, peer: Peer) -> None:
    """However often its size changes, each line is there once, and the input is whole."""
    lines = [f"line {number} " + "word " * 12 for number in range(3)]
    for text in lines:
        peer.says(peer.said("bob", text))
    typed = "typed " * 20
    tmux.run("send-keys", "-l", typed)
    whole = f"lobby> {typed}".replace(" ", "")
    tmux.until(lambda rows: "".join(rows).replace(" ", "").endswith(whole))
    for number in range(30):
        columns = (60, 33, 90, 25, 61)[number % 5]
        tmux.run("resize-window", "-x", str(columns), "-y", str(8 + number % 7))
    tmux.run("resize-window", "-x", "120", "-y", "12")
    tmux.run("send-keys", "-l", "end")
    rows = tmux.until(lambda rows: "".join(rows).replace(" ", "").endswith(whole + "end"))
    shown = "\n".join(rows)
    for number in range(3):
        assert shown.count(f"line {number} ") == 1, shown
