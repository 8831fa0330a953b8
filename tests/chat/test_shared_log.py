"""Two chats over one log: the seam at which one chat can be many nodes."""

from __future__ import annotations

from chatservice.people.account import Account
from tests.conversation import TextPerson
from tests.nodes import NodesCase
from tests.recording import kick


class SharedLogTests(NodesCase):
    """Ada, who runs the chat, is at one node; bob and eve are at the other one, in #python."""

    def test_one_room_in_one_order(self) -> None:
        """What is said at either node is seen at both, in the same order."""
        for number, person in enumerate([self.ada, self.bob, self.eve] * 2):
            person.types(f"line {number}")
        self.passes()
        by_ada, by_bob, by_eve = self.all_see()
        self.assertEqual(sorted(by_eve), [f"line {number}" for number in range(6)])
        for seen, own in ((by_ada, "03"), (by_bob, "14")):
            of_others = [line for line in by_eve if line[-1] not in own]
            self.assertEqual([line.partition(": ")[2] for line in seen], of_others)

    def test_ids(self) -> None:
        """An id is given once, at the commit, and is the same everywhere."""
        for person in (self.ada, self.bob):
            person.types("hi")
        said = [
            [event.id for event in node.chat.rooms["python"].recent]
            for node in (self.here, self.there)
        ]
        self.assertEqual(said, [[], []])
        self.passes()
        here, there = (
            [(event.id, event.nick) for event in node.chat.rooms["python"].recent]
            for node in (self.here, self.there)
        )
        self.assertEqual(here, there)
        self.assertEqual(sorted(nick for _, nick in here), ["ada", "bob"])

    def test_guests_at_once(self) -> None:
        """Guests who come at the same moment, to one node or to several, all get in."""
        for node, nick in ((self.here, "ann"), (self.here, "ben"), (self.there, "cat")):
            TextPerson(node.connect()).types(nick)
        self.passes()
        for node in (self.here, self.there):
            self.assertLess({"ann", "ben", "cat"}, set(node.chat.roster))

    def test_kick(self) -> None:
        """A kick at one node turns somebody out at the other one."""
        (ada,) = self.here.chat.roster["ada"].devices
        kick(self.here.chat, ada, self.elsewhere("bob"), "python", "enough")
        self.passes()
        by_ada, by_bob, _ = self.all_see()
        self.assertEqual(by_ada, ["-- you kicked bob from #python: enough"])
        self.assertEqual(by_bob, ["-- ada kicked you from #python: enough"])
        self.assertEqual(list(self.there.chat.roster["bob"].rooms), ["lobby"])
        self.types(self.ada, "he is out")
        self.assertEqual(self.all_see()[1:], ([], ["he is out"]))

    def test_kick_from_the_chat(self) -> None:
        """A kick from the whole chat at one node ends the connection at the other one."""
        (ada,) = self.here.chat.roster["ada"].devices
        kick(self.here.chat, ada, self.elsewhere("bob"), "", "enough")
        self.passes()
        self.assertNotIn("bob", self.there.chat.roster)
        self.assertEqual(self.ada.sees(), ["-- you kicked bob from the chat: enough"])

    def test_private_line(self) -> None:
        """A private line at one node reaches its reader at the other one, and nobody else."""
        (ada,), eve = self.here.chat.roster["ada"].devices, self.elsewhere("eve")
        self.here.chat.whisper(ada, Account("eve", "eve", eve.identity, "", 0), "psst")
        self.passes()
        _, by_bob, by_eve = self.all_see()
        self.assertEqual((by_bob, by_eve), ([], ["psst"]))

    def test_announcement(self) -> None:
        """An announcement at one node is seen at the other one."""
        self.types(self.ada, "/announce tea is ready")
        by_ada, by_bob, by_eve = self.all_see()
        self.assertEqual(by_ada, ["-- you announce: tea is ready"])
        self.assertEqual(by_bob, ["-- ada announces: tea is ready"])
        self.assertEqual(by_eve, ["tea is ready"])

    def test_act(self) -> None:
        """What an operator sets at one node holds at the other one as well."""
        (ada,) = self.here.chat.roster["ada"].devices
        kick(self.here.chat, ada, self.elsewhere("bob"), "python", "")
        self.types(self.ada, "/room invite-only on")
        self.types(self.bob, "/join python")
        self.assertIn("-- #python is invite-only", self.bob.sees()[-1])

    def test_running(self) -> None:
        """The first one in a room, at any node, runs it until it is empty at all of them."""
        self.types(self.bob, "/join attic", "/room moderated on")
        self.types(self.ada, "/join attic")
        for node in (self.here, self.there):
            (runner,) = node.chat.permissions.operators("attic")
            self.assertEqual(runner.nick, "bob")
            self.assertTrue(node.chat.permissions.rules("attic").moderated)
        self.types(self.bob, "/part attic")
        for node in (self.here, self.there):
            self.assertEqual(node.chat.permissions.operators("attic"), [])
            self.assertTrue(node.chat.permissions.rules("attic").moderated)
        self.types(self.ada, "/part attic")
        for node in (self.here, self.there):
            self.assertFalse(node.chat.permissions.rules("attic").moderated)
