"""The rehearsal of a start, before twistd opens its log and forks.

A later failure is told in the log, which may be that of another chat, and a daemon's parent is told
100 bytes of it.
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
    """Check that twistd can do what its own options ask.

    @param twistd: its options.
    @raise CannotStart: it cannot; twistd itself would show a traceback.
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
    """Open a file for writing, and leave no trace of that."""
    is_new = not os.path.lexists(path)
    with _naming(kind, path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK))
        if is_new:
            os.unlink(path)


@contextmanager
def _naming(kind: str, path: str) -> Iterator[None]:
    """Make one sentence of what the system says."""
    try:
        yield
    except OSError as error:
        raise CannotStart(f"{error.strerror}: cannot use the {kind} {path}") from None


def rehearse(
    twistd: Mapping[str, Any], listen: Callable[[], object], open_files: Callable[[], object]
) -> None:
    """Start the chat and stop it again, as twistd would, in a process of its own.

    So everything is made by the right user in the right place, and nothing of it is left in this
    process, in which neither the reactor nor the log has begun.

    @param listen: opens the ports.
    @param open_files: opens the files, after root was given up.
    @raise SystemExit: one of them raised L{CannotStart}, and its sentence is on standard error.
    """
    child = os.fork()
    if not child:
        _play(twistd, listen, open_files)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise SystemExit(1)


def _play(
    twistd: Mapping[str, Any], listen: Callable[[], object], open_files: Callable[[], object]
) -> NoReturn:
    """Do in the child what twistd does before it starts the services, and start them."""
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
