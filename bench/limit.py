"""A comparison with a program in C that does the least that a broadcast needs, and with Debian's
IRC servers C{ngircd} and C{inspircd}, where they are installed.

The folder given with C{--limit} has two programs, which are not part of this project:

C{limit PORT}
    Listens on 127.0.0.1. The first line of a connection is a nickname; every further line goes to
    all, as C{nickname: line}, with one send() for each connection and turn of its epoll loop.

C{chatload}
    Plays the members, for any of the servers, and prints one JSON object that has
    C{cpu_us_per_delivery}, and C{p50} and C{p99} in C{lat_ms}. Its options are in L{_play} and
    L{servers}.
"""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import processes
from loads import LONE_RATE, SENDERS, WINDOW
from rounds import Figures, columns
from servers import C_PROGRAM, CHAT, IRC_DOOR, Server, all_servers, missing
from tables import Row

MEMBERS = 1000
LOADS = {
    "saturated": ("--window", str(WINDOW)),
    "lone": ("--rate", str(LONE_RATE)),
}
TARGETS = {"saturated": 1.7, "lone": 1.5}
"""The most CPU time per delivery that the chat may use, as a multiple of the C program's. It is
also to use less than any IRC server."""

IRC_TARGET = 1.3
"""The most CPU time per delivery at the IRC door, as a multiple of that at the text door."""

DELAY_TARGETS = {"lone": 1.4}
"""The longest that one delay in a hundred may be, as a multiple of the C program's."""


def _play(chatload: Path, server: Server, load: str, seconds: float) -> Figures:
    """Play the members, and wait until the server has nothing left to do."""
    command = [str(chatload), "--port", str(server.port), "--pid", str(server.pid)]
    command += ["--clients", str(MEMBERS), "--senders", str(SENDERS), "--seconds", str(seconds)]
    command += [*LOADS[load], *server.loading]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120 + seconds
    )
    if done.returncode:
        raise RuntimeError(f"{chatload} failed with {server.name}: {done.stderr or done.stdout}")
    processes.wait_until_idle(server.pid)
    facts = json.loads(done.stdout)
    return Figures(facts["cpu_us_per_delivery"], facts["lat_ms"]["p50"], facts["lat_ms"]["p99"])


def compare(
    folder: Path, core: int | None, seconds: float, rounds: int
) -> tuple[list[Row], list[str]]:
    """Load the servers in turn, all on one core, for several rounds; return medians and notes."""
    results: defaultdict[tuple[str, str], list[Figures]] = defaultdict(list)
    with all_servers(folder / "limit", core) as servers:
        for _ in range(rounds):
            for load in LOADS:
                for server in servers:
                    figures = _play(folder / "chatload", server, load, seconds)
                    results[load, server.name].append(figures)
    rows = [
        _row(load, name, figures, results[load, CHAT if name == IRC_DOOR else C_PROGRAM])
        for (load, name), figures in results.items()
    ]
    return rows, [f"{name} is not installed, so it was not compared." for name in missing()]


def _row(load: str, name: str, own: Sequence[Figures], others: Sequence[Figures]) -> Row:
    """Make a row of a server's figures, beside those of another in the same rounds."""
    return {
        "load": load,
        "server": name,
        **columns(own, others),
        "target": _target(load, name),
        "p99 target": _at_most(DELAY_TARGETS.get(load)) if name == CHAT else "",
    }


def _target(load: str, name: str) -> str:
    if name == CHAT:
        return _at_most(TARGETS[load])
    if name == IRC_DOOR:
        return f"{_at_most(IRC_TARGET)} (to {CHAT})"
    return "" if name == C_PROGRAM else "above the chat"


def _at_most(target: float | None) -> str:
    return "" if target is None else f"at most {target}"
