"""TLS without I/O: two ends that are given each other's ciphertext."""

from __future__ import annotations

import ssl

from chatservice.protocol.tls import RECORD, TlsEngine, fingerprint_of
from tests.certified import client_context, context_with, server_context, the_certificate
from tests.conversation import TableCase, each_row
from tests.doubles import pieces

VERSIONS = {"v1_2": ssl.TLSVersion.TLSv1_2, "v1_3": ssl.TLSVersion.TLSv1_3}
SIZES = {"at_once": 0, **{f"by_{size}": size for size in range(1, 10)}}


class Ends:
    """Both ends of a connection.

    @ivar heard: what each end received.
    """

    def __init__(
        self,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        size: int = 0,
        name: str = "localhost",
        contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
    ) -> None:
        server, client = contexts or (server_context(), client_context(version=version))
        self.server = TlsEngine(server, server_side=True)
        self.client = TlsEngine(client, False, name)
        self.size = size
        self.heard = {self.server: b"", self.client: b""}

    def shake(self) -> Ends:
        """Shake hands."""
        self.client.start()
        for _ in range(3):
            self.bring(self.client.outgoing(), self.server)
            self.bring(self.server.outgoing(), self.client)
        return self

    def bring(self, sealed: bytes, to: TlsEngine) -> None:
        """Bring ciphertext to an end."""
        for piece in pieces(sealed, self.size) if sealed else ():
            to.feed(piece)
            self.heard[to] += everything(to)


def everything(end: TlsEngine) -> bytes:
    """What an end can open now."""
    return b"".join(iter(end.open, b""))


class SealingTests(TableCase):
    @each_row(SIZES)
    def test_pieces(self, size: int) -> None:
        """However the ciphertext is cut, both ends receive what was sent, in order."""
        for version in VERSIONS.values():
            ends = Ends(version, size).shake()
            for number in range(3):
                ends.bring(ends.client.seal(b"question %d;" % number), ends.server)
                ends.bring(ends.server.seal(b"answer %d;" % number), ends.client)
            ends.bring(ends.client.seal(b"one") + ends.client.seal(b"two"), ends.server)
            heard = ends.heard
            self.assertEqual(heard[ends.server], b"question 0;question 1;question 2;onetwo")
            self.assertEqual(heard[ends.client], b"answer 0;answer 1;answer 2;")

    @each_row({str(size): size for size in (0, 1, RECORD, RECORD + 1, 5 * RECORD + 7)})
    def test_sizes(self, size: int) -> None:
        """Text of any size is sealed as a whole, in records."""
        ends = Ends().shake()
        text = bytes(range(256)) * (size // 256 + 1)
        ends.bring(ends.server.seal(text[:size]), ends.client)
        self.assertEqual(ends.heard[ends.client], text[:size])

    def test_nothing(self) -> None:
        """No text makes no record."""
        self.assertEqual(Ends().shake().server.seal(b""), b"")

    def test_bounded(self) -> None:
        """Text comes out a record at a time."""
        ends = Ends().shake()
        ends.client.feed(ends.server.seal(bytes(3 * RECORD)))
        self.assertEqual([len(ends.client.open()) for _ in range(4)], [RECORD] * 3 + [0])

    def test_ready(self) -> None:
        """Each end knows when the handshake is done, and the client whose certificate it saw."""
        ends = Ends()
        self.assertFalse(ends.client.is_ready)
        ends.shake()
        self.assertTrue(ends.client.is_ready and ends.server.is_ready)
        shown = ssl.DER_cert_to_PEM_cert(ends.client.certificate)
        self.assertEqual(shown, the_certificate()[0].decode())
        self.assertEqual(ends.client.facts["notAfter"], "Jan  1 00:00:00 2120 GMT")
        self.assertEqual((ends.server.certificate, ends.server.facts), (b"", {}))
        self.assertEqual((ends.client.waiting, ends.server.waiting), (0, 0))


class FingerprintTests(TableCase):
    def test_spelling(self) -> None:
        """A fingerprint is spelled in pairs of capital digits."""
        spelled = fingerprint_of(b"")
        self.assertTrue(spelled.startswith("E3:B0:C4:42:98:FC:1C:14:"))
        self.assertEqual(len(spelled), 95)


class EndTests(TableCase):
    @each_row(VERSIONS)
    def test_in_order(self, version: ssl.TLSVersion) -> None:
        """An end that closes is known to have ended; the other may still send to it."""
        ends = Ends(version).shake()
        sealed = ends.client.seal(b"the last")
        ends.client.close()
        ends.bring(sealed + ends.client.outgoing(), ends.server)
        self.assertEqual(ends.heard[ends.server], b"the last")
        self.assertEqual((ends.server.has_ended, ends.client.has_ended), (True, False))
        ends.bring(ends.server.seal(b"an answer"), ends.client)
        ends.server.close()
        ends.bring(ends.server.outgoing(), ends.client)
        self.assertEqual((ends.heard[ends.client], ends.client.has_ended), (b"an answer", True))

    @each_row(VERSIONS)
    def test_unread(self, version: ssl.TLSVersion) -> None:
        """Closing loses nothing that came before and was not opened, even parts of records."""
        text = b"".join(b"%d" % number * 99 for number in range(3))
        for cut in range(0, 400, 7):
            ends = Ends(version).shake()
            sealed = b"".join(ends.client.seal(piece) for piece in pieces(text, 99))
            ends.client.close()
            sealed += ends.client.outgoing()
            ends.server.feed(sealed[:cut])
            first = ends.server.open()
            ends.server.close()
            ends.server.close()
            self.assertLess(ends.server.waiting, 40)
            ends.bring(sealed[cut:], ends.server)
            first += ends.heard[ends.server] + everything(ends.server)
            self.assertEqual((first, ends.server.has_ended), (text, True), cut)

    def test_unread_at_the_end(self) -> None:
        """The peer has not ended before everything was opened."""
        ends = Ends().shake()
        sealed = ends.client.seal(b"one") + ends.client.seal(b"two")
        ends.client.close()
        ends.server.feed(sealed + ends.client.outgoing())
        self.assertEqual(ends.server.open(), b"one")
        ends.server.close()
        self.assertFalse(ends.server.has_ended)
        self.assertEqual((ends.server.open(), ends.server.has_ended), (b"two", True))

    def test_cut_off(self) -> None:
        """Input that just stops has not ended."""
        ends = Ends().shake()
        ends.bring(ends.client.seal(b"hello")[:-1], ends.server)
        self.assertEqual((ends.heard[ends.server], ends.server.has_ended), (b"", False))

    def test_more(self) -> None:
        """What comes after the end is discarded."""
        ends = Ends().shake()
        ends.client.close()
        ends.bring(ends.client.outgoing() + b"more", ends.server)
        ends.bring(b"and more", ends.server)
        self.assertEqual(ends.server._sealed, b"")
        self.assertEqual((ends.heard[ends.server], ends.server.has_ended), (b"", True))

    def test_in_the_handshake(self) -> None:
        """Whoever closes before the handshake is done sends nothing."""
        ends = Ends()
        for end in (ends.server, ends.client):
            end.close()
            self.assertEqual(end.waiting, 0)


class FailureTests(TableCase):
    @each_row({"http": b"GET / HTTP/1.1\r\n\r\n", "tls": b"\x16\x03\x01\x00\x05hello"})
    def test_garbage(self, garbage: bytes) -> None:
        """What is no handshake fails at once."""
        ends = Ends()
        ends.server.feed(garbage)
        self.assertRaises(ssl.SSLError, ends.server.open)
        self.assertFalse(ends.server.is_ready)

    @each_row(VERSIONS)
    def test_changed(self, version: ssl.TLSVersion) -> None:
        """Ciphertext that was changed is never opened, and the peer gets an alert."""
        ends = Ends(version).shake()
        sealed = bytearray(ends.client.seal(b"hello"))
        sealed[-1] ^= 1
        ends.server.feed(bytes(sealed))
        self.assertRaises(ssl.SSLError, ends.server.open)
        ends.client.feed(ends.server.outgoing())
        self.assertRaises(ssl.SSLError, ends.client.open)

    def test_changed_at_the_end(self) -> None:
        """Closing over ciphertext that was changed sends an alert in the place of an end."""
        ends = Ends().shake()
        ends.server.feed(ends.client.seal(b"one") + b"\x17\x03\x03\x00\x30" + bytes(48))
        self.assertEqual(ends.server.open(), b"one")
        ends.server.close()
        ends.client.feed(ends.server.outgoing())
        self.assertRaises(ssl.SSLError, ends.client.open)

    def test_wrong_name(self) -> None:
        """A client that expects another name refuses, and tells the server."""
        ends = Ends(name="example.org")
        with self.assertRaises(ssl.SSLCertVerificationError):
            ends.shake()
        ends.server.feed(ends.client.outgoing())
        self.assertRaises(ssl.SSLError, ends.server.open)
        self.assertFalse(ends.server.is_ready)

    def test_version(self) -> None:
        """TLS 1.1 is refused with an alert."""
        # A ClientHello (RFC 4346, 7.4.1.2): version, random, no session, suites, compression.
        body = b"\x03\x02" + bytes(32) + bytes.fromhex("00 0004c013c00a 0100")
        message = b"\x01" + len(body).to_bytes(3, "big") + body
        hello = b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message
        ends = Ends()
        ends.server.feed(hello)
        with self.assertRaisesRegex(ssl.SSLError, "UNSUPPORTED_PROTOCOL"):
            ends.server.open()
        # A fatal (2) alert: protocol_version (70; RFC 8446, section 6).
        self.assertEqual(ends.server.outgoing()[-2:], bytes((2, 70)))


class ApplicationTests(TableCase):
    @each_row(
        {
            "irc": (["irc"], "irc"),
            "second": (["h2", "http/1.1"], "http/1.1"),
            "unknown": (["h2"], None),
            "none": ([], None),
        }
    )
    def test_chosen(self, row: tuple[list[str], str | None]) -> None:
        """The first protocol that both ends know is agreed on, or none, which is no failure."""
        offered, chosen = row
        server, client = context_with(*the_certificate()), client_context()
        server.set_alpn_protocols(["http/1.1", "irc"])
        if offered:
            client.set_alpn_protocols(offered)
        ends = Ends(contexts=(server, client)).shake()
        self.assertTrue(ends.server.is_ready)
        self.assertEqual(ends.server.application, chosen)
