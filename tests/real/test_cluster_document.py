"""The tutorial of docs/cluster.rst, followed from top to bottom, in an empty directory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import blocks
from tests.engine import MISSING, PROGRAMS, empty_directory, unprivileged
from tests.engine_processes import clear
from tests.running import PATIENCE, free_port, running

PATHS = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"
OTHERS = ("haproxy", "nc.openbsd", "openssl", "curl", "bash")
LACKING = [MISSING] * bool(MISSING) + [
    f"{program} is not installed" for program in OTHERS if shutil.which(program, path=PATHS) is None
]
PORTS = ("54321", "54322", "54323", "59000", "59001", "59002")
PRINTED_PROGRAMS = "/usr/lib/postgresql/15/bin"

OF_THE_CHAT = re.compile(r"\bnode\b|nc -N|haproxy|chatservice")
"""Words in blocks for whoever runs the chat; all others are for whoever runs the database."""

EXPECTED = {
    "pg_stat_replication": r"db2 .* quorum\n db3 .* quorum",
    "printf 'eve": r"bob: hello",
    "a-long-password": r"-- one \(this one\): \d+ (person|people), .*\n-- two: \d+ p",
    "healthz": r"^ok$",
    "that went well": r"bob: hello\n(.*\n)*.* dan: that went well",
    "exporting": r"events: [1-9]\d* rows",
}
"""What blocks with certain words show in the end; others just succeed."""

pytestmark = pytest.mark.skipif(bool(LACKING), reason=", ".join(LACKING))


class Reader:
    """Somebody who follows the tutorial, on ports that are free.

    @ivar directory: where everything is.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ports = {port: str(free_port()) for port in PORTS}
        self._before = ""

    def always(self, block: str) -> None:
        """Note what belongs before every block."""
        self._before = f"set -e\n{block}\n"

    def follow(self, block: str) -> None:
        """Do what a block says until it shows what it should."""
        words = [words for words in EXPECTED if words in block]
        wanted = EXPECTED[words[0]] if words else ""
        deadline = time.monotonic() + PATIENCE
        while True:
            ended = self._run(block)
            if ended.returncode == 0 and re.search(wanted, ended.stdout, re.MULTILINE):
                return
            assert wanted and time.monotonic() < deadline, f"{block}\n{ended.stdout}"

    def _run(self, block: str) -> subprocess.CompletedProcess[str]:
        text = self._before + block
        for port, free in self._ports.items():
            text = text.replace(port, free)
        text = text.replace(PRINTED_PROGRAMS, str(PROGRAMS))
        user = {} if OF_THE_CHAT.search(block) else unprivileged()
        # A daemon keeps what it has inherited, so a pipe would never end.
        output = self.directory.parent / f"{self.directory.name}.output"
        with output.open("w+") as file:
            status = subprocess.run(
                ["bash", "-c", text],
                cwd=self.directory,
                env={**os.environ, "PATH": PATHS, "HOME": str(self.directory)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                timeout=PATIENCE,
                **user,
            ).returncode
        return subprocess.CompletedProcess(text, status, output.read_text())


@pytest.fixture
def reader() -> Iterator[Reader]:
    """Somebody in an empty directory."""
    directory = empty_directory("tutorial")
    yield Reader(directory)
    clear(directory)


@pytest.mark.timeout(600)
def test_tutorial(reader: Reader, tmp_path: Path) -> None:
    """Every command works, and in the end all that was said is in a file."""
    first, *others = blocks("docs/cluster.rst", "Try it on one machine\n---", "For good\n---")
    reader.always(first)
    for block in others:
        if not block.startswith("-- "):
            reader.follow(block)
    for name in ("one.log", "two.log"):
        assert "Traceback" not in (reader.directory / name).read_text()
    shutil.copy(reader.directory / "chat.sqlite3", tmp_path)
    with running(tmp_path) as chat:
        dan = chat.join("zoe")
        dan.until("bob: hello")
        dan.until("dan: that went well")
