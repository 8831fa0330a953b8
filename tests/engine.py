"""PostgreSQL servers of the tests' own, which can die, freeze, and replace one another.

They listen on this machine only, and end with the test run however it ends. PostgreSQL refuses
to run as root, so for root they run as L{ACCOUNT}.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests import engine_processes
from tests.running import HOST, PATIENCE, free_port, wait_for_server

ACCOUNT = "nobody"
DATABASE = "chat"
ROLE = "chat"
SUPERUSER = "postgres"

SETTINGS = f"""
listen_addresses = '{HOST}'
unix_socket_directories = ''
shared_buffers = 16MB
dynamic_shared_memory_type = mmap  # files among the data, so nothing is left elsewhere
max_connections = 100
wal_retrieve_retry_interval = 100ms
"""

FIRST_STATEMENTS = f"""
CREATE ROLE {ROLE} LOGIN
CREATE DATABASE {DATABASE} OWNER {ROLE}
"""
"""A statement on each line, as a server that runs alone reads them."""


def _programs() -> Path | None:
    """Find the directory of PostgreSQL's programs; Debian's are not in C{PATH}."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    places = os.pathsep.join([os.environ.get("PATH", ""), *map(str, installed)])
    found = shutil.which("postgres", path=places)
    return Path(found).resolve().parent if found else None


PROGRAMS = _programs()
MISSING = "" if PROGRAMS else "postgresql is not installed"
skip_without_postgresql = unittest.skipIf(bool(MISSING), MISSING)


def unprivileged() -> dict[str, Any]:
    """Make the arguments with which L{subprocess} starts a program as a user who is not root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(ACCOUNT)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@cache
def _directory() -> Path:
    """Make the directory of all engines of this test run, which does not outlive it."""
    directory = Path(tempfile.mkdtemp(prefix="chatservice-engines-"))
    keeper = subprocess.Popen(
        [sys.executable, "-I", engine_processes.__file__, directory],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    atexit.register(keeper.communicate)
    owner = unprivileged()
    if owner:
        os.chown(directory, owner["user"], owner["group"])
    return directory


def empty_directory(name: str) -> Path:
    """Make a directory in which engines may run, and which does not outlive this test run."""
    directory = _directory() / name
    directory.mkdir()
    owner = unprivileged()
    if owner:
        os.chown(directory, owner["user"], owner["group"])
    return directory


def _run(program: str, *arguments: object, statements: str = "") -> None:
    """Run one of PostgreSQL's programs until it ends, and fail with what it says if it fails."""
    if PROGRAMS is None:
        raise unittest.SkipTest(MISSING)
    done = subprocess.run(
        [PROGRAMS / program, *map(str, arguments)],
        cwd=_directory(),
        input=statements,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * PATIENCE,
        **unprivileged(),
    )
    assert done.returncode == 0, f"{program} failed:\n{done.stdout}"


@cache
def _template() -> Path:
    """Make the data of an empty engine, from which those of others are copied."""
    data = _directory() / "template"
    how = ("--locale=C.UTF-8", "--encoding=UTF8", "--auth=trust", f"--username={SUPERUSER}")
    _run("initdb", "--no-sync", *how, data)
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS)
    _run("postgres", "--single", "-D", data, "postgres", statements=FIRST_STATEMENTS)
    return data


NUMBERS = count(1)


class Engine:
    """A PostgreSQL server.

    @ivar name: its C{application_name} and its slot's name, if it is a standby.
    @ivar port: the number of its port, the same after a restart.
    @ivar data: the directory of its data.
    @ivar log: the file with everything that it prints.
    """

    host = HOST

    def __init__(self, fsync: bool = True) -> None:
        number = next(NUMBERS)
        self.name = f"engine_{number}"
        self.port = free_port()
        self.log = _directory() / f"{number}.log"
        self.data = _directory() / str(number)
        self._fsync = fsync
        self._synchronous: list[str] = []
        self._process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, fsync: bool = True) -> Engine:
        """Start a new engine with an empty database, whose owner is C{chat}.

        @param fsync: whether commits wait for the disk.
        @raise unittest.SkipTest: PostgreSQL is not installed.
        """
        template = _template()
        engine = cls(fsync)
        _copy(template, engine.data)
        engine._serve()
        return engine

    @property
    def url(self) -> str:
        """Where C{chat} connects to."""
        return multi_host_url(self).partition("?")[0]

    def execute(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser in a connection of its own, and return its rows."""
        url = f"postgresql://{SUPERUSER}@{HOST}:{self.port}/{DATABASE}"
        with psycopg.connect(url, autocommit=True, connect_timeout=int(PATIENCE)) as connection:
            cursor = connection.execute(statement, arguments or None)
            return cursor.fetchall() if cursor.description else []

    def wait_until(self, question: str, *arguments: object) -> None:
        """Ask until the answer is true."""
        wait_for_server(
            self._process, self.log, lambda: self.execute(question, *arguments) == [(True,)]
        )

    def stop(self) -> None:
        """Shut down in order, without waiting for clients (the "fast" mode)."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill all its processes at one moment, as the end of its machine would."""
        engine_processes.kill(self.data)
        self._process.wait(PATIENCE)

    def restart(self) -> None:
        """Start again on the same data and port, after shutting down if that has not happened."""
        if self._process.poll() is None:
            self.stop()
        self._serve()

    def freeze(self) -> None:
        """Stop all its processes: connections stay open, and nobody answers."""
        engine_processes.stop(self.data)

    def thaw(self) -> None:
        """Let a frozen engine continue."""
        engine_processes.resume(self.data)

    def standby(self, synchronous: bool = True, through: int = 0) -> Engine:
        """Start an engine that follows this one.

        @param synchronous: whether a commit waits for this standby, or for another one.
        @param through: the port at which it reaches this one, if there is something in between.
        """
        standby = Engine(self._fsync)
        port = through or self.port
        source = f"host={HOST} port={port} user={SUPERUSER} application_name={standby.name}"
        how = ("--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--create-slot")
        _run("pg_basebackup", *how, f"--slot={standby.name}", "-D", standby.data, "-d", source)
        standby._serve()
        # Copied from this engine; after a promotion it would wait for the standbys of this one.
        standby.execute("ALTER SYSTEM RESET synchronous_standby_names")
        standby.execute("SELECT pg_reload_conf()")
        if synchronous:
            self._wait_for(standby)
        return standby

    def promote(self) -> None:
        """Make a standby take the place of its primary."""
        self.execute("SELECT pg_promote()")

    def close(self) -> None:
        """End it at once, frozen or not, and remove its data."""
        self.thaw()
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(PATIENCE)
        engine_processes.clear(self.data)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        assert PROGRAMS is not None
        options = ("-c", f"port={self.port}", "-c", f"fsync={'on' if self._fsync else 'off'}")
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [PROGRAMS / "postgres", "-D", self.data, *options],
                cwd=_directory(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **unprivileged(),
            )
        wait_for_server(self._process, self.log, self._answers)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT")
        except psycopg.OperationalError:
            return False
        return True

    def wait_for_no_standby(self) -> None:
        """Let no commit wait for a standby any longer."""
        self._synchronous.clear()
        self.execute("ALTER SYSTEM RESET synchronous_standby_names")
        self.execute("SELECT pg_reload_conf()")
        self.wait_until("SELECT current_setting('synchronous_standby_names') = ''")
        self.execute("CHECKPOINT")

    def _wait_for(self, standby: Engine) -> None:
        """Make every commit from now on wait for C{standby}, or for another synchronous one."""
        self._synchronous.append(standby.name)
        names = f"ANY 1 ({', '.join(self._synchronous)})"
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.execute("SELECT pg_reload_conf()")
        self.wait_until("SELECT current_setting('synchronous_standby_names') = %s", names)
        # It is the checkpointer that makes commits wait, once it has read the setting, which it
        # does before it answers.
        self.execute("CHECKPOINT")
        self.wait_until(
            "SELECT 'quorum' IN (SELECT sync_state FROM pg_stat_replication"
            " WHERE application_name = %s)",
            standby.name,
        )


def _copy(template: Path, data: Path) -> None:
    shutil.copytree(template, data)
    owner = unprivileged()
    if owner:
        for path in (data, *data.rglob("*")):
            os.chown(path, owner["user"], owner["group"])


class HasAddress(Protocol):
    """An engine, or something in between that leads to one."""

    host: str
    port: int


def multi_host_url(*engines: HasAddress) -> str:
    """Make the URL at which C{chat} finds the primary among engines."""
    hosts = ",".join(f"{engine.host}:{engine.port}" for engine in engines)
    return f"postgresql://{ROLE}@{hosts}/{DATABASE}?target_session_attrs=read-write"
