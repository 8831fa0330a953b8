"""The IRC clients that people have: irssi, weechat and ii themselves, against the chat itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.documents import blocks
from tests.real.test_real_clients import program
from tests.running import HOST, PATIENCE, Server, running


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Server]:
    """A chat with a database."""
    with running(tmp_path, "--rate-limit", "0") as server:
        yield server


def until(shown: Callable[[], str], *wanted: str) -> str:
    """Wait until something shows all that is wanted, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not all(each in (text := shown()) for each in wanted):
        assert time.monotonic() < deadline, f"{wanted} is not in\n{text}"
        time.sleep(0.05)
    return text


HURRIED = """
    settings = { "irc/core" = { cmds_max_at_once = "1000"; cmd_queue_speed = "10msec"; }; };
"""
"""The settings with which irssi does not wait 2 s between any two lines that it sends."""


class Irssi:
    """An irssi in a tmux of its own."""

    def __init__(self, folder: Path, chat: Server, nick: str, config: str = "") -> None:
        self._socket = folder / f"tmux-{nick}"
        home = folder / f"irssi-{nick}"
        home.mkdir(exist_ok=True)
        (home / "config").write_text(HURRIED + config)
        address = ["-c", "chat" if config else HOST, "-p", str(chat.port), "-n", nick]
        command = [program("irssi"), f"--home={home}", *([] if config else address)]
        self._run("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "40", *command)

    def _run(self, *words: str) -> str:
        command = [program("tmux"), "-S", str(self._socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def types(self, line: str) -> None:
        """Type a line, and Enter."""
        self._run("send-keys", "-l", line)
        self._run("send-keys", "Enter")

    def presses(self, *keys: str) -> None:
        """Press keys, by the names that tmux has for them."""
        self._run("send-keys", *keys)

    def screen(self) -> str:
        """Read the whole screen."""
        return self._run("capture-pane", "-p")

    def until(self, *wanted: str) -> str:
        """Wait until the screen has all that is wanted."""
        return until(self.screen, *wanted)

    def close(self) -> None:
        """End it, unless it has ended itself."""
        command = [program("tmux"), "-S", str(self._socket), "kill-server"]
        subprocess.run(command, capture_output=True, check=False)


@contextmanager
def irssi(folder: Path, chat: Server, nick: str, config: str = "") -> Iterator[Irssi]:
    """An irssi that has joined the lobby."""
    one = Irssi(folder, chat, nick, config)
    try:
        one.until("message of the day")
        if not config:
            one.types("/join #lobby")
            one.until(f"{nick} [", "has joined #lobby")
        yield one
    finally:
        one.close()


def test_irssi(chat: Server, tmp_path: Path) -> None:
    """Somebody with irssi and somebody with nc talk, act, rename, and complete names."""
    bob = chat.join("bob")
    with irssi(tmp_path, chat, "ada") as ada:
        bob.until("-- ada joined lobby")
        ada.types("hello from irssi")
        bob.until("ada: hello from irssi")
        bob.send("hello from nc", "/me waves")
        ada.until("< bob> hello from nc", "* bob waves")
        ada.presses("b", "o", "Tab")
        ada.until("] bob:")
        ada.types("look")
        bob.until("ada: bob: look")
        ada.types("/me dances")
        bob.until("* ada dances")
        ada.types("/nick grace")
        bob.until("-- ada is now grace")
        bob.send("/msg grace psst")
        ada.until("Act: ")
        bob.send("/nick robert")
        ada.until("bob is now known as robert")
        ada.types("/quit bye all")
        bob.until("-- grace left the chat")


def test_irssi_runs_a_room(chat: Server, tmp_path: Path) -> None:
    """Somebody with irssi who makes a room runs it: topic, kick, ban."""
    bob = chat.join("bob")
    with irssi(tmp_path, chat, "ada") as ada:
        ada.types("/join #tea")
        ada.until("[@ada]")
        bob.send("/join tea")
        ada.until("bob [", "has joined #tea")
        ada.types("/topic green")
        bob.until("changed the topic of #tea: green")
        ada.types("/ban bob")
        ada.until("mode/#tea [+b ")
        ada.types("/kick bob out")
        bob.until("kicked you from #tea: out")
        bob.send("/join tea")
        bob.until("you are banned from #tea")


def test_irssi_comes_back(chat: Server, tmp_path: Path) -> None:
    """A login by SASL brings back the rooms of the last time, with what was said meanwhile."""
    ada, bob = chat.join("ada"), chat.join("bob")
    ada.send("/register correct-horse", "/join tea")
    ada.until("you joined #tea")
    bob.send("/join tea")
    bob.until("you joined #tea")
    ada.send("/quit")
    bob.until("-- ada left the chat")
    bob.send("while you were away")
    config = f"""
        servers = ({{ address = "{HOST}"; port = "{chat.port}"; chatnet = "chat";
            autoconnect = "yes"; }});
        chatnets = {{ chat = {{ type = "IRC"; nick = "ada"; sasl_mechanism = "PLAIN";
            sasl_username = "ada"; sasl_password = "correct-horse"; }}; }};
    """
    with irssi(tmp_path, chat, "ada", config) as back:
        back.until("Act: 2,3")
        back.presses("M-3")
        back.until("while you were away")


def test_weechat(chat: Server, tmp_path: Path) -> None:
    """Somebody with weechat and somebody with nc talk."""
    path = program("weechat-headless")
    home = tmp_path / "weechat"
    bob = chat.join("bob")
    commands = (
        f"/server add chat {HOST}/{chat.port} -notls -nicks=ada -autojoin=#lobby;"
        "/set irc.server_default.anti_flood_prio_high 0;"
        "/set logger.file.flush_delay 0;"
        "/connect chat"
    )
    process = subprocess.Popen(
        [path, "--dir", str(home), "-r", commands],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "LANG": "C.UTF-8"},
    )
    log = home / "logs" / "irc.chat.#lobby.weechatlog"

    def types(line: str) -> None:
        (pipe,) = home.glob("weechat_fifo_*")
        pipe.write_text(f"irc.chat.#lobby *{line}\n")

    try:
        bob.until("-- ada joined lobby")
        bob.send("hello from nc", "/me waves")
        until(lambda: log.read_text() if log.exists() else "", "bob\thello from nc", "bob waves")
        types("hello from weechat")
        bob.until("ada: hello from weechat")
        types("/me dances")
        bob.until("* ada dances")
        types("/nick grace")
        bob.until("-- ada is now grace")
        bob.send("/nick robert")
        until(log.read_text, "bob is now known as robert")
        types("/quit")
        bob.until("-- grace left the chat")
    finally:
        process.kill()
        process.wait()


def test_ii(chat: Server, tmp_path: Path) -> None:
    """Somebody with ii, a client of files, and somebody with nc talk."""
    bob = chat.join("bob")
    command = [program("ii"), "-s", HOST, "-p", str(chat.port), "-n", "ada", "-i", str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    home = tmp_path / HOST
    try:
        until(lambda: read(home / "out"), "message of the day")
        (home / "in").write_text("/j #lobby\n")
        bob.until("-- ada joined lobby")
        bob.send("hello from nc")
        until(lambda: read(home / "#lobby" / "out"), "<bob> hello from nc")
        (home / "#lobby" / "in").write_text("hello from ii\n")
        bob.until("ada: hello from ii")
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def test_by_hand(chat: Server) -> None:
    """The session of the document in which somebody types IRC by hand goes as it is printed."""
    (session,) = (block for block in blocks("docs/irc.rst") if "| nc localhost" in block)
    command, *printed = session.replace("\\\n", "").splitlines()
    command = command.removeprefix("$ ").replace("nc localhost 59000", f"nc {HOST} {chat.port}")
    ended = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    hosts = re.compile(r"@[a-z]{10}\.chat")
    came = hosts.sub("@HOST", ended.stdout).splitlines()
    wanted = [hosts.sub("@HOST", line) for line in printed]
    assert [line for line in came if line in wanted] == wanted, ended.stdout
    assert came[came.index(wanted[1]) + 2 :] == wanted[2:]


def read(path: Path) -> str:
    """Read a file that may not be there yet."""
    return path.read_text("utf-8", "replace") if path.exists() else ""
