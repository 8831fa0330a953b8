"""The options of twistd chat that are refused, and the sentences that say why."""

from __future__ import annotations

from pathlib import Path

from chatservice.doors import ports
from tests.conversation import each_row
from tests.optional import CLUSTER, OptionsCase

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
        "--database and --cluster cannot be used together",
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


class RefusedTests(OptionsCase):
    """Options that make no sense, on the command line or in the file."""

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
