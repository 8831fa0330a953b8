"""Events that cannot be changed, and yet are created quickly.

The initialization that C{dataclass} writes for a frozen class calls a function for each field. Here
an event begins as a draft, of a class with the same slots that can be changed, and then turns into
an event of its own kind: that takes a third of the time.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any


class Drafts(dict[type[Any], type[Any]]):
    """The classes of drafts by those of events, each of which is made when it is needed."""

    def __missing__(self, kind: type[Any]) -> type[Any]:
        changing = {name: getattr(object, name) for name in ("__setattr__", "__delattr__")}
        # Without a kind of its own, it is none that is ever sent or stored.
        draft = type(f"{kind.__name__} draft", (kind,), {"__slots__": (), "kind": "", **changing})
        self[kind] = draft
        return draft


drafts = Drafts()


def default_of(each: Field[Any]) -> Any:
    """Give the default of a field; C{MISSING} if it must be given. Events share it."""
    return each.default if each.default_factory is MISSING else each.default_factory()


def quicken(kind: type[Any]) -> None:
    """Replace the initialization of a frozen dataclass with slots, and that of kinds below it."""
    known: dict[str, Any] = {"drafts": drafts, "set": object.__setattr__}
    given, lines = ["self", "*"], []
    for each in fields(kind):
        name, default = each.name, default_of(each)
        known[f"no_{name}"] = default
        given.append(name if default is MISSING else f"{name}=no_{name}")
        lines.append(f"self.{name} = {name}")
    begin = ["kind = self.__class__", "set(self, '__class__', drafts[kind])"]
    head = f"def __init__({', '.join(given)}):"
    exec("\n ".join([head, *begin, *lines, "self.__class__ = kind"]), known)
    kind.__init__ = known["__init__"]
