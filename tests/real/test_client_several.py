"""The client of a chat with several addresses: a real process, and servers that end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.real.test_client_process import client
from tests.scripted import LOBBY, PATIENCE, Peer, line, opened


@pytest.fixture
def other() -> Iterator[Peer]:
    """Provide another server of the chat."""
    scripted = Peer()
    yield scripted
    scripted.close()


def dead_address() -> str:
    """The address of a server that has ended."""
    gone = Peer()
    gone.close()
    return gone.address


def test_pipe(peer: Peer, other: Peer) -> None:
    """What is piped in is said once, at whichever server there is."""
    dead = dead_address()
    with client(dead, peer.address, other.address) as process:
        assert process.stdin is not None
        process.stdin.write("one\ntwo\n")
        process.stdin.flush()
        peer.welcomes()
        assert peer.acknowledges() == "one"
        stored = peer.said("ada", "two", peer.hears("say")["ref"], own=True)
        process.stdin.write("three\n")
        process.stdin.close()
        process.stdin = None
        peer.close()
        hello = other.welcomes(lobby={**LOBBY, "missed": True})
        assert hello["token"]
        for pages in ([], [stored]):
            ref = other.hears("history")["ref"]
            events = b",".join(pages)
            other.says(b'{"type":"history","ref":"%s","events":[%s]}' % (ref.encode(), events))
        assert other.acknowledges() == "three"
        assert other.hears("command")["line"] == "/quit"
        other.hangs_up()
        out, err = process.communicate(timeout=PATIENCE)
    told = [each.partition("-- ")[2] for each in out.splitlines() if "-- " in each]
    assert told[:2] == [
        f"Could not connect to {dead}: nothing is listening there.",
        f"connected to {peer.address}",
    ]
    assert told[-2:] == [
        f"connection to {peer.address} lost, trying again; what you say is kept",
        f"connected again, to {other.address}, as ada",
    ]
    assert (process.returncode, err) == (0, "")


def test_nobody() -> None:
    """If no server listens, the last one's reason is on standard error."""
    first, last = dead_address(), dead_address()
    with client(first, last) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert f"Could not connect to {first}: nothing is listening there." in out
    assert err == f"chatservice: Could not connect to {last}: nothing is listening there.\n"
    assert process.returncode == 1


def test_connecting(peer: Peer, other: Peer) -> None:
    """The prompt names the server that is tried now."""
    with opened(peer, other.address) as one:
        one.shows(f"connecting to {peer.address} ...")
        peer.accept()
        peer.says(line("error", code="closing", text="the chat is full"))
        one.shows(f"-- {peer.address}: the chat is full", f"connecting to {other.address} ...")
        other.welcomes(lobby=LOBBY)
        one.shows(f"-- connected to {other.address}", "-- you joined lobby: bob (2 here)", "lobby>")
