"""Tokens: the pieces of a text by which it is found.

A token is a word; in scripts that put no spaces between words, a pair of characters that follow
each other, and the last one by itself, so that any part of the text finds it; and each emoji. Case
makes no difference, nor do accents on Latin and Greek letters, the vowel points of Hebrew and
Arabic, the width of a letter, and its composition.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from chatservice.protocol.scripts import SYMBOLS, UNSPACED, marks

RULES = f"1, Unicode {unicodedata.unidata_version}"
"""The version of the rules: an index that was made by others finds, and erases, too little.

The number must change whenever the same text gives other tokens.
"""

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_PAIRED = re.compile(f"[{UNSPACED}]")
_IGNORED = re.compile("[\u00ad\u200b\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
"""The invisible characters within a word: joiners, and what chooses between shapes."""

_LEFT_OUT = re.compile(
    "(?<=[a-z\u0370-\u03ff])[\u0300-\u036f]+"
    "|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]+"
)


def tokens_of(text: str) -> list[str]:
    """List the tokens of a text, in their order."""
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
    """Give a text with its tokens, as FTS5's tokenizer C{ascii} finds them: it splits ASCII by
    itself.
    """
    return text if text.isascii() else " ".join(tokens_of(text))


def fold(text: str) -> str:
    """Take out of a text what makes no difference; every token is a part of the result."""
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
    """Make the pattern for flags (two characters each), other symbols, unspaced text, and words."""
    within = f"{UNSPACED}{SYMBOLS}"
    letter = rf"[^\W_{within}]"
    word = f"{letter}(?:{letter}|[{_marks_of_words()}])*"
    flag = "[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0020-\U000e007f]+"
    return re.compile(rf"{flag}|[{SYMBOLS}]|[{UNSPACED}]+|{word}")


def _marks_of_words() -> str:
    return re.sub(f"[{UNSPACED}{SYMBOLS}]", "", marks())


@cache
def _widths() -> dict[int, str]:
    """Map each wide or narrow character to its usual form (UAX #11)."""
    parted = {code: unicodedata.decomposition(chr(code)).split() for code in range(0xFF00, 0xFFF0)}
    return {code: chr(int(parts[1], 16)) for code, parts in parted.items() if parts}
