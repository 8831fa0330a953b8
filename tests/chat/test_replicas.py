"""People who are connected to another node of the same chat."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent

from chatservice.chat.folding import SHOWN
from chatservice.cluster.spelling import spell
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Joined, Left
from chatservice.protocol.stamping import signed
from chatservice.protocol.whereabouts import Housed
from tests.conversation import each_row
from tests.nodes import SECRET, Node, NodesCase
from tests.persons import TextPerson

STRANGER = b"of-somebody-else"


class ReplicaTests(NodesCase):
    """Ada is at one node; bob and eve are at the other one, in #python."""

    def setUp(self) -> None:
        super().setUp()
        self.all_see()

    def asks(self, person: TextPerson, line: str) -> str:
        """Type a line, and return what is seen then."""
        person.sees()
        self.types(person, line)
        return "\n".join(person.sees())

    def check_same(self) -> None:
        """Check that both nodes know the same people in the same rooms."""
        here, there = (
            {
                member.nick: (sorted(member.rooms), member.identity, member.away, member.real_name)
                for member in node.chat.roster.values()
            }
            for node in (self.here, self.there)
        )
        self.assertEqual(here, there)
        rooms = [
            {
                name: (
                    sorted(member.nick for member in room.members.keys() & room.present.keys()),
                    [(event.id, event.identity) for event in room.recent],
                    [person.identity for person in node.chat.permissions.operators(name)],
                )
                for name, room in node.chat.rooms.items()
            }
            for node in (self.here, self.there)
        ]
        self.assertEqual(*rooms)

    def test_everybody(self) -> None:
        """Lists of people and of rooms show everybody, and so does a welcome."""
        self.check_same()
        self.assertIn("ada, bob, eve", self.asks(self.ada, "/names"))
        self.assertIn("bob: lobby, #python", self.asks(self.ada, "/who"))
        self.assertIn("#python (3 here)", self.asks(self.bob, "/list"))
        zoe = TextPerson(self.here.connect())
        self.types(zoe, "zoe")
        self.assertIn("-- you joined lobby: ada, bob, eve (4 here)", "\n".join(zoe.sees()))
        self.check_same()

    def test_whois(self) -> None:
        """Anybody can be asked about, wherever they are."""
        told = self.asks(self.ada, "/whois bob")
        self.assertIn("through another server", told)
        self.assertIn("#python", told)

    def test_whois_since(self) -> None:
        """A node that starts later tells as well since when somebody has been here."""
        told = self.asks(self.bob, "/whois bob").splitlines()
        since = next(line.partition(",")[0] for line in told if "here since" in line)
        self.clock.pump([1.0] * 120)
        zoe = TextPerson(Node(self.engine, "late").connect())
        self.types(zoe, "zoe")
        self.assertIn(since, self.asks(zoe, "/whois bob"))

    @each_row(
        {
            "joining a room": ["/join attic"],
            "leaving a room": ["/part python"],
            "leaving all rooms": ["/part python", "/part lobby"],
            "another nickname": ["/nick robert"],
            "away": ["/away tea"],
            "back": ["/away tea", "/back"],
            "a real name": ["/realname Robert"],
            "an account": [f"/register {SECRET}"],
            "no account": [f"/register {SECRET}", "/logout"],
            "an account, after talk": ["hello", f"/register {SECRET}"],
            "an account, in a room of its own": ["/join attic", f"/register {SECRET}", "/logout"],
            "leaving": ["/quit"],
            "leaving and coming": ["/join attic", "/part attic", "/join attic"],
        }
    )
    def test_changes(self, lines: list[str]) -> None:
        """What somebody does at one node is known at the other one."""
        self.types(self.bob, *lines)
        self.check_same()
        self.types(self.ada, "/join attic", "/nick adele", "/part attic")
        self.check_same()

    def test_a_room_of_others(self) -> None:
        """Who enters a room in which only people elsewhere are sees and hears them."""
        self.types(self.bob, "/join attic", "one")
        self.assertIn("-- you joined #attic: bob (2 here)", self.asks(self.ada, "/join attic"))
        self.types(self.bob, "two")
        self.assertEqual(self.ada.sees(), ["bob: two"])

    def test_over(self) -> None:
        """A room is over when nobody at any node is in it."""
        self.types(self.bob, "/join attic")
        self.assertIn("attic", self.here.chat.rooms)
        self.types(self.bob, "/part attic")
        for node in (self.here, self.there):
            self.assertNotIn("attic", node.chat.rooms)

    @each_row({"the same": "bob", "in capitals": "BOB", "one that looks alike": "b\u043eb"})
    def test_taken(self, nick: str) -> None:
        """A nickname is taken by whoever has it anywhere, and free once its holder has left."""
        self.assertIn("choose another nickname", self.asks(self.ada, f"/nick {nick}"))
        zoe = TextPerson(self.here.connect())
        self.types(zoe, nick)
        self.assertIn("choose another nickname", "\n".join(zoe.sees()))
        self.types(self.bob, "/quit")
        self.types(zoe, nick)
        self.assertIn("-- you joined lobby: ada, eve (3 here)", zoe.sees())
        self.check_same()

    def test_private_line(self) -> None:
        """A private line by nickname reaches its reader, and nobody calls the reader absent."""
        self.types(self.ada, "/msg bob psst")
        self.assertEqual(self.bob.sees(), ["(ada to you) psst"])
        self.types(self.bob, "/away tea", "/msg ada hush")
        self.ada.sees()
        self.assertIn("tea", self.asks(self.ada, "/msg bob where are you?"))

    @each_row({"a room": "/kick bob", "the chat": "/kick * bob"})
    def test_kick(self, line: str) -> None:
        """A kick by nickname holds at both nodes, and is carried out once."""
        self.types(self.ada, "/join python", line)
        self.check_same()
        left = [facts for facts in self.eve.sees_all() if facts["type"] == "left"]
        self.assertEqual(len(left), "*" in line)
        here = [member.nick for member in self.here.chat.rooms["python"].members]
        self.assertEqual(sorted(here), ["ada", "eve"])

    def test_one_order(self) -> None:
        """However they come and go, both nodes know the same in the end."""
        for number in range(12):
            who = (self.ada, self.bob)[number % 2]
            who.types(("/join attic", "/nick n{}", "/part attic", "hi")[number % 4].format(number))
            self.clock.advance(0.003)
        self.passes()
        self.passes()
        self.check_same()

    def test_no_devices(self) -> None:
        """Of who is elsewhere nothing is kept but what others see."""
        bob = self.here.chat.roster["bob"]
        self.assertTrue(bob.is_elsewhere)
        self.assertEqual((bob.devices, bob.reading.missed, bob.uncommitted), ((), {}, 0))
        self.assertFalse(self.there.chat.roster["bob"].is_elsewhere)

    def test_kicked_on_leaving(self) -> None:
        """Who is kicked from a room while leaving the chat has left it everywhere."""
        self.ada.types("/kick bob")
        self.bob.types("/quit")
        self.passes()
        self.check_same()
        self.assertNotIn("bob", self.here.chat.roster)

    def test_kicked_on_parting(self) -> None:
        """Who is kicked from a room while leaving it is out of it once."""
        self.ada.types("/kick bob")
        self.bob.types("/part python")
        self.passes()
        self.check_same()
        self.assertEqual(list(self.here.chat.roster["bob"].rooms), ["lobby"])

    def test_many(self) -> None:
        """Joins at one node are told at the other one in a sum, if there are many."""
        people = [TextPerson(self.there.connect()) for _ in range(SHOWN + 2)]
        for number, person in enumerate(people):
            self.types(person, f"n{number}")
        self.ada.sees()
        self.clock.pump([1.0] * 12)
        self.assertEqual(self.ada.sees(), ["-- lobby: 5 came"])

    def test_nickname_twice(self) -> None:
        """If the log says that two people have a nickname, a node shows one, and tells so."""
        left = Left(rooms=("lobby",), goodbye=True, why="")
        events = (Housed(arrives=True, key="bob"), Joined(room="lobby"), left)
        batch = spell([signed(event, "bob", STRANGER, "") for event in events])
        self.patch(self.engine.people, "take", lambda node, batch: [])
        with capturedLogs() as logged:
            self.engine._put(self.here.seat.node, 0, batch)
            self.passes()
        told = {str(formatEvent(event)) for event in logged}
        self.assertIn("There are two people called bob: one is not shown.", told)
        self.types(self.bob, "here I am")
        self.assertEqual(self.ada.sees()[-1], "bob: here I am")
        self.check_same()

    def test_muted_under_another_name(self) -> None:
        """A mute goes along with who logs in, at all nodes, also if that is stored late."""
        self.there.chat.accounts.register("robert", STRANGER, SECRET, "")
        self.types(self.ada, "/mute * bob")
        self.engine.error = StorageError("the disk is full")
        self.types(self.bob, f"/login robert {SECRET}")
        self.engine.error = None
        self.clock.pump([0.1] * 20)
        bob = self.here.chat.roster["bob"]
        self.assertEqual(bob.account and bob.account.nick, "robert")
        (mute,) = self.here.chat.permissions.against(bob.identity)
        self.assertEqual(mute.target, "bob")
