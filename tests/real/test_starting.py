"""Why C{twistd chat} does not start, for real: a sentence, and nothing left behind."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from chatservice import starting
from chatservice.protocol.errors import CannotStart
from chatservice.starting import check_files
from tests.running import Peer, end_daemon, endpoint, free_port, running, twistd


def nothing(directory: Path) -> None:
    """Nothing has to be there."""


def newer_database(directory: Path) -> None:
    """A database from the future."""
    with running(directory) as chat:
        chat.stop()
    connection = sqlite3.connect(directory / "chat.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def foreign_database(directory: Path) -> None:
    """Another program's database."""
    connection = sqlite3.connect(directory / "chat.sqlite3")
    connection.execute("CREATE TABLE recipes (title TEXT)")
    connection.close()


def no_database(directory: Path) -> None:
    """A file that is something else."""
    (directory / "chat.sqlite3").write_text("Dear diary, today I wrote a chat. " * 100)


def bad_toml(directory: Path) -> None:
    """Configuration files with mistakes."""
    (directory / "broken.toml").write_text("port = = 1\n")
    (directory / "unknown.toml").write_text("databse = 'x'\n")
    (directory / "twistd.toml").write_text("pidfile = 'x'\n")


MISTAKES = [
    (nothing, ("--port", "99999"), "--port 99999: a port must be 65535 or less"),
    (nothing, ("--port", "nowhere"), "--port nowhere: it is neither a number nor an endpoint"),
    (nothing, ("--bogus", "1"), "there is no option --bogus"),
    (nothing, ("--prot", "1"), "there is no option --prot: did you mean --port?"),
    (nothing, ("--rate-limit", "fast"), "--rate-limit fast: it must be a whole number, 0 or more"),
    (nothing, ("--replay", "-1"), "--replay -1: it must be a whole number from 0 to 200"),
    (nothing, ("--node", "one"), "--node needs --cluster"),
    (nothing, ("59000",), "59000 is not an option: did you mean --port 59000?"),
    (nothing, ("--pidfile", "x"), "--pidfile is an option of twistd: it belongs before chat"),
    (nothing, ("-n",), "-n is an option of twistd: it belongs before chat"),
    (nothing, ("--motd", "none.txt"), "cannot read none.txt: No such file or directory"),
    (nothing, ("--config", "none.toml"), "cannot read none.toml: No such file or directory"),
    (bad_toml, ("--config", "broken.toml"), "broken.toml is not TOML: "),
    (bad_toml, ("--config", "unknown.toml"), "no option databse: did you mean database?"),
    (
        bad_toml,
        ("--config", "twistd.toml"),
        "twistd.toml: pidfile is an option of twistd: it belongs on the command line, before chat",
    ),
]
"""What to prepare, the options of the chat, and how the sentence begins or goes on."""

FAILURES = [
    (nothing, ("--database", "no/folder/x"), "No such file or directory: cannot use no/folder/x"),
    (newer_database, (), "The file is of version 99, from a newer chatservice (this one knows "),
    (foreign_database, (), "The file belongs to another program: cannot use chat.sqlite3"),
    (no_database, (), "The file is not a database: cannot use chat.sqlite3"),
]
"""The same, for what keeps the services from starting."""

UNWRITABLE = [
    (
        ("--pidfile", "no/folder/x"),
        "No such file or directory: cannot use the pid file no/folder/x",
    ),
    (
        ("--logfile", "no/folder/x"),
        "No such file or directory: cannot use the log file no/folder/x",
    ),
    (("--pidfile", "/sys/x"), "cannot use the pid file /sys/x"),
    (("--logfile", "/sys/x"), "cannot use the log file /sys/x"),
    (("--rundir", "nowhere"), "No such file or directory: cannot use the run directory nowhere"),
]
"""Options of twistd itself, and what the sentence has in it. Not even root makes files in /sys."""

MODES = {"foreground": ["-n"], "daemon": []}

Prepare = Callable[[Path], None]


def fails(directory: Path, sentence: str, *arguments: str) -> str:
    """Check that twistd says one sentence, ends with status 1, and changes no file.

    @param sentence: a part of what it says, all of which is returned.
    """
    before = contents(directory)
    ended = twistd(directory, *arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    (said,) = ended.stderr.splitlines()
    assert sentence in said
    assert contents(directory) == before
    return said


def contents(directory: Path) -> dict[str, bytes]:
    """The files of a directory and what is in them, but for the chat's database and output."""
    # They are the running chat's own, which may write to them at any time.
    return {
        path.name: path.read_bytes() if path.is_file() else b""
        for path in directory.iterdir()
        if not path.name.startswith(("chat.sqlite3", "chat.log"))
    }


@pytest.mark.parametrize(("prepare", "options", "sentence"), MISTAKES)
@pytest.mark.parametrize("mode", MODES)
def test_mistake(
    tmp_path: Path, prepare: Prepare, options: tuple[str, ...], sentence: str, mode: str
) -> None:
    """An operator's mistake is one sentence and status 1, and starts nothing."""
    prepare(tmp_path)
    port = ("--port", endpoint(free_port()))
    fails(tmp_path, sentence, *MODES[mode], "chat", *port, *options)
    assert not (tmp_path / "chat.sqlite3").exists()


@pytest.mark.parametrize(("options", "sentence"), UNWRITABLE)
@pytest.mark.parametrize("mode", MODES)
def test_unwritable(tmp_path: Path, options: tuple[str, ...], sentence: str, mode: str) -> None:
    """A file of twistd's own that cannot be written is told likewise."""
    port = ("--port", endpoint(free_port()))
    fails(tmp_path, sentence, *MODES[mode], *options, "chat", *port)
    assert not (tmp_path / "chat.sqlite3").exists()


@pytest.mark.parametrize(("prepare", "options", "sentence"), FAILURES)
@pytest.mark.parametrize("mode", MODES)
def test_failure(
    tmp_path: Path, prepare: Prepare, options: tuple[str, ...], sentence: str, mode: str
) -> None:
    """A database that cannot be used ends twistd with a sentence, status 1 and no traceback."""
    prepare(tmp_path)
    port = ("--port", endpoint(free_port()))
    fails(tmp_path, sentence, *MODES[mode], "chat", *port, *options)


@pytest.mark.parametrize("files", [(), ("--logfile", "twistd.log")])
@pytest.mark.parametrize("mode", MODES)
def test_taken(tmp_path: Path, files: tuple[str, ...], mode: str) -> None:
    """What a chat in the same directory holds is told, and nothing is written into its log."""
    port = free_port()
    assert twistd(tmp_path, "chat", "--port", endpoint(port)).returncode == 0
    pid = int((tmp_path / "twistd.pid").read_text())
    other = (*MODES[mode], *files, "--pidfile", "other.pid", "chat")
    elsewhere = ("--port", endpoint(free_port()))
    try:
        ada = Peer(port)
        ada.join("ada")
        sentence = f"Address already in use: cannot listen on {endpoint(port)}"
        fails(tmp_path, sentence, *other, "--port", endpoint(port))
        sentence = "The file is in use by another chat: cannot use chat.sqlite3"
        fails(tmp_path, sentence, *other, *elsewhere)
        ada.send("hello", "/ping")
        ada.until("pong")
        before = contents(tmp_path)
        assert twistd(tmp_path, *MODES[mode], *files, "chat", *elsewhere).returncode == 1
        assert contents(tmp_path) == before
    finally:
        end_daemon(pid)
    ada.close()


def test_taken_socket(tmp_path: Path) -> None:
    """A socket that is a file is given back after it was tried, and told if it is taken."""
    with running(tmp_path, "--port", "unix:chat.sock") as chat:
        sentence = "Address already in use: cannot listen on unix:chat.sock"
        fails(tmp_path, sentence, "--pidfile=", "chat", "--port", "unix:chat.sock")
        chat.stop()


def test_taken_by_itself(tmp_path: Path) -> None:
    """One port that is given twice is taken."""
    one = ("--port", endpoint(free_port()))
    fails(tmp_path, "Address already in use: cannot listen on", "chat", *one, *one)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as somebody else")
def test_somebody_else(tmp_path: Path) -> None:
    """What only the user cannot use that the chat will run as is told likewise."""
    sentence = "Permission denied: cannot use chat.sqlite3"
    fails(tmp_path, sentence, "--uid", "65534", "chat", "--port", endpoint(free_port()))


class TwistdOptions(dict[str, Any]):
    """The options of twistd, as they are without any on the command line."""

    def __init__(self, **given: Any) -> None:
        named = (
            "chroot",
            "uid",
            "gid",
            "rundir",
            "pidfile",
            "logfile",
            "logger",
            "syslog",
            "debug",
        )
        super().__init__(dict.fromkeys(named))
        self.update({"nodaemon": True, "rundir": "."}, **given)


class FileTests(SynchronousTestCase):
    """What twistd's own options want, and cannot have."""

    def test_no_log_file(self) -> None:
        """Where the log is no file, none is looked for."""
        self.patch(starting, "_check_writable", lambda kind, path: self.fail(path))
        for given in ({}, {"logfile": "-"}, {"syslog": True}, {"logger": print}):
            check_files(TwistdOptions(nodaemon=not given, **given))
        check_files(TwistdOptions(nodaemon=False, debug=True))

    def test_root_alone(self) -> None:
        """What only root can do is told to everybody else."""
        self.patch(starting.os, "geteuid", lambda: 1000)
        for name in ("uid", "gid", "chroot"):
            error = self.assertRaises(CannotStart, check_files, TwistdOptions(**{name: 1}))
            self.assertEqual(error.code, f"only root can start twistd with --{name}")
