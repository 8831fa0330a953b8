"""What counts as one address, and networks of them, as operators write them."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

HOST_LENGTH = 64
"""Characters that a host has at most: the longest address with a zone fits."""

_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as IPv6 sockets show them (RFC 4291, section 2.5.5.2)."""


def address_of(host: str) -> Address | None:
    """The address that a text is; None if it is none."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        # The number alone, without a scope.
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def host_of(address: Any) -> str:
    """The host of an C{IAddress}, as people write it; empty if it has none, as a UNIX socket.

    A peer with IPv4 has the same one on whatever socket.
    """
    host: str = getattr(address, "host", "")
    number = address_of(host)
    if isinstance(number, IPv4Address):
        return str(number)
    # What a PROXY header has may be anything, and gets into logs.
    shown = "".join(each if each.isprintable() else "?" for each in host[:HOST_LENGTH])
    return shown.replace(" ", "?")


def network_of(host: str) -> Network | None:
    """What one host has, and so counts as one address: an IPv4 address, or an IPv6 /64."""
    address = address_of(host)
    if isinstance(address, IPv6Address):
        return IPv6Network((address, 64), strict=False)
    return None if address is None else IPv4Network(address)


def covers(network: Network, host: str) -> bool:
    """Whether a host is in a network."""
    address = address_of(host)
    return address is not None and address in network


def origin_of(host: str) -> str:
    """What counts as one address, as a text; empty if the host is none."""
    network = network_of(host)
    return "" if network is None else str(network.network_address)


def network_named(text: str) -> Network:
    """The network C{ADDRESS/PREFIX}, or that of a bare address (L{network_of}).

    @raise ValueError: it is none, with one sentence.
    """
    try:
        network = network_of(text) or ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            "an address is written like 192.0.2.7 or 2001:db8::7, a network like 192.0.2.0/24"
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = int(network.network_address) & 0xFFFFFFFF
        return IPv4Network((mapped, network.prefixlen - _MAPPED.prefixlen))
    return network
