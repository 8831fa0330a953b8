"""The terminal as the client leaves it, however it ends, and finds it again after a stop."""

import os
import signal
import termios
from typing import Any

import pytest

from tests.scripted import COLUMNS, Peer, Terminal, opened


def leave(terminal: Terminal, peer: Peer) -> int:
    """Leave with Ctrl-D; the exit code."""
    terminal.type("\x04")
    assert peer.hears("command")["line"] == "/quit"
    peer.hangs_up()
    return terminal.ended()


def restored(terminal: Terminal) -> bool:
    """Whether the terminal is as it was, for those who come after."""
    modes: Any = termios.tcgetattr(terminal.line)
    return (
        modes == terminal.before
        and os.get_blocking(terminal.line)
        and terminal.written.endswith(b"\x1b[?2004l")
    )


def test_put_back_after_goodbye(terminal: Terminal, peer: Peer) -> None:
    """After Ctrl-D the terminal is as it was, and only what was said is left on it."""
    assert termios.tcgetattr(terminal.line) != terminal.before
    assert leave(terminal, peer) == 0
    assert restored(terminal)
    assert terminal.rows()[-1] == "-- you joined lobby: bob (2 here)"
    assert terminal.screen.cursor.x == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_put_back_after_signal(terminal: Terminal, peer: Peer, number: signal.Signals) -> None:
    """A deadly signal puts the terminal back before it ends the program."""
    terminal.type("x" * 70)
    terminal.shows("lobby> " + "x" * 57, "x" * 13)
    terminal.process.send_signal(number)
    assert terminal.ended() == -number
    assert restored(terminal)
    assert terminal.rows()[-1] == "-- you joined lobby: bob (2 here)"


def test_put_back_after_failure(peer: Peer) -> None:
    """When there is no connection the sentence stands on a terminal that is as it was."""
    peer.close()
    with opened(peer) as one:
        assert one.ended() == 1
        sentence = f"chatservice: Could not connect to {peer.address}: nothing is listening there."
        assert one.rows() == [sentence[:COLUMNS], sentence[COLUMNS:]]
        assert termios.tcgetattr(one.line) == one.before


def test_stop_and_go_on(terminal: Terminal, peer: Peer) -> None:
    """Continued after it was stopped, the client takes the terminal again and is whole."""
    terminal.type("typed")
    terminal.shows("lobby> typed")
    terminal.process.send_signal(signal.SIGSTOP)
    os.waitpid(terminal.process.pid, os.WUNTRACED)
    termios.tcsetattr(terminal.line, termios.TCSANOW, terminal.before)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.until(lambda: termios.tcgetattr(terminal.line) != terminal.before)
    terminal.type("!")
    terminal.shows("lobby> typed!")


def test_stop_key(terminal: Terminal, peer: Peer) -> None:
    """Ctrl-Z gives the terminal back; with no shell that could stop the client, it goes on."""
    terminal.type("typed\x1a!")
    terminal.shows("lobby> typed!")
    terminal.until(lambda: terminal.written.count(b"\x1b[?2004h") == 2)
    assert terminal.written.count(b"\x1b[?2004l") == 1
