"""People in a random walk over several nodes: those who type, programs with refs, and listeners."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chatservice.cluster.spelling import read
from chatservice.protocol.events import Line
from tests.doubles import Wire
from tests.memory_engine import MemoryEngine
from tests.nodes import Node

NICKS = ("ada", "Ada", "аdа", "bob", "grace", "eve", "zoe")
ROOMS = ("lobby", "python", "tea")
SECRETS = ("correct-horse", "battery-staple")

Facts = dict[str, Any]


def committed_lines(engine: MemoryEngine) -> Iterator[Line]:
    """Everything that was said, in the one order."""
    for row in engine.rows:
        for event in read(row.data or "[]", row.first, row.time, row.refused):
            if isinstance(event, Line):
                yield event


def is_open(wire: Wire | None) -> bool:
    """Whether somebody may still use a connection."""
    return wire is not None and wire.connected and not wire.disconnecting


class Typist:
    """Somebody at the text door, who comes to any node and types what occurs to them."""

    def __init__(self, name: str, choose: random.Random, done: list[str]) -> None:
        self.name = name
        self.wire: Wire | None = None
        self._node: Node | None = None
        self._choose = choose
        self._done = done
        self._token = ""

    def acts(self, nodes: Sequence[Node]) -> None:
        """Come, go, or type something."""
        if self.wire is None or not is_open(self.wire):
            self._comes(nodes)
            return
        self._note_token()
        if self._choose.random() < 0.1:
            self._done.append(f"{self.name} goes")
            getattr(self.wire, self._choose.choice(("hangs_up", "vanishes")))()
        else:
            self._types(self._line())

    def _comes(self, nodes: Sequence[Node]) -> None:
        node = self._node = self._choose.choice(nodes)
        self._done.append(f"{self.name} comes to {node.seat.node}")
        self.wire = node.connect()
        if self._token and self._choose.random() < 0.5:
            self._types(f"/resume {self._token}")
        self._types(self._choose.choice(NICKS))
        if self._choose.random() < 0.3:
            self._types(self._choose.choice(SECRETS))

    def _note_token(self) -> None:
        assert self._node is not None
        for session in self._node.chat.sessions:
            device = session.device
            if session.connection.transport is self.wire and device and device.member.token:
                self._token = device.member.token

    def _types(self, line: str) -> None:
        assert self.wire is not None
        self._done.append(f"{self.name}: {line}")
        self.wire.sends(f"{line}\n".encode())

    def _line(self) -> str:
        choose = self._choose.choice
        room, nick, secret = choose(ROOMS), choose(NICKS), choose(SECRETS)
        return choose(
            (
                *(f"/join {room}", f"/join {room}", f"/part {room}", f"/nick {nick}"),
                *(f"/kick {nick}", f"/kick * {nick}", f"/op {nick}", f"/deop {nick}", "/claim"),
                *(f"/ban {nick}", f"/unban {nick}", f"/mute {nick} 1h", f"/voice {nick}"),
                *(f"/room moderated {choose(('on', 'off'))}", f"/invite {nick}"),
                *(f"/topic {self._choose.randrange(9)}", "/topic clear"),
                *("/away tea", "/back", f"/realname {self._choose.randrange(9)}"),
                *(f"/register {secret}", f"/login {secret}", f"/login {nick} {secret}", "/logout"),
                *(f"/password {secret} {choose(SECRETS)}", f"/unregister {secret}"),
                *("/quit", "/quit all", f"/msg {nick} psst", "hello", "hello again"),
            )
        )


@dataclass
class Request:
    """A line that a program wants to say.

    @ivar asked: how often it was asked; C{refused}: how often the answer was an error.
    @ivar is_open: whether the answer to the last time has not come yet.
    """

    room: str
    text: str
    asked: int = 0
    refused: int = 0
    is_said: bool = False
    is_open: bool = True


class Program:
    """A program with a name, which repeats at any node what was not answered."""

    def __init__(self, name: str, choose: random.Random, done: list[str]) -> None:
        self.name = name
        self.wire: Wire | None = None
        self._choose = choose
        self._done = done
        self._wires: list[Wire] = []
        self._token = ""
        self._is_in = False
        self.requests: dict[str, Request] = {}
        # The ids of lines that were shown on each connection, but for answers to repeats.
        self.shown: dict[Wire, list[int]] = {}

    def acts(self, nodes: Sequence[Node]) -> None:
        """Come, change the node, go, or say something."""
        self.reads()
        chance = self._choose.random()
        if not is_open(self.wire) or chance < 0.1:
            self._comes(self._choose.choice(nodes))
        elif chance < 0.15 and self.wire is not None:
            self._done.append(f"{self.name} vanishes")
            self.wire.vanishes()
        elif self._is_in:
            self._says()

    def _comes(self, node: Node) -> None:
        """Come to a node, whatever the last connection does; that may be noticed later."""
        self._done.append(f"{self.name} comes to {node.seat.node}")
        self.wire = node.connect()
        self._wires.append(self.wire)
        self.shown[self.wire] = []
        self._is_in = False
        token = {"token": self._token} if self._token else {}
        rooms = dict.fromkeys(ROOMS, 0)
        hello = {"type": "hello", "nick": self.name, "client": self.name, "rooms": rooms}
        self._asks(hello | token)

    def _says(self) -> None:
        ref = f"{self.name}-{len(self.requests)}"
        self.requests[ref] = Request(self._choose.choice(ROOMS), f"line {ref}")
        self._repeat(ref)

    def _repeat(self, ref: str) -> None:
        request = self.requests[ref]
        request.asked += 1
        self._done.append(f"{self.name}: {ref} in {request.room}")
        self._asks({"type": "say", "room": request.room, "text": request.text, "ref": ref})

    def _asks(self, facts: Facts) -> None:
        assert self.wire is not None
        self.wire.sends(json.dumps(facts).encode() + b"\n")

    def reads(self) -> None:
        """Read what has come on all connections, and repeat what was not answered on a new one."""
        for wire in self._wires:
            for line in wire.gets().decode().splitlines():
                if line.startswith("{"):
                    self._hears(wire, json.loads(line))

    def _hears(self, wire: Wire, facts: Facts) -> None:
        request = self.requests.get(facts.get("ref", ""))
        match facts["type"]:
            case "welcome" if wire is self.wire:
                self._token, self._is_in = facts["token"], True
                for ref in [ref for ref, each in self.requests.items() if each.is_open]:
                    self._repeat(ref)
            case "said":
                is_again = request is not None and facts["id"] in self.shown[wire]
                assert is_again or facts["id"] not in self.shown[wire], facts
                self.shown[wire].append(facts["id"])
                if request is not None and facts.get("own"):
                    request.is_said, request.is_open = True, False
            case "error" if request is not None:
                request.refused += 1
                request.is_open = wire is not self.wire
                self._done.append(f"{self.name}: {facts}")

    def check(self, texts: list[str]) -> None:
        """Check that every line was said once, or refused, and that every request was answered.

        @param texts: everything that was said.
        """
        self.reads()
        for ref, request in self.requests.items():
            count = texts.count(request.text)
            assert count <= 1, (ref, request, count)
            assert not request.is_said or count == 1, (ref, request)
            is_refused = not request.is_said and request.refused == request.asked
            assert not is_refused or count == 0, (ref, request)
            is_waiting = request.is_open and self._is_in and is_open(self.wire)
            assert not is_waiting, (ref, request, "is not answered")


class Listener:
    """A program in all rooms, of which nobody takes any notice, and which hears everything."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._came = 0
        self.wire: Wire | None = None
        self._begins: dict[str, int] = {}
        self._heard: dict[str, list[int]] = {}

    def listens(self, node: Node) -> None:
        """Come to a node, unless it is there."""
        if is_open(self.wire):
            return
        self._came += 1
        self.wire = node.connect()
        self._begins, self._heard = {}, {room: [] for room in ROOMS}
        hello = {
            "type": "hello",
            "nick": f"{self._name}{self._came}",
            "rooms": dict.fromkeys(ROOMS, 0),
        }
        self.wire.sends(json.dumps(hello).encode() + b"\n")

    def check(self, said: Sequence[Line], is_at_rest: bool = True) -> None:
        """Check that it has heard every line that was said since it came, once, in the one order.

        @param said: everything that was said, in that order.
        """
        if self.wire is None:
            return
        for line in self.wire.gets().decode().splitlines():
            facts = json.loads(line) if line.startswith("{") else {"type": ""}
            if facts["type"] == "joined" and facts.get("own"):
                self._begins[facts["room"]] = facts["id"]
            elif facts["type"] == "said":
                self._heard[facts["room"]].append(facts["id"])
        for room, begin in self._begins.items():
            due = [line.id for line in said if line.room == room and line.id > begin]
            heard = self._heard[room]
            if not (is_at_rest and is_open(self.wire)):
                due = due[: len(heard)]
            assert heard == due, (self._name, room, heard, due)
