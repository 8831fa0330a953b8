"""Processes on a core of their own, and their figures in /proc (proc(5))."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SPARE_FILES = 100
"""Descriptors that a process needs besides its connections."""

PATIENCE = 15.0
"""Seconds that a process has to end by itself when it is asked to."""

IDLE_LIMIT = 60.0

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def two_cores() -> tuple[int, int] | None:
    """Choose a core for the server and one for the members; C{None} if there is only one in all."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None


def pin(pid: int, core: int | None) -> None:
    """Keep a process (0: this one) on a core, with the threads that it starts from now on."""
    if core is not None:
        os.sched_setaffinity(pid, {core})


@contextmanager
def on_all_cores() -> Iterator[None]:
    """Let this process, and those that it starts, use all cores in a context."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    yield
    os.sched_setaffinity(0, before)


def start(
    command: Sequence[str],
    core: int | None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program, pinned, without input and with its output discarded."""
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
    """Ask a process that we started to end, and kill it if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def cpu_seconds(pid: int) -> float:
    """Measure the CPU time, user and system, of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def wait_until_idle(pid: int) -> None:
    """Wait until a process has used no CPU for half a second."""
    deadline = time.monotonic() + IDLE_LIMIT
    before, used = -1.0, cpu_seconds(pid)
    while used > before and time.monotonic() < deadline:
        time.sleep(0.5)
        before, used = used, cpu_seconds(pid)


def resident_bytes(pid: int) -> int:
    """Measure the memory of a process that is in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def peak_bytes(pid: int) -> int:
    """Measure the most memory that a process ever had in RAM."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def descriptors(pid: int) -> int:
    """Count the open file descriptors of a process."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def busy_seconds() -> float:
    """Measure the CPU time of everything on this machine, on all cores."""
    fields = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8]))
    idle, waiting = fields[3:5]
    return (sum(fields) - idle - waiting) / _TICKS


def raise_file_limit() -> int:
    """Raise this process's own limit to the hard one, which children inherit.

    @return: how many connections that allows.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - SPARE_FILES
