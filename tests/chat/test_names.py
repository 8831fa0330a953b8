"""Nicknames that must be claimed where others than this process have a say."""

from __future__ import annotations

import itertools

from twisted.internet.defer import Deferred, fail, succeed

from chatservice.chat.names import key_of
from chatservice.people.identity import identity_of
from chatservice.protocol.events import ChatError
from tests.conversation import ConversationCase, each_row
from tests.persons import JsonPerson, TextPerson

TOKEN = "a-token-of-22-letters_"
TAKEN = ChatError("nick-taken", "eve is taken: choose another nickname")


class Held:
    """Claims that are answered when the test says so.

    @ivar asked: the nicknames that were claimed, and C{released} those that were given up, in
        order.
    @ivar identities: the identities that were claimed.
    """

    def __init__(self) -> None:
        self.answers: list[Deferred[None]] = []
        self.asked: list[str] = []
        self.released: list[str] = []
        self.identities: list[str] = []

    def claim(self, *keys: str) -> Deferred[None]:
        """See L{chatservice.chat.names.Names.claim}."""
        self.asked += filter(is_nick, keys)
        self.identities += itertools.filterfalse(is_nick, keys)
        self.answers.append(Deferred())
        return self.answers[-1]

    def release(self, *keys: str) -> None:
        """See L{chatservice.chat.names.Names.release}."""
        self.released += filter(is_nick, keys)

    def given_up(self) -> Deferred[None]:
        """See L{chatservice.chat.names.Names.given_up}."""
        return succeed(None)

    def catch_up(self) -> Deferred[None]:
        """See L{chatservice.chat.names.Names.catch_up}."""
        return succeed(None)


def is_nick(key: str) -> bool:
    """Whether a claim is one of a nickname."""
    return not key.startswith("@")


class ClaimTests(ConversationCase):
    """Ada is here, and whoever wants a nickname from now on must claim it."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_text("ada")
        self.chat.names = self.names = Held()
        self.bob = TextPerson(self.connect())
        self.ada.sees()

    def answer(self, error: ChatError | None = None) -> None:
        """Answer the claim that has waited for longest."""
        waiting = self.names.answers.pop(0)
        if error is None:
            waiting.callback(None)
        else:
            waiting.errback(error)
        self.clock.advance(0)

    def test_joining(self) -> None:
        """Who joins is nobody until the claim is answered."""
        self.bob.types("bob")
        self.assertEqual((self.names.asked, self.ada.sees()), (["bob"], []))
        self.assertNotIn("bob", self.chat.roster)
        self.answer()
        self.assertEqual(self.ada.sees(), ["-- bob joined the chat"])
        self.assertEqual(self.names.released, ["bob"])

    def test_identities(self) -> None:
        """An identity is claimed for who shows a token: all others get new ones."""
        self.bob.types("bob")
        self.assertEqual(self.names.identities, [])
        self.answer()
        JsonPerson(self.connect()).asks("hello", nick="eve", token=TOKEN)
        self.assertEqual(self.names.asked, ["bob", "eve"])
        self.assertEqual(self.names.identities, [key_of(identity_of(TOKEN))])

    def test_joining_in_vain(self) -> None:
        """Who does not get the nickname is told so, and may try another."""
        self.bob.types("eve")
        self.bob.sees()
        self.answer(TAKEN)
        self.assertIn("-- eve is taken: choose another nickname", self.bob.sees())
        self.bob.types("bob")
        self.answer()
        self.assertEqual(self.ada.sees(), ["-- bob joined the chat"])
        self.assertEqual(self.names.asked, ["eve", "bob"])

    def test_gone_meanwhile(self) -> None:
        """Who goes while the claim is under way does not come, and the claim is given up."""
        self.bob.types("bob")
        self.bob.wire.vanishes()
        self.answer()
        self.assertEqual((self.ada.sees(), self.names.released), ([], ["bob"]))
        self.assertNotIn("bob", self.chat.roster)

    def test_identity(self) -> None:
        """An identity is claimed by those who bring one; new guests never want the same."""
        claimed: list[tuple[str, ...]] = []

        def claim(*keys: str) -> Deferred[None]:
            claimed.append(keys)
            return succeed(None)

        self.patch(self.names, "claim", claim)
        first = self.at_json("eve")
        token = self.chat.member_named("eve").token
        first.types("/quit")
        self.at_json("dan", token=token)
        self.assertEqual(claimed, [("eve",), ("dan", key_of(identity_of(token)))])

    def test_renaming(self) -> None:
        """Who takes another nickname keeps the former one until the claim is answered."""
        self.ada.types("/nick adele")
        self.assertIn("ada", self.chat.roster)
        self.answer()
        self.assertIn("-- you are now adele", self.ada.sees())
        self.assertEqual((self.names.asked, self.names.released), (["adele"], ["adele"]))

    def test_renaming_in_vain(self) -> None:
        """Who does not get another nickname keeps the former one, and is told why."""
        self.ada.types("/nick eve")
        self.answer(TAKEN)
        self.assertEqual(self.ada.sees(), ["-- eve is taken: choose another nickname"])
        self.assertIn("ada", self.chat.roster)

    @each_row({"who has left": "/quit", "who is somebody else by now": "/nick bob"})
    def test_renaming_too_late(self, meanwhile: str) -> None:
        """A claim that is answered too late gives the nickname to nobody."""
        self.ada.types("/nick bob")
        if meanwhile == "/quit":
            self.ada.wire.vanishes()
            self.clock.advance(31)
        else:
            self.patch(self.names, "claim", lambda *keys: succeed(None))
            self.bob.types("bob")
        holder = self.chat.roster.get("bob")
        self.assertEqual(holder is None, meanwhile == "/quit")
        self.answer()
        self.assertIs(self.chat.roster.get("bob"), holder)
        self.assertEqual(self.names.released[-1], "bob")

    def test_guests(self) -> None:
        """If somebody elsewhere has the nickname of a guest, the next one is tried."""
        self.chat.rename_to_guest(self.chat.roster["ada"])
        first = self.names.asked[0]
        self.answer(TAKEN)
        self.answer()
        self.assertNotIn("ada", self.chat.roster)
        self.assertEqual([*self.chat.roster], [self.names.asked[1]])
        self.assertNotEqual(first, self.names.asked[1])

    def test_guests_in_vain(self) -> None:
        """Whatever else is wrong is told."""
        done = self.chat.rename_to_guest(self.chat.roster["ada"])
        self.answer(ChatError("failed", "the database does not answer"))
        self.assertEqual(self.failureResultOf(done, ChatError).value.code, "failed")

    def test_logging_out_in_vain(self) -> None:
        """Who logs out and gets no other nickname is told why."""
        self.ada.types("/register correct-horse")
        self.ada.sees()
        self.ada.types("/logout")
        self.answer(ChatError("failed", "the database does not answer"))
        self.assertIn("-- the database does not answer", self.ada.sees())

    def test_logging_in_in_vain(self) -> None:
        """Who logs in and does not get the nickname of the account is told why."""
        self.patch(self.names, "claim", lambda *keys: succeed(None))
        self.ada.types("/register correct-horse")
        self.ada.types("/quit")
        self.bob.types("bob")
        self.bob.sees()
        self.patch(self.names, "claim", lambda *keys: fail(TAKEN))
        self.bob.types("/login ada correct-horse")
        self.assertIn("-- eve is taken: choose another nickname", self.bob.sees())
