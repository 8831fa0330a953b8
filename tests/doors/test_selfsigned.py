"""The chat makes a certificate for itself, once."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cryptography import x509

from chatservice.config.values import BadValue
from chatservice.doors.certificates import Certificate
from chatservice.doors.selfsigned import make_self_signed, paths_beside
from chatservice.protocol.tls import TlsEngine
from tests.certified import client_context
from tests.conversation import TableCase, each_row

NOW = datetime(2026, 11, 5, tzinfo=UTC)


class MakingTests(TableCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cert, self.key = self.folder / "chat.crt", self.folder / "chat.key"

    def make(self, host: str = "host.example") -> bool:
        return make_self_signed(str(self.cert), str(self.key), host, NOW.timestamp())

    def refused(self) -> str:
        """Why none is made."""
        with self.assertRaises(BadValue) as caught:
            self.make()
        return str(caught.exception).replace(f"{self.folder}/", "")

    def test_made(self) -> None:
        """It is for the host and for this machine itself, and valid for ten years."""
        self.assertTrue(self.make())
        made = x509.load_pem_x509_certificate(self.cert.read_bytes())
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(
            [str(each.value) for each in names],
            ["host.example", "localhost", "127.0.0.1", "::1"],
        )
        self.assertEqual(made.not_valid_before_utc, NOW - timedelta(days=1))
        self.assertEqual(made.not_valid_after_utc, NOW + timedelta(days=3652))

    def test_used(self) -> None:
        """A client that trusts it alone can talk to the chat, by each of its names."""
        self.make()
        found = Certificate(str(self.cert), str(self.key))
        for name in ("host.example", "localhost", "127.0.0.1", "::1"):
            server = TlsEngine(found.context, True)
            client = TlsEngine(client_context(self.cert.read_bytes()), False, name)
            client.start()
            for _ in range(2):
                server.feed(client.outgoing())
                server.open()
                client.feed(server.outgoing())
                client.open()
            self.assertTrue(client.is_ready and server.is_ready)

    def test_private(self) -> None:
        """Nobody else can read the files."""
        self.make()
        for path in (self.cert, self.key):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_kept(self) -> None:
        """Files that are there are used as they are."""
        self.cert.write_bytes(b"a certificate")
        self.key.write_bytes(b"a key")
        self.assertFalse(self.make())
        self.assertEqual(self.cert.read_bytes(), b"a certificate")
        self.assertEqual(self.key.read_bytes(), b"a key")

    def test_half(self) -> None:
        """One file without the other is a mistake, and stays."""
        self.make()
        kept = self.key.read_bytes()
        self.cert.rename(self.folder / "away")
        self.assertEqual(
            self.refused(), "chat.key is there without chat.crt: put that back, or remove both"
        )
        self.assertEqual(self.key.read_bytes(), kept)
        self.key.rename(self.cert)
        self.assertEqual(
            self.refused(), "chat.crt is there without chat.key: put that back, or remove both"
        )

    def test_unwritable(self) -> None:
        """If the files cannot be written, one sentence says why."""
        self.folder.rmdir()
        self.assertEqual(self.refused(), "cannot write chat.key: No such file or directory")

    def test_missing_package(self) -> None:
        """Without the package, one sentence says how to install it."""
        with patch.dict(sys.modules, {"cryptography": None}):
            self.assertEqual(
                self.refused(),
                "making a certificate needs a package that is not installed:"
                " pip install cryptography",
            )
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_address(self) -> None:
        """A host that has the name localhost, or an address, has it once."""
        self.make("localhost")
        made = x509.load_pem_x509_certificate(self.cert.read_bytes())
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(names.get_values_for_type(x509.DNSName), ["localhost"])

    @each_row(
        {
            "file": ("/var/lib/chat/chat.sqlite3", "/var/lib/chat/chat"),
            "relative": ("talk.db", "talk"),
            "no_suffix": ("talk", "talk"),
            "memory": (":memory:", "chat"),
        }
    )
    def test_paths(self, row: tuple[str, str]) -> None:
        """The files lie beside the database, under its name."""
        database, stem = row
        self.assertEqual(paths_beside(database), (f"{stem}.crt", f"{stem}.key"))
