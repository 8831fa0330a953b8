"""Attacks before joining, and on passwords: bytes, connections, hashes."""

from __future__ import annotations

import ssl
import time
from collections import Counter
from contextlib import suppress

import processes
from bystander import PASSWORD
from certificates import make_certificate
from peer import Peer, Refused, together
from scene import MIB, USUAL, Scene

from attackers import ATTACKER, address

NOP = b"\xff\xf1"
"""The telnet command IAC NOP (RFC 854)."""

PIECE = NOP * (1 << 15)
MANY = 30
PAUSE = 0.02

OWNERS = 4
MEMBERS = 24

CONNECTIONS_A_SECOND = 400
HANDSHAKES_A_SECOND = 200
SHAKING = 8


def nops_of_one(scene: Scene) -> None:
    """One connection sends telnet's IAC NOP without joining."""
    _send_nops(scene, 1)


def nops_of_many(scene: Scene) -> None:
    """30 connections from one address send telnet's IAC NOP without joining."""
    _send_nops(scene, MANY)


def _send_nops(scene: Scene, connections: int) -> None:
    server = scene.start()
    with scene.watched() as until:

        def send(number: int, count: Counter[str]) -> None:
            while True:
                peer = Peer(server.port, ATTACKER, until)
                with suppress(ConnectionError):
                    while True:
                        count["bytes"] += peer.send_some(PIECE)
                peer.close()
                count["dropped"] += 1
                time.sleep(PAUSE)

        count = together(connections, send)
    told = f"{count['bytes'] / MIB / scene.seconds:.2f} MiB a second taken"
    scene.measured.told = f"{told}, {count['dropped']} times dropped"


def room_passwords(scene: Scene) -> None:
    """Four room owners at one address set their rooms' passwords again and again."""
    server = scene.start()
    with scene.watched("ping", "say", "join", "login", seconds=scene.seconds + 2) as until:

        def set_password(number: int, count: Counter[str]) -> None:
            peer = Peer(server.port, ATTACKER, until)
            _own_a_room(peer, f"owner{number}", f"den{number}")
            while True:
                try:
                    peer.command("/room password x")
                    count["set"] += 1
                except Refused:
                    count["refused"] += 1

        count = together(OWNERS, set_password)
    scene.measured.told = f"{count['set']} times set, {count['refused']} times refused"


def _own_a_room(peer: Peer, nick: str, room: str) -> None:
    peer.hello(nick)
    peer.command(f"/register {PASSWORD}")
    peer.command(f"/join {room}")


def join_passwords(scene: Scene) -> None:
    """24 guests at one address join a room with the right password and part, again and again."""
    server = scene.start()
    owner = Peer(server.port, address(0), time.monotonic() + 60)
    _own_a_room(owner, "owner", "den")
    owner.command(f"/room password {PASSWORD}")
    with scene.watched("ping", "say", "join", "login") as until:

        def join(number: int, count: Counter[str]) -> None:
            peer = Peer(server.port, ATTACKER, until)
            peer.hello(f"mallory{number}")
            while True:
                try:
                    peer.command(f"/join den {PASSWORD}")
                    count["joined"] += 1
                    peer.command("/part den")
                except Refused:
                    count["refused"] += 1

        count = together(MEMBERS, join)
    owner.close()
    scene.measured.told = f"{count['joined']} times joined, {count['refused']} times refused"


def refused(scene: Scene) -> None:
    """One address opens 400 TLS connections a second, without a handshake."""
    certificate, key = make_certificate(scene.folder)
    endpoint = "ssl:0:interface=127.0.0.1:backlog=1024"
    server = scene.start("--port", f"{endpoint}:privateKey={key}:certKey={certificate}")
    before = most = processes.descriptors(server.pid)
    opened: list[Peer] = []
    begun = time.monotonic()
    with scene.watched(*USUAL) as until, suppress(TimeoutError):
        begun = time.monotonic()
        while time.monotonic() < until:
            with suppress(ConnectionError):
                opened.append(Peer(server.more_ports[0], ATTACKER, until))
            if len(opened) % 40 == 0:
                most = max(most, processes.descriptors(server.pid))
            ahead = len(opened) / CONNECTIONS_A_SECOND - (time.monotonic() - begun)
            time.sleep(max(0.0, ahead))
    for peer in opened:
        peer.close()
    told = f"{most - before:,} descriptors at most for {len(opened):,} connections"
    scene.measured.told = told


def handshakes(scene: Scene) -> None:
    """One address shakes hands for TLS 200 times a second, as far as it may."""
    _shake_hands(scene)


def handshakes_unlimited(scene: Scene) -> None:
    """One address shakes hands for TLS 200 times a second, without any limits."""
    _shake_hands(scene, "--rate-limit", "0", "--max-per-address", "0")


def _shake_hands(scene: Scene, *limits: str) -> None:
    certificate, key = make_certificate(scene.folder)
    server = scene.start("--tls-cert", str(certificate), "--tls-key", str(key), *limits)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with scene.watched() as until:
        begun = time.monotonic()

        def shake(number: int, count: Counter[str]) -> None:
            for turn in range(number, int(HANDSHAKES_A_SECOND * scene.seconds), SHAKING):
                time.sleep(max(0.0, begun + turn / HANDSHAKES_A_SECOND - time.monotonic()))
                count["tried"] += 1
                with suppress(ConnectionError, ssl.SSLError):
                    peer = Peer(server.port, ATTACKER, until)
                    with peer.socket, context.wrap_socket(peer.socket):
                        count["done"] += 1

        count = together(SHAKING, shake)
    told = f"{count['done'] / scene.seconds:.0f} handshakes a second"
    scene.measured.told = f"{told} of {count['tried'] / scene.seconds:.0f}"
