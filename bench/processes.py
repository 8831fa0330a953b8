"""Processes on a core of their own, and what /proc tells of them (proc(5))."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SPARE_FILES = 100
"""Descriptors that a process needs besides its connections."""

PATIENCE = 15.0
"""Seconds in which a process may end by itself when it is asked to."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def two_cores() -> tuple[int, int] | None:
    """One core for the server and one for the members; C{None} if there is only one in all."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None


def pin(pid: int, core: int | None) -> None:
    """Keep a process (0: this one) on a core, and the threads that it starts from now on."""
    if core is not None:
        os.sched_setaffinity(pid, {core})


def start(
    command: Sequence[str],
    core: int | None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program, pinned, with nothing to read and its words thrown away."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pin(process.pid, core)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process of ours to end, and make it if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def cpu_seconds(pid: int) -> float:
    """The CPU time, of user and system, that all threads of a process have had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid: int) -> int:
    """The memory of a process that is in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def peak_bytes(pid: int) -> int:
    """The most memory that a process ever had in RAM."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def descriptors(pid: int) -> int:
    """How many file descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def busy_seconds() -> float:
    """The CPU time that everything on this machine has had, on all cores."""
    fields = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8]))
    idle, waiting = fields[3:5]
    return (sum(fields) - idle - waiting) / _TICKS


def raise_file_limit() -> int:
    """Raise this process's own limit to the hard one, which children inherit.

    @return: how many connections that leaves.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - SPARE_FILES
