"""The connection to the chat: its watch, its repetition, and why there is none."""

import errno
import itertools
import json
from typing import Any

from twisted.internet import error
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.joining import Identity
from chatservice.client.link import IDLE, PATIENCE, SILENT, Link, explain
from chatservice.client.rounds import Backoff
from chatservice.client.session import Session
from chatservice.client.view import State
from tests.scripted import Recorder, line, welcome


class Transport(StringTransport):
    """A connection in memory that notes how it was set and ended."""

    aborted = False

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def abortConnection(self) -> None:
        self.aborted = True


class LinkCase(SynchronousTestCase):
    """Tests of a link with a clock turned by hand."""

    addresses: tuple[str, ...] = ("host:7",)

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.person = Recorder()
        refs = (f"r{number}" for number in itertools.count(1))
        self.session = Session(self.person, Identity("ada"), ["lobby"], refs, 0)
        endpoints = {
            address: TCP4ClientEndpoint(self.reactor, address.partition(":")[0], 7)
            for address in self.addresses
        }
        self.link = Link(endpoints, self.session, self.reactor, Backoff(lambda: 0.0))
        self.link.start()

    def accept(self) -> None:
        """The chat takes the latest attempt."""
        factory = self.reactor.tcpClients[-1][2]
        self.transport = Transport()
        self.protocol = factory.buildProtocol(None)
        self.protocol.makeConnection(self.transport)

    def refuse(self) -> None:
        """Nothing listens at the latest attempt."""
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(error.ConnectionRefusedError()))

    def lose(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def hear(self, *lines: bytes) -> None:
        """The chat sends lines."""
        for each in lines:
            self.protocol.dataReceived(each + b"\n")

    def join(self) -> None:
        self.accept()
        self.protocol.dataReceived(welcome() + b"\n")
        asked = json.loads(self.transport.value().splitlines()[-1])
        if asked["type"] == "history":
            page = line("history", ref=asked["ref"], events=[])
            self.protocol.dataReceived(page + b"\n")
        self.assertIs(self.session.state, State.LIVE)
        self.transport.clear()

    def sent(self) -> list[str]:
        """The kinds of the requests sent."""
        return [json.loads(each)["type"] for each in self.transport.value().splitlines()]


class LinkTests(LinkCase):
    """A link to one address."""

    def test_hello(self) -> None:
        """The hello goes out at once, and no small packet waits for another."""
        self.accept()
        self.assertEqual(self.sent(), ["hello"])
        self.assertTrue(self.transport.no_delay)

    def test_first_refused(self) -> None:
        """If nothing listens at first, the session ends with a sentence."""
        self.refuse()
        sentence = "Could not connect to host:7: nothing is listening there."
        self.assertEqual(self.person.take(), [f"gone {sentence} True"])

    def test_stopped_while_connecting(self) -> None:
        """Stopping says nothing, and leaves nothing behind."""
        self.link.stop()
        self.assertEqual(self.person.take(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_silence(self) -> None:
        """When nothing was heard for five seconds it is told, connected or not, once."""
        for connected in (True, False):
            self.setUp()
            if connected:
                self.accept()
            self.reactor.advance(SILENT - 0.1)
            self.assertEqual(self.person.take(), [])
            self.reactor.advance(0.1)
            told = "told host:7 has not answered yet: still trying"
            self.assertEqual(self.person.take(), [told])
            self.reactor.advance(SILENT)
            self.assertEqual(self.person.take(), [])

    def test_no_silence(self) -> None:
        """Nothing is told when the chat has been joined, or wants something, or it is over."""
        wants = line("error", code="nick-taken", text="ada is taken")
        for heard in (welcome(), wants, b""):
            self.setUp()
            self.accept()
            if heard:
                self.protocol.dataReceived(heard + b"\n")
            else:
                self.link.stop()
            self.person.take()
            self.reactor.advance(SILENT)
            self.assertEqual(self.person.take(), [])

    def test_pauses_grow(self) -> None:
        """Later attempts go on for ever, each after a longer pause than the last, up to a limit."""
        self.join()
        self.lose()
        pauses = []
        for _ in range(9):
            (retry,) = self.reactor.getDelayedCalls()
            pauses.append(retry.getTime() - self.reactor.seconds())
            self.reactor.advance(pauses[-1])
            self.refuse()
        self.assertEqual(pauses, [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15])

    def test_pauses_shorten(self) -> None:
        """A chat that was joined again is a reason to be quick again."""
        self.join()
        for _ in range(5):
            self.lose()
            (retry,) = self.reactor.getDelayedCalls()
            self.assertEqual(retry.getTime() - self.reactor.seconds(), 0.25)
            self.reactor.advance(0.25)
            self.join()

    def test_watch(self) -> None:
        """A silent chat is asked for a sign of life, and given up if there is none."""
        self.join()
        self.reactor.advance(IDLE)
        self.assertEqual(self.sent(), ["ping"])
        self.reactor.advance(PATIENCE)
        self.assertTrue(self.transport.aborted)
        self.lose()
        self.assertIs(self.session.state, State.OFFLINE)

    def test_sign_of_life(self) -> None:
        """Anything that comes is a sign of life."""
        self.join()
        for _ in range(5):
            self.reactor.advance(IDLE)
            self.reactor.advance(PATIENCE - 1)
            self.protocol.dataReceived(line("pong") + b"\n")
        self.assertFalse(self.transport.aborted)
        self.assertEqual(self.sent(), ["ping"] * 5)

    def test_no_answer_to_hello(self) -> None:
        """A chat that does not answer the hello is given up."""
        self.accept()
        self.reactor.advance(IDLE)
        self.assertTrue(self.transport.aborted)
        self.lose()
        self.assertEqual(self.reactor.getDelayedCalls()[1:], [])

    def test_endless_line(self) -> None:
        """A line without an end is the end of the connection."""
        self.join()
        self.protocol.dataReceived(b"x" * 5_000_000)
        self.assertTrue(self.transport.aborted)

    def test_pieces(self) -> None:
        """Lines arrive in whatever pieces."""
        self.accept()
        for byte in welcome() + b"\r\n":
            self.protocol.dataReceived(bytes([byte]))
        self.assertIs(self.session.state, State.LIVE)


class ExplainTests(SynchronousTestCase):
    """Why there is no connection, in a sentence."""

    def check(self, reason: Exception, expected: str) -> None:
        self.assertEqual(explain(Failure(reason), "h:7"), f"Could not connect to h:7: {expected}")

    def test_reasons(self) -> None:
        """Each of the usual reasons has its words."""
        self.check(error.ConnectionRefusedError(), "nothing is listening there.")
        self.check(error.DNSLookupError(), "there is no host with that name.")
        self.check(error.UnknownHostError(), "there is no host with that name.")
        self.check(error.TimeoutError(), "it does not answer.")
        self.check(error.TCPTimedOutError(), "it does not answer.")
        self.check(error.NoRouteError(osError=errno.EHOSTUNREACH), "no route to host.")
        self.check(error.ConnectError(osError=errno.ENETUNREACH), "network is unreachable.")
        self.check(
            error.ConnectError(osError="strange"), "An error occurred while connecting: strange."
        )
        self.check(ValueError("odd"), "odd")
