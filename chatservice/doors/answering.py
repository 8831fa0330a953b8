"""HTTP requests, and the answers to them."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from h11 import Request
from wsproto.utilities import generate_accept_token

from chatservice.doors import site
from chatservice.doors.visit import TLS_REQUIRED, Visit
from chatservice.protocol.origins import Origin

Headers = tuple[tuple[str, str], ...]

METHODS = (b"GET", b"HEAD", b"POST")
VERSIONS = (b"1.0", b"1.1")

HEAD_BYTES = 16 * 1024
"""The most bytes of a request line with its headers."""

BODY_BYTES = 64 * 1024
"""The most bytes of a request's body."""

HEAD_TOO_LARGE = "the head of the request is too large"

WEBSOCKET = b"/ws"
"""The path of the WebSocket."""

HEALTH = b"/healthz"
"""The path at which load balancers ask whether the chat takes lines."""

PLAIN = "text/plain; charset=utf-8"

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "img", "manifest")),
        *(f"{what} 'none'" for what in ("base-uri", "form-action", "frame-ancestors")),
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""What the page may do (Content Security Policy Level 3; Trusted Types)."""

ALWAYS: Headers = (
    ("Content-Security-Policy", CONTENT_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""The headers of every answer."""

_NO_GZIP = re.compile(r"gzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request.

    @ivar type: the media type of the C{content}.
    """

    status: HTTPStatus
    content: bytes = b""
    type: str = PLAIN
    headers: Headers = ()


class Refused(Exception):
    """The reason why a request is refused.

    @ivar answer: the answer, which tells it in a sentence.
    """

    def __init__(self, status: HTTPStatus, sentence: str, headers: Headers = ()) -> None:
        super().__init__(sentence)
        self.answer = Answer(status, f"{sentence}\n".encode(), headers=headers)


def check_head(request: Request) -> None:
    """Check what h11 lets pass, and what nothing here needs.

    @raise Refused: it will not be answered, and the connection cannot be used any more.
    """
    if request.http_version not in VERSIONS:
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "this server speaks HTTP/1.1")
    if request.method not in METHODS:
        raise Refused(HTTPStatus.NOT_IMPLEMENTED, "this server knows GET, HEAD and POST")
    fields = (len(name) + len(": \r\n") + len(value) for name, value in request.headers)
    if len(request.target) + sum(fields) > HEAD_BYTES:
        # A head that comes in one piece is not too large for h11.
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, HEAD_TOO_LARGE)
    length = _values(request, b"content-length")
    if length and _values(request, b"transfer-encoding"):
        # Two servers that disagree about the end of a request let a third be smuggled in
        # (RFC 9112, section 6.1).
        raise Refused(HTTPStatus.BAD_REQUEST, "a request must not have two lengths")
    if length and int(length[0]) > BODY_BYTES:
        raise too_large()
    if not request.target.startswith(b"/"):
        raise Refused(HTTPStatus.BAD_REQUEST, "the target of a request must be a path")


def too_large() -> Refused:
    """Make the refusal of a body that is too large."""
    limit = f"a request must have at most {BODY_BYTES:,} bytes"
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit)


def visit_of(request: Request, visit: Visit) -> Visit:
    """Learn from the headers of a trusted proxy who sent a request."""
    forwarded_for, proto = (
        _values(request, name) for name in (b"x-forwarded-for", b"x-forwarded-proto")
    )
    return visit.forwarded(forwarded_for, proto)


def path_of(request: Request) -> bytes:
    """Return the target of a request without its query."""
    path: bytes = request.target.partition(b"?")[0]
    return path


def health(request: Request, visit: Visit) -> Answer:
    """Answer whether the chat takes lines: 200, or 503 with the reason.

    Balancers ask by address, over plain HTTP, and when the chat is full too. So nothing about the
    peer is checked; the answer tells nobody anything about people.

    @raise Refused: the method is not one for reading.
    """
    _check_reading(request)
    trouble = visit.chat.trouble()
    status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
    never = (("Cache-Control", "no-store"),)
    return Answer(status, f"{trouble or 'ok'}\n".encode(), headers=never)


def _check_reading(request: Request) -> None:
    """Check that a request only reads.

    @raise Refused: it does not.
    """
    if request.method == b"POST":
        allowed = (("Allow", "GET, HEAD"),)
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "this can only be read", allowed)


def answer_to(request: Request, visit: Visit) -> Answer:
    """Answer a request for a file.

    @raise Refused: there is no such file, or the peer may not have it.
    """
    _check_peer(request, visit)
    file = site.page().get(path_of(request).decode("ascii"))
    if file is None:
        raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here: the chat is at /")
    _check_reading(request)
    headers: Headers = (
        ("Cache-Control", "no-cache"),
        ("ETag", file.tag),
        ("Vary", "Accept-Encoding"),
    )
    if _is_known(_values(request, b"if-none-match"), file.tag):
        return Answer(HTTPStatus.NOT_MODIFIED, headers=headers)
    if file.packed and _takes_gzip(_values(request, b"accept-encoding")):
        packed = (*headers, ("Content-Encoding", "gzip"))
        return Answer(HTTPStatus.OK, file.packed, file.type, packed)
    return Answer(HTTPStatus.OK, file.content, file.type, headers)


def headers_of(answer: Answer, visit: Visit) -> list[tuple[str, str]]:
    """List the headers of an answer."""
    headers = [("Date", formatdate(usegmt=True)), *ALWAYS, *answer.headers]
    if visit.policy.hsts and visit.peer.encrypted:
        headers.append(("Strict-Transport-Security", f"max-age={visit.policy.hsts}"))
    if answer.status is not HTTPStatus.NOT_MODIFIED:
        headers += [("Content-Type", answer.type), ("Content-Length", str(len(answer.content)))]
    return headers


def check_host(request: Request, visit: Visit) -> None:
    """Check the name that a request gives this server.

    A page elsewhere can make its own name point to this machine, and then be of the same origin as
    this server. So from this machine only names are taken that nobody can forge; a proxy here may
    pass on any. No page can make a browser send C{X-Forwarded-For} with a request for a WebSocket.

    @param visit: as it was before any header was read.
    @raise Refused: the name is malformed, or not taken.
    """
    host = _one(_values(request, b"host"))
    if not host:
        return
    try:
        own = Origin.at(host, visit.peer.encrypted)
    except ValueError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
    is_passed_on = visit.is_proxy and bool(_values(request, b"x-forwarded-for"))
    allowed = {origin.host for origin in visit.policy.origins}
    if visit.peer.is_local and not (is_passed_on or own.is_unforgeable or own.host in allowed):
        sentence = "on this machine, the chat is at localhost: see --allow-origin"
        raise Refused(HTTPStatus.MISDIRECTED_REQUEST, sentence)


def _check_peer(request: Request, visit: Visit) -> None:
    """Check that the peer may be here.

    @raise Refused: it may not.
    """
    host = _one(_values(request, b"host"))
    if visit.must_be_encrypted and host:
        there = (("Location", f"https://{host}{request.target.decode('ascii')}"),)
        raise Refused(HTTPStatus.PERMANENT_REDIRECT, "this chat is encrypted", there)
    refusal = TLS_REQUIRED if visit.must_be_encrypted else visit.peer.refusal
    if refusal is not None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, refusal.sentence)


def websocket_headers(request: Request, visit: Visit) -> list[tuple[str, str]]:
    """Make the headers that accept a WebSocket (RFC 6455, section 4.2).

    @raise Refused: the request is none for a WebSocket, or comes from a page elsewhere.
    """
    _check_peer(request, visit)
    tokens = {
        name: b",".join(_values(request, name)).lower().replace(b" ", b"").split(b",")
        for name in (b"connection", b"upgrade")
    }
    is_upgrade = b"upgrade" in tokens[b"connection"] and b"websocket" in tokens[b"upgrade"]
    if not is_upgrade or request.method != b"GET" or request.http_version != b"1.1":
        upgrade = (("Upgrade", "websocket"),)
        raise Refused(HTTPStatus.UPGRADE_REQUIRED, "a WebSocket is here", upgrade)
    if _values(request, b"sec-websocket-version") != [b"13"]:
        known = (("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"))
        raise Refused(HTTPStatus.UPGRADE_REQUIRED, "this server knows version 13", known)
    key = _one(_values(request, b"sec-websocket-key"))
    if not _is_key(key):
        raise Refused(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64")
    _check_origin(request, visit)
    accept = generate_accept_token(key.encode()).decode()
    return [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]


def _check_origin(request: Request, visit: Visit) -> None:
    """Check that no page elsewhere opens a WebSocket; programs send no origin at all.

    @raise Refused: one does.
    """
    origins = _values(request, b"origin")
    if not origins:
        return
    try:
        origin = Origin.named(_one(origins))
        own = Origin.at(_one(_values(request, b"host")), visit.peer.encrypted)
    except ValueError:
        origin = None
    if origin is None or origin not in (own, *visit.policy.origins):
        sentence = "pages of that origin may not use this chat: see --allow-origin"
        visit.chat.audit.refused_connection(visit.peer.address, "a page of another origin")
        raise Refused(HTTPStatus.FORBIDDEN, sentence)


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == 16
    except ValueError:
        return False


def _values(request: Request, name: bytes) -> list[bytes]:
    """Return the values of all headers of a name, which is in small letters."""
    return [value for each, value in request.headers if each == name]


def _one(values: list[bytes]) -> str:
    """Return the only value; empty if there are none or several, or if it is not ASCII."""
    return values[0].decode("ascii", "replace") if len(values) == 1 else ""


def _is_known(tags: Iterable[bytes], tag: str) -> bool:
    """Tell whether a client has a file already (RFC 9110, section 13.1.2)."""
    known = b",".join(tags).decode("ascii", "replace")
    return known.strip() == "*" or tag.removeprefix("W/") in known


def is_by_browser(request: Request) -> bool:
    """Tell whether a browser sent a request: they call themselves Mozilla, as nobody else does."""
    agents = _values(request, b"user-agent")
    return any(agent.startswith(b"Mozilla/") for agent in agents)


def _takes_gzip(accepted: Iterable[bytes]) -> bool:
    text = b",".join(accepted).decode("ascii", "replace").lower()
    return "gzip" in text and not _NO_GZIP.search(text)
