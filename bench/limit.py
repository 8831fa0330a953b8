"""A comparison with a program in C that does the least that a broadcast needs.

The folder given with C{--limit} has two programs, which are not part of this project:

C{limit PORT}
    Listens on 127.0.0.1. The first line of a connection is a nickname; every further line goes to
    all, as C{nickname: line}, with one send() for each connection and turn of its epoll loop.

C{chatload}
    Plays the members, for either server, and prints one JSON object that has
    C{cpu_us_per_delivery}. Its options are in L{_play}.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import processes
from chat_server import fresh_server
from loads import LONE_RATE, SENDERS, WINDOW
from tables import Row

MEMBERS = 1000
LOADS = {
    "saturated": ("--window", str(WINDOW)),
    "lone": ("--rate", str(LONE_RATE)),
}
TARGETS = {"saturated": 2.5, "lone": 2.2}
"""The most CPU time that the server may use, as a multiple of the C program's."""

START_LIMIT = 10.0


@contextmanager
def _limit(program: Path, core: int | None) -> Iterator[tuple[int, int]]:
    """Run the C program; give its port and its process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    process = processes.start([str(program), str(port)], core)
    try:
        deadline = time.monotonic() + START_LIMIT
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{program} does not listen on port {port}")
            time.sleep(0.05)
        yield port, process.pid
    finally:
        processes.end(process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionError:
        return False
    return True


def _play(chatload: Path, port: int, pid: int, load: str, seconds: float, ready: str = "") -> float:
    """Play the members; return the microseconds of server CPU per delivery.

    @param ready: what a member waits for before it counts as joined.
    """
    command = [str(chatload), "--port", str(port), "--pid", str(pid)]
    command += ["--clients", str(MEMBERS), "--senders", str(SENDERS), "--seconds", str(seconds)]
    command += [*LOADS[load], *(("--ready", ready) if ready else ())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120 + seconds)
    if done.returncode:
        raise RuntimeError(f"{chatload} failed: {done.stderr or done.stdout}")
    return float(json.loads(done.stdout)["cpu_us_per_delivery"])


def compare(folder: Path, core: int | None, seconds: float, rounds: int) -> list[Row]:
    """Load the two servers alternately, both on one core, for several rounds; return medians."""
    results: dict[str, list[tuple[float, float]]] = {load: [] for load in LOADS}
    chatload = folder / "chatload"
    with _limit(folder / "limit", core) as (port, pid), fresh_server(core) as server:
        for _ in range(rounds):
            for load, pairs in results.items():
                ours = _play(chatload, server.port, server.pid, load, seconds, "you joined lobby")
                server.wait_until_idle()
                pairs.append((ours, _play(chatload, port, pid, load, seconds)))
    return [_row(load, pairs) for load, pairs in results.items()]


def _row(load: str, pairs: list[tuple[float, float]]) -> Row:
    ratios = [ours / limit for ours, limit in pairs]
    return {
        "load": f"{load}, one room",
        "members": MEMBERS,
        "chat us/delivery": round(median(ours for ours, _ in pairs), 3),
        "C us/delivery": round(median(limit for _, limit in pairs), 3),
        "ratio": round(median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
        "target": TARGETS[load],
    }
