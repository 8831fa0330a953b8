"""The client's command line, but for its options for TLS."""

import os
import socket
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import mkstemp

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.addresses import Address
from chatservice.client.options import Settings, read_command_line


class CommandLineTests(SynchronousTestCase):
    """The words after the program's name."""

    def addresses(self, words: str) -> list[tuple[str, int]]:
        return list(read_command_line(words.split(), {"USER": "ada"}).addresses)

    def check(self, words: str, host: str, port: int) -> None:
        self.assertEqual(self.addresses(words), [(host, port)])

    def fails(self, *words: str) -> str:
        """The sentence with which the words are refused."""
        errors = StringIO()
        with redirect_stderr(errors):
            refusal = self.assertRaises(SystemExit, read_command_line, words, {})
        self.assertEqual(refusal.code, 2)
        return errors.getvalue().split("\n")[-2]

    def file(self, text: str) -> str:
        """The path of a file with this text."""
        handle, path = mkstemp()
        self.addCleanup(os.remove, path)
        with open(handle, "w") as file:
            file.write(text)
        return path

    def test_addresses(self) -> None:
        """The chat is named by host, host and port, or an IPv6 address."""
        self.check("", "localhost", 59000)
        self.check("example.org", "example.org", 59000)
        self.check("example.org:7", "example.org", 7)
        self.check("::1", "::1", 59000)
        self.check("[::1]", "::1", 59000)
        self.check("[::1]:7", "::1", 7)
        self.patch(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
        self.check("fe80::1%eth0", "fe80::1%eth0", 59000)
        self.check("[fe80::1%eth0]:7", "fe80::1%eth0", 7)
        self.check("[fe80::1%7]:7", "fe80::1%7", 7)

    def test_several_addresses(self) -> None:
        """The chat may have several addresses, between options too, each of which counts once."""
        both = [("db1.example", 59000), ("db2.example", 7)]
        for words in (
            "db1.example db2.example:7",
            "db1.example --nick ada db2.example:7",
            "--nick ada db1.example db2.example:7 --room tea",
            "db1.example --commands db1.example:59000 db2.example:7 db1.example",
        ):
            self.assertEqual(self.addresses(words), both)
        self.assertEqual(self.addresses("[::1]:7 localhost"), [("::1", 7), ("localhost", 59000)])
        self.assertIn("'a:b:c' is not HOST", self.fails("localhost", "--room", "tea", "a:b:c"))

    def test_unknown_option(self) -> None:
        """An option that does not exist is refused by its name."""
        self.assertIn("unrecognized arguments: --nock", self.fails("--nock", "ada", "localhost"))

    def test_bad_addresses(self) -> None:
        """An address that is none is refused with a sentence."""
        for word in (
            *(":7", "", "[]:7", "[::1]x", "[::1]:7:8", "[example.org]", "[a:b:c]:7"),
            *("a:b:c", "http://localhost:59510", "::1::2", "1:2:3:4:5:6:7:8:9"),
        ):
            self.assertIn("is not HOST, HOST:PORT or [ADDRESS]:PORT", self.fails(word))
        for word in ("h:0", "h:65536", "h:x", "h:٣", "h:-1"):
            self.assertIn("a number from 1 to 65535", self.fails(word))

    def test_bad_zones(self) -> None:
        """An address that is in each network has to name one that there is."""
        self.patch(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
        for word in ("fe80::1%wlan0", "[fe80::1%wlan0]:7"):
            self.assertIn("no network 'wlan0' here, only lo, eth0", self.fails(word))
        for word in ("fe80::1", "[fe80::1]:7"):
            sentence = "fe80::1 may be on any network: name one, such as fe80::1%eth0"
            self.assertIn(sentence, self.fails(word))

    def test_defaults(self) -> None:
        """Without options: the user's name, and whatever rooms the chat has for it."""
        here = (Address("localhost", 59000),)
        self.assertEqual(read_command_line([], {"USER": "ada"}), Settings(here, "ada", ()))

    def test_options(self) -> None:
        """A nickname, and rooms as people write them."""
        found = read_command_line(["--nick", "Bob", "--room", "#Python", "--room", "2"], {})
        self.assertEqual((found.nick, found.rooms), ("Bob", ("python", "2")))

    def test_bad_names(self) -> None:
        """Names that cannot be are refused with the reason."""
        self.assertIn("must not contain a space", self.fails("--room", "a b"))
        self.assertIn("reserved", self.fails("--nick", "admin"))

    def test_password(self) -> None:
        """A password comes from the first line of a file, or from the environment; never a word."""
        path = self.file("of a file \r\nmore")
        environment = {"CHATSERVICE_PASSWORD": "of the environment"}
        words = ["--password-file", path]
        self.assertEqual(read_command_line(words, environment).password, "of a file ")
        self.assertEqual(read_command_line([], environment).password, "of the environment")
        self.assertIsNone(read_command_line([], {"CHATSERVICE_PASSWORD": ""}).password)
        self.assertNotIn("of a file", repr(read_command_line(words, {})))

    def test_marked_password_file(self) -> None:
        """A file may begin with a byte order mark, and must be in UTF-8."""
        words = ["--password-file", self.file("\ufeffof a file\r\n")]
        self.assertEqual(read_command_line(words, {}).password, "of a file")
        Path(words[1]).write_text("of a file\n", "utf-16")
        self.assertIn("is in UTF-16: save it as UTF-8", self.fails(*words))

    def test_bad_password_files(self) -> None:
        """A file that has no password is refused with the reason."""
        path = self.file("")
        self.assertIn("no such file", self.fails("--password-file", f"{path}.none"))
        self.assertIn(f"the first line of {path} is empty", self.fails("--password-file", path))

    def test_default_nickname(self) -> None:
        """The user's name is cleaned; where nothing usable is left one is a guest."""
        for user, nick in (("ada lovelace", "adalovelace"), ("3x", "x"), ("a" * 40, "a" * 32)):
            self.assertEqual(read_command_line([], {"USER": user}).nick, nick)
        for user in ("root", "", "+"):
            self.assertRegex(read_command_line([], {"USER": user}).nick, r"^guest\d{4}$")

    def test_address_for_people(self) -> None:
        """An address is shown the way it can be typed."""
        self.assertEqual(str(Address("h", 7)), "h:7")
        self.assertEqual(str(Address("::1", 7)), "[::1]:7")
