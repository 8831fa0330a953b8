"""The service that twistd is given, without a network and without threads."""

from __future__ import annotations

import signal
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors import limits
from chatservice.storage import keeping
from chatservice.storage.threads import ThreadedDatabase
from chatservice.tap import ChatService, Options
from tests.conversation import new_path
from tests.databases import InlinePool
from tests.doubles import Wire

FILES = 1024
"""File descriptors that there are."""


class Reactor(MemoryReactorClock):
    """A reactor without a network, threads or a clock of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: Any = InlinePool()

    def callFromThread(self, function: Any, *args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    def getThreadPool(self) -> Any:
        return self.pool


class ServiceCase(SynchronousTestCase):
    """Tests of a service, which is started and stopped."""

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

    def connect(self) -> Wire:
        """A new connection to the port."""
        factory = self.reactor.tcpServers[0][1]
        wire = Wire(self.reactor)
        wire.protocol = factory.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire

    def stop(self, service: ChatService) -> None:
        """Stop the service, and see that it stops."""
        self.successResultOf(self.stopping(service))

    def stopping(self, service: ChatService) -> Deferred[None]:
        """Stop the service, and let it do what it can do at once."""
        done = service.stopService()
        self.reactor.pump([0] * 8)
        return done
