"""Attacks on storage and memory: floods, a dead connection, topics, acts."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from threading import Thread

from databases import LINE, TOPIC_ROOMS, distinct_words
from peer import Peer, Refused, request, together
from scene import MIB, Scene

from attackers import ATTACKER, address

CONNECTIONS = 30
BURST = 10
AT_MOST = 2.0
"""The most seconds that a connection may take until its burst is stored."""

SPEAKERS = 10
BELLS = 28
LINES_A_SECOND = 4
BEFORE_RESET = 0.2
SHORT_LINES = 40
SETTLING = 3.0
FLOODERS = 4
TALK_MOST = 160 * MIB


def reconnecting(scene: Scene) -> None:
    """30 connections from one address join, say ten lines of 4 KB, leave, and join again."""
    server = scene.start()
    with scene.watched() as until:

        def flood(number: int, count: Counter[str]) -> None:
            for visit in range(1000):
                nick = f"flood{number}x{visit}"
                lines = [distinct_words(number * 1000 + visit * BURST + n) for n in range(BURST)]
                said = b"".join(request("say", room="lobby", text=line) for line in lines)
                peer = Peer(server.port, ATTACKER, min(until, time.monotonic() + AT_MOST))
                with suppress(TimeoutError, EOFError, ConnectionError):
                    peer.send(request("hello", nick=nick) + said)
                    peer.finish()
                peer.close()
                count["visits"] += 1

        count = together(CONNECTIONS, flood)
        stored = scene.query("SELECT count(*) FROM events WHERE nick LIKE 'flood%'")
    rate = round(stored / scene.seconds)
    scene.measured.told = f"{rate} lines of 4 KB stored a second, {count['visits']} visits"


def bells(scene: Scene) -> None:
    """28 people called C{a}, C{aa}, ... have the bell on while others say C{aaaa...}."""
    server = scene.start()
    forever = time.monotonic() + 60
    for number in range(BELLS):
        peer = Peer(server.port, address(number), forever)
        peer.join_text("a" * (number + 1))
        peer.send(b"/set bell on\r\n")
        _drain_in_thread(peer)
    speakers = [Peer(server.port, address(100 + number), forever) for number in range(SPEAKERS)]
    for number, speaker in enumerate(speakers):
        speaker.hello(f"speaker{number}")
    with scene.watched():
        cost = []
        for letter in "ba":
            cpu = server.cpu_seconds()
            _say_for_a_while(speakers, letter * LINE, scene.seconds / 2)
            said = scene.query(f"SELECT count(*) FROM events WHERE text LIKE '{letter * 9}%'")
            cost.append((server.cpu_seconds() - cpu) / max(1, said) * 1000)
    scene.measured.told = f"{cost[1] - cost[0]:.1f} ms of CPU a line more than without mentions"


def _drain_in_thread(peer: Peer) -> None:
    def drain() -> None:
        with suppress(OSError):
            peer.drain()

    Thread(target=drain, daemon=True).start()


def _say_for_a_while(speakers: list[Peer], text: str, seconds: float) -> None:
    """Have all speakers talk at the rate limit of one connection, then wait for delivery."""
    until = time.monotonic() + seconds - 0.5

    def speak(number: int, count: Counter[str]) -> None:
        speaker = speakers[number]
        while time.monotonic() < until:
            speaker.say("lobby", text)
            time.sleep(1 / LINES_A_SECOND)

    together(len(speakers), speak)
    time.sleep(0.5)


def acts(scene: Scene) -> None:
    """A room operator has muted somebody 200,000 times, each time for a reason of 3 KB."""
    scene.start(filled="acts")
    first = scene.started_in
    # Give the first start time to tidy up.
    time.sleep(SETTLING)
    scene.server.kill()
    begun = time.monotonic()
    scene.server.start()
    again = time.monotonic() - begun
    with scene.watched():
        pass
    scene.measured.told = f"{first:.1f} s to start, {again:.1f} s again"


def dead(scene: Scene) -> None:
    """Somebody says 40 lines at once, and the connection is reset 0.2 s later."""
    server = scene.start()
    with scene.watched() as until:
        witness = Peer(server.port, address(0), until)
        witness.hello("witness")
        peer = Peer(server.port, ATTACKER, until)
        lines = "".join(f"line {number}\r\n" for number in range(SHORT_LINES))
        peer.send(f"mallory\r\n{lines}".encode())
        time.sleep(BEFORE_RESET)
        peer.reset()
        reset_at = time.monotonic()
        late = 0
        with suppress(TimeoutError):
            while True:
                said = witness.fact()["type"] == "said"
                # Lines said before the reset may still be arriving.
                late += said and time.monotonic() - reset_at > 0.1
    scene.measured.told = f"{late} lines after the reset"


def topics(scene: Scene) -> None:
    """A guest has set topics in 5,000 rooms, and another guest wants to set some."""
    server = scene.start(filled="topics")
    wanted = done = 5
    with scene.watched() as until:
        peer = Peer(server.port, ATTACKER, until)
        peer.hello("grace")
        for number in range(wanted):
            peer.command(f"/join tea{number}")
            try:
                peer.answer("topic_changed", peer.ask("command", line="/topic all about tea"))
            except Refused:
                done -= 1
    can = "can" if done == wanted else "cannot"
    scene.measured.told = f"after {TOPIC_ROOMS:,}, others {can} set one ({done} of {wanted})"


def in_memory(scene: Scene) -> None:
    """Four guests say lines of 4 KB to a server without a database, as fast as it takes them."""
    options = ("--database", ":memory:", "--rate-limit", "0")
    server = scene.start(*options)
    before = server.resident_bytes()
    with scene.watched() as until:

        def flood(number: int, count: Counter[str]) -> None:
            peer = Peer(server.port, address(number), until)
            peer.hello(f"flood{number}", rooms={f"flood{number}": 0})
            while count["bytes"] < TALK_MOST / FLOODERS:
                for _ in range(50):
                    peer.ask("say", room=f"flood{number}", text="x" * LINE)
                peer.answer("pong", peer.ask("ping"))
                count["bytes"] += 50 * LINE

        count = together(FLOODERS, flood)
    grown = (scene.measured.memory - before) / MIB
    scene.measured.told = f"{grown:.0f} MiB more after {count['bytes'] / MIB:.0f} MiB of talk"
