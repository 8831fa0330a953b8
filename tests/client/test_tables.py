"""The list of commands, which the client and the server each write down."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.commands import COMMANDS, GOODBYE, MOVES, TALK, command_word
from chatservice.commands import ALIASES, is_command, parse
from chatservice.commands import COMMANDS as TABLE
from chatservice.protocol.events import ChatError


class CommandTests(SynchronousTestCase):
    """The slash commands."""

    def test_all(self) -> None:
        """The client completes what the server lists, in order."""
        self.assertEqual(list(COMMANDS), sorted(f"/{name}" for name in TABLE))

    def test_other_names(self) -> None:
        """By each of its other names a command is the same to the client, so all it knows of it."""
        for alias, name in ALIASES.items():
            self.assertEqual(command_word(f"/{alias.upper()} x"), f"/{name}")
            self.assertIn(name, TABLE)
            self.assertNotIn(alias, TABLE)

    def test_kinds(self) -> None:
        """What ends the connection, or changes the current room, is a command of the server."""
        self.assertLessEqual({GOODBYE, *MOVES}, {f"/{name}" for name in TABLE})

    def test_talk(self) -> None:
        """What has no answer but its event is what the server says is talk."""
        self.assertEqual(TALK, {f"/{name}" for name, row in TABLE.items() if row.talk})

    def test_typed(self) -> None:
        """A typed line is the same command to both, or to both none."""
        nobody: Any = None
        for typed in (
            *("/quit", "/QUIT now", "/bye", "/quit  x", "/me", "/Join a", "hi", "/", "//quit"),
            *("/Q", "/q now", "/j a", "/jj a", "/m bob hi", "//j a"),
            *(" /quit", "/ quit", "/ /quit", "/quit\u00a0x", "/me\u3000x", "/quitx"),
            *("\u00a0/quit", "\u3000/me x", " \u2003//quit", "\u00a0quit"),
        ):
            known = ""
            if is_command(typed):
                try:
                    known = f"/{parse(nobody, nobody, typed).command.name}"
                except ChatError:
                    known = "unknown"
            word = command_word(typed)
            if word and word.removeprefix("/") not in TABLE:
                word = "unknown"
            self.assertEqual(word, known, typed)
