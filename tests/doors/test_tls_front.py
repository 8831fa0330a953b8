"""TLS on the one port: the layer, the look inside, proxies before and within, and silence."""

from __future__ import annotations

from twisted.internet.error import ConnectionAborted, ConnectionDone

from chatservice.doors.certificates import Certificate
from chatservice.doors.detect import FAR_SILENCE, NO_TLS, SILENCE
from chatservice.doors.tls import HANDSHAKE_TIMEOUT
from chatservice.doors.visit import Policy
from chatservice.people.addresses import network_named
from tests.browsing import request
from tests.certified import certificate, client_context, the_certificate
from tests.conversation import ConversationCase, each_row, new_path
from tests.doubles import Wire
from tests.sealed import TlsClient

PROXY = "192.0.2.80"
HEADER = b"PROXY TCP4 203.0.113.5 192.0.2.80 4711 59000\r\n"
SIZES = {"at_once": 0, "bytes": 1, "threes": 3, "hundreds": 100}
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


class TlsCase(ConversationCase):
    """Tests of a chat that has a certificate and trusts one proxy."""

    requires_tls = False

    def setUp(self) -> None:
        super().setUp()
        self.path = new_path(self)
        self.path.write_bytes(b"".join(the_certificate()))
        self.certificate = Certificate(str(self.path), str(self.path))
        trusted = (network_named(PROXY),)
        self.front.policy = Policy(self.certificate, trusted, requires_tls=self.requires_tls)

    def over_tls(self, wire: Wire | None = None, size: int = 0) -> TlsClient:
        """Connect somebody who shakes hands."""
        return TlsClient(wire or self.connect(), size).shakes()

    def peer_of(self, nick: str) -> tuple[str, bool]:
        """Return the address of somebody, and whether the connection is encrypted."""
        (device,) = self.chat.roster[nick].devices
        return device.peer.address, device.peer.encrypted


class LookTests(TlsCase):
    """What is found behind the handshake."""

    @each_row(SIZES)
    def test_doors(self, size: int) -> None:
        """Behind TLS is every door, and people at each talk with those without it."""
        bob = self.at_text("bob")
        ada = self.over_tls(size=size)
        ada.sends(b"ada\n")
        self.assertIn(b"-- you joined lobby: bob (2 here)", ada.gets())
        program = self.over_tls(size=size)
        program.sends(b'{"type":"hello","nick":"eve"}\n')
        self.assertTrue(program.gets().startswith(b'{"type":"welcome"'))
        browser = self.over_tls(size=size)
        browser.sends(request())
        self.assertTrue(browser.gets().startswith(b"HTTP/1.1 200 "))
        bob.sees()
        ada.sends(b"hello\n")
        self.assertEqual(bob.sees(), ["ada: hello"])
        bob.types("good morning")
        self.assertIn(b"bob: good morning\r\n", ada.gets())
        self.assertIn(b'"text":"good morning"', program.gets())
        self.assertEqual(self.peer_of("ada"), ("192.0.2.1", True))

    def test_no_tls_within(self) -> None:
        """A handshake within TLS is no second layer."""
        peer = self.over_tls()
        peer.sends(CLIENT_HELLO + b"\n")
        self.assertIn(b"this is a chat", peer.gets())

    def test_in_order(self) -> None:
        """The end of the input in TLS is a goodbye, after everything was said and answered."""
        bob = self.at_text("bob")
        ada = self.over_tls()
        ada.sends(b"ada\nhello\n/who\n")
        ada.closes()
        self.assertIn(b"ada: lobby", ada.gets())
        sees = ["-- ada joined the chat", "ada: hello", "-- ada left the chat"]
        self.assertEqual(bob.sees(), sees)
        self.assertIs(ada.wire.lost, ConnectionDone)

    def test_cut_off(self) -> None:
        """The end of TCP without that of TLS is a lost connection."""
        bob = self.at_text("bob")
        ada = self.over_tls()
        ada.sends(b"ada\n")
        bob.sees()
        ada.wire.ends()
        self.assertEqual(bob.sees(), ["-- ada left the chat (connection lost)"])
        self.assertIs(ada.wire.lost, ConnectionDone)

    def test_nothing_is_left(self) -> None:
        """However a connection over TLS ends, it counts no more and no timer is left."""
        for act in (Wire.vanishes, Wire.ends):
            for data in (b"", b"ada\n", b"{}\n", b"GET / HTTP/1.1\r\n"):
                peer = self.over_tls()
                if data:
                    peer.sends(data)
                act(peer.wire)
                peer.wire.turn()
                self.assertEqual(self.front._admission.count, 0)
                self.assertEqual((self.chat.sessions, self.clock.getDelayedCalls()), (set(), []))

    def test_slow_handshake(self) -> None:
        """A handshake that is not done in 10 s is cut off."""
        wire = self.connect()
        wire.sends(CLIENT_HELLO)
        self.clock.advance(HANDSHAKE_TIMEOUT)
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)
        self.assertEqual(self.front._admission.count, 0)

    def test_after_greeting(self) -> None:
        """A handshake that comes after the greeting is closed without a word."""
        wire = self.connect()
        self.clock.advance(FAR_SILENCE)
        wire.gets()
        wire.sends(CLIENT_HELLO)
        self.assertEqual(wire.gets(), b"")
        self.assertIs(wire.lost, ConnectionAborted)

    def test_without_certificate(self) -> None:
        """Without a certificate a handshake is answered by the alert of TLS, and closed."""
        self.front.policy = Policy()
        wire = self.connect()
        wire.sends(CLIENT_HELLO)
        self.assertEqual(wire.gets(), NO_TLS)
        self.assertIs(wire.lost, ConnectionDone)

    def test_renewal(self) -> None:
        """New connections get a new certificate, and those that are there go on."""
        ada = self.over_tls()
        ada.sends(b"ada\n")
        made, key = certificate()
        self.path.write_bytes(made + key)
        self.certificate.reload()
        bob = TlsClient(self.connect(), context=client_context(made)).shakes()
        bob.sends(b"bob\nhello\n")
        self.assertIn(b"bob: hello", ada.gets())


class ProxyTests(TlsCase):
    """PROXY headers and TLS."""

    @each_row(SIZES)
    def test_before(self, size: int) -> None:
        """A PROXY header may come before TLS."""
        wire = self.connect(PROXY)
        wire.sends(HEADER, size)
        ada = self.over_tls(wire, size)
        ada.sends(b"ada\n")
        self.assertEqual(self.peer_of("ada"), ("203.0.113.5", True))

    def test_within(self) -> None:
        """Or within."""
        ada = self.over_tls(self.connect(PROXY))
        ada.sends(HEADER + b"ada\n")
        self.assertEqual(self.peer_of("ada"), ("203.0.113.5", True))

    def test_only_once(self) -> None:
        """But a client cannot send one of its own behind that of the proxy."""
        wire = self.connect(PROXY)
        wire.sends(HEADER)
        ada = self.over_tls(wire)
        ada.sends(HEADER.replace(b"203.0.113.5", b"203.0.113.6"))
        self.assertIn(b"a nickname must not contain a space", ada.gets())


class SilenceTests(TlsCase):
    """How long a peer is silent before it is greeted as a person."""

    def test_silence(self) -> None:
        """With a certificate, other machines have a second before they are greeted."""
        for policy, host, seconds in (
            (self.front.policy, "192.0.2.1", FAR_SILENCE),
            (self.front.policy, "127.0.0.1", SILENCE),
            (Policy(), "192.0.2.1", SILENCE),
        ):
            self.front.policy = policy
            wire = self.connect(host)
            self.clock.advance(seconds - 0.01)
            self.assertEqual(wire.gets(), b"")
            self.clock.advance(0.01)
            self.assertIn(b"Welcome", wire.gets())


class RequiredTests(TlsCase):
    """A chat that takes encrypted connections only."""

    requires_tls = True

    def test_plain(self) -> None:
        """Whoever comes without TLS is told so, at every door."""
        told = b"this chat takes encrypted connections only"
        for data, start in (
            (b"ada\n", b"-- "),
            (b"{}\n", b'{"type":"error","code":"closing"'),
            (request(), b"HTTP/1.1 308 Permanent Redirect\r\n"),
        ):
            wire = self.connect()
            wire.sends(data)
            seen = wire.gets()
            self.assertTrue(seen.startswith(start), seen)
            self.assertTrue(told in seen or b"Location: https://" in seen, seen)
        self.assertEqual(self.chat.roster, {})

    def test_encrypted(self) -> None:
        """With TLS everybody comes in."""
        ada = self.over_tls()
        ada.sends(b"ada\n")
        self.assertIn(b"-- you joined lobby", ada.gets())
