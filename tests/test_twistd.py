"""C{twistd chat}, for real: how it starts, why it does not, and how it ends."""

from __future__ import annotations

import os
import select
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import (
    PATIENCE,
    TWISTD,
    Peer,
    Server,
    answers,
    endpoint,
    free_port,
    running,
    wait_until_ready,
)

GONE_WITHIN = 10.0
"""Seconds that a chat may take to stop, whoever is in it."""


def twistd(
    directory: Path, *arguments: str, inherited: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run twistd until it ends, or has become a daemon.

    @param inherited: file descriptors that it gets, and the daemon keeps.
    """
    return subprocess.run(
        [TWISTD, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        pass_fds=inherited,
    )


def end_daemon(pid: int) -> None:
    """Ask a process that is no child of this one to end, and wait until it has."""
    process = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        poll = select.poll()
        poll.register(process, select.POLLIN)
        assert poll.poll(GONE_WITHIN * 1000), f"process {pid} goes on"
    finally:
        os.close(process)


# Starting.


def test_foreground(tmp_path: Path) -> None:
    """Started with a port and nothing else, it logs where it listens and how to join."""
    with running(tmp_path) as chat:
        chat.join("ada")
        log = chat.log.read_text()
    assert f"The chat is open on 127.0.0.1 port {chat.port}." in log
    assert f"telnet localhost {chat.port}\n" in log
    assert f"nc localhost {chat.port}\n" in log
    assert "ada is here, from 127.0.0.1 port" in log
    assert "Traceback" not in log


def test_daemon(tmp_path: Path) -> None:
    """Without -n it is a daemon with a pidfile, and SIGTERM ends it and removes the pidfile."""
    port = free_port()
    started = twistd(tmp_path, "chat", "--port", endpoint(port))
    assert (started.returncode, started.stdout, started.stderr) == (0, "", "")
    pidfile = tmp_path / "twistd.pid"
    pid = int(pidfile.read_text())
    try:
        ada = Peer(port)
        ada.join("ada")
        assert f"telnet localhost {port}\n" in (tmp_path / "twistd.log").read_text()
    finally:
        end_daemon(pid)
    assert ada.to_the_end() == ["-- the chat is shutting down"]
    ada.close()
    assert not pidfile.exists()
    assert "Traceback" not in (tmp_path / "twistd.log").read_text()


def test_config(tmp_path: Path) -> None:
    """A configuration file gives the options by their names, and the command line wins."""
    port = free_port()
    (tmp_path / "chat.toml").write_text(
        f'port = ["{endpoint(port)}"]\nname = "from the file"\nmotd = "motd.txt"\nreplay = 3\n'
    )
    (tmp_path / "motd.txt").write_text("Be kind.\nAnd brief.\n")
    process = subprocess.Popen(
        [TWISTD, "-n", "chat", "--config", "chat.toml", "--name", "from the line"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    chat = Server(process, port, tmp_path / "nothing.log")
    try:
        chat.wait_until_it_answers()
        ada = chat.connect()
        greeting = ["Welcome to from the line.", "Be kind.", "And brief."]
        assert [ada.line() for _ in greeting] == greeting
    finally:
        chat.close()


def test_several_ports(tmp_path: Path) -> None:
    """People on different ports, and of different kinds, are in the same chat."""
    second = free_port()
    options = ("--port", endpoint(second), "--port", "unix:chat.sock")
    with running(tmp_path, *options) as chat:
        ada = chat.join("ada")
        bob = Peer(second)
        bob.join("bob")
        with socket.socket(socket.AF_UNIX) as eve:
            eve.settimeout(PATIENCE)
            eve.connect(str(tmp_path / "chat.sock"))
            eve.sendall(b"eve\nhello\n")
            ada.until("eve: hello")
            bob.until("eve: hello")
        bob.close()
        chat.stop()
        assert chat.log.read_text().count("The chat is open on") == 3
        assert "Traceback" not in chat.log.read_text()
        assert not (tmp_path / "chat.sock").exists()


def test_history_is_kept(tmp_path: Path) -> None:
    """A second start in the same place has the history and the topic of the first."""
    with running(tmp_path) as chat:
        ada = chat.join("ada")
        ada.send("/topic snakes", "hello", "/ping")
        ada.until("pong")
        chat.stop()
    with running(tmp_path) as chat:
        bob = chat.connect()
        bob.send("bob", "/ping")
        bob.until("pong")
    assert "-- the topic (set by ada): snakes" in bob.heard
    assert any(line.endswith(" ada: hello") for line in bob.heard)


def test_memory(tmp_path: Path) -> None:
    """With --database :memory: it serves history, and neither file nor restart has any of it."""
    with running(tmp_path, "--database", ":memory:") as chat:
        ada = chat.program("ada")
        ada.ask("say", room="lobby", text="hello", ref="1")
        ada.until_fact("said", ref="1")
        assert [event["text"] for event in ada.history(room="lobby")] == ["hello"]
        chat.stop()
    assert not [path for path in tmp_path.iterdir() if "sqlite" in path.name or ":" in path.name]
    with running(tmp_path, "--database", ":memory:") as chat:
        assert chat.program("ada").history(room="lobby") == []


# Why it does not start.


def nothing(directory: Path) -> None:
    """Nothing has to be there."""


def newer_database(directory: Path) -> None:
    """A database from the future."""
    with running(directory) as chat:
        chat.stop()
    connection = sqlite3.connect(directory / "chat.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def foreign_database(directory: Path) -> None:
    """Another program's database."""
    connection = sqlite3.connect(directory / "chat.sqlite3")
    connection.execute("CREATE TABLE recipes (title TEXT)")
    connection.close()


def no_database(directory: Path) -> None:
    """A file that is something else."""
    (directory / "chat.sqlite3").write_text("Dear diary, today I wrote a chat. " * 100)


def bad_toml(directory: Path) -> None:
    """Configuration files with mistakes."""
    (directory / "broken.toml").write_text("port = = 1\n")
    (directory / "unknown.toml").write_text("databse = 'x'\n")


MISTAKES = [
    (nothing, ("--port", "99999"), "--port 99999: there are ports up to 65535"),
    (nothing, ("--port", "nowhere"), "--port nowhere: it is neither a number nor an endpoint"),
    (nothing, ("--bogus", "1"), "option --bogus not recognized"),
    (nothing, ("--rate-limit", "fast"), "--rate-limit fast: it is to be a whole number"),
    (nothing, ("--replay", "-1"), "--replay -1: it is to be a whole number from 0 to 200"),
    (nothing, ("--motd", "none.txt"), "cannot read none.txt: No such file or directory"),
    (nothing, ("--config", "none.toml"), "cannot read none.toml: No such file or directory"),
    (bad_toml, ("--config", "broken.toml"), "broken.toml is not TOML: "),
    (bad_toml, ("--config", "unknown.toml"), "no option databse: did you mean database?"),
]
"""What to prepare, the options, and what the sentence has in it: found before twistd forks."""

FAILURES = [
    (nothing, ("--database", "no/folder/x"), "No such file or directory: cannot use no/folder/x"),
    (newer_database, (), "The file is of version 99, from a newer chatservice (this one knows "),
    (foreign_database, (), "The file belongs to another program: cannot use chat.sqlite3"),
    (no_database, (), "The file is not a database: cannot use chat.sqlite3"),
]
"""The same, for what goes wrong only when the services start."""

Prepare = Callable[[Path], None]


@pytest.mark.parametrize(("prepare", "options", "sentence"), MISTAKES)
@pytest.mark.parametrize("mode", ["foreground", "daemon"])
def test_mistake(
    tmp_path: Path, prepare: Prepare, options: tuple[str, ...], sentence: str, mode: str
) -> None:
    """An operator's mistake is one last sentence on the screen and status 1, and starts nothing."""
    prepare(tmp_path)
    flags = ["-n"] if mode == "foreground" else []
    ended = twistd(tmp_path, *flags, "chat", "--port", endpoint(free_port()), *options)
    assert ended.returncode == 1
    assert sentence in (ended.stdout + ended.stderr).splitlines()[-1]
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (tmp_path / "twistd.pid").exists()
    assert not (tmp_path / "chat.sqlite3").exists()


def fails_in_foreground(directory: Path, sentence: str, *options: str) -> None:
    """Check that twistd -n ends with one sentence, status 1 and no pidfile."""
    ended = twistd(directory, "-n", "--pidfile", "other.pid", "chat", *options)
    assert ended.returncode == 1
    assert ended.stderr == ""
    assert sentence in ended.stdout.splitlines()[-1]
    assert "Traceback" not in ended.stdout
    assert not (directory / "other.pid").exists()


SHOWN = 100 - len("1 CannotStart: ")
"""Bytes of the sentence that the parent of a daemon is told."""


def fails_as_daemon(directory: Path, sentence: str, *options: str) -> None:
    """Check that twistd ends so too; it prints as much as it is told, and logs all of it."""
    # The daemon may outlive its parent for a moment. A pipe that it holds hangs up at its end.
    reading, held = os.pipe()
    try:
        files = ("--pidfile", "other.pid", "--logfile", "other.log")
        ended = twistd(directory, *files, "chat", *options, inherited=(held,))
    finally:
        os.close(held)
    with os.fdopen(reading, "rb") as pipe:
        wait_until_ready(pipe.fileno(), select.POLLIN, "the daemon does not end")
    assert ended.returncode == 1
    assert sentence[:SHOWN] in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    log = (directory / "other.log").read_text()
    assert sentence in log.splitlines()[-1]
    assert "Traceback" not in log
    assert not (directory / "other.pid").exists()


FAILS = [fails_in_foreground, fails_as_daemon]


@pytest.mark.parametrize(("prepare", "options", "sentence"), FAILURES)
@pytest.mark.parametrize("fails", FAILS)
def test_failure(
    tmp_path: Path,
    prepare: Prepare,
    options: tuple[str, ...],
    sentence: str,
    fails: Callable[..., None],
) -> None:
    """A database that cannot be used ends twistd with a sentence, status 1 and no traceback."""
    prepare(tmp_path)
    fails(tmp_path, sentence, "--port", endpoint(free_port()), *options)


@pytest.mark.parametrize("fails", FAILS)
def test_taken(tmp_path: Path, fails: Callable[..., None]) -> None:
    """A port or database that another chat holds ends twistd likewise, and that chat goes on."""
    with running(tmp_path) as chat:
        ada = chat.join("ada")
        taken = endpoint(chat.port)
        fails(tmp_path, f"Address already in use: cannot listen on {taken}", "--port", taken)
        free = endpoint(free_port())
        sentence = "The file is in use by another chat: cannot use chat.sqlite3"
        fails(tmp_path, sentence, "--port", free)
        ada.send("hello", "/ping")
        ada.until("pong")


# Signals.


def test_stop_delivers_what_was_accepted(tmp_path: Path) -> None:
    """SIGTERM under load: all that was stored was delivered, everybody is told, and it is gone."""
    with running(tmp_path, "--rate-limit", "0") as chat:
        ada, bob = chat.join("ada"), chat.program("bob")
        ada.send(*(f"line {number}" for number in range(5000)))
        bob.until_fact("said", text="line 100")
        chat.process.send_signal(signal.SIGTERM)
        assert chat.process.wait(GONE_WITHIN) == -signal.SIGTERM
        assert ada.to_the_end()[-1] == "-- the chat is shutting down"
        assert bob.to_the_end()[-1] == (
            '{"type":"error","code":"closing","text":"the chat is shutting down"}'
        )
        seen = [line for line in bob.heard if '"said"' in line]
        assert not answers(chat.port)
        assert not (tmp_path / "twistd.pid").exists()
        assert "Traceback" not in chat.log.read_text()
    with running(tmp_path) as chat:
        stored = chat.program("bob").history(room="lobby")
    assert len(stored) == len(seen)
    assert [event["text"] for event in stored] == [f"line {number}" for number in range(len(seen))]


def test_stop_with_a_stuck_reader(tmp_path: Path) -> None:
    """Somebody who does not read holds up the end for less than 10 s, and nobody is let in."""
    with running(tmp_path, "--rate-limit", "0", "--send-queue", "64M") as chat:
        chat.join("stuck", receive_buffer=4096)
        ada = chat.program("ada")
        fill = "x" * 4000
        for number in range(50):
            for _ in range(50):
                ada.ask("say", room="lobby", text=fill, ref=str(number))
            ada.ask("ping", ref=str(number))
            ada.until_fact("pong", ref=str(number))
        chat.process.send_signal(signal.SIGTERM)
        ada.until_fact("error", code="closing")
        with pytest.raises(ConnectionRefusedError):
            Peer(chat.port)
        assert chat.process.poll() is None, "the stuck reader held nothing up"
        assert chat.process.wait(GONE_WITHIN) == -signal.SIGTERM
        assert not (tmp_path / "twistd.pid").exists()
        assert "Traceback" not in chat.log.read_text()


def test_hangup_reads_the_motd_again(tmp_path: Path) -> None:
    """SIGHUP replaces the message of the day, keeps it if it cannot be read, and drops nobody."""
    motd = tmp_path / "motd.txt"
    motd.write_text("first\n")
    with running(tmp_path, "--motd", "motd.txt", "--rate-limit", "0") as chat:
        ada = chat.join("ada")
        motd.write_text("second\n\x1b[31mred\n")
        chat.process.send_signal(signal.SIGHUP)
        answer = ""
        while answer != "-- second":
            assert answer in ("", "-- first")
            ada.send("/motd")
            answer = ada.line()
        assert "\x1b" not in ada.line()
        motd.unlink()
        chat.process.send_signal(signal.SIGHUP)
        while "stays as it was" not in chat.log.read_text():
            ada.send("/ping")
            ada.until("pong")
        assert "second" in chat.program("bob").welcome["motd"]
        assert chat.stop() == -signal.SIGTERM


def test_http(tmp_path: Path) -> None:
    """A web request gets 501 and how to join, and never reaches the chat."""
    with running(tmp_path) as chat:
        ada = chat.join("ada")
        browser = chat.connect()
        browser.send_bytes(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\neve\r\nhi\r\n")
        answer = browser.to_the_end()
        assert answer[0] == "HTTP/1.1 501 Not Implemented"
        assert answer[-1] == f"Join it from a terminal: telnet HOST {chat.port}"
        ada.send("/names", "/ping")
        ada.until("(1 here)")
        ada.until("pong")
        assert not any("eve" in line for line in ada.heard)
