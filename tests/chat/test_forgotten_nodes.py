"""People who are forgotten, and are connected to several nodes."""

from __future__ import annotations

from tests.nodes import SECRET, NodesCase
from tests.persons import JsonPerson, TextPerson


class ForgottenTests(NodesCase):
    """Zoe, who is at one node and goes to the other one as well."""

    def places(self) -> list[tuple[str]]:
        """The nicknames of people of whom it is known where they were."""
        sql = "SELECT DISTINCT nick FROM places ORDER BY nick"
        found: list[tuple[str]] = self.engine.database._writer.execute(sql).fetchall()
        return found

    def test_guest(self) -> None:
        """Nothing records that a guest was here who is forgotten, and leaves from another node."""
        first, second = (JsonPerson(node.connect()) for node in (self.there, self.here))
        first.asks("hello", nick="zoe", client="phone")
        self.passes()
        token = self.there.chat.roster["zoe"].token
        second.asks("hello", token=token, client="desk")
        self.passes()
        self.assertEqual(self.here.chat.roster["zoe"].homes, {1, 2})
        self.assertIn(("zoe",), self.places())
        for person, line in ((first, "/forget everything"), (first, "/quit"), (second, "/quit")):
            person.types(line)
            self.passes()
        self.assertNotIn("zoe", self.here.chat.roster)
        self.assertNotIn(("zoe",), self.places())

    def test_owner(self) -> None:
        """Nor that the owner of an account was, who goes on as a guest, and moves to another node.
        """
        first = TextPerson(self.there.connect())
        self.types(first, "zoe", f"/register {SECRET}", f"/forget {SECRET}")
        second = TextPerson(self.here.connect())
        self.types(second, f"/resume {self.there.chat.roster['zoe'].token}")
        self.types(first, "/quit")
        self.types(second, "/quit")
        self.assertNotIn("zoe", self.here.chat.roster)
        self.assertNotIn(("zoe",), self.places())
