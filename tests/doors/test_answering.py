"""The answers to requests: the page, and who may have it."""

from __future__ import annotations

import gzip

from chatservice.doors import answering, site
from chatservice.doors.answering import CONTENT_POLICY
from chatservice.doors.limits import Admission
from chatservice.doors.visit import TLS_REQUIRED, Policy
from chatservice.people.addresses import network_named
from chatservice.protocol.origins import Origin
from tests.browsing import BY_THIS_MACHINE, HANDSHAKE, ICON, KEY, SCRIPT, HttpCase, Seen
from tests.conversation import each_row
from tests.persons import UPGRADE

SCRIPT_PATH = b"/script/main.js"

PATHS = {
    "page": (b"/", 200),
    "query": (b"/?room=tea", 200),
    "query_of_a_query": (b"/?/../?x", 200),
    "script": (SCRIPT_PATH, 200),
    "version": (b"/version.json", 200),
    "index": (b"/index.html", 404),
    "folder": (b"/script/", 404),
    "not_served": (b"/notes.txt", 404),
    "nothing": (b"/nothing", 404),
    "fragment": (b"/#tea", 404),
    "above": (b"/../setup.cfg", 404),
    "above_and_back": (b"/script/../style.css", 404),
    "above_in_disguise": (b"/%2e%2e/%2e%2e/etc/passwd", 404),
    "slash_in_disguise": (b"/script%2fmain.js", 404),
    "backslash": (b"/script\\main.js", 404),
    "two_slashes": (b"//", 404),
    "another_host": (b"//evil.example/", 404),
    "of_the_disk": (b"/etc/passwd", 404),
    "null": (b"/style.css%00", 404),
}

KNOWN = {
    "the_same": ("{tag}", 304),
    "strong": ("{strong}", 304),
    "any": ("*", 304),
    "in_a_list": ('"a", {tag} ,"b"', 304),
    "another": ('W/"0123456789abcdef"', 200),
    "without_quotes": ("{bare}", 200),
    "nothing": ("", 200),
    "letters_beyond_ascii": ("\u00e9", 200),
}

ENCODINGS = {
    "nothing": ("", False),
    "gzip": ("gzip", True),
    "in_a_list": ("br;q=1.0, GZip;q=0.5", True),
    "never": ("gzip;q=0", False),
    "never_in_detail": ("deflate, gzip ; q=0.000", False),
    "hardly": ("gzip;q=0.001", True),
    "first_never": ("gzip;q=0, br", False),
    "others": ("br, deflate", False),
}


class PageTests(HttpCase):
    """Files, and how they are sent."""

    @each_row(PATHS)
    def test_paths(self, row: tuple[bytes, int]) -> None:
        """A file of the page has one path, and no other file of this machine has any."""
        path, status = row
        self.assertEqual(self.answer(path).status, status)

    def test_file(self) -> None:
        """A file comes as it is, with its type, its size, and the advice to ask again."""
        seen = self.answer(SCRIPT_PATH)
        self.assertEqual(seen.body, SCRIPT)
        expected = {
            "content-type": "text/javascript; charset=utf-8",
            "cache-control": "no-cache",
            "vary": "Accept-Encoding",
            "etag": site.page()[SCRIPT_PATH.decode()].tag,
        }
        self.assertEqual(seen.headers | expected, seen.headers)

    @each_row({"file": SCRIPT_PATH, "packed": b"/", "nothing": b"/nothing", "websocket": b"/ws"})
    def test_head(self, path: bytes) -> None:
        """HEAD gets what GET gets, without the body."""
        self.patch(answering, "formatdate", lambda usegmt: "today")
        for accepted in (b"identity", b"gzip"):
            encoding = b"Accept-Encoding: " + accepted
            got = self.answer(path, encoding)
            seen = self.answer(path, encoding, method=b"HEAD")
            self.assertEqual(seen, Seen(got.status, got.headers, b""))

    def test_post(self) -> None:
        """The page can only be read."""
        seen = self.answer(SCRIPT_PATH, b"Content-Length: 0", method=b"POST")
        self.assertEqual((seen.status, seen.headers["allow"]), (405, "GET, HEAD"))
        self.assertEqual(self.answer(b"/nothing", method=b"POST").status, 404)

    @each_row(KNOWN)
    def test_known(self, row: tuple[str, int]) -> None:
        """A browser that has a file already is told so, and is not sent it again."""
        value, status = row
        tag = site.page()["/"].tag
        tags = value.format(tag=tag, strong=tag.removeprefix("W/"), bare=tag[3:-1])
        seen = self.answer(b"/", b"If-None-Match: " + tags.encode())
        self.assertEqual((seen.status, seen.headers["etag"]), (status, tag))
        self.assertEqual(seen.body == b"", status == 304)
        self.assertEqual("content-type" in seen.headers, status != 304)

    def test_known_in_two_headers(self) -> None:
        """A list of tags may be in several headers."""
        tag = site.page()["/"].tag.encode()
        seen = self.answer(b"/", b'If-None-Match: "a"', b"If-None-Match: " + tag)
        self.assertEqual(seen.status, 304)

    @each_row(ENCODINGS)
    def test_compressed(self, row: tuple[str, bool]) -> None:
        """Who takes gzip gets it, and nobody else."""
        accepted, is_packed = row
        seen = self.answer(SCRIPT_PATH, b"Accept-Encoding: " + accepted.encode())
        self.assertEqual(seen.headers.get("content-encoding"), "gzip" if is_packed else None)
        self.assertEqual(gzip.decompress(seen.body) if is_packed else seen.body, SCRIPT)

    def test_not_compressed(self) -> None:
        """A file that gzip would not make smaller comes as it is."""
        seen = self.answer(b"/icons/tea.png", b"Accept-Encoding: gzip")
        self.assertEqual((seen.body, "content-encoding" in seen.headers), (ICON, False))


class HeaderTests(HttpCase):
    """What browsers are told besides."""

    @each_row({"page": b"/", "nothing": b"/nothing", "websocket": b"/ws", "malformed": b"nowhere"})
    def test_always(self, target: bytes) -> None:
        """Every answer forbids what the page does not need, in the browser too."""
        headers = self.answer(target).headers
        expected = {
            "content-security-policy": CONTENT_POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }
        self.assertEqual(headers | expected, headers)
        self.assertRegex(headers["date"], r"\A\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\Z")

    def test_content_policy(self) -> None:
        """The page may have its own files and connections, and make no HTML of texts."""
        expected = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            " img-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none';"
            " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        self.assertEqual(CONTENT_POLICY, expected)

    def test_hsts(self) -> None:
        """Browsers are told to come encrypted only if the operator says so, and only if they do."""
        for hsts, encrypted, told in (
            (0, True, None),
            (60, False, None),
            (60, True, "max-age=60"),
        ):
            self.decide(Policy(hsts=hsts), encrypted=encrypted)
            seen = self.answer()
            self.assertEqual(seen.headers.get("strict-transport-security"), told)


class PeerTests(HttpCase):
    """Who may be here, and under which name."""

    @each_row(
        {
            "localhost": (b"localhost:59000", 200),
            "capitals": (b"LocalHost", 200),
            "address": (b"127.0.0.1:59000", 200),
            "ipv6": (b"[::1]:59000", 200),
            "allowed": (b"chat.example.org:59000", 200),
            "forged": (b"evil.example", 421),
            "forged_like_localhost": (b"localhost.evil.example", 421),
            "malformed": (b"localhost@evil.example", 400),
            "nothing": (b"", 200),
        }
    )
    def test_on_this_machine(self, row: tuple[bytes, int]) -> None:
        """On this machine nobody gets in under a name that a page elsewhere could have forged."""
        host, status = row
        self.decide(Policy(origins=(Origin.named("https://chat.example.org"),)))
        seen = self.answer(host=b"Host: " + host, come_from=BY_THIS_MACHINE)
        self.assertEqual(seen.status, status)
        if status == 421:
            self.assertIn(b"see --allow-origin", seen.body)

    def test_over_a_network(self) -> None:
        """From elsewhere the chat may have any name."""
        self.assertEqual(self.answer(host=b"Host: tea.example").status, 200)

    def test_on_this_machine_through_a_proxy(self) -> None:
        """A proxy on this machine passes on any name; a browser there may not use one itself."""
        self.decide(Policy(trusted=(network_named("127.0.0.1"),)))
        for forwarded, status in (
            (b"X-Forwarded-For: 203.0.113.5", 200),
            (b"X-Forwarded-For: 127.0.0.1", 200),
            (b"X: y", 421),
        ):
            seen = self.answer(
                b"/", forwarded, host=b"Host: tea.example", come_from=BY_THIS_MACHINE
            )
            self.assertEqual(seen.status, status)

    def test_must_be_encrypted(self) -> None:
        """Where encryption is required, browsers are sent to the same place over https."""
        self.decide(Policy(requires_tls=True))
        seen = self.answer(b"/style.css?x=1", host=b"Host: tea.example:59000")
        there = "https://tea.example:59000/style.css?x=1"
        self.assertEqual((seen.status, seen.headers["location"]), (308, there))
        seen = self.answer(b"/ws", *HANDSHAKE)
        self.assertEqual(seen.status, 308)
        seen = self.answer(host=b"Host:")
        self.assertEqual((seen.status, seen.body.decode()), (503, f"{TLS_REQUIRED.sentence}\n"))
        self.decide(Policy(requires_tls=True), encrypted=True)
        self.assertEqual(self.answer().status, 200)

    def test_refused(self) -> None:
        """Who has too many connections is told so in HTTP."""
        self.admission = Admission(per_address=1)
        self.decide(Policy())
        self.sends(b"{}\n")
        for path in (b"/", b"/ws"):
            seen = self.answer(path, *HANDSHAKE)
            self.assertEqual(seen.status, 503)
            self.assertIn(b"close one of them first", seen.body)


class WebSocketTests(HttpCase):
    """Requests for a WebSocket."""

    @each_row(
        {
            "no_upgrade": (HANDSHAKE[1:], 426),
            "no_connection": ((HANDSHAKE[0], *HANDSHAKE[2:]), 426),
            "another_upgrade": ((b"Upgrade: h2c", *HANDSHAKE[1:]), 426),
            "another_connection": ((HANDSHAKE[0], b"Connection: close", *HANDSHAKE[2:]), 426),
            "no_version": ((*HANDSHAKE[:2], KEY), 426),
            "another_version": ((*HANDSHAKE[:2], b"Sec-WebSocket-Version: 8", KEY), 426),
            "two_versions": ((*HANDSHAKE, b"Sec-WebSocket-Version: 13"), 426),
            "no_key": (HANDSHAKE[:3], 400),
            "two_keys": ((*HANDSHAKE, KEY), 400),
            "short_key": ((*HANDSHAKE[:3], b"Sec-WebSocket-Key: c2hvcnQ="), 400),
            "key_that_is_no_base64": ((*HANDSHAKE[:3], b"Sec-WebSocket-Key: \xff"), 400),
            "padded_key": ((*HANDSHAKE[:3], KEY.replace(b"=", b"")), 400),
            "as_browsers_ask": (
                (b"Upgrade: WebSocket", b"Connection: keep-alive, UPGRADE", *HANDSHAKE[2:]),
                101,
            ),
            "with_extensions": (
                (
                    *HANDSHAKE,
                    b"Sec-WebSocket-Extensions: permessage-deflate",
                    b"Sec-WebSocket-Protocol: chat",
                ),
                101,
            ),
        }
    )
    def test_handshake(self, row: tuple[tuple[bytes, ...], int]) -> None:
        """A WebSocket is opened, without extensions, for a request that asks for one."""
        headers, status = row
        seen = self.answer(b"/ws", *headers)
        self.assertEqual(seen.status, status)
        if status == 101:
            names = {"upgrade", "connection", "sec-websocket-accept"}
            self.assertEqual(set(seen.headers), names)
            accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
            self.assertEqual(seen.headers["sec-websocket-accept"], accept)
        if status == 426:
            self.assertEqual(seen.headers["upgrade"], "websocket")

    def test_version_told(self) -> None:
        """Who speaks another version is told which one is known."""
        seen = self.answer(b"/ws", *HANDSHAKE[:2], KEY, b"Sec-WebSocket-Version: 8")
        self.assertEqual(seen.headers["sec-websocket-version"], "13")

    @each_row({"post": b"POST", "head": b"HEAD"})
    def test_method(self, method: bytes) -> None:
        """Only GET opens a WebSocket."""
        self.assertEqual(self.answer(b"/ws", *HANDSHAKE, method=method).status, 426)

    def test_old_http(self) -> None:
        """HTTP/1.0 opens none."""
        wire = self.sends(UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"))
        self.assertTrue(wire.gets().startswith(b"HTTP/1.1 426 "))

    @each_row(
        {
            "none": ((), True),
            "own": ((b"http://tea.example:59000",), True),
            "capitals": ((b"HTTP://TEA.Example:59000",), True),
            "another_port": ((b"http://tea.example:59001",), False),
            "default_port": ((b"http://tea.example",), False),
            "another_scheme": ((b"https://tea.example:59000",), False),
            "subdomain": ((b"http://pot.tea.example:59000",), False),
            "suffix": ((b"http://tea.example.evil.example:59000",), False),
            "trailing_dot": ((b"http://tea.example.:59000",), False),
            "userinfo": ((b"http://tea.example:59000@evil.example",), False),
            "null": ((b"null",), False),
            "empty": ((b"",), False),
            "ipv6": ((b"http://[::1]:59000",), False),
            "letters_beyond_ascii": ((b"http://t\xc3\xa9a.example:59000",), False),
            "path": ((b"http://tea.example:59000/",), False),
            "two_of_its_own": ((b"http://tea.example:59000",) * 2, False),
            "own_and_another": ((b"http://tea.example:59000", b"http://evil.example"), False),
            "allowed": ((b"https://pages.example",), True),
            "allowed_in_capitals": ((b"HTTPS://PAGES.example:443",), True),
            "allowed_without_encryption": ((b"http://pages.example",), False),
        }
    )
    def test_origins(self, row: tuple[tuple[bytes, ...], bool]) -> None:
        """Programs, our own page and pages of allowed origins may open a WebSocket, nobody else."""
        origins, is_open = row
        self.decide(Policy(origins=(Origin.named("https://pages.example"),)))
        headers = (b"Origin: " + origin for origin in origins)
        seen = self.answer(b"/ws", *HANDSHAKE, *headers, host=b"Host: tea.example:59000")
        self.assertEqual(seen.status, 101 if is_open else 403)
        if not is_open:
            self.assertIn(b"see --allow-origin", seen.body)
            self.assertEqual((self.chat.sessions, self.chat.roster), (set(), {}))

    def test_own_origin_with_encryption(self) -> None:
        """The origin of our own page is https where the connection is encrypted."""
        self.decide(Policy(), encrypted=True)
        for origin, status in ((b"https://localhost:59000", 101), (b"http://localhost:59000", 403)):
            seen = self.answer(b"/ws", *HANDSHAKE, b"Origin: " + origin)
            self.assertEqual(seen.status, status)

    def test_own_origin_behind_a_proxy(self) -> None:
        """The origin of our own page is https where a trusted proxy says so."""
        self.decide(Policy(trusted=(network_named("192.0.2.1"),)))
        origin = b"Origin: https://localhost:59000"
        for proto, status in ((b"https", 101), (b"http", 403)):
            forwarded = (b"X-Forwarded-For: 203.0.113.5", b"X-Forwarded-Proto: " + proto)
            seen = self.answer(b"/ws", *HANDSHAKE, origin, *forwarded)
            self.assertEqual(seen.status, status)

    def test_no_host(self) -> None:
        """Without a host no origin is our own."""
        seen = self.answer(b"/ws", *HANDSHAKE, b"Origin: http://localhost", host=b"Host:")
        self.assertEqual(seen.status, 403)

    def test_forged_name(self) -> None:
        """On this machine a name that could be forged opens no WebSocket, whatever the origin."""
        seen = self.answer(
            b"/ws",
            *HANDSHAKE,
            b"Origin: http://evil.example",
            host=b"Host: evil.example",
            come_from=BY_THIS_MACHINE,
        )
        self.assertEqual(seen.status, 421)
