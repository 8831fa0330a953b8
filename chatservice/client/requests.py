"""What the client says to the chat: typed objects inside, JSON lines on the wire.

Nothing here but the requests of docs/protocol.rst, and `encode`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from chatservice.client.wire import Ping

# A member that is None is not sent.


@dataclass(frozen=True)
class Hello:
    type: ClassVar[str] = "hello"
    nick: str
    rooms: Mapping[str, int] = field(default_factory=dict)
    token: str | None = None
    password: str | None = field(default=None, repr=False)
    pipe: bool | None = None


@dataclass(frozen=True)
class Say:
    type: ClassVar[str] = "say"
    room: str
    text: str
    ref: str


@dataclass(frozen=True)
class Command:
    type: ClassVar[str] = "command"
    line: str
    ref: str
    room: str | None = None


@dataclass(frozen=True)
class Page:
    type: ClassVar[str] = "history"
    ref: str
    before: int
    limit: int
    room: str | None = None
    after: int | None = None


@dataclass(frozen=True)
class Pong:
    """The sign of life that the chat asked for."""

    type: ClassVar[str] = "pong"


Request = Hello | Say | Command | Page | Ping | Pong


def encode(request: Request) -> bytes:
    """A request as a line of JSON with its end."""
    members = {name: value for name, value in vars(request).items() if value is not None}
    wire = {"type": request.type, **members}
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
