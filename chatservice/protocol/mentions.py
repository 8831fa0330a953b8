"""Mentions of nicknames: a text is searched once for all of them, in time linear in the text.

A nickname made of letters, digits and underscores is mentioned where it is a word of its own: in
C{ada: hi}, C{@ada}, C{ada's}, C{(ada)} and C{ada-lovelace}, but not in C{adam}. One with other
characters, such as C{a.c|} or C{[bob]}, is mentioned where it stands between characters that no
nickname has, or with more marks around it that could be a nickname's: C{"[bob]..."}. Capitals make
no difference, nor does the composition of a letter with an accent (NFC, UAX #15).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple
from unicodedata import normalize

from chatservice.protocol.scripts import marks

_MARKS = "-.[]{}|^`"
_MARKS_MOST = 32
"""As many as a nickname has characters."""

_CORE_MOST = 100
"""Characters of the longest nickname when it is case-folded, and more."""

_WAYS_MOST = 64
"""In how many ways one text can put marks around the same letters, and still mention somebody."""

_WORD = re.compile(r"\w+")
_ASCII_RUN = re.compile(r"[\w\-.\[\]{}|^`]+")


class Wanted(NamedTuple):
    """A nickname that may be mentioned, folded.

    @ivar core: without the marks around it, which are C{left} and C{right}.
    @ivar is_word: whether it has letters, digits and underscores only.
    """

    folded: str
    left: str
    core: str
    right: str
    is_word: bool


def wanted(nick: str) -> Wanted:
    """Make what to look for, for a nickname."""
    folded = _folded(nick)
    return Wanted(folded, *_parted(folded), _WORD.fullmatch(folded) is not None)


class Mentioned:
    """Whom a text mentions.

    @param text: as it was said.
    """

    __slots__ = ("_marked", "_text", "_words")

    def __init__(self, text: str) -> None:
        self._text = _folded(text)
        self._words: frozenset[str] | None = None
        self._marked: dict[str, set[tuple[str, str]]] | None = None

    def __contains__(self, nick: Wanted) -> bool:
        # Most texts mention nobody, and to find that out takes less.
        if nick.folded not in self._text:
            return False
        if nick.is_word:
            if self._words is None:
                self._words = frozenset(_WORD.findall(self._text))
            return nick.folded in self._words
        if self._marked is None:
            self._marked = _marked_in(self._text)
        return any(
            left.endswith(nick.left) and right.startswith(nick.right)
            for left, right in self._marked.get(nick.core, ())
        )


mentioned_in = lru_cache(128)(Mentioned)
"""L{Mentioned}, which remembers what it found: a line is shown to many."""


def mentions(nick: str, text: str) -> bool:
    """Tell whether a text mentions one nickname."""
    return wanted(nick) in Mentioned(text)


def _folded(text: str) -> str:
    """Take the differences of case and of composition out of a text; folding can decompose."""
    return normalize("NFC", normalize("NFC", text).casefold())


def _parted(run: str) -> tuple[str, str, str]:
    """Split a run into the marks before its letters, the letters, and the marks after them."""
    rest = run.lstrip(_MARKS)
    core = rest.rstrip(_MARKS)
    if not core:
        return "", "", run
    return run[: len(run) - len(rest)], core, rest[len(core) :]


def _marked_in(folded: str) -> dict[str, set[tuple[str, str]]]:
    """List the ways in which marks are put around letters."""
    found: dict[str, set[tuple[str, str]]] = {}
    runs = _ASCII_RUN if folded.isascii() else _any_run()
    for run in set(runs.findall(folded)):
        left, core, right = _parted(run)
        ways = found.setdefault(core[:_CORE_MOST], set())
        if len(ways) < _WAYS_MOST:
            ways.add((left[-_MARKS_MOST:], right[:_MARKS_MOST]))
    return found


@cache
def _any_run() -> re.Pattern[str]:
    """Make the pattern for a run of characters that nicknames have.

    C{re} takes no combining mark for part of a word, nor what PRECIS admits between letters.
    """
    return re.compile(rf"[\w\-.\[\]{{}}|^`·\u0375\u05f3\u05f4\u30fb\u200c\u200d{marks()}]+")
