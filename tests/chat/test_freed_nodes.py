"""Nicknames that their owners prove, and guests have, at one of several nodes."""

from __future__ import annotations

from chatservice.people.account import Account, facts_of
from tests.conversation import each_row
from tests.nodes import SECRET, NodesCase
from tests.persons import TextPerson


class FreedTests(NodesCase):
    """Eve is a guest at one node, and does not own her nickname."""

    def setUp(self) -> None:
        super().setUp()
        account = Account("eve", "eve", b"an-account-of-16", f"plain:{SECRET}", 1)
        self.engine.add_account(self.here.seat, facts_of(account), None)
        self.passes()
        self.all_see()

    @each_row({"at the same node": True, "at another one": False})
    def test_arriving(self, is_same: bool) -> None:
        """The owner who comes gets the nickname, and the guest another one."""
        owner = TextPerson((self.there if is_same else self.here).connect())
        self.types(owner, "eve", SECRET)
        self.clock.pump([0.01] * 100)
        self.assertIn("you joined lobby", "\n".join(owner.sees()))
        for node in (self.here, self.there):
            self.assertEqual(node.chat.roster["eve"].identity, b"an-account-of-16")

    @each_row({"at the same node": True, "at another one": False})
    def test_logging_in(self, is_same: bool) -> None:
        """So does an owner who logs in."""
        owner = TextPerson((self.there if is_same else self.here).connect())
        self.types(owner, "zoe", f"/login eve {SECRET}")
        self.clock.pump([0.01] * 100)
        self.assertIn("-- you are logged in as eve", owner.sees())
        for node in (self.here, self.there):
            self.assertEqual(node.chat.roster["eve"].identity, b"an-account-of-16")

    def test_silent(self) -> None:
        """Who does not answer for long gives up the nickname."""
        self.clock.pump([1] * 61)
        other = TextPerson(self.there.connect())
        self.types(other, "bob")
        self.clock.pump([0.5] * 40)
        self.assertIn("-- you joined lobby", "\n".join(other.sees()))
