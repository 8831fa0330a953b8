"""The headers by which an HTTP proxy names its client."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from chatservice.doors.forwarded import client_of, is_https
from chatservice.people.addresses import network_named
from tests.conversation import TableCase, each_row

OWN = "127.0.0.1"
TRUSTED = [network_named(text) for text in ("127.0.0.1", "10.0.0.0/8", "fd00::/8")]

CLIENTS = {
    "none": ([], OWN),
    "empty": ([b""], OWN),
    "one": ([b"192.0.2.7"], "192.0.2.7"),
    "ipv6": ([b"2001:DB8::7"], "2001:db8::7"),
    "mapped": ([b"::ffff:192.0.2.7"], "192.0.2.7"),
    "port": ([b"192.0.2.7:40000"], "192.0.2.7"),
    "brackets": ([b"[2001:db8::7]"], "2001:db8::7"),
    "brackets_and_port": ([b"[2001:db8::7]:40000"], "2001:db8::7"),
    "made_up_by_the_client": ([b"203.0.113.1, 192.0.2.7"], "192.0.2.7"),
    "made_up_in_a_header_of_its_own": ([b"203.0.113.1", b"192.0.2.7"], "192.0.2.7"),
    "two_proxies": ([b"192.0.2.7, 10.0.0.1"], "192.0.2.7"),
    "three_proxies": ([b"203.0.113.1,192.0.2.7,fd00::1", b"10.0.0.1:80 ,10.0.0.2"], "192.0.2.7"),
    "all_trusted": ([b"10.0.0.3, 10.0.0.2", b"10.0.0.1"], "10.0.0.3"),
    "all_trusted_after_junk": ([b"junk, 10.0.0.2, 10.0.0.1"], "10.0.0.2"),
    "white_space": ([b" \t192.0.2.7\t "], "192.0.2.7"),
    "empty_elements": ([b", 192.0.2.7,, 10.0.0.1 , ", b" "], "192.0.2.7"),
    "unknown": ([b"192.0.2.7, unknown"], OWN),
    "unknown_at_the_second_proxy": ([b"192.0.2.7, unknown, 10.0.0.1"], "10.0.0.1"),
}
"""Values of X-Forwarded-For on a connection from a trusted proxy, and the client."""

JUNK = {
    "word": b"_hidden",
    "name": b"example.org",
    "number": b"192.0.2",
    "too_large": b"192.0.2.256",
    "leading_zero": b"192.0.2.07",
    "no_port": b"192.0.2.7:",
    "port_of_words": b"192.0.2.7:http",
    "long_port": b"192.0.2.7:400000",
    "open_bracket": b"[2001:db8::7",
    "quoted": b'"192.0.2.7"',
    "scope": b"fe80::7%eth0",
    "network": b"192.0.2.0/24",
    "not_ascii": "192.0.2.²".encode(),
    "line_end": b"192.0.2.7\n",
    "script": b"<script>",
}
"""Entries that name nobody."""

PROTOCOLS = {
    "none": ([], False),
    "empty": ([b""], False),
    "https": ([b"https"], True),
    "http": ([b"http"], False),
    "white_space": ([b" https "], True),
    "the_last_one": ([b"http, https"], True),
    "not_the_first_one": ([b"https,http"], False),
    "of_the_last_header": ([b"https", b"http"], False),
    "upper_case": ([b"HTTPS"], False),
    "wss": ([b"wss"], False),
    "more": ([b"https:"], False),
}


class ForwardedTests(TableCase):
    """client_of and is_https."""

    @each_row(CLIENTS)
    def test_client(self, row: tuple[list[bytes], str]) -> None:
        """The client is the last address that no trusted proxy has."""
        values, client = row
        self.assertEqual(client_of(OWN, values, TRUSTED), client)

    @each_row(JUNK)
    def test_junk(self, entry: bytes) -> None:
        """A proxy that names nobody is taken for the client, whatever stands before."""
        self.assertEqual(client_of(OWN, [b"192.0.2.7, " + entry], TRUSTED), OWN)

    def test_not_trusted(self) -> None:
        """Nobody else is believed, and neither is anybody if no proxy is trusted."""
        for own in ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8::7", ""):
            self.assertEqual(client_of(own, [b"192.0.2.7"], TRUSTED), own)
        self.assertEqual(client_of(OWN, [b"192.0.2.7"], []), OWN)

    @each_row(PROTOCOLS)
    def test_https(self, row: tuple[list[bytes], bool]) -> None:
        """The last proxy says https, and nothing else, if its client's connection is encrypted."""
        values, encrypted = row
        self.assertEqual(is_https(values), encrypted)

    @given(
        st.ip_addresses().filter(lambda address: client_of(str(address), [b"::"], TRUSTED) != "::"),
        st.lists(st.sampled_from((b"10.0.0.1", b"[fd00::2]:80", b"127.0.0.1:1")), max_size=5),
        st.lists(st.binary(max_size=20), max_size=3),
    )
    def test_chains(self, client: object, proxies: list[bytes], made_up: list[bytes]) -> None:
        """Whatever the client made up, and through however many proxies, its address is found."""
        real = ip_address(str(client))
        found = client_of(OWN, [*made_up, b", ".join([str(real).encode(), *proxies])], TRUSTED)
        self.assertEqual(found, str(getattr(real, "ipv4_mapped", None) or real))

    @given(st.lists(st.binary(max_size=40), max_size=5))
    def test_anything(self, values: list[bytes]) -> None:
        """Whatever comes, some address counts."""
        self.assertTrue(ip_address(client_of(OWN, values, TRUSTED)))
