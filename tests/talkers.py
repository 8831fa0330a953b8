"""People who talk without end, come back when their connection breaks, and note all they hear."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

from tests.relays import reset
from tests.running import HOST

LOBBY = "lobby"
PAUSE = 0.2
"""Seconds until somebody tries the next server."""

LARGEST = 4 * 1024 * 1024
"""Bytes in a line from the server, at most."""

_TEXTS = count(1)
_HEARD = re.compile(r"^(?P<time>\d\d:\d\d )?\w+: (?P<text>line \d+ of \w+)$")
_IN = re.compile("/help lists|you are back as|and here on")
_TOKEN = "-- your token: "

Facts = dict[str, Any]


class Line(NamedTuple):
    """A line that somebody heard."""

    id: int
    nick: str
    text: str


class Talker:
    """Somebody in the lobby who says one line after the other.

    @param ports: those of all nodes, which are tried in turn.
    @param first: the place of the port to begin with.
    @ivar port: of the node that this person is connected to, or tries next.
    @ivar is_in: whether this person is in the chat, and has caught up.
    @ivar talks: whether to go on talking.
    @ivar said: the lines that were acknowledged, and how often.
    @ivar refused: the lines that were refused, each with the reason.
    @ivar unsure: the lines of which nothing more will be heard.
    @ivar told: the sentences that the chat said, other than the reasons of refused lines.
    @ivar faults: what should not have happened.
    """

    def __init__(self, nick: str, ports: Sequence[int], first: int = 0) -> None:
        self.nick = nick
        self.token = ""
        self._ports = ports
        self._turn = first
        self.port = ports[first]
        self.is_in = self.is_over = False
        self.talks = True
        self.said: list[str] = []
        self.refused: dict[str, str] = {}
        self.unsure: list[str] = []
        self.told: list[str] = []
        self.faults: list[str] = []
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def live(self) -> None:
        """Come, and come back whenever the connection ends."""
        while not self.is_over:
            with suppress(OSError, EOFError):
                await self._visit()
            self._hang_up()
            if not self.is_over:
                await asyncio.sleep(PAUSE)

    async def _visit(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(
            HOST, self.port, limit=LARGEST
        )
        await self._join()
        talking = asyncio.create_task(self._talk())
        try:
            while True:
                self._take(await self._line())
        finally:
            talking.cancel()

    def _hang_up(self) -> None:
        self.is_in = False
        self._give_up()
        self._break_off()
        self._writer = None
        self._turn = (self._turn + 1) % len(self._ports)
        self.port = self._ports[self._turn]

    def move(self, to: int) -> None:
        """Leave a server that does not answer, and try one after the one with this place."""
        self._turn = to - 1
        self._break_off()

    def _break_off(self) -> None:
        """Reset the connection: an end of the input would be a goodbye."""
        if self._writer is not None:
            reset(self._writer)

    def end(self) -> None:
        """Lose the connection, and do not come back."""
        self.is_over = True
        self.move(0)

    def send(self, *lines: str) -> None:
        """Send lines, if there is a connection."""
        if self._writer is not None:
            self._writer.write("".join(f"{line}\n" for line in lines).encode())

    async def _line(self) -> str:
        line = await self._reader.readuntil(b"\n")
        return line.decode().rstrip("\r\n")

    def _next_text(self) -> str:
        return f"line {next(_TEXTS)} of {self.nick}"

    def _give_up(self) -> None:
        """Note that nothing more comes through this connection."""
        raise NotImplementedError

    async def _join(self) -> None:
        raise NotImplementedError

    async def _talk(self) -> None:
        raise NotImplementedError

    def _take(self, line: str) -> None:
        raise NotImplementedError

    @property
    def is_quiet(self) -> bool:
        """Whether the outcome of everything that was said is known."""
        raise NotImplementedError


class ProgramTalker(Talker):
    """A program, which resumes as docs/protocol.rst says: it hears everything once, in order.

    @ivar heard: all lines since it came first.
    @ivar since: the id from which on it hears; 0 until it came.
    @ivar moves: the comings and goings that it saw, by id.
    @ivar waiting: the lines that are not acknowledged yet, by ref.
    @ivar longest_pause: the most seconds for which it heard no line since L{time_pauses}.
    """

    WINDOW = 4
    PACE = 0.05

    def __init__(self, nick: str, ports: Sequence[int], first: int = 0) -> None:
        super().__init__(nick, ports, first)
        self.heard: list[Line] = []
        self.since = self.last = 0
        self.moves: dict[int, tuple[str, str]] = {}
        self.waiting: dict[str, str] = {}
        self.time_pauses()
        self._early: list[Facts] | None = None
        self._fence = 0
        self._answers: dict[str, asyncio.Future[Facts]] = {}

    def ask(self, kind: str, **facts: Any) -> None:
        """Send a request."""
        self.send(json.dumps({"type": kind, **facts}))

    def time_pauses(self) -> None:
        """Begin to measure for how long it hears nothing."""
        self.longest_pause = 0.0
        self._heard_at = time.monotonic()

    def _note_pause(self) -> None:
        before, self._heard_at = self._heard_at, time.monotonic()
        self.longest_pause = max(self.longest_pause, self._heard_at - before)

    async def answer(self, line: str) -> Facts:
        """Give a command, and wait for its answer."""
        ref = f"command {next(_TEXTS)}"
        self._answers[ref] = asyncio.get_running_loop().create_future()
        self.ask("command", line=line, ref=ref)
        return await self._answers[ref]

    async def _join(self) -> None:
        who = {"token": self.token} if self.token else {}
        rooms = {LOBBY: self.last}
        self.ask("hello", nick=self.nick, client=self.nick, rooms=rooms, **who)
        while not (line := await self._line()).startswith("{"):
            pass
        self._early = []
        while (facts := json.loads(line))["type"] != "welcome":
            if facts["type"] == "error":
                self.told.append(facts["text"])
                raise EOFError
            line = await self._line()
        self.token, self._fence = facts["token"], facts["id"]
        if self.since:
            self._ask_for_page()
        else:
            self.since = self.last = self._fence
            self._catch_up()

    def _ask_for_page(self) -> None:
        where = {"room": LOBBY, "after": self.last, "before": self._fence}
        self.ask("history", ref="page", limit=100, **where)

    def _catch_up(self) -> None:
        early, self._early = self._early or [], None
        for facts in early:
            self._hear(facts)
        for ref, text in self.waiting.items():
            self.ask("say", room=LOBBY, text=text, ref=ref)
        self.is_in = True

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(self.PACE)
            if self.talks and self.is_in and len(self.waiting) < self.WINDOW:
                text = self._next_text()
                ref = f"{self.token} {text}"
                self.waiting[ref] = text
                self.ask("say", room=LOBBY, text=text, ref=ref)

    def _take(self, line: str) -> None:
        facts = json.loads(line)
        ref = facts.get("ref", "")
        match facts["type"]:
            case "said" | "joined" | "left" | "renamed" | "parted" if self._early is not None:
                self._early.append(facts)
            case "said" | "joined" | "left" | "renamed" | "parted":
                self._hear(facts)
            case "history" if ref == "page":
                self._turn_page(facts)
            case "error" if ref in self.waiting:
                self.refused[self.waiting.pop(ref)] = facts["text"]
            case "ok" | "error" | "pong" if ref in self._answers:
                self._answers.pop(ref).set_result(facts)
            case "error":
                self.told.append(facts["text"])
            case "ping":
                self.ask("pong")

    def _turn_page(self, page: Facts) -> None:
        for facts in page["events"]:
            self._hear(facts)
        if page["more"]:
            self.last = max(self.last, page["next"])
            self._ask_for_page()
        else:
            self._catch_up()

    def _hear(self, facts: Facts) -> None:
        id, nick = facts["id"], facts["nick"]
        if facts["type"] != "said":
            self.moves[id] = (facts["type"], nick)
            return
        line = Line(id, nick, facts["text"])
        if id > self.last:
            self._note_pause()
            self.heard.append(line)
            self.last = id
        elif line not in self.heard:
            self.faults.append(f"{self.nick} heard {line} after {self.last}")
        ref = facts.get("ref", "")
        if facts.get("own") and self.waiting.get(ref) == line.text:
            del self.waiting[ref]
            self.said.append(line.text)

    def _give_up(self) -> None:
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            answer.set_exception(EOFError())

    @property
    def is_quiet(self) -> bool:
        """See L{Talker.is_quiet}."""
        return self.is_in and not self.waiting


class TextTalker(Talker):
    """Somebody at a terminal, who never says a line twice.

    @ivar runs: for each connection, the lines that were heard as they were said.
    """

    PACE = 0.1

    def __init__(self, nick: str, ports: Sequence[int], first: int = 0) -> None:
        super().__init__(nick, ports, first)
        self.runs: list[list[str]] = []
        self._saying = ""

    async def _join(self) -> None:
        self.runs.append([])
        self.send(f"/resume {self.token}" if self.token else self.nick)
        while not _IN.search(line := await self._line()):
            if "that token is not valid" in line:
                self.send(self.nick)
            elif "-- not done: " in line:
                raise EOFError
            else:
                self._take(line)
        self.is_in = True
        if not self.token:
            self.send("/token")

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(self.PACE)
            if self.talks and self.is_in and self.token and not self._saying:
                self._saying = self._next_text()
                self.send(self._saying, "/ping")

    def _take(self, line: str) -> None:
        heard = _HEARD.match(line)
        if heard is not None:
            if heard["time"] is None:
                self.runs[-1].append(heard["text"])
        elif line.startswith(_TOKEN):
            self.token = line.removeprefix(_TOKEN)
        elif line.startswith("-- not sent: "):
            self.refused[self._saying] = line.removeprefix("-- ")
        elif line == "-- pong":
            if self._saying not in self.refused:
                self.said.append(self._saying)
            self._saying = ""
        elif line.startswith("-- "):
            self.told.append(line.removeprefix("-- "))

    def _give_up(self) -> None:
        if self._saying and self._saying not in self.refused:
            self.unsure.append(self._saying)
        self._saying = ""

    @property
    def is_quiet(self) -> bool:
        """See L{Talker.is_quiet}."""
        return self.is_in and not self._saying
