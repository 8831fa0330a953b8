"""Signs of life: PING both ways, and the end of a silent connection."""

from __future__ import annotations

from chatservice.doors.irc.pings import EVERY, PATIENCE, SILENT
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import IrcPerson, brief


class PingTests(IrcCase):
    """The pings of the server."""

    def passes(self, seconds: float) -> None:
        """Let time pass, and the reactor turn now and then."""
        while seconds > 0:
            self.clock.advance(min(seconds, EVERY))
            seconds -= EVERY

    def assert_pinged(self, person: IrcPerson, times: int = 1) -> None:
        """Check that somebody was pinged so often, and told nothing else."""
        self.assertEqual([line.verb for line in person.sees()], ["PING"] * times)

    def test_silence(self) -> None:
        """A silent client is pinged once, and closed a minute later, as a lost connection."""
        ada = self.at_irc("ada", "JOIN #lobby")
        bob = self.at_json("bob")
        self.passes(SILENT - EVERY)
        ada.sees(), bob.sees()
        self.assert_pinged(ada, 0)
        self.passes(EVERY)
        self.assert_pinged(ada)
        self.passes(PATIENCE - EVERY)
        self.assert_pinged(ada, 0)
        self.passes(2 * EVERY)
        self.assertEqual(brief(ada.sees()), [" ERROR Closing link: ping timeout: 180 seconds"])
        self.assertIsNotNone(ada.wire.lost)
        (left,) = bob.sees()
        self.assertEqual(left["why"], "ping timeout: 180 seconds")

    @each_row({"PONG": "PONG x", "anything": "LIST", "nothing but an end of line": ""})
    def test_sign_of_life(self, line: str) -> None:
        """Any line is a sign of life, and the next ping comes after as long a silence again."""
        ada = self.at_irc("ada")
        for _ in range(3):
            self.passes(SILENT + EVERY)
            self.assert_pinged(ada)
            ada.sends(line)
            ada.sees()
        self.assertIsNone(ada.wire.lost)

    def test_who_talks(self) -> None:
        """A client that says something now and then is never pinged."""
        ada = self.at_irc("ada")
        for _ in range(20):
            self.passes(SILENT - EVERY)
            ada.sends("PONG")
        self.assertEqual(ada.sees(), [])

    def test_each_by_itself(self) -> None:
        """Each connection is pinged by its own silence."""
        ada = self.at_irc("ada")
        self.passes(2 * EVERY)
        eve = self.at_irc("eve")
        self.passes(SILENT - 2 * EVERY)
        self.assert_pinged(ada)
        self.assert_pinged(eve, 0)
        self.passes(2 * EVERY)
        self.assert_pinged(ada, 0)
        self.assert_pinged(eve)

    def test_one_timer(self) -> None:
        """All connections share a timer, and none is left when the last one has gone."""
        before = len(self.clock.getDelayedCalls())
        people = [self.at_irc(f"ada{number}") for number in range(10)]
        self.assertEqual(len(self.clock.getDelayedCalls()), before + 1)
        for person in people:
            person.sends("QUIT")
            person.sees()
        self.assertEqual(len(self.clock.getDelayedCalls()), before)
        self.at_irc("ada")
        self.assertEqual(len(self.clock.getDelayedCalls()), before + 1)

    @each_row({"before joining": False, "after": True})
    def test_answers(self, is_here: bool) -> None:
        """PING is answered with its own words at any time; without them it is 461."""
        ada = self.at_irc("ada") if is_here else self.client()
        self.assertEqual(brief(ada.asks("PING :a b", "PING x y")),
                         ["chatservice PONG chatservice a b", "chatservice PONG chatservice x"])
        self.assertEqual(ada.numerics("PING", "PONG"), ["461"])

    def test_asked_by_an_operator(self) -> None:
        """An old connection that may be dead is told that it is asked for, and pinged."""
        ada = self.at_irc("ada")
        self.chat.sessions.copy().pop().ping("are you there?")
        seen = ada.sees()
        self.assertEqual([line.verb for line in seen], ["NOTICE", "PING"])
        self.assertEqual(seen[0].text, "are you there?")
