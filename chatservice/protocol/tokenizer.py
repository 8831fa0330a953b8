"""The splitting of a text into the tokens of the search index.

A token is a word or an emoji. In scripts that put no spaces between words, it is each pair of
successive characters, and the last character by itself, so that any part of such a text finds it.
Case makes no difference, nor do accents on Latin and Greek letters, the vowel points of Hebrew and
Arabic, the width of a letter, and its composition.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from chatservice.protocol.scripts import SYMBOLS, UNSPACED, marks

RULES = f"1, Unicode {unicodedata.unidata_version}"
"""The version of the rules: an index made by other rules finds, and erases, too little. Change the
number whenever the same text gives other tokens."""

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_PAIRED = re.compile(f"[{UNSPACED}]")
_IGNORED = re.compile("[\u00ad\u200b\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
"""Characters that are invisible within a word: joiners and variation selectors."""

_LEFT_OUT = re.compile(
    "(?<=[a-z\u0370-\u03ff])[\u0300-\u036f]+"
    "|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]+"
)


def tokens_of(text: str) -> list[str]:
    """Split a text into its tokens, in order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    tokens: list[str] = []
    for piece in _pieces().findall(fold(text)):
        if is_unspaced(piece):
            tokens += (piece[at : at + 2] for at in range(len(piece)))
        else:
            tokens.append(piece)
    return tokens


def indexable(text: str) -> str:
    """Prepare a text for FTS5's tokenizer C{ascii}, which splits ASCII text in the same way."""
    return text if text.isascii() else " ".join(tokens_of(text))


def fold(text: str) -> str:
    """Remove the differences that do not matter; every token is a part of the result."""
    if text.isascii():
        return text.lower()
    plain = _IGNORED.sub("", text).translate(_widths())
    folded = unicodedata.normalize("NFD", plain).casefold()
    # Folding can compose and decompose.
    return unicodedata.normalize("NFC", _LEFT_OUT.sub("", unicodedata.normalize("NFD", folded)))


def is_unspaced(token: str) -> bool:
    """Tell whether a token is of a script that puts no spaces between words."""
    return _PAIRED.match(token) is not None


def is_word(token: str) -> bool:
    """Tell whether a token is a word, and neither a pair of characters nor a symbol."""
    return token[0].isalnum() and not is_unspaced(token)


@cache
def _pieces() -> re.Pattern[str]:
    """Make a pattern for flags (two or more characters), other symbols, unspaced text, words."""
    within = f"{UNSPACED}{SYMBOLS}"
    letter = rf"[^\W_{within}]"
    word = f"{letter}(?:{letter}|[{_marks_of_words()}])*"
    flag = "[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0020-\U000e007f]+"
    return re.compile(rf"{flag}|[{SYMBOLS}]|[{UNSPACED}]+|{word}")


def _marks_of_words() -> str:
    return re.sub(f"[{UNSPACED}{SYMBOLS}]", "", marks())


@cache
def _widths() -> dict[int, str]:
    """Map each full-width or half-width character to its usual form (UAX #11)."""
    parted = {code: unicodedata.decomposition(chr(code)).split() for code in range(0xFF00, 0xFFF0)}
    return {code: chr(int(parts[1], 16)) for code, parts in parted.items() if parts}
