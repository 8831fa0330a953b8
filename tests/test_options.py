"""The options of twistd chat, from the command line and from the file."""

from __future__ import annotations

import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, UNIXServerEndpoint
from twisted.python import usage

from chatservice.config.files import read_config, read_motd
from chatservice.config.table import COMMAND_LINE_ONLY
from chatservice.doors.ports import DualStackEndpoint
from chatservice.options import Options
from chatservice.protocol.origins import Origin
from tests.conversation import each_row
from tests.optional import CLUSTER, OptionsCase

DEFAULTS = {
    "database": "chat.sqlite3",
    "cluster": None,
    "node": None,
    "name": "chatservice",
    "motd": None,
    "motd-lines": (),
    "replay": 10,
    "rate-limit": 5,
    "pipe-rate": 50,
    "send-queue": 1024 * 1024,
    "linger": 30,
    "keep": 0,
    "keep-lines": 0,
    "max-connections": 0,
    "max-per-address": 32,
    "least-password": 8,
    "tls-cert": None,
    "tls-key": None,
    "tls-self-signed": False,
    "require-tls": False,
    "hsts": 0,
    "trust-proxy": [],
    "allow-origin": [],
}

GIVEN: dict[str, tuple[list[str], str, Any]] = {
    "database": (["--database", "/srv/chat"], 'database = "/srv/chat"', "/srv/chat"),
    "database_in_memory": (["-d", ":memory:"], 'database = ":memory:"', ":memory:"),
    "name": (["--name", "Tea room"], 'name = "Tea room"', "Tea room"),
    "replay": (["--replay", "0"], "replay = 0", 0),
    "replay_of_all": (["--replay", "200"], "replay = 200", 200),
    "rate-limit": (["--rate-limit", "0"], "rate-limit = 0", 0),
    "pipe-rate": (["--pipe-rate", "0"], "pipe-rate = 0", 0),
    "linger": (["--linger", "0"], "linger = 0", 0),
    "linger_in_minutes": (["--linger", "2m"], 'linger = "2m"', 120),
    "keep": (["--keep", "30d"], 'keep = "30d"', 30 * 86400),
    "keep_for_ever": (["--keep", "0"], "keep = 0", 0),
    "keep-lines": (["--keep-lines", "1000"], "keep-lines = 1000", 1000),
    "send-queue": (["--send-queue", "64K"], 'send-queue = "64K"', 64 * 1024),
    "send-queue_in_small_letters": (["--send-queue", "4mb"], 'send-queue = "4mb"', 4 * 1024**2),
    "send-queue_in_other_units": (["--send-queue", "1GiB"], 'send-queue = "1GiB"', 1024**3),
    "send-queue_in_bytes": (["--send-queue", "2048"], "send-queue = 2048", 2048),
    "max-connections": (["--max-connections", "9"], "max-connections = 9", 9),
    "max-per-address": (["--max-per-address", "0"], "max-per-address = 0", 0),
    "least-password": (["--least-password", "3"], "least-password = 3", 3),
    "hsts": (["--hsts", "180d"], 'hsts = "180d"', 180 * 86400),
    "tls-self-signed": (["--tls-self-signed"], "tls-self-signed = true", True),
    "trust-proxy": (
        ["--trust-proxy", "192.0.2.7", "--trust-proxy", "10.0.0.0/8"],
        'trust-proxy = ["192.0.2.7", "10.0.0.0/8"]',
        [ip_network("192.0.2.7"), ip_network("10.0.0.0/8")],
    ),
    "allow-origin": (
        ["--allow-origin", "https://Chat.example.org/"],
        'allow-origin = "https://chat.example.org"',
        [Origin("https", "chat.example.org", 443)],
    ),
}


class OptionsTests(OptionsCase):
    """The options, from either place."""

    def test_defaults(self) -> None:
        """With nothing to configure there is a chat on port 59000."""
        options = self.options()
        self.assertEqual({name: options[name] for name in DEFAULTS}, DEFAULTS)
        ((name, endpoint, _),) = options["endpoints"]
        self.assertEqual((name, type(endpoint)), ("59000", DualStackEndpoint))
        self.assertEqual(endpoint.number, 59000)

    @each_row(GIVEN)
    def test_command_line(self, row: tuple[list[str], str, Any]) -> None:
        """An option on the command line is read, and the others keep their defaults."""
        arguments, config, value = row
        name = config.partition(" ")[0]
        options = self.options(*arguments)
        self.assertEqual({each: options[each] for each in DEFAULTS}, {**DEFAULTS, name: value})

    @each_row(GIVEN)
    def test_config(self, row: tuple[list[str], str, Any]) -> None:
        """The file has the same options by the same names."""
        _, config, value = row
        name = config.partition(" ")[0]
        options = self.options("--config", self.file(config))
        self.assertEqual({each: options[each] for each in DEFAULTS}, {**DEFAULTS, name: value})

    @each_row(GIVEN)
    def test_command_line_wins(self, row: tuple[list[str], str, Any]) -> None:
        """What is on the command line is not looked for in the file."""
        arguments, config, value = row
        name = config.partition(" ")[0]
        others = {int: "7777", bool: "false", list: "[]", str: '"other"'}
        other = self.file(f"{name} = {others[type(value)]}")
        self.assertEqual(self.options("-c", other, *arguments)[name], value)

    def test_cluster(self) -> None:
        """A node has a name, and no file."""
        for options in (
            self.options("--cluster", CLUSTER, "--node", "one"),
            self.options("-c", self.file(f'cluster = "{CLUSTER}"\nnode = "one"')),
        ):
            chosen = [options[name] for name in ("cluster", "node", "database")]
            self.assertEqual(chosen, [CLUSTER, "one", None])

    def test_shown_password(self) -> None:
        """A password is shown to everybody by ps if it is on the command line alone."""
        secret = CLUSTER.replace("@", ":geheim@")
        in_file = self.file(f'cluster = "{secret}"')
        for arguments, is_shown in (
            (("--cluster", secret), True),
            (("--cluster", CLUSTER), False),
            (("--cluster", "postgresql:/chat:geheim@db"), False),
            (("--config", in_file), False),
            ((), False),
        ):
            self.assertIs(self.options(*arguments)["shows-password"], is_shown, arguments)

    def test_without_psycopg(self) -> None:
        """Without the package that a cluster needs there is a sentence that tells how to get it."""
        sentence = "--cluster needs psycopg: pip install 'psycopg[binary]'"
        with patch.dict(sys.modules, {"psycopg": None}):
            self.assertEqual(self.refusal("--cluster", CLUSTER), sentence)

    def test_byte_order_mark(self) -> None:
        """A file that begins with a byte order mark is read; one in UTF-16 is told of."""
        self.assertEqual(read_config(self.file("\ufeffname = 'x'\n")), {"name": "x"})
        motd = self.file("\ufeffwelcome\n")
        self.assertEqual(read_motd(motd), ("welcome",))
        Path(motd).write_text("welcome\n", "utf-16")
        error = self.assertRaises(usage.UsageError, read_motd, motd)
        self.assertEqual(str(error), f"{motd} is in UTF-16: save it as UTF-8")

    def test_motd(self) -> None:
        """The message of the day is a file, cleaned, and read from either place."""
        motd = self.file("Be kind.\n\n\x1b[2JTea at five.\n\n")
        for arguments in (("-m", motd), ("-c", self.file(f'motd = "{motd}"'))):
            self.assertEqual(
                self.options(*arguments)["motd-lines"], ("Be kind.", "", "Tea at five.")
            )

    def test_ports(self) -> None:
        """There may be several ports, of any kind that Twisted knows."""
        named = ("0", "tcp:1234:interface=127.0.0.1", "tcp6:59000", "unix:/run/chat")
        kinds = [DualStackEndpoint, TCP4ServerEndpoint, TCP6ServerEndpoint, UNIXServerEndpoint]
        on_line = self.options("--port", *" -p ".join(named).split(" "))
        listed = ", ".join(f'"{port}"' for port in named[1:])
        in_file = self.options("-c", self.file(f"port = [0, {listed}]"))
        for options in (on_line, in_file):
            self.assertEqual([type(endpoint) for _, endpoint, _ in options["endpoints"]], kinds)
            self.assertEqual(tuple(name for name, *_ in options["endpoints"]), named)

    def test_one_port_in_the_file(self) -> None:
        """One port needs no list, and the command line wins over it."""
        config = self.file("port = 1234")
        self.assertEqual([name for name, *_ in self.options("-c", config)["endpoints"]], ["1234"])
        both = self.options("-c", config, "-p", "5678")
        self.assertEqual([name for name, *_ in both["endpoints"]], ["5678"])

    def test_operators_in_the_file(self) -> None:
        """One operator needs no list, as one port does not."""
        for written in ('"ada"', '["ada"]'):
            options = self.options("-c", self.file(f"operator = {written}"))
            self.assertEqual((options["operator"], options["operators"]), (["ada"], {"ada"}))

    def test_checkers_in_the_file(self) -> None:
        """Checkers of passwords may stand in the file, and those on the command line win."""
        config = self.file('auth = ["memory:ada:secret", "memory:bob:secret"]')
        users = [checker.users for checker in self.options("-c", config)["credCheckers"]]
        self.assertEqual(users, [{"ada": "secret"}, {"bob": "secret"}])
        both = self.options("-c", config, "--auth", "memory:eve:secret")
        self.assertEqual([each.users for each in both["credCheckers"]], [{"eve": "secret"}])
        self.assertNotIn("credCheckers", self.options())

    def test_every_option_in_the_file(self) -> None:
        """Every option works in the file as on the command line, or the file says why not."""
        values = {
            **{name: str(default) for name, default in DEFAULTS.items() if default is not None},
            "cluster": CLUSTER,
            "tls-cert": "cert.pem",
            "trust-proxy": "192.0.2.7",
            "allow-origin": "https://chat.example.org",
            "motd": self.file("Be kind."),
            "port": "1234",
            "irc-port": "5678",
            "operator": "ada",
            "auth": "memory:ada:secret",
        }
        del values["motd-lines"]
        # These make no sense alone, or have no value.
        others = {"node", "tls-key", "tls-self-signed", "require-tls"}
        values = {name: value for name, value in values.items() if name not in others}
        names = {name.rstrip("=") for name in Options().longOpt}
        self.assertEqual(names, {*values, *others, *COMMAND_LINE_ONLY})
        for name, value in values.items():
            in_file = self.options("--config", self.file(f'{name} = "{value}"'))
            self.assertEqual(in_file[name], self.options(f"--{name}", value)[name], name)
        for name in COMMAND_LINE_ONLY:
            self.assertIn("belongs on", self.refusal("--config", self.file(f'{name} = ""')))

    def test_help(self) -> None:
        """The help tells each option with its default."""
        text = " ".join(str(Options()).split())
        for name, default in DEFAULTS.items():
            if name != "motd-lines":
                self.assertRegex(text, f"--{name}[= ]")
            if type(default) is int and name != "send-queue":
                self.assertIn(f"[default: {default}]", text)
        self.assertIn("[default: 1M]", text)
        self.assertIn("joins it, at most 200 [default: 10]", text)
        self.assertNotIn("[default: None]", text)
        self.assertIn("--port=", text)
        self.assertIn("--config=", text)
