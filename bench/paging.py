"""How long an IRC client waits for a page of a long history."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from chat_server import OPTIONS, ChatServer
from databases import LONG, Databases
from doors import IrcDoor
from tables import Row

PAGES = 50
PAGE = 100
"""The lines of a page."""

TARGET = 20
"""The most milliseconds of half of the pages."""

LIMIT = 10.0
"""The seconds that an answer may take."""


def pages(core: int | None) -> Row:
    """Ask for pages from all over a room's history.

    @raise RuntimeError: the server closed the connection.
    @raise TimeoutError: it did not answer.
    """
    with TemporaryDirectory(prefix="chat-pages-") as folder:
        Databases(Path(folder), None).copy("long", Path(folder))
        server = ChatServer(Path(folder), core, OPTIONS)
        with server.running():
            server.wait_until_idle()
            delays, lines = _asked(server.port)
    return {
        "lines in the room": LONG,
        "lines of a page": lines,
        "pages": len(delays),
        "median ms": round(median(delays) * 1e3, 2),
        "slowest ms": round(max(delays) * 1e3, 2),
        "target": f"at most {TARGET}",
    }


def _asked(port: int) -> tuple[list[float], int]:
    """Ask for the pages; return the seconds that each took, and the lines of the smallest."""
    door, random, now = IrcDoor(), Random(1), int(time.time())
    delays, sizes = [], []
    with door.connect(port) as connection:
        connection.settimeout(LIMIT)
        reader = connection.makefile("rb")

        def read_until(end: bytes) -> int:
            count = 0
            for line in reader:
                if end in line:
                    return count
                count += b" PRIVMSG " in line
            raise RuntimeError("the server closed the connection")

        connection.sendall(door.hello(0, "lobby"))
        read_until(door.ready("lobby"))
        connection.sendall(b"CAP REQ draft/chathistory\r\n")
        read_until(b" ACK ")
        for _ in range(PAGES):
            moment = datetime.fromtimestamp(now - random.randrange(PAGE, LONG), UTC)
            asked = f"CHATHISTORY BEFORE #lobby timestamp={moment:%Y-%m-%dT%H:%M:%S}.000Z {PAGE}"
            begun = time.perf_counter()
            connection.sendall(f"{asked}\r\n".encode())
            sizes.append(read_until(b" BATCH -"))
            delays.append(time.perf_counter() - begun)
    return delays, min(sizes)
