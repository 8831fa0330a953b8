"""The client without a terminal: real processes with pipes and files."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import PATIENCE, Peer, line, mind_signals


@contextmanager
def client(*words: str, **more: Any) -> Iterator["subprocess.Popen[str]"]:
    """The client as a process with pipes; it is ended with the block."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "chatservice", *words]
    given = {"preexec_fn": mind_signals, **pipes, **more}
    process = subprocess.Popen(command, text=True, **given)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(*words: str) -> tuple[int, str, str]:
    """Run the client without input; its exit code, output and errors."""
    with client(*words, stdin=subprocess.DEVNULL) as process:
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err


def test_refused_port() -> None:
    """A port where nothing listens is one sentence and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    sentence = f"chatservice: Could not connect to 127.0.0.1:{port}: nothing is listening there.\n"
    assert run(f"127.0.0.1:{port}") == (1, "", sentence)


def test_unknown_host() -> None:
    """A name that does not resolve is one sentence and exit code 1."""
    code, out, err = run("no-such-host.invalid")
    assert (code, out) == (1, "")
    assert err == (
        "chatservice: Could not connect to no-such-host.invalid:59000: "
        "there is no host with that name.\n"
    )


def test_malformed_host() -> None:
    """A name that cannot be one is one sentence and exit code 1."""
    code, out, err = run("a..b")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("chatservice: Could not connect to a..b:59000: ")


def addresses_with_zone() -> Iterator[str]:
    """Addresses of this machine, with the network that they are in (proc_pid_net(5))."""
    listed = Path("/proc/net/if_inet6")
    if not listed.exists():
        return
    yield "::1%lo"
    for words in map(str.split, listed.read_text().splitlines()):
        if words[0].startswith("fe80"):
            yield f"{socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[0]))}%{words[-1]}"


@pytest.mark.parametrize("address", list(addresses_with_zone()))
def test_zone(address: str) -> None:
    """An IPv6 address may say which network it is in."""
    with socket.create_server(("::", 0), family=socket.AF_INET6) as listening:
        listening.settimeout(PATIENCE)
        with client(f"[{address}]:{listening.getsockname()[1]}"):
            accepted, _ = listening.accept()
            with accepted:
                accepted.settimeout(PATIENCE)
                assert accepted.recv(1) == b"{"


def test_usage() -> None:
    """A command line that makes no sense is exit code 2, with a sentence."""
    code, out, err = run("--room", "a b")
    assert (code, out) == (2, "")
    assert err.endswith("argument --room: a room's name must not contain a space\n")


def test_version() -> None:
    """The version is told without a chat."""
    code, out, err = run("--version")
    assert (code, err) == (0, "")
    assert out == f"chatservice {version('chatservice')}\n"


def closing(how: str) -> list[str]:
    """The client, with descriptors closed as the shell does it (sh(1), redirection)."""
    return ["/bin/sh", "-c", f'exec "$0" -m chatservice "$@" {how}', sys.executable]


@pytest.mark.parametrize("how", ["<&-", "<&- >&-", "<&- >&- 2>&-", "<&- 2>&-"])
def test_closed_input(peer: Peer, how: str) -> None:
    """Whoever closes the input says nothing, and the client says goodbye, whatever else is."""
    process = subprocess.Popen([*closing(how), peer.address], stdin=subprocess.DEVNULL)
    try:
        peer.welcomes()
        assert peer.hears("command")["line"] == "/quit"
        peer.hangs_up()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()


def test_closed_output(peer: Peer) -> None:
    """Whoever closes the output sees nothing, and what is piped in is said."""
    process = subprocess.Popen([*closing(">&-"), peer.address], stdin=subprocess.PIPE)
    try:
        assert process.stdin is not None
        process.stdin.write(b"one\ntwo\n")
        process.stdin.close()
        peer.welcomes()
        assert [peer.acknowledges() for _ in range(2)] == ["one", "two"]
        assert peer.hears("command")["line"] == "/quit"
        peer.hangs_up()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()


def test_build_log(peer: Peer) -> None:
    """What is piped in is said line by line, comes back, and ends with a goodbye."""
    with client(peer.address, "--nick", "ada", "--room", "#Lobby") as process:
        assert process.stdin is not None
        process.stdin.write("cc -c a.c\n/usr/bin/ld: x\nlast")
        process.stdin.close()
        process.stdin = None
        hello = peer.welcomes()
        assert (hello["rooms"], hello["pipe"]) == ({"lobby": 0}, True)
        said = [peer.acknowledges() for _ in range(3)]
        assert said == ["cc -c a.c", "/usr/bin/ld: x", "last"]
        assert peer.hears("command")["line"] == "/quit"
        peer.hangs_up()
        out, err = process.communicate(timeout=PATIENCE)
        assert [each.split(" ", 1)[1] for each in out.splitlines()[-3:]] == [
            "ada: cc -c a.c",
            "ada: /usr/bin/ld: x",
            "ada: last",
        ]
        assert (process.returncode, err) == (0, "")


def test_refused_line(peer: Peer) -> None:
    """A piped line that is refused is exit code 3, when the others are said."""
    with client(peer.address) as process:
        assert process.stdin is not None
        process.stdin.write("x" * 5000 + "\nok\n")
        process.stdin.close()
        process.stdin = None
        peer.welcomes()
        assert peer.acknowledges() == "ok"
        peer.hears("command")
        peer.hangs_up()
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err.count("\n")) == (3, 1)


def test_nickname_taken(peer: Peer) -> None:
    """A taken nickname is the chat's sentence and exit code 1."""
    with client(peer.address) as process:
        peer.accept()
        peer.hears("hello")
        peer.says(line("error", code="nick-taken", text="ada is taken"))
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (1, "chatservice: ada is taken\n")


@pytest.mark.parametrize("from_file", [True, False])
def test_password(peer: Peer, tmp_path: Any, from_file: bool) -> None:
    """The password of a registered nickname comes from a file, or else from the environment."""
    (tmp_path / "password").write_text("of a file\nnot this\n")
    words = ["--password-file", str(tmp_path / "password")] if from_file else []
    environment = {**os.environ, "CHATSERVICE_PASSWORD": "of the environment"}
    with client(peer.address, *words, env=environment) as process:
        peer.accept()
        assert "password" not in peer.hears("hello")
        peer.says(line("error", code="password-needed", text="registered"))
        expected = "of a file" if from_file else "of the environment"
        assert peer.hears("hello")["password"] == expected
        peer.says(line("error", code="wrong-password", text="that is wrong"))
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (1, "chatservice: that is wrong\n")


def test_commands(peer: Peer) -> None:
    """With --commands a piped line may be a command; what is for programs is not touched."""
    with client(peer.address, "--commands") as process:
        assert process.stdin is not None
        process.stdin.write("/export\n")
        process.stdin.close()
        process.stdin = None
        peer.welcomes()
        request = peer.hears("command")
        assert request["line"] == "/export"
        peer.says(line("ok", ref=request["ref"], lines=['{"a":1}'], raw=True))
        assert peer.hears("command")["line"] == "/quit"
        peer.hangs_up()
        out, _ = process.communicate(timeout=PATIENCE)
        assert out.splitlines()[-1] == '{"a":1}'
        assert process.returncode == 0


def test_chat_full(peer: Peer) -> None:
    """A chat that refuses everybody says why, and that is exit code 1."""
    with client(peer.address) as process:
        peer.accept()
        peer.says(b"-- the chat is full")
        peer.hangs_up()
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (1, "chatservice: the chat is full\n")


def test_reconnects(peer: Peer) -> None:
    """A line said before and one said after a cut are both said once."""
    with client(peer.address) as process:
        assert process.stdin is not None
        process.stdin.write("one\n")
        process.stdin.flush()
        peer.welcomes()
        ref = peer.hears("say")["ref"]
        stored = peer.said("ada", "one", ref, own=True)
        peer.hangs_up()
        process.stdin.write("two\n")
        process.stdin.close()
        process.stdin = None
        hello = peer.welcomes(lobby={"topic": "", "members": [], "missed": True})
        assert hello["token"]
        private = peer.hears("history")
        assert "room" not in private
        peer.says(b'{"type":"history","ref":"%s","events":[]}' % private["ref"].encode())
        page = peer.hears("history")
        peer.says(b'{"type":"history","ref":"%s","events":[%s]}' % (page["ref"].encode(), stored))
        assert peer.acknowledges() == "two"
        assert peer.hears("command")["line"] == "/quit"
        peer.hangs_up()
        out, _ = process.communicate(timeout=PATIENCE)
        assert [out.count("ada: one"), out.count("ada: two")] == [1, 1]
        assert process.returncode == 0


def test_forged_receipt(peer: Peer) -> None:
    """A line that somebody else seems to have confirmed is said again, until the chat does."""
    with client(peer.address) as process:
        assert process.stdin is not None
        process.stdin.write("sell\n")
        process.stdin.close()
        process.stdin = None
        peer.welcomes()
        first = peer.hears("say")
        ref = first["ref"]
        assert len(ref) == 32
        peer.says(peer.said("ada", "sell", ref), peer.said("ada", "buy", ref, own=True))
        peer.hangs_up()
        peer.welcomes(lobby={"topic": "", "members": [], "missed": False})
        private = peer.hears("history")
        peer.says(line("history", ref=private["ref"], events=[]))
        assert peer.hears("say") == first
        peer.says(peer.said("ada_", "sell", ref, own=True))
        assert peer.hears("command")["line"] == "/quit"
        peer.hangs_up()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0


def test_goodbye_in_a_pipe(peer: Peer) -> None:
    """A goodbye that is piped in waits until one has joined, and the lines before it are said."""
    with client(peer.address, "--commands") as process:
        assert process.stdin is not None
        process.stdin.write("hi\n/quit now\n")
        process.stdin.close()
        process.stdin = None
        peer.welcomes()
        ref = peer.hears("say")["ref"]
        peer.says(peer.said("ada", "hi", ref))
        peer.hangs_up()
        peer.welcomes(lobby={"topic": "", "members": [], "missed": False})
        private = peer.hears("history")
        peer.says(line("history", ref=private["ref"], events=[]))
        assert peer.acknowledges() == "hi"
        assert peer.hears("command")["line"] == "/quit now"
        peer.hangs_up()
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")


def test_hidden_history(peer: Peer) -> None:
    """After a reconnection the lines behind those that are hidden are shown."""
    with client(peer.address) as process:
        peer.welcomes()
        peer.says(peer.said("bob", "first"))
        assert process.stdout is not None
        while "first" not in process.stdout.readline():
            pass
        peer.hangs_up()
        hidden, behind = peer.new_id(), peer.new_id()
        peer.welcomes(lobby={"topic": "", "members": [], "missed": True})
        private = peer.hears("history")
        peer.says(line("history", ref=private["ref"], events=[]))
        page = peer.hears("history")
        peer.says(line("history", ref=page["ref"], events=[], more=True, next=hidden))
        page = peer.hears("history")
        assert page["after"] == hidden
        said = {"type": "said", "id": behind, "room": "lobby", "nick": "eve", "text": "behind"}
        peer.says(line("history", ref=page["ref"], events=[said]))
        while "eve: behind" not in process.stdout.readline():
            pass


def test_head(peer: Peer) -> None:
    """When what reads the output ends, the client says goodbye and ends quietly."""
    reading, writing = os.pipe()
    with client(peer.address, stdout=writing) as process:
        os.close(writing)
        peer.welcomes()
        assert os.read(reading, 1)
        os.close(reading)
        assert peer.hears("command")["line"] == "/quit"
        peer.hangs_up()
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_files(peer: Peer, tmp_path: Any) -> None:
    """Standard input and output may be files."""
    (tmp_path / "in").write_text("one\ntwo\n")
    with (
        open(tmp_path / "in") as given,
        open(tmp_path / "out", "w") as taken,
        client(peer.address, stdin=given, stdout=taken) as process,
    ):
        peer.welcomes()
        assert [peer.acknowledges() for _ in range(2)] == ["one", "two"]
        peer.hears("command")
        peer.hangs_up()
        assert process.wait(PATIENCE) == 0
    assert "ada: two\n" in (tmp_path / "out").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_killed(peer: Peer, number: signal.Signals) -> None:
    """A deadly signal ends the client as it would end any program."""
    with client(peer.address) as process:
        peer.welcomes()
        process.send_signal(number)
        assert process.wait(PATIENCE) == -number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ignored(peer: Peer, number: signal.Signals) -> None:
    """What ignores a signal from the beginning goes on doing so, as behind nohup(1)."""

    def ignore() -> None:
        signal.signal(number, signal.SIG_IGN)

    with client(peer.address, preexec_fn=ignore) as process:
        peer.welcomes()
        process.send_signal(number)
        assert process.stdin is not None
        print("still here", file=process.stdin, flush=True)
        assert peer.hears("say")["text"] == "still here"


def test_shared_descriptors_block_again(peer: Peer) -> None:
    """What shares the client's output finds it blocking, as it was."""
    reading, writing = os.pipe()
    with client(peer.address, stdin=subprocess.DEVNULL, stdout=writing) as process:
        peer.welcomes()
        peer.hears("command")
        peer.hangs_up()
        assert process.wait(PATIENCE) == 0
    assert os.get_blocking(writing)
    os.close(reading)
    os.close(writing)
