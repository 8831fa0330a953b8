"""Measure the chat: C{python bench/run.py}, and C{--help} for what can be chosen.

This starts the server on one core, plays its members from this process on another, and prints
tables. Everything stays on 127.0.0.1 and in temporary folders. The exit status is 1 if any message
did not arrive, was not in the history, or could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random

import processes
from beside import PAIRS, beside
from chat_server import PROJECT
from crashes import crash_loop
from doors import IrcDoor, JsonDoor, TextDoor, WebSocketDoor
from limit import compare
from loads import joining, lone, memory, saturated
from paging import pages
from people import two_each
from tables import Row, Table

ROOMS, MEMBERS_OF_A_ROOM = 200, 5
FAULTS_SHOWN = 20

PARTS = {
    "saturated": "Saturated: ten senders, eight messages of each on their way",
    "lone": "Lone messages: nothing else goes on",
    "rooms": "Many small rooms: one sender in each, eight of its messages on their way",
    "join": "Joining one room, everybody hearing of everybody; then lone messages to all",
    "memory": "Memory of the server for members who have joined one room",
    "people": "Two connections of each person: 1,000 connections in one room, medians of rounds",
    "doors": "WebSocket beside JSON, TLS and IRC beside text: 1,000 members, medians of rounds",
    "irc": "Joining one room as IRC clients, everybody with all capabilities; then lone messages",
    "pages": "Pages of a long history, as an IRC client asks for them",
    "crash": "kill -9 under load, and started again with the same database",
    "cluster": "One to three nodes over PostgreSQL; ranges of rounds",
    "limit": "Beside C and IRC servers: 1,000 members in one room, ratios to C, medians of rounds",
}


class Bench:
    """The parts of the benchmark, each of which makes a table.

    @param core: the server's, or C{None} if all share the only one.
    @param own_core: that of this process, likewise.
    @param most: connections that the limit of open files allows.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        core: int | None,
        own_core: int | None,
        most: int,
    ) -> None:
        self._options = options
        self._core = core
        self._own_core = own_core
        self._most = most

    def part(self, name: str) -> Table:
        """Run a part; an error that ends it becomes a note."""
        table = Table(PARTS[name])
        try:
            getattr(self, f"_{name}")(table)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            table.notes.append(f"It could not be measured: {error}.")
        return table

    def _for_each(self, table: Table, sizes: Sequence[int], row: Callable[[int], Row]) -> None:
        """Make one row for each size that is possible."""
        for size in sizes:
            if size <= self._most:
                table.rows.append(row(size))
            else:
                table.notes.append(
                    f"{size:,} members are more than the limit of open files allows"
                    f" ({self._most:,}): raise the hard limit (ulimit -Hn)."
                )

    def _saturated(self, table: Table) -> None:
        seconds = self._options.seconds
        sizes = self._options.members
        self._for_each(table, sizes, lambda size: saturated(self._core, size, seconds))

    def _lone(self, table: Table) -> None:
        seconds = self._options.seconds
        sizes = [max(self._options.members)]
        self._for_each(table, sizes, lambda size: lone(self._core, size, seconds))

    def _rooms(self, table: Table) -> None:
        seconds = self._options.seconds
        sizes = [ROOMS * MEMBERS_OF_A_ROOM]
        self._for_each(table, sizes, lambda size: saturated(self._core, size, seconds, ROOMS))

    def _join(self, table: Table) -> None:
        self._for_each(table, self._options.join, lambda size: joining(self._core, size))

    def _memory(self, table: Table) -> None:
        sizes = [self._options.memory]
        for door in (TextDoor(), JsonDoor(), WebSocketDoor(), IrcDoor()):
            self._for_each(table, sizes, partial(memory, self._core, door=door))

    def _people(self, table: Table) -> None:
        table.rows += two_each(self._core, self._options.seconds, self._options.rounds)

    def _doors(self, table: Table) -> None:
        options = self._options
        doors = options.door or list(PAIRS)
        table.rows += beside(self._core, options.seconds, options.rounds, doors)

    def _irc(self, table: Table) -> None:
        sizes = self._options.irc
        self._for_each(table, sizes, lambda size: joining(self._core, size, IrcDoor()))

    def _pages(self, table: Table) -> None:
        table.rows.append(pages(self._core))

    def _crash(self, table: Table) -> None:
        random = Random(self._options.seed)
        row, faults = crash_loop(self._core, self._options.kills, random)
        table.rows.append(row)
        table.notes += faults[:FAULTS_SHOWN]

    def _cluster(self, table: Table) -> None:
        # They import psycopg, which is needed for nothing else.
        sys.path.append(str(PROJECT))
        try:
            from cluster import cluster
        except ImportError as error:
            table.notes.append(f"It could not be measured: {error}.")
        else:
            options = self._options
            table.rows += cluster(self._core, self._own_core, options.seconds, options.rounds)

    def _limit(self, table: Table) -> None:
        options = self._options
        folder = options.limit.resolve()
        table.rows, table.notes = compare(folder, self._core, options.seconds, options.rounds)


def _between(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"it is to be from {least:,} to {most:,}")
        return value

    return number


def _parser() -> argparse.ArgumentParser:
    parts = "\n".join(f"  {name:<10} {title}" for name, title in PARTS.items())
    parser = argparse.ArgumentParser(
        description="Measure the chat. The server runs on one core, its members on another.",
        epilog=f"parts:\n{parts}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="part", help="see below [default: all]")

    def number(name: str, default: object, least: int, most: int, text: str) -> None:
        several = "+" if isinstance(default, list) else None
        shown = " ".join(map(str, default)) if isinstance(default, list) else default
        parser.add_argument(
            f"--{name}",
            nargs=several,
            type=_between(least, most),
            default=default,
            metavar="N",
            help=f"{text} [default: {shown}]",
        )

    number("members", [100, 1000], 12, 50_000, "sizes for saturated; the largest also for lone")
    number("join", [1000, 10_000], 12, 50_000, "sizes for join")
    number("irc", [1000, 5000], 12, 50_000, "sizes for irc")
    number("memory", 1000, 12, 50_000, "size for memory")
    number("seconds", 5, 1, 60, "length of each load")
    number("kills", 50, 1, 1000, "how often the server is killed")
    number("seed", 1, 0, 2**32, "for the moments at which it is killed")
    number("rounds", 5, 1, 50, "rounds of people, doors, cluster and limit")
    parser.add_argument(
        "--door", nargs="+", choices=list(PAIRS), help="which ones the part doors compares [all]"
    )
    parser.add_argument(
        "--limit", type=Path, metavar="DIR", help="where limit and chatload are (see limit.py)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the tables there")
    return parser


def _options() -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part}; there are {', '.join(PARTS)}")
    if "limit" in options.parts and options.limit is None:
        parser.error("the part limit needs --limit DIR")
    if not options.parts and options.door:
        by_irc = ["irc", "pages", *(["limit"] if options.limit else [])]
        options.parts = ["doors", *(by_irc if "irc" in options.door else [])]
    if not options.parts:
        options.parts = [part for part in PARTS if part != "limit" or options.limit]
    return options


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    options = _options()
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    python = f"Python {platform.python_version()}, Twisted {version('twisted')}"
    machine = f"{os.cpu_count()} cores, {system}, {python}"
    print(machine)
    cores = processes.two_cores()
    if cores is None:
        print("There is one core for the server and the members: the figures say little.")
    server_core, own_core = cores or (None, None)
    bench = Bench(options, server_core, own_core, processes.raise_file_limit())
    processes.pin(0, own_core)
    tables = []
    for part in options.parts:
        tables.append(bench.part(part))
        print(f"\n{tables[-1].text()}", flush=True)
    if options.json:
        facts = {"machine": machine, "tables": [vars(table) for table in tables]}
        options.json.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return 0 if all(table.is_sound() for table in tables) else 1


if __name__ == "__main__":
    sys.exit(main())
