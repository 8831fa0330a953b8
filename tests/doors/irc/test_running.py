"""A guest's rule over a room, and joining many rooms, at the IRC door."""

from __future__ import annotations

from dataclasses import replace

from chatservice.chat.rooms import ROOMS_PER_MEMBER
from tests.doors.irc.person import IrcCase
from tests.irc import brief, of
from tests.journals import JournalInMemory


class RuleTests(IrcCase):
    """Ada is a guest who came first into #tea, and bob is there too."""

    def setUp(self) -> None:
        super().setUp()
        self.journal_ = JournalInMemory()
        self.open_chat(self.journal_)
        self.ada = self.at_irc("ada", "JOIN #tea")
        self.bob = self.at_irc("bob", "JOIN #tea")

    def names(self) -> set[str]:
        """The names in #tea, as bob is shown them."""
        (reply,) = of(self.bob.asks("NAMES #tea"), "353")
        return set(reply.text.split())

    def test_first(self) -> None:
        """The first member runs the room, as do those whom they make operators."""
        self.assertEqual(self.names(), {"@ada", "bob"})
        self.ada.sends("MODE #tea +o bob")
        self.assertEqual(self.names(), {"@ada", "@bob"})

    def test_part(self) -> None:
        """Somebody who goes and comes back does not run it any more."""
        self.ada.sends("MODE #tea +t", "PART #tea", "JOIN #tea")
        self.assertEqual(self.names(), {"ada", "bob"})
        self.assertIn("482", [line.verb for line in self.ada.asks("TOPIC #tea :mine")])

    def test_empty(self) -> None:
        """What passed is over when the room is empty, and the next one runs it."""
        self.ada.sends("MODE #tea +ik key", "PART #tea")
        self.bob.sends("PART #tea", "JOIN #tea")
        self.assertEqual(self.names(), {"@bob"})
        self.assertEqual(of(self.bob.asks("MODE #tea"), "324")[0].params[1:], ["#tea", "+n"])

    def test_loss(self) -> None:
        """A guest's connection that is lost ends the rule, for the guest is gone."""
        self.ada.wire.vanishes()
        self.ada = self.at_irc("ada", "JOIN #tea")
        self.assertEqual(self.names(), {"ada", "bob"})

    def test_restart(self) -> None:
        """Nothing of it is left after a restart."""
        self.ada.sends("MODE #tea +m")
        self.open_chat(self.journal_)
        self.chat.restore()
        self.bob = self.at_irc("bob", "JOIN #tea")
        self.assertEqual(self.names(), {"@bob"})
        self.assertEqual(of(self.bob.asks("MODE #tea"), "324")[0].params[1:], ["#tea", "+n"])

    def test_claim(self) -> None:
        """Somebody who registers and claims it owns it for good, with what is set then."""
        self.ada.sends("NS REGISTER correct-horse", "MODE #tea +m", "CS REGISTER #tea")
        self.ada.sends("PART #tea")
        self.bob.sends("PART #tea", "JOIN #tea")
        self.assertEqual(self.names(), {"bob"})
        self.assertEqual(of(self.bob.asks("MODE #tea"), "324")[0].params[1:], ["#tea", "+nm"])
        self.ada.sends("JOIN #tea")
        self.assertEqual(self.names(), {"@ada", "bob"})


class ManyRoomsTests(IrcCase):
    def test_patience(self) -> None:
        """Somebody who joins 50 rooms, and asks of each what clients ask, talks 5 s later."""
        self.rules = replace(self.rules, rate_limit=5)
        self.open_chat()
        bob = self.at_text("bob")
        bob.types("/join room1")
        ada = self.at_irc("ada")
        self.clock.advance(60)
        rooms = [f"#room{number}" for number in range(1, ROOMS_PER_MEMBER + 1)]
        ada.sends(f"JOIN {','.join(rooms)}", *(f"MODE {room}" for room in rooms))
        ada.sends(*(f"WHO {room}" for room in rooms), "PRIVMSG #room1 :at last")
        for _ in range(5):
            self.clock.advance(1)
            bob.wire.turn(), ada.wire.turn()
        self.assertIn("ada: at last", bob.sees())
        self.assertEqual(len(of(ada.sees(), "315")), ROOMS_PER_MEMBER)

    def test_too_many(self) -> None:
        """The 51st room is refused, and costs the others nothing."""
        ada = self.at_irc("ada")
        for number in range(ROOMS_PER_MEMBER + 1):
            ada.sends(f"JOIN #room{number}")
        refused = of(ada.sees(), "405")
        self.assertEqual([line.params[1] for line in refused], [f"#room{ROOMS_PER_MEMBER}"])
        self.assertEqual(brief(ada.sees()), [])
