"""Attacks on reading: mentions, searches, exports, rooms and their memory."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress

from databases import LINE, RETURNING, UNINDEXED_LINES, token_of
from peer import Peer, Refused, request, together
from scene import MIB, USUAL, Scene

from attackers import ATTACKER

GUESTS = 4
SEARCHES = ("/search ab*", "/search abc*")
"""The second is for servers that require more letters before C{*}."""

CLOSED = 14
EMOJI = "\N{FACE WITH TEARS OF JOY}"
MARKS = 4000


def calm(scene: Scene) -> None:
    """Nobody attacks."""
    scene.start()
    with scene.watched():
        pass
    scene.measured.told = "nobody attacks"


def mentions(scene: Scene) -> None:
    """29 guests return with tokens to ten rooms full of C{aaaa...}."""
    server = scene.start(filled="returning")
    with scene.watched() as until:

        def come_back(number: int, count: Counter[str]) -> None:
            peer = Peer(server.port, ATTACKER, until)
            peer.hello("a" * (number + 1), token=token_of(number + 1))
            count["came"] += 1
            while peer.fact()["type"] != "notice":
                pass
            count["told"] += 1
            peer.drain()

        count = together(RETURNING, come_back)
    scene.measured.told = f"{count['told']} of {RETURNING} were told what they missed"


def indexing(scene: Scene) -> None:
    """8,000 lines of distinct words are not indexed yet, and a guest searches."""
    server = scene.start(filled="unindexed")
    with scene.watched() as until, suppress(TimeoutError, Refused):
        guest = Peer(server.port, ATTACKER, until)
        guest.hello("mallory")
        guest.command("/search w0000000")
    done = scene.query(
        "SELECT count(*) FROM events WHERE nick = 'filler' AND id <= (SELECT id FROM indexed)"
    )
    scene.measured.told = f"{done:,} of {UNINDEXED_LINES:,} lines were indexed"


def searching(scene: Scene) -> None:
    """Four guests search for C{ab*} among 1.6 M words that begin so."""
    _search(scene, GUESTS, *SEARCHES)


def marks(scene: Scene) -> None:
    """Four guests search for a letter with 8,000 combining marks, in an order slow to normalize."""
    _search(scene, GUESTS, "/search a" + "\u0301" * MARKS + "\u0316" * (MARKS - 100))


def tokens(scene: Scene) -> None:
    """Four guests search for the 4,000 words of C{the-the-...}."""
    _search(scene, GUESTS, "/search " + "the-" * 4000)


def _search(scene: Scene, guests: int, *lines: str) -> None:
    server = scene.start(filled="words")
    with scene.watched(*USUAL, "search") as until:

        def search(number: int, count: Counter[str]) -> None:
            peer = Peer(server.port, ATTACKER, until)
            peer.hello(f"mallory{number}")
            while True:
                for line in lines:
                    try:
                        peer.command(line)
                        count["answered"] += 1
                    except Refused:
                        count["refused"] += 1

        count = together(guests, search)
    scene.measured.told = f"{count['answered']} searches answered, {count['refused']} refused"


def closed(scene: Scene) -> None:
    """14 connections search and close before the answers come; then others search."""
    server = scene.start(filled="words")
    with scene.watched(*USUAL, "search") as until:

        def search(number: int, count: Counter[str]) -> None:
            peer = Peer(server.port, ATTACKER, until)
            peer.hello(f"mallory{number}")
            for line in SEARCHES:
                peer.send(request("command", line=line))
            # Let the server read the requests, or it discards them with the connection.
            time.sleep(0.1)
            peer.reset()
            count["closed"] += 1

        count = together(CLOSED, search)
    scene.measured.told = f"{count['closed']} searched and closed"


def exporting(scene: Scene) -> None:
    """Four guests export the data about them, among 300,000 lines of others."""
    server = scene.start(filled="rooms")
    # The scan of all rooms, which is another attack, happens in the first seconds.
    time.sleep(5)
    with scene.watched() as until:

        def export(number: int, count: Counter[str]) -> None:
            peer = Peer(server.port, ATTACKER, until)
            peer.hello(f"mallory{number}")
            while True:
                try:
                    peer.command("/export")
                    count["answered"] += 1
                except Refused:
                    count["refused"] += 1

        count = together(GUESTS, export)
    scene.measured.told = f"{count['answered']} exports answered, {count['refused']} refused"


def recent(scene: Scene) -> None:
    """A guest in 25 rooms says 200 lines of 4 KB, with an emoji, in each of them."""
    # At the rate limit this would take a quarter of an hour.
    server = scene.start("--rate-limit", "0")
    before = server.resident_bytes()
    rooms = [f"room{number}" for number in range(25)]
    with scene.watched() as until, suppress(OSError, EOFError, Refused):
        peer = Peer(server.port, ATTACKER, until)
        peer.hello("mallory", rooms=dict.fromkeys(rooms, 0))
        for _ in range(200):
            for room in rooms:
                peer.ask("say", room=room, text=EMOJI + "x" * (LINE - 4))
            peer.answer("pong", peer.ask("ping"))
        peer.drain()
    grown = (scene.measured.memory - before) / MIB
    said = scene.query("SELECT count(*) FROM events WHERE nick = 'mallory'")
    scene.measured.told = f"{grown:.0f} MiB more after {said:,} lines in {len(rooms)} rooms"


def rooms(scene: Scene) -> None:
    """300,000 rooms were once used, and the server scans them all a second after its start."""
    scene.start(filled="rooms")
    with scene.watched():
        pass
    scene.measured.told = "all rooms looked at once"
