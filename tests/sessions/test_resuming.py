"""Taking one's place back after the connection was lost: docs/protocol.rst, "Resuming"."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from chatservice.chat.journal import Page
from chatservice.protocol.errors import StorageError
from tests.conversation import TOKEN, ConversationCase, JsonPerson, each_row, error, said
from tests.journals import HeldJournal

Facts = dict[str, Any]

TAKEN_OVER = error("taken-over", "another connection has taken this one's place")


class ResumingTests(ConversationCase):
    """Taking one's place back."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_json("bob")
        self.ada = self.at_json("ada", token=TOKEN)
        self.ada.types("/join python")
        self.ada.sees()
        self.bob.sees()

    def test_take_over(self) -> None:
        """A connection that still stands is closed, and its nickname, rooms and room are kept."""
        again = self.at_json("somebody", token=TOKEN, rooms={"elsewhere": 0})
        welcome = again.welcome
        self.assertEqual((welcome["nick"], welcome["token"]), ("ada", TOKEN))
        self.assertTrue(welcome["resumed"])
        self.assertEqual(list(welcome["rooms"]), ["lobby", "python"])
        self.assertEqual((self.ada.sees(), self.bob.sees()), ([TAKEN_OVER], []))
        self.assertIsNotNone(self.ada.wire.lost)
        again.types("hiss")
        self.assertEqual(again.sees(), [said("ada", "hiss", room="python")])

    def test_missed(self) -> None:
        """The ids of hello count, also when a connection is taken over."""
        self.bob.types("hi")
        (event,) = self.bob.sees_all()
        last = event["id"]
        for seen, missed in (({"lobby": 0}, True), ({"lobby": last}, False), ({"x": 0}, False)):
            again = self.at_json("ada", token=TOKEN, rooms=seen)
            self.assertEqual(again.welcome["rooms"]["lobby"]["missed"], missed, seen)

    def test_unread_lines_are_thrown_away(self) -> None:
        """What the old connection sent and was not read by then never appears."""
        self.ada.wire.pauseProducing()
        self.ada.asks("say", room="lobby", text="too late")
        self.at_json("ada", token=TOKEN)
        self.ada.wire.sees()
        self.assertEqual(self.bob.sees(), [])

    def test_waiting_commands_are_thrown_away(self) -> None:
        """A command that waits for the lines before it is not carried out any more."""
        self.ada.wire.protocol.dataReceived(
            b'{"type":"say","room":"lobby","text":"in time"}\n'
            b'{"type":"command","line":"/nick grace"}\n'
            b'{"type":"say","room":"lobby","text":"too late"}\n'
        )
        self.at_json("ada", token=TOKEN)
        self.assertEqual(self.bob.sees(), [said("ada", "in time")])

    def test_fence(self) -> None:
        """What is above welcome's id comes by itself, and what is below it does not."""
        again = JsonPerson(self.connect())
        self.ada.wire.protocol.dataReceived(b'{"type":"say","room":"lobby","text":"old"}\n')
        self.bob.wire.protocol.dataReceived(b'{"type":"say","room":"lobby","text":"below"}\n')
        again.wire.protocol.dataReceived(
            json.dumps(
                {"type": "hello", "nick": "ada", "token": TOKEN, "rooms": {"lobby": 0}}
            ).encode()
            + b"\n"
        )
        self.bob.wire.protocol.dataReceived(b'{"type":"say","room":"lobby","text":"above"}\n')
        welcome, above = again.sees_all()
        self.assertEqual((welcome["type"], above["text"]), ("welcome", "above"))
        self.assertTrue(above["id"] > welcome["id"])
        self.assertTrue(welcome["rooms"]["lobby"]["missed"])
        again.asks("history", room="lobby", after=0, before=welcome["id"])
        self.assertEqual([event["text"] for event in again.sees()[0]["events"]], ["old", "below"])

    def test_taken_over_twice(self) -> None:
        """Of two that take over at once the second one has the place, and the first is told."""
        first, second = JsonPerson(self.connect()), JsonPerson(self.connect())
        hello = json.dumps({"type": "hello", "nick": "ada", "token": TOKEN}).encode() + b"\n"
        for person in (first, second):
            person.wire.protocol.dataReceived(hello)
        self.bob.types("hi")
        self.assertEqual(first.sees(), [TAKEN_OVER])
        self.assertIsNotNone(first.wire.lost)
        welcome, event = second.sees()
        self.assertEqual((welcome["resumed"], event), (True, said("bob", "hi")))
        self.assertEqual(self.bob.sees(), [said("bob", "hi")])

    def test_taken_over_while_arriving(self) -> None:
        """Who takes over a connection before its welcome gets one that covers both."""
        first, second = JsonPerson(self.connect()), JsonPerson(self.connect())
        hello = json.dumps({"type": "hello", "nick": "eve", "token": "e" * 22}).encode() + b"\n"
        for person in (first, second):
            person.wire.protocol.dataReceived(hello)
        (welcome,) = second.sees()
        self.assertEqual((welcome["nick"], welcome["resumed"]), ("eve", True))
        self.assertEqual(welcome["rooms"]["lobby"]["members"], ["ada", "bob", "eve"])
        self.assertEqual(first.sees(), [TAKEN_OVER])

    def test_two_while_the_rooms_open(self) -> None:
        """Of two that come with one token while the rooms open, the second takes the first over."""
        journal = HeldJournal(pages=True)
        self.open_chat(journal)
        first, second = JsonPerson(self.connect()), JsonPerson(self.connect())
        for person, nick in ((first, "eve"), (second, "dan")):
            person.asks("hello", nick=nick, token=TOKEN)
        self.assertEqual(len(journal.asked), 2)
        for _, page in journal.asked:
            page.callback(Page([], more=False))
        self.clock.advance(0)
        journal.held[0].callback(None)
        self.assertEqual(first.sees(), [TAKEN_OVER])
        (welcome,) = second.sees()
        self.assertEqual((welcome["nick"], welcome["resumed"]), ("eve", True))
        self.assertEqual(list(self.chat.roster), ["eve"])

    def test_vanishes_while_taking_over(self) -> None:
        """Who takes over and vanishes at once has left."""
        again = self.connect()
        again.sends(b"")
        again.protocol.dataReceived(
            json.dumps({"type": "hello", "nick": "ada", "token": TOKEN}).encode() + b"\n"
        )
        again.vanishes()
        left = {"type": "left", "nick": "ada", "goodbye": False, "why": "connection lost"}
        self.assertEqual(self.bob.sees(), [left])
        self.assertNotIn("ada", self.chat.roster)

    def test_refused_line_of_the_old_connection(self) -> None:
        """A line of the old connection that cannot be stored is told to nobody."""
        self.ada.wire.protocol.dataReceived(b'{"type":"say","room":"lobby","text":"lost"}\n')

        def store(batch: Any) -> Deferred[None]:
            raise StorageError("the disk is full")

        self.patch(self.journal, "store", store)
        again = self.at_json("ada", token=TOKEN)
        self.assertEqual((again.sees(), self.bob.sees(), self.ada.sees()), ([], [], [TAKEN_OVER]))

    def test_after_leaving(self) -> None:
        """The token of somebody who has left makes an ordinary join that keeps it."""
        self.ada.wire.vanishes()
        again = self.at_json("grace", token=TOKEN)
        self.assertEqual(
            (again.welcome["nick"], again.welcome["resumed"], again.welcome["token"]),
            ("grace", False, TOKEN),
        )
        self.assertEqual([facts["type"] for facts in self.bob.sees()], ["left", "joined"])

    def test_join_answer_of_the_old_connection(self) -> None:
        """An answer that waited for the old connection's turn is not given, and is no error."""
        self.ada.wire.protocol.dataReceived(b'{"type":"command","line":"/join c"}\n')
        again = self.at_json("ada", token=TOKEN)
        self.assertEqual(self.ada.sees(), [TAKEN_OVER])
        self.assertEqual(list(again.welcome["rooms"]), ["lobby", "python", "c"])


class ModelClient:
    """The client that "Resuming" in docs/protocol.rst describes, with one line after the other.

    @ivar shown: the texts of all lines of the lobby, in the order in which they were shown.
    """

    def __init__(self, connect: Callable[[], JsonPerson], lines: list[str]) -> None:
        self._connect = connect
        self._unsaid = dict(enumerate(lines))
        self._last_id = 0
        self._token = TOKEN
        self.shown: list[str] = []

    @property
    def is_done(self) -> bool:
        """Whether every line has come back."""
        return not self._unsaid

    def resume(self) -> None:
        """Connect, catch up, and send what was not said."""
        self._link = self._connect()
        self._link.asks("hello", nick="ada", token=self._token, rooms={"lobby": self._last_id})
        welcome, *live = self._link.sees_all()
        fence = welcome["id"]
        more = welcome["rooms"]["lobby"]["missed"]
        while more:
            self._link.asks("history", room="lobby", after=self._last_id, before=fence, limit=2)
            *others, page = self._link.sees_all()
            live += others
            self._show(page["events"])
            more = page["more"]
        self._show(live)
        for number, text in list(self._unsaid.items())[:3]:
            self._link.asks("say", room="lobby", text=text, ref=str(number))

    def read(self) -> None:
        """Show what came by itself."""
        self._show(self._link.sees_all())

    def cut(self) -> None:
        """The link breaks, and what was on its way to the client is lost."""
        self._link.wire.gets()
        self._link.wire.vanishes()

    def _show(self, events: list[Facts]) -> None:
        for event in events:
            if event["type"] != "said":
                continue
            assert event["id"] > self._last_id, "an event is shown twice, or too late"
            self._last_id = event["id"]
            self.shown.append(event["text"])
            if event["nick"] == "ada":
                self._unsaid.pop(int(event["ref"]))


class ModelTests(ConversationCase):
    """A client that keeps the rules, on a link that does not."""

    @each_row({"before": "before", "after": "after", "standing": "standing"})
    def test_cut_links(self, way: str) -> None:
        """Cut at every line, with or without notice, every line is said once and shown once."""
        bob = self.at_json("bob")
        client = ModelClient(lambda: JsonPerson(self.connect()), [f"ada {n}" for n in range(12)])
        said_by_bob = 0
        for turn in range(40):
            client.resume()
            bob.types(f"bob {turn}")
            said_by_bob += 1
            if way == "after" or turn % 2:
                client.read()
            if way != "standing":
                client.cut()
            if client.is_done:
                break
        client.resume()
        self.assertTrue(client.is_done)
        seen = [facts["text"] for facts in bob.sees() if facts["type"] == "said"]
        self.assertEqual(client.shown, seen)
        self.assertEqual(sorted(seen), sorted(set(seen)))
        self.assertEqual(len(seen), 12 + said_by_bob)
