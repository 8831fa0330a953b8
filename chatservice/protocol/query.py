"""Search queries as people type them: words, phrases in quotes, C{from:NICK} and C{in:#ROOM}."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from chatservice.protocol.events import LATEST, ChatError
from chatservice.protocol.names import check_nick, nearest
from chatservice.protocol.tokenizer import is_unspaced, is_word, tokens_of

QUERY_MOST = 400
"""The most characters of a query."""

TERMS_MOST = 16
"""The most words of a query, as the index splits them."""

PAIRS_A_WORD = 4
"""The number of pairs of characters that count as one word."""

PREFIX_LEAST = 3
"""The fewest letters before C{*}, for a search with fewer takes long."""

_QUOTES = '"“”„＂'
_ITEM = re.compile(rf"[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<word>[^\s{_QUOTES}]\S*)")
_OPERATOR = re.compile(r"(?P<name>[^\W\d_]+)[:：](?P<value>.*)")
_NEEDED = {"from": "a nickname, such as from:ada", "in": "a room, such as in:#den"}
_ELSEWHERE = {
    **dict.fromkeys(("author", "by", "nick", "sender", "user"), "from"),
    **dict.fromkeys(("channel", "room"), "in"),
    **dict.fromkeys(("after", "before", "during", "has", "since", "until"), None),
}
"""Operators of other programs, each with ours that does the same, or C{None}."""


class Term(NamedTuple):
    """A word or phrase that a line must contain.

    @ivar text: the term as it was typed, without quotes.
    @ivar tokens: the tokens that must follow each other.
    @ivar goes_on: whether the last token may be the beginning of a longer one.
    """

    text: str
    tokens: tuple[str, ...]
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A description of the lines that somebody looks for.

    @ivar terms: the terms that each line must contain.
    @ivar nick: the nickname that said the lines; C{None} for any.
    @ivar room: the room of the lines, as it was typed; C{None} for any.
    @ivar before: the lines must have smaller ids than this.
    """

    terms: tuple[Term, ...]
    nick: str | None = None
    room: str | None = None
    before: int = LATEST


@dataclass(frozen=True, slots=True)
class Taken:
    """A query as the chat understood it, and the rooms to search."""

    query: Query
    rooms: list[str]


def parse(text: str) -> Query:
    """Parse a query.

    @raise ChatError: C{usage} or C{bad-nick}: the query is too long, or makes no sense.
    """
    if len(text) > QUERY_MOST:
        raise ChatError("usage", f"search for at most {QUERY_MOST} characters at a time")
    terms: dict[Term, None] = {}
    limits: dict[str, str] = {}
    for item in _ITEM.finditer(text):
        word = item["word"]
        operator = None if word is None else _operator(word)
        if operator is None:
            terms[_word(word) if word is not None else _phrase(item["phrase"])] = None
            continue
        name, value = operator
        if name in limits:
            raise ChatError("usage", f"write {name}: only once in a search")
        limits[name] = value
    query = Query(
        tuple(term for term in terms if term.tokens),
        _checked_nick(limits["from"]) if "from" in limits else None,
        limits.get("in"),
    )
    _check_size(query)
    return query


def _check_size(query: Query) -> None:
    if not query.terms and query.nick is None:
        raise ChatError("usage", "there are no words to search for")
    tokens = [token for term in query.terms for token in term.tokens]
    pairs = sum(map(is_unspaced, tokens))
    if len(tokens) - pairs + ceil(pairs / PAIRS_A_WORD) > TERMS_MOST:
        raise ChatError(
            "usage",
            f"search for at most {TERMS_MOST} words at a time, or {TERMS_MOST * PAIRS_A_WORD} "
            "characters where no spaces are written between words",
        )


def _operator(word: str) -> tuple[str, str] | None:
    """Read an operator's name and value; C{None} if the word is no operator."""
    match = _OPERATOR.fullmatch(word)
    if match is None:
        return None
    name, value = match["name"].casefold(), match["value"].strip(_QUOTES)
    if name in _NEEDED:
        if not value:
            raise ChatError("usage", f"right after {name}: there must be {_NEEDED[name]}")
        return name, value
    meant = _ELSEWHERE.get(name) or nearest(name, ["from"])
    if meant is None and name not in _ELSEWHERE:
        return None
    hint = f"did you mean {meant}:?" if meant else "it has from: and in:"
    shown = word.strip(_QUOTES)[:40]
    sentence = f'a search has no {name}: ({hint}); write "{shown}" to find these words'
    raise ChatError("usage", sentence)


def _checked_nick(text: str) -> str:
    try:
        return check_nick(text)
    except ValueError as error:
        raise ChatError("bad-nick", str(error)) from None


def _phrase(text: str) -> Term:
    """Make a term of tokens that must follow each other.

    Unspaced text gives pairs, and its last character by itself (L{tokens_of}). As more may follow
    the typed text in a line, that character is dropped after a pair, and otherwise may begin one.
    """
    tokens = tuple(tokens_of(text))
    if not tokens or not is_unspaced(tokens[-1]):
        return Term(text, tokens, False)
    if len(tokens) > 1 and len(tokens[-2]) > 1 and is_unspaced(tokens[-2]):
        return Term(text, tokens[:-1], False)
    return Term(text, tokens, True)


def _word(text: str) -> Term:
    """Make a term that, with C{*} at its end, also finds longer words."""
    term = _phrase(text)
    if not text.endswith("*") or not term.tokens or not is_word(term.tokens[-1]):
        return term
    if len(term.tokens[-1]) < PREFIX_LEAST:
        raise ChatError("usage", f"a * needs at least {PREFIX_LEAST} letters before it")
    return term._replace(goes_on=True)
