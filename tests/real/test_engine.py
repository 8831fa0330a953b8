"""The tests' own PostgreSQL servers: they keep what is committed, and nothing outlives a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.engine import Engine, multi_host_url
from tests.engine_processes import within
from tests.running import PATIENCE

ROOT = Path(__file__).resolve().parents[2]

ABANDONED = """
from tests.engine import Engine
engine = Engine.start()
print(engine.log.parent, flush=True)
engine.freeze()
input()
"""
"""A test run that starts an engine, and is killed while that is frozen."""


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Provide an engine with a table."""
    with Engine.start() as engine:
        with psycopg.connect(engine.url) as chat:
            chat.execute("CREATE TABLE kept (number int)")
        yield engine


def write(url: str, number: int) -> None:
    """Commit a row as the chat."""
    with psycopg.connect(url) as chat:
        chat.execute("INSERT INTO kept VALUES (%s)", (number,))


def test_owner(engine: Engine) -> None:
    """The chat owns its database, and is no superuser."""
    with psycopg.connect(engine.url, autocommit=True) as chat:
        owner = chat.execute("SELECT current_user, usesuper FROM pg_user WHERE usename = 'chat'")
        assert owner.fetchall() == [("chat", False)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            chat.execute("ALTER SYSTEM SET fsync = off")
    assert engine.execute("SHOW fsync") == [("on",)]


def test_kill_and_restart(engine: Engine) -> None:
    """A killed engine has no process left, and what was committed is there after a restart."""
    before = engine.url
    write(engine.url, 1)
    engine.kill()
    assert within(engine.data) == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(engine.url)
    engine.restart()
    assert engine.url == before
    assert engine.execute("TABLE kept") == [(1,)]


def test_restart_in_order(engine: Engine) -> None:
    """A running engine is shut down before it is started again."""
    (first,) = engine.execute("SELECT pg_postmaster_start_time()")
    engine.restart()
    (second,) = engine.execute("SELECT pg_postmaster_start_time()")
    assert first < second
    assert "not properly shut down" not in engine.log.read_text()


def test_promoted(engine: Engine) -> None:
    """A synchronous standby has what its primary committed, and takes its place under one URL."""
    with engine.standby() as standby:
        url = multi_host_url(engine, standby)
        write(url, 1)
        engine.kill()
        standby.promote()
        write(url, 2)
        assert standby.execute("TABLE kept ORDER BY number") == [(1,), (2,)]


def test_frozen_standby(engine: Engine) -> None:
    """A commit waits for a synchronous standby, not for an asynchronous one."""
    with engine.standby() as standby, engine.standby(synchronous=False) as other:
        other.freeze()
        write(engine.url, 1)
        standby.freeze()
        with ThreadPoolExecutor() as threads:
            writing = threads.submit(write, engine.url, 2)
            engine.wait_until("SELECT 'SyncRep' IN (SELECT wait_event FROM pg_stat_activity)")
            assert engine.execute("TABLE kept") == [(1,)]
            standby.thaw()
            writing.result(PATIENCE)
        assert engine.execute("TABLE kept ORDER BY number") == [(1,), (2,)]


def test_abandoned() -> None:
    """Nothing is left when a test run is killed."""
    run = [sys.executable, "-c", ABANDONED]
    with subprocess.Popen(run, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdout
        directory = Path(killed.stdout.readline().decode().strip())
        assert within(directory) != []
        killed.kill()
        # Whoever clears up has inherited this file, so it ends when that is done.
        killed.stdout.read()
    assert within(directory) == []
    assert not directory.exists()
