"""What happens while a password is checked, or something is on its way to the disk."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed

from chatservice.sessions import login
from tests.conversation import JsonPerson, TextPerson, at_each_door, said
from tests.journals import SlowJournal, Waiting
from tests.recording import kick
from tests.registered import proof_of
from tests.sessions.test_takeover import SECRET, TakeoverCase


class LateCase(TakeoverCase):
    """The same people, in a chat whose journal answers when the test says so."""

    def open_chat(self, journal: object = None, admission: object = None) -> None:
        self.waiting = Waiting()
        self.waiting.is_slow = False
        self.rules.linger = 30.0
        super().open_chat(SlowJournal(self.waiting))

    def answers(self) -> None:
        """The journal answers everything."""
        while len(self.waiting) or not self.chat._publisher.all_settled().called:
            if len(self.waiting):
                self.waiting.answer(0)
            self.clock.advance(0)


class LoginTests(LateCase):
    """/login, when things have changed by the time that the password is checked."""

    def setUp(self) -> None:
        super().setUp()
        self.arrange("json")
        self.guest = self.at_json("zoe")
        self.zoe = self.chat.roster["zoe"]
        (self.device,) = self.zoe.devices
        self.proof = proof_of(self.account)

    def test_has_left(self) -> None:
        """Who has left is logged in to nothing."""
        self.guest.wire.hangs_up()
        self.failureResultOf(login.log_in(self.chat, self.device, self.proof))
        self.check_one_member()
        self.assertNotIn("zoe", self.chat.roster)

    def test_leaves_meanwhile(self) -> None:
        """Of an owner who has just left it is asked what was said when all of it is stored."""
        self.waiting.is_slow = True
        self.ada.types("hello")
        self.ada.types("/quit")
        while "ada" in self.chat.roster:
            self.waiting.answer(0)
            self.clock.advance(0)
        under_way = len(self.waiting)
        done = login.log_in(self.chat, self.device, self.proof)
        self.assertEqual(len(self.waiting), under_way)
        self.answers()
        self.successResultOf(done)
        self.check_one_member()

    def test_is_somebody_else(self) -> None:
        """Who has logged in to another account through another connection stays so."""
        done = self.chat.accounts.register("grace", b"grace".ljust(16), SECRET, "")
        grace = self.successResultOf(done)
        done = login.log_in(self.chat, self.device, proof_of(grace))
        self.answers()
        self.successResultOf(done)
        self.failureResultOf(login.log_in(self.chat, self.device, self.proof))
        self.assertIs(self.zoe.account, grace)
        self.check_one_member()

    def test_removed(self) -> None:
        """An account that was given up meanwhile is nobody's."""
        self.ada.types(f"/unregister {SECRET}")
        self.failureResultOf(login.log_in(self.chat, self.device, self.proof))
        self.assertIsNone(self.zoe.account)

    def test_removed_while_arriving(self) -> None:
        """Nor can one come in with it."""
        self.ada.types(f"/unregister {SECRET}")
        self.patch(self.chat.accounts, "prove", lambda *_: succeed(self.proof))
        late = JsonPerson(self.connect())
        late.asks("hello", nick="grace", password=SECRET)
        self.assertEqual([facts["code"] for facts in late.sees()], ["wrong-password"])

    def test_borne_by_a_guest(self) -> None:
        """A guest who bears what is registered by now gets another name, whoever logs in."""
        for nick in ("bob", "eve"):
            if nick == "eve":
                self.at_json("eve")
            done = self.chat.accounts.register(nick, nick.encode().ljust(16), SECRET, "")
            account = self.successResultOf(done)
            if nick == "bob":
                self.guest.wire.hangs_up()
                self.failureResultOf(login.log_in(self.chat, self.device, proof_of(account)))
            else:
                self.chat.bindings.bind(self.chat.roster["ada"], proof_of(account))
            self.assertNotIn(nick, self.chat.roster)

    def test_coming_at_that_moment(self) -> None:
        """Somebody who logs in while the owner is about to be welcomed comes alongside."""
        self.ada.wire.hangs_up()
        self.waiting.is_slow = True
        again = JsonPerson(self.connect())
        again.asks("hello", nick="ada", password=SECRET)
        while "ada" not in self.chat.roster:
            self.waiting.answer(0)
            self.clock.advance(0)
        login.log_in(self.chat, self.device, self.proof)
        self.answers()
        self.assertEqual([facts["type"] for facts in again.sees()][:1], ["welcome"])
        self.assertIs(self.device.member, self.chat.roster["ada"])
        self.assertNotIn("zoe", self.chat.roster)
        self.check_one_member()

    def test_logout_of_who_has_left(self) -> None:
        """Who leaves while a logout is on its way stays away."""
        member = self.chat.roster["ada"]
        (device,) = member.devices
        self.ada.wire.hangs_up()
        self.successResultOf(login.log_out(self.chat, device))
        self.assertIsNone(self.chat.roster.bearer(member.token))

    def test_registering_through_another_connection(self) -> None:
        """Who registers, and meanwhile logs in elsewhere, is who the login says."""
        hashed: Deferred[str] = Deferred()
        self.patch(self.chat.accounts.passwords, "hash", lambda *_: hashed)
        self.guest.types(f"/register {SECRET}")
        again = self.at_json("zoe", token=self.zoe.token)
        again.types(f"/login ada {SECRET}")
        hashed.callback(f"plain:{SECRET}")
        self.assertEqual(again.sees()[-1]["lines"], ["you are logged in as ada"])
        self.assertNotIn("zoe", self.chat.roster)
        self.check_one_member()
        self.assertIsNone(self.chat.roster.of(self.chat.accounts.named("zoe")))


class ArrivingTests(LateCase):
    """Coming back while much is on its way."""

    def test_private_lines_after_another_loss(self) -> None:
        """A link that breaks before the kept private lines are shown costs none of them."""
        self.arrange("text")
        self.ada.wire.hangs_up()
        self.bob.types("/msg ada psst")
        self.bob.sees()
        self.waiting.is_slow = True
        shown = []
        for _ in range(3):
            again = TextPerson(self.connect())
            again.types("ada")
            again.types(SECRET)
            while "ada" not in self.chat.roster:
                self.waiting.answer(0)
                self.clock.advance(0)
            shown += again.sees()
            again.wire.vanishes()
            self.clock.advance(1)
        last = TextPerson(self.connect())
        last.types("ada")
        last.types(SECRET)
        self.answers()
        shown += last.sees()
        self.assertEqual(len([line for line in shown if line.endswith("psst")]), 1)


class LastWordsTests(LateCase):
    """What somebody sends who is being put out."""

    @at_each_door
    def test_after_a_kick(self, door: str) -> None:
        """Once the kick has come to pass it is thrown away."""
        self.arrange(door)
        self.waiting.is_slow = True
        whom = self.chat.roster["ada"]
        kick(self.chat, self.chat.roster["bob"].devices[0], whom, "", "out")
        while self.chat.is_here(whom):
            self.clock.advance(0)
            if len(self.waiting):
                self.waiting.answer(0)
        for line in ("last words", "/nick grace"):
            self.ada.types(line)
        self.answers()
        self.assertEqual([facts["type"] for facts in self.bob.sees()], ["kicked", "left"])
        self.assertEqual(set(self.chat.roster), {"bob"})

    def test_alone_in_a_room(self) -> None:
        """A line said just before a kick came does not hold up the lines of others."""
        self.arrange("json")
        self.ada.types("/join den")
        self.ada.sees()
        self.waiting.is_slow = True
        whom = self.chat.roster["ada"]
        kick(self.chat, self.chat.roster["bob"].devices[0], whom, "den", "out")
        self.clock.advance(0)
        self.ada.asks("say", room="den", text="last words")
        self.bob.asks("say", room="lobby", text="peace")
        self.answers()
        self.assertEqual(self.bob.sees()[-1], said("bob", "peace"))
        self.assertIn(said("ada", "last words", room="den"), self.ada.sees())
