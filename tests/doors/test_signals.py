"""Signals, which programs send each other, and of which people see nothing."""

from __future__ import annotations

from typing import Any

from chatservice.chat.journal import Wanted
from chatservice.chat.speaking import SIGNALS
from chatservice.protocol.actions import Muted
from chatservice.protocol.events import ChatError
from tests.conversation import ConversationCase, each_row, error, malformed
from tests.persons import Facts, JsonPerson

TAGS = {"+typing": "active"}
IN_LOBBY = {"type": "signal", "room": "lobby", "tags": TAGS, "ref": "r"}
TO_BOB = {"type": "signal", "to": "bob", "tags": TAGS, "ref": "r"}
SIGNALLED = {"type": "signalled", "nick": "ada", "tags": TAGS, "ref": "r"}


class SignalCase(ConversationCase):
    """Ada, bob and carol at the JSON door, and eve at the text door."""

    def setUp(self) -> None:
        super().setUp()
        self.ada, self.bob, self.carol = map(self.at_json, ("ada", "bob", "carol"))
        self.eve = self.at_text("eve")
        self.everybody = (self.ada, self.bob, self.carol, self.eve)
        for person in self.everybody:
            person.sees()

    def see_nothing(self) -> None:
        """Check that nobody sees anything."""
        self.clock.advance(0)
        self.assertEqual([person.sees() for person in self.everybody], [[], [], [], []])

    def refused(self, request: Facts) -> list[Any]:
        """Send a request of ada's, and give what she is answered; nobody else hears of it."""
        self.ada.sends_object(request)
        answer = self.ada.sees()
        self.see_nothing()
        return answer


class SignalTests(SignalCase):
    """The recipients of each signal."""

    def test_in_a_room(self) -> None:
        """Programs in the room get it, its author as an acknowledgement, and people nothing."""
        self.ada.sends_object(IN_LOBBY)
        expected = SIGNALLED | {"room": "lobby"}
        (own,) = self.ada.sees_all()
        self.assertEqual(own, expected | {"id": own["id"], "own": True})
        self.assertEqual(self.bob.sees(), [expected])
        self.assertEqual(self.carol.sees(), [expected])
        self.see_nothing()

    def test_to_one_person(self) -> None:
        """Only that person gets it, and its author."""
        self.ada.sends_object(TO_BOB)
        expected = SIGNALLED | {"to": "bob"}
        self.assertEqual(self.ada.sees(), [expected])
        self.assertEqual(self.bob.sees(), [expected])
        self.see_nothing()

    def test_at_a_line_door(self) -> None:
        """People can send each other such things without seeing any of them."""
        eve, ada = (self.chat.roster[nick].devices[0] for nick in ("eve", "ada"))
        self.chat.signal(eve, self.chat.rooms["lobby"], None, tags=TAGS)
        self.chat.signal(eve, None, self.chat.roster["eve"], tags=TAGS)
        self.chat.signal(ada, None, self.chat.roster["eve"], tags=TAGS)
        self.clock.advance(0)
        self.assertEqual(self.eve.sees(), [])

    def test_other_devices(self) -> None:
        """Other devices of the author's get it without the ref; a terminal shows nothing."""
        other = JsonPerson(self.connect())
        other.asks("hello", token=self.ada.welcome["token"], client="phone")
        other.sees()
        self.ada.sends_object(IN_LOBBY)
        expected = {name: SIGNALLED[name] for name in SIGNALLED if name != "ref"}
        self.assertEqual(other.sees(), [expected | {"room": "lobby"}])

    def test_ignored(self) -> None:
        """Members who ignore the author get nothing."""
        self.bob.types("/ignore ada")
        self.bob.sees()
        self.ada.sends_object(IN_LOBBY)
        self.ada.sends_object(TO_BOB)
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(len(self.carol.sees()), 1)

    def test_for_irc(self) -> None:
        """What programs that speak IRC ask each other reaches no other program."""
        ada = self.chat.roster["ada"].devices[0]
        lobby, bob = self.chat.rooms["lobby"], self.chat.roster["bob"]
        self.chat.signal(ada, lobby, None, "VERSION", tags=TAGS)
        envelope = self.chat.signal(ada, None, bob, "VERSION x", answer=True)
        self.clock.advance(0)
        self.see_nothing()
        told = envelope.event
        self.assertEqual((told.text, told.answer, told.to), ("VERSION x", True, "bob"))

    def test_not_kept(self) -> None:
        """It is in no history."""
        self.ada.sends_object(IN_LOBBY)
        self.ada.sends_object(TO_BOB)
        for of in ("lobby", self.chat.roster["ada"].identity):
            self.assertEqual(self.successResultOf(self.chat.journal.page(Wanted(of=of))).events, [])
        self.assertEqual(list(self.chat.rooms["lobby"].recent), [])


class RefusedTests(SignalCase):
    """What is refused."""

    @each_row(
        {
            "no_tags": ({"room": "lobby"}, error("empty", "there is nothing to say", ref="r")),
            "elsewhere": (
                {"room": "attic", "tags": TAGS},
                error("no-room", "you are not in attic", ref="r"),
            ),
            "nobody": (
                {"to": "grace", "tags": TAGS},
                error("no-nick", "nobody here is called grace", ref="r"),
            ),
            "nowhere": ({"tags": TAGS}, malformed('"to" must be a string', ref="r")),
            "malformed": (
                {"to": "bob", "tags": []},
                malformed('"tags" must be an object of strings', ref="r"),
            ),
        }
    )
    def test_refused(self, row: tuple[Facts, Facts]) -> None:
        """A signal of nothing, to nobody, or malformed."""
        request, expected = row
        answer = self.refused({"type": "signal", "ref": "r"} | request)
        self.assertEqual(answer, [expected])

    def test_after_leaving(self) -> None:
        """A room that the member is not in hears nothing, whichever way the chat was asked."""
        ada, lobby = self.chat.roster["ada"].devices[0], self.chat.rooms["lobby"]
        self.chat.part(ada, lobby)
        self.assertRaises(ChatError, self.chat.signal, ada, lobby, None, tags=TAGS)

    def test_muted(self) -> None:
        """A member who must not speak cannot signal either, in a room or in private."""
        ada = self.chat.roster["ada"]
        whom: Any = {"target": "ada", "target_identity": ada.identity}
        self.chat.permissions.apply(Muted(id=1, nick="boss", room="lobby", **whom))
        (answer,) = self.refused(IN_LOBBY)
        self.assertEqual((answer["code"], answer["ref"]), ("muted", "r"))
        self.chat.permissions.apply(Muted(id=2, nick="boss", **whom))
        (answer,) = self.refused(TO_BOB)
        self.assertEqual(answer["code"], "muted")

    def test_too_many(self) -> None:
        """There are bounds for each member, to what is sent in a second."""
        ada, bob = (self.chat.roster[nick].devices[0] for nick in ("ada", "bob"))
        lobby = self.chat.rooms["lobby"]
        for _ in range(SIGNALS):
            self.chat.signal(ada, lobby, None, tags=TAGS)
        refused = self.assertRaises(ChatError, self.chat.signal, ada, lobby, None, tags=TAGS)
        self.assertEqual((refused.code, refused.cause), ("too-many", "signals"))
        self.assertEqual(
            refused.sentence, "that was more than 16 signals in a second: wait a little"
        )
        self.chat.signal(bob, lobby, None, tags=TAGS)
        self.clock.advance(1)
        self.chat.signal(ada, lobby, None, tags=TAGS)
