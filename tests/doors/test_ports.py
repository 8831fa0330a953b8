"""Ports: IPv4 and IPv6 on one, and a chat on one in a program of somebody's own."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from chatservice.config.settings import Settings
from chatservice.doors import ports
from chatservice.doors.detect import FrontFactory
from chatservice.doors.ports import DualStackEndpoint, Port, open_port, read_endpoint
from chatservice.doors.visit import EVERYBODY
from chatservice.protocol.errors import CannotStart
from chatservice.server import ChatFactory
from tests.doubles import Wire


class Reactor(Clock):
    """A reactor with the network of this machine, which reads when it is told to."""

    def addReader(self, reader: Any) -> None:
        """See C{IReactorFDSet}."""

    removeReader = removeWriter = addReader

    def listenTCP(self, port: int, factory: Any, backlog: int, interface: str) -> tcp.Port:
        """See C{IReactorTCP}."""
        listening = tcp.Port(port, factory, backlog, interface, self)
        listening.startListening()
        return listening

    def iterate(self, delay: float) -> None:
        """See C{IReactorCore}."""
        self.advance(delay)


class Arrivals(ServerFactory):
    """A note of where connections come from; none is let in."""

    noisy = False

    def __init__(self) -> None:
        self.addresses: list[Any] = []

    def buildProtocol(self, addr: IAddress | None) -> None:
        self.addresses.append(addr)


class DualStackTests(SynchronousTestCase):
    """One port for every address of the machine."""

    def opened(self) -> tuple[Any, Arrivals]:
        """An open port, and who arrives there."""
        arrivals = Arrivals()
        reactor = Reactor()
        listening: Any = self.successResultOf(DualStackEndpoint(reactor, 0).listen(arrivals))

        def close() -> None:
            listening.stopListening()
            reactor.advance(0)

        self.addCleanup(close)
        return listening, arrivals

    def arrive(self, listening: Any, host: str) -> None:
        """Connect to a port, which accepts it."""
        with socket.create_connection((host, listening.getHost().port), timeout=5):
            listening.doRead()

    def test_both(self) -> None:
        """It is open for IPv6 and IPv4, also where the system keeps them apart."""
        make = tcp.Port.createInternetSocket

        def apart(port: tcp.Port) -> socket.socket:
            made = make(port)
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            return made

        self.patch(tcp.Port, "createInternetSocket", apart)
        listening, arrivals = self.opened()
        for host in ("::1", "127.0.0.1"):
            self.arrive(listening, host)
        self.assertEqual([each.host for each in arrivals.addresses], ["::1", "::ffff:127.0.0.1"])

    def without_ip6(self, number: int) -> None:
        """Have the system make no IPv6 socket, for a reason."""

        def refuse(port: tcp.Port) -> socket.socket:
            raise OSError(number, os.strerror(number))

        self.patch(ports._DualStackPort, "createInternetSocket", refuse)

    def test_without_ip6(self) -> None:
        """Where there is no IPv6 it is open for IPv4."""
        for number in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            self.without_ip6(number)
            listening, arrivals = self.opened()
            self.arrive(listening, "127.0.0.1")
            self.assertEqual([each.host for each in arrivals.addresses], ["127.0.0.1"])

    def test_other_trouble(self) -> None:
        """For any other reason it is not open for IPv4 alone."""
        self.without_ip6(errno.EACCES)
        port = Port("80", DualStackEndpoint(Reactor(), 0))
        error = self.assertRaises(CannotStart, port.listen, Arrivals())
        self.assertEqual(str(error), "Permission denied: cannot listen on 80")

    def test_taken(self) -> None:
        """A port that another program holds for IPv4 alone is taken."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            number = other.getsockname()[1]
            chat = ChatFactory(Reactor())
            error = self.assertRaises(CannotStart, open_port, Reactor(), str(number), chat)
        self.assertEqual(error.code, f"Address already in use: cannot listen on {number}")

    def test_how_to_join(self) -> None:
        """The log says that it can be reached at every address."""
        port = Port("0", DualStackEndpoint(Reactor(), 0))
        port.listen(Arrivals())
        number = port._listening.getHost().port
        self.addCleanup(port._listening.socket.close)
        self.assertEqual(
            port.how_to_join(EVERYBODY),
            f"The chat is open on port {number} of every address of this machine."
            f" Join it with one of\n    http://localhost:{number} in a browser\n"
            f"    telnet localhost {number}\n    nc localhost {number}\n"
            f"    chatservice localhost:{number}",
        )

    def test_peer_with_ip4(self) -> None:
        """A peer with IPv4 on such a port is one with that address, in limits, log and chat."""
        logged: list[str] = []

        def note(event: LogEvent) -> None:
            logged.append((event.get("log_format") or "").format(**event))

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        clock = Clock()
        chat = ChatFactory(clock, settings=Settings(replay=0))
        factory = FrontFactory(chat, ports.Admission(0, 1))
        wires = [Wire(clock, host=host) for host in ("::ffff:192.0.2.7", "192.0.2.7")]
        for wire in wires:
            wire.protocol = factory.buildProtocol(wire.getPeer())
            wire.protocol.makeConnection(wire)
            wire.sends(b"ada\n")
        (device,) = chat.roster["ada"].devices
        self.assertEqual(device.door.peer.address, "192.0.2.7")
        self.assertIn("ada is here, from 192.0.2.7 port 40000.", logged)
        self.assertIn("your address already has the most connections allowed", wires[1].sees())


class OpenPortTests(SynchronousTestCase):
    """A chat on a port, in a program of somebody's own."""

    def test_bad_port(self) -> None:
        """What is no port is told in a sentence."""
        error = self.assertRaises(CannotStart, open_port, Reactor(), "70000", None)
        self.assertEqual(error.code, "70000: a port must be 65535 or less")

    def test_every_door(self) -> None:
        """Every door is there."""
        clock = Reactor()
        port = open_port(clock, "0", ChatFactory(clock))
        self.addCleanup(port._listening.socket.close)
        wire = Wire(clock)
        wire.protocol = port._listening.factory.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        wire.sends(b'{"type":"hello","nick":"ada"}\n')
        self.assertIn('{"type":"welcome"', wire.sees())


class TrialTests(SynchronousTestCase):
    """Ports that are tried before the chat starts."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.listens: list[int] = []
        listen = socket.socket.listen

        def noted(each: socket.socket, backlog: int = 0) -> None:
            self.listens.append(each.getsockname()[1])
            listen(each, backlog)

        self.patch(socket.socket, "listen", noted)

    def tries(self, *numbers: int) -> None:
        """Try ports of 127.0.0.1."""
        names = [f"tcp:{number}:interface=127.0.0.1" for number in numbers]
        tried = [Port(name, read_endpoint(self.reactor, name)) for name in names]
        ports.try_out(self.reactor, tried)

    def test_nobody_connects(self) -> None:
        """Nobody can connect to them meanwhile, and they are free afterwards."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            number = free.getsockname()[1]
        self.listens.clear()
        for _ in range(2):
            self.tries(number)
        self.assertEqual(self.listens, [])

    def test_taken(self) -> None:
        """One on which something listens is taken."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            self.check_taken(other.getsockname()[1])

    def test_the_same_one(self) -> None:
        """One that is given twice is taken by itself."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            number = free.getsockname()[1]
        self.check_taken(number, number)

    def check_taken(self, *numbers: int) -> None:
        """Check that ports cannot be opened, for the last one is taken."""
        error = self.assertRaises(CannotStart, self.tries, *numbers)
        sentence = f"Address already in use: cannot listen on tcp:{numbers[-1]}:interface=127.0.0.1"
        self.assertEqual(str(error.code), sentence)
