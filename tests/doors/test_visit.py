"""What is known of a connection on its way to its door, and what the operator decided about it."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress

from chatservice.doors.handover import FrontProtocol
from chatservice.doors.limits import Admission, Place
from chatservice.doors.visit import TLS_REQUIRED, Policy, PortKind, Visit
from chatservice.people.addresses import network_named
from chatservice.people.peers import Peer
from chatservice.people.ratelimit import Tries
from chatservice.server import ChatFactory
from tests.conversation import TableCase, each_row
from tests.doubles import StrictClock

PROXY, CLIENT, STRANGER = "192.0.2.80", "203.0.113.5", "198.51.100.9"
REQUIRING = Policy(requires_tls=True)


class VisitTests(TableCase):
    """Visits to a chat that trusts one proxy."""

    def setUp(self) -> None:
        self.chat = ChatFactory(StrictClock())
        self.admission = Admission(in_all=2, per_address=1)

    kind = PortKind()

    def visit(self, peer: Peer, policy: Policy | None = None) -> Visit:
        """Make a visit, which has a place as long as the test lasts."""
        place = Place(self.admission, peer.origin)
        front: Any = FrontProtocol(lambda front: None, place.leave)
        trusting = Policy(trusted=(network_named(PROXY),))
        browsers = Tries(self.chat.reactor.seconds)
        return Visit(self.chat, policy or trusting, place, browsers, peer, front, self.kind)

    def test_seen_from(self) -> None:
        """Where the port reads PROXY headers, its transport tells the address."""
        address = IPv4Address("TCP", CLIENT, 2)
        self.kind = PortKind(is_proxied=True)
        peer = self.visit(Peer(STRANGER, 1)).seen_from(address).peer
        self.assertEqual((peer.address, peer.port, peer.proxied), (CLIENT, 2, True))
        self.kind = PortKind()
        visit = self.visit(Peer(STRANGER, 1))
        self.assertIs(visit.seen_from(address), visit)

    @each_row(
        {
            "client": (PROXY, [b"203.0.113.5"], [], (CLIENT, False)),
            "last": (PROXY, [b"1.2.3.4", b"5.6.7.8, 203.0.113.5"], [], (CLIENT, False)),
            "behind_itself": (PROXY, [b"203.0.113.5, 192.0.2.80"], [], (CLIENT, False)),
            "nobody": (PROXY, [], [], (PROXY, False)),
            "nonsense": (PROXY, [b"<script>"], [], (PROXY, False)),
            "encrypted": (PROXY, [b"203.0.113.5"], [b"http, https"], (CLIENT, True)),
            "not_encrypted": (PROXY, [b"203.0.113.5"], [b"https", b"http"], (CLIENT, False)),
        }
    )
    def test_forwarded(self, row: tuple[str, list[bytes], list[bytes], tuple[str, bool]]) -> None:
        """A trusted proxy tells for each request who sent it, and how it came."""
        address, clients, protocols, told = row
        peer = self.visit(Peer(address, 1)).forwarded(clients, protocols).peer
        self.assertEqual((peer.address, peer.encrypted), told)
        self.assertEqual((peer.proxied, peer.is_local, peer.port), (True, False, 0))

    def test_nothing_passed_on(self) -> None:
        """A browser beside the proxy is encrypted if its own connection is."""
        for encrypted in (True, False):
            peer = self.visit(Peer(PROXY, 1, encrypted=encrypted)).forwarded([], []).peer
            self.assertEqual(peer.encrypted, encrypted)

    def test_not_forwarded(self) -> None:
        """Nobody else is listened to, however the connection came."""
        for peer in (Peer(STRANGER, 1), Peer(), Peer(CLIENT, 1, proxied=True)):
            visit = self.visit(peer)
            self.assertIs(visit.forwarded([b"1.2.3.4"], [b"https"]), visit)

    def test_a_proxy_is_never_local(self) -> None:
        """Who comes through a proxy on this machine is not from this machine."""
        trusting = Policy(trusted=(network_named("127.0.0.1"),))
        visit = self.visit(Peer("127.0.0.1", 1), trusting)
        self.assertTrue(visit.peer.is_local)
        for clients in ([], [b"127.0.0.1"], [b"nonsense"]):
            self.assertFalse(visit.forwarded(clients, []).peer.is_local)

    @each_row(
        {
            "over_a_network": (Peer(STRANGER, 1), True),
            "over_the_loopback": (Peer("127.0.0.1", 1), True),
            "encrypted": (Peer(STRANGER, 1, encrypted=True), False),
            "unix_socket": (Peer().seen_from(UNIXAddress("")), False),
            "unix_socket_of_a_proxy": (Peer(proxied=True), True),
            "encrypted_to_the_proxy": (Peer(CLIENT, 1, proxied=True, encrypted=True), False),
        }
    )
    def test_must_be_encrypted(self, row: tuple[Peer, bool]) -> None:
        """Where encryption is required, a UNIX socket may go without, but no proxy behind it."""
        peer, is_needed = row
        self.assertEqual(self.visit(peer, REQUIRING).must_be_encrypted, is_needed)
        refusal = self.visit(peer, REQUIRING).settled().peer.refusal
        self.assertIs(refusal, TLS_REQUIRED if is_needed else None)
        self.assertFalse(self.visit(peer).must_be_encrypted)

    def test_settled(self) -> None:
        """A connection counts for its address once that is known, and once only."""
        first = self.visit(Peer(STRANGER, 1))
        self.assertIsNone(first.settled().settled().peer.refusal)
        second = self.visit(Peer(STRANGER, 2), REQUIRING).settled()
        refusal: Any = second.peer.refusal
        self.assertEqual(refusal.cause, "address-full")
        self.assertEqual(self.admission.count, 1)
        other = self.visit(Peer(CLIENT, 1)).settled()
        self.assertIsNone(other.peer.refusal)

    def test_full(self) -> None:
        """Where there is no room at all, that is what is told."""
        for _ in range(2):
            self.visit(Peer(STRANGER, 1))
        refusal: Any = self.visit(Peer(CLIENT, 1), REQUIRING).settled().peer.refusal
        self.assertEqual(refusal.cause, "full")
