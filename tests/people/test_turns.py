"""Costly work in turn."""

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from chatservice.people.turns import Turns
from chatservice.protocol.events import ChatError


class TurnsTests(SynchronousTestCase):
    """Two at once, and three of one asker may wait."""

    def setUp(self) -> None:
        self.turns = Turns(at_once=2, waiting=3)
        self.begun: list[str] = []
        self.under_way: list[Deferred[str]] = []

    def ask(self, asker: str, name: str, is_wanted: Any = lambda: True) -> Deferred[str]:
        def work() -> Deferred[str]:
            self.begun.append(name)
            self.under_way.append(Deferred())
            return self.under_way[-1]

        return self.turns.run(asker, work, is_wanted)

    def test_at_once(self) -> None:
        """As many are under way as may be; the next begins when one is done."""
        first, _, _ = (self.ask("ada", name) for name in "abc")
        self.assertEqual(self.begun, ["a", "b"])
        self.under_way[0].callback("done")
        self.assertEqual(self.successResultOf(first), "done")
        self.assertEqual(self.begun, ["a", "b", "c"])

    def test_in_turn(self) -> None:
        """Who asks for much has no more than a turn, like everybody."""
        for name in ("a1", "a2", "a3", "a4"):
            self.ask("ada", name)
        self.ask("bob", "b1")
        self.ask("eve", "e1")
        for number in range(4):
            self.under_way[number].callback("done")
        self.assertEqual(self.begun, ["a1", "a2", "a3", "b1", "e1", "a4"])

    def test_too_much(self) -> None:
        """Only so much of one asker may wait; others are not concerned."""
        for name in ("a1", "a2", "a3", "a4", "a5"):
            self.ask("ada", name)
        error = self.assertRaises(ChatError, self.ask, "ada", "a6")
        self.assertEqual(error.code, "busy")
        self.ask("bob", "b1")
        self.under_way[0].callback("done")
        self.under_way[1].callback("done")
        self.assertEqual(self.begun, ["a1", "a2", "a3", "b1"])

    def test_not_wanted(self) -> None:
        """What nobody waits for is not done, and holds nobody up."""
        self.ask("ada", "a1")
        self.ask("ada", "a2")
        gone = self.ask("eve", "e1", is_wanted=lambda: False)
        self.ask("bob", "b1")
        self.under_way[0].callback("done")
        self.assertEqual(self.failureResultOf(gone, ChatError).value.code, "closing")
        self.assertEqual(self.begun, ["a1", "a2", "b1"])

    def test_failing(self) -> None:
        """What fails, at once or later, gives its place to the next."""
        later = self.ask("ada", "a1")
        at_once = self.turns.run("ada", lambda: fail(ValueError()))
        raised = self.turns.run("ada", lambda: int("x"))  # type: ignore[arg-type, return-value]
        self.failureResultOf(at_once, ValueError)
        self.failureResultOf(raised, ValueError)
        self.under_way[0].errback(KeyError())
        self.failureResultOf(later, KeyError)
        self.assertEqual(self.successResultOf(self.turns.run("bob", lambda: succeed(1))), 1)
