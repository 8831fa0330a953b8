"""A chat with several addresses: which one is tried when, and what is told of it."""

import json
from typing import Any

from twisted.internet import error
from twisted.internet.endpoints import HostnameEndpoint, TCP6ClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.addresses import Address
from chatservice.client.link import ANSWER, HURRY, IDLE, LONGEST, endpoints_of
from chatservice.client.tls import TlsEndpoint, TlsRefused, trust_in_system
from chatservice.client.view import State
from tests.client.test_link import LinkCase
from tests.scripted import line, welcome

LOST = "told connection to {} lost, trying again; what you say is kept"


class SeveralCase(LinkCase):
    """Tests of a link to two addresses."""

    addresses = ("db1:7", "db2:7")

    def tried(self) -> list[str]:
        """The hosts that were tried since the last call."""
        hosts = [each[0] for each in self.reactor.tcpClients]
        found, self.seen = hosts[self.seen :], len(hosts)
        return found

    def setUp(self) -> None:
        self.seen = 0
        super().setUp()

    def fail_with(self, reason: Exception) -> None:
        """The latest attempt fails."""
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(reason))

    def hello(self) -> dict[str, Any]:
        """The last hello on this connection."""
        found: dict[str, Any] = json.loads(self.transport.value().splitlines()[-1])
        self.assertEqual(found["type"], "hello")
        return found

    def refuse_here(self, code: str, text: str) -> None:
        """The chat refuses the hello, and hangs up."""
        self.hear(line("error", code=code, text=text))
        self.lose()


class FirstTests(SeveralCase):
    """The first attempts, until the chat is joined."""

    def test_told_where(self) -> None:
        """Whoever has joined is told where."""
        self.join()
        told = ["told connected to db1:7", "entered lobby ['ada']"]
        self.assertEqual((self.tried(), self.person.take()), (["db1"], told))

    def test_next(self) -> None:
        """Where nothing listens, the next one is tried at once, and that is told."""
        self.refuse()
        told = "told Could not connect to db1:7: nothing is listening there."
        self.assertEqual((self.person.take(), self.link.address), ([told], "db2:7"))
        self.reactor.advance(0)
        self.assertEqual(self.tried(), ["db1", "db2"])
        self.join()
        self.assertEqual(self.person.take()[0], "told connected to db2:7")

    def test_none(self) -> None:
        """If the last one cannot be reached either, the session ends, and says so of each."""
        self.refuse()
        self.reactor.advance(0)
        self.fail_with(error.DNSLookupError())
        told = [
            "told Could not connect to db1:7: nothing is listening there.",
            "gone Could not connect to db2:7: there is no host with that name. True",
        ]
        self.assertEqual(self.person.take(), told)

    def test_not_let_in(self) -> None:
        """A server that lets nobody in now, or closes without a word, is not the last."""
        for text in ("the chat is full", ""):
            self.setUp()
            self.accept()
            if text:
                self.hear(line("error", code="closing", text=text))
                self.assertTrue(self.transport.aborted)
            self.lose()
            why = text or "the connection ended before you had joined"
            self.assertEqual(self.person.take(), [f"told db1:7: {why}"])
            self.reactor.advance(0)
            self.join()
            self.assertEqual(self.person.take()[0], "told connected to db2:7")

    def test_nobody_lets_in(self) -> None:
        """The last one that lets nobody in ends the session."""
        for _ in self.addresses:
            self.accept()
            self.refuse_here("closing", "the chat is full")
            self.reactor.advance(0)
        told = ["told db1:7: the chat is full", "gone db2:7: the chat is full True"]
        self.assertEqual(self.person.take(), told)

    def test_mixed(self) -> None:
        """The session ends after the last one, however each of them failed."""
        self.accept()
        self.lose()
        self.reactor.advance(0)
        self.refuse()
        last = "gone Could not connect to db2:7: nothing is listening there. True"
        self.assertEqual(self.person.take()[1:], [last])

    def test_text(self) -> None:
        """A server that speaks as to people has not let anybody in either."""
        self.accept()
        self.hear(b"-- the chat is full")
        self.lose()
        self.reactor.advance(0)
        self.refuse()
        last = "gone Could not connect to db2:7: nothing is listening there. True"
        self.assertEqual(self.person.take(), ["told db1:7: the chat is full", last])

    def test_refused_for_all(self) -> None:
        """What the chat itself refuses is not tried elsewhere."""
        for code in ("banned", "closed", "malformed"):
            self.setUp()
            self.accept()
            self.refuse_here(code, "not you")
            self.assertEqual(self.person.take(), ["gone not you True"])

    def test_silent(self) -> None:
        """A server that does not answer the hello in time is given up, and the next one tried."""
        self.accept()
        self.reactor.advance(ANSWER - 0.1)
        self.assertFalse(self.transport.aborted)
        self.reactor.advance(0.1)
        self.assertTrue(self.transport.aborted)
        self.lose()
        self.reactor.advance(0)
        self.assertEqual(self.tried(), ["db1", "db2"])

    def test_asked(self) -> None:
        """While the chat wants something from the person, no failure ends the session."""
        self.accept()
        self.hear(line("error", code="nick-taken", text="ada is taken"))
        self.lose()
        self.person.take()
        for _ in range(3):
            self.reactor.advance(1)
            self.refuse()
        self.session.typed("eve")
        self.reactor.advance(2)
        self.refuse()
        told = ["told db1:7 has not answered yet: still trying"]
        self.assertEqual((self.person.take(), self.session.state), (told, State.OFFLINE))
        self.reactor.advance(4)
        self.accept()
        self.assertEqual(self.hello()["nick"], "eve")

    def test_password(self) -> None:
        """A password that was typed goes to the next one, if the first did not answer it."""
        self.accept()
        self.hear(line("error", code="password-needed", text="ada is registered"))
        self.session.prove("correct-horse")
        self.lose()
        self.assertTrue(self.session.secretive)
        self.reactor.advance(0)
        self.accept()
        self.assertEqual(self.hello()["password"], "correct-horse")

    def test_left(self) -> None:
        """Whoever leaves meanwhile is told nothing more."""
        self.refuse()
        self.session.typed("/quit")
        self.person.take()
        self.reactor.advance(0)
        self.refuse()
        self.link.stop()
        self.assertEqual((self.person.take(), self.reactor.getDelayedCalls()), ([], []))


class LostTests(SeveralCase):
    """The connection is lost after the chat was joined."""

    def setUp(self) -> None:
        super().setUp()
        self.join()
        self.person.take()
        self.tried()

    def retry(self) -> float:
        """Wait for the next attempt; the seconds that it took."""
        (retry,) = self.reactor.getDelayedCalls()
        pause: float = retry.getTime() - self.reactor.seconds()
        self.reactor.advance(pause)
        return pause

    def test_rounds(self) -> None:
        """First the same one is tried, then the next at once; pauses grow by the round."""
        self.lose()
        pauses = []
        for _ in range(7):
            pauses.append(self.retry())
            self.refuse()
        self.assertEqual(pauses, [0.25, 0, 0.5, 0, 1, 0, 2])
        self.assertEqual(self.tried(), ["db1", "db2"] * 3 + ["db1"])
        self.assertEqual(self.person.take(), [LOST.format("db1:7")])

    def test_elsewhere(self) -> None:
        """The person goes on at the next one with the token, and is told where."""
        self.lose()
        self.retry()
        self.refuse()
        self.retry()
        self.accept()
        hello = self.hello()
        self.assertEqual((hello["token"], hello["rooms"]), ("t" * 22, {"lobby": 100}))
        self.hear(welcome(200))
        ref = json.loads(self.transport.value().splitlines()[-1])["ref"]
        self.hear(line("history", ref=ref, events=[]))
        self.assertIs(self.session.state, State.LIVE)
        told = [LOST.format("db1:7"), "told connected again, to db2:7, as ada"]
        self.assertEqual(self.person.take(), told)
        self.lose()
        self.assertEqual(self.person.take(), [LOST.format("db2:7")])
        self.assertEqual(self.retry(), 0.25)
        self.assertEqual(self.tried(), ["db1", "db2", "db2"])

    def test_turned_away(self) -> None:
        """A server that cannot take the person now is left at once, whatever it says."""
        self.lose()
        for code in ("failed", "closed"):
            self.retry()
            self.accept()
            self.hear(line("error", code=code, text="not now"))
            self.assertTrue(self.transport.aborted)
            self.lose()
        self.assertEqual((self.retry(), self.tried()), (0.5, ["db1", "db2", "db1"]))
        self.assertEqual(self.person.take(), [LOST.format("db1:7")])
        self.accept()
        self.assertFalse(self.session.is_turned_away)

    def test_distrusted(self) -> None:
        """That a server is not to be trusted is told once for each, until the chat is joined."""
        self.lose()
        expired = TlsRefused("its certificate has expired")
        for _ in range(4):
            self.retry()
            self.fail_with(expired)
        told = [
            f"told Could not connect to {address}: its certificate has expired."
            for address in self.addresses
        ]
        self.assertEqual(self.person.take()[1:], told)
        self.retry()
        self.join()
        self.lose()
        self.retry()
        self.person.take()
        self.fail_with(expired)
        self.assertEqual(self.person.take(), told[:1])


class OneTests(LinkCase):
    """One address, of which nothing of all this is told."""

    def test_silent(self) -> None:
        """Where there is no other address, a silent server is given the time that it takes."""
        self.accept()
        self.reactor.advance(IDLE - 0.1)
        self.assertFalse(self.transport.aborted)

    def test_turned_away(self) -> None:
        """A refusal is the end before the chat was joined, and waits for the chat afterwards."""
        self.accept()
        self.hear(line("error", code="closing", text="the chat is full"))
        self.assertEqual(self.person.take(), ["gone the chat is full True"])
        self.setUp()
        self.join()
        self.lose()
        self.reactor.advance(1)
        self.accept()
        self.hear(line("error", code="failed", text="not now"))
        self.assertFalse(self.transport.aborted)
        self.reactor.advance(IDLE - 0.1)
        self.assertFalse(self.transport.aborted)
        told = ["connection lost, trying again; what you say is kept"]
        self.assertEqual(self.person.take()[1:], [f"told {each}" for each in told])


class EndpointTests(SynchronousTestCase):
    """How long an attempt may take, and with whom TLS is spoken."""

    def test_timeouts(self) -> None:
        """An attempt is short where there is another address to try."""
        addresses = [Address("db1.example", 7), Address("::1", 7)]
        for count, seconds in ((1, LONGEST), (2, HURRY)):
            reactor: Any = MemoryReactorClock()
            made = endpoints_of(reactor, addresses[:count], None)
            self.assertEqual(list(made), ["db1.example:7", "[::1]:7"][:count])
            for endpoint in made.values():
                endpoint.connect(Factory())
            self.assertEqual([each[3] for each in reactor.tcpClients], [seconds] * count)

    def test_trust(self) -> None:
        """TLS is spoken at each address, or at none."""
        addresses = [Address("db1.example", 7), Address("::1", 7)]
        reactor = MemoryReactorClock()
        trusting = endpoints_of(reactor, addresses, trust_in_system())
        self.assertEqual({type(each) for each in trusting.values()}, {TlsEndpoint})
        plain = endpoints_of(reactor, addresses, None)
        self.assertEqual(
            [type(each) for each in plain.values()], [HostnameEndpoint, TCP6ClientEndpoint]
        )
