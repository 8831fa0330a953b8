"""The programs that people have: telnet, nc and curl themselves, against the chat itself."""
from __future__ import annotations

import fcntl
import os
import pty
import shutil
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import HOST, PATIENCE, Conversation, Server, running
from tests.scripted import mind_signals

CTRL_C = b"\x03"


def program(name: str) -> str:
    """The path of a program that is installed; without it the test is skipped."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


class Typed(Conversation):
    """A program with somebody who types into it and reads what it shows."""

    def __init__(self, process: subprocess.Popen[bytes], reading: int, writing: int) -> None:
        super().__init__(reading, writing)
        self.process = process


@contextmanager
def telnet(chat: Server, negotiating: bool = False) -> Iterator[Typed]:
    """Telnet in a terminal, where Ctrl-C is a signal (TIOCSCTTY in tty_ioctl(4)).

    @param negotiating: whether it begins to negotiate, as it does on its own port (C{-PORT}).
    """
    path = program("telnet")
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [path, "--", HOST, f"{'-' if negotiating else ''}{chat.port}"],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(inside)
    try:
        yield Typed(process, terminal, terminal)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


@contextmanager
def nc(chat: Server, *options: str) -> Iterator[Typed]:
    """Nc between two pipes, which Ctrl-C ends even where the tests themselves ignore it."""
    path = program("nc.openbsd")
    with subprocess.Popen(
        [path, *options, HOST, str(chat.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=mind_signals,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Typed(process, process.stdout.fileno(), process.stdin.fileno())
        finally:
            process.kill()


def test_telnet(tmp_path: Path) -> None:
    """With telnet one is greeted, joins, is heard, hears, and quits."""
    with running(tmp_path) as chat, telnet(chat) as ada:
        bob = chat.join("bob")
        ada.until("Welcome to chatservice.")
        ada.until_prompt("Choose a nickname: ")
        ada.send("ada")
        ada.until("-- you joined lobby: bob (2 here)")
        ada.send("hello böb")
        assert bob.until("ada:") == "ada: hello böb"
        bob.send("hello ada")
        assert ada.until("bob: ") == "bob: hello ada"
        ada.send("/quit tea")
        assert bob.until("left") == "-- ada left the chat: tea"
        ada.until("-- goodbye")
        ada.until("Connection closed by foreign host.")
        ada.process.wait(PATIENCE)
        assert not any("\ufffd" in line for line in ada.heard)


def test_telnet_after_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C in telnet does no harm: what comes after it is still shown, and still sent."""
    with running(tmp_path) as chat, telnet(chat) as ada:
        bob = chat.join("bob")
        ada.until("Escape character is")
        ada.send("ada")
        ada.until("you joined lobby")
        for _ in range(3):
            ada.send_bytes(CTRL_C)
            ada.send("/ping")
            ada.until("-- pong")
        bob.send("are you there?")
        assert ada.until("bob: ") == "bob: are you there?"
        ada.send("yes")
        assert bob.until("ada: ") == "ada: yes"


def test_nc_of_a_pipe(tmp_path: Path) -> None:
    """What is piped into nc -N is said, and then nc is let go with everything it was owed."""
    path = program("nc.openbsd")
    with running(tmp_path) as chat:
        bob = chat.join("bob")
        ended = subprocess.run(
            [path, "-N", HOST, str(chat.port)],
            input=b"ada\nhello\n/history\n/ping\nlast words, unfinished",
            capture_output=True,
            timeout=PATIENCE,
        )
        assert bob.until("ada: ") == "ada: hello"
        assert bob.until("ada: ") == "ada: last words, unfinished"
        assert bob.until("left") == "-- ada left the chat"
    shown = ended.stdout.decode().split("\r\n")
    assert ended.returncode == 0
    assert shown[0].startswith("Welcome to chatservice.")
    assert "-- you joined lobby: bob (2 here)" in shown[1]
    assert shown[-3].endswith(" ada: hello")
    assert shown[-2:] == ["-- pong", ""]


def test_two_with_nc(tmp_path: Path) -> None:
    """Two people with nc talk to each other, and one leaves by ending nc."""
    with running(tmp_path) as chat, nc(chat) as ada, nc(chat) as bob:
        ada.until_prompt("Choose a nickname: ")
        ada.send("ada")
        ada.until("-- you joined lobby: nobody else (1 here)")
        bob.send("bob")
        bob.until("-- you joined lobby: ada (2 here)")
        assert ada.until("bob") == "-- bob joined the chat"
        for number in range(4):
            ada.send(f"question {number}")
            assert bob.until("ada: ") == f"ada: question {number}"
            bob.send(f"answer {number}")
            assert ada.until("bob: ") == f"bob: answer {number}"
        bob.process.terminate()
        assert ada.until("bob") == "-- bob left the chat"


def test_nc_quits(tmp_path: Path) -> None:
    """Who says goodbye with nc is told how to end it, for it stays until its input ends."""
    with running(tmp_path) as chat, nc(chat) as ada:
        ada.send("ada", "/quit")
        assert "press Ctrl-C" in ada.until("goodbye")
        ada.process.send_signal(signal.SIGINT)
        assert ada.process.wait(PATIENCE) == -signal.SIGINT


def test_nc_without_n(tmp_path: Path) -> None:
    """Without -N, nc stays after the end of its input, and shows what the others say."""
    with running(tmp_path) as chat, nc(chat) as ada:
        bob = chat.join("bob")
        ada.send("ada", "hello")
        assert ada.process.stdin is not None
        ada.process.stdin.close()
        bob.until("ada: hello")
        bob.send("hello ada")
        assert ada.until("bob: ") == "bob: hello ada"
        ada.process.terminate()
        assert bob.until("left") == "-- ada left the chat"


def test_curl(tmp_path: Path) -> None:
    """With curl one gets the page, and can post nothing, however large it is."""
    path = program("curl")
    with running(tmp_path) as chat:
        for options, code, last in (
            ([], "200", "</html>"),
            (["--data", "x"], "405", "this can only be read"),
            (["--data", "x" * 100_000], "413", "a request must have at most 65,536 bytes"),
        ):
            ended = subprocess.run(
                [path, "-sS", "-w", "%{http_code}", *options, f"http://{HOST}:{chat.port}/"],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            assert (ended.returncode, ended.stderr) == (0, "")
            *sentences, status = ended.stdout.split("\n")
            assert (status, sentences[-1]) == (code, last)
