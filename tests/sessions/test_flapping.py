"""Lines on a link that breaks all the time: every one is said once and shown once."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock

from chatservice.chat.journal import Wanted
from chatservice.config.settings import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.people.account import NOT_STORED
from chatservice.people.accounts import Accounts
from chatservice.protocol.ids import EventIds
from chatservice.server import ChatFactory
from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.database import Database
from chatservice.storage.journal import DatabaseJournal
from tests.conversation import NOON, Facts, JsonPerson, TableCase, Wire, each_row
from tests.databases import DatabaseTestCase
from tests.doubles import PlainPasswords
from tests.journals import JournalInMemory

LINES = 1000
ROOMS = ("lobby", "python")
SECRET = "correct-horse"
SOON, LATE = (0, 29), (31, 90)
"""Seconds for which the link is down: not long enough for others to see it, and long enough."""


class World:
    """A chat that can be started again, and the connections to it.

    @param open_journal: gives the journal and the database of the next run.
    """

    def __init__(self, open_journal: Callable[[], tuple[Any, Database | None]]) -> None:
        self.clock = Clock()
        self._open_journal = open_journal
        self.start()

    def start(self) -> None:
        """Begin a run; of an earlier one nothing is left but what was stored."""
        self.journal, database = self._open_journal()
        ids = EventIds(lambda: NOON.timestamp() + self.clock.seconds())
        ids.start_above(self.journal.floor)
        self.journal.ids = ids
        store = NOT_STORED if database is None else StoredAccounts(database)
        accounts = Accounts(PlainPasswords(), self.clock.seconds, ids.now, store)
        accounts.load()
        settings = Settings(rate_limit=0)
        self.chat = ChatFactory(self.clock, self.journal, settings, accounts)
        self.chat.restore()
        self._front = FrontFactory(self.chat, Admission(), PortKind(direct=True))
        self.wires: list[Wire] = []

    def connect(self) -> Wire:
        """A new connection."""
        wire = Wire(self.clock)
        wire.protocol = self._front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        self.wires.append(wire)
        return wire

    def crash(self) -> None:
        """End the run without a warning; the people find out."""
        for wire in self.wires:
            wire.connected = wire.reading = False
        for call in self.clock.getDelayedCalls():
            call.cancel()
        self.start()


class Client:
    """What "Resuming" in docs/protocol.rst describes.

    @ivar shown: the texts of each room (C{""}: private ones) in the order of showing.
    """

    def __init__(self, connect: Callable[[], Wire], choose: random.Random) -> None:
        self._connect = connect
        self._choose = choose
        self._token = ""
        self._last = dict.fromkeys(("", *ROOMS), 0)
        self._unsaid: dict[str, str] = {}
        self._sent: set[str] = set()
        self._count = 0
        self.shown: dict[str, list[str]] = {room: [] for room in self._last}
        self.wire: Wire | None = None

    @property
    def is_live(self) -> bool:
        """Whether everything missed is shown, and lines are sent at once."""
        return self.wire is not None and self._fence > 0 and not self._pages

    @property
    def is_done(self) -> bool:
        """Whether every line of its own has come back."""
        return not self._unsaid

    def comes(self) -> None:
        """Connect, and ask for the place."""
        self.wire = self._connect()
        self._rest = b""
        self._fence = 0
        self._pages: list[str] = []
        self._by_itself: list[Facts] = []
        self._sent = set()
        last = {room: id for room, id in self._last.items() if room}
        token = {"token": self._token} if self._token else {}
        self._asks("hello", nick="ada", rooms=last, **token)

    def says(self, text: str) -> None:
        """Say a line, as soon as it can be sent."""
        self._count += 1
        self._unsaid[f"r{self._count}"] = text
        self._send_unsaid()

    def commands(self, line: str) -> None:
        """Give a command, once."""
        self._asks("command", line=line)

    def loses_the_link(self, noticed: bool) -> None:
        """Nothing comes any more, in the middle of something.

        @param noticed: whether the chat finds out.
        """
        assert self.wire is not None
        data = self.wire.gets()
        self._receive(data[: self._choose.randint(0, len(data))])
        if noticed:
            self.wire.vanishes()
        self.wire = None

    def reads(self) -> None:
        """Take what has come."""
        while self.wire is not None and (data := self.wire.gets()):
            self._receive(data)

    def _asks(self, kind: str, **members: Any) -> None:
        assert self.wire is not None
        data = json.dumps({"type": kind, **members}).encode() + b"\n"
        if self._choose.random() < 0.5:
            # All in one turn with what comes next.
            self.wire.protocol.dataReceived(data)
        else:
            self.wire.sends(data, self._choose.choice((0, 7)))

    def _receive(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                self._take(json.loads(line))

    def _take(self, facts: Facts) -> None:
        match facts["type"]:
            case "welcome":
                self._token, self._fence = facts["token"], facts["id"]
                rooms = [name for name, room in facts["rooms"].items() if room["missed"]]
                self._pages = [*rooms, ""]
                self._ask_for_page()
            case "history":
                self._show_all(facts["events"])
                if not facts["more"]:
                    self._pages.pop(0)
                self._ask_for_page()
            case "said" | "whispered" if self._pages:
                self._by_itself.append(facts)
            case "said" | "whispered":
                self._show_all([facts])

    def _ask_for_page(self) -> None:
        if self._pages:
            room = self._pages[0]
            where = {"room": room} if room else {}
            span = {"after": self._last[room], "before": self._fence, "limit": 30}
            self._asks("history", **where, **span)
        else:
            self._show_all(self._by_itself)
            self._by_itself = []
            self._send_unsaid()

    def _show_all(self, events: list[Facts]) -> None:
        for event in events:
            room = event.get("room", "")
            assert event["id"] > self._last[room], "shown twice, or too late"
            self._last[room] = event["id"]
            self.shown[room].append(event["text"])
            if event["nick"] == "ada":
                self._unsaid.pop(event["ref"])

    def _send_unsaid(self) -> None:
        for ref, text in list(self._unsaid.items()):
            if not self.is_live:
                return
            if ref not in self._sent:
                self._sent.add(ref)
                self._asks("say", room="lobby", text=text, ref=ref)


class Flapping:
    """A client on a link that flaps, while two others talk.

    @param gap: for how many seconds the link is down, at least and at most.
    """

    def __init__(self, world: World, seed: int, gap: tuple[int, int]) -> None:
        self.world = world
        self.random = random.Random(seed)
        self._gap = gap
        self.presence: list[str] = []
        self.flaps = 0
        self.client = Client(world.connect, self.random)
        self.client.comes()
        self.client.reads()
        self.client.commands(f"/register {SECRET}")
        self.client.reads()
        self.others_come()

    def others_come(self) -> None:
        """Bob and eve are there for the whole run."""
        self.others = [JsonPerson(self.world.connect()) for _ in range(2)]
        for other, nick in zip(self.others, ("bob", "eve"), strict=True):
            other.asks("hello", nick=nick, rooms=dict.fromkeys(ROOMS, 0))
            self.hear()

    def hear(self) -> None:
        """Note what the others see of ada's coming and going."""
        for other in self.others:
            self.presence += [
                facts["type"]
                for facts in other.sees_all()
                if facts["type"] in ("joined", "left", "parted") and facts["nick"] == "ada"
            ]

    def line(self, number: int) -> None:
        """One of the others says something, or tells ada alone."""
        other = self.random.choice(self.others)
        if self.random.random() < 0.1:
            other.asks("command", line=f"/msg ada line {number}")
        else:
            other.asks("say", room=self.random.choice(ROOMS), text=f"line {number}")
        if self.random.random() < 0.1:
            self.client.says(f"ada {number}")
        if self.random.random() < 0.3:
            self.client.reads()
        if self.random.random() < 0.05:
            self.hear()

    def flap(self) -> None:
        """The link breaks, or is there again and maybe breaks at once."""
        if self.client.wire is None:
            self.client.comes()
            return
        self.flaps += 1
        self.client.loses_the_link(noticed=self.random.random() < 0.7)
        self.world.clock.advance(self.random.randint(*self._gap))

    def end(self) -> None:
        """Let everything come through."""
        while not (self.client.is_live and self.client.is_done):
            if self.client.wire is None:
                self.client.comes()
            self.client.reads()
        self.client.reads()
        self.hear()


def said_in(journal: Any, of: str | bytes) -> list[str]:
    """All that is kept of a room, or of somebody's private lines."""
    texts: list[str] = []
    after, more = 0, True
    while more:
        pages: list[Any] = []
        journal.page(Wanted(of=of, after=after, limit=100)).addCallback(pages.append)
        events = pages[0].events
        texts += [event.text for event in events]
        after, more = (events[-1].id if events else after), pages[0].more
    return texts


RUNS = {
    f"{name}_{store}_{seed}": (seed, gap, store)
    for name, gap in (("soon", SOON), ("late", LATE))
    for store in ("memory", "database")
    for seed in range(2)
}


class WorldCase(TableCase, DatabaseTestCase):
    """Tests of a chat that can be started again."""

    def setUp(self) -> None:
        super().setUp()
        self.close_database: Callable[[], None] = lambda: None
        self.addCleanup(lambda: self.close_database())

    def world(self, store: str) -> World:
        if store == "memory":
            return World(lambda: (JournalInMemory(), None))
        return World(self.opened_journal)

    def opened_journal(self) -> tuple[DatabaseJournal, Database]:
        self.close_database()
        database = self.database()
        database.open()
        self.close_database = database.close
        journal = DatabaseJournal(database)
        journal.open()
        return journal, database


class FlappingTests(WorldCase):
    """A program at the JSON door."""

    def check(self, flapping: Flapping) -> None:
        """Check that all was said once, and shown once, in order."""
        client, world = flapping.client, flapping.world
        account = world.chat.accounts.named("ada")
        for room in ROOMS:
            self.assertEqual(client.shown[room], said_in(world.journal, room))
        self.assertEqual(client.shown[""], said_in(world.journal, account.identity))
        said = [text for texts in client.shown.values() for text in texts]
        self.assertEqual(len(said), len(set(said)))
        others = sorted(int(text[5:]) for text in said if text.startswith("line "))
        self.assertEqual(others, list(range(LINES)))
        own = [int(text[4:]) for text in client.shown["lobby"] if text.startswith("ada ")]
        self.assertEqual(own, sorted(own))
        self.assertEqual(len(own), client._count)
        self.assertGreater(flapping.flaps, 50)

    @each_row(RUNS)
    def test_flapping(self, row: tuple[int, tuple[int, int], str]) -> None:
        """However often the link breaks, for however long, all is said once and shown once."""
        seed, gap, store = row
        flapping = Flapping(self.world(store), seed, gap)
        for number in range(LINES):
            flapping.line(number)
            if flapping.random.random() < 0.15:
                flapping.flap()
        flapping.end()
        self.check(flapping)
        seen = set(flapping.presence)
        self.assertEqual(seen, set() if gap is SOON else {"left", "joined"})

    @each_row({"soon": SOON, "late": LATE})
    def test_restart(self, gap: tuple[int, int]) -> None:
        """Nor does it matter when the chat is killed and started again."""
        flapping = Flapping(self.world("database"), 1, gap)
        for number in range(LINES):
            flapping.line(number)
            if flapping.random.random() < 0.15:
                flapping.flap()
            if number % 300 == 299:
                flapping.hear()
                if flapping.client.wire is not None:
                    flapping.client.loses_the_link(noticed=False)
                flapping.world.crash()
                flapping.others_come()
        flapping.end()
        self.check(flapping)
