"""A request whose acknowledgement was lost, and which comes again: it is carried out once."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import succeed

from chatservice.chat.refs import LEAST, MOST, SECONDS, Noted, Spoken, mark_of
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Event
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.pruning import GUESTS_KEPT, Pruning
from chatservice.storage.threads import ThreadedDatabase
from tests.conversation import TOKEN, ConversationCase, Facts, JsonPerson, each_row, new_path
from tests.databases import InlinePool, InlineReactor
from tests.journals import SlowJournal
from tests.persons import TALK

REQUESTS = {
    "say": {"type": "say", "room": "lobby", "text": "hi"},
    "line": {"type": "command", "line": "hi", "room": "lobby"},
    "escaped": {"type": "command", "line": "//hi"},
    "me": {"type": "command", "line": "/me waves", "room": "lobby"},
    "notice": {"type": "command", "line": "/notice #lobby  tea "},
    "private_notice": {"type": "command", "line": "/notice bob  tea "},
    "msg": {"type": "command", "line": "/msg bob  psst "},
    "msg_otherwise": {"type": "command", "line": "/query bob psst"},
    "topic": {"type": "command", "line": "/topic tea", "room": "lobby"},
    "no_topic": {"type": "command", "line": "/topic -"},
    "unclean": {"type": "say", "room": "lobby", "text": "hi\tall \u202e \x1b[1m"},
}
REF = "a-ref-that-nobody-guesses"


def talk(person: JsonPerson) -> list[Facts]:
    """What was said that a program hears of; an answer may have an id that was there before."""
    lines = person.wire.gets().decode().split("\n")
    return [facts for facts in map(json.loads, filter(None, lines)) if facts["type"] in TALK]


class RepeatCase(ConversationCase):
    """Ada at the JSON door, and bob."""

    def setUp(self) -> None:
        super().setUp()
        self.begin()

    def begin(self, journal: Any = None) -> None:
        """Begin with a chat where the two are alone."""
        if journal is not None:
            self.open_chat(journal)
        self.ada = self.come()
        self.bob = self.at_json("bob")
        talk(self.ada)

    def come(self, nick: str = "ada") -> JsonPerson:
        """Ada comes, or comes back."""
        return self.at_json(nick, token=TOKEN)

    def first(self, request: Facts) -> Facts:
        """What a request comes to."""
        self.ada.sends_object(request | {"ref": REF})
        (event,) = talk(self.ada)
        self.assertEqual((event["own"], event["ref"]), (True, REF))
        talk(self.bob)
        return event

    def assert_again(self, request: Facts, first: Facts) -> None:
        """It is known again: ada gets the first event, and bob nothing."""
        self.ada.sends_object(request | {"ref": REF})
        self.assertEqual(talk(self.ada), [first])
        self.assertEqual(talk(self.bob), [])

    def assert_new(self, request: Facts, ref: str = REF) -> None:
        """It is something new."""
        self.ada.sends_object(request | {"ref": ref})
        (event,) = talk(self.ada)
        self.assertEqual(talk(self.bob), [{k: v for k, v in event.items() if k != "own"}])


class RepeatTests(RepeatCase):
    """What is a repetition, and what it is answered with."""

    @each_row(REQUESTS)
    def test_again(self, request: Facts) -> None:
        """The same request is answered with the first event, as often as it comes."""
        first = self.first(request)
        for _ in range(3):
            self.assert_again(request, first)

    @each_row(REQUESTS)
    def test_resumed(self, request: Facts) -> None:
        """Through another connection as well."""
        first = self.first(request)
        self.ada = self.come()
        self.assert_again(request, first)

    @each_row(REQUESTS)
    def test_back(self, request: Facts) -> None:
        """And by who left and came back with the token, by whatever nickname."""
        first = self.first(request)
        self.ada.types("/quit")
        self.ada = self.come("adele")
        self.bob.sees()
        self.assert_again(request, first)

    def test_answer_of_topic(self) -> None:
        """/topic is answered by its event and by ok, as it was the first time."""
        for _ in range(2):
            self.ada.sends_object(REQUESTS["topic"] | {"ref": REF})
            lines = map(json.loads, self.ada.wire.gets().decode().splitlines())
            self.assertEqual([facts["type"] for facts in lines], ["topic_changed", "ok"])

    def test_something_else(self) -> None:
        """Another room, text, kind or ref is something new; none at all always is."""
        for person in (self.ada, self.bob):
            person.types("/join python")
        self.first(REQUESTS["say"])
        talk(self.bob)
        self.assert_new(REQUESTS["say"] | {"text": "ho"})
        self.assert_new(REQUESTS["say"] | {"room": "python"})
        self.assert_new({"type": "command", "line": "/me hi", "room": "lobby"})
        self.assert_new(REQUESTS["say"], ref="another")
        self.first(REQUESTS["private_notice"])
        self.assert_new({"type": "command", "line": "/msg bob tea"})
        self.assert_again(REQUESTS["say"], self.first_again())
        for _ in range(2):
            self.ada.sends_object(REQUESTS["say"])
            self.assertEqual(len(talk(self.ada)), 1)
            self.assertEqual(len(talk(self.bob)), 1)

    def first_again(self) -> Facts:
        self.ada.sends_object(REQUESTS["say"] | {"ref": REF})
        return talk(self.ada)[0]

    def test_somebody_else(self) -> None:
        """Whoever else sends the same says something."""
        self.first(REQUESTS["say"])
        self.bob.sends_object(REQUESTS["say"] | {"ref": REF})
        self.assertEqual(len(talk(self.ada)), 1)

    def test_whom_it_was_to(self) -> None:
        """A private line is not said to who has the nickname by now."""
        first = self.first(REQUESTS["msg"])
        self.bob.types("/nick robert")
        self.bob = self.at_json("bob")
        self.assert_again(REQUESTS["msg"], first)

    @each_row({name: REQUESTS[name] for name in ("say", "line")})
    def test_left_the_room(self, request: Facts) -> None:
        """What was said in a room is acknowledged where one is no more."""
        self.ada.types("/join python")
        first = self.first(request)
        self.ada.types("/part lobby")
        self.assert_again(request, first)

    def test_muted(self) -> None:
        """What was said before one was muted was said."""
        first = self.first(REQUESTS["say"])
        self.chat.permissions.check_speech = lambda *_: self.fail()  # type: ignore[method-assign]
        self.assert_again(REQUESTS["say"], first)

    def test_hidden(self) -> None:
        """Whatever nickname ada ignores, and has."""
        self.bob.types("/nick robert")
        first = self.first(REQUESTS["say"])
        self.ada.types("/ignore bob")
        self.ada.types("/nick bob")
        self.ada.sees()
        self.bob.sees()
        self.assert_again(REQUESTS["say"], first)

    def test_logging_in_and_out(self) -> None:
        """Whatever one logs in to, or out of."""
        self.ada.types("/register correct-horse")
        first = self.first(REQUESTS["say"])
        self.ada.types("/logout")
        self.ada.sees_all()
        self.bob.sees()
        self.assert_again(REQUESTS["say"], first)
        self.ada.types("/quit")
        self.ada = self.at_json("carol")
        self.ada.types("/login ada correct-horse")
        self.ada.sees()
        self.bob.sees()
        self.assert_again(REQUESTS["say"], first)


class UnderWayTests(RepeatCase):
    """Repetitions that come while the first is on its way through the journal."""

    def setUp(self) -> None:
        super().setUp()
        self.slow = SlowJournal()
        self.begin(self.slow)
        self.slow.waiting.is_slow = True

    def settle(self) -> None:
        for _ in range(9):
            self.slow.waiting.answer_all()
            self.clock.advance(0)

    @each_row({name: REQUESTS[name] for name in ("say", "me", "msg")})
    def test_same_connection(self, request: Facts) -> None:
        """Both are answered when it is through, by the same event."""
        for _ in range(2):
            self.ada.sends_object(request | {"ref": REF})
        self.assertEqual(talk(self.ada), [])
        self.settle()
        first, again = talk(self.ada)
        self.assertEqual(first, again)
        self.assertEqual(len(talk(self.bob)), 1)

    def test_another_connection(self) -> None:
        """Also to who has taken the connection over meanwhile, after its welcome."""
        self.ada.sends_object(REQUESTS["say"] | {"ref": REF})
        again = JsonPerson(self.connect())
        again.asks("hello", nick="ada", token=TOKEN)
        again.sends_object(REQUESTS["say"] | {"ref": REF})
        self.settle()
        lines = [json.loads(line) for line in again.wire.gets().decode().splitlines()]
        self.assertEqual([facts["type"] for facts in lines], ["welcome", "said"])
        self.assertTrue(lines[1]["own"])
        self.assertEqual(len(talk(self.bob)), 1)

    def test_refused(self) -> None:
        """If it is refused, both are; and what is sent after that is said."""
        self.slow.waiting.is_slow = False
        full = [True]
        append = self.slow.store

        def fail(batch: Any) -> Any:
            return succeed(None).addCallback(self._full) if full[0] else append(batch)

        self.slow.store = fail  # type: ignore[method-assign]
        for _ in range(2):
            line = json.dumps(REQUESTS["say"] | {"ref": REF}).encode() + b"\n"
            self.ada.wire.protocol.dataReceived(line)
        codes = [
            (facts["code"], facts["ref"])
            for facts in map(json.loads, self.ada.wire.gets().decode().splitlines())
        ]
        self.assertEqual(codes, [("not-sent", REF)] * 2)
        full[0] = False
        self.first(REQUESTS["say"])

    def _full(self, _: object) -> None:
        raise StorageError("the disk is full")


class RestartTests(RepeatCase):
    """A chat with a file, which ends and begins again."""

    def setUp(self) -> None:
        super().setUp()
        self.path = str(new_path(self))
        self.database: ThreadedDatabase | None = None
        self.restart()

    def restart(self) -> None:
        if self.database is not None:
            self.database.close()
        pool: Any = InlinePool
        self.database = ThreadedDatabase(InlineReactor(), self.path, pool)
        self.database.open()
        self.file = DatabaseJournal(self.database)
        self.file.open()
        self.begin(self.file)
        self.chat.restore()

    def tearDown(self) -> None:
        assert self.database is not None
        self.database.close()

    def count(self) -> int:
        assert self.database is not None
        sql = "SELECT count(*) FROM refs"
        done = self.database.read(lambda connection: connection.execute(sql).fetchone()[0])
        number: int = self.successResultOf(done)
        return number

    def prune(self, lines: int, now: int = 0) -> None:
        assert self.database is not None
        pruning = Pruning(self.database, lambda room: (0, lines), lambda: now, list)
        while self.successResultOf(pruning.step()):
            pass

    @each_row(REQUESTS)
    def test_restart(self, request: Facts) -> None:
        """It is known again after a restart."""
        first = self.first(request)
        self.restart()
        self.assert_again(request, first)

    @each_row(REQUESTS)
    def test_pruned(self, request: Facts) -> None:
        """And when the line is kept no longer."""
        first = self.first(request)
        for number in range(9):
            self.ada.types(f"more {number}")
        talk(self.ada)
        talk(self.bob)
        self.prune(5)
        self.assert_again(request, first)
        self.restart()
        self.assert_again(request, first)

    def test_account(self) -> None:
        """Of who has an account, and comes with the password and another token."""
        self.ada.types("/register correct-horse")
        first = self.first(REQUESTS["say"])
        self.ada.types("/quit")
        self.ada = self.at_json("ada", password="correct-horse")
        talk(self.bob)
        self.assert_again(REQUESTS["say"], first)

    def test_how_much(self) -> None:
        """At least the last 64 are remembered, and all of two minutes; no more is kept."""
        first = self.first(REQUESTS["say"])
        for number in range(LEAST + 10):
            self.ada.asks("say", room="lobby", text="more", ref=str(number))
        talk(self.ada)
        talk(self.bob)
        self.assert_again(REQUESTS["say"], first)
        self.clock.advance(SECONDS + 1)
        self.ada.asks("say", room="lobby", text="more", ref="last")
        talk(self.ada)
        talk(self.bob)
        self.assertFalse(self.successResultOf(self.file.tidy_refs()))
        self.assertEqual(self.count(), LEAST)
        self.assert_new(REQUESTS["say"])

    def test_tidied_in_steps(self) -> None:
        """What is remembered no more is deleted a few hundred rows at a time."""
        self.file.drop_refs(b"nobody", [Noted(Event(id=id)) for id in range(501)])
        self.assertTrue(self.successResultOf(self.file.tidy_refs()))
        for _ in range(2):
            self.assertFalse(self.successResultOf(self.file.tidy_refs()))

    def test_guests(self) -> None:
        """Of a guest nothing is remembered a day after leaving; of who is here it is."""
        self.first(REQUESTS["say"])
        self.bob.asks("say", room="lobby", text="hi", ref=REF)
        self.ada.types("/quit")
        self.assertEqual(self.count(), 2)
        self.prune(0, self.chat.ids.last + GUESTS_KEPT + 1)
        self.assertEqual(self.count(), 1)

    def test_forget(self) -> None:
        """Who has everything erased leaves no refs either."""
        self.first(REQUESTS["say"])
        self.ada.types("/forget everything")
        self.assertEqual(self.count(), 0)
        talk(self.bob)
        self.assert_new(REQUESTS["say"])


class SpokenTests(ConversationCase):
    """What is remembered of one person in memory."""

    def marks(self, spoken: Spoken, count: int) -> list[int]:
        return [number for number in range(count) if spoken.find(b"%d" % number)]

    def test_bounds(self) -> None:
        """So many however old, all of so long, and never more than the most."""
        spoken = Spoken()
        for number in range(100):
            spoken.note(b"%d" % number, Noted(Event(id=number)), 0.0)
        self.assertEqual(len(self.marks(spoken, 100)), 100)
        forgotten = spoken.note(b"late", Noted(Event(id=100)), SECONDS)
        self.assertEqual([each.id for each in forgotten], list(range(101 - LEAST)))
        for number in range(MOST + 5):
            spoken.note(b"%d" % number, Noted(Event(id=number)), SECONDS)
        self.assertEqual(len(self.marks(spoken, MOST + 5)), MOST)

    def test_mark(self) -> None:
        """No two different requests have the same mark, and a lone surrogate is text."""
        given = [("1", "Said", "a", "b"), ("1", "Said", "ab", ""), ("1S", "aid", "a", "b")]
        self.assertEqual(len({mark_of(*each) for each in given}), 3)
        self.assertEqual(len(mark_of("1", "Said", "a", "\ud800")), 16)

    def test_refused(self) -> None:
        """What was not noted, or was forgotten since, may be refused as well."""
        Spoken().refuse(b"1", "the disk is full")
