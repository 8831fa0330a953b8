"""What counts as one address, and networks as operators write them."""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from chatservice.people.addresses import (
    address_of,
    covers,
    host_of,
    is_trusted,
    network_named,
    network_of,
    origin_of,
)
from tests.conversation import TableCase, each_row

ADDRESSES = {
    "ipv4": ("192.0.2.7", "192.0.2.7"),
    "ipv6": ("2001:DB8::7", "2001:db8::7"),
    "mapped": ("::ffff:192.0.2.7", "192.0.2.7"),
    "scope": ("fe80::7%eth0", "fe80::7"),
    "a_name": ("localhost", "None"),
    "nothing": ("", "None"),
}
ONE = {
    "ipv4": ("192.0.2.7", "192.0.2.7/32"),
    "ipv6": ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    "mapped": ("::ffff:192.0.2.7", "192.0.2.7/32"),
    "nothing": ("", "None"),
}
NAMED = {
    "ipv4": ("192.0.2.7", "192.0.2.7/32"),
    "ipv6": ("2001:db8::7", "2001:db8::/64"),
    "ipv4_network": ("192.0.2.0/24", "192.0.2.0/24"),
    "ipv6_network": ("2001:db8::/32", "2001:db8::/32"),
    "one_ipv6": ("2001:db8::7/128", "2001:db8::7/128"),
    "bits_beyond": ("192.0.2.7/24", "192.0.2.0/24"),
    "mapped": ("::ffff:192.0.2.7", "192.0.2.7/32"),
    "mapped_network": ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    "everybody": ("0.0.0.0/0", "0.0.0.0/0"),
}
NO_NETWORKS = ("", "ada", "192.0.2", "192.0.2.256", "192.0.2.0/33", "2001:db8::/129", "::g/64")


HEADERS = {
    "\x1b[2Jx": "?[2Jx",
    "192.0.2.1\nada is gone": "192.0.2.1?ada?is?gone",
    "x" * 99: "x" * 64,
    "\u202e1": "?1",
}
"""Hosts as a PROXY header may have them, and as they get into the log."""

ORIGINS = {
    "192.0.2.1": "192.0.2.1",
    "::ffff:192.0.2.1": "192.0.2.1",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
    "2001:db8:1:2::1": "2001:db8:1:2::",
    "2001:db8:1:3::1": "2001:db8:1:3::",
    "fe80::1%eth0": "fe80::",
    "": "",
    "localhost": "",
}


class NetworkTests(TableCase):
    """Texts read as addresses and networks."""

    def test_in_the_log(self) -> None:
        """A host that a proxy made up cannot act on a terminal, nor look like another line."""
        for host, shown in HEADERS.items():
            self.assertEqual(host_of(IPv4Address("TCP", host, 1)), shown)

    @each_row(ADDRESSES)
    def test_address(self, row: tuple[str, str]) -> None:
        """An address is the same however a socket shows it."""
        host, address = row
        self.assertEqual(str(address_of(host)), address)

    @each_row(ONE)
    def test_one(self, row: tuple[str, str]) -> None:
        """A host has one IPv4 address, or an IPv6 /64."""
        host, network = row
        self.assertEqual(str(network_of(host)), network)

    def test_origins(self) -> None:
        """An IPv4 address is one origin, however it is spelled, and so is an IPv6 /64."""
        self.assertEqual({host: origin_of(host) for host in ORIGINS}, ORIGINS)

    def test_hosts(self) -> None:
        """The host of a peer with IPv4 is told alike, whatever socket it is at."""
        for host, told in (("::ffff:192.0.2.7", "192.0.2.7"), ("fe80::1%eth0", "fe80::1%eth0")):
            self.assertEqual(host_of(IPv6Address("TCP", host, 40000)), told)
        self.assertEqual(host_of(IPv4Address("TCP", "192.0.2.7", 40000)), "192.0.2.7")
        self.assertEqual(host_of(UNIXAddress(None)), "")

    @each_row(NAMED)
    def test_named(self, row: tuple[str, str]) -> None:
        """A network is written with its prefix, or as an address."""
        text, network = row
        self.assertEqual(str(network_named(text)), network)

    @each_row({text or "empty": text for text in NO_NETWORKS})
    def test_none(self, text: str) -> None:
        """What is no network is refused in a sentence."""
        with self.assertRaises(ValueError) as caught:
            network_named(text)
        self.assertEqual(
            str(caught.exception),
            "an address is written like 192.0.2.7 or 2001:db8::7, a network like 192.0.2.0/24",
        )

    def test_covers(self) -> None:
        """A network covers the hosts in it, of its own kind alone."""
        network = network_named("192.0.2.0/24")
        for host in ("192.0.2.7", "::ffff:192.0.2.7"):
            self.assertTrue(covers(network, host))
        for host in ("192.0.3.7", "2001:db8::7", "localhost", ""):
            self.assertFalse(covers(network, host))

    def test_trusted(self) -> None:
        """Hosts in any one of the networks are trusted, and nothing that is no address."""
        networks = [network_named(text) for text in ("127.0.0.1", "2001:db8::7/128")]
        for host in ("127.0.0.1", "::ffff:127.0.0.1", "2001:db8::7"):
            self.assertTrue(is_trusted(host, networks))
            self.assertFalse(is_trusted(host, []))
        for host in ("127.0.0.2", "2001:db8::8", "::1", "localhost", ""):
            self.assertFalse(is_trusted(host, networks))
