"""Resets that are noticed though nothing is read."""

import os
import select
import socket
import struct
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from chatservice.sessions.hangups import HangUps

PATIENCE = 30.0


@implementer(IReactorFDSet)
class Reader(Clock):
    """A reactor of which only one reader is known.

    @ivar reader: the one it has, if any.
    """

    reader: Any = None

    def addReader(self, reader: Any) -> None:
        assert self.reader is None
        self.reader = reader

    def removeReader(self, reader: Any) -> None:
        assert self.reader is reader
        self.reader = None

    def reads(self) -> None:
        """Wait until the reader is ready, and have it read."""
        poll = select.poll()
        poll.register(self.reader.fileno(), select.POLLIN)
        assert poll.poll(PATIENCE * 1000), "nothing happened"
        self.reader.doRead()


class Transport:
    """What a TCP transport has that counts here."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection


def reset(connection: socket.socket) -> None:
    """Close a connection so that the other side is told of a reset (socket(7), SO_LINGER)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class HangUpsTests(SynchronousTestCase):
    """HangUps, with real connections."""

    def setUp(self) -> None:
        self.reactor = Reader()
        self.hang_ups = HangUps(self.reactor)
        self.gone: list[str] = []

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """Both ends of a connection on this machine: the server's, and the peer's."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            peer = socket.create_connection(listening.getsockname())
            server, _ = listening.accept()
        for end in (server, peer):
            self.addCleanup(end.close)
        return server, peer

    def watch(self, server: socket.socket, name: str) -> Callable[[], None]:
        return self.hang_ups.watch(Transport(server), lambda: self.gone.append(name))

    def test_reset(self) -> None:
        """A reset is told once, with bytes that nobody reads before it, and of that one alone."""
        (ada, adas), (bob, _) = self.connect(), self.connect()
        adas.sendall(b"hello\n")
        self.watch(ada, "ada")
        self.watch(bob, "bob")
        reset(adas)
        self.reactor.reads()
        self.assertEqual(self.gone, ["ada"])
        self.reactor.reader.doRead()
        self.assertEqual(self.gone, ["ada"])

    def test_end_of_input(self) -> None:
        """The end of the input is none."""
        ada, adas = self.connect()
        self.watch(ada, "ada")
        adas.sendall(b"hello\n")
        adas.shutdown(socket.SHUT_WR)
        assert select.select([ada], [], [], PATIENCE)[0], "nothing arrived"
        self.reactor.reader.doRead()
        self.assertEqual(self.gone, [])

    def test_unix_socket(self) -> None:
        """Through a UNIX socket a close is the end of the input, unless something was unread."""
        for unread in (b"", b"hello\n"):
            server, peer = socket.socketpair(socket.AF_UNIX)
            self.addCleanup(server.close)
            self.watch(server, f"unread: {len(unread)}")
            peer.sendall(b"hello\n")
            server.sendall(unread)
            peer.close()
            self.reactor.reads()
            self.assertIsNone(self.reactor.reader)
        self.assertEqual(self.gone, ["unread: 6"])

    def test_no_longer(self) -> None:
        """A connection that is read again is not watched, nor one that is closed."""
        (ada, adas), (bob, _) = self.connect(), self.connect()
        end_ada, end_bob = self.watch(ada, "ada"), self.watch(bob, "bob")
        end_ada()
        bob.close()
        end_bob()
        end_bob()
        self.assertIsNone(self.reactor.reader)
        reset(adas)
        self.watch(self.connect()[0], "eve")
        self.reactor.reader.doRead()
        self.assertEqual(self.gone, [])

    def test_ending_one_anew(self) -> None:
        """The end of an earlier watch does not end that of whoever has the descriptor by now."""
        ada, adas = self.connect()
        end = self.watch(ada, "ada")
        end()
        self.watch(ada, "ada again")
        end()
        reset(adas)
        self.reactor.reads()
        self.assertEqual(self.gone, ["ada again"])

    def test_nothing_to_watch(self) -> None:
        """A transport without a socket, and a reactor that reads no descriptors, are left alone."""
        self.hang_ups.watch(object(), lambda: None)()
        ada, _ = self.connect()
        HangUps(Clock()).watch(Transport(ada), lambda: None)()
        self.assertIsNone(self.reactor.reader)

    def test_descriptor(self) -> None:
        """It is a descriptor for the reactor, which may drop it when it stops."""
        ada, _ = self.connect()
        self.watch(ada, "ada")
        os.fstat(self.hang_ups.fileno())
        self.assertEqual(self.hang_ups.logPrefix(), "hang-ups")
        self.hang_ups.connectionLost(None)  # type: ignore[arg-type]
