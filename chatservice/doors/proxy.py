"""The header by which a proxy names its client: the PROXY protocol, versions 1 and 2.

The source is haproxy's specification, C{doc/proxy-protocol.txt}. Anybody can send a header, so a
caller must read one only where it trusts the peer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct
from typing import NamedTuple

from chatservice.people.addresses import Address, unmapped

TEXT_START = b"PROXY "
BINARY_START = b"\r\n\r\n\0\r\nQUIT\n"
STARTS = (TEXT_START, BINARY_START)
"""The first bytes of the two versions."""

TEXT_MOST = 107
"""The most bytes of version 1 (section 2.1)."""

BINARY_MOST = 4096
"""The most bytes after the fixed part of version 2; proxies send a few hundred at most."""

_FAMILIES: dict[bytes, Callable[[str], Address]] = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}
_PORT = re.compile(rb"0|[1-9][0-9]{0,4}")
_PORTS = range(2**16)

# Section 2.2: the signature, the version with the command, the family with the transport, the
# length of the rest; then the addresses of each family; then fields.
_FIXED = Struct("!12sBBH")
_LOCAL, _PROXY = 0x20, 0x21
_ADDRESSES = (Struct(""), Struct("!4s4sHH"), Struct("!16s16sHH"), Struct("108s108s"))
_TRANSPORTS = range(3)
_OVER_TCP = (0x11, 0x21)
_FIELD = Struct("!BH")
_TLS_FIELD, _TLS_SIZE, _TLS_CLIENT = 0x20, 5, 0x01


class Source(NamedTuple):
    """The address and port of a proxy's client."""

    host: str
    port: int


class Header(NamedTuple):
    """A complete header.

    @ivar size: its length in bytes; what follows it is the client's.
    @ivar source: the client; C{None} if the connection's own address counts.
    @ivar encrypted: whether the client's connection to the proxy is encrypted, as far as told.
    """

    size: int
    source: Source | None = None
    encrypted: bool = False


def read_header(data: bytes) -> Header | None:
    """Read the header at the start of what a peer has sent; return C{None} if more must come.

    @raise ValueError: there is no valid header; the message is one clause.
    """
    if data.startswith(TEXT_START):
        return _read_text(data)
    if data.startswith(BINARY_START):
        return _read_binary(data)
    if any(start.startswith(data) for start in STARTS):
        return None
    raise ValueError("there is no PROXY header")


def _read_text(data: bytes) -> Header | None:
    """Read version 1 (section 2.1)."""
    line, end, _ = data[:TEXT_MOST].partition(b"\n")
    if not end:
        if len(line) == TEXT_MOST:
            raise ValueError(f"the PROXY header does not end within {TEXT_MOST} bytes")
        return None
    size = len(line) + len(end)
    if not line.endswith(b"\r"):
        raise ValueError("the PROXY header does not end in CR LF")
    match line.removesuffix(b"\r").split(b" ")[1:]:
        case [b"UNKNOWN", *_]:
            return Header(size)
        case [b"TCP4" | b"TCP6" as family, source, destination, from_port, to_port]:
            host = _host_in(source, family)
            _host_in(destination, family)
            _port_in(to_port)
            return Header(size, Source(host, _port_in(from_port)))
    raise ValueError("the PROXY header names neither a client over TCP nor UNKNOWN")


def _host_in(text: bytes, family: bytes) -> str:
    try:
        # No scope: it would mean something to the proxy's machine alone.
        address = _FAMILIES[family](text.replace(b"%", b" ").decode("ascii"))
    except ValueError:
        sentence = f"the PROXY header has an address that is not one of {family.decode()}"
        raise ValueError(sentence) from None
    return str(unmapped(address))


def _port_in(text: bytes) -> int:
    if not _PORT.fullmatch(text) or int(text) not in _PORTS:
        raise ValueError("the PROXY header has an invalid port")
    return int(text)


def _read_binary(data: bytes) -> Header | None:
    """Read version 2 (section 2.2)."""
    if len(data) < _FIXED.size:
        return None
    _, command, kind, length = _FIXED.unpack_from(data)
    if command not in (_LOCAL, _PROXY):
        raise ValueError("the PROXY header has an unknown version or command")
    if length > BINARY_MOST:
        raise ValueError(f"the PROXY header has more than {BINARY_MOST:,} bytes")
    size = _FIXED.size + length
    if len(data) < size:
        return None
    return Header(size) if command == _LOCAL else _client_in(data[_FIXED.size : size], kind, size)


def _client_in(rest: bytes, kind: int, size: int) -> Header:
    family, transport = divmod(kind, 16)
    if family >= len(_ADDRESSES) or transport not in _TRANSPORTS:
        raise ValueError("the PROXY header has an unknown address family or transport")
    addresses = _ADDRESSES[family]
    if len(rest) < addresses.size:
        raise ValueError("the PROXY header is too short for its addresses")
    source = None
    if kind in _OVER_TCP:
        host, _, port, _ = addresses.unpack_from(rest)
        source = Source(str(unmapped(ip_address(host))), port)
    return Header(size, source, _is_encrypted(rest[addresses.size :]))


def _is_encrypted(fields: bytes) -> bool:
    """Look for the field C{PP2_TYPE_SSL} (section 2.2.6)."""
    encrypted = False
    while fields:
        if len(fields) < _FIELD.size:
            raise ValueError("the PROXY header has a field that is cut off")
        kind, length = _FIELD.unpack_from(fields)
        value, fields = fields[_FIELD.size :][:length], fields[_FIELD.size + length :]
        if len(value) < max(length, _TLS_SIZE if kind == _TLS_FIELD else 0):
            raise ValueError("the PROXY header has a field that is cut off")
        if kind == _TLS_FIELD:
            encrypted = bool(value[0] & _TLS_CLIENT)
    return encrypted
