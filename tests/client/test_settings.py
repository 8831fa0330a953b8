"""What /set says in this client: how it shows things, in its own words."""

from __future__ import annotations

import pytest

from chatservice.client.show import setting_changed, setting_told, settings_asked
from chatservice.protocol.preferences import Preferences
from tests.client.test_pipe import PipeCase
from tests.clocked import ZoneCase
from tests.conversation import TableCase, each_row
from tests.scripted import LOBBY, Peer, SessionCase, Terminal, line, opened

ASKED = {
    "/set": ["time", "colour", "bell", "quiet"],
    "/SET Color": ["colour"],
    "/set bell": ["bell"],
    "/set bell off": None,
    "/set nonsense": None,
}
CHANGED = {"/set bell off": "bell", "/set color ON": "colour", "/set": "", "/set bell maybe": ""}
TOLD = {
    "time_on": ("time", True, "time is on: every line begins with its time (IST)"),
    "time_off": ("time", False, "time is off: only history has times (IST)"),
    "colour_on": ("colour", True, "colour is on: nicknames are in colours (not here: it is dark)"),
    "colour_off": ("colour", False, "colour is off: nicknames are not in colours"),
    "bell_off": ("bell", False, "bell is off: the terminal never rings"),
    "quiet_on": ("quiet", True, "quiet is on: you are not shown who comes and goes"),
    "quiet_off": ("quiet", False, "quiet is off: you are shown who comes and goes"),
}


class WordsTests(ZoneCase, TableCase):
    """The words of one line."""

    def test_lines(self) -> None:
        """What is asked for, and what is changed."""
        self.assertEqual({typed: settings_asked(typed) for typed in ASKED}, ASKED)
        self.assertEqual({typed: setting_changed(typed) for typed in CHANGED}, CHANGED)

    @each_row(TOLD)
    def test_told(self, row: tuple[str, bool, str]) -> None:
        """They tell what this client does, by which clock, and what has no effect here."""
        self.set_zone("IST-5:30")
        name, is_on, sentence = row
        without = {"colour": "it is dark"}
        self.assertEqual(setting_told(Preferences(**{name: is_on}), name, without), sentence)


class SessionTests(SessionCase):
    """Settings in a session."""

    def test_asked(self) -> None:
        """/set alone is answered here, and the chat is not asked."""
        self.live()
        self.session.typed("/set")
        self.assertEqual(self.chat.take(), [])
        self.assertEqual(self.person.take(), ["settings time colour bell quiet"])

    def test_changed(self) -> None:
        """A change goes to the chat, and is told in the words of this client once it holds."""
        self.live()
        self.session.typed("/set bell off")
        self.assertEqual([each["line"] for each in self.chat.requests], ["/set bell off"])
        self.assertTrue(self.person.preferences.bell)
        ref = self.chat.requests[-1]["ref"]
        answer = {"lines": ["bell is off now: theirs", "kept until you leave"], "token": "t" * 22}
        self.hear(line("ok", ref=ref, settings={"bell": False}, **answer))
        self.assertFalse(self.person.preferences.bell)
        self.assertEqual(self.person.take(), ["settings bell", "told kept until you leave"])

    def test_refused(self) -> None:
        """What could not be kept is not told to be so."""
        self.live()
        self.session.typed("/set bell off")
        ref = self.chat.requests[-1]["ref"]
        self.hear(line("error", ref=ref, code="failed", text="not done"))
        self.assertEqual(self.person.take(), ["refused failed"])


class PipeTests(PipeCase):
    """Without a terminal."""

    commands = True

    def test_asked(self) -> None:
        """It is told which settings change nothing here."""
        self.join()
        self.pipe.dataReceived(b"/set\n")
        told = [each.split("-- ")[1] for each in self.standard.value().decode().splitlines()]
        without = "(not here: this is plain text)"
        plain = [each.split()[0] for each in told if each.endswith(without)]
        self.assertEqual((len(told), plain), (4, ["colour", "bell"]))


def shown_by_set(one: Terminal, peer: Peer) -> str:
    """What the screen shows after /set, in one line."""
    peer.welcomes(lobby=LOBBY)
    one.shows("lobby>")
    one.type("/set\r")
    one.until(lambda: "quiet is off" in "".join(one.rows()))
    return " ".join(one.rows())


@pytest.mark.parametrize("no_color", ["", "1"])
def test_terminal(peer: Peer, no_color: str) -> None:
    """A terminal says by which clock it goes, and whether its colours are turned off."""
    with opened(peer, NO_COLOR=no_color, TZ="IST-5:30") as one:
        shown = shown_by_set(one, peer)
        assert "time is on: every line begins with its time (IST)" in shown
        assert ("NO_COLOR is set" in shown) == bool(no_color)
        assert "not here: this" not in shown


def test_at_once(peer: Peer) -> None:
    """A setting that was changed holds for the very next line."""
    with opened(peer) as one:
        peer.welcomes(lobby=LOBBY)
        one.shows("lobby>")
        one.type("/set bell off\r")
        ref = peer.hears("command")["ref"]
        answer = {"lines": ["bell is off now"], "token": "t" * 22, "settings": {"bell": False}}
        peer.says(line("ok", ref=ref, **answer), peer.said("bob", "hi ada"))
        one.shows("-- bell is off: the terminal never rings", "bob: hi ada", "lobby>")
        assert one.bells == 0
