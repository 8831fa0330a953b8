"""Addresses as limits count them, and networks as operators write them."""

from __future__ import annotations

from collections.abc import Iterable
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
"""The most characters of a host: the longest address with a zone fits."""

_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as IPv6 sockets show them (RFC 4291, section 2.5.5.2)."""


def address_of(host: str) -> Address | None:
    """Parse an address; return C{None} if the text is not one."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return unmapped(address)


def unmapped(address: Address) -> Address:
    """Return an IPv4 address as such where IPv6 shows it; an IPv6 address without its scope."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def host_of(address: Any) -> str:
    """Return the host of an C{IAddress} as people write it; empty for a UNIX socket.

    An IPv4 peer has the same host on IPv4 and IPv6 sockets.
    """
    host: str = getattr(address, "host", "")
    number = address_of(host)
    if isinstance(number, IPv4Address):
        return str(number)
    # A PROXY header may contain anything, and this gets into logs.
    shown = "".join(each if each.isprintable() else "?" for each in host[:HOST_LENGTH])
    return shown.replace(" ", "?")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine; an empty one is, through a UNIX socket."""
    address = address_of(host)
    return not host or (address is not None and address.is_loopback)


def network_of(host: str) -> Network | None:
    """Return the network that counts as one address: a single IPv4 address, or an IPv6 /64."""
    address = address_of(host)
    if isinstance(address, IPv6Address):
        return IPv6Network((address, 64), strict=False)
    return None if address is None else IPv4Network(address)


def covers(network: Network, host: str) -> bool:
    """Tell whether a host is in a network."""
    address = address_of(host)
    return address is not None and address in network


def is_trusted(host: str, networks: Iterable[Network]) -> bool:
    """Tell whether a host is in one of the networks that the operator trusts."""
    return any(covers(network, host) for network in networks)


def origin_of(host: str) -> str:
    """Return as text the network that counts as one address; empty if the host is no address."""
    network = network_of(host)
    return "" if network is None else str(network.network_address)


def network_named(text: str) -> Network:
    """Parse a network, C{ADDRESS/PREFIX}; a bare address means its L{network_of}.

    @raise ValueError: the text is not a network; the message is one sentence.
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
