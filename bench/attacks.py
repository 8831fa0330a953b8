"""Measure what attacks cost others: C{python bench/attacks.py}, and C{--help} for a choice.

Each attack has a server of its own on one core, with the default limits, and harmless people beside
it (bystander.py). Everything stays on 127.0.0.0/8 and in temporary folders. The exit status is 1 if
an attack could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import processes
from attackers import connecting, reading, storing, web
from databases import Databases
from scene import MIB, Measured, Scene
from tables import Row, Table

KINDS = ("ping", "say", "history", "join", "search", "login")
TITLE = "What attacks cost others: delays of bystanders in ms, as p50/p99/worst"


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack, by number and name.

    @ivar number: 0 for calm; attacks with the same number are of one kind.
    @ivar carry_out: does it; the first line of its docstring is the title.
    """

    number: int
    name: str
    carry_out: Callable[[Scene], None]

    @property
    def title(self) -> str:
        """The attack in a sentence."""
        return (self.carry_out.__doc__ or "").partition("\n")[0].replace("C{", "").replace("}", "")


ATTACKS = (
    Attack(0, "calm", reading.calm),
    Attack(1, "dead", storing.dead),
    Attack(11, "topics", storing.topics),
    Attack(11, "in-memory", storing.in_memory),
    Attack(21, "mentions", reading.mentions),
    Attack(22, "indexing", reading.indexing),
    Attack(23, "search", reading.searching),
    Attack(23, "export", reading.exporting),
    Attack(24, "recent", reading.recent),
    Attack(25, "room-password", connecting.room_passwords),
    Attack(25, "join-password", connecting.join_passwords),
    Attack(26, "reconnect", storing.reconnecting),
    Attack(27, "bells", storing.bells),
    Attack(28, "acts", storing.acts),
    Attack(29, "nop", connecting.nops_of_one),
    Attack(29, "nops", connecting.nops_of_many),
    Attack(29, "marks", reading.marks),
    Attack(29, "tokens", reading.tokens),
    Attack(29, "closed", reading.closed),
    Attack(30, "rooms", reading.rooms),
    Attack(30, "refused", connecting.refused),
    Attack(31, "fragments", web.fragments),
    Attack(31, "web-pings", web.pings),
    Attack(31, "web-pings-unlimited", web.pings_unlimited),
    Attack(32, "requests", web.requests),
    Attack(32, "requests-unlimited", web.requests_unlimited),
    Attack(32, "browsers", web.browsers),
    Attack(33, "handshakes", connecting.handshakes),
    Attack(33, "handshakes-unlimited", connecting.handshakes_unlimited),
)


class Bench:
    """A run of attacks.

    @param core: the server's, or C{None} if all share the only one.
    @ivar faults: sentences about what could not be measured.
    """

    def __init__(self, options: argparse.Namespace, core: int | None, databases: Databases) -> None:
        self._options = options
        self._core = core
        self._databases = databases
        self._best: dict[str, Measured] = {}
        self.faults: list[str] = []

    def carry_out(self, attack: Attack) -> None:
        """Measure an attack; keep the run in which other processes used the least CPU."""
        begun = time.monotonic()
        try:
            measured = self._measured(attack)
        except Exception as error:
            self.faults.append(f"{attack.name} could not be measured: {error!r:.300}")
            _progress(f"{attack.name}: {self.faults[-1]}")
            return
        best = self._best.get(attack.name)
        if best is None or measured.others < best.others:
            self._best[attack.name] = measured
        _progress(f"{attack.name}: {measured.told} ({time.monotonic() - begun:.0f} s)")

    def _measured(self, attack: Attack) -> Measured:
        options = self._options
        with TemporaryDirectory(prefix="chat-attack-", dir=options.folder) as folder:
            args = (Path(folder), self._core, options.python, self._databases, options.seconds)
            scene = Scene(*args)
            try:
                attack.carry_out(scene)
            finally:
                scene.close()
            return scene.measured

    def table(self) -> Table:
        """Make a table of the results."""
        rows = [_row(each, self._best[each.name]) for each in ATTACKS if each.name in self._best]
        notes = [
            f"{name}: {fault}"
            for name, measured in self._best.items()
            for answers in measured.answers.values()
            for fault in answers["faults"]
        ]
        return Table(TITLE, rows, self.faults + notes)

    def results(self) -> dict[str, object]:
        """Return all results, for a program."""
        return {name: asdict(measured) for name, measured in self._best.items()}


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _row(attack: Attack, measured: Measured) -> Row:
    row: Row = {
        "attack": f"{attack.number:2} {attack.name}",
        "CPU %": round(measured.cpu * 100),
        "others %": round(measured.others * 100),
    }
    for kind in KINDS:
        row[kind] = _delays(measured, kind)
    row |= {"MiB": round(measured.memory / MIB), "peak MiB": round(measured.peak / MIB)}
    return row | {"what got through": measured.told}


def _delays(measured: Measured, kind: str) -> str:
    """Format the delays in ms, and the numbers of refused (r) and unanswered (u) questions."""
    answers = measured.answers.get(kind)
    if answers is None:
        return "-"
    ordered = sorted(answers["delays"])
    shown = [_milliseconds(ordered[int((len(ordered) - 1) * at)]) for at in (0.5, 0.99, 1)]
    counts = [f" {answers[key]}{key[0]}" for key in ("refused", "unanswered") if answers[key]]
    return "/".join(shown) + "".join(counts)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.{1 if seconds < 0.01 else 0}f}"


def _parser() -> argparse.ArgumentParser:
    attacks = "\n".join(f"  {each.number:2} {each.name:<14} {each.title}" for each in ATTACKS)
    parser = argparse.ArgumentParser(
        description="Measure what attacks cost others. The server runs on one core, all else on"
        " another.",
        epilog=f"attacks:\n{attacks}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="NAME,...", help="see below [default: all]")
    parser.add_argument(
        "--python",
        # Not realpath: Python finds a virtual environment by its link.
        type=os.path.abspath,
        metavar="PATH",
        help="the interpreter whose installed chat is measured [default: this checkout's]",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parser.add_argument(
        "--rounds",
        type=int,
        choices=range(1, 11),
        default=1,
        metavar="N",
        help="measure so often, and show the quietest [default: 1]",
    )
    parser.add_argument(
        "--seconds",
        type=int,
        choices=range(3, 11),
        default=8,
        metavar="N",
        help="length of each attack, 3 to 10 [default: 8]",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="on the disk to use, with 3 GB free [default: that of temporary files]",
    )
    return parser


def _chosen(parser: argparse.ArgumentParser, only: str | None) -> list[Attack]:
    known = [attack.name for attack in ATTACKS]
    names = only.split(",") if only else known
    for name in names:
        if name not in known:
            parser.error(f"there is no attack {name}; there are {', '.join(known)}")
    return [attack for attack in ATTACKS if attack.name in names]


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = _parser()
    options = parser.parse_args()
    chosen = _chosen(parser, options.only)
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    server_core, own_core = processes.two_cores() or (None, None)
    processes.raise_file_limit()
    processes.pin(0, own_core)
    with TemporaryDirectory(prefix="chat-filled-", dir=options.folder) as folder:
        bench = Bench(options, server_core, Databases(Path(folder), options.python))
        for _ in range(options.rounds):
            for attack in chosen:
                bench.carry_out(attack)
    print(f"{machine}\n\n{bench.table().text()}")
    if options.json:
        facts = {"machine": machine, "attacks": bench.results(), "faults": bench.faults}
        options.json.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main())
