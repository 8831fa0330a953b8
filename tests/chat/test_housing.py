"""People who are connected to several nodes of one chat, or come from one to another."""

from __future__ import annotations

from chatservice.chat.chat import NODE_SHUTTING_DOWN
from chatservice.chat.passing import LEAVING_LATER
from chatservice.cluster.log import LEASE
from chatservice.doors.text import BYE_TO_NC
from tests.conversation import each_row
from tests.housed import HousingCase
from tests.nodes import SECRET
from tests.persons import JsonPerson


class HousingTests(HousingCase):
    """Ada is at one node; bob, who has an account, and eve are at the other one, in #python."""

    def test_alongside(self) -> None:
        """Who comes to a second node is one person there and here, and hears the same at both."""
        second = self.come(self.here, "bob", SECRET)
        self.assertIn("you are bob, in lobby, #python, and here on another server too", second.told)
        self.assertEqual(self.homes("bob"), [([1, 2], False)] * 2)
        self.all_see()
        second.sees()
        self.types(self.ada, "hello")
        self.types(self.bob, "from there")
        self.types(second, "from here")
        self.assertEqual(self.ada.sees(), ["bob: from there", "bob: from here"])
        self.assertEqual(self.bob.sees(), ["ada: hello", "bob: from here"])
        self.assertEqual(second.sees(), ["ada: hello", "bob: from there"])

    def test_devices(self) -> None:
        """A list of connections tells if there are others, at another node."""
        second = self.come(self.here, "bob", SECRET, "/devices")
        *_, last = second.told.split("\n")
        self.assertEqual(last, "-- there are others through another server, which lists them")
        self.types(self.bob, "/quit")
        second.sees()
        self.types(second, "/devices")
        self.assertEqual(len(second.sees()), 1)

    def test_going_from_one(self) -> None:
        """Who goes from one node is still here through the other one, and nobody is told."""
        second = self.come(self.here, "bob", SECRET)
        self.all_see()
        self.types(self.bob, "/quit")
        told = ["-- you are still here through another server", BYE_TO_NC]
        self.assertEqual(self.bob.sees(), told)
        self.assertEqual(self.homes("bob"), [([1], False)] * 2)
        self.assertEqual(self.ada.sees(), [])
        second.wire.vanishes()
        self.passes()
        self.assertEqual(self.homes("bob"), [([1], True)] * 2)
        self.waits(31)
        self.assertEqual(self.ada.sees(), ["-- bob left the chat (connection lost)"])
        self.assertNotIn("bob", self.there.chat.roster)

    def test_lost_from_both(self) -> None:
        """Who loses both connections at once lingers at one node, and leaves once."""
        second = self.come(self.here, "bob", SECRET)
        self.all_see()
        self.bob.wire.vanishes()
        second.wire.vanishes()
        self.passes()
        (homes, lingers), other = self.homes("bob")
        self.assertEqual((len(homes), lingers), (1, True))
        self.assertEqual(other, (homes, lingers))
        self.waits(31)
        self.assertEqual(self.ada.sees(), ["-- bob left the chat (connection lost)"])

    def test_back_elsewhere(self) -> None:
        """Who lost the connection may come back at another node by token, and nobody is told."""
        token = self.there.chat.roster["bob"].token
        self.bob.wire.vanishes()
        self.types(self.ada, "are you there?")
        second = self.come(self.here, f"/resume {token}")
        self.assertIn("-- you are back as bob, in lobby, #python", second.told)
        self.assertIn("are you there?", second.told)
        self.assertEqual(self.homes("bob"), [([1], False)] * 2)
        self.waits(40)
        self.assertEqual(self.ada.sees(), [])

    def test_guest_back_elsewhere(self) -> None:
        """A guest comes back at another node by token as well."""
        token = self.there.chat.roster["eve"].token
        self.eve.wire.vanishes()
        self.passes()
        back = JsonPerson(self.here.connect())
        back.asks("hello", token=token)
        self.passes()
        (welcome, *_) = [facts for facts in back.sees_all() if facts["type"] == "welcome"]
        self.assertEqual((welcome["nick"], welcome["token"]), ("eve", token))
        self.assertEqual(self.homes("eve"), [([1], False)] * 2)

    def zoe_changes_node(self) -> tuple[JsonPerson, JsonPerson]:
        """Have a program come at one node, and go to the other in mid-conversation."""
        first, second = (JsonPerson(node.connect()) for node in (self.there, self.here))
        first.asks("hello", nick="zoe", client="phone")
        self.passes()
        token = self.there.chat.roster["zoe"].token
        second.asks("hello", token=token, client="phone")
        return first, second

    def test_same_program(self) -> None:
        """A program that changes node in mid-conversation takes its own place there."""
        first, second = self.zoe_changes_node()
        self.passes()
        self.assertEqual(first.sees()[-1]["code"], "taken-over")
        self.assertFalse(first.wire.connected)
        self.assertEqual(self.homes("zoe"), [([1], False)] * 2)
        second.asks("say", room="lobby", text="still me", ref="1")
        self.passes()
        self.assertIn("#lobby zoe: still me", self.ada.sees())

    def test_one_of_two_programs(self) -> None:
        """A program that changes node leaves another one of the same person where it is."""
        phone, laptop, again = (
            JsonPerson(node.connect()) for node in (self.there, self.there, self.here)
        )
        phone.asks("hello", nick="zoe", client="phone")
        self.passes()
        token = self.there.chat.roster["zoe"].token
        for person, client in ((laptop, "laptop"), (again, "phone")):
            person.asks("hello", token=token, client=client)
            self.passes()
        self.assertEqual(phone.sees()[-1]["code"], "taken-over")
        self.assertEqual(self.homes("zoe"), [([1, 2], False)] * 2)
        laptop.asks("say", room="lobby", text="still here")
        self.passes()
        self.assertIn("#lobby zoe: still here", self.ada.sees())

    def test_once(self) -> None:
        """A request that is made at two nodes with the same ref is carried out once."""
        first, second = self.zoe_changes_node()
        first.asks("say", room="lobby", text="once", ref="1")
        self.clock.advance(0)
        second.asks("say", room="lobby", text="once", ref="1")
        self.passes()
        self.assertEqual(self.ada.sees().count("#lobby zoe: once"), 1)
        shown = [facts for facts in second.sees_all() if facts.get("text") == "once"]
        self.assertEqual([facts["type"] for facts in shown], ["said"])

    def test_kicked(self) -> None:
        """Who is kicked from the chat is turned out at all nodes, and leaves once."""
        second = self.come(self.here, "bob", SECRET)
        self.all_see()
        self.types(self.ada, "/kick * bob")
        for person in (self.bob, second):
            self.assertEqual(person.sees(), ["-- ada kicked you from the chat"])
            self.assertFalse(person.wire.connected)
        self.assertNotIn("bob", self.here.chat.roster)
        left = [facts for facts in self.eve.sees_all() if facts["type"] == "left"]
        self.assertEqual([facts["nick"] for facts in left], ["bob"])

    def test_kicked_from_a_room_of_ones_own(self) -> None:
        """So is who was alone in a room, which is over then."""
        second = self.come(self.here, "bob", SECRET, "/join attic")
        self.types(self.ada, "/kick * bob")
        self.assertIn("ada kicked you from the chat", "\n".join(second.sees()))
        for node in (self.here, self.there):
            self.assertEqual(sorted(node.chat.rooms), ["lobby", "python"])

    def test_logging_out_at_one(self) -> None:
        """Who logs out at one node is a new guest there, and stays logged in at the other one."""
        second = self.come(self.here, "bob", SECRET)
        self.types(second, "/logout")
        self.assertEqual(self.homes("bob"), [([2], False)] * 2)
        self.assertEqual(len(self.here.chat.roster), len(self.there.chat.roster))
        self.types(self.bob, "I am here")
        self.assertIn("bob: I am here", second.sees())

    def test_new_password(self) -> None:
        """A new password ends the connections at other nodes, where the old one proves nothing."""
        second = self.come(self.here, "bob", SECRET)
        self.types(self.bob, f"/password {SECRET} another-secret")
        self.assertIn("-- your password was changed: log in again", second.sees())
        self.assertFalse(second.wire.connected)
        self.assertIn("wrong nickname or password", self.come(self.here, "bob", SECRET).told)
        third = self.come(self.here, "bob", "another-secret")
        self.assertIn("you are bob", third.told)

    def test_a_nickname_of_an_account(self) -> None:
        """Who proves a nickname gets it from a guest at another node."""
        zoe = self.come(self.here, "zoe")
        self.types(self.bob, "/nick robert")
        self.types(zoe, "/nick bobby")
        second = self.come(self.there, "zoe2", f"/register {SECRET}")
        self.assertIn("zoe2", second.told)
        self.types(second, "/quit")
        self.types(zoe, "/nick zoe2")
        self.assertIn("registered", "\n".join(zoe.sees()))

    def test_a_node_dies(self) -> None:
        """The people of a node that dies linger at another one, and come back or leave."""
        token = self.there.chat.roster["bob"].token
        self.waits(20)
        self.there.die()
        self.all_see()
        self.waits(int(LEASE + 5))
        self.assertEqual(self.here.chat.roster["bob"].homes, {1})
        self.assertTrue(self.here.chat.roster["eve"].lingers)
        second = self.come(self.here, f"/resume {token}")
        self.assertIn("-- you are back as bob, in lobby, #python", second.told)
        self.assertEqual(self.ada.sees(), [])
        self.waits(31)
        self.assertEqual(self.ada.sees(), ["-- eve left the chat (connection lost)"])
        self.types(self.ada, "/nick eve")
        self.assertIn("-- you are now eve", self.ada.sees())

    def test_back_before_it_is_known(self) -> None:
        """Who comes from a dead node before the others know that it is dead misses nothing."""
        token = self.there.chat.roster["bob"].token
        self.types(self.ada, "seen there")
        self.waits(20)
        self.there.die()
        self.types(self.ada, "are you there?")
        second = self.come(self.here, f"/resume {token}")
        self.types(self.ada, "there you are")
        self.assertEqual(second.sees(), ["ada: there you are"])
        self.waits(int(LEASE + 5))
        (missed,) = second.sees()
        self.assertIn("#python ada: are you there?", missed)

    def test_the_other_node_dies(self) -> None:
        """Who is at two nodes of which one dies is shown nothing twice at the other one."""
        second = self.come(self.here, "bob", SECRET)
        self.types(self.ada, "hello")
        self.waits(20)
        self.assertEqual(second.sees(), ["ada: hello"])
        self.there.die()
        self.types(self.ada, "are you there?")
        self.waits(int(LEASE + 5))
        self.assertEqual(self.here.chat.roster["bob"].homes, {1})
        self.assertEqual(second.sees(), ["ada: are you there?"])

    def test_a_node_stops(self) -> None:
        """The people of a node that stops are handed over at once."""
        token = self.there.chat.roster["bob"].token
        self.there.chat.shut_down(3.0)
        self.passes()
        self.there.journal.stop()
        self.passes()
        self.assertTrue(self.here.chat.roster["bob"].lingers)
        second = self.come(self.here, f"/resume {token}")
        self.assertIn("-- you are back as bob, in lobby, #python", second.told)

    def test_going_while_cut_off(self) -> None:
        """Whoever leaves while the engine does not answer is told that it may take a while."""
        self.there.link.is_cut = True
        self.bob.types("/quit")
        self.waits(4)
        self.assertIn(f"-- {LEAVING_LATER}", self.bob.sees())
        self.there.link.is_cut = False
        self.waits(10)
        self.assertFalse(self.bob.wire.connected)
        self.assertEqual(self.ada.sees(), ["-- bob left the chat"])

    def test_stopped(self) -> None:
        """The people of a node that is stopped are told that it is only this server."""
        self.there.chat.shut_down(5)
        self.passes()
        self.assertEqual(self.bob.sees(), [f"-- {NODE_SHUTTING_DOWN}"])

    @each_row({"for a while": 5, "for long": 25})
    def test_a_node_is_cut_off(self, seconds: int) -> None:
        """A node that is cut off catches up; after a lease, the others have seen its people go."""
        self.waits(20)
        self.there.link.is_cut = True
        self.waits(seconds)
        self.there.link.is_cut = False
        self.clock.pump([0.1] * 100)
        self.assertEqual(bool(self.there.why_over), seconds > LEASE)
        self.assertEqual(self.here.chat.roster["bob"].lingers, seconds > LEASE)
