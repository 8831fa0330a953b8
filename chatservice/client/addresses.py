"""The addresses of a chat, as people write them."""

import ipaddress
import re
import socket
from typing import NamedTuple

PORT = 59000
"""The port of a chat, unless its address names another one."""

_ADDRESS = re.compile(r"(?:\[(?P<ip6>[^]]*)]|(?P<host>[^:[]*))(?::(?P<port>[^:]*))?")


class Address(NamedTuple):
    """Where a chat is: a host name or an IP address, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it for people, as they can type it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_address(text: str) -> Address:
    """Read an address that somebody has typed.

    @raise ValueError: it is none, or leads nowhere from this machine; with one sentence.
    """
    if _is_ip6(text):
        _check_zone(text)
        return Address(text, PORT)
    match = _ADDRESS.fullmatch(text)
    host = match and (match["host"] or match["ip6"])
    if match is None or not host or (match["ip6"] and not _is_ip6(host)):
        raise ValueError(f"{text!r} is not HOST, HOST:PORT or [ADDRESS]:PORT")
    port = match["port"] or str(PORT)
    if not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65_535):
        raise ValueError(f"{port!r} is not a port, which is a number from 1 to 65535")
    if match["ip6"]:
        _check_zone(host)
    return Address(host, int(port))


def _check_zone(text: str) -> None:
    """Refuse an IPv6 address without the zone that it needs (RFC 4007, section 11)."""
    address = ipaddress.IPv6Address(text)
    zones = [name for _, name in socket.if_nameindex()]
    zone = address.scope_id
    if zone is None and address.is_link_local:
        raise ValueError(f"{text} may be on any network: name one, such as {text}%{zones[-1]}")
    if zone is not None and not zone.isdecimal() and zone not in zones:
        raise ValueError(f"there is no network {zone!r} here, only {', '.join(zones)}")


def _is_ip6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
