"""Harmless people beside an attack: how long each of their requests takes.

C{python bench/bystander.py PORT KIND...} prints C{ready} when all have joined. When its standard
input ends, it waits for the pending answers and prints its measurements as JSON. It is a process of
its own so that the attackers, in another one, do not slow it down.

Each person comes from an address of their own and stays below the flood limit: they ask for one
thing, wait for the answer, and ask again at the end of the interval since the last question.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread

from peer import Peer, Refused

LIFE = 120.0
"""Seconds after which it ends in any case."""

PATIENCE = 20.0
"""Seconds that an answer may take after the end."""

PASSWORD = "correct-horse-battery"
WORD = "breakfast"
LINES_BEFORE = 5
REFUSED_MOST = 20


@dataclass(slots=True)
class Person:
    """A bystander.

    @ivar number: the last byte of the address.
    @ivar asked_at: the time of the unanswered question; 0 if there is none.
    """

    kind: str
    number: int
    port: int
    until: float
    asked_at: float = 0.0

    @property
    def source(self) -> str:
        """The address that this person comes from."""
        return f"127.0.1.{self.number}"

    @property
    def name(self) -> str:
        """The nickname; also the name of a room that nobody else is in."""
        return f"{self.kind}{self.number}"

    def come(self) -> Peer:
        """Join the chat, and this person's own room."""
        peer = Peer(self.port, self.source, self.until)
        peer.hello(self.name, rooms={self.name: 0})
        return peer


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question, asked again and again.

    @ivar people: how many ask it.
    @ivar interval: seconds between two questions of one person.
    @ivar prepare: called before the first question.
    @ivar ask: asks; returns when the answer is there.
    @ivar after: called after each question, and not measured.
    """

    people: int
    interval: float
    ask: Callable[[Person, Peer], object]
    prepare: Callable[[Person, Peer], object] = lambda person, peer: None
    after: Callable[[Person, Peer], object] = lambda person, peer: None


def _talk(person: Person, peer: Peer) -> None:
    """Say lines that can be read and found."""
    for number in range(LINES_BEFORE):
        peer.say(person.name, f"{WORD} number {number}")


def _page(person: Person, peer: Peer) -> None:
    peer.answer("history", peer.ask("history", room=person.name))


def _login(person: Person, peer: Peer) -> None:
    """Log in with a password, and leave, over a new connection."""
    guest = Peer(person.port, person.source, person.until)
    try:
        guest.hello(f"{person.name}owner", password=PASSWORD)
    finally:
        guest.close()


def _register(person: Person, peer: Peer) -> None:
    owner = Peer(person.port, person.source, person.until)
    owner.hello(f"{person.name}owner")
    owner.command(f"/register {PASSWORD}")
    owner.close()


KINDS = {
    "ping": Kind(5, 0.25, lambda person, peer: peer.answer("pong", peer.ask("ping"))),
    "say": Kind(5, 0.25, lambda person, peer: peer.say(person.name, "good morning")),
    "history": Kind(5, 0.25, _page, prepare=_talk),
    "join": Kind(
        5,
        0.5,
        lambda person, peer: peer.command(f"/join porch{person.number}"),
        after=lambda person, peer: peer.command(f"/part porch{person.number}"),
    ),
    "search": Kind(3, 0.5, lambda person, peer: peer.command(f"/search {WORD}"), prepare=_talk),
    "login": Kind(3, 1.5, _login, prepare=_register),
}


class Measured:
    """The results for the people of one kind.

    @ivar delays: seconds until each answer, those that did not come included.
    @ivar unanswered: how many did not come.
    @ivar refused: how many questions were answered with an error.
    @ivar faults: sentences about other problems.
    """

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.unanswered = 0
        self.refused = 0
        self.faults: list[str] = []


class Bystanders:
    """All bystanders, each in a thread.

    @param kinds: keys of L{KINDS}.
    """

    def __init__(self, port: int, kinds: list[str]) -> None:
        until = time.monotonic() + LIFE
        wanted = [kind for kind in kinds for _ in range(KINDS[kind].people)]
        self._people = [Person(kind, n, port, until) for n, kind in enumerate(wanted, start=1)]
        self._measured = {kind: Measured() for kind in kinds}
        self._lock = Lock()
        self._begun, self._over = Event(), Event()
        self._waiting = len(self._people)
        self._all_here = Event()

    def come(self) -> None:
        """Start all of them, and wait until everybody has joined.

        @raise RuntimeError: somebody could not join.
        """
        self._threads = [Thread(target=self._live, args=(p,), daemon=True) for p in self._people]
        for thread in self._threads:
            thread.start()
        self._all_here.wait(PATIENCE)
        faults = [fault for measured in self._measured.values() for fault in measured.faults]
        if faults or self._waiting:
            raise RuntimeError("; ".join(faults[:3]) or f"{self._waiting} could not join in time")

    def begin(self) -> None:
        """Let everybody ask."""
        self._begun.set()

    def end(self) -> dict[str, dict[str, object]]:
        """Stop asking, wait for the pending answers, and return the measurements."""
        self._over.set()
        deadline = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for person in self._people:
            if asked_at := person.asked_at:
                measured = self._measured[person.kind]
                measured.delays.append(time.monotonic() - asked_at)
                measured.unanswered += 1
        return {kind: vars(measured) for kind, measured in self._measured.items()}

    def _live(self, person: Person) -> None:
        try:
            peer = person.come()
            KINDS[person.kind].prepare(person, peer)
            self._here()
            self._begun.wait()
            self._ask_again_and_again(person, peer)
        except (OSError, EOFError, Refused) as error:
            self._measured[person.kind].faults.append(f"{person.name}: {error or 'cut off'}")

    def _here(self) -> None:
        with self._lock:
            self._waiting -= 1
            if not self._waiting:
                self._all_here.set()

    def _ask_again_and_again(self, person: Person, peer: Peer) -> None:
        kind = KINDS[person.kind]
        # Spread the people over time.
        due = time.monotonic() + kind.interval * (person.number % kind.people) / kind.people
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = time.monotonic() + kind.interval
            self._measure(person, peer, kind)

    def _measure(self, person: Person, peer: Peer, kind: Kind) -> None:
        measured = self._measured[person.kind]
        person.asked_at = time.monotonic()
        try:
            kind.ask(person, peer)
            measured.delays.append(time.monotonic() - person.asked_at)
            person.asked_at = 0.0
            kind.after(person, peer)
        except Refused as error:
            measured.refused += 1
            if error.code == "closing" or measured.refused > REFUSED_MOST:
                raise
        finally:
            person.asked_at = 0.0


def main() -> None:
    """Measure as the command line says."""
    port, *kinds = sys.argv[1:]
    bystanders = Bystanders(int(port), kinds)
    bystanders.come()
    print("ready", flush=True)
    bystanders.begin()
    sys.stdin.read()
    print(json.dumps(bystanders.end()))


if __name__ == "__main__":
    main()
