"""The processes of the tests' PostgreSQL servers: stopped, killed and cleared away.

As a program it waits until its input ends, which happens however the test run ends, and then
clears a directory away:

    python engine_processes.py DIRECTORY
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

STOPPED = "T"
SHARED_MEMORY = 6
"""The line of C{postmaster.pid} with the key and the id of a segment, counted from 0."""


def within(directory: Path) -> list[int]:
    """List the processes that work in C{directory}: all of a server work in its data."""
    found = []
    for working in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if working.readlink().is_relative_to(directory):
                found.append(int(working.parent.name))
    return found


def _state(pid: int) -> str:
    """Read the state of a process (proc_pid_stat(5)); one that has ended counts as stopped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return STOPPED


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def stop(directory: Path) -> None:
    """Stop all processes in C{directory}, and wait until none of them can start another."""
    while going := [pid for pid in within(directory) if _state(pid) != STOPPED]:
        _send(going, signal.SIGSTOP)


def resume(directory: Path) -> None:
    """Let all stopped processes in C{directory} continue."""
    _send(within(directory), signal.SIGCONT)


def kill(directory: Path) -> None:
    """Kill all processes in C{directory} at one moment, as the end of their machine would."""
    stop(directory)
    _send(within(directory), signal.SIGKILL)
    while within(directory):
        time.sleep(0.001)


def clear(directory: Path) -> None:
    """Kill all processes in C{directory}, and remove it with what killed servers left behind."""
    kill(directory)
    for left in directory.rglob("postmaster.pid"):
        lines = left.read_text().splitlines()
        if len(lines) > SHARED_MEMORY:
            segment = lines[SHARED_MEMORY].split()[-1]
            subprocess.run(["ipcrm", "--shmem-id", segment], capture_output=True)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()
    clear(Path(sys.argv[1]))
