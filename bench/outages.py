"""Let whatever may befall a cluster befall it again and again: C{python bench/outages.py}.

Three nodes, a primary and its synchronous standby run on this machine while people talk, as in the
tests, from which the rounds are (tests/cluster_troubles.py); tests/prepare installs what is needed.
After each round, everything that anybody heard is compared. All take two or three hours; Ctrl-C
or SIGTERM ends them early. The exit status is 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from tempfile import mkdtemp

from tables import Row, Table

from tests.cluster_checks import KINDS, OTHER, Faulty
from tests.cluster_faults import Rounds, begun
from tests.cluster_troubles import ROUNDS, carry_out

ROUNDS_OF_A_CLUSTER = 20
"""Rounds after which there is a new cluster, for every line so far is compared in each."""


@dataclass
class Outcome:
    """What became of the rounds of one kind.

    @ivar faults: how many of each kind were found.
    @ivar pauses: the seconds without service, where they are measured.
    """

    rounds: int = 0
    lines: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    pauses: list[float] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Count other rounds too."""
        self.rounds += other.rounds
        self.lines += other.lines
        self.faults += other.faults
        self.pauses += other.pauses

    def row(self, name: str) -> Row:
        """Make a row of the table."""
        return {
            "": name,
            "rounds": self.rounds,
            "lines": self.lines,
            **{kind: self.faults[kind] for kind in KINDS},
            "s without service": self._seconds(median),
            "most": self._seconds(max),
        }

    def _seconds(self, of: Callable[[Sequence[float]], float]) -> object:
        return round(of(self.pauses), 2) if self.pauses else ""


def one(name: str, rounds: Rounds, turn: int) -> Outcome:
    """Carry out a round, and tell what became of it."""
    begun, lines = time.monotonic(), rounds.lines
    outcome = Outcome(rounds=1)
    try:
        pause = carry_out(name, rounds, turn)
    except Faulty as found:
        outcome.faults.update(fault.kind for fault in found.faults)
        print(f"\n{found}")
    except (AssertionError, OSError) as error:
        outcome.faults[OTHER] += 1
        print(f"\n{error!r}")
    else:
        outcome.lines = rounds.lines - lines
        outcome.pauses += [] if pause is None else [pause]
        print(f"{outcome.lines:,} lines in {time.monotonic() - begun:.0f} s", flush=True)
    return outcome


def all_of(names: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    """Carry out rounds in this order, in one cluster after the other."""
    turns = Counter[str]()
    while turns.total() < len(names):
        folder = Path(mkdtemp(prefix="chat-outages-"))
        with begun(folder) as rounds:
            for name in names[turns.total() :][:ROUNDS_OF_A_CLUSTER]:
                turns[name] += 1
                print(f"{turns.total()}/{len(names)}  {name}: ", end="", flush=True)
                outcome = one(name, rounds, turns[name])
                yield name, outcome
                if outcome.faults:
                    break
        if outcome.faults:
            print(f"The logs are in {folder}.", flush=True)
        else:
            shutil.rmtree(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Let whatever may befall a cluster befall it, again and again.",
        epilog="rounds:\n" + "\n".join(f"  {name}" for name in ROUNDS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, default, text in (("rounds", 20, "rounds of each"), ("seed", 1, "for their order")):
        shown = f"{text} [default: {default}]"
        parser.add_argument(f"--{name}", type=int, metavar="N", default=default, help=shown)
    parser.add_argument("--only", metavar="TEXT", default="", help="those with this in their name")
    return parser.parse_args()


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    options = _options()
    names = [name for name in ROUNDS if options.only in name] * options.rounds
    Random(options.seed).shuffle(names)
    outcomes = {name: Outcome() for name in ROUNDS if name in names}
    total = Outcome()
    # Whoever started this in the background cannot press Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for name, outcome in all_of(names):
            outcomes[name].add(outcome)
            total.add(outcome)
            total.pauses.clear()  # they are of different things
    except KeyboardInterrupt:
        print("ended early")
    rows = [outcome.row(name) for name, outcome in outcomes.items()]
    print(f"\n{Table('Rounds of faults', [*rows, total.row('all')]).text()}")
    return 1 if total.faults else 0


if __name__ == "__main__":
    sys.exit(main())
