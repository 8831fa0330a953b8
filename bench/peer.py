"""Blocking connections to the chat from any loopback address, one or many at once.

Every wait ends at a given moment, however the server behaves.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any

Facts = dict[str, Any]

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for closing with a reset."""

CHUNK = 1 << 16
LEAST_WAIT = 0.01


class Refused(Exception):
    """A refusal by the server: a code and a sentence.

    @ivar code: see docs/protocol.rst.
    """

    def __init__(self, facts: Facts) -> None:
        super().__init__(f"{facts['code']}: {facts['text']}")
        self.code: str = facts["code"]


class Peer:
    """A connection to any door.

    @param source: the address that it comes from.
    @param until: when every wait is over, on the monotonic clock; may be changed.
    @raise TimeoutError: from every method, when that moment has come.
    @raise EOFError: from those that read, when the server has closed.
    """

    def __init__(self, port: int, source: str, until: float) -> None:
        self.until = until
        self._unread = b""
        self._asked = 0
        self._mark = token_hex(4)
        self.socket = socket.socket()
        try:
            self.socket.settimeout(self._left())
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.bind((source, 0))
            self.socket.connect(("127.0.0.1", port))
        except BaseException:
            self.socket.close()
            raise

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return max(LEAST_WAIT, left)

    def send(self, data: bytes) -> None:
        """Send all of the data."""
        self.socket.settimeout(self._left())
        self.socket.sendall(data)

    def send_some(self, data: bytes) -> int:
        """Wait until some of the data can be sent, and send it; return how many bytes."""
        self.socket.settimeout(self._left())
        return self.socket.send(data)

    def line(self) -> bytes:
        """Read the next line, without its end."""
        while b"\n" not in self._unread:
            self.socket.settimeout(self._left())
            data = self.socket.recv(CHUNK)
            if not data:
                raise EOFError(self._unread.decode("utf-8", "replace"))
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r")

    # The text door.

    def join_text(self, nick: str) -> None:
        """Join the chat as a person at a terminal."""
        self.send(f"{nick}\r\n".encode())
        while b"you joined lobby" not in self.line():
            pass

    # The JSON door.

    def ask(self, kind: str, **facts: Any) -> str:
        """Send a request; return the C{ref} of its answer."""
        self._asked += 1
        ref = f"{self._mark}-{self._asked}"
        self.send(request(kind, ref=ref, **facts))
        return ref

    def fact(self) -> Facts:
        """Read the next object."""
        while not (line := self.line()).startswith(b"{"):
            pass
        facts: Facts = json.loads(line)
        return facts

    def answer(self, kind: str, ref: str) -> Facts:
        """Read the answer of that kind, the last of several.

        @raise Refused: it is an error, or an error ends the connection.
        """
        while True:
            facts = self.fact()
            mine = facts.get("ref") == ref
            if facts["type"] == "error" and (mine or facts["code"] == "closing"):
                raise Refused(facts)
            if mine and facts["type"] == kind and not facts.get("more"):
                return facts

    def hello(self, nick: str, **facts: Any) -> Facts:
        """Join the chat; return the C{welcome}."""
        self.ask("hello", nick=nick, **facts)
        while (answer := self.fact())["type"] != "welcome":
            if answer["type"] == "error":
                raise Refused(answer)
        return answer

    def command(self, line: str) -> Facts:
        """Run a command to its end."""
        return self.answer("ok", self.ask("command", line=line))

    def say(self, room: str, text: str) -> Facts:
        """Say a line, and wait until everybody has it."""
        return self.answer("said", self.ask("say", room=room, text=text))

    # The end.

    def finish(self) -> None:
        """Send nothing more, and read until the server closes."""
        self.socket.shutdown(socket.SHUT_WR)
        self.drain()

    def drain(self) -> None:
        """Read and discard everything until the server closes."""
        data = b"."
        while data:
            self.socket.settimeout(self._left())
            data = self.socket.recv(CHUNK)

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()

    def reset(self) -> None:
        """Reset the connection without a goodbye, as if it were lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.socket.close()


def request(kind: str, **facts: Any) -> bytes:
    """Encode a request as a line; letters beyond ASCII take as few bytes as they can."""
    return json.dumps({"type": kind, **facts}, ensure_ascii=False).encode() + b"\n"


Act = Callable[[int, Counter[str]], None]


def together(count: int, act: Act) -> Counter[str]:
    """Run this many threads of C{act} at the same time; return the sum of their counters.

    @param act: called with a number from 0 on and a counter of its own. The end of the time ends it
        normally; C{dropped} counts those whose connection the server ended, and C{refused} those
        that were answered with an error.
    """

    def one(number: int) -> Counter[str]:
        counted: Counter[str] = Counter()
        try:
            act(number, counted)
        except TimeoutError:
            pass
        except Refused:
            counted["refused"] += 1
        except (OSError, EOFError):
            counted["dropped"] += 1
        return counted

    with ThreadPoolExecutor(count) as pool:
        total: Counter[str] = Counter()
        for counted in pool.map(one, range(count)):
            total.update(counted)
        return total
