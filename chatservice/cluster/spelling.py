"""The spelling of events in the log: every field, also those that no client ever sees.

A batch is a JSON array of objects. Fields that have their defaults are left out; bytes are in
hexadecimal. What a node of another version does not know is left out of what it reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import MISSING, fields
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, get_type_hints

# The import makes the kinds known.
from chatservice.protocol import actions, signals, whereabouts
from chatservice.protocol.events import Batch, Event, Joined, Line

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=bytes.hex).encode

_NUL = re.compile(r"((?<!\\)(?:\\\\)*)\\u0000")

KNOWN = (actions, signals, whereabouts)
"""The modules whose kinds are known, besides C{protocol/events.py}."""

STAMPS = ("id", "time")
"""Fields that are not spelled: the log gives them."""


class _Form(NamedTuple):
    """The form of a kind of event.

    @ivar kind: its name in the log.
    @ivar names: the names of its fields.
    @ivar values: gets their values from an event.
    @ivar defaults: what those are, by name, unless they are spelled.
    @ivar readers: what makes the values that JSON has in another form, by name.
    @ivar setters: what sets the fields of a new event, by name, stamps included.
    """

    kind: str
    names: list[str]
    values: Callable[[Event], tuple[Any, ...]]
    defaults: dict[str, Any]
    readers: dict[str, Callable[[Any], Any]]
    setters: list[tuple[str, Callable[[Event, Any], None]]]


def spell(batch: Batch) -> str:
    """Spell the events of a batch."""
    spelled = _encode([_facts(event) for event in batch])
    # PostgreSQL's text has no NUL, which may be in a mark of a client's, for example.
    return _NUL.sub(r"\1\\ufffd", spelled) if "\\u0000" in spelled else spelled


def _facts(event: Event) -> dict[str, Any]:
    form = _forms[type(event)]
    facts: dict[str, Any] = {"kind": form.kind}
    for name, value, default in zip(
        form.names, form.values(event), form.defaults.values(), strict=True
    ):
        if value != default:
            facts[name] = value
    return facts


def read(
    spelled: str,
    first: int,
    time: int | None,
    refused: Collection[int] = (),
    is_heard: Callable[[str], bool] = lambda room: True,
) -> list[Event]:
    """Read the events of a batch, of those kinds that are known.

    @param first: the id of the first one; the others follow it.
    @param time: the time of all of them, in microseconds since the epoch, if that is not their ids.
    @param refused: the positions of those that were left out, from 0.
    @param is_heard: tells whether lines in a room are wanted, unless somebody has just come in.
    """
    known = _known()
    events = []
    entered = set()
    for place, facts in enumerate(json.loads(spelled)):
        kind = known.get(facts["kind"])
        if kind is None or place in refused:
            continue
        if issubclass(kind, Line):
            room = facts["room"]
            if not is_heard(room) and room not in entered:
                continue
        elif kind is Joined:
            entered.add(facts["room"])
        events.append(_event(kind, facts, first + place, time))
    return events


def _event(kind: type[Event], facts: dict[str, Any], id: int, time: int | None) -> Event:
    form = _forms[kind]
    values = form.defaults | facts
    values["id"], values["time"] = id, time
    for name, make in form.readers.items():
        if name in facts:
            values[name] = make(facts[name])
    # Its own initialization would take twice as long, for it cannot be changed any more.
    event = object.__new__(kind)
    for name, set_value in form.setters:
        set_value(event, values[name])
    return event


def name_of(kind: type[Event]) -> str:
    """Give the name of a kind of event in the log: in lower case, with underscores."""
    return kind.kind or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


@cache
def _known() -> dict[str, type[Event]]:
    return {name_of(kind): kind for kind in _kinds_below(Event)}


def _kinds_below(kind: type[Event]) -> Iterator[type[Event]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds_below(each)


class _Forms(dict[type[Event], _Form]):
    """The forms of kinds of events, each of which is made when it is needed."""

    def __missing__(self, kind: type[Event]) -> _Form:
        hints = get_type_hints(kind)
        spelled = [each for each in fields(kind) if each.name not in STAMPS]
        names = [each.name for each in spelled]
        form = self[kind] = _Form(
            name_of(kind),
            names,
            attrgetter(*names),
            {each.name: _default_of(each) for each in spelled},
            {name: _READ[hint] for name in names if (hint := str(hints[name])) in _READ},
            [(each.name, getattr(kind, each.name).__set__) for each in fields(kind)],
        )
        return form


_forms = _Forms()


def _default_of(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _pairs(value: list[list[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(map(tuple, value))


_READ: dict[str, Callable[[Any], Any]] = {
    # Identities come again and again, and are kept by many: each is one object for all of them.
    "<class 'bytes'>": lru_cache(maxsize=4096)(bytes.fromhex),
    "tuple[str, ...]": tuple,
    "tuple[tuple[str, int], ...]": _pairs,
}
"""How values are made that JSON has in another form, by their types."""
