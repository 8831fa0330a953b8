"""IRC lines: from bytes to messages and back (RFC 2812, section 2.3, and IRCv3 message tags)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from twisted.words.protocols.irc import IRCBadMessage, parsemsg

from chatservice.protocol.events import ChatError
from chatservice.protocol.sanitize import without_controls
from chatservice.protocol.tags import break_in

LINE_BYTES = 512
"""The most bytes of a line with its end, but without its tags."""

TAG_BYTES = 4094
"""The most bytes of a client's tags, without C{@} and the space after them."""

MIDDLE_BYTES = 200
"""The most bytes of a parameter that is sent back, so that there is room for an explanation."""

ACTION = "\x01ACTION "
CTCP = "\x01"

MOST_BYTES = LINE_BYTES - len(b"\r\n")
"""The most bytes of a line without its end and its tags."""

_KEY = re.compile(r"\+?[A-Za-z0-9.-]+(?:/[A-Za-z0-9-]+)?")
_ESCAPED = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_UNESCAPED = {spelled[1]: char for char, spelled in _ESCAPED.items()}
_ESCAPE = re.compile(r"\\(.?)")
_FORMATTING = re.compile(
    "\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\x02\x0f\x11\x16\x1d-\x1f]"
)


class Message(NamedTuple):
    """A message of a client's.

    @ivar verb: in upper case.
    @ivar tags: by key, with their values unescaped.
    """

    verb: str
    params: list[str]
    tags: Mapping[str, str]

    def param(self, index: int) -> str:
        """Read a parameter; empty if it is missing."""
        return self.params[index] if index < len(self.params) else ""


class NotUtf8(Exception):
    """The reason why a line is not read: it is not UTF-8."""


NO_TAGS: Mapping[str, str] = {}
NOTHING = Message("", [], NO_TAGS)


def parsed(line: bytes) -> Message:
    """Read a line; one without a verb is L{NOTHING}.

    @raise ChatError: C{too-long}.
    @raise NotUtf8: it is not UTF-8.
    """
    rest = line.replace(b"\0", b"")
    tags = b""
    if rest.startswith(b"@"):
        tags, _, rest = rest[1:].partition(b" ")
    rest = rest.strip(b" ")
    try:
        spelled_tags, text = tags.decode(), rest.decode()
    except UnicodeDecodeError:
        raise NotUtf8 from None
    if len(tags) > TAG_BYTES or len(rest) > MOST_BYTES:
        raise ChatError("too-long", "that line is too long")
    try:
        _, verb, params = parsemsg(text)
    except (IRCBadMessage, ValueError, IndexError):
        return NOTHING
    return Message(verb.upper(), params, tags_of(spelled_tags) if spelled_tags else NO_TAGS)


def verb_of(line: bytes) -> str:
    """Read the verb of a line that may not be UTF-8, in upper case."""
    words = line.decode("ascii", "replace").split()
    return next((word.upper() for word in words if word[0] not in "@:"), "")


def tags_of(text: str) -> Mapping[str, str]:
    """Read tags; malformed ones are ignored."""
    tags = {}
    for each in text.split(";"):
        key, _, value = each.partition("=")
        if _KEY.fullmatch(key) and not break_in(value):
            tags[key] = _ESCAPE.sub(lambda found: _UNESCAPED.get(found[1], found[1]), value)
    return tags


def tagged(line: str, tags: str) -> str:
    """Put spelled tags before a line, which may have some already."""
    if not tags:
        return line
    return f"@{tags};{line[1:]}" if line.startswith("@") else f"@{tags} {line}"


def middle(param: str) -> str:
    """Make a parameter that can stand in the middle of a line of anything that a peer sent."""
    bare = without_controls(param).partition(" ")[0].lstrip(":")
    return bare.encode()[:MIDDLE_BYTES].decode("utf-8", "ignore") or "*"


def encoded(lines: list[str]) -> bytes:
    """Encode lines, each with its end."""
    return "\r\n".join([*lines, ""]).encode()


def without_formatting(text: str) -> str:
    """Take the codes for bold, colours and the like out of a text, with their digits."""
    # All of the codes are control characters.
    return text if text.isprintable() else _FORMATTING.sub("", text)


def pieces(text: str, most: int) -> Iterator[str]:
    """Split a text into pieces of at most C{most} bytes, at spaces or else between characters."""
    while len(data := text.encode()) > most:
        piece = data[:most].decode("utf-8", "ignore")
        space = piece.rfind(" ")
        cut = space if space > 0 else len(piece)
        yield text[:cut]
        text = text[cut:].removeprefix(" ")
    yield text


def text_bytes(head: str) -> int:
    """Count the bytes that are left for the text of a line that begins with C{head}."""
    return MOST_BYTES - len(head.encode())
