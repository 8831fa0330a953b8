"""Who logs out goes on as a guest: where both of them are then, and what lets them in again."""

from __future__ import annotations

from itertools import product

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from chatservice.protocol.errors import StorageError
from tests.conversation import ConversationCase, JsonPerson

SECRET = "correct-horse"


class LoggingOutTests(ConversationCase):
    """Ada owns #club, #attic is open to all, and bob, who is registered, is in both."""

    def setUp(self) -> None:
        super().setUp()
        self.ada, self.bob = self.at_json("ada"), self.at_json("bob")
        for line in (f"/register {SECRET}", "/join attic", "/join club"):
            self.ada.types(line)
        for line in (f"/register {SECRET}", "/join attic", "/join club"):
            self.bob.types(line)
        self.member = self.chat.roster["bob"]
        self.account = self.member.account

    def rooms_of_next(self) -> list[str]:
        """Where bob is who comes again with the password."""
        self.bob.types("/quit")
        self.bob = self.at_json("bob", password=SECRET)
        return sorted(self.bob.welcome["rooms"])

    def refusal(self, line: str) -> str:
        """The code with which something is refused that bob types."""
        self.bob.sees()
        self.bob.types(line)
        (facts,) = self.bob.sees()
        code: str = facts["code"]
        return code

    def test_kicked_as_a_guest(self) -> None:
        """Who is kicked as a guest is not let in with the account, whenever the room was closed."""
        for setting, first in product(("password hunter2", "invite-only on"), (True, False)):
            deeds = [(self.ada, f"/room {setting}"), (self.bob, "/logout")]
            for person, line in deeds if first else reversed(deeds):
                person.types(line)
            self.ada.types(f"/kick {self.member.nick}")
            self.assertEqual(self.rooms_of_next(), ["lobby"])
            self.assertEqual(self.refusal("/join club"), "closed")
            self.ada.types("/room password off")
            self.ada.types("/room invite-only off")
            self.bob.types("/join club")
            self.member = self.chat.roster["bob"]

    def test_rooms(self) -> None:
        """The guest stays in its rooms, and the account is in none any more."""
        self.bob.types("/logout")
        self.assertEqual(list(self.member.rooms), ["lobby", "attic", "club"])
        self.assertEqual(self.rooms_of_next(), ["lobby"])

    def test_token_after_a_crash(self) -> None:
        """The guest's token brings the guest back to its rooms, though it was not seen to leave."""
        self.bob.types("/logout")
        token, nick = self.member.token, self.member.nick
        self.open_chat(self.journal)
        again = JsonPerson(self.connect())
        again.asks("hello", token=token)
        again.sees()
        self.assertEqual(again.welcome["nick"], nick)
        self.assertEqual(sorted(again.welcome["rooms"]), ["attic", "club", "lobby"])

    def test_not_stored(self) -> None:
        """Who logs out while nothing can be stored is a guest, and the token proves nothing."""
        token = self.member.token
        full: Deferred[None] = fail(Failure(StorageError("the disk is full")))
        self.patch(self.journal, "split", lambda *_: full)
        self.bob.sees()
        self.bob.types("/logout")
        told = [facts["text"] for facts in self.bob.sees() if facts["type"] == "error"]
        self.assertIn("the disk is full", told[0])
        self.assertIsNone(self.member.account)
        self.assertIsNone(self.chat.accounts.proven_by(token))
