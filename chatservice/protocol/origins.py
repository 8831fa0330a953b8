"""Web origins (RFC 6454), and the hosts that requests name."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple, Self

PORTS = {"http": 80, "https": 443}
"""The default port of each scheme."""

_HOST = r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
_AUTHORITY = re.compile(_HOST, re.IGNORECASE)
_ORIGIN = re.compile(r"(?P<scheme>https?)://" + _HOST, re.IGNORECASE)


class Origin(NamedTuple):
    """The scheme, host (in small letters) and port that a web page comes from."""

    scheme: str
    host: str
    port: int

    @classmethod
    def named(cls, text: str) -> Self:
        """Parse an origin as browsers write it.

        @raise ValueError: it is none; the message is one sentence.
        """
        found = _ORIGIN.fullmatch(text)
        if found is None:
            raise ValueError("an origin is written like https://chat.example.org or http://tea:8080")
        return cls._made(found["scheme"].lower(), found)

    @classmethod
    def at(cls, host: str, encrypted: bool) -> Self:
        """Make the origin of a request with this C{Host} header (RFC 9110, section 7.2).

        @raise ValueError: it is no host.
        """
        found = _AUTHORITY.fullmatch(host)
        if found is None:
            raise ValueError("the Host is malformed")
        return cls._made("https" if encrypted else "http", found)

    @classmethod
    def _made(cls, scheme: str, found: re.Match[str]) -> Self:
        port = int(found["port"] or PORTS[scheme])
        if port > 65535:
            raise ValueError("a port must be 65535 or less")
        return cls(scheme, found["host"].lower(), port)

    @property
    def is_unforgeable(self) -> bool:
        """Whether nobody can make its name point elsewhere: it is C{localhost} or an address."""
        try:
            ip_address(self.host.strip("[]"))
        except ValueError:
            return self.host in ("localhost", "localhost.")
        return True
