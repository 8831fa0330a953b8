"""The options of twistd chat, from the command line and from the file."""

from __future__ import annotations

import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from unittest.mock import patch

from twisted.internet.endpoints import (
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    UNIXServerEndpoint,
)
from twisted.python import usage

from chatservice.config.files import read_config, read_motd
from chatservice.config.table import COMMAND_LINE_ONLY
from chatservice.doors import ports
from chatservice.doors.ports import DualStackEndpoint
from chatservice.options import Options
from chatservice.protocol.errors import CannotStart
from chatservice.protocol.origins import Origin
from tests.conversation import TableCase, each_row, new_path

CLUSTER = "postgresql://chat@db.example/chat"

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

NO_DURATION = (
    "a duration is a number and a unit (s, m, h, d or w),"
    " such as 30m, 2h, 1h30m, 10 minutes or 7 days"
)
TO_200 = "it must be a whole number from 0 to 200"
TO_1024 = "it must be a whole number from 1 to 1024"
FROM_0 = "it must be a whole number, 0 or more"
SIZE = "it must be a number of bytes, 1024 or more; K, M or G may follow, as in 512K"
SECONDS = "it must be a number of seconds, 0 or more, or a duration such as 2m"
EMPTY = "it must not be empty"
A_TEXT = "it must be a text in quotation marks"

HELP = " (twistd chat --help lists the options)"

BAD_VALUES = {
    "replay_negative": (["--replay", "-1"], f"--replay -1: {TO_200}"),
    "replay_of_too_many": (["--replay", "201"], f"--replay 201: {TO_200}"),
    "rate_negative": (["--rate-limit", "-1"], f"--rate-limit -1: {FROM_0}"),
    "replay_of_a_word": (["--replay", "ten"], f"--replay ten: {TO_200}"),
    "replay_empty": (["--replay", ""], f"--replay : {TO_200}"),
    "rate_half": (["--rate-limit", "0.5"], f"--rate-limit 0.5: {FROM_0}"),
    "lines_with_a_suffix": (
        ["--keep-lines", "10q"],
        f"--keep-lines 10q: {FROM_0}; there are no suffixes",
    ),
    "no_password": (["--least-password", "0"], f"--least-password 0: {TO_1024}"),
    "endless_passwords": (["--least-password", "1025"], f"--least-password 1025: {TO_1024}"),
    "linger_negative": (["--linger", "-1"], f"--linger -1: {SECONDS}"),
    "linger_of_a_word": (["--linger", "long"], f"--linger long: {SECONDS}"),
    "linger_of_no_unit": (["--linger", "10x"], f"--linger 10x: {NO_DURATION}"),
    "send_queue_too_small": (["--send-queue", "1023"], f"--send-queue 1023: {SIZE}"),
    "send_queue_of_a_word": (["--send-queue", "K"], f"--send-queue K: {SIZE}"),
    "send_queue_of_no_unit": (["--send-queue", "10x"], f"--send-queue 10x: {SIZE}"),
    "send_queue_empty": (["--send-queue", ""], f"--send-queue : {SIZE}"),
    "keep_of_no_unit": (["--keep", "30x"], f"--keep 30x: {NO_DURATION}"),
    "name_empty": (["--name", ""], f"--name : {EMPTY}"),
    "name_invisible": (["--name", "\x1b[2J"], f"--name \x1b[2J: {EMPTY}"),
    "database_empty": (["--database", ""], f"--database : {EMPTY}"),
    "auth_unknown": (
        ["--auth", "fiel:secret"],
        "--auth fiel: there is no such checker; the checkers are file, memory, unix",
    ),
    "auth_that_checks_no_passwords": (
        ["--auth", "anonymous"],
        "--auth anonymous: it does not check passwords",
    ),
    "auth_incomplete": (["--auth", "file"], "--auth file: 'file' requires a filename"),
    "mistyped": (["--prot", "1"], "there is no option --prot: did you mean --port?"),
    "unknown": (["--xyzzy"], "there is no option --xyzzy"),
    "unknown_letter": (["-x"], "there is no option -x"),
    "without_value": (["--port"], "--port needs a value"),
    "with_value": (["--help=me"], "--help takes no value"),
    "shortened": (
        ["--ma=1"],
        "--ma is short for more than one option: --max-connections, --max-per-address",
    ),
    "bare_port": (["59000"], "59000 is not an option: did you mean --port 59000?"),
    "bare_word": (["--operator", "ada", "bob"], "bob is not an option: options begin with --"),
    "proxy_of_a_word": (
        ["--trust-proxy", "proxy"],
        (
            "--trust-proxy proxy: an address is written like 192.0.2.7 or 2001:db8::7, a network"
            " like 192.0.2.0/24"
        ),
    ),
    "origin_without_scheme": (
        ["--allow-origin", "chat.example.org"],
        (
            "--allow-origin chat.example.org: an origin is written like https://chat.example.org or"
            " http://tea:8080"
        ),
    ),
    "node_alone": (["--node", "one"], "--node needs --cluster"),
    "import_alone": (["--import", "chat.sqlite3"], "--import needs --cluster"),
    "cluster_and_file": (
        ["--database", "chat.sqlite3", "--cluster", CLUSTER],
        "--database and --cluster exclude each other",
    ),
    "key_alone": (["--tls-key", "key.pem"], "--tls-key needs --tls-cert"),
    "two_certificates": (
        ["--tls-cert", "cert.pem", "--tls-self-signed"],
        "--tls-cert and --tls-self-signed exclude each other",
    ),
    "tls_required_of_nothing": (
        ["--require-tls"],
        (
            "--require-tls needs --tls-cert or --tls-self-signed, or --trust-proxy for a proxy that"
            " encrypts"
        ),
    ),
    "port_too_high": (["--port", "65536"], "--port 65536: a port must be 65535 or less"),
    "motd_missing": (
        ["--motd", "/no/such/file"],
        "cannot read /no/such/file: No such file or directory",
    ),
    "config_missing": (
        ["--config", "/no/such/file"],
        "cannot read /no/such/file: No such file or directory",
    ),
}

BAD_ENDPOINTS = ("-1", "tcp", "tcp:abc", "nonsense:59000", "", "tcp:59000:interfaces=::1")

ALL = (
    "allow-origin, auth, cluster, database, hsts, irc-port, keep, keep-lines, least-password,"
    " linger, max-connections, max-per-address, motd, name, node, operator, pipe-rate, port,"
    " rate-limit, replay, require-tls, send-queue, tls-cert, tls-key, tls-self-signed, trust-proxy"
)

BAD_CONFIGS = {
    "mistyped": ("prot = 1", "there is no option prot: did you mean port?"),
    "underscore": (
        "max_connections = 1",
        "there is no option max_connections: did you mean max-connections?",
    ),
    "unknown": ("xyzzy = 1", f"there is no option xyzzy: the options are {ALL}"),
    **{
        name: (f'{name} = "x"', f"{name} belongs on the command line")
        for name in ("config", "import", "help", "help-auth", "help-auth-type", "version")
    },
    "table": ("[chat]\nport = 1", f"there is no option chat: the options are {ALL}"),
}

BAD_CONFIG_VALUES = {
    "number_is_a_list": ("replay = []", f"replay []: {TO_200}"),
    "number_is_true": ("replay = true", f"replay True: {TO_200}"),
    "number_is_a_float": ("replay = 1.0", f"replay 1.0: {TO_200}"),
    "number_is_infinite": ("replay = inf", f"replay inf: {TO_200}"),
    "number_is_a_date": ("replay = 2026-11-21", f"replay 2026-11-21: {TO_200}"),
    "text_is_a_number": ("name = 5", f"name 5: {A_TEXT}"),
    "text_is_a_list": ('motd = ["x"]', f"motd ['x']: {A_TEXT}"),
    "operator_is_a_number": ("operator = 5", "operator 5: a nickname must not start with \"5\""),
    "size_is_a_list": ("send-queue = []", f"send-queue []: {SIZE}"),
    "size_is_true": ("send-queue = true", f"send-queue True: {SIZE}"),
    "no_ports": ("port = []", "port: there must be at least one"),
}


class OptionsTests(TableCase):
    """The options, from either place."""

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
        sentence = "--cluster needs psycopg: pip install 'chatservice[cluster]'"
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

    @each_row(BAD_VALUES)
    def test_bad_value(self, row: tuple[list[str], str]) -> None:
        """A value that makes no sense is refused in one sentence that names it."""
        arguments, sentence = row
        self.assertEqual(self.refusal(*arguments), sentence)

    @each_row({endpoint or "empty": endpoint for endpoint in BAD_ENDPOINTS})
    def test_bad_endpoint(self, endpoint: str) -> None:
        """What is neither a number nor an endpoint is refused with an example."""
        self.assertTrue(
            self.refusal("--port", endpoint).startswith(
                f"--port {endpoint}: it is neither a number nor an endpoint such as"
                " tcp:59000:interface=127.0.0.1 ("
            )
        )

    def test_endpoint_without_its_packages(self) -> None:
        """An endpoint that cannot be had here is refused with what is missing and how to get it."""
        for error in (
            ModuleNotFoundError("No module named 'OpenSSL'"),
            NameError("name 'SNIConnectionCreator' is not defined"),
        ):

            def no_tls(*_: object, error: Exception = error) -> None:
                raise error

            self.patch(ports, "serverFromString", no_tls)
            self.assertEqual(
                self.refusal("--port", "ssl:59000"),
                "--port ssl:59000: such an endpoint needs packages that are not installed"
                f" ({error}); for TLS: pip install 'Twisted[tls]'",
            )

    def test_endpoint_without_its_files(self) -> None:
        """An endpoint whose certificate cannot be read is refused with which, and why."""

        def no_certificate(reactor: object, description: str) -> None:
            Path("/no/such/file").read_bytes()

        self.patch(ports, "serverFromString", no_certificate)
        self.assertEqual(
            self.refusal("--port", "ssl:59000:privateKey=/no/such/file"),
            "--port ssl:59000:privateKey=/no/such/file:"
            " cannot read /no/such/file: No such file or directory",
        )

    @each_row(BAD_CONFIGS)
    def test_unknown_option(self, row: tuple[str, str]) -> None:
        """A name in the file that is no option is refused, with the nearest one there is."""
        config, sentence = row
        path = self.file(config)
        self.assertEqual(self.refusal("--config", path), f"{path}: {sentence}")

    @each_row(BAD_CONFIG_VALUES)
    def test_bad_value_in_the_file(self, row: tuple[str, str]) -> None:
        """A value of the wrong kind is refused in one sentence that names it."""
        config, sentence = row
        path = self.file(config)
        refusal = self.refusal("--config", path)
        self.assertEqual(refusal.removeprefix(f"{path}: "), sentence)

    def test_not_toml(self) -> None:
        """A file that is not TOML is refused with the place."""
        path = self.file("port: 1")
        self.assertTrue(self.refusal("--config", path).startswith(f"{path} is not TOML: "))
        Path(path).write_bytes(b"name = '\xff'")
        self.assertTrue(self.refusal("--config", path).startswith(f"{path} is not in UTF-8: "))

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
