"""twistd chat as a service, from start to stop."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import fail
from twisted.internet.endpoints import (
    SSL4ServerEndpoint,
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    UNIXServerEndpoint,
)
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher
from twisted.protocols.haproxy import proxyEndpoint
from twisted.trial.unittest import SynchronousTestCase

from chatservice import tap
from chatservice.config.settings import Settings
from chatservice.doors import limits, ports
from chatservice.doors.ports import Port
from chatservice.protocol.errors import CannotStart, StorageError
from chatservice.storage import keeping
from chatservice.storage.threads import ThreadedDatabase
from chatservice.tap import ChatService, Options
from tests.certified import certificate, the_certificate
from tests.conversation import new_path
from tests.doubles import Wire
from tests.recording import InlinePool

FILES = 1024
"""File descriptors that there are."""


def ipv4(host: str) -> IPv4Address:
    """Where a port is."""
    return IPv4Address("TCP", host, 40000)


def ipv6(host: str) -> IPv6Address:
    """The same."""
    return IPv6Address("TCP", host, 40000)


class Reactor(MemoryReactorClock):
    """A reactor without a network, threads or a clock of its own."""

    def callFromThread(self, function: Any, *args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)


class TakenReactor(Reactor):
    """A reactor on which every port is taken."""

    def listenTCP(self, *args: Any, **kwargs: Any) -> Any:
        raise CannotListenError("", 59000, OSError(98, "Address already in use"))


class ServiceTests(SynchronousTestCase):
    """The service, from start to stop."""

    def setUp(self) -> None:
        pool: Any = InlinePool
        self.patch(keeping, "ThreadedDatabase", lambda *given: ThreadedDatabase(*given, pool))
        self.patch(limits.resource, "setrlimit", lambda which, limits: None)
        self.patch(limits.resource, "getrlimit", lambda which: (FILES, FILES))
        self.addCleanup(signal.signal, signal.SIGHUP, signal.getsignal(signal.SIGHUP))
        self.reactor = Reactor()
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self.note)
        self.addCleanup(globalLogPublisher.removeObserver, self.note)

    def note(self, event: LogEvent) -> None:
        """Remember what is logged."""
        self.logged.append((event.get("log_format") or "").format(**event))

    def service(self, *arguments: str, reactor: Any = None) -> ChatService:
        """The service that a command line gives, on a port of the reactor without a network."""
        options = Options()
        options.parseOptions(["--database", str(new_path(self)), *arguments])
        self.reactor = reactor or self.reactor
        endpoint = TCP4ServerEndpoint(self.reactor, 59000)
        options["endpoints"] = [("59000", endpoint)]
        return ChatService(self.reactor, options)

    def started(self, *arguments: str) -> ChatService:
        """A service that runs."""
        service = self.service(*arguments)
        service.privilegedStartService()
        service.startService()
        return service

    def test_bounds_in_memory(self) -> None:
        """Without a file, a room has no more than so many lines, whatever is asked for."""
        for given, kept in (((), 99_999), (("--database", ":memory:"), 10_000)):
            service = self.started("--keep-lines", "99999", *given)
            pruning: Any = service._keeping._upkeeps[0]._rounds._steps[0]
            self.assertEqual(pruning.__self__._bounds("lobby"), (0, kept))

    def connect(self) -> Wire:
        """A new connection to the port."""
        factory = self.reactor.tcpServers[0][1]
        wire = Wire(self.reactor)
        wire.protocol = factory.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire

    def stop(self, service: ChatService) -> None:
        """Stop the service, and see that it stops."""
        done = service.stopService()
        for _ in range(8):
            self.reactor.advance(0)
        self.successResultOf(done)

    def test_a_chat(self) -> None:
        """What is said is stored, told at the end of the chat, and there after a restart."""
        service = self.started()
        wire = self.connect()
        wire.sends(b"ada\nhello\n/topic snakes\n")
        self.assertIn("you joined lobby", wire.sees())
        done = service.stopService()
        self.assertEqual(wire.sees(), "-- the chat is shutting down\r\n")
        self.successResultOf(done)
        last = service.chat.ids.last
        again = ChatService(self.reactor, service._options)
        again.privilegedStartService()
        again.startService()
        self.assertEqual(again.chat.ids.last, last)
        self.reactor.tcpServers.reverse()
        wire = self.connect()
        wire.sends(b"bob\n")
        seen = wire.sees()
        self.assertIn("-- the topic (set by ada): snakes\r\n", seen)
        self.assertIn(" ada: hello\r\n", seen)
        wire.vanishes()
        self.stop(again)

    def test_ports_are_closed_first(self) -> None:
        """Nobody can connect any more by the time people are told."""
        service = self.started()
        wire = self.connect()
        wire.sends(b"ada\n")
        wire.sees()
        seen: list[str] = []
        (port,) = service._ports._ports
        self.patch(port._listening, "stopListening", lambda: seen.append(wire.sees()))
        done = service.stopService()
        self.assertEqual(seen, [""])
        self.assertEqual(wire.sees(), "-- the chat is shutting down\r\n")
        self.successResultOf(done)

    def test_full_disk_at_the_end(self) -> None:
        """That the last id cannot be stored is in the log, and the file is closed all the same."""
        service = self.started()
        closed: list[None] = []
        self.patch(service._keeping._database, "close", lambda: closed.append(None))
        error = StorageError("the disk is full")
        self.patch(service._keeping.journal, "close", lambda: fail(error))
        self.stop(service)
        self.assertEqual(
            (closed, self.logged[-1]),
            (
                [None],
                "Storing the last id failed, so the next run skips some: the disk is full.",
            ),
        )

    def test_settings(self) -> None:
        """The options arrive where they have their effect."""
        motd = new_path(self)
        motd.write_text("Be kind.\n")
        service = self.started(
            *("--name", "Tea room", "--replay", "3", "--rate-limit", "7", "--send-queue", "2K"),
            *("--pipe-rate", "70"),
            *("--motd", str(motd), "--max-connections", "2", "--max-per-address", "1"),
            *("--linger", "9", "--operator", "Ada", "--keep", "30d", "--keep-lines", "4"),
            *("--least-password", "3"),
        )
        settings = service.chat.settings
        people = {"linger": 9, "operators": frozenset({"ada"})}
        history = {"keep": 30 * 86400, "keep_lines": 4}
        self.assertEqual(
            settings, Settings("Tea room", ("Be kind.",), 3, 7, 70, 1, 2048, **people, **history)
        )
        self.assertEqual(service.chat.accounts.least, 3)
        first, second = self.connect(), self.connect()
        for wire in (first, second):
            wire.sends(b"\n")
        self.assertEqual(
            second.sees(),
            "-- your address already has the most connections allowed (1):"
            " close one of them first\r\n",
        )
        first.vanishes()
        self.stop(service)

    def test_in_memory(self) -> None:
        """A database in memory needs no file."""
        service = self.started("--database", ":memory:")
        wire = self.connect()
        wire.sends(b"ada\nhello\n/history\n")
        self.assertIn(" ada: hello\r\n", wire.sees())
        wire.vanishes()
        self.stop(service)

    def test_file_taken_away(self) -> None:
        """A chat whose file is gone is not well, within a second."""
        service = self.started()
        path = Path(service._options["database"])
        path.rename(path.with_name("away"))
        self.reactor.advance(1.0)
        sentence = "the database file was deleted, moved or replaced"
        self.assertEqual(service.chat.trouble(), f"{sentence}: lines are refused until it is back")
        path.with_name("away").rename(path)
        self.reactor.advance(1.0)
        self.assertEqual(service.chat.trouble(), "")
        self.stop(service)

    def test_without_privileges(self) -> None:
        """Where the service is only started, as by twist, its ports are opened as well."""
        service = self.service()
        service.startService()
        self.assertEqual(len(self.reactor.tcpServers), 1)
        self.assertIn("The chat is open on", self.logged[-1])
        self.stop(service)

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

    def test_no_database(self) -> None:
        """A database that does not open ends the start with one sentence."""
        service = self.service("--database", "/no/such/folder/chat")
        service.privilegedStartService()
        error = self.assertRaises(CannotStart, service.startService)
        self.assertEqual(str(error), "No such file or directory: cannot use /no/such/folder/chat")

    def test_reload(self) -> None:
        """SIGHUP reads the message of the day again; one that cannot be read stays as it was."""
        motd = new_path(self)
        motd.write_text("Be kind.\n")
        service = self.started("--motd", str(motd))
        motd.write_text("Tea at five.\n")
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(service.chat.settings.motd, ("Tea at five.",))
        self.assertEqual(self.logged[-1], "The message of the day was read again.")
        motd.unlink()
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(service.chat.settings.motd, ("Tea at five.",))
        why = f"cannot read {motd}: No such file or directory"
        self.assertEqual(self.logged[-1], f"The message of the day stays as it was: {why}.")
        self.stop(service)

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

    def test_reload_nothing(self) -> None:
        """Without a message of the day SIGHUP does nothing."""
        service = self.started()
        before = len(self.logged)
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(len(self.logged), before)
        self.stop(service)

    def test_makeService(self) -> None:
        """twistd is given the service, which has opened nothing yet."""
        options = Options()
        path = new_path(self)
        options.parseOptions(["--database", str(path)])
        self.assertIsInstance(tap.makeService(options), ChatService)
        self.assertFalse(path.exists())
