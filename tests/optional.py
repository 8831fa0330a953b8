"""Options of twistd chat, as a command line or a file gives them."""

from __future__ import annotations

from chatservice.options import Options
from chatservice.protocol.errors import CannotStart
from tests.conversation import TableCase, new_path

CLUSTER = "postgresql://chat@db.example/chat"

HELP = " (twistd chat --help lists the options)"


class OptionsCase(TableCase):
    """Tests of options, from either place."""

    def options(self, *arguments: str) -> Options:
        """What a command line gives."""
        options = Options()
        options.parseOptions(arguments)
        return options

    def refusal(self, *arguments: str) -> str:
        """The sentence that refuses a command line."""
        sentence = str(self.assertRaises(CannotStart, self.options, *arguments))
        self.assertNotIn("\n", sentence)
        self.assertTrue(sentence.endswith(HELP), sentence)
        return sentence.removesuffix(HELP)

    def file(self, text: str) -> str:
        """A file with a text in it."""
        path = new_path(self)
        path.write_text(text, "utf-8")
        return str(path)
