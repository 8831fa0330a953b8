"""Searching what is in memory, without an index."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Reversible
from operator import attrgetter

from chatservice.events import Acted, Event, Said, TopicChanged
from chatservice.names import nick_key
from chatservice.search import Found, LeftOf, terms

SEARCHED = 2 * 1024 * 1024
"""Characters that one search looks at, the newest first: meanwhile everybody waits."""

_WORD = re.compile(r"\w+")


def seek(
    pages: Iterable[Reversible[Event]],
    words: str,
    nick: str | None,
    limit: int,
    left_of: LeftOf,
) -> Found:
    """The newest events of some rooms in which all the words are; see L{Search.find}."""
    patterns = [_pattern(term) for term in terms(words) if _WORD.search(term)]
    key = None if nick is None else nick_key(nick)
    found: list[Event] = []
    room_left = SEARCHED if patterns else 0
    newest_first = map(reversed, pages)
    for event in heapq.merge(*newest_first, key=attrgetter("id"), reverse=True):
        assert isinstance(event, Said | Acted | TopicChanged)
        room_left -= len(event.text)
        if len(found) == limit or room_left < 0:
            break
        text = event.text.casefold()
        is_theirs = key in (None, nick_key(event.nick))
        if is_theirs and all(pattern.search(text) for pattern in patterns):
            left = left_of(event)
            found += [left] if left is not None else []
    return Found(found[::-1])


def _pattern(term: str) -> re.Pattern[str]:
    """What finds the words of a term in a case-folded text."""
    words = _WORD.findall(term.casefold())
    end = "" if term.endswith("*") else r"(?!\w)"
    return re.compile(r"(?<!\w)" + r"\W+".join(words) + end)
