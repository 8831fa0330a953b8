"""The end of a connection with input that was not read, and its beginning."""

import socket

from twisted.internet.address import UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport

from chatservice.doors.carrier import LINGER, OVERLONG
from chatservice.people.peers import Peer
from chatservice.server import ChatProtocol
from chatservice.sessions.keepalive import keep_honest
from tests.doubles import LineTestCase, Wire


class UnreadTests(LineTestCase):
    """Somebody is said goodbye to whose last lines are not read any more."""

    def setUp(self) -> None:
        """Ada sends far more than the flood limit reads, and a goodbye before the rest."""
        self.begin(rate_limit=5)
        self.ada = self.comes()
        self.ada.stays = True
        self.ada.sends(b"ada\n/who\n/quit\n" + b"x\n" * 5000, 100)

    def test_answers_are_kept(self) -> None:
        """The connection is not closed, which would reset it: only its writing ends."""
        self.assertIn("-- ada: lobby", self.ada.sees())
        self.assertEqual((self.ada.half_closed, self.ada.lost), (True, None))
        self.assertEqual((self.ada.reading, self.said()), (True, []))
        self.ada.ends()
        self.assertIs(self.ada.lost, ConnectionDone)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stays(self) -> None:
        """Who does not close as well is closed after two seconds."""
        self.clock.advance(LINGER - 0.1)
        self.ada.gets()
        self.assertIsNone(self.ada.lost)
        self.clock.advance(0.1)
        self.ada.gets()
        self.assertIs(self.ada.lost, ConnectionDone)

    def test_endless(self) -> None:
        """Who goes on sending is read for a while only."""
        self.ada.sends(b"x" * (OVERLONG + 1), 65536)
        self.assertFalse(self.ada.reading)

    def test_nothing_waits(self) -> None:
        """Whatever else it would wait for, it is read on, or its end would not be noticed."""
        self.ada.protocol.session.hold()
        self.assertTrue(self.ada.reading)

    def test_vanishes(self) -> None:
        """A reset ends it at once."""
        self.ada.vanishes()
        self.assertEqual((self.chat.sessions, self.clock.getDelayedCalls()), (set(), []))


class ConnectionTests(LineTestCase):
    def test_log(self) -> None:
        """Who comes is logged with where from."""
        ada = self.comes()
        logged = self.logged(lambda: ada.sends(b"ada\n"))
        self.assertEqual(logged, ["ada is here, from 192.0.2.1 port 40000."])

    def test_log_without_host(self) -> None:
        """Who comes from where there are no hosts is logged too."""
        peer = Peer.at(UNIXAddress("/run/chat"), 0.0)
        ada = Wire.to(ChatProtocol(self.chat, peer), self.clock)
        logged = self.logged(lambda: ada.sends(b"ada\n"))
        self.assertEqual(logged, ["ada is here, from this machine."])

    def test_tcp(self) -> None:
        """A TCP connection sends at once, and notices a silent peer's end."""
        _, wire = self.listens()
        self.assertEqual(wire.options, {"nodelay": True, "keepalive": True})

    def test_socket(self) -> None:
        """Where the socket can be had, it notices that within 150 s."""
        wire = Wire(self.clock)
        connection = socket.socket()
        self.addCleanup(connection.close)
        wire.socket = connection
        keep_honest(wire)
        idle, interval, count, unacknowledged = (
            connection.getsockopt(socket.IPPROTO_TCP, option)
            for option in (
                socket.TCP_KEEPIDLE,
                socket.TCP_KEEPINTVL,
                socket.TCP_KEEPCNT,
                socket.TCP_USER_TIMEOUT,
            )
        )
        self.assertLessEqual(idle + interval * count, 150)
        self.assertEqual(unacknowledged, 120_000)

    def test_other_sockets(self) -> None:
        """A UNIX socket has no such options."""
        one, other = socket.socketpair()
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        wire = Wire(self.clock)
        wire.socket = one
        keep_honest(wire)

    def test_no_tcp(self) -> None:
        """A connection that is not TCP is left as it is."""
        keep_honest(StringTransport())
