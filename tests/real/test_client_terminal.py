"""The client on a terminal: a real process on a pty, and the screen that pyte makes of it."""

import os
import termios
import time

import pytest

from tests.scripted import COLUMNS, LOBBY, Peer, Terminal, line, opened, welcome


def test_line_is_not_broken(terminal: Terminal, peer: Peer) -> None:
    """What arrives goes above the line being typed, which may be wide and wrapped."""
    text = "日本語 " * 9 + "end"
    terminal.type(text)
    rows = ["lobby>" + " 日本語" * 8, "日本語 end"]
    terminal.shows(*rows)
    peer.says(peer.said("bob", "hello"), peer.said("bob", "there"))
    terminal.shows("bob: hello", "bob: there", *rows)
    terminal.type("\x01>\r")
    assert peer.acknowledges() == ">" + text


def test_own_lines_come_back(terminal: Terminal, peer: Peer) -> None:
    """A line is shown when the chat has it, and comes back with the arrow keys."""
    terminal.type("héllo\r")
    peer.acknowledges()
    terminal.shows("ada: héllo", "lobby>")
    terminal.type("\x1b[A")
    terminal.shows("ada: héllo", "lobby> héllo")


def test_utf8_in_pieces(terminal: Terminal) -> None:
    """A character that arrives in two pieces is one."""
    os.write(terminal.descriptor, b"\xc3")
    os.write(terminal.descriptor, b"\xa9")
    terminal.shows("lobby> é")


def paste(terminal: Terminal, text: str) -> None:
    """Paste, into a client that has asked to be told what is pasted."""
    terminal.until(lambda: b"\x1b[?2004h" in terminal.written)
    terminal.type(f"\x1b[200~{text}\x1b[201~")


def test_paste(terminal: Terminal, peer: Peer) -> None:
    """Of pasted lines each is sent, and a Tab in them completes nothing."""
    paste(terminal, "one\r\n\tbo\rthree")
    terminal.type("!")
    assert [peer.acknowledges() for _ in range(2)] == ["one", " bo"]
    terminal.shows("lobby> three!")


def test_paste_of_one_line(terminal: Terminal, peer: Peer) -> None:
    """A pasted line is not entered, though it has an end; Enter makes of it what it is."""
    paste(terminal, "/who\n")
    terminal.shows("lobby> /who")
    terminal.type("\r")
    assert peer.hears("command")["line"] == "/who"


def test_paste_of_many_lines(terminal: Terminal, peer: Peer) -> None:
    """More than three lines ask first, and whatever they are they are said."""
    lines = [f"line {number}" for number in range(38)]
    paste(terminal, "\n".join(["/quit", "/me too", *lines, "rest"]))
    terminal.shows("40 lines, 2 commands as text: Enter sends them, Esc drops them")
    terminal.type("x\r")
    said = [peer.acknowledges() for _ in range(40)]
    assert said == ["/quit", "/me too", *lines]
    terminal.shows("ada: line 37", "lobby> rest")


@pytest.mark.parametrize("key", ["\x1b", "\x03"])
def test_paste_refused(terminal: Terminal, peer: Peer, key: str) -> None:
    """Esc or Ctrl-C drop what was pasted; what was typed is still there."""
    terminal.type("typed ")
    paste(terminal, "a\nb\nc\nd\ne")
    terminal.shows("4 lines: Enter sends them, Esc drops them")
    terminal.type(key)
    terminal.shows("lobby> e")
    terminal.type("\x15hi\r")
    assert peer.acknowledges() == "hi"


def test_paste_like_a_command(terminal: Terminal, peer: Peer) -> None:
    """Few lines ask as well when one looks like a command."""
    paste(terminal, "hello\n /login ada secret-enough\n")
    terminal.shows("2 lines, 1 command as text: Enter sends them, Esc drops them")
    terminal.type("\x03")
    terminal.shows("lobby>")
    terminal.type("hi\r")
    assert peer.acknowledges() == "hi"


def test_paste_stopped(terminal: Terminal, peer: Peer) -> None:
    """Ctrl-C stops at once what still waits of what was pasted."""
    paste(terminal, "".join(f"line {number}\n" for number in range(40)))
    terminal.shows("40 lines: Enter sends them, Esc drops them")
    terminal.type("\r")
    assert [peer.acknowledges() for _ in range(3)] == ["line 0", "line 1", "line 2"]
    terminal.shows("ada: line 2", "(35 lines waiting, Ctrl-C stops) lobby>")
    terminal.type("\x03")
    terminal.shows("-- stopped: 35 lines not sent", "lobby>")
    terminal.type("hi\r")
    assert [peer.acknowledges() for _ in range(3)] == ["line 3", "line 4", "hi"]


def test_escape(terminal: Terminal, peer: Peer) -> None:
    """Esc alone is no part of the next key, though it comes before it."""
    terminal.type("b\x1b")
    terminal.until(lambda: terminal.process.poll() is None and waited(terminal))
    terminal.type("b")
    terminal.shows("lobby> bb")


def waited(terminal: Terminal) -> bool:
    """Whether the client has had the time in which an escape sequence must be complete."""
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        terminal.until(lambda: True)
    return True


def test_connecting(peer: Peer) -> None:
    """As long as the chat has not answered one sees that."""
    with opened(peer) as one:
        one.shows(f"connecting to {peer.address} ...")
        peer.welcomes(lobby=LOBBY)
        one.shows("lobby>")


def test_completion(terminal: Terminal, peer: Peer) -> None:
    """Tab completes the nicknames of those who are here."""
    terminal.type("b\thi")
    terminal.shows("lobby> bob: hi")


def test_bell(terminal: Terminal, peer: Peer) -> None:
    """The bell rings when somebody says one's name, and for a private message."""
    peer.says(peer.said("bob", "adamant"), peer.said("bob", "hi ADA!"))
    terminal.shows("bob: hi ADA!", "lobby>")
    assert terminal.bells == 1
    peer.says(line("whispered", id=peer.new_id(), nick="bob", to="ada", text="psst"))
    terminal.shows("(bob to you) psst", "lobby>")
    assert terminal.bells == 2
    peer.says(peer.said("ada", "I am ada", own=True))
    terminal.shows("ada: I am ada", "lobby>")
    assert terminal.bells == 2


def test_bell_for_composed(terminal: Terminal, peer: Peer) -> None:
    """It rings for one's name however its letters are composed."""
    peer.says(line("renamed", id=peer.new_id(), nick="ada", now="Amélie", own=True))
    peer.says(peer.said("bob", "Ame\u0301lie!"), peer.said("bob", "Amelie"))
    terminal.shows("bob: Amelie", "lobby>")
    assert terminal.bells == 1


def test_steering(terminal: Terminal, peer: Peer) -> None:
    """Nothing that comes from the chat steers the terminal."""
    peer.says(peer.said("bob", "\x1b[2J\x1b]0;title\ahi\x9b1A\ax"))
    terminal.shows("-- you joined lobby: bob (2 here)", "bob: hix", "lobby>")
    assert terminal.bells == 0
    assert terminal.screen.title == ""


def test_forged_line(terminal: Terminal, peer: Peer) -> None:
    """Blanks up to the edge do not make a line of what follows them."""
    peer.says(peer.said("bob", "x" + " " * (COLUMNS - 12) + "-- bob left the chat"))
    terminal.shows("bob: x", " " * 8 + "-- bob left the chat", "lobby>")


def test_resize(terminal: Terminal, peer: Peer) -> None:
    """In another size the line being typed is whole again, and nothing is there twice."""
    terminal.type("w" * 70)
    terminal.shows("lobby> " + "w" * 57, "w" * 13)
    peer.says(peer.said("bob", "hello"))
    terminal.shows("bob: hello", "lobby> " + "w" * 57, "w" * 13)
    terminal.size(30, 10)
    terminal.shows("bob: hello", "lobby> " + "w" * 23, "w" * 30, "w" * 17)
    terminal.size(90, 10)
    terminal.shows("bob: hello", "lobby> " + "w" * 70)
    assert terminal.written.count(b"hello") == 1


def test_keys_that_ask(terminal: Terminal, peer: Peer) -> None:
    """Ctrl-C clears the line, or says how to leave; Ctrl-L clears the screen."""
    terminal.type("some text\x03")
    terminal.shows("lobby>")
    terminal.type("\x03")
    terminal.shows("-- press Ctrl-D or type /quit to leave", "lobby>")
    terminal.type("\x0c")
    terminal.until(lambda: terminal.rows() == ["lobby>"])


def test_colour(peer: Peer) -> None:
    """Nicknames are coloured, unless NO_COLOR is set."""
    for no_color, colours in (("", 1), ("1", 0)):
        with opened(peer, NO_COLOR=no_color) as one:
            peer.welcomes(lobby=LOBBY)
            peer.says(peer.said("bob", "hi"))
            one.shows("bob: hi", "lobby>")
            assert (b"mbob\x1b[39m: hi" in one.written) == bool(colours)
            peer.hangs_up()


def test_other_nickname(peer: Peer) -> None:
    """When the nickname is taken, another one can be typed."""
    with opened(peer) as one:
        peer.accept()
        peer.hears("hello")
        peer.says(line("error", code="nick-taken", text="ada is taken"))
        one.shows("-- ada is taken", "nickname:")
        one.type("eve\r")
        assert peer.hears("hello")["nick"] == "eve"


def ask_password(peer: Peer, one: Terminal) -> None:
    """Have the chat ask for the nickname's password."""
    peer.hears("hello")
    peer.says(line("error", code="password-needed", text="ada is registered"))
    one.shows("-- ada is registered", "Password for ada:")


def test_password(peer: Peer) -> None:
    """A password is asked for and not shown, nor remembered, nor said."""
    with opened(peer) as one:
        peer.accept()
        ask_password(peer, one)
        one.type("xyzzyx\x7f\rmore")
        assert peer.hears("hello")["password"] == "xyzzy"
        peer.says(line("error", code="wrong-password", text="that is wrong"))
        one.shows("-- that is wrong", "Password for ada:")
        one.type("plugh\r")
        assert peer.hears("hello")["password"] == "plugh"
        peer.says(welcome(peer.new_id(), lobby=LOBBY))
        one.shows("-- you joined lobby: bob (2 here)", "lobby>")
        one.type("\x1b[Ahi\r")
        assert peer.acknowledges() == "hi"
        one.shows("ada: hi", "lobby>")
        assert not any(word in one.written for word in (b"xyz", b"plu", b"more"))


@pytest.mark.parametrize("key", ["\x1b", "\x03", "\r"])
def test_no_password(peer: Peer, key: str) -> None:
    """Esc, Ctrl-C or nothing lead to another nickname; what was typed is thrown away."""
    with opened(peer) as one:
        peer.accept()
        ask_password(peer, one)
        one.type("" if key == "\r" else "xyzzy")
        one.type(key)
        one.shows("-- you did not join as ada: choose another nickname", "nickname:")
        one.type("eve\r")
        hello = peer.hears("hello")
        assert (hello["nick"], "password" in hello) == ("eve", False)
        assert b"xyzzy" not in one.written


def test_draft_outlives_password(terminal: Terminal, peer: Peer) -> None:
    """A line that is half typed when a password is asked for is there again afterwards."""
    terminal.type("half a li")
    terminal.shows("lobby> half a li")
    peer.hangs_up()
    peer.accept()
    ask_password(peer, terminal)
    terminal.type("xyzzy\r")
    assert peer.hears("hello")["password"] == "xyzzy"
    peer.says(welcome(peer.new_id(), lobby=LOBBY))
    peer.says(line("history", ref=peer.hears("history")["ref"], events=[]))
    terminal.shows("-- connected again as ada", "lobby> half a li")


def test_three_wrong_passwords(peer: Peer) -> None:
    """After the third wrong password the client ends, with the chat's sentence."""
    with opened(peer) as one:
        peer.accept()
        ask_password(peer, one)
        for _ in range(3):
            one.shows("Password for ada:")
            one.type("xyzzy\r")
            peer.hears("hello")
            peer.says(line("error", code="wrong-password", text="that is wrong"))
        assert one.ended() == 1
        assert one.rows()[-1] == "chatservice: that is wrong"
        assert termios.tcgetattr(one.line) == one.before


def test_settings(peer: Peer) -> None:
    """Who has set it so hears no bell, and sees no times and no colours."""
    with opened(peer) as one:
        peer.accept()
        peer.hears("hello")
        off = {"time": False, "colour": False, "bell": False}
        peer.says(welcome(peer.new_id(), settings=off, lobby=LOBBY))
        peer.says(peer.said("bob", "hi ada"))
        one.shows("bob: hi ada", "lobby>")
        assert one.bells == 0
        assert b"\nbob: hi ada" in one.written.replace(b"\x1b[?7l", b"\n")


def test_kicked(terminal: Terminal, peer: Peer) -> None:
    """Who is kicked out of the room sees that it is no longer the current one."""
    facts = {"room": "lobby", "nick": "eve", "target": "ada", "text": "spam"}
    peer.says(line("kicked", id=peer.new_id(), **facts))
    terminal.shows("-- eve kicked you from lobby: spam", ">")


def test_lost(terminal: Terminal, peer: Peer) -> None:
    """A line typed while the connection is lost is said when it is back."""
    peer.hangs_up()
    lost = "-- connection lost, trying again; what you say is kept"
    terminal.shows(lost, "(offline) lobby>")
    terminal.type("late\r")
    terminal.shows(lost, "(offline, 1 line kept) lobby>")
    peer.welcomes(lobby=LOBBY)
    ref = peer.hears("history")["ref"]
    peer.says(line("history", ref=ref, events=[]))
    assert peer.acknowledges() == "late"
    terminal.shows("-- connected again as ada", "ada: late", "lobby>")


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_no_pipe(peer: Peer, term: str) -> None:
    """Who types is no pipe, on whatever terminal."""
    with opened(peer, TERM=term):
        assert "pipe" not in peer.welcomes()


def test_dumb_terminal(peer: Peer) -> None:
    """A terminal that cannot move its cursor gets plain lines, and commands work."""
    with opened(peer, TERM="dumb") as one:
        peer.welcomes(lobby=LOBBY)
        one.type("/who\n")
        assert peer.hears("command")["line"] == "/who"
        assert b"\x1b" not in one.written
