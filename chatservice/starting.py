"""Checks before twistd opens its log and forks, so that errors reach the terminal.

Later errors go to the log, which may be that of another chat, and a daemon's parent gets only
100 bytes of them.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from twisted.python.util import switchUID

from chatservice.protocol.errors import CannotStart


def check_files(twistd: Mapping[str, Any]) -> None:
    """Check that twistd's own options can work.

    @param twistd: the options of twistd.
    @raise CannotStart: they cannot; twistd itself would show a traceback.
    """
    chroot, rundir, pidfile = twistd["chroot"], twistd["rundir"], twistd["pidfile"]
    if os.geteuid() != 0:
        for name in ("uid", "gid", "chroot"):
            if twistd[name] is not None:
                raise CannotStart(f"only root can start twistd with --{name}")
    with _naming("run directory", rundir):
        os.stat(f"{chroot}/{rundir}/." if chroot else f"{rundir}/.")
    if pidfile and not chroot:
        _check_writable("pid file", pidfile)
    is_daemon = not (twistd["nodaemon"] or twistd["debug"])
    has_file = not (twistd["syslog"] or twistd["logger"] or twistd["logfile"] == "-")
    if has_file and (is_daemon or twistd["logfile"]):
        _check_writable("log file", twistd["logfile"] or "twistd.log")


def _check_writable(kind: str, path: str) -> None:
    """Check that a file can be opened for writing, and leave no trace."""
    is_new = not os.path.lexists(path)
    with _naming(kind, path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK))
        if is_new:
            os.unlink(path)


@contextmanager
def _naming(kind: str, path: str) -> Iterator[None]:
    """Turn an C{OSError} into a L{CannotStart} that names the file."""
    try:
        yield
    except OSError as error:
        raise CannotStart(f"{error.strerror}: cannot use the {kind} {path}") from None


def rehearse(
    twistd: Mapping[str, Any], listen: Callable[[], object], open_files: Callable[[], object]
) -> None:
    """Try out the start of the chat, as twistd would do it, in a child process.

    So the right user creates files in the right place, and this process, whose reactor and log
    have not begun, is unaffected.

    @param listen: opens the ports.
    @param open_files: opens the files, after root was given up.
    @raise SystemExit: the start failed, and the reason is on standard error.
    """
    child = os.fork()
    if not child:
        _play(twistd, listen, open_files)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit(1)


def _play(
    twistd: Mapping[str, Any], listen: Callable[[], object], open_files: Callable[[], object]
) -> NoReturn:
    """Do in the child what twistd does to start the services, and exit."""
    status = 1
    try:
        if twistd["chroot"] is not None:
            os.chroot(twistd["chroot"])
        os.chdir(twistd["rundir"])
        if twistd["umask"] is not None or not twistd["nodaemon"]:
            os.umask(0o077 if twistd["umask"] is None else twistd["umask"])
        listen()
        uid, gid = twistd["uid"], twistd["gid"]
        if uid is not None or gid is not None:
            switchUID(uid, pwd.getpwuid(uid).pw_gid if gid is None else gid, twistd["euid"])
        open_files()
        status = 0
    except CannotStart as error:
        print(error, file=sys.stderr, flush=True)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)
