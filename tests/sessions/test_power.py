"""The power of a server operator, under another nickname."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatservice.people.account import Account, Proof
from chatservice.protocol.events import ChatError, FailedProof
from chatservice.sessions import power
from tests.chat.test_audit import audited
from tests.conversation import at_each_door
from tests.operating import PASSWORD, DenCase

OPER = f"/oper sysop {PASSWORD}"
SERVER_ONLY = "only a server operator may do that"


class OperTests(DenCase):
    """Bob, a guest, and the password of sysop; ada owns #den."""

    @at_each_door
    def test_power(self, door: str) -> None:
        """The proof of an operator's account gives its power, under the same nickname."""
        gus = self.comes(door, "gus")
        self.assertIn(SERVER_ONLY, self.says(gus, "/announce hi"))
        self.see_all()
        self.assertIn("you are an operator of the whole chat", self.says(gus, OPER))
        self.assertEqual(self.bob.sees(), [])
        gus.types("/announce hi")
        self.assertEqual(self.bob.sees(), ["-- gus announces: hi"])
        self.assertIsNone(self.chat.member_named("gus").account)
        self.assertIn("-- an operator of the whole chat", self.asks(self.bob, "/whois gus"))

    def test_above_sanctions(self) -> None:
        """No sanction holds against its owner, and no owner of a room kicks or bans it."""
        self.sysop.types("/mute * bob")
        self.assertIn("you are muted", self.says(self.bob, "hi"))
        self.bob.types(OPER)
        self.assertEqual(self.asks(self.bob, "hi"), [])
        self.assertIn("hi", self.says(self.sysop, "/history 1"))
        self.bob.types("/join den")
        self.assertNotIn("kicked", self.says(self.ada, "/kick bob"))
        self.assertIn("you are muted", self.says(self.bob, "/oper off") + self.says(self.bob, "x"))

    def test_ends(self) -> None:
        """It ends when it is given up, and with the stay."""
        self.bob.types(OPER)
        self.bob.types("/oper off")
        self.assertIn(SERVER_ONLY, self.says(self.bob, "/announce hi"))
        self.bob.types(OPER)
        self.bob.types("/quit")
        self.bob = self.comes("text", "bob")
        self.assertIn(SERVER_ONLY, self.says(self.bob, "/announce hi"))

    def test_ends_with_the_password(self) -> None:
        """It ends when the operator's password is changed."""
        self.bob.types(OPER)
        self.sysop.types(f"/password {PASSWORD} battery-staple")
        self.assertIn(SERVER_ONLY, self.says(self.bob, "/announce hi"))

    def test_logging_out(self) -> None:
        """It belongs to the member, whatever account that is logged in to."""
        self.bob.types(OPER)
        self.bob.types("/register battery-staple")
        self.bob.types("/logout")
        self.assertNotIn(SERVER_ONLY, self.says(self.bob, "/announce hi"))

    def test_own_account(self) -> None:
        """Its owner may give its own account up, which is no operator's."""
        self.bob.types("/register battery-staple")
        self.bob.types(OPER)
        self.assertIn("no longer registered", self.says(self.bob, "/unregister battery-staple"))
        self.assertIn("you are an operator", self.says(self.sysop, f"/unregister {PASSWORD}"))

    def test_other_devices(self) -> None:
        """The other connections of the same person are told."""
        phone = self.comes("json", "ada")
        self.asks(phone, "/who")
        self.ada.types(OPER)
        self.assertIn("/oper off ends it (from your text connection)", str(phone.sees()))

    def test_nothing_told(self) -> None:
        """Nothing tells whether the password of an account is right that is no operator's."""
        answers = [self.says(self.bob, f"/oper ada {word}") for word in (PASSWORD, "wrong")]
        self.assertEqual(answers, ["-- that is not the nickname of a server operator"] * 2)
        self.assertEqual(self.asks(self.bob, f"/oper {'x' * 2000} y"), answers[:1])

    def test_tries(self) -> None:
        """Wrong passwords count as everywhere: the third in a row closes the connection."""
        for _ in range(3):
            self.bob.types("/oper sysop wrong")
        self.assertIn("the last of 3 tries", str(self.bob.sees()))
        self.assertTrue(self.bob.wire.disconnecting)

    def test_audited(self) -> None:
        """The log says who has the power, from where, through whose password, and who failed."""
        lines = audited(lambda: self.bob.types(OPER))
        self.assertEqual(lines, ["Operator by password from 192.0.2.2: bob, as sysop."])
        lines = audited(lambda: self.bob.types("/oper off"))
        self.assertEqual(lines, ["Operator no more from 192.0.2.2: bob."])
        (line,) = audited(lambda: self.bob.types("/oper sysop xyzzy"))
        self.assertIn("Failed proof from 192.0.2.2", line)
        self.assertNotIn("xyzzy", line)


class LateTests(DenCase):
    """What happens while the password is checked."""

    def setUp(self) -> None:
        super().setUp()
        self.checked: Deferred[Proof] = Deferred()
        self.patch(self.chat.accounts, "prove", lambda *args: self.checked)
        (self.device,) = self.chat.member_named("bob").devices
        self.done = power.oper(self.chat, self.device, "sysop", PASSWORD)

    def account(self, nick: str) -> Account:
        found = self.chat.accounts.named(nick)
        assert found is not None
        return found

    def test_gone(self) -> None:
        """Somebody who has left meanwhile gets no power."""
        member = self.device.member
        self.bob.types("/quit")
        self.checked.callback(Proof(self.account("sysop")))
        self.assertEqual(self.failureResultOf(self.done, ChatError).value.code, "not-joined")
        self.assertIsNone(member.oper)

    def test_another(self) -> None:
        """An account that a checker of the operator's took the name for is no operator's."""
        self.checked.callback(Proof(self.account("ada")))
        error = self.failureResultOf(self.done, ChatError).value
        self.assertEqual((error.code, error.cause), ("not-allowed", "not-operator"))
        self.assertNotIsInstance(error, FailedProof)
