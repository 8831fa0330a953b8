"""Events as JSON objects, for both ends of the wire; docs/protocol.rst describes them.

An event's class determines its spelling (L{chatservice.protocol.events.Event}).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from json.encoder import encode_basestring
from typing import Any, NamedTuple, get_type_hints

from chatservice.protocol.events import ALWAYS, KINDS, Event
from chatservice.protocol.sanitize import without_controls
from chatservice.protocol.tags import NO_TAGS, Tags

NUMBERS = range(2**53)
"""The numbers allowed on the wire: ids, times and counts (RFC 8259, section 6)."""

LINE_BYTES = 16_384
"""The most bytes of a request, including its line end."""

ONESELF = b"oneself"
"""The identity that a client gives to the author of its own events."""

_EMPTY: dict[Any, Any] = {str: "", int: 0, bool: False, Tags: NO_TAGS}
_STAMP = ("id", "time")
_FIRST = ("room", "nick")
_LAST = ("ref",)  # JsonFormat.render_own takes it off the end.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _Member(NamedTuple):
    """A member of a JSON object: the event's field, and the member's spelling."""

    name: str
    spelled: str
    always: bool
    empty: Any


_known: dict[type[Event], list[_Member]] = {}


def _members(kind: type[Event]) -> list[_Member]:
    """List the members of an event except C{type}, in their order on the wire."""
    if kind not in _known:
        _known[kind] = _members_of(kind)
    return _known[kind]


def _members_of(kind: type[Event]) -> list[_Member]:
    if not kind.kind:
        raise ValueError(f"{kind.__name__} is never on the wire")
    hints = get_type_hints(kind)
    members = [
        _Member(
            name=each.name,
            spelled=each.metadata.get("spelled", each.name),
            always=_is_required(each) or each.metadata == ALWAYS or each.name == "id",
            empty=_EMPTY.get(hints[each.name]) if each.default is MISSING else each.default,
        )
        for each in fields(kind)
        if each.repr
    ]
    first = (*_STAMP, *_FIRST)
    rest = [each for each in members if each.name not in (*first, *_LAST)]
    order = [*first, *(each.name for each in rest), *_LAST]
    return sorted(members, key=lambda each: order.index(each.name))


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def facts_of(event: Event) -> dict[str, Any]:
    """Convert an event to an object.

    @raise ValueError: events of this kind are never on the wire.
    """
    event = event.public
    facts: dict[str, Any] = {"type": event.kind}
    for name, spelled, always, empty in _members(type(event)):
        value = getattr(event, name)
        if always or value != empty:
            facts[spelled] = value
    return facts


def event_line(event: Event) -> bytes:
    """Encode an event as a line: faster than L{json_line} does with its L{facts_of}.

    @raise ValueError: events of this kind are never on the wire.
    """
    return _encoders[type(event)](event)


class _Encoders(dict[type[Event], Callable[[Event], bytes]]):
    """The functions that encode events, by kind, each of which is written when it is needed."""

    def __missing__(self, kind: type[Event]) -> Callable[[Event], bytes]:
        encoder = self[kind] = _encoder(kind)
        return encoder


_encoders = _Encoders()


def _encoder(kind: type[Event]) -> Callable[[Event], bytes]:
    """Write the function that encodes events of a kind, as C{dataclass} writes its methods.

    A loop over the members takes twice as long.
    """
    known: dict[str, Any] = {"encode": _encode, "quote": encode_basestring}
    lines = ["def encoded(event):"]
    if kind.public is not Event.public:
        lines.append("event = event.public")
    lines.append(f"line = '{{\"type\":\"{kind.kind}\"'")
    for name, spelled, always, empty in _members(kind):
        known[f"no_{name}"] = empty
        value = "value" if name in _STAMP else "quote(value)" if empty == "" else "encode(value)"
        add = f"line += f',\"{spelled}\":{{{value}}}'"
        lines += [f"value = event.{name}", add if always else f"if value != no_{name}: {add}"]
    exec("\n ".join([*lines, "return (line + '}\\n').encode()"]), known)
    encoded: Callable[[Event], bytes] = known["encoded"]
    return encoded


def own_facts(event: Event) -> dict[str, Any]:
    """Convert an event to an object for its own author."""
    return facts_of(event) | {"own": True}


def event_of(facts: Mapping[str, Any]) -> Event | None:
    """Read an event; C{None} if its kind is unknown.

    A member that is missing or of the wrong type counts as empty, as does a number outside
    L{NUMBERS}. The texts cannot control a terminal.
    """
    named = facts.get("type")
    kind = KINDS.get(named) if isinstance(named, str) else None
    if kind is None:
        return None
    values: dict[str, Any] = {
        member.name: value_of(facts.get(member.spelled), member.empty)
        for member in _members(kind)
    }
    return kind(**values, identity=ONESELF if facts.get("own") is True else b"")


def value_of(value: Any, empty: Any) -> Any:
    """Read a string, number, boolean or tags; return C{empty} if they are not of its type."""
    match value:
        case dict() if empty is NO_TAGS:
            return {name: value_of(told, "") for name, told in value.items()}
        case str() if type(empty) is str:
            return without_controls(value)
        case bool():
            return value if type(empty) is bool else empty
        case int() if value in NUMBERS and (empty is None or type(empty) is int):
            return value
    return empty


def json_line(facts: Mapping[str, Any]) -> bytes:
    """Encode an object as a line."""
    return f"{_encode(facts)}\n".encode()


def last_member(name: str, value: str) -> bytes:
    """Encode a member of an object as it stands at the end of a line, before the brace."""
    return f",{_encode(name)}:{_encode(value)}".encode()


def ref_of(ref: str) -> dict[str, Any]:
    """Make the member for the client's mark on a request, if it gave one."""
    return {"ref": ref} if ref else {}
