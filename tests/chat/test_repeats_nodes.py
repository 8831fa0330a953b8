"""A request that is made at two nodes: it is carried out once, and answered at both."""

from __future__ import annotations

import json

from twisted.internet.defer import succeed

from chatservice.chat.housing import NOT_IN
from tests.nodes import Node, NodesCase
from tests.persons import Facts, JsonPerson


class NodesRepeatsTests(NodesCase):
    """Zoe, a guest, is at one node; she makes a request there, and again at the other one."""

    LINGER = 30

    def setUp(self) -> None:
        super().setUp()
        self.first = JsonPerson(self.there.connect())
        self.first.asks("hello", nick="zoe", client="phone")
        self.passes()
        self.token = self.there.chat.roster["zoe"].token
        self.all_see()

    def come(self) -> None:
        """Let zoe come to the other node, with another program."""
        self.second = JsonPerson(self.here.connect())
        self.second.asks("hello", token=self.token, client="laptop")

    def is_there(self) -> None:
        """Let her be there."""
        self.come()
        self.passes()
        self.second.sees()
        self.first.sees()

    def says(self, person: JsonPerson) -> None:
        """Let zoe make the request."""
        person.asks("say", room="lobby", text="once", ref="1")

    def answers(self, person: JsonPerson) -> list[Facts]:
        """What comes of the request where it was made."""
        # Its id may have been there before, so it may be lower than that of a line before.
        objects = map(json.loads, person.messages())
        return [facts for facts in objects if facts["type"] in ("said", "error")]

    def check(self) -> None:
        """See that it was carried out once, and that both programs know of it."""
        self.passes()
        self.passes()
        self.assertEqual(self.ada.sees().count("#lobby zoe: once"), 1)
        for person in (self.first, self.second):
            (said,) = self.answers(person)
            self.assertEqual((said["text"], said["ref"]), ("once", "1"))

    def slows(self, node: Node) -> None:
        """Let the engine hear of what is done at a node after what is done at the other one."""
        node.link.delay = 0.05

    def test_at_once(self) -> None:
        """Both times at the same moment."""
        self.is_there()
        self.slows(self.here)
        self.says(self.second)
        self.says(self.first)
        self.check()

    def test_on_coming(self) -> None:
        """The second time where she has just come, before anything is shown there."""
        self.slows(self.here)
        self.come()
        while not self.here.chat.roster["zoe"].devices:
            self.clock.advance(0.005)
        self.says(self.second)
        self.says(self.first)
        self.check()

    def test_recalled(self) -> None:
        """What came of it the first time is read from the journal if this node does not know."""
        self.says(self.first)
        self.passes()
        (said,) = self.answers(self.first)
        self.is_there()
        self.here.chat.roster["zoe"].forget_spoken()
        self.says(self.second)
        self.passes()
        (again,) = self.answers(self.second)
        self.assertEqual((again["id"], again["ref"]), (said["id"], "1"))

    def test_forgotten(self) -> None:
        """If nobody knows what came of it the first time, it is refused."""
        self.says(self.first)
        self.passes()
        self.is_there()
        self.here.chat.roster["zoe"].forget_spoken()
        self.patch(self.here.journal, "refs", lambda identity: succeed([]))
        self.says(self.second)
        self.passes()
        (refused,) = self.answers(self.second)
        self.assertEqual(refused["text"], "not sent: it was sent before")

    def test_left(self) -> None:
        """If she has left where she was before, it is refused, and so is her coming."""
        self.slows(self.here)
        self.come()
        while not self.here.chat.roster["zoe"].devices:
            self.clock.advance(0.005)
        self.says(self.second)
        self.first.types("/quit")
        self.passes()
        told = [facts["text"] for facts in self.answers(self.second)]
        self.assertEqual(told, [NOT_IN])
        self.assertNotIn("#lobby zoe: once", self.ada.sees())
