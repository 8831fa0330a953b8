"""The header by which a proxy names its client."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from struct import pack

from hypothesis import example, given
from hypothesis import strategies as st

from chatservice.doors.proxy import BINARY_MOST, BINARY_START, Header, Source, read_header
from tests.conversation import TableCase, each_row

V4 = bytes([192, 0, 2, 1, 198, 51, 100, 1]) + pack("!HH", 40000, 59000)
V6 = IPv6Address("2001:db8::7").packed + IPv6Address("::1").packed + pack("!HH", 40000, 59000)
MAPPED = IPv6Address("::ffff:192.0.2.1").packed * 2 + pack("!HH", 1, 2)
ADA = Source("192.0.2.1", 40000)
EVE = Source("2001:db8::7", 40000)


def binary(
    rest: bytes = b"", kind: int = 0x11, command: int = 0x21, length: int | None = None
) -> bytes:
    """A header of version 2."""
    size = len(rest) if length is None else length
    return BINARY_START + pack("!BBH", command, kind, size) + rest


def field(kind: int, value: bytes, length: int | None = None) -> bytes:
    """A field after the addresses."""
    return pack("!BH", kind, len(value) if length is None else length) + value


TLS = field(0x20, b"\x01\0\0\0\0" + field(0x21, b"TLSv1.3"))
PLAIN = field(0x20, b"\x06\0\0\0\0")
LONGEST = "PROXY UNKNOWN " + " ".join(2 * ["ffff:" * 7 + "ffff"] + 2 * ["65535"])

TEXTS = {
    "tcp4": ("PROXY TCP4 192.0.2.1 198.51.100.1 40000 59000", ADA),
    "tcp6": ("PROXY TCP6 2001:db8::7 ::1 40000 59000", EVE),
    "upper_case": ("PROXY TCP6 2001:DB8:0:0::7 ::1 40000 59000", EVE),
    "mapped": ("PROXY TCP6 ::ffff:192.0.2.1 ::1 40000 59000", ADA),
    "ports_at_their_ends": ("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535", Source("0.0.0.0", 0)),
    "unknown": ("PROXY UNKNOWN", None),
    "unknown_with_addresses": (LONGEST, None),
    "unknown_with_anything": ("PROXY UNKNOWN \x01 \r\xff", None),
}
"""Lines of version 1, and whom they name."""

BINARIES = {
    "tcp4": (binary(V4), ADA, False),
    "tcp6": (binary(V6, 0x21), EVE, False),
    "mapped": (binary(MAPPED, 0x21), Source("192.0.2.1", 1), False),
    "over_tls": (binary(V4 + TLS), ADA, True),
    "not_over_tls": (binary(V4 + PLAIN), ADA, False),
    "tls_after_others": (
        binary(V6 + field(3, b"crc!") + field(4, b"") + TLS + field(0xE0, b"x"), 0x21),
        EVE,
        True,
    ),
    "tls_in_a_value": (binary(V4 + field(0xE0, TLS)), ADA, False),
    "local": (binary(command=0x20, kind=0), None, False),
    "local_with_addresses": (binary(V4 + TLS, command=0x20), None, False),
    "local_with_anything": (binary(b"anything", 0xFF, command=0x20), None, False),
    "unspecified": (binary(kind=0), None, False),
    "unspecified_over_tls": (binary(TLS, kind=0), None, True),
    "unix": (binary(bytes(216), 0x31), None, False),
    "unix_over_tls": (binary(b"x" * 216 + TLS, 0x31), None, True),
    "udp4": (binary(V4, 0x12), None, False),
    "udp6": (binary(V6, 0x22), None, False),
    "no_transport": (binary(V4, 0x10), None, False),
    "longest": (binary(V4 + field(4, bytes(BINARY_MOST - 12 - 3))), ADA, False),
}
"""Headers of version 2, whom they name, and whether they tell of TLS."""

INCOMPLETE = {
    "nothing": b"",
    "text_begun": b"PRO",
    "text_without_end": b"PROXY TCP4 192.0.2.1 198.51.100.1 40000 59000",
    "text_without_lf": b"PROXY UNKNOWN\r",
    "text_at_its_most": LONGEST.encode() + b"\r",
    "binary_begun": b"\r\n\r\n\0",
    "start_alone": BINARY_START,
    "fixed_part_alone": binary(V4)[:16],
    "binary_cut_off": binary(V4)[:-1],
}

NOT_ONE_OF_TCP4 = "the PROXY header has an address that is not one of TCP4"
NOT_ONE_OF_TCP6 = "the PROXY header has an address that is not one of TCP6"
NO_PORT = "the PROXY header has an invalid port"
NOBODY = "the PROXY header names neither a client over TCP nor UNKNOWN"
NO_END = "the PROXY header does not end in CR LF"
TOO_LONG = "the PROXY header does not end within 107 bytes"
NONE = "there is no PROXY header"
COMMAND = "the PROXY header has an unknown version or command"
KIND = "the PROXY header has an unknown address family or transport"
SHORT = "the PROXY header is too short for its addresses"
CUT_OFF = "the PROXY header has a field that is cut off"
LARGE = "the PROXY header has more than 4,096 bytes"

INVALID = {
    "a_nickname": (b"ada\r\n", NONE),
    "lower_case": (b"proxy", NONE),
    "no_space": (b"PROXY\r\n", NONE),
    "an_empty_line": (b"\r\na", NONE),
    "nobody": (b"PROXY \r\n", NOBODY),
    "another_word": (b"PROXY UNKNOWNS\r\n", NOBODY),
    "another_family": (b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", NOBODY),
    "too_few": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", NOBODY),
    "too_many": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", NOBODY),
    "two_spaces": (b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n", NOBODY),
    "space_at_the_end": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", NOBODY),
    "tab": (b"PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2\r\n", NONE),
    "no_address": (b"PROXY TCP4 999.1.1.1 192.0.2.2 1 2\r\n", NOT_ONE_OF_TCP4),
    "leading_zero": (b"PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n", NOT_ONE_OF_TCP4),
    "a_network": (b"PROXY TCP4 192.0.2.1/32 192.0.2.2 1 2\r\n", NOT_ONE_OF_TCP4),
    "script": (b"PROXY TCP4 <script> 192.0.2.2 1 2\r\n", NOT_ONE_OF_TCP4),
    "not_ascii": ("PROXY TCP4 192.0.2.² 192.0.2.2 1 2\r\n".encode(), NOT_ONE_OF_TCP4),
    "other_destination": (b"PROXY TCP4 192.0.2.1 ::1 1 2\r\n", NOT_ONE_OF_TCP4),
    "ipv6_as_tcp4": (b"PROXY TCP4 ::1 ::1 1 2\r\n", NOT_ONE_OF_TCP4),
    "ipv4_as_tcp6": (b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", NOT_ONE_OF_TCP6),
    "scope": (b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", NOT_ONE_OF_TCP6),
    "port_too_large": (b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", NO_PORT),
    "other_port_too_large": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 99999\r\n", NO_PORT),
    "port_with_zero": (b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", NO_PORT),
    "port_with_sign": (b"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n", NO_PORT),
    "port_in_other_digits": ("PROXY TCP4 192.0.2.1 192.0.2.2 ١ 2\r\n".encode(), NO_PORT),
    "no_port": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 \r\n", NO_PORT),
    "lf_alone": (b"PROXY UNKNOWN\n", NO_END),
    "cr_alone": (b"PROXY UNKNOWN\r" + b"x" * 93, TOO_LONG),
    "too_long": (LONGEST.encode() + b"\r\r", TOO_LONG),
    "too_long_by_its_end": (LONGEST.encode() + b"1\r\n", TOO_LONG),
    "version_1": (binary(V4, command=0x11), COMMAND),
    "version_3": (binary(V4, command=0x31), COMMAND),
    "another_command": (binary(V4, command=0x22), COMMAND),
    "another_kind_of_address": (binary(V4, 0x41), KIND),
    "another_transport": (binary(V4, 0x13), KIND),
    "short_ipv4": (binary(V4[:-1]), SHORT),
    "short_ipv6": (binary(V4, 0x21), SHORT),
    "short_unix": (binary(bytes(215), 0x31), SHORT),
    "one_byte_too_many": (binary(V4 + b"\x20"), CUT_OFF),
    "field_too_long": (binary(V4 + field(4, b"x", 2)), CUT_OFF),
    "no_room_for_tls": (binary(V4 + field(0x20, b"\x01\0\0\0")), CUT_OFF),
    "empty_tls": (binary(V4 + field(0x20, b"")), CUT_OFF),
    "too_large": (binary(length=BINARY_MOST + 1), LARGE),
    "too_large_though_local": (binary(command=0x20, length=65535), LARGE),
}
"""Beginnings of connections that are no header, and the clause for the log."""

ports = st.integers(0, 65535)


def in_pieces(data: bytes, size: int) -> Header | None:
    """Read a header as it comes in pieces."""
    for end in range(size, len(data) + size, size):
        header = read_header(data[:end])
        if header is not None:
            return header
    return None


class HeaderTests(TableCase):
    """read_header."""

    @each_row(TEXTS)
    def test_text(self, row: tuple[str, Source | None]) -> None:
        """A line of version 1 names the client, or says that it knows none."""
        line, source = row
        data = line.encode("latin-1") + b"\r\n"
        self.assertEqual(read_header(data + b"hi\r\n"), Header(len(data), source))

    @each_row(BINARIES)
    def test_binary(self, row: tuple[bytes, Source | None, bool]) -> None:
        """A header of version 2 names the client, and may say that it came over TLS."""
        data, source, encrypted = row
        self.assertEqual(read_header(data + b"hi\r\n"), Header(len(data), source, encrypted))

    @each_row(INCOMPLETE)
    def test_incomplete(self, data: bytes) -> None:
        """As long as a header may still come, nothing is decided."""
        self.assertIsNone(read_header(data))

    @each_row(INVALID)
    def test_invalid(self, row: tuple[bytes, str]) -> None:
        """Anything else is refused, with a clause that says why."""
        data, clause = row
        with self.assertRaises(ValueError) as caught:
            read_header(data)
        self.assertEqual(str(caught.exception), clause)

    def test_any_pieces(self) -> None:
        """A header means the same in pieces of any size."""
        texts = (line.encode("latin-1") + b"\r\n" for line, _ in TEXTS.values())
        for data in (*texts, *(row[0] for row in BINARIES.values())):
            for size in range(1, 10):
                self.assertEqual(in_pieces(data + b"hi\r\n", size), read_header(data), data)

    def test_refused_in_any_pieces(self) -> None:
        """What is no header is refused in pieces of any size."""
        for data, _ in INVALID.values():
            for size in range(1, 10):
                with self.assertRaises(ValueError, msg=data):
                    in_pieces(data, size)

    @given(st.ip_addresses(), st.ip_addresses(), ports, ports)
    def test_round_trip(
        self, one: IPv4Address | IPv6Address, other: IPv4Address | IPv6Address, port: int, to: int
    ) -> None:
        """Any client that a proxy names is the one that is read, in either version."""
        mapped = one.ipv4_mapped if isinstance(one, IPv6Address) else None
        source = Source(str(mapped or one), port)
        if one.version != other.version:
            other = one
        line = f"PROXY TCP{one.version} {one} {other} {port} {to}\r\n".encode()
        self.assertEqual(read_header(line), Header(len(line), source))
        kind = {4: 0x11, 6: 0x21}[one.version]
        packed = binary(one.packed + other.packed + pack("!HH", port, to), kind)
        self.assertEqual(read_header(packed), Header(len(packed), source))

    @given(
        st.sampled_from((b"", b"PROXY ", b"PROXY TCP4 ", b"PROXY TCP6 ::1 ", BINARY_START)),
        st.binary(max_size=300),
    )
    @example(BINARY_START, pack("!BBH", 0x21, 0x11, 12) + V4)
    def test_anything(self, start: bytes, rest: bytes) -> None:
        """Whatever comes is a header, the beginning of one, or refused with a sentence's clause."""
        self.check(start + rest)

    @given(st.sampled_from((0x20, 0x21)), st.integers(0, 255), st.binary(max_size=300))
    def test_any_binary(self, command: int, kind: int, rest: bytes) -> None:
        """So is whatever follows a valid length in version 2."""
        self.check(binary(rest, kind, command))

    def check(self, data: bytes) -> None:
        try:
            header = read_header(data)
        except ValueError as error:
            self.assertRegex(str(error), r"\Athe(re is no)? PROXY header[ -~]*\Z")
            return
        if header is not None:
            self.assertLessEqual(header.size, len(data))
            self.assertEqual(read_header(data[: header.size]), header)
            self.assertIsNone(read_header(data[: header.size - 1]))
