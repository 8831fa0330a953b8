"""Connections that are dead, while the chat does not read from them: the real thing."""

import socket
import struct
from pathlib import Path

import pytest

from tests.running import Peer, Server, running

LINES = [f"line {number}" for number in range(40)]


def reset(peer: Peer) -> None:
    """End a connection with a reset (socket(7), SO_LINGER)."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def heard_until(bob: Peer, text: str) -> list[str]:
    """What bob hears, up to a line with C{text}."""
    before = len(bob.heard)
    bob.until(text)
    return bob.heard[before:]


def of_text(chat: Server, lines: list[str]) -> Peer:
    """Ada at the text door, in one write with lines."""
    ada = chat.connect()
    ada.send("ada", *lines)
    return ada


def of_json(chat: Server, lines: list[str]) -> Peer:
    """Ada at the JSON door, in one write with lines."""
    ada = chat.connect()
    says = [f'{{"type":"say","room":"lobby","text":"{line}"}}' for line in lines]
    ada.send('{"type":"hello","nick":"ada"}', *says)
    return ada


@pytest.mark.parametrize("comes", [of_text, of_json])
@pytest.mark.parametrize("lines", [LINES, LINES * 100], ids=["few", "many"])
def test_reset(tmp_path: Path, comes, lines: list[str]) -> None:  # type: ignore[no-untyped-def]
    """Who is reset in the middle of a flood says nothing more of it, and is gone at once."""
    with running(tmp_path, "--linger", "0") as chat:
        bob = chat.join("bob")
        ada = comes(chat, lines)
        bob.until("ada: line 5")
        reset(ada)
        heard = heard_until(bob, "ada left the chat (connection lost)")
        assert len(heard) < len(LINES) / 2, heard
        assert chat.join("ada")


def test_lingers(tmp_path: Path) -> None:
    """Who is reset while the chat waits lingers, and the token brings it back at once."""
    with running(tmp_path) as chat:
        bob = chat.join("bob")
        ada = chat.connect()
        ada.join("ada")
        ada.send("/token")
        token = ada.until("your token: ").rpartition(" ")[2]
        ada.send(*LINES)
        bob.until("ada: line 5")
        reset(ada)
        back = chat.connect()
        back.send(f"/resume {token}")
        back.until("you are back as ada")
        back.send("here again")
        heard = heard_until(bob, "ada: here again")
        assert len(heard) < len(LINES) / 2, heard


def test_end_of_input(tmp_path: Path) -> None:
    """Who only ends the input has everything said that was accepted, and then says goodbye."""
    with running(tmp_path, "--linger", "0") as chat:
        bob = chat.join("bob")
        ada = of_text(chat, LINES[:20])
        ada.socket.shutdown(socket.SHUT_WR)
        heard = heard_until(bob, "ada left the chat")
        assert [line for line in heard if line.startswith("ada: ")] == [
            f"ada: {line}" for line in LINES[:20]
        ]
        assert heard[-1] == "-- ada left the chat"
