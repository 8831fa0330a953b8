"""The door for programs, sentence by sentence of docs/protocol.rst."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import ANY

from twisted.internet.defer import Deferred

from chatservice.protocol.errors import StorageError
from tests.conversation import NOON, TOKEN, ConversationCase, JsonPerson, error, said
from tests.persons import without_id


class HelloTests(ConversationCase):
    """From the first line to welcome."""

    def hello(self, **members: Any) -> JsonPerson:
        """A new connection that says hello."""
        person = JsonPerson(self.connect())
        person.asks("hello", **members)
        return person

    def test_welcome(self) -> None:
        """Hello is answered with welcome, and one's own joining follows."""
        self.rules.motd = ("Be kind.",)
        bob = self.at_text("bob")
        bob.types("/topic snakes")
        ada = self.hello(nick="ada")
        welcome, joined = ada.sees_all()
        fence = welcome["id"]
        self.assertEqual(
            welcome,
            {
                "type": "welcome",
                "id": fence,
                "nick": "ada",
                "account": None,
                "token": "token-of-a-test-000002",
                "resumed": False,
                "server": "chatservice",
                "motd": ["Be kind."],
                "settings": {},
                "read": ANY,
                "rooms": {
                    "lobby": {
                        "topic": "snakes",
                        "members": ["ada", "bob"],
                        "missed": True,
                        "read": ANY,
                    }
                },
            },
        )
        self.assertEqual(
            joined,
            {"type": "joined", "id": fence, "room": "lobby", "nick": "ada", "arrived": True}
            | {"own": True},
        )
        self.assertTrue(fence >= NOON.timestamp() * 1_000_000)

    def test_nothing_missed(self) -> None:
        """A room in which nothing was said has nothing to catch up with."""
        self.assertEqual(
            self.at_json("ada").welcome["rooms"],
            {"lobby": {"topic": "", "members": ["ada"], "missed": False, "read": ANY}},
        )

    def test_missed(self) -> None:
        """Each room tells whether it has something newer than the id that hello named."""
        bob = self.at_json("bob", rooms={"lobby": 0, "python": 0})
        bob.asks("say", room="lobby", text="one")
        (first,) = bob.sees_all()
        bob.asks("say", room="python", text="two")
        (second,) = bob.sees_all()
        for seen, missed in ((first["id"], True), (second["id"], False), (0, True)):
            ada = self.at_json("ada", rooms={"python": seen})
            self.assertEqual(ada.welcome["rooms"]["python"]["missed"], missed, seen)
            ada.types("/quit")

    def test_rooms(self) -> None:
        """Several rooms are joined at once, however they are spelled; the last one is current."""
        bob = self.at_text("bob")
        ada = self.hello(nick="ada", rooms={"#Python": 0, "lobby": 0, "c": 7})
        seen = ada.sees()
        self.assertEqual([facts["type"] for facts in seen], ["welcome"] + ["joined"] * 3)
        members = {name: room["members"] for name, room in ada.welcome["rooms"].items()}
        self.assertEqual(members, {"python": ["ada"], "lobby": ["ada", "bob"], "c": ["ada"]})
        self.assertEqual(list(members), ["python", "lobby", "c"])
        self.assertEqual([facts["arrived"] for facts in seen[1:]], [True, False, False])
        self.assertEqual(bob.sees(), ["-- ada joined lobby"])
        ada.asks("command", line="hi")
        self.assertEqual(ada.sees(), [said("ada", "hi", room="c")])

    def test_no_rooms(self) -> None:
        """Who names no room is in the lobby."""
        self.assertEqual(list(self.at_json("ada", rooms={}).welcome["rooms"]), ["lobby"])

    def test_fifty_rooms(self) -> None:
        """Fifty rooms are not too many, and one more is."""
        ada = self.at_json("ada", rooms={f"r{number}": 0 for number in range(50)})
        self.assertEqual(len(ada.welcome["rooms"]), 50)
        ada.sees()
        ada.types("/join lobby", ref="r")
        refused = error("too-many", "you are in 50 rooms: /part one first", "r")
        self.assertEqual(ada.sees(), [refused | {"cause": "rooms"}])

    def test_another_hello(self) -> None:
        """After a refusal another hello may follow on the same connection."""
        self.at_text("bob")
        ada = self.hello(nick="bob")
        ada.asks("hello", nick="ada")
        self.assertEqual([facts["type"] for facts in ada.sees()], ["error", "welcome", "joined"])

    def test_two_hellos_at_once(self) -> None:
        """Of two that come together the first one counts."""
        wire = self.connect()
        wire.sends(b'{"type":"hello","nick":"ada"}\n{"type":"hello","nick":"bob"}\n')
        person = JsonPerson(wire)
        self.assertEqual([facts["type"] for facts in person.sees()], ["error", "welcome", "joined"])
        self.assertEqual(set(self.chat.roster), {"ada"})

    def test_own_token(self) -> None:
        """A token that the server never gave is taken as well."""
        self.assertEqual(self.at_json("ada", token=TOKEN).welcome["token"], TOKEN)
        self.assertEqual(self.at_json("bob", token="x" * 64).welcome["token"], "x" * 64)

    def test_unknown_members(self) -> None:
        """Unknown members are ignored, and of two of one name the last one counts."""
        wire = self.connect()
        wire.sends(b'{"type":"hello","nick":"bob","x":[{}],"nan":NaN,"nick":"ada"}\r\n')
        self.assertIn(b'"nick":"ada"', wire.gets())

    def test_too_late(self) -> None:
        """A connection that has not joined after 60 s is closed, with the reason."""
        person = JsonPerson(self.connect())
        person.asks("ping", ref="r")
        person.sees()
        self.clock.advance(60)
        self.assertEqual(person.sees(), [error("closing", "you have not joined within 60 seconds")])
        self.assertIsNotNone(person.wire.lost)

    def test_after_the_greeting(self) -> None:
        """A slow client finds its welcome after the lines that do not begin with a brace."""
        wire = self.connect()
        self.clock.advance(0.3)
        wire.sends(b'{"type":"hello","nick":"ada"}\n')
        lines = wire.sees().split("\n")
        skipped = [line for line in lines if not line.startswith("{")]
        self.assertEqual(skipped, ["Welcome to chatservice.\r", "Choose a nickname: \r", ""])
        self.assertEqual(json.loads(lines[2])["type"], "welcome")


class RequestTests(ConversationCase):
    """say, command, history, ping."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_json("ada")
        self.bob = self.at_json("bob")
        self.ada.sees()

    def test_say(self) -> None:
        """A line comes back to its author as to everyone, with the ref."""
        self.ada.asks("say", room="lobby", text="hi\n\x1b[1mthere", ref="é" * 64)
        expected = [said("ada", "hi there", "é" * 64)]
        self.assertEqual((self.ada.sees(), self.bob.sees()), (expected, expected))

    def test_say_without_ref(self) -> None:
        """Who gives no ref gets none."""
        self.ada.asks("say", room="lobby", text="hi")
        self.assertEqual(self.bob.sees(), [said("ada", "hi")])

    def test_say_in_a_room_that_is_not_current(self) -> None:
        """A line goes to the room that it names, and the current room stays."""
        self.ada.types("/join python")
        self.ada.asks("say", room="lobby", text="hi")
        self.ada.types("hiss")
        self.assertEqual(
            self.ada.sees()[-2:], [said("ada", "hi"), said("ada", "hiss", room="python")]
        )

    def test_command_room(self) -> None:
        """A command's room becomes the current one."""
        self.ada.types("/join python")
        self.ada.sees()
        self.ada.asks("command", line="/topic", room="lobby", ref="1")
        self.ada.asks("command", line="hi")
        self.assertEqual(
            self.ada.sees(),
            [{"type": "ok", "lines": ["lobby has no topic"], "ref": "1"}, said("ada", "hi")],
        )

    def test_join_gives_the_room(self) -> None:
        """The answer to /join has the room as welcome has it."""
        self.bob.types("/join python")
        self.bob.types("/topic snakes")
        self.bob.types("hiss")
        self.ada.types("/join python", ref="1")
        *_, ok = self.ada.sees()
        room = {"topic": "snakes", "members": ["ada", "bob"], "missed": False, "read": ANY}
        self.assertEqual(ok, {"type": "ok", "lines": [], "rooms": {"python": room}, "ref": "1"})

    def test_history_command(self) -> None:
        """The answer to /history has events."""
        self.bob.types("hi")
        self.ada.sees()
        self.ada.types("/history 1", ref="1")
        (ok,) = self.ada.sees_all()
        self.assertEqual((ok["type"], ok["lines"], ok["ref"]), ("ok", [], "1"))
        self.assertEqual([without_id(event) for event in ok["events"]], [said("bob", "hi")])

    def test_list(self) -> None:
        """The answer to /list has each room as data, with its whole topic, beside the sentences."""
        topic = "snakes " * 20 + "and pie"
        self.bob.types("/join python")
        self.bob.types(f"/topic {topic}")
        self.ada.sees()
        self.ada.types("/list", ref="1")
        rooms = [
            {"room": "lobby", "here": 2, "topic": ""},
            {"room": "python", "here": 1, "topic": topic},
        ]
        lines = ["lobby (2 here)", f"#python (1 here): {topic[:76]}"]
        self.assertEqual(
            self.ada.sees(), [{"type": "ok", "lines": lines, "list": rooms, "ref": "1"}]
        )

    def test_list_of_nothing(self) -> None:
        """Somebody who may see no room is given an empty list."""
        permissions = self.chat.permissions
        self.patch(permissions, "may_see", lambda member, room: False)
        self.ada.types("/list")
        self.assertEqual(self.ada.sees(), [{"type": "ok", "lines": [], "list": []}])

    def test_who(self) -> None:
        """The answer to /who has each person as data, in no room too; /who NICK has that one."""
        self.bob.types("/part")
        self.ada.types("/join python")
        self.ada.sees()
        ada, bob = {"nick": "ada", "rooms": ["lobby", "python"]}, {"nick": "bob", "rooms": []}
        lines = ["ada: lobby, #python", "bob: in no room"]
        self.ada.types("/who")
        self.assertEqual(self.ada.sees(), [{"type": "ok", "lines": lines, "who": [ada, bob]}])
        self.ada.types("/who ADA")
        self.assertEqual(self.ada.sees(), [{"type": "ok", "lines": lines[:1], "who": [ada]}])

    def test_quit(self) -> None:
        """/quit is answered by the end of the connection alone."""
        self.ada.types("/quit tea", ref="1")
        self.assertEqual(self.ada.sees(), [])
        self.assertIsNotNone(self.ada.wire.lost)

    def test_ping(self) -> None:
        """Ping is answered with its ref, or without."""
        self.ada.asks("ping", ref="10")
        self.ada.asks("ping")
        self.assertEqual(self.ada.sees(), [{"type": "pong", "ref": "10"}, {"type": "pong"}])

    def test_answers_after_events(self) -> None:
        """Answers come after the events of the lines before them; errors may come earlier."""
        requests = [
            {"type": "say", "room": "lobby", "text": "one", "ref": "1"},
            {"type": "ping", "ref": "2"},
            {"type": "say", "room": "lobby", "text": "two", "ref": "3"},
            {"type": "say", "room": "nowhere", "text": "oops", "ref": "4"},
            {"type": "command", "line": "/names", "ref": "5"},
            {"type": "command", "line": "/me three", "ref": "6"},
            {"type": "history", "room": "lobby", "ref": "7"},
            {"type": "command", "line": "/nick grace", "ref": "8"},
            {"type": "say", "room": "lobby", "text": "four", "ref": "9"},
        ]
        self.ada.wire.sends(b"".join(json.dumps(one).encode() + b"\n" for one in requests))
        seen = self.ada.sees()
        refs = [facts.get("ref") for facts in seen]
        self.assertEqual(refs, ["1", "2", "4", "3", "5", "6", "7", None, "8", "9"])
        self.assertEqual(len(seen[6]["events"]), 3)
        self.assertEqual(seen[-1]["nick"], "grace")

    def test_not_sent(self) -> None:
        """Each kind of talk that cannot be stored is refused with its ref, and seen by nobody."""

        def store(batch: Any) -> Deferred[None]:
            raise StorageError("the disk is full")

        self.patch(self.journal, "store", store)
        for number, line in enumerate(("hi", "/me waves", "/msg bob psst")):
            self.ada.types(line, ref=str(number))
        self.ada.types("/topic snakes", ref="3")
        errors = [error("not-sent", "not sent: the disk is full", str(n)) for n in range(4)]
        self.assertEqual(self.ada.sees()[:4], errors)
        self.assertEqual(self.bob.sees(), [])

    def test_not_read_with_64_on_their_way(self) -> None:
        """Who has 64 lines on their way is not read until they are through; none is lost."""
        held: list[Deferred[None]] = []
        append = self.journal.store

        def hold(batch: Any) -> Deferred[None]:
            append(batch)
            held.append(Deferred())
            return held[-1]

        self.patch(self.journal, "store", hold)
        line = b'{"type":"say","room":"lobby","text":"hi"}\n'
        self.ada.wire.sends(line * 100)
        member = self.chat.roster["ada"]
        self.assertEqual((member.uncommitted, self.ada.wire.reading), (64, False))
        while held:
            held.pop().callback(None)
            self.ada.wire.turn()
            self.clock.advance(0)
            self.clock.advance(0)
        self.assertEqual(len(self.bob.sees()), 100)
        self.assertTrue(self.ada.wire.reading)

    def test_half_close(self) -> None:
        """What was sent before the end of the input is carried out and answered."""
        self.ada.wire.sends(b'{"type":"say","room":"lobby","text":"hi"}\n{"type":"ping"}')
        self.ada.wire.ends()
        self.assertEqual(self.ada.sees(), [said("ada", "hi"), {"type": "pong"}])
        self.assertEqual(
            self.bob.sees(),
            [said("ada", "hi"), {"type": "left", "nick": "ada", "goodbye": True, "why": ""}],
        )
        self.assertIsNotNone(self.ada.wire.lost)
