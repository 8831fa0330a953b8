"""Accounts, bans and operators' own checkers, with twistd and telnet as people have them."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.real.test_real_clients import telnet
from tests.running import PATIENCE, TWISTD, Peer, Server, running

SECRET = "correct-horse"
PROMPT = "Password for ada (or nothing, for another nickname): "
WRONG = "-- wrong nickname or password"


def register(peer: Peer) -> None:
    """Make the nickname that one bears one's own."""
    peer.send(f"/register {SECRET}")
    peer.until("is yours")


def test_back_after_a_crash(tmp_path: Path) -> None:
    """After kill -9 a registered nickname asks for its password, and brings back what was its."""
    with running(tmp_path) as chat:
        ada, bob = chat.join("ada"), chat.join("bob")
        register(ada)
        ada.send("/join python")
        ada.until("you joined #python")
        bob.send("/join python")
        bob.until("you joined #python")
        ada.send("/quit")
        bob.until("ada left the chat")
        bob.send("hiss", "ada: hiss", "/msg ada psst", "/ping")
        bob.until("kept until ada comes back")
        bob.until("pong")
        chat.kill()
    with running(tmp_path) as chat:
        ada = chat.connect()
        ada.send("ada")
        ada.until_prompt(PROMPT)
        ada.send("wrong horse")
        assert ada.line() == PROMPT + WRONG
        ada.until_prompt(PROMPT)
        ada.send(SECRET)
        ada.until("you joined lobby")
        ada.until("you joined #python")
        assert ada.line().endswith(" (bob to you) psst")
        assert ada.line().startswith("-- 2 new lines in #python since ")
        ada.send("/catchup", "/ping")
        assert ada.line().endswith("#python bob: hiss")
        assert ada.line().endswith("#python bob: ada: hiss")
        assert ada.line() == "-- pong"
        assert "Traceback" not in chat.log.read_text()


def tried(chat: Server) -> str:
    """What the chat says to eve at last, who comes and maybe has to go at once."""
    eve = chat.connect()
    eve.send("eve", "/quit")
    return " ".join(eve.to_the_end())


def test_ban_after_a_restart(tmp_path: Path) -> None:
    """A ban is in force in the next run, and ends by itself."""
    options = ("--operator", "boss")
    with running(tmp_path, *options) as chat:
        boss, eve = chat.join("boss"), chat.join("eve")
        register(boss)
        boss.send("/ban * eve 10s spam")
        eve.until("spam")
        eve.to_the_end()
        chat.stop()
    with running(tmp_path, *options) as chat:
        assert "banned" in tried(chat)
        assert "banned" in tried(chat)
        deadline = time.monotonic() + PATIENCE
        while "you joined lobby" not in tried(chat):
            assert time.monotonic() < deadline, "the ban goes on"


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_auth(tmp_path: Path, kind: str) -> None:
    """Who is in the operator's own list is let in with that password, and nobody else is."""
    (tmp_path / "passwords").write_text("ada:secret-word\n")
    checker = {"file": f"file:{tmp_path / 'passwords'}", "memory": "memory:ada:secret-word"}[kind]
    with running(tmp_path, "--auth", checker) as chat:
        ada = chat.program("ada", password="secret-word")
        assert ada.welcome["account"] == "ada"
        stranger = chat.program("stranger")
        for line in ("/login ada wrong-word", "/login grace secret-word"):
            stranger.ask("command", line=line, ref=line)
            assert stranger.until_fact("error")["code"] == "wrong-password"
        person = chat.join("somebody")
        person.send("/login ada secret-word")
        person.until("you are logged in as ada")
        person.send("from here too")
        assert ada.until_fact("said")["nick"] == "ada"
        newcomer = chat.connect()
        newcomer.send("ada", "secret-word")
        newcomer.until("you are ada, in lobby, and here on 2 other connections too")


def test_bad_operator(tmp_path: Path) -> None:
    """A nickname that can be nobody's is refused as an operator, in one sentence."""
    ended = subprocess.run(
        [TWISTD, "-n", "chat", "--operator", "ada love"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 1
    last = (ended.stdout + ended.stderr).strip().split("\n")[-1]
    assert "--operator ada love: " in last
    assert "Traceback" not in ended.stdout + ended.stderr


def test_telnet_hides_the_password(tmp_path: Path) -> None:
    """A telnet that negotiates does not show the password, and shows what is typed after it."""
    with running(tmp_path) as chat:
        ada = chat.join("ada")
        register(ada)
        ada.send("/quit")
        ada.to_the_end()
        with telnet(chat, negotiating=True) as typed:
            typed.until_prompt("Choose a nickname: ")
            typed.send("ada")
            typed.until_prompt(PROMPT)
            typed.send(SECRET)
            typed.until("you joined lobby")
            typed.send("/ping")
            typed.until("-- pong")
            shown = "\n".join(typed.heard)
            assert SECRET not in shown
            assert "/ping" in shown
