"""What text may carry from one member to another."""

from __future__ import annotations

import re

from chatservice.events import ChatError

TEXT_BYTES = 4096

_ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI (ECMA-48 5.4)
    # OSC, DCS and their like, to the end of the text if they have none of their own.
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_SEPARATORS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BIDI_CLOSERS = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)


def clean(text: str) -> str:
    """C{text} on one line, without what could act on the terminal or the page that shows it.

    Escape sequences and control characters vanish, separators become a space, lone surrogates
    U+FFFD. Bidi controls stay where each has its end (UAX #9, 3.3.2), and all vanish otherwise.
    """
    if text.isascii() and text.isprintable():
        return text.rstrip(" ")
    text = _ESCAPE_SEQUENCES.sub("", text)
    text = _SEPARATORS.sub(" ", text)
    text = _CONTROLS.sub("", text)
    text = _SURROGATES.sub("\ufffd", text)
    if not _bidi_is_balanced(text):
        text = _BIDI_CONTROLS.sub("", text)
    return text.rstrip(" ")


def _bidi_is_balanced(text: str) -> bool:
    closers: list[str] = []
    for control in _BIDI_CONTROLS.findall(text):
        if control in _BIDI_CLOSERS:
            closers.append(_BIDI_CLOSERS[control])
        elif not closers or closers.pop() != control:
            return False
    return not closers


def clean_line(text: str) -> str:
    """What is said, cleaned.

    @raise ChatError: there is nothing left to say, or more than 4,096 bytes of UTF-8.
    """
    text = clean(text)
    if not text.strip():
        raise ChatError("empty", "there is nothing to say")
    size = len(text.encode())
    if size > TEXT_BYTES:
        raise ChatError(
            "too-long", f"that has {size:,} bytes, and a line at most {TEXT_BYTES:,}: not sent"
        )
    return text
