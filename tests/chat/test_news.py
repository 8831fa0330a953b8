"""Nicknames that nodes ask one another for, and accounts that all of them must know."""

from __future__ import annotations

import gc
from itertools import count
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred, fail

from chatservice.chat.news import AGAIN, PATIENCE
from chatservice.protocol.errors import StorageError
from tests.conversation import ConversationCase
from tests.nodes import SECRET, Node, NodesCase
from tests.persons import JsonPerson, TextPerson

STRANGER = b"of-somebody-else"
RENAMED = "^-- you are now guest[0-9]+"


class NewsCase(NodesCase):
    """People who come to two nodes."""

    def come(self, node: Node, *lines: str) -> TextPerson:
        """Let somebody come to a node."""
        person = TextPerson(node.connect())
        self.types(person, *lines)
        return person

    def waits(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.pump([0.05] * round(seconds / 0.05))

    def told(self, person: TextPerson) -> str:
        """What somebody has seen since the last time."""
        return "\n".join(person.sees())


class NicknameTests(NewsCase):
    """Zoe, a guest, is at one node; at the other one her nickname is registered."""

    def setUp(self) -> None:
        super().setUp()
        self.zoe = self.come(self.here, "zoe")
        # As an operator's checker does that knows a nickname (--auth).
        self.there.chat.accounts.register("zoe", STRANGER, SECRET, "")
        self.passes()
        self.zoe.sees()

    def test_joining(self) -> None:
        """Who proves a nickname gets it from a guest at another node, who gets another one."""
        owner = self.come(self.there, "zoe", SECRET)
        self.waits(1)
        self.assertIn("you joined lobby: ada, bob, eve, guest", self.told(owner))
        self.assertRegex(self.zoe.sees()[0], RENAMED + "$")

    def test_logging_in(self) -> None:
        """So does a guest who logs in."""
        self.types(self.bob, f"/login zoe {SECRET}")
        self.waits(1)
        self.assertIn("-- you are now zoe", self.bob.sees())
        self.assertRegex(self.zoe.sees()[0], RENAMED + "$")

    def test_at_two_nodes(self) -> None:
        """A guest who is at two nodes gets another nickname once."""
        second = JsonPerson(Node(self.engine, "late").connect())
        second.asks("hello", token=self.here.chat.roster["zoe"].token, client="phone")
        self.passes()
        self.come(self.there, "zoe", SECRET)
        self.waits(1)
        self.assertRegex(self.told(self.zoe), RENAMED + "\n-- zoe joined the chat$")
        renamed = [facts for facts in second.sees_all() if facts["type"] == "renamed"]
        self.assertEqual(len(renamed), 1)

    def test_no_answer(self) -> None:
        """If the other node does not answer, the nickname stays taken."""
        self.here.link.is_cut = True
        owner = self.come(self.there, "zoe", SECRET)
        self.waits(PATIENCE - 1)
        self.assertRegex(owner.sees()[-1], "^Password for zoe .*: $")
        self.waits(2)
        self.assertIn("zoe is taken: choose another nickname", self.told(owner))

    def test_asked_too_late(self) -> None:
        """A node that is asked for a nickname that nobody has any more does nothing."""
        self.here.chat.news.ask_to_free("nobody")
        self.here.chat.news.ask_to_free("ada")
        self.passes()
        self.assertEqual(self.ada.sees(), ["-- zoe joined the chat"])

    def test_leaving_meanwhile(self) -> None:
        """Who leaves while another nickname is claimed is renamed no more."""
        claim = self.here.chat.names.claim

        def claim_late(*keys: str) -> Deferred[None]:
            self.zoe.types("/quit")
            return claim(*keys)

        self.patch(self.here.chat.names, "claim", claim_late)
        self.come(self.there, "zoe", SECRET)
        self.waits(1)
        self.assertNotIn("guest", self.told(self.zoe))

    def test_no_nickname(self) -> None:
        """If no other nickname can be had, the log tells why."""
        error = StorageError("the database does not answer")
        self.patch(self.here.chat.names, "claim", lambda *keys: fail(error))
        self.come(self.there, "zoe", SECRET)
        self.waits(PATIENCE + 1)
        self.assertEqual(self.told(self.zoe), "")
        (failure,) = self.flushLoggedErrors(StorageError)
        self.assertIs(failure.value, error)


class AccountTests(NewsCase):
    """Bob, who has an account, is at one node."""

    def setUp(self) -> None:
        super().setUp()
        self.types(self.bob, f"/register {SECRET}")
        self.all_see()

    def test_not_saved(self) -> None:
        """A token that cannot be stored at once is stored later, and brings back at all nodes."""
        save, attempts = self.engine.save_account, count(1)

        def save_later(*given: Any) -> None:
            if next(attempts) <= 3:
                raise StorageError("the disk is full")
            save(*given)

        self.patch(self.engine, "save_account", save_later)
        self.types(self.bob, "/quit")
        second = self.come(self.here, "bob", SECRET)
        self.assertIn("the disk is full", self.told(second))
        token = self.here.chat.roster["bob"].token
        self.waits(4 * AGAIN)
        gc.collect()  # what nobody has taken note of is logged when it is gone
        self.assertEqual(self.flushLoggedErrors(), [])
        self.types(second, "/quit")
        third = self.come(self.there, f"/resume {token}")
        self.assertIn("you joined lobby: ada, eve", self.told(third))


class OneMachineTests(ConversationCase):
    """One chat in memory."""

    def test_not_saved(self) -> None:
        """A setting that cannot be stored is refused, and not stored later either."""
        ada, updates = self.at_text("ada"), count()

        def update(*_: Any) -> Deferred[None]:
            next(updates)
            return fail(StorageError("the disk is full"))

        ada.types(f"/register {SECRET}")
        ada.sees()
        self.patch(self.chat.accounts, "_store", SimpleNamespace(update=update))
        ada.types("/ignore eve")
        self.assertEqual(ada.sees(), ["-- not done: the disk is full"])
        self.clock.pump([AGAIN] * 3)
        self.assertEqual(next(updates), 1)
