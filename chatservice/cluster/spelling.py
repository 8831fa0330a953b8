"""The spelling of events in the log: every field, also those that no client ever sees.

A batch is a JSON array of objects. Fields that have their defaults are left out; bytes are in
hexadecimal. What a node of another version does not know is left out of what it reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, get_type_hints

# The import makes the kinds known.
from chatservice.protocol import actions, signals, whereabouts
from chatservice.protocol.drafts import default_of, drafts
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
    @ivar is_line: whether it is somebody's line in a room.
    @ivar names: the names of its fields.
    @ivar values: gets their values from an event.
    @ivar defaults: what those are, by name, unless they are spelled.
    @ivar make: makes an event of what was spelled, its id and its time.
    """

    kind: str
    is_line: bool
    names: list[str]
    values: Callable[[Event], tuple[Any, ...]]
    defaults: dict[str, Any]
    make: Callable[[dict[str, Any], int, int | None], Event]


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
    joined = _forms[Joined]
    events = []
    heard: dict[str, bool] = {}
    for place, facts in enumerate(json.loads(spelled)):
        form = _known[facts["kind"]]
        if form is None or place in refused:
            continue
        if form.is_line:
            room = facts["room"]
            if room not in heard:
                heard[room] = is_heard(room)
            if not heard[room]:
                continue
        elif form is joined:
            heard[facts["room"]] = True
        events.append(form.make(facts, first + place, time))
    return events


def name_of(kind: type[Event]) -> str:
    """Give the name of a kind of event in the log: in lower case, with underscores."""
    return kind.kind or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


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
            issubclass(kind, Line),
            names,
            attrgetter(*names),
            {each.name: default_of(each) for each in spelled},
            _maker(kind, {name: _READ.get(str(hints[name])) for name in names}),
        )
        return form


class _Known(dict[str, _Form | None]):
    """The forms by the names of their kinds, or C{None} for those of another version."""

    def __missing__(self, name: str) -> _Form | None:
        kinds = {name_of(kind): kind for kind in _kinds_below(Event)}
        form = self[name] = _forms[kinds[name]] if name in kinds else None
        return form


def _maker(
    kind: type[Event], readers: dict[str, Callable[[Any], Any] | None]
) -> Callable[[dict[str, Any], int, int | None], Event]:
    """Write the function that makes events of a kind, as C{dataclass} writes its methods.

    Even the initialization that L{chatservice.protocol.drafts} writes takes twice as long.

    @param readers: what makes the values that JSON has in another form, by the field's name.
    """
    known: dict[str, Any] = {"kind": kind, "draft": drafts[kind], "new": object.__new__}
    lines = ["def make(facts, id, time):", "event, given = new(draft), facts.get"]
    for each in fields(kind):
        name = each.name
        if name in STAMPS:
            lines.append(f"event.{name} = {name}")
            continue
        known[f"no_{name}"], read = default_of(each), readers[name]
        if read is None:
            lines.append(f"event.{name} = given('{name}', no_{name})")
        else:
            known[f"read_{name}"] = read
            value = f"read_{name}(facts['{name}']) if '{name}' in facts else no_{name}"
            lines.append(f"event.{name} = {value}")
    lines.append("event.__class__ = kind")
    exec("\n ".join([*lines, "return event"]), known)
    make: Callable[[dict[str, Any], int, int | None], Event] = known["make"]
    return make


_forms = _Forms()
_known = _Known()


def _pairs(value: list[list[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(map(tuple, value))


_READ: dict[str, Callable[[Any], Any]] = {
    # Identities come again and again, and are kept by many: each is one object for all of them.
    "<class 'bytes'>": lru_cache(maxsize=4096)(bytes.fromhex),
    "tuple[str, ...]": tuple,
    "tuple[tuple[str, int], ...]": _pairs,
}
"""How values are made that JSON has in another form, by their types."""
