"""Cleaning of text between members, and the tests for visible text and for commands."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, normalize

from wcwidth import iter_graphemes

from chatservice.protocol.events import ChatError

TEXT_BYTES = 4096

REAL_NAME_LENGTH = 128
"""The most characters of a real name."""

MARKS_MOST = 8
"""The most combining marks on one letter, including those in its composed form."""

_ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI (ECMA-48 5.4)
    # OSC, DCS and the like, to the end of the text if they have no terminator.
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

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 15.0).
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Not only White_Space (PropList.txt) is blank: so are an empty Braille cell, the annotation anchors
# and a note without a head.
_BLANK = "\\s\u0085\u2800\ufff9-\ufffb\U0001d159"
_BLANKS = re.compile(f"[{_BLANK}\ufffd]+")
_UNSEEN = re.compile(f"[{_BLANK}{_IGNORABLE}]+")
# A byte that could not be decoded may well be a no-break space of another encoding.
_BEFORE_SLASH = re.compile(f"[{_BLANK}{_IGNORABLE}\ufffd]+")
_COMMAND = re.compile("[/\uff0f](?![/\uff0f])")
_ESCAPED = re.compile("[/\uff0f]{2}")
_TALK = re.compile("[!-.0-~]")
"""The first character of a line that is surely something visible to say, as most are."""
# Two may be too many where they and the letter are composed. Python's \w matches no marks.
_STACKED = re.compile(f"(?:[^\\w\\s\x00-\u02ff]|[{_IGNORABLE}]){{2,}}")
_ERASES = re.compile("([\x08\x7f\x17])")
_ERASES_WORD, _ERASES_LINE = "\x17", "\x15"
_IS_IGNORABLE = re.compile(f"[{_IGNORABLE}]")


def as_typed(text: str) -> str:
    """Carry out the erasing keys in a typed line: backspace (08, 7F), ^W for a word, ^U for all.

    A terminal that sends each key at once leaves that to the other end. A character here is a
    grapheme cluster (UAX #29), as a reader sees it.
    """
    if text.isprintable():
        return text
    first, *others = _ERASES.split(text.rpartition(_ERASES_LINE)[2])
    if not others:
        return first
    left = list(iter_graphemes(first))
    for key, piece in zip(others[::2], others[1::2], strict=True):
        if key == _ERASES_WORD:
            while left and left[-1] == " ":
                left.pop()
            while left and left[-1] != " ":
                left.pop()
        else:
            del left[-1:]
        left.extend(iter_graphemes(piece))
    return "".join(left)


def without_controls(text: str) -> str:
    """Remove from C{text} everything that could control a terminal, and put it on one line.

    Escape sequences (ECMA-48) and control characters vanish, separators become a space, and lone
    surrogates U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPE_SEQUENCES.sub("", text)
    text = _SEPARATORS.sub(" ", text)
    text = _CONTROLS.sub("", text)
    return _SURROGATES.sub("\ufffd", text)


def has_controls(text: str) -> bool:
    """Tell whether a text has control characters other than tabs and escape sequences."""
    return _CONTROLS.search(_ESCAPE_SEQUENCES.sub("", text).replace("\t", "")) is not None


def clean(text: str) -> str:
    """Put C{text} on one line, without anything that could act on the terminal or page showing it.

    Besides L{without_controls}, all bidi controls vanish unless each one is closed (UAX #9, 3.3.2),
    and so do the combining marks of a letter after the first L{MARKS_MOST}.
    """
    text = without_controls(text)
    if text.isascii():
        return text.rstrip(" ")
    if not _bidi_is_balanced(text):
        text = _BIDI_CONTROLS.sub("", text)
    text = _STACKED.sub(_thinned, text)
    return text.rstrip(" ")


def _bidi_is_balanced(text: str) -> bool:
    closers: list[str] = []
    for control in _BIDI_CONTROLS.findall(text):
        if control in _BIDI_CLOSERS:
            closers.append(_BIDI_CLOSERS[control])
        elif not closers or closers.pop() != control:
            return False
    return not closers


def _thinned(found: re.Match[str]) -> str:
    """Drop the excess marks from a run of characters that may be marks on a letter."""
    kept = []
    start = found.start()
    marks = _marks(found.string[start - 1])[1] if start else 0
    for char in found[0]:
        goes_on, more = _marks(char)
        total = marks + more if goes_on else more
        if total <= MARKS_MOST:
            marks = total
            kept.append(char)
    return "".join(kept)


@lru_cache(8192)
def _marks(char: str) -> tuple[bool, int]:
    """Tell whether a character belongs to the letter before it, and how many marks it is or has.

    An ignorable character does not separate a letter from the marks after it.
    """
    goes_on = _is_mark(char) or _IS_IGNORABLE.match(char) is not None
    return goes_on, sum(map(_is_mark, normalize("NFD", char)))


def _is_mark(char: str) -> bool:
    return category(char)[0] == "M"


def is_seen(text: str) -> bool:
    """Tell whether anything in a cleaned text is visible.

    White space, default ignorable characters, and marks without a letter are not.
    """
    return _TALK.match(text) is not None or _seen_from(_UNSEEN, text) < len(text)


def words_seen(text: str) -> list[str]:
    """List the words of a text as a reader sees them, however spaces and letters are encoded."""
    plain = normalize("NFKC", _IS_IGNORABLE.sub("", text))
    return [word for word in _BLANKS.split(plain) if word]


def seen_of(text: str) -> str:
    """Remove everything invisible from a text, including its spaces."""
    return _UNSEEN.sub("", clean(text))


def _seen_from(unseen: re.Pattern[str], text: str) -> int:
    """Find the index of the first visible character of a cleaned text."""
    at = 0
    while at < len(text):
        gap = unseen.match(text, at)
        if gap is not None:
            at = gap.end()
        elif _is_mark(text[at]):
            at += 1
        else:
            break
    return at


def clean_line(text: str) -> str:
    """Clean a line that somebody says.

    @raise ChatError: C{empty}, or C{too-long} for more than L{TEXT_BYTES} bytes of UTF-8.
    """
    text = clean(text)
    if not is_seen(text):
        raise ChatError("empty", "there is nothing to say")
    size = len(text.encode())
    if size > TEXT_BYTES:
        raise ChatError(
            "too-long", f"that line is too long ({size:,} bytes, at most {TEXT_BYTES:,}): not sent"
        )
    return text


def clean_reason(text: str) -> str:
    """Clean an optional text, such as why somebody leaves; return C{""} if nothing is visible.

    @raise ChatError: C{too-long} for more than L{TEXT_BYTES} bytes of UTF-8.
    """
    return clean_line(text) if is_seen(clean(text)) else ""


def clean_real_name(text: str) -> str:
    """Clean the real name that a program gives; one that is too long is cut."""
    return clean(clean(text)[:REAL_NAME_LENGTH])


def command_in(text: str) -> str | None:
    """Read the command after the slash of a typed line; C{None} if the line is something to say.

    Invisible characters before the slash, or a full-width slash, must not cause a password to be
    said aloud. Two slashes say one: see L{without_escape}.
    """
    if _TALK.match(text):
        return None
    bare = _bare(text)
    return bare[1:] if _COMMAND.match(bare) else None


def without_escape(text: str) -> str:
    """Give the words that a typed line says if it is no command: C{//text} says C{/text}."""
    if _TALK.match(text) or not _ESCAPED.search(text):
        return text
    bare = _bare(text)
    return bare[1:] if _ESCAPED.match(bare) else text


def _bare(text: str) -> str:
    """Strip the invisible start of a typed line."""
    text = clean(text)
    return text[_seen_from(_BEFORE_SLASH, text) :]
