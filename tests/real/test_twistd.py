"""C{twistd chat}, for real: how it starts, why it does not, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.running import (
    GONE_WITHIN,
    PATIENCE,
    TWISTD,
    Peer,
    Server,
    answers,
    end_daemon,
    endpoint,
    free_port,
    running,
    twistd,
)

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
    """What a web page makes a browser post is answered, and never reaches the chat."""
    with running(tmp_path) as chat:
        ada = chat.join("ada")
        browser = chat.connect()
        browser.send_bytes(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
            b"eve\r\nhi\r\n"
        )
        answer = browser.to_the_end()
        assert answer[0] == "HTTP/1.1 405 Method Not Allowed"
        assert answer[-1] == "this can only be read"
        ada.send("/names", "/ping")
        ada.until("(1 here)")
        ada.until("pong")
        assert not any("eve" in line for line in ada.heard)
