"""Nothing that anybody saw is lost: the chat is killed under load, and its disk fills up."""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.running import Peer, Program, Server, running

# Killed.

ROUNDS = 5
BURST = 20
TOKENS = {"ada": "ada_comes_back_with_this", "bob": "bob_comes_back_with_this"}

_SAID = re.compile(r"^(?:\d\d:\d\d )?\w+: (round \d+ .*)$")


def talk_as_text(peer: Peer, mark: str) -> list[str]:
    """Say lines as fast as they are taken until the chat is gone, and give back those seen."""
    try:
        for number in count():
            lines = [f"{mark} line {BURST * number + extra}" for extra in range(BURST)]
            peer.send(*lines, "/ping")
            peer.until("-- pong")
    except OSError:
        peer.to_the_end()
    except EOFError:
        pass
    return [match[1] for match in map(_SAID.match, peer.heard) if match]


def talk_as_json(program: Program, to: str, mark: str) -> list[dict[str, Any]]:
    """The same through the JSON lines door, with private lines in between; every event seen."""
    try:
        for number in count():
            for extra in range(BURST):
                text = f"{mark} line {BURST * number + extra}"
                program.ask("say", room="lobby", text=text)
            program.ask("command", line=f"/msg {to} {mark} whisper {number}", ref=str(number))
            program.until_fact("whispered", ref=str(number))
    except OSError:
        program.to_the_end()
    except EOFError:
        pass
    facts = (json.loads(line) for line in program.heard)
    return [fact for fact in facts if "id" in fact]


def killed_under_load(chat: Server, mark: str, lines: int) -> tuple[set[str], list[list[Any]]]:
    """Have four people talk, and kill the chat when a fifth saw so many lines.

    @return: what was said to anybody in the lobby, and for each program the events it saw.
    """
    watcher = chat.program("watcher")
    texts = [chat.join("carl"), chat.join("dora")]
    programs = [chat.program(nick, token=token) for nick, token in TOKENS.items()]
    with ThreadPoolExecutor() as pool:
        typing = [pool.submit(talk_as_text, peer, f"{mark} {id(peer)}") for peer in texts]
        programming = [
            pool.submit(talk_as_json, program, to, f"{mark} {to}")
            for program, to in zip(programs, reversed(TOKENS), strict=True)
        ]
        for _ in range(lines):
            watcher.until_fact("said")
        chat.kill()
        watcher.to_the_end()
        seen = {text for talking in typing for text in talking.result()}
        events = [talking.result() for talking in programming]
    events.append([fact for fact in map(json.loads, watcher.heard) if "id" in fact])
    seen |= {fact["text"] for facts in events for fact in facts if fact["type"] == "said"}
    return seen, events


def test_kill(tmp_path: Path) -> None:
    """Killed five times under load, the chat has every line that anybody saw, ids ever rising."""
    highest = 0
    for number in range(ROUNDS):
        # With room for whoever is slow here, because the machine has other things to do.
        with running(tmp_path, "--rate-limit", "0", "--send-queue", "64M") as chat:
            seen, events = killed_under_load(chat, f"round {number}", 2000 + 371 * number)
        assert len(seen) >= 2000
        for facts in events:
            # The first is the welcome, whose id is that of one's own join, right after it.
            ids = [fact["id"] for fact in facts[1:]]
            assert highest < facts[0]["id"] <= ids[0]
            assert all(one < other for one, other in pairwise(ids))
        highest = max(fact["id"] for facts in events for fact in facts)
        with running(tmp_path, "--rate-limit", "0") as chat:
            check_history(chat, seen, events)


def check_history(chat: Server, seen: set[str], events: list[list[Any]]) -> None:
    """Check that all that was seen is kept, as it was seen, and nothing twice.

    Ada is one of the two in every private conversation here.
    """
    program = chat.program("ada", token=TOKENS["ada"])
    kept = program.history(room="lobby")
    texts = [event["text"] for event in kept]
    assert seen <= set(texts)
    assert len(texts) == len(set(texts))
    by_id = {event["id"]: without_own(event) for event in kept + program.history()}
    for facts in events:
        for fact in facts:
            if fact["type"] in ("said", "whispered"):
                assert by_id[fact["id"]] == without_own(fact)


def without_own(fact: Any) -> Any:
    """What everybody sees of an event."""
    return {name: value for name, value in fact.items() if name != "own"}


def test_clock_set_back(tmp_path: Path) -> None:
    """Ids go on above those of the last run though the clock says that this was an hour ago."""
    hour = 3600 * 1_000_000
    with running(tmp_path) as chat:
        last = chat.program("ada").welcome["id"]
        chat.stop()
    with closing(sqlite3.connect(tmp_path / "chat.sqlite3")) as connection, connection:
        connection.execute("UPDATE ids SET ceiling = ceiling + ?", (hour,))
    last += hour
    for _ in range(3):
        with running(tmp_path) as chat:
            now = chat.program("ada").welcome["id"]
            chat.kill()
        assert now > last
        last = now


# Out of room.


def say_until_refused(program: Program, text: str) -> tuple[list[str], str]:
    """Say lines until one is not stored: the refs of those that were, and why it was not."""
    said: list[str] = []
    for number in count():
        ref = f"{text} {number}"
        program.ask("say", room="lobby", text=f"{ref} {'x' * 2000}", ref=ref)
        fact: dict[str, Any] = {}
        while fact.get("ref") != ref:
            fact = program.fact()
        if fact["type"] == "error":
            assert fact["code"] == "not-sent"
            return said, fact["text"]
        said.append(ref)
    raise AssertionError


def full_and_with_room_again(
    chat: Server, fill: Callable[[], object], make_room: Callable[[], object], why: str
) -> None:
    """Check that only lines suffer while nothing can be written, and only so long."""
    ada, bob = chat.program("ada"), chat.join("bob")
    ada.ask("say", room="lobby", text="before", ref="before")
    ada.until_fact("said", ref="before")
    fill()
    said, refused = say_until_refused(ada, "full")
    assert refused == f"not sent: {why}"
    # There may be room left for a line or two that have no ref.
    bob.send(*["nobody may read this" * 100] * 5)
    assert bob.until("not sent") == f"-- not sent: {why}"
    carl = chat.join("carl")
    assert bob.until("carl") == "-- carl joined the chat"
    carl.send("/nick karl", "/quit")
    assert bob.until("carl") == "-- carl is now karl"
    assert bob.until("karl") == "-- karl left the chat"
    assert ada.history(room="lobby")[0]["text"] == "before"
    make_room()
    ada.ask("say", room="lobby", text="after", ref="after")
    ada.until_fact("said", ref="after")
    assert bob.until("after") == "ada: after"
    history = ada.history(room="lobby")
    assert [event["ref"] for event in history if "ref" in event] == ["before", *said, "after"]
    log = chat.log.read_text()
    assert log.count(f"Lines are refused, because they cannot be stored: {why}.") == 1
    assert log.count("Lines are stored again.") == 1
    assert "Traceback" not in log


@contextmanager
def small_disk(directory: Path, size: int) -> Iterator[Path]:
    """A file system of its own, with room for so many bytes; skips where that is not allowed."""
    directory.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)]
    mounted = subprocess.run(["mount", *options], capture_output=True, text=True)
    if mounted.returncode:
        why = mounted.stderr.partition("\n")[0]
        pytest.skip(f"a small disk cannot be mounted: {why}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def test_full_disk(tmp_path: Path) -> None:
    """On a full disk lines are refused, and the rest goes on; with room again, lines do too."""
    with small_disk(tmp_path / "disk", 4 * 1024 * 1024) as disk:
        ballast = disk / "ballast"
        database = str(disk / "chat.sqlite3")
        with running(tmp_path, "--rate-limit", "0", "--database", database) as chat:

            def fill() -> None:
                ballast.write_bytes(b"x" * (3 * 1024 * 1024))

            full_and_with_room_again(chat, fill, ballast.unlink, "the disk is full")


def test_failing_disk(tmp_path: Path) -> None:
    """The same when the disk failed, here because no file may grow any more."""
    with running(tmp_path, "--rate-limit", "0") as chat:

        def allow(size: int) -> None:
            unlimited = resource.RLIM_INFINITY
            resource.prlimit(chat.process.pid, resource.RLIMIT_FSIZE, (size, unlimited))

        log_size = (tmp_path / "chat.sqlite3-wal").stat().st_size
        full_and_with_room_again(
            chat,
            lambda: allow(log_size + 100_000),
            lambda: allow(resource.RLIM_INFINITY),
            "the disk failed",
        )
