"""The headers by which an HTTP proxy names its client: C{X-Forwarded-For} and C{-Proto}.

No standard describes them. Each proxy appends the address that it sees to C{X-Forwarded-For}, and
a client may send one of its own, so only what trusted proxies appended counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from chatservice.people.addresses import Network, address_of, is_trusted

_ENTRY = re.compile(
    rb"(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?|([0-9a-f:.]+)", re.IGNORECASE
)
"""C{1.2.3.4}, C{1.2.3.4:5678}, C{::1}, C{[::1]} or C{[::1]:80}."""


def client_of(own: str, values: Iterable[bytes], trusted: Sequence[Network]) -> str:
    """Find the address of the client that a chain of proxies speaks for.

    From the connection back, each trusted proxy names the peer that it had. The first address that
    is not trusted is the client's. If a trusted proxy names none, its own address counts.

    @param own: the address of the connection itself.
    @param values: the values of all C{X-Forwarded-For} headers, in their order.
    @param trusted: the networks of the proxies.
    """
    client = own
    for entry in reversed(_items(values)):
        named = _address_in(entry) if is_trusted(client, trusted) else ""
        if not named:
            break
        client = named
    return client


def is_https(values: Iterable[bytes]) -> bool:
    """Tell whether a trusted proxy says that its client's connection is encrypted.

    @param values: the values of all C{X-Forwarded-Proto} headers, in their order.
    """
    return _items(values)[-1:] == [b"https"]


def _items(values: Iterable[bytes]) -> list[bytes]:
    """Split lists, without their empty elements (RFC 9110, section 5.6.1)."""
    items = (item.strip(b" \t") for value in values for item in value.split(b","))
    return [item for item in items if item]


def _address_in(entry: bytes) -> str:
    """Return the address in an entry of C{X-Forwarded-For}; empty if there is none."""
    found = _ENTRY.fullmatch(entry)
    address = address_of(found[found.lastindex or 0].decode()) if found else None
    return "" if address is None else str(address)
