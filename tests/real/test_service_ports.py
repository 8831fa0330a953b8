"""The ports of twistd chat: how to join it there, and what keeps them from opening."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.endpoints import (
    SSL4ServerEndpoint,
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    UNIXServerEndpoint,
)
from twisted.internet.error import CannotListenError
from twisted.protocols.haproxy import proxyEndpoint

from chatservice.doors import limits, ports
from chatservice.doors.ports import Port
from chatservice.protocol.errors import CannotStart
from tests.certified import certificate, the_certificate
from tests.conversation import new_path
from tests.services import FILES, Reactor, ServiceCase


def ipv4(host: str) -> IPv4Address:
    """Where a port is."""
    return IPv4Address("TCP", host, 40000)


def ipv6(host: str) -> IPv6Address:
    """The same."""
    return IPv6Address("TCP", host, 40000)


class TakenReactor(Reactor):
    """A reactor on which every port is taken."""

    def listenTCP(self, *args: Any, **kwargs: Any) -> Any:
        raise CannotListenError("", 59000, OSError(98, "Address already in use"))


class PortTests(ServiceCase):
    """The ports of a service."""

    def test_fewer_connections(self) -> None:
        """That the system allows fewer connections than were asked for is in the log."""
        self.stop(self.started("--max-connections", str(FILES)))
        most = FILES - limits.SPARE_FILES
        self.assertIn(f"The system allows {most} connections, fewer than asked for.", self.logged)

    def test_enough_connections(self) -> None:
        """As many connections as the system allows, or fewer, are nothing to tell."""
        self.stop(self.started("--max-connections", str(FILES - limits.SPARE_FILES)))
        self.assertEqual([line for line in self.logged if "allows" in line], [])

    def test_how_to_join(self) -> None:
        """The log tells how to join."""
        self.stop(self.started())
        said = "\n".join(self.logged)
        for line in ("telnet localhost 59000", "nc localhost 59000", "chatservice localhost:59000"):
            self.assertIn(f"    {line}", said)

    def advice(self, name: str, endpoint: Any, address: Any) -> str:
        """What is logged last when the chat is open on an endpoint that listens at an address."""
        service = self.service()
        service._ports._ports = [Port(name, endpoint(self.reactor))]
        service.privilegedStartService()
        self.patch(service._ports._ports[0]._listening, "getHost", lambda: address)
        service.startService()
        advice = self.logged[-1]
        self.stop(service)
        return advice

    def test_how_to_join_elsewhere(self) -> None:
        """On an address of its own that one is told, in brackets only where it needs them."""
        self.assertEqual(
            self.advice("1", lambda reactor: TCP4ServerEndpoint(reactor, 1), ipv4("192.0.2.7")),
            "The chat is open on 192.0.2.7 port 40000. Join it with one of\n"
            "    http://192.0.2.7:40000 in a browser\n"
            "    telnet 192.0.2.7 40000\n"
            "    nc 192.0.2.7 40000\n"
            "    chatservice 192.0.2.7:40000",
        )
        self.assertEqual(
            self.advice("tcp6:1", lambda reactor: TCP6ServerEndpoint(reactor, 1), ipv6("::1")),
            "The chat is open on ::1 port 40000. Join it with one of\n"
            "    http://[::1]:40000 in a browser\n"
            "    telnet ::1 40000\n"
            "    nc ::1 40000\n"
            "    chatservice [::1]:40000",
        )

    def test_how_to_join_a_socket_file(self) -> None:
        """On a socket that is a file, one is told how nc reaches it, also in a strange place."""
        self.assertEqual(
            self.advice(
                "unix:tea room",
                lambda reactor: UNIXServerEndpoint(reactor, "tea room"),
                UNIXAddress(b"tea room"),
            ),
            "The chat is open on tea room. Join it with\n    nc -U 'tea room'",
        )

    def test_how_to_join_over_tls(self) -> None:
        """Where TLS is spoken, nobody is told to come without it."""
        for host, named in (("0.0.0.0", "localhost"), ("2001:db8::1", "[2001:db8::1]")):
            address = ipv6(host) if ":" in host else ipv4(host)
            self.assertEqual(
                self.advice("ssl:1", lambda reactor: SSL4ServerEndpoint(reactor, 1, None), address),
                f"The chat is open on {host} port 40000."
                " It is for clients that speak TLS, such as\n"
                f"    openssl s_client -quiet -connect {named}:40000",
            )

    def test_how_to_join_who_knows(self) -> None:
        """On a port of another kind, one is told where it is, and no more."""
        self.assertEqual(
            self.advice(
                "haproxy:tcp:1",
                lambda reactor: proxyEndpoint(TCP4ServerEndpoint(reactor, 1)),
                ipv4("192.0.2.7"),
            ),
            "The chat is open on 192.0.2.7 port 40000.",
        )

    def test_direct(self) -> None:
        """Only plain TCP is sent to past the reactor's queue, and only TLS is encrypted."""
        seen = []

        def front(chat: Any, admission: Any, *connections: Any) -> None:
            seen.append((connections[0].direct, connections[0].encrypted))

        self.patch(ports, "FrontFactory", front)
        service = self.service()
        reactor: Any = self.reactor
        service._ports._ports = [
            Port("4", TCP4ServerEndpoint(reactor, 1)),
            Port("6", TCP6ServerEndpoint(reactor, 2)),
            Port("unix", UNIXServerEndpoint(reactor, "/run/chat")),
            Port("ssl:3", SSL4ServerEndpoint(reactor, 3, None)),
        ]
        service.privilegedStartService()
        tcp = (True, False)
        self.assertEqual(seen, [tcp, tcp, (False, False), (False, True)])

    def test_taken_port(self) -> None:
        """A taken port ends the start with one sentence and status 1."""
        service = self.service(reactor=TakenReactor())
        error = self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertEqual(error.code, "Address already in use: cannot listen on 59000")
        self.assertIsInstance(error, SystemExit)

    def test_other_trouble_with_a_port(self) -> None:
        """Whatever else keeps a port from opening is told in one sentence."""
        reactor = Reactor()
        self.patch(reactor, "listenTCP", lambda *args, **kwargs: int("x"))
        service = self.service(reactor=reactor)
        error = self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertEqual(
            str(error),
            "invalid literal for int() with base 10: 'x': cannot listen on 59000",
        )

    def test_how_to_join_both_ways(self) -> None:
        """With a certificate the log names the encrypted ways, first or alone."""
        path = new_path(self)
        path.write_bytes(b"".join(the_certificate()))
        for options, has_plain in (((), True), (("--require-tls",), False)):
            service = self.started("--tls-cert", str(path), *options)
            (line,) = (each for each in self.logged if "Join it" in each)
            self.assertIn("chatservice localhost:59000 --tls", line)
            self.assertEqual("telnet" in line, has_plain)
            self.stop(service)
            self.logged.clear()

    def test_certificate(self) -> None:
        """The certificate is read at the start, its mark is logged, and SIGHUP reads it again."""
        path = new_path(self)
        path.write_bytes(b"".join(the_certificate()))
        service = self.started("--tls-cert", str(path))
        shown = service._policy.certificate
        assert shown is not None
        mark = shown.fingerprint
        self.assertIn(f"The TLS certificate has the fingerprint {mark}", self.logged)
        path.write_bytes(b"".join(certificate()))
        signal.raise_signal(signal.SIGHUP)
        self.assertNotEqual(shown.fingerprint, mark)
        self.stop(service)

    def test_certificate_of_its_own(self) -> None:
        """The chat may make its own beside the database, and uses it the next time too."""
        marks, database = set(), str(new_path(self))
        for _ in range(2):
            service = self.started("--tls-self-signed", "--database", database)
            assert service._policy.certificate is not None
            marks.add(service._policy.certificate.fingerprint)
            self.stop(service)
        self.assertEqual(len(marks), 1)

    def test_no_certificate(self) -> None:
        """A certificate that cannot be read ends the start with one sentence."""
        service = self.service("--tls-cert", "/no/such/file")
        error = self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertEqual(str(error), "cannot read /no/such/file: No such file or directory")

    def test_expiry(self) -> None:
        """The log tells that the certificate is about to expire."""
        path = new_path(self)
        soon = datetime.now(UTC) + timedelta(days=3, hours=1)
        path.write_bytes(b"".join(certificate(end=soon)))
        service = self.started("--tls-cert", str(path))
        self.reactor.advance(1)
        self.assertTrue(any("expires in 3 days" in line for line in self.logged), self.logged)
        self.stop(service)
