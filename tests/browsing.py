"""A web page of the tests' own, requests for it, and the answers to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors import site
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.site import File
from chatservice.doors.visit import Policy, PortKind
from tests.conversation import ConversationCase, new_path
from tests.doubles import Wire

INDEX = b"<!doctype html><meta name=version content=@VERSION@>" + b"<p>tea</p>" * 100
SCRIPT = b'"use strict"; // @VERSION@\n' + b"tea();" * 100
ICON = b"\x89PNG"
PAGE = {
    "index.html": INDEX,
    "style.css": b"p { color: green }",
    "script/main.js": SCRIPT,
    "icons/tea.png": ICON,
    "icons/tea.svg": b"<svg/>",
    "site.webmanifest": b"{}",
    "notes.txt": b"not for everybody",
    "script/.main.js.swp": b"not either",
}

HOST = b"Host: localhost:59000"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13", KEY)
"""The headers that ask for a WebSocket."""

BY_A_STRANGER = "192.0.2.1"
BY_THIS_MACHINE = "127.0.0.1"


def page_of(case: SynchronousTestCase, files: dict[str, bytes]) -> dict[str, File]:
    """Read a page of these files, and serve it until the end of the test."""
    folder = new_path(case)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    case.patch(site, "FOLDER", folder)
    site.page.cache_clear()
    case.addCleanup(site.page.cache_clear)
    return site.page()


def request(
    target: bytes = b"/", *headers: bytes, method: bytes = b"GET", host: bytes = HOST
) -> bytes:
    """Make the head of a request."""
    return b"\r\n".join((method + b" " + target + b" HTTP/1.1", host, *headers, b"\r\n"))


@dataclass(frozen=True)
class Seen:
    """An answer, as a browser sees it.

    @ivar headers: the last value of each, by its name in small letters.
    """

    status: int
    headers: dict[str, str]
    body: bytes


def answers_in(data: bytes, heads: Iterable[int] = ()) -> list[Seen]:
    """Read all answers that a connection has brought, of which none may be cut off.

    @param heads: the places of those to HEAD, which have no body.
    """
    found: list[Seen] = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, "a head is cut off"
        first, *lines = head.decode("ascii").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        size = 0 if len(found) in heads else int(headers.get("content-length", 0))
        assert len(data) >= size, "a body is cut off"
        found.append(Seen(int(status), headers, data[:size]))
        data = data[size:]
    return found


class HttpCase(ConversationCase):
    """Tests of requests to a chat that has the page of the tests, and counts its connections.

    @ivar policy: what the operator decided, which a test may change.
    """

    def setUp(self) -> None:
        self.admission = Admission()
        self.policy = Policy()
        super().setUp()
        page_of(self, PAGE)

    def open_chat(self, journal: Any = None, admission: Admission | None = None) -> None:
        super().open_chat(journal, admission or self.admission)
        self.decide(self.policy)

    def decide(self, policy: Policy, direct: bool = True, encrypted: bool = False) -> None:
        """Open the port again, for other decisions and connections."""
        self.front = FrontFactory(
            self.chat, self.admission, PortKind(direct, encrypted), policy
        )

    def sends(self, data: bytes, size: int = 0, host: str = BY_A_STRANGER) -> Wire:
        """Make a connection, and send something on it, in pieces of C{size}."""
        wire = self.connect(host)
        wire.sends(data, size)
        return wire

    def answer(
        self,
        target: bytes = b"/",
        *headers: bytes,
        method: bytes = b"GET",
        host: bytes = HOST,
        come_from: str = BY_A_STRANGER,
    ) -> Seen:
        """Return the answer to a request on a connection of its own."""
        wire = self.sends(request(target, *headers, method=method, host=host), host=come_from)
        (seen,) = answers_in(wire.gets(), [0] if method == b"HEAD" else [])
        wire.vanishes()
        return seen

    def check_nothing_is_left(self, *wires: Wire) -> None:
        """Check that connections have ended, and that nothing remembers them."""
        for wire in wires:
            wire.turn()
            self.assertIsNotNone(wire.lost)
        self.clock.advance(0)
        self.assertEqual((self.admission.count, self.chat.sessions), (0, set()))
        self.assertEqual(self.clock.getDelayedCalls(), [])
