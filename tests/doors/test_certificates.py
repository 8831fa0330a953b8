"""The server's certificate is read, checked, read again, and watched."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from twisted.logger import capturedLogs, formatEvent

from chatservice.config.values import BadValue
from chatservice.doors.certificates import Certificate
from chatservice.protocol.tls import TlsEngine
from tests.certified import certificate, client_context, the_certificate
from tests.conversation import TableCase, each_row

DAY = 24 * 3600
END = datetime(2030, 6, 15, 12, tzinfo=UTC)


@cache
def another() -> tuple[bytes, bytes]:
    """A certificate that ends soon, and its key."""
    return certificate(end=END)


@cache
def encrypted() -> bytes:
    """A key with a password."""
    key = serialization.load_pem_private_key(the_certificate()[1], None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


@cache
def rsa_key(bits: int) -> bytes:
    """A key of another kind."""
    return rsa.generate_private_key(65537, bits).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


class FilesCase(TableCase):
    """Tests of certificates in files."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cert, self.key = self.folder / "chat.crt", self.folder / "chat.key"
        self.now = END.timestamp() - 100 * DAY
        self.write(*the_certificate())

    def write(self, cert: bytes, key: bytes) -> None:
        self.cert.write_bytes(cert)
        self.key.write_bytes(key)

    def read(self) -> Certificate:
        return Certificate(str(self.cert), str(self.key), lambda: self.now)

    def logged(self, act: object) -> list[str]:
        """What an act logs."""
        with capturedLogs() as events:
            act()  # type: ignore[operator]
        return [formatEvent(event) for event in events]

    def shaken(self, found: Certificate, client: ssl.SSLContext) -> TlsEngine:
        """The server's end after a handshake with a client."""
        server = TlsEngine(found.context, server_side=True)
        peer = TlsEngine(client, False, "localhost")
        peer.start()
        for _ in range(3):
            server.feed(peer.outgoing())
            server.open()
            peer.feed(server.outgoing())
            peer.open()
        self.assertTrue(peer.is_ready)
        return server


DAMAGED = b"-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----\n"

MISTAKES: dict[str, tuple[bytes | None, bytes | None, str]] = {
    "no_certificate": (b"", None, "CERT has no certificate"),
    "key_as_certificate": (the_certificate()[1], None, "CERT has no certificate"),
    "certificate_as_key": (None, the_certificate()[0], "KEY has no private key"),
    "another_key": (None, another()[1], "the key in KEY does not fit the certificate CERT"),
    "another_kind": (None, rsa_key(2048), "the key in KEY does not fit the certificate CERT"),
    "encrypted": (
        None, encrypted(), "the key in KEY is encrypted: decrypt it with openssl pkey",
    ),
    "damaged_key": (
        None,
        DAMAGED,
        "cannot use CERT with KEY: one is damaged",
    ),
    "damaged_certificate": (
        b"-----BEGIN CERTIFICATE-----\nabcd\n-----END CERTIFICATE-----\n",
        None,
        "cannot use CERT with KEY: one is damaged",
    ),
    "no_base64": (
        b"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n",
        None,
        "the certificate in CERT is damaged",
    ),
}


class ReadingTests(FilesCase):
    def test_facts(self) -> None:
        """The end and the fingerprint are those that openssl tells, though it may have expired."""
        end = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
        self.write(*certificate(end=end))
        found = self.read()
        self.assertEqual(found.expires, end.timestamp())
        told = subprocess.run(
            ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", self.cert],
            capture_output=True, text=True, check=True,
        ).stdout
        self.assertEqual(told.strip().partition("=")[2], found.fingerprint)

    def test_signed(self) -> None:
        """A certificate may be signed by anybody, who need not be known here."""
        self.write(*certificate(end=END, issuer="Somebody"))
        self.assertEqual(self.read().expires, END.timestamp())

    def test_one_file(self) -> None:
        """Certificate and key may be in one file."""
        self.cert.write_bytes(b"".join(the_certificate()))
        found = Certificate(str(self.cert), str(self.cert))
        self.shaken(found, client_context())

    @each_row(MISTAKES)
    def test_mistake(self, row: tuple[bytes | None, bytes | None, str]) -> None:
        """Files that are of no use are refused in one sentence that names them."""
        cert, key, sentence = row
        self.write(
            the_certificate()[0] if cert is None else cert,
            the_certificate()[1] if key is None else key,
        )
        with self.assertRaises(BadValue) as caught:
            self.read()
        expected = sentence.replace("CERT", str(self.cert)).replace("KEY", str(self.key))
        self.assertEqual(str(caught.exception), expected)

    def test_damaged_in_one_file(self) -> None:
        """A file that has both is named once."""
        self.cert.write_bytes(the_certificate()[0] + DAMAGED)
        with self.assertRaises(BadValue) as caught:
            Certificate(str(self.cert), str(self.cert))
        self.assertEqual(str(caught.exception), f"cannot use {self.cert}: one is damaged")

    def test_missing(self) -> None:
        """A file that cannot be read is refused with the reason."""
        for path in (self.cert, self.key):
            kept = path.read_bytes()
            path.unlink()
            with self.assertRaises(BadValue) as caught:
                self.read()
            sentence = f"cannot read {path}: No such file or directory"
            self.assertEqual(str(caught.exception), sentence)
            path.write_bytes(kept)

    def test_weak(self) -> None:
        """A key that is too weak is refused, and OpenSSL says why."""
        self.write(*certificate(key=rsa.generate_private_key(65537, 1024)))
        with self.assertRaises(BadValue) as caught:
            self.read()
        self.assertTrue(str(caught.exception).endswith("ee key too small"), str(caught.exception))

    def test_for_clients(self) -> None:
        """A certificate that no client can accept is refused."""
        self.write(*certificate(usage=ExtendedKeyUsageOID.CLIENT_AUTH))
        with self.assertRaises(BadValue) as caught:
            self.read()
        self.assertEqual(
            str(caught.exception),
            f"clients cannot use the certificate {self.cert}: unsuitable certificate purpose",
        )


class ContextTests(FilesCase):
    @each_row(
        {
            "irc": (["irc"], "irc"),
            "web": (["h2", "http/1.1"], "http/1.1"),
            "unknown": (["h2"], None),
            "none": ([], None),
        }
    )
    def test_application(self, row: tuple[list[str], str | None]) -> None:
        """Whatever protocols a client offers, it is served, and one that is known is agreed on."""
        offered, chosen = row
        client = client_context()
        if offered:
            client.set_alpn_protocols(offered)
        self.assertEqual(self.shaken(self.read(), client).application, chosen)

    def test_suites(self) -> None:
        """Only suites with authenticated encryption are offered, in TLS 1.2 and 1.3 only."""
        context = self.read().context
        self.assertTrue(all(suite["aead"] for suite in context.get_ciphers()))
        versions = {suite["protocol"] for suite in context.get_ciphers()}
        self.assertEqual(versions, {"TLSv1.2", "TLSv1.3"})
        self.assertEqual(context.minimum_version, ssl.TLSVersion.TLSv1_2)
        self.assertTrue(context.options & ssl.OP_NO_RENEGOTIATION)
        self.assertEqual(context.num_tickets, 0)


class ReloadingTests(FilesCase):
    def test_reloaded(self) -> None:
        """The next connection gets the new certificate, and that is logged."""
        found = self.read()
        before = found.context
        self.write(*another())
        (sentence,) = self.logged(found.reload)
        self.assertEqual(
            sentence,
            "The TLS certificate was read again, and is valid until 2030-06-15 12:00 UTC;"
            f" fingerprint {found.fingerprint}",
        )
        self.assertIsNot(found.context, before)
        self.assertEqual(found.expires, END.timestamp())
        self.shaken(found, client_context(another()[0]))

    def test_refused(self) -> None:
        """A pair that does not fit changes nothing, and one sentence says why."""
        found = self.read()
        before = found.context, found.expires, found.fingerprint
        self.cert.write_bytes(another()[0])
        (sentence,) = self.logged(found.reload)
        self.assertEqual(
            sentence,
            f"The TLS certificate stays as it was: the key in {self.key} does not fit the"
            f" certificate {self.cert}.",
        )
        self.cert.unlink()
        (sentence,) = self.logged(found.reload)
        self.assertIn(f"cannot read {self.cert}: No such file", sentence)
        self.assertEqual((found.context, found.expires, found.fingerprint), before)


class ExpiryTests(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.write(*another())
        self.found = self.read()

    def step(self) -> list[str]:
        return self.logged(lambda: self.assertFalse(self.successResultOf(self.found.step())))

    def test_far(self) -> None:
        """Until 14 days before the end, nothing is said."""
        self.now = END.timestamp() - 14 * DAY
        self.assertEqual(self.step(), [])

    def test_daily(self) -> None:
        """From then on, one warning comes a day, even after the end."""
        self.now = END.timestamp() - 14 * DAY + 1
        told = []
        for _ in range(4 * 16):
            told += self.step()
            self.now += DAY / 4
        self.assertEqual(
            told[0],
            f"The TLS certificate {self.cert} expires in 13 days, on 2030-06-15 12:00 UTC:"
            " replace it, and send SIGHUP.",
        )
        whats = [each.partition("chat.crt ")[2].partition(", on")[0] for each in told]
        days = [f"expires in {left} days" for left in (13, *range(13, 1, -1))]
        last = ["expires in 1 day", "expires within a day", "has expired", "has expired"]
        self.assertEqual(whats, days + last)

    def test_renewed(self) -> None:
        """A new certificate that is valid for long ends the warnings."""
        self.now = END.timestamp() - DAY
        self.assertEqual(len(self.step()), 1)
        self.write(*certificate(end=END + timedelta(days=90)))
        self.logged(self.found.reload)
        self.assertEqual(self.step(), [])
        self.now += 2 * DAY
        self.assertEqual(self.step(), [])
