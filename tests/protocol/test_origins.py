"""Web origins as browsers and operators write them, and those of the hosts in requests."""

from __future__ import annotations

from chatservice.protocol.origins import Origin
from tests.conversation import TableCase, each_row

ORIGINS = {
    "http": ("http://tea", ("http", "tea", 80)),
    "https": ("https://tea", ("https", "tea", 443)),
    "port": ("http://tea:8080", ("http", "tea", 8080)),
    "same_port": ("https://tea:443", ("https", "tea", 443)),
    "capitals": ("HTTPS://Chat.Example.ORG", ("https", "chat.example.org", 443)),
    "trailing_dot": ("http://tea.", ("http", "tea.", 80)),
    "ipv4": ("http://192.0.2.7:59000", ("http", "192.0.2.7", 59000)),
    "ipv6": ("http://[2001:DB8::7]:59000", ("http", "[2001:db8::7]", 59000)),
    "hyphen_and_underline": ("http://a-b_c", ("http", "a-b_c", 80)),
}

NO_ORIGINS = {
    "nothing": "",
    "null": "null",
    "no_scheme": "tea",
    "other_scheme": "ftp://tea",
    "websocket": "ws://tea",
    "path": "http://tea/",
    "userinfo": "http://tea@evil.example",
    "no_host": "http://:80",
    "no_port": "http://tea:",
    "port_too_long": "http://tea:123456",
    "ipv6_without_brackets": "http://2001:db8::7",
    "half_a_bracket": "http://[::1",
    "space": "http://tea ",
    "line_feed": "http://tea\n",
    "two": "http://tea http://pot",
    "letters_beyond_ascii": "http://t\u00e9",
    "digits_beyond_ascii": "http://tea:\u0661",
}

HOSTS = {
    "plain": ("tea", False, ("http", "tea", 80)),
    "encrypted": ("tea", True, ("https", "tea", 443)),
    "port": ("TEA:59000", False, ("http", "tea", 59000)),
    "encrypted_port": ("tea:59000", True, ("https", "tea", 59000)),
    "ipv6": ("[::1]:59000", False, ("http", "[::1]", 59000)),
}

UNFORGEABLE = ("localhost", "LocalHost:59000", "localhost.", "127.0.0.1", "192.0.2.7", "[::1]:1")
FORGEABLE = ("tea", "localhost.evil.example", "127.0.0.1.evil.example", "127.1", "evil.localhost")


class OriginTests(TableCase):
    """The same origin is equal, however it is written."""

    @each_row(ORIGINS)
    def test_named(self, row: tuple[str, tuple[str, str, int]]) -> None:
        """An origin has a scheme, a host in small letters, and a port."""
        text, parts = row
        self.assertEqual(tuple(Origin.named(text)), parts)

    @each_row(NO_ORIGINS)
    def test_not_named(self, text: str) -> None:
        """Nothing else is taken for an origin."""
        error = self.assertRaises(ValueError, Origin.named, text)
        self.assertIn("an origin is written like https://", str(error))

    @each_row(HOSTS)
    def test_at(self, row: tuple[str, bool, tuple[str, str, int]]) -> None:
        """The origin of a request has the default port of its scheme, unless the host names one."""
        host, encrypted, parts = row
        self.assertEqual(tuple(Origin.at(host, encrypted)), parts)

    @each_row({name: text.removeprefix("http://") for name, text in NO_ORIGINS.items()})
    def test_not_at(self, host: str) -> None:
        """What is no host has no origin; a word is one."""
        if host in ("null", "tea"):
            self.assertEqual(Origin.at(host, False).host, host)
        else:
            error = self.assertRaises(ValueError, Origin.at, host, False)
            self.assertEqual(str(error), "the Host is malformed")

    def test_port_too_large(self) -> None:
        """A port is 65535 at most."""
        for make, argument in ((Origin.named, "http://tea:65536"), (self.at, "tea:65536")):
            error = self.assertRaises(ValueError, make, argument)
            self.assertEqual(str(error), "a port must be 65535 or less")
        self.assertEqual(Origin.named("http://tea:65535").port, 65535)

    def at(self, host: str) -> Origin:
        """Make the origin of a request."""
        return Origin.at(host, encrypted=True)

    def test_unforgeable(self) -> None:
        """Only addresses and localhost cannot be made to point elsewhere."""
        for host in UNFORGEABLE:
            self.assertTrue(Origin.at(host, False).is_unforgeable, host)
        for host in FORGEABLE:
            self.assertFalse(Origin.at(host, False).is_unforgeable, host)
