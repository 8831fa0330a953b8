"""What proved somebody is asked again when it counts, whatever was waited for meanwhile."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed

from chatservice.people.account import NO_TOKEN, Proof
from chatservice.people.kept import TOKENS_KEPT
from chatservice.sessions import login
from chatservice.sessions.joining import PING_TIMEOUT, SILENT
from tests.conversation import (
    DOORS,
    TOKEN,
    ConversationCase,
    JsonPerson,
    TextPerson,
    at_each_door,
    each_row,
    error,
)
from tests.journals import SlowJournal, Waiting, stored

SECRET, NEW_SECRET = "correct-horse", "battery-staple"
CHANGED = "ada has just been given up, or its password was changed: try again"

VOIDED = {
    "password": (f"/password {SECRET} {NEW_SECRET}",),
    "unregister": (f"/unregister {SECRET}",),
    "unregister_and_register": (f"/unregister {SECRET}", f"/register {NEW_SECRET}"),
    "forget": (f"/forget {SECRET}",),
    "password_and_unregister": (f"/password {SECRET} {NEW_SECRET}", f"/unregister {NEW_SECRET}"),
}


class ProofCase(ConversationCase):
    """Ada is registered, and has left; somebody else knows the token that she had."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting = Waiting()
        self.waiting.is_slow = False
        self.open_chat(SlowJournal(self.waiting))
        ada = self.at_json("ada", token=TOKEN)
        ada.types(f"/register {SECRET}")
        ada.types("/quit")
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.account = account

    def victim(self, *lines: str) -> JsonPerson:
        """Ada comes with her password, and types something."""
        ada = self.at_json("ada", password=SECRET)
        for line in lines:
            ada.types(line)
        ada.sees()
        return ada

    def answers(self) -> None:
        """The journal answers everything."""
        self.waiting.is_slow = False
        while len(self.waiting):
            self.waiting.answer(0)

    def check_only_ada(self, *others: str) -> None:
        """Nobody but ada is ada, or has any of her tokens."""
        ada = self.chat.roster["ada"]
        self.assertEqual(sorted(self.chat.roster), sorted(("ada", *others)))
        for nick in others:
            other = self.chat.roster[nick]
            self.assertIsNone(other.account)
            self.assertNotIn(other.identity, (ada.identity, self.account.identity))
            self.assertNotIn(other.token, (TOKEN, ada.token))


class ArrivingTests(ProofCase):
    """The thief has waited when ada has changed everything."""

    @each_row(VOIDED)
    def test_token_while_a_nickname_is_freed(self, lines: tuple[str, ...]) -> None:
        """A token that was voided during the ten seconds of waiting lets nobody in."""
        self.at_json("zoe")
        self.clock.advance(SILENT)
        thief = JsonPerson(self.connect())
        thief.asks("hello", nick="zoe", token=TOKEN)
        self.assertEqual([facts["type"] for facts in thief.sees()], ["notice"])
        victim = self.victim(*lines)
        self.clock.pump([1.0] * PING_TIMEOUT)
        self.assertEqual(thief.sees(), [error("not-joined", NO_TOKEN)])
        self.assertIsNone(victim.wire.lost)
        (guest,) = set(self.chat.roster) - {"ada"}
        self.check_only_ada(guest)

    def test_token_while_it_is_rotated_out(self) -> None:
        """Nor does one that is not among the ten newest any more."""
        self.at_json("zoe")
        self.clock.advance(SILENT)
        thief = JsonPerson(self.connect())
        thief.asks("hello", nick="zoe", token=TOKEN)
        thief.sees()
        for _ in range(TOKENS_KEPT + 1):
            self.victim("/quit")
        self.clock.pump([1.0] * PING_TIMEOUT)
        self.assertEqual(thief.sees(), [error("not-joined", NO_TOKEN)])

    @at_each_door
    def test_token_while_the_disk_is_read(self, door: str) -> None:
        """Nor one that was voided while it was looked up where ada was last."""
        self.waiting.is_slow = True
        thief: JsonPerson | TextPerson
        if DOORS[door].is_program:
            thief = JsonPerson(self.connect())
            thief.asks("hello", token=TOKEN)
        else:
            thief = TextPerson(self.connect())
            thief.types(f"/resume {TOKEN}")
        self.waiting.is_slow = False
        self.victim(f"/password {SECRET} {NEW_SECRET}")
        self.answers()
        if isinstance(thief, JsonPerson):
            self.assertEqual(thief.sees(), [error("not-joined", NO_TOKEN)])
        else:
            self.assertTrue(thief.sees()[-2].endswith(f"-- {NO_TOKEN}"))
        self.check_only_ada()

    @at_each_door
    def test_password_while_the_disk_is_read(self, door: str) -> None:
        """A password that was changed meanwhile is wrong by now."""
        self.waiting.is_slow = True
        thief: JsonPerson | TextPerson
        if DOORS[door].is_program:
            thief = JsonPerson(self.connect())
            thief.asks("hello", nick="ada", password=SECRET)
        else:
            thief = TextPerson(self.connect())
            thief.types("ada")
            thief.types(SECRET)
        self.waiting.is_slow = False
        self.victim(f"/password {SECRET} {NEW_SECRET}")
        self.answers()
        if isinstance(thief, JsonPerson):
            self.assertEqual(thief.sees(), [error("wrong-password", CHANGED)])
        else:
            *_, told, prompt = thief.sees()
            self.assertTrue(told.endswith(f"-- {CHANGED}"), told)
            self.assertIn("Password for ada", prompt)
        self.check_only_ada()

    def test_token_of_a_guest(self) -> None:
        """A guest's token that became an account's, and was voided, meanwhile is nobody's."""
        token = "another-made-up-token_"
        self.at_json("zoe")
        self.clock.advance(SILENT)
        late = JsonPerson(self.connect())
        late.asks("hello", nick="zoe", token=token)
        eve = self.at_json("eve", token=token)
        for line in (f"/register {SECRET}", f"/unregister {SECRET}", "/quit"):
            eve.types(line)
        late.sees()
        self.clock.pump([1.0] * PING_TIMEOUT)
        self.assertEqual(late.sees(), [error("not-joined", NO_TOKEN)])

    def test_word_of_a_checker(self) -> None:
        """What an operator's checker vouched for holds until the account is given up."""
        proof = Proof(self.account)
        self.patch(self.chat.accounts, "prove", lambda *_: succeed(proof))
        self.waiting.is_slow = True
        late = JsonPerson(self.connect())
        late.asks("hello", nick="ada", password="x")
        self.account.hash = "plain:another"
        self.assertTrue(proof.holds())
        self.successResultOf(self.chat.accounts.remove(self.account))
        self.answers()
        self.assertEqual(late.sees(), [error("wrong-password", CHANGED)])


class CommandTests(ProofCase):
    """Commands that need a proof."""

    @at_each_door
    def test_login(self, door: str) -> None:
        """Who proved the password before it was changed is logged in to nothing."""
        thief = self.at(door, "zoe")
        stored: Deferred[None] = Deferred()
        self.patch(self.chat.accounts, "note", lambda _: stored)
        # From here the password was not proved lately, so that is noted.
        self.account.proven_from = ["198.51.100.9"]
        thief.types(f"/login ada {SECRET}")
        del self.chat.accounts.note
        self.victim(f"/password {SECRET} {NEW_SECRET}")
        stored.callback(None)
        self.assertIn(CHANGED, str(thief.sees()))
        self.check_only_ada("zoe")

    @at_each_door
    def test_giving_up(self, door: str) -> None:
        """Nor is an account given up, or anything erased, with a password that was changed."""
        ada = self.victim("hello, all")
        if door == "text":
            ada.wire.hangs_up()
            text = TextPerson(self.connect())
            text.types("ada")
            text.types(SECRET)
            person: JsonPerson | TextPerson = text
        else:
            person = ada
        person.sees()
        for command in ("unregister", "forget"):
            stale = Proof(self.account, hash="plain:what it was once")
            self.patch(self.chat.accounts, "prove", lambda *_, stale=stale: succeed(stale))
            person.types(f"/{command} what-it-was-once")
            self.assertIn(CHANGED, str(person.sees()))
        self.assertIs(self.chat.accounts.named("ada"), self.account)
        self.assertEqual([event.text for event in stored(self.journal)], ["hello, all"])

    def test_of_a_successor(self) -> None:
        """Nor with the password of who has the nickname by now."""
        ada = self.victim()
        other: Any = type(self.account)("ada", "ada", b"x" * 16, "plain:x", 0)
        self.patch(self.chat.accounts, "prove", lambda *_: succeed(Proof(other, hash="plain:x")))
        ada.types("/unregister x")
        told = error("not-logged-in", "ada has just been given up")
        self.assertEqual(ada.sees(), [told])

    def test_changed_twice(self) -> None:
        """Of two who change a password that both know, the second one has not proved the new."""
        passwords, held = self.chat.accounts.passwords, [Deferred(), Deferred()]
        proof = Proof(self.account, hash=self.account.hash)
        hashes = iter(held)
        self.patch(passwords, "hash", lambda *_: next(hashes))
        changes = [
            self.chat.accounts.change_password(proof, NEW_SECRET, "", lambda: None)
            for _ in range(2)
        ]
        for number, hashed in enumerate(held):
            hashed.callback(f"plain:{number}")
        self.successResultOf(changes[0])
        self.failureResultOf(changes[1])
        self.assertEqual(self.account.hash, "plain:0")


class WindowTests(ProofCase):
    """A token is voided at once, however long it takes to store that."""

    def shows_token(self, token: str) -> None:
        """Somebody shows a token, and is somebody new."""
        thief = self.at_json("thief", token=token)
        self.assertNotEqual(thief.welcome["token"], token)
        self.assertEqual((thief.welcome["nick"], thief.welcome["account"]), ("thief", None))

    def test_password(self) -> None:
        """While a new password is stored, no former token leads to the member."""
        ada = self.victim()
        token = self.chat.roster["ada"].token
        stored: Deferred[None] = Deferred()
        self.patch(self.chat.accounts, "save", lambda _: stored)
        ada.types(f"/password {SECRET} {NEW_SECRET}")
        self.shows_token(token)
        stored.callback(None)
        self.assertIsNone(ada.wire.lost)
        self.check_only_ada("thief")

    def test_logout(self) -> None:
        """While a logout is stored, the token proves nothing."""
        ada = self.victim()
        token = self.chat.roster["ada"].token
        stored: Deferred[None] = Deferred()
        self.patch(self.journal, "split", lambda *_: stored)
        ada.types("/logout")
        self.shows_token(token)
        stored.callback(None)
        self.assertIsNone(self.chat.roster.of(self.account))

    def test_logged_out_while_logging_in(self) -> None:
        """Who logs out before the login is through is in the account's place no more."""
        zoe = self.at_json("zoe")
        member = self.chat.roster["zoe"]
        (device,) = member.devices
        for answers_first in (0, 1):
            self.waiting.is_slow = True
            done = login.log_in(self.chat, device, Proof(self.account, hash=self.account.hash))
            for _ in range(answers_first):
                self.waiting.answer(0)
            self.waiting.is_slow = False
            self.successResultOf(login.log_out(self.chat, device))
            self.answers()
            self.clock.advance(0)
            self.successResultOf(done)
            self.assertIsNone(member.account)
            places = self.successResultOf(self.journal.places(member.identity))
            self.assertIn("lobby", [place.room for place in places])
        zoe.sees()


class RoomPasswordTests(ProofCase):
    """Ada owns #den, which has a password; bob knows it."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.victim("/join den", "/room password hunter2")

    @at_each_door
    def test_changed_while_it_is_checked(self, door: str) -> None:
        """A password that is another one when it was found to be right opens nothing."""
        bob = self.at(door, "bob")
        right: Deferred[bool] = Deferred()
        self.patch(self.chat.accounts.passwords, "check", lambda *_: right)
        bob.types("/join den hunter2")
        self.ada.types("/room password hunter3")
        right.callback(True)
        self.assertIn("the password of #den has just been changed", str(bob.sees()))
        self.assertNotIn("den", self.chat.roster["bob"].rooms)

    @at_each_door
    def test_changed_while_the_room_is_read(self, door: str) -> None:
        """So it is with a room that gets a password while it is being read."""
        self.ada.types("/room password off")
        bob = self.at(door, "bob")
        page: Deferred[Any] = Deferred()
        self.patch(self.chat.rooms, "opened", lambda names, enter: page.addCallback(enter))
        bob.types("/join den")
        self.ada.types("/room password hunter3")
        page.callback([self.chat.rooms["den"]])
        self.assertIn("the password of #den has just been changed", str(bob.sees()))
        self.assertNotIn("den", self.chat.roster["bob"].rooms)

    def test_taken_away(self) -> None:
        """A room that needs none by then is entered."""
        bob = self.at_json("bob")
        right: Deferred[bool] = Deferred()
        self.patch(self.chat.accounts.passwords, "check", lambda *_: right)
        bob.types("/join den hunter2")
        self.ada.types("/room password off")
        right.callback(True)
        self.assertIn("den", self.chat.roster["bob"].rooms)
