"""An account's identity is no token's: what was said moves to it, and no former token leads on."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from chatservice.chat.recent import Recent
from chatservice.people.identity import identity_of
from chatservice.protocol.actions import Banned, Founded, Kicked
from chatservice.protocol.errors import StorageError
from tests.conversation import (
    TOKEN,
    ConversationCase,
    JsonPerson,
    TextPerson,
    at_each_door,
    each_row,
)
from tests.journals import SlowJournal, acts, stored
from tests.operating import OperatorCase
from tests.recording import ADA, BOB, line

SECRET, NEW_SECRET = "correct-horse", "battery-staple"
NEW = b"a new identity.."


class TokenTests(ConversationCase):
    """Ada registers with a token that a client made up, and gives that up in one way or another."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_json("bob")
        self.ada = self.at_json("ada", token=TOKEN)
        for text in (f"/register {SECRET}", "/join den", "/msg bob psst"):
            self.ada.types(text)
        self.bob.types("/msg ada yes?")
        self.bob.sees()

    def give_up(self, *lines: str) -> None:
        """Ada types something, and leaves."""
        for text in (*lines, "/quit"):
            self.ada.types(text)

    def check_nobody(self) -> None:
        """Whoever shows the token that ada had is somebody new, at either door."""
        eve = self.at_json("eve", token=TOKEN)
        self.assertNotEqual(eve.welcome["token"], TOKEN)
        self.assertEqual(list(eve.welcome["rooms"]), ["lobby"])
        eve.asks("history")
        self.assertEqual(eve.sees()[-1]["events"], [])
        eve.types(f"/register {SECRET}")
        eve.types("/join den")
        eve.sees()
        eve.types("/room invite-only on")
        self.assertEqual(eve.sees()[-1]["code"], "not-allowed")
        eve.types("/quit")
        text = TextPerson(self.connect())
        text.types(f"/resume {TOKEN}")
        told = "-- that token is no longer valid: choose a nickname"
        self.assertTrue(text.sees()[-2].endswith(told))

    @each_row(
        {
            "password_and_unregister": (
                f"/password {SECRET} {NEW_SECRET}",
                f"/unregister {NEW_SECRET}",
            ),
            "unregister": (f"/unregister {SECRET}",),
            "logout": ("/logout",),
            "password": (f"/password {SECRET} {NEW_SECRET}",),
            "forget": (f"/forget {SECRET}",),
        }
    )
    def test_voided(self, lines: tuple[str, ...]) -> None:
        """A token that proves the account no longer brings back nothing of it, nor anybody."""
        self.give_up(*lines)
        self.check_nobody()

    def test_rotated_out(self) -> None:
        """So it is with one that is not among the ten newest any more."""
        self.give_up()
        for _ in range(10):
            self.at_json("ada", password=SECRET).types("/quit")
        self.check_nobody()

    def test_still_good(self) -> None:
        """One of the ten newest brings everything back."""
        self.give_up()
        again = self.at_json("ada", token=TOKEN)
        self.assertEqual(again.welcome["account"], "ada")
        self.assertEqual(list(again.welcome["rooms"]), ["lobby", "den"])
        again.asks("history")
        texts = [event["text"] for event in again.sees()[-1]["events"]]
        self.assertEqual(texts, ["psst", "yes?"])

    def test_of_another(self) -> None:
        """Who proves one account is not known by the token of another."""
        self.give_up()
        grace = self.at_json("grace")
        for text in (f"/register {SECRET}", "/quit"):
            grace.types(text)
        again = self.at_json("grace", password=SECRET, token=TOKEN)
        self.assertNotEqual(again.welcome["token"], TOKEN)
        proven = self.chat.accounts.proven_by(TOKEN)
        self.assertEqual(proven and proven.nick, "ada")

    def test_going_on_as_a_guest(self) -> None:
        """Who gives the account up takes along what was said, and can erase it."""
        self.ada.types(f"/unregister {SECRET}")
        member = self.chat.roster["ada"]
        self.assertEqual(member.identity, identity_of(member.token))
        self.ada.sees()
        self.ada.asks("history")
        texts = [event["text"] for event in self.ada.sees()[-1]["events"]]
        self.assertEqual(texts, ["psst", "yes?"])
        token = member.token
        self.ada.types("/quit")
        again = self.at_json("ada", token=token)
        self.assertEqual(list(again.welcome["rooms"]), ["lobby", "den"])
        again.types("/forget everything")
        self.assertEqual(again.sees()[-1]["lines"], ["everything is erased; 1 line was yours"])


class RegisteringTests(OperatorCase):
    """A guest with a past registers."""

    @at_each_door
    def test_past(self, door: str) -> None:
        """What was said before, in rooms and in private, stays the registered one's."""
        ada, bob = self.at(door, "ada"), self.at_json("bob")
        for text in ("hello", "/topic tea", "/msg bob psst"):
            ada.types(text)
        bob.types("/msg ada yes?")
        former = self.chat.roster["ada"].identity
        ada.types(f"/register {SECRET}")
        now = self.chat.roster["ada"].identity
        self.assertNotEqual(now, former)
        for events in (stored(self.journal), self.chat.rooms["lobby"].recent):
            self.assertNotIn(former, [event.identity for event in events])
        self.assertEqual(self.chat.topics["lobby"].identity, now)
        self.assertEqual(len(self.page(now)), 4)
        self.assertEqual(self.page(former), [])
        ada.types(f"/forget {SECRET}")
        self.assertIn("everything is erased; 3 lines were yours", str(ada.sees()))
        self.assertNotIn("lobby", self.chat.topics)

    def page(self, of: bytes) -> list[Any]:
        events = stored(self.journal)
        return [event for event in events if of in (event.identity, _to(event))]

    def test_what_operators_gave(self) -> None:
        """An invitation and a voice stay, and so does a ban from a room."""
        for nick in ("ada", "eve"):
            self.register(nick)
        ada, eve = self.at("json", "ada"), self.at("json", "eve")
        bob = self.at_json("bob")
        self.chat.roster["bob"].address = ""
        for text in ("/join den", "/invite bob", "/voice bob"):
            ada.types(text)
        for text in ("/join attic", "/ban bob"):
            eve.types(text)
        bob.types(f"/register {SECRET}")
        now = self.chat.roster["bob"].identity
        permissions = self.chat.permissions
        held = [*permissions.invited("den"), *permissions.voiced("den")]
        self.assertEqual([person.identity for person in held], [now, now])
        self.assertEqual([act.target_identity for act in permissions.sanctions("attic")], [now])
        bob.sees()
        bob.types("/join attic")
        self.assertEqual(bob.sees()[-1]["code"], "banned")

    def test_what_is_on_its_way(self) -> None:
        """An act, or a private line, that is on its way meanwhile is about the registered one."""
        slow = SlowJournal()
        self.open_chat(slow)
        self.register("ada")
        ada, bob = self.at("json", "ada"), self.at_json("bob")
        self.chat.roster["bob"].address = ""
        ada.types("/join den")
        hashed: Deferred[str] = Deferred()
        self.patch(self.chat.accounts.passwords, "hash", lambda *_: hashed)
        bob.types(f"/register {SECRET}")
        slow.waiting.is_slow = True
        # The first is with the journal, the others wait behind it.
        for text in ("/msg bob one", "/msg bob two"):
            ada.types(text)
        bobs = self.chat.roster["bob"]
        ban = Banned(room="den", target="bob", target_identity=bobs.identity)
        self.chat.acting.act(self.chat.roster["ada"].devices[0], ban)
        hashed.callback(f"plain:{SECRET}")
        for _ in range(9):
            slow.waiting.answer_all()
            self.clock.advance(0)
        slow.waiting.is_slow = False
        now = self.chat.roster["bob"].identity
        self.assertEqual([_to(event) for event in stored(slow)], [now, now])
        self.assertEqual([act.target_identity for act in acts(slow) if act.target == "bob"], [now])
        held = self.chat.permissions.sanctions("den")
        self.assertEqual([act.target_identity for act in held], [now])
        self.assertIn("bob is yours", str(bob.sees()))

    def test_leaving_meanwhile(self) -> None:
        """Who leaves before the password is hashed is back, with the password, where that was."""
        slow = SlowJournal()
        self.open_chat(slow)
        bob = self.at_json("bob")
        bob.types("/join den")
        member = self.chat.roster["bob"]
        hashed: Deferred[str] = Deferred()
        self.patch(self.chat.accounts.passwords, "hash", lambda *_: hashed)
        bob.types(f"/register {SECRET}")
        slow.waiting.is_slow = True
        bob.wire.hangs_up()
        hashed.callback(f"plain:{SECRET}")
        again = JsonPerson(self.connect())
        again.asks("hello", nick="bob", password=SECRET)
        for _ in range(9):
            slow.waiting.answer_all()
            self.clock.advance(0)
        slow.waiting.is_slow = False
        again.sees()
        self.assertEqual(list(again.welcome["rooms"]), ["lobby", "den"])
        self.assertEqual(self.chat.roster.leaving, {})
        self.assertNotIn(member, self.chat.roster.values())

    def test_back_meanwhile(self) -> None:
        """Somebody who comes back before the password is hashed is no guest as the account."""
        bob = self.at_json("bob", token=TOKEN)
        hashed: Deferred[str] = Deferred()
        self.patch(self.chat.accounts.passwords, "hash", lambda *_: hashed)
        bob.types(f"/register {SECRET}")
        bob.wire.vanishes()
        again = self.at_json("bob", token=TOKEN)
        hashed.callback(f"plain:{SECRET}")
        again.sees()
        (member,), account = self.chat.roster.values(), self.chat.accounts.named("bob")
        assert account is not None
        is_logged_in = member.account is account
        self.assertEqual(member.identity == account.identity, is_logged_in)

    def test_leaving_under_way(self) -> None:
        """Where somebody is who is leaving is waited for under the new identity too."""
        slow = SlowJournal()
        self.open_chat(slow)
        bob = self.at_json("bob")
        former = self.chat.roster["bob"].identity
        slow.waiting.is_slow = True
        bob.wire.hangs_up()
        self.clock.advance(0)
        self.chat.roster.become(former, NEW)
        left = self.chat.departed(NEW)
        self.assertNoResult(left)
        slow.waiting.answer_all()
        self.assertIsNone(self.successResultOf(left))
        self.assertEqual(self.chat.roster.leaving, {})

    def test_not_stored(self) -> None:
        """If nothing can be moved the name is registered all the same, and the log says so."""
        ada = self.at_json("ada")
        self.patch(self.journal, "become", lambda *_: fail(StorageError("the disk is full")))
        ada.types(f"/register {SECRET}")
        self.assertIn("ada is yours", str(ada.sees()))
        self.assertIsNotNone(self.chat.accounts.named("ada"))


def _to(event: Any) -> bytes:
    to: bytes = getattr(event, "to_identity", b"")
    return to


class RoomTests(ConversationCase):
    """What a room remembers."""

    def test_nothing_of_theirs(self) -> None:
        """A room in which somebody said nothing stays as it is."""
        recent = Recent([line(1, identity=BOB)])
        before = list(recent)
        recent.become(ADA, NEW)
        self.assertEqual(list(map(id, recent)), list(map(id, before)))

    def test_banned_as_both(self) -> None:
        """Who was banned as the one and as the other is banned once, whoever did it."""
        permissions = self.chat.permissions
        for number, identity in enumerate((NEW, ADA, BOB), 1):
            facts: Any = {"room": "den", "target": "ada", "target_identity": identity}
            permissions.apply(Banned(id=number, nick="ada", identity=ADA, **facts))
        permissions.become(ADA, NEW)
        held = {(act.identity, act.target_identity) for act in permissions.sanctions("den")}
        self.assertEqual(held, {(NEW, NEW), (NEW, BOB)})

    def test_owner(self) -> None:
        """An owner of rooms owns as many under another identity."""
        permissions = self.chat.permissions
        permissions.apply(Founded(id=1, nick="ada", room="den", identity=ADA))
        permissions.apply(Kicked(id=2, nick="ada", room="den", identity=ADA, target_identity=BOB))
        permissions.become(ADA, NEW)
        owner = permissions.owner("den")
        self.assertEqual(owner and owner.identity, NEW)
        self.assertEqual((permissions._owned[ADA], permissions._owned[NEW]), (0, 1))
