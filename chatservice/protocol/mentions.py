"""The search for mentions of nicknames, once per text for all of them, in time linear in the text.

A nickname made of letters, digits and underscores is mentioned where it is a word of its own: in
C{ada: hi}, C{@ada}, C{ada's}, C{(ada)} and C{ada-lovelace}, but not in C{adam}. A nickname with
other characters, such as C{a.c|} or C{[bob]}, is mentioned between characters that no nickname has,
even with more marks around it that nicknames may have: C{"[bob]..."}. Capitals make no difference,
nor does the composition of accented letters (NFC, UAX #15).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple
from unicodedata import normalize

from chatservice.protocol.scripts import marks

_MARKS = "-.[]{}|^`"
_MARKS_MOST = 32
"""The most marks kept on either side: a nickname has no more characters."""

_CORE_MOST = 100
"""More characters than the longest nickname has when it is case-folded."""

_WAYS_MOST = 64
"""The most combinations of marks around the same letters that are kept for one text."""

_WORD = re.compile(r"\w+")
_ASCII_RUN = re.compile(r"[\w\-.\[\]{}|^`]+")


class Wanted(NamedTuple):
    """A nickname to look for, folded.

    @ivar core: the nickname without the marks around it, which are C{left} and C{right}.
    @ivar is_word: whether it has only letters, digits and underscores.
    """

    folded: str
    left: str
    core: str
    right: str
    is_word: bool


def wanted(nick: str) -> Wanted:
    """Prepare a nickname for the search."""
    folded = _folded(nick)
    return Wanted(folded, *_parted(folded), _WORD.fullmatch(folded) is not None)


class Mentioned:
    """The nicknames that a text mentions.

    @param text: the text as it was said.
    """

    __slots__ = ("_marked", "_text", "_words")

    def __init__(self, text: str) -> None:
        self._text = _folded(text)
        self._words: frozenset[str] | None = None
        self._marked: dict[str, set[tuple[str, str]]] | None = None

    def __contains__(self, nick: Wanted) -> bool:
        # Most texts mention nobody, and this test is cheap.
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
"""L{Mentioned} with a cache, for a line is shown to many."""


def mentions(nick: str, text: str) -> bool:
    """Tell whether a text mentions one nickname."""
    return wanted(nick) in Mentioned(text)


def _folded(text: str) -> str:
    """Remove differences of case and composition; NFC comes last, for folding can decompose."""
    return normalize("NFC", normalize("NFC", text).casefold())


def _parted(run: str) -> tuple[str, str, str]:
    """Split a run into the marks before its letters, the letters, and the marks after them."""
    rest = run.lstrip(_MARKS)
    core = rest.rstrip(_MARKS)
    if not core:
        return "", "", run
    return run[: len(run) - len(rest)], core, rest[len(core) :]


def _marked_in(folded: str) -> dict[str, set[tuple[str, str]]]:
    """Map the letters of each run in a text to the marks around them."""
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
    r"""Make a pattern for runs of characters that nicknames have.

    Python's C{\w} matches neither combining marks nor what PRECIS allows between letters.
    """
    return re.compile(rf"[\w\-.\[\]{{}}|^`·\u0375\u05f3\u05f4\u30fb\u200c\u200d{marks()}]+")
