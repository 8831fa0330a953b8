"""What a node takes of the engine: three connections, and room on its disk while there is any."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.engine import ACCOUNT, MISSING, Engine
from tests.real.test_durability import say_until_refused, small_disk
from tests.running import running

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

SIZE = 32 * 1024 * 1024
FULL = "the disk is full"
SESSIONS = "SELECT count(*) = 3 FROM pg_stat_activity WHERE usename = 'chat'"
PLACE = "CREATE TABLESPACE small LOCATION '{disk}'"
DATABASE = "CREATE DATABASE small OWNER chat TABLESPACE small"


def fill(ballast: Path) -> None:
    """Take all room that is left on a small disk."""
    with ballast.open("wb", buffering=0) as file:
        free = os.statvfs(ballast.parent)
        file.write(bytes(free.f_bavail * free.f_bsize))


def test_full_disk(tmp_path: Path) -> None:
    """Nothing is lost that was said before, after, or while there was still some room."""
    with Engine.start() as engine, small_disk(engine.data.parent / "disk", SIZE) as disk:
        shutil.chown(disk, ACCOUNT)
        engine.execute(PLACE.format(disk=disk))
        engine.execute(DATABASE)
        url = engine.url.removesuffix("chat") + "small"
        with running(tmp_path, "--rate-limit", "0", "--cluster", url) as chat:
            ada, bob = chat.program("ada"), chat.join("bob")
            fill(disk / "ballast")
            said, refused = say_until_refused(ada, "full")
            assert refused == f"not sent: {FULL}"
            bob.send("nobody may read this" * 100)
            assert bob.until("not sent") == f"-- not sent: {FULL}"
            bob.send("/who")
            bob.until("ada: lobby")
            (disk / "ballast").unlink()
            ada.ask("say", room="lobby", text="after", ref="after")
            ada.until_fact("said", ref="after")
            assert bob.until("after") == "ada: after"
            history = ada.history(room="lobby")
            refs = [event["ref"] for event in history if "ref" in event]
            assert refs == [*said, "after"]
            log = chat.log.read_text()
            assert log.count(f"Lines are refused, because they cannot be stored: {FULL}.") == 1
            assert log.count("Lines are stored again.") == 1
            assert "Traceback" not in log


def test_connections(tmp_path: Path) -> None:
    """A node has three connections, for the log, for reads and for small writes."""
    with Engine.start() as engine, running(tmp_path, "--cluster", engine.url) as chat:
        ada = chat.join("ada")
        ada.send("/register correct-horse-battery", "hi", "/search hi", "/history", "/ping")
        ada.until("-- pong")
        engine.wait_until(SESSIONS)
