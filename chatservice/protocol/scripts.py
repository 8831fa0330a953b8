"""The characters of scripts that put no spaces between words, symbols, and combining marks.

Each set is the inside of a character class of C{re}.
"""

from __future__ import annotations

from functools import cache
from unicodedata import category

UNSPACED = (
    # Chinese and Japanese: radicals, Han, kana (not the middle dot), bopomofo.
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b"
    "\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
    # Korean: its words have spaces between them, and endings right after them.
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff"
    # Thai, Lao, Myanmar, Khmer, and the scripts of the Tai (line breaking class SA, UAX #14).
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"
    "\u1000-\u103f\u1050-\u108f\u109a-\u109f\u1780-\u17d3\u17d7\u17dc\u17dd"
    "\u1950-\u19c9\u1a20-\u1a7c\u1aa7\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaadd"
)
"""Letters and marks of scripts in which no space shows where a word ends."""

SYMBOLS = (
    "\u00a9\u00ae\u203c\u2049\u20dd-\u20e4\u2122\u2190-\u21ff\u2300-\u2307\u230c-\u2328"
    "\u232b-\u23ff\u25a0-\u2767\u2794-\u27bf\u2b00-\u2bff\u303d\u3297\u3299"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
"""Emoji, and other characters that are words by themselves: arrows, hearts, stars, chess pieces."""


@cache
def marks() -> str:
    r"""List the combining marks, none of which Python's C{\w} matches."""
    return "".join(chr(code) for code in range(0x300, 0x1F000) if category(chr(code))[0] == "M")
