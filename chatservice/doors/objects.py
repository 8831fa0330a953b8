"""Parts of the objects that the JSON door sends, as docs/protocol.rst describes them."""

from __future__ import annotations

from typing import Any

from chatservice.commands import Answer
from chatservice.protocol.events import Times
from chatservice.protocol.query import Taken


def facts_of_reading(room: str, id: int) -> dict[str, Any]:
    """Tell up to which id a room is read; an empty name stands for private lines."""
    return {"type": "seen"} | ({"room": room} if room else {}) | {"id": id}


def facts_of_search(taken: Taken) -> dict[str, Any]:
    """Tell how a query was understood."""
    query = taken.query
    facts: dict[str, Any] = {"words": [term.text for term in query.terms], "rooms": taken.rooms}
    return facts if query.nick is None else facts | {"from": query.nick}


def facts_of_lists(answer: Answer) -> dict[str, Any]:
    """List the rooms and the people of an answer, if it lists any."""
    facts: dict[str, Any] = {}
    if answer.listed is not None:
        facts["list"] = [room._asdict() for room in answer.listed]
    if answer.people is not None:
        facts["who"] = [person._asdict() for person in answer.people]
    return facts | ({"left": answer.left} if answer.left else {})


def facts_of_times(times: Times) -> dict[str, Any]:
    """Give the times that appear in sentences, for programs that format them themselves."""
    return {"times": dict(times)} if times else {}
