"""Many people, slow people and hostile people: what they do to the others, which is nothing."""

from __future__ import annotations

import random
import re
import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.running import Peer, running

MIB = 1024 * 1024

FULL = "-- the chat is full: try again later"
UNLIMITED = ("--rate-limit", "0", "--max-per-address", "0")

_RAW_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a log has none of: all control characters but its own line feeds and tabs."""


@contextmanager
def many_files(wanted: int) -> Iterator[None]:
    """Let this process have so many files open; skips where it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this process may open {hard} files, and this takes {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_slow_reader(tmp_path: Path) -> None:
    """Who stops reading while 100 MiB pass is dropped and named; the others miss nothing of it."""
    at_a_time, length = 32, 4096
    total = 100 * MIB // length
    options = (*UNLIMITED, "--send-queue", "512K", "--replay", "0", "--linger", "0")
    with running(tmp_path, *options) as chat:
        for number in range(4):
            chat.join(f"slow{number}", receive_buffer=4096)
        ada, bob = chat.join("ada"), chat.join("bob")
        before = chat.peak_memory()
        for first in range(0, total, at_a_time):
            numbers = range(first, first + at_a_time)
            ada.send(*(f"{number} ".ljust(length, "x") for number in numbers))
            bob.until(f"ada: {numbers[-1]} ")
        grown = chat.peak_memory() - before
        log = chat.log.read_text()
    said = [int(line.split()[1]) for line in bob.heard if line.startswith("ada: ")]
    assert said == list(range(total))
    assert grown < 24 * MIB
    for number in range(4):
        lost = f"-- slow{number} left the chat (did not read what was sent)"
        assert bob.heard.count(lost) == 1
        assert f"Dropping slow{number}: more than 524288 bytes waited to be sent." in log
    assert "Traceback" not in log


def test_one_nickname(tmp_path: Path) -> None:
    """Of a thousand who want the same nickname at once, half of them programs, one gets it."""
    people = 1000
    hello = '{"type":"hello","nick":"ada"}'
    with many_files(people + 100), running(tmp_path, *UNLIMITED) as chat, ExitStack() as open_:
        peers = [Peer(chat.port) for _ in range(people)]
        for peer in peers:
            open_.callback(peer.close)
        for number, peer in enumerate(peers):
            peer.send("ada" if number % 2 else hello)
        verdict = re.compile(r"you joined lobby|ada is taken|\"welcome\"|\"nick-taken\"")
        found = []
        for peer in peers:
            while not (match := verdict.search(peer.line())):
                pass
            found.append(match[0].strip('"'))
        assert len([word for word in found if word in ("you joined lobby", "welcome")]) == 1
        assert len([word for word in found if word in ("ada is taken", "nick-taken")]) == 999
        assert "Traceback" not in chat.log.read_text()


def reset(peer: Peer) -> None:
    """Vanish without a goodbye (SO_LINGER in socket(7))."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def nonsense(chance: random.Random, number: int) -> bytes:
    """What the worst of people send."""
    nick = f"n{number}\n".encode()
    kinds = (
        lambda: chance.randbytes(3000),
        lambda: nick + chance.randbytes(3000) + b"\n",
        lambda: nick + "\x1b]0;owned\x07\x9b31m\u202e\u2028 hello\r\n".encode() * 3,
        lambda: f"\x1b[31m{number}\x07\x85\n".encode() * 3,
        lambda: nick + b"x" * 50_000,
        lambda: nick + b"\n" * 20_000,
        lambda: b"\xff\xfa" + b"\xff\xf4\xff\xfd\x06" * 300,
        lambda: b"{" + chance.randbytes(200) + b"\n{}\n{\n" * 8,
        lambda: b'{"type":' + b"[" * 10_000 + b"\n",
        lambda: b'{"type":"hello","nick":"\\u001b[2J\\u0000"}\n{"type":"\\n\\u009b"}\n',
        lambda: f'{{"type":"hello","nick":"n{number}","rooms":{{"a":0}}}}\n{{"type":'.encode(),
        lambda: b"GET /\x1b[31m HTTP/1.1\r\n" + b"x" * 20_000,
        lambda: f"n{number}".encode(),
        lambda: nick + f"/nick \x1b{number}\n/quit \x1b[31m\x00\u0085bye\n".encode(),
    )
    return kinds[number % len(kinds)]()


def test_nonsense(tmp_path: Path) -> None:
    """A thousand connections of garbage, floods and half lines do nothing to a chat of two."""
    people = 1000
    chance = random.Random(1)
    with many_files(people + 100), running(tmp_path, "--max-per-address", "0") as chat:
        ada, bob = chat.program("ada"), chat.program("bob")
        bad = []
        for number in range(people):
            peer = chat.connect()
            # As much as it takes: a flood is not read to its end.
            peer.socket.send(nonsense(chance, number))
            bad.append(peer)
            if number % 100 == 99:
                ada.ask("say", room="lobby", text=f"in between {number}")
                bob.until_fact("said", text=f"in between {number}")
        for peer in bad[::2]:
            reset(peer)
        for peer in bad[1::2]:
            peer.close()
        bob.ask("say", room="lobby", text="still here")
        ada.until_fact("said", text="still here")
        assert chat.process.poll() is None
        chat.stop()
        log = chat.log.read_bytes().decode()
    assert "n1 is here" in log
    assert _RAW_CONTROL.findall(log) == []
    assert "Traceback" not in log


def test_few_files(tmp_path: Path) -> None:
    """When all files that may be open are, who connects is told so, and the others go on."""
    limit = 256

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    with running(tmp_path, *UNLIMITED, "--linger", "0", prepare=few) as chat:
        ada, bob = chat.program("ada"), chat.program("bob")
        answers: list[tuple[Peer, str]] = []
        while len(answers) < limit:
            guests = [chat.connect() for _ in range(32)]
            for number, guest in enumerate(guests, len(answers)):
                guest.send(f"guest{number}")
                answers.append((guest, guest.line()))
        let_in = [guest for guest, answer in answers if answer.startswith("Welcome")]
        told = [guest for guest, answer in answers if answer == FULL]
        assert len(let_in) + len(told) == len(answers)
        assert min(len(let_in), len(told)) >= 100
        # More at once than there are files: the system may hang up on these without a word.
        for _ in range(2 * limit):
            chat.connect()
        ada.ask("say", room="lobby", text="hello")
        bob.until_fact("said", text="hello")
        assert bob.history(room="lobby")[-1]["text"] == "hello"
        let_in[0].close()
        bob.until_fact("left", nick="guest0")
        chat.join("late")
        assert "Traceback" not in chat.log.read_text()


def test_dead_peers_are_looked_for(tmp_path: Path) -> None:
    """A silent peer is asked within a minute whether it is there (/proc/net/tcp in proc(5))."""
    with running(tmp_path) as chat:
        ada = chat.join("ada")
        ours = f":{chat.port:04X} 0100007F:{ada.socket.getsockname()[1]:04X} 01 "
        connections = Path("/proc/net/tcp").read_text().splitlines()
        (entry,) = [line for line in connections if ours in line]
        timer, ticks = entry.split()[5].split(":")
        assert timer == "02", "there is no keepalive timer"
        assert int(ticks, 16) <= 60 * 100
