"""Searching what is in memory, without an index."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Reversible
from operator import attrgetter

from chatservice.events import Acted, Event, Said, TopicChanged
from chatservice.names import nick_key
from chatservice.query import Query, Term
from chatservice.search import Found, LeftOf
from chatservice.tokenizer import fold, tokens_of

SEARCHED = 2 * 1024 * 1024
"""Characters that one search looks at, the newest first: meanwhile everybody waits."""


def seek(
    pages: Iterable[Reversible[Event]], query: Query, limit: int, left_of: LeftOf
) -> Found:
    """The newest events of some rooms that are looked for; see L{Search.find}."""
    key = None if query.nick is None else nick_key(query.nick)
    found: list[Event] = []
    room_left = SEARCHED
    newest_first = map(reversed, pages)
    for event in heapq.merge(*newest_first, key=attrgetter("id"), reverse=True):
        assert isinstance(event, Said | Acted | TopicChanged)
        if event.id >= query.before:
            continue
        room_left -= len(event.text)
        if len(found) == limit or room_left < 0:
            break
        if key in (None, nick_key(event.nick)) and _has_all(event.text, query.terms):
            left = left_of(event)
            found += [left] if left is not None else []
    return Found(found[::-1])


def _has_all(text: str, terms: Iterable[Term]) -> bool:
    """Whether a text has all terms; to look for the tokens first as they are takes less."""
    folded = fold(text)
    if not all(token in folded for term in terms for token in term.tokens):
        return False
    tokens = f" {' '.join(tokens_of(text))} "
    return all(_spaced(term) in tokens for term in terms)


def _spaced(term: Term) -> str:
    end = "" if term.goes_on else " "
    return f" {' '.join(term.tokens)}{end}"
