"""What the client and the server each write down, and have to agree on."""

import itertools
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice import text
from chatservice.client.commands import COMMANDS, GOODBYES, MOVES, TALK, command_word
from chatservice.client.plain import plain
from chatservice.client.show import spelled
from chatservice.client.wire import LONGEST_LINE, LONGEST_TEXT
from chatservice.commands import ALIASES, is_command, parse
from chatservice.commands import COMMANDS as TABLE
from chatservice.events import ChatError
from chatservice.lines import LineDoor
from chatservice.rooms import LOBBY


def written(*names: str) -> set[str]:
    """The ways to write these commands."""
    return {f"/{name}" for name in (*names, *(a for a, name in ALIASES.items() if name in names))}


class CommandTests(SynchronousTestCase):
    """The slash commands."""

    def test_all(self) -> None:
        """The client completes what the server lists, in order."""
        self.assertEqual(list(COMMANDS), sorted(f"/{name}" for name in TABLE))

    def test_goodbyes(self) -> None:
        """What ends the connection is /quit, by whatever name."""
        self.assertEqual(GOODBYES, written("quit"))

    def test_moves(self) -> None:
        """What changes the current room is /join and /part, by whatever name."""
        self.assertEqual(MOVES, written("join", "part"))

    def test_talk(self) -> None:
        """What has no answer but its event is what the server says is talk."""
        self.assertEqual(TALK, written(*(name for name, row in TABLE.items() if row.talk)))

    def test_typed(self) -> None:
        """A typed line is the same command to both, or to both none."""
        nobody: Any = None
        for typed in (
            *("/quit", "/QUIT now", "/bye", "/quit  x", "/me", "/Join a", "hi", "/", "//quit"),
            *(" /quit", "/ quit", "/ /quit", "/quit\u00a0x", "/me\u3000x", "/quitx"),
        ):
            known = ""
            if is_command(typed):
                try:
                    known = f"/{parse(nobody, nobody, typed).command.name}"
                except ChatError:
                    known = "unknown"
            word = command_word(typed)
            if word:
                word = word.removeprefix("/")
                word = f"/{ALIASES.get(word, word)}" if f"/{word}" in written(*TABLE) else "unknown"
            self.assertEqual(word, known, typed)


class TextTests(SynchronousTestCase):
    """What text may be."""

    def test_lengths(self) -> None:
        """What is too long for one is too long for the other."""
        self.assertEqual((LONGEST_TEXT, LONGEST_LINE), (text.TEXT_BYTES, LineDoor.MAX_LENGTH))

    def test_rooms(self) -> None:
        """Rooms are written alike."""
        for room in (LOBBY, "python"):
            self.assertEqual(spelled(room), text.spelled(room))

    def test_escape_sequences(self) -> None:
        """Both take out the same escape sequences; of other controls the client makes blanks."""
        for chars in itertools.product("\x1b\x90\x9b\x9c\x9d\x07\\[]P0(m", repeat=4):
            steering = "".join(chars)
            taken, left = plain(steering).replace(" ", ""), text.clean(steering)
            self.assertEqual(taken, left.replace(" ", ""), ascii(steering))
