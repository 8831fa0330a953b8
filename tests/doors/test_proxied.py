"""Connections through a proxy: its PROXY header, and what is known of whoever comes through it."""

from __future__ import annotations

from struct import pack

from twisted.internet.error import ConnectionAborted
from twisted.logger import capturedLogs, formatEvent

from chatservice.doors.detect import FAR_SILENCE, SILENCE
from chatservice.doors.limits import TOLD_OF_AN_ADDRESS, Admission
from chatservice.doors.proxied import HEADER_TIMEOUT
from chatservice.doors.proxy import BINARY_START
from chatservice.doors.visit import Policy, PortKind
from chatservice.people.addresses import network_named
from chatservice.people.ratelimit import BURST
from tests.browsing import HANDSHAKE, HttpCase, answers_in, request
from tests.conversation import JsonPerson, TextPerson, WebPerson, each_row, error
from tests.doubles import Wire

PROXY = "192.0.2.80"
CLIENT = "203.0.113.5"
TEXT_HEADER = b"PROXY TCP4 203.0.113.5 192.0.2.80 4711 59000\r\n"
ADDRESSES = bytes((203, 0, 113, 5, 192, 0, 2, 80)) + pack("!HH", 4711, 59000)
BINARY_HEADER = BINARY_START + pack("!BBH", 0x21, 0x11, len(ADDRESSES)) + ADDRESSES
ENCRYPTED = ADDRESSES + pack("!BHBI", 0x20, 5, 1, 0)
BINARY_HEADER_OF_TLS = BINARY_START + pack("!BBH", 0x21, 0x11, len(ENCRYPTED)) + ENCRYPTED
HEADERS = {"text": TEXT_HEADER, "binary": BINARY_HEADER}
NO_ADDRESS = {
    "unknown": b"PROXY UNKNOWN\r\n",
    "unknown_with_addresses": b"PROXY UNKNOWN 203.0.113.5 192.0.2.80 4711 59000\r\n",
    "local": BINARY_START + pack("!BBH", 0x20, 0, 0),
}
BROKEN = {
    "no_address": b"PROXY TCP4 999.1.1.1 192.0.2.80 4711 59000\r\n",
    "script": b"PROXY TCP4 <script> 192.0.2.80 4711 59000\r\n",
    "endless": b"PROXY TCP4 " + b"1" * 200,
    "version": BINARY_START + pack("!BBH", 0x31, 0x11, 0),
    "cut_off": BINARY_START + pack("!BBH", 0x21, 0x11, 3) + b"abc",
}
GET = request()
MOST = "your address already has the most connections allowed (1): close one of them first"


class ProxiedCase(HttpCase):
    """Tests of a chat that trusts one proxy, with bob in it, who comes by himself."""

    def setUp(self) -> None:
        super().setUp()
        self.trust()
        self.bob = self.at_text("bob")

    def trust(self, *networks: str) -> None:
        """Trust the proxy, or others."""
        trusted = tuple(map(network_named, networks or (PROXY,)))
        self.decide(Policy(trusted=trusted))

    def comes_through(self, data: bytes, size: int = 0) -> Wire:
        """Make a connection from the proxy, and send something on it."""
        return self.sends(data, size, host=PROXY)

    def address_of(self, nick: str) -> tuple[str, int, bool]:
        """Return where somebody comes from: address, port, and whether that is this machine."""
        (session,) = (each for each in self.chat.sessions if each.member is self.chat.roster[nick])
        return session.peer.address, session.peer.port, session.peer.is_local


class HeaderTests(ProxiedCase):
    """PROXY headers."""

    @each_row(
        {
            f"{name}__{size or 'at_once'}": (header, size)
            for name, header in HEADERS.items()
            for size in (0, 1, 2, 3, 5, 7, 13, 16, 40)
        }
    )
    def test_client(self, row: tuple[bytes, int]) -> None:
        """The client that the header names is who comes, however the bytes are cut."""
        header, size = row
        self.comes_through(header + b"ada\nhello\n", size)
        self.assertEqual(self.bob.sees(), ["-- ada joined the chat", "ada: hello"])
        self.assertEqual(self.address_of("ada"), (CLIENT, 4711, False))

    @each_row(NO_ADDRESS)
    def test_no_address(self, header: bytes) -> None:
        """A header without a client leaves the address of the connection, and is no local one."""
        self.trust("127.0.0.1")
        self.sends(header + b"ada\n", host="127.0.0.1")
        self.assertEqual(self.address_of("ada"), ("127.0.0.1", 40000, False))

    def test_no_header(self) -> None:
        """A proxy need not send a header, and without one is a peer like others."""
        self.trust("127.0.0.1")
        self.sends(b"ada\n", host="127.0.0.1")
        self.assertEqual(self.address_of("ada"), ("127.0.0.1", 40000, True))

    def test_this_machine(self) -> None:
        """A client that names an address of this machine is not from this machine."""
        self.comes_through(b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 59000\r\nada\n")
        self.assertEqual(self.address_of("ada"), ("127.0.0.1", 4711, False))

    @each_row(HEADERS)
    def test_every_door(self, header: bytes) -> None:
        """Behind the header comes any door."""
        program = JsonPerson(self.comes_through(header))
        program.asks("hello", nick="ada")
        self.assertIn(program.joined, str(program.sees()))
        page = self.comes_through(header + GET)
        self.assertEqual([seen.status for seen in answers_in(page.gets())], [200])
        browser = WebPerson(self.comes_through(header))
        browser.asks("hello", nick="eve")
        self.assertIn(browser.joined, str(browser.sees()))
        for nick in ("ada", "eve"):
            self.assertEqual(self.address_of(nick)[0], CLIENT)

    def test_greeting(self) -> None:
        """A silent client behind a header is greeted."""
        person = TextPerson(self.comes_through(TEXT_HEADER))
        self.clock.advance(SILENCE)
        self.assertEqual(person.sees()[-1], "Choose a nickname: ")

    @each_row(HEADERS)
    def test_second_header(self, header: bytes) -> None:
        """A second header is the client's, and no header: nobody comes from where it says."""
        self.comes_through(TEXT_HEADER + header + b"ada\n")
        self.assertEqual({each.peer.address for each in self.chat.sessions}, {CLIENT, "192.0.2.1"})

    @each_row(HEADERS | NO_ADDRESS)
    def test_not_trusted(self, header: bytes) -> None:
        """From others a header ends the connection without a word, and the log has it."""
        with capturedLogs() as logged:
            wire = self.sends(header + b"ada\nhello\n", host=CLIENT)
        sentence = "a PROXY header, but not from a trusted proxy"
        (line,) = map(formatEvent, logged)
        self.assertEqual(line, f"Refused connection from {CLIENT}: {sentence}.")
        self.assertEqual((wire.gets(), wire.lost), (b"", ConnectionAborted))
        self.assertEqual(self.bob.sees(), [])
        self.bob.wire.vanishes()
        self.check_nothing_is_left(wire)

    @each_row(BROKEN)
    def test_broken(self, header: bytes) -> None:
        """A broken header ends the connection."""
        wire = self.comes_through(header)
        self.assertEqual((wire.gets(), wire.lost), (b"", ConnectionAborted))
        self.bob.wire.vanishes()
        self.check_nothing_is_left(wire)

    @each_row({"text": TEXT_HEADER[:-1], "binary": BINARY_HEADER[:-1]})
    def test_slow(self, header: bytes) -> None:
        """A header must be whole within 5 s."""
        wire = self.comes_through(header)
        self.clock.advance(HEADER_TIMEOUT - 0.1)
        wire.turn()
        self.assertIsNone(wire.lost)
        self.clock.advance(0.1)
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)
        self.bob.wire.vanishes()
        self.check_nothing_is_left(wire)

    @each_row({"ends": True, "is_reset": False})
    def test_half_a_header(self, ends: bool) -> None:
        """A connection that ends amid the header leaves nothing behind."""
        wire = self.comes_through(TEXT_HEADER[:20])
        if ends:
            wire.ends()
        else:
            wire.vanishes()
        self.bob.wire.vanishes()
        self.check_nothing_is_left(wire)

    def test_encrypted(self) -> None:
        """A proxy may say that its client's connection is encrypted."""
        self.decide(Policy(trusted=(network_named(PROXY),), requires_tls=True))
        wire = self.comes_through(BINARY_HEADER + b"ada\n")
        self.assertIn("encrypted connections only", wire.sees())
        wire = self.comes_through(BINARY_HEADER_OF_TLS + b"ada\n")
        self.assertIn("-- you joined lobby", wire.sees())

    def test_floods(self) -> None:
        """A client pays for its own connections, and neither the proxy nor others do."""
        self.rules.rate_limit = self.rules.per_address = 1
        self.open_chat()
        self.trust()
        lost = []
        for _ in range(BURST * 3):
            wire = self.comes_through(TEXT_HEADER + b"{}\n")
            lost.append(wire.gets() == b"")
            wire.vanishes()
        self.assertEqual(lost, sorted(lost))
        self.assertIn(True, lost)
        other = self.comes_through(TEXT_HEADER.replace(b".5 ", b".6 ", 1) + b"{}\n")
        self.assertIn(b"malformed", other.gets())

    def test_limits(self) -> None:
        """Connections count for the client's address, and in all from the first moment."""
        self.admission = Admission(in_all=4, per_address=1)
        self.trust()
        first = self.comes_through(TEXT_HEADER + b"{}\n")
        first.gets()
        waiting = self.comes_through(b"PROXY")
        self.assertEqual(self.admission.count, 2)
        refused = JsonPerson(self.comes_through(TEXT_HEADER + b"{}\n"))
        self.assertEqual(refused.sees(), [error("closing", MOST) | {"cause": "address-full"}])
        other = self.comes_through(TEXT_HEADER.replace(b".5 ", b".6 ", 1) + b"{}\n")
        self.assertIn(b"malformed", other.gets())
        by_itself = self.sends(b"{}\n", host=CLIENT)
        self.assertIn(b"most connections allowed", by_itself.gets())
        for wire in (first, waiting, other):
            wire.vanishes()
        self.assertIn(b"malformed", self.comes_through(TEXT_HEADER + b"{}\n").gets())

    def test_ban(self) -> None:
        """A ban of the client's address keeps the client out, and nobody else behind the proxy."""
        self.rules.operators = frozenset({"sysop"})
        self.open_chat()
        self.trust()
        sysop = TextPerson(self.connect("127.0.0.1"))
        for line in ("sysop", "/register correct-horse", f"/ban * {CLIENT}"):
            sysop.types(line)
        wire = self.comes_through(TEXT_HEADER + b"ada\n")
        self.assertIn("you are banned", wire.sees())
        other = self.comes_through(TEXT_HEADER.replace(b".5 ", b".6 ", 1) + b"ada\n")
        self.assertIn("-- you joined lobby", other.sees())


class ForwardedTests(ProxiedCase):
    """HTTP through a proxy that speaks HTTP itself."""

    FORWARDED = b"X-Forwarded-For: 198.51.100.1, 203.0.113.5"

    def joins(self, wire: Wire, *headers: bytes) -> str:
        """Open a WebSocket by a request with these headers, join, and tell the address."""
        browser = WebPerson(wire, *headers)
        browser.asks("hello", nick="ada")
        self.assertIn(browser.joined, str(browser.sees()))
        return self.address_of("ada")[0]

    def test_trusted(self) -> None:
        """The last address that is not a proxy's is who comes."""
        self.assertEqual(self.joins(self.connect(PROXY), self.FORWARDED), CLIENT)

    def test_not_trusted(self) -> None:
        """From others the header is ignored."""
        self.assertEqual(self.joins(self.connect(CLIENT), b"X-Forwarded-For: 1.2.3.4"), CLIENT)

    def test_behind_a_proxy_header(self) -> None:
        """What a proxy's client says of itself is ignored."""
        wire = self.comes_through(TEXT_HEADER)
        self.assertEqual(self.joins(wire, b"X-Forwarded-For: 1.2.3.4"), CLIENT)

    def test_two_proxies(self) -> None:
        """A PROXY header may name another proxy, whose header then counts."""
        self.trust(PROXY, CLIENT)
        wire = self.comes_through(TEXT_HEADER)
        self.assertEqual(self.joins(wire, b"X-Forwarded-For: 1.2.3.4"), "1.2.3.4")

    def test_each_request(self) -> None:
        """Each client pays for its own requests, and nobody waits for another one's."""
        self.rules.rate_limit = self.rules.per_address = 1
        self.open_chat()
        self.trust()
        one, two = (request(b"/", b"X-Forwarded-For: 203.0.113.%d" % last) for last in (5, 6))
        seen = [answers_in(self.comes_through(one).gets())[0].status for _ in range(3 * BURST)]
        self.assertEqual((seen[0], seen[-1], seen), (200, 429, sorted(seen)))
        self.assertEqual(answers_in(self.comes_through(two).gets())[0].status, 200)

    def test_one_request(self) -> None:
        """A proxy's connection ends after one answer, for the next request may be another's."""
        get = request(b"/", self.FORWARDED)
        wire = self.comes_through(get + get)
        self.assertEqual(len(answers_in(wire.gets())), 1)
        self.assertIsNotNone(wire.lost)

    def test_quiet(self) -> None:
        """A proxy may connect some time before it has a request to pass on."""
        wire = self.connect(PROXY)
        self.clock.advance(FAR_SILENCE + SILENCE)
        wire.sends(TEXT_HEADER + b"ada\n")
        self.assertIn("Welcome", wire.sees())
        self.assertEqual(self.address_of("ada")[0], CLIENT)

    def test_dropped(self) -> None:
        """Where the port itself reads them, too many refused ones are closed without a word."""
        self.admission = Admission(per_address=1)
        self.trust()
        self.front.kind = PortKind(is_proxied=True)
        wires = [self.connect() for _ in range(TOLD_OF_AN_ADDRESS + 2)]
        for wire in wires:
            wire.window = 0
            wire.sends(b"{}\n")
        dropped = [wire.lost is ConnectionAborted for wire in wires]
        self.assertEqual(dropped, [False] * (TOLD_OF_AN_ADDRESS + 1) + [True])

    def test_port_that_reads_headers(self) -> None:
        """Where the port itself reads PROXY headers, nobody is from this machine."""
        self.front.kind = PortKind(is_proxied=True)
        wire = self.connect("127.0.0.1")
        wire.sends(b"ada\n")
        wire.gets()
        self.assertEqual(self.address_of("ada"), ("127.0.0.1", 40000, False))

    def test_limits(self) -> None:
        """A WebSocket counts for its client's address, and pages do not."""
        self.admission = Admission(per_address=1)
        self.trust()
        self.joins(self.connect(PROXY), self.FORWARDED)
        page = self.comes_through(request(b"/", self.FORWARDED))
        self.assertEqual(answers_in(page.gets())[0].status, 200)
        wire = self.comes_through(request(b"/ws", *HANDSHAKE, self.FORWARDED))
        (seen,) = answers_in(wire.gets())
        self.assertEqual((seen.status, seen.body.decode()), (503, f"{MOST}\n"))
