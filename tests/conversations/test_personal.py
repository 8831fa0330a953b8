"""What is kept about somebody, shown and erased, at either door."""

from __future__ import annotations

import json
from typing import Any

from chatservice.chat.journal import Wanted
from chatservice.protocol.names import nick_key
from tests.conversation import (
    DOORS,
    ConversationCase,
    Person,
    Row,
    RowCase,
    TextPerson,
    at_all_doors,
    at_each_door,
    each_row,
    refused,
)

REGISTERED = ("ada", "/register correct-horse")
WRONG = "that is not your password"

ROWS = {
    "forget_asked": Row(
        "/forget",
        answer=[
            "this erases all that you said, in rooms and in private, and where you were;",
            "what others told you in private stays theirs, and what operators did stays",
            "in their log",
            "it cannot be undone, and may take a while; /export shows it before",
            "to do it: /forget everything",
        ],
    ),
    "forget_asked_with_an_account": Row(
        "/forget",
        answer=[
            "this erases the account ada, all that you said, in rooms and in private, and",
            "where you were; what others told you in private stays theirs, and what",
            "operators did stays in their log",
            "it cannot be undone, and may take a while; /export shows it before",
            "to do it: /forget PASSWORD",
        ],
        before=(REGISTERED,),
    ),
    "forget": Row(
        "/forget everything",
        answer=["everything is erased; 2 lines were yours"],
        before=(("ada", "one"), ("bob", "two"), ("ada", "/msg bob three")),
    ),
    "forget_an_account": Row(
        "/forget correct-horse",
        fact={"type": "introduced", "nick": "ada", "account_name": "", "real_name": ""},
        answer=["everything is erased; 0 lines were yours"],
        before=(REGISTERED,),
    ),
    "forget_unconfirmed": refused(
        "/forget something", "usage", "you have no password: /forget everything erases it all"
    ),
    "forget_wrong": refused("/forget everything", "wrong-password", WRONG, REGISTERED),
}


class PersonalTableTests(RowCase):
    """What ada types about what is kept, and what each of three then sees."""

    @each_row(at_all_doors(ROWS))
    def test_row(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What is kept about somebody is her own affair, to which she proves her right."""
        self.play(*case)


class PersonalTests(ConversationCase):
    """What comes of it, at either door."""

    def exported(self, person: Person) -> list[dict[str, Any]]:
        """What /export shows, each line as the object that it is."""
        person.sees()
        person.types("/export")
        lines: list[str] = []
        for seen in person.sees():
            lines += [seen] if isinstance(seen, str) else seen["lines"]
        return [json.loads(line) for line in lines]

    def answer(self, person: Person, line: str) -> str:
        """The last sentence that somebody sees who types something."""
        person.sees()
        person.types(line)
        last = person.sees()[-1]
        if isinstance(last, str):
            return last.removeprefix("-- ")
        return last["text"] if last["type"] == "error" else last["lines"][-1]

    @at_each_door
    def test_export(self, door: str) -> None:
        """/export shows one's own lines and private messages, and nobody else's."""
        ada, bob = self.at(door, "ada"), self.at_text("bob")
        for person, line in (
            (ada, "one"),
            (bob, "two"),
            (bob, "/msg ada three"),
            (ada, "/msg bob four"),
            (bob, "/msg bob five"),
        ):
            person.types(line)
        first, second, *lines = self.exported(ada)
        self.assertEqual((first["type"], second["type"]), ("places", "topics"))
        self.assertEqual([line["text"] for line in lines], ["one", "three", "four"])

    @at_each_door
    def test_export_of_an_account(self, door: str) -> None:
        """/export begins with the account, without what would prove it."""
        ada = self.at(door, "ada")
        for line in ("/register correct-horse", "/ignore Bob", "/set bell on", "hi"):
            ada.types(line)
        first, second, third, *lines = self.exported(ada)
        self.assertEqual(
            first,
            {
                "type": "account",
                "nick": "ada",
                "since": "2026-11-21T12:00:00+00:00",
                "settings": {"bell": True},
                "ignored": ["Bob"],
                "proven_from": ["192.0.2.1"],
            },
        )
        self.assertEqual((second["type"], third["type"]), ("places", "topics"))
        self.assertEqual([line["text"] for line in lines], ["hi"])

    @at_each_door
    def test_export_of_topics(self, door: str) -> None:
        """/export shows the topics that one has set and that hold, also without a database."""
        ada, bob = self.at(door, "ada"), self.at_text("bob")
        for person, line in ((ada, "/topic tea"), (bob, "/join attic"), (bob, "/topic dust")):
            person.types(line)
        _, topics, *_ = self.exported(ada)
        self.assertEqual([one["text"] for one in topics["topics"]], ["tea"])
        ada.types("/topic -")
        _, topics, *_ = self.exported(ada)
        self.assertEqual(topics["topics"], [])

    @at_each_door
    def test_long_export(self, door: str) -> None:
        """A long export comes page by page, complete and in order."""
        ada = self.at(door, "ada")
        for number in range(200):
            ada.types(f"{number} {'x' * 2000}")
        _, _, *lines = self.exported(ada)
        numbers = [int(line["text"].split()[0]) for line in lines]
        self.assertEqual(numbers, list(range(200)))

    @at_each_door
    def test_forget(self, door: str) -> None:
        """What is forgotten is shown to nobody any more, not even to who joins its room."""
        ada, bob = self.at(door, "ada"), self.at_text("bob")
        for person, line in ((ada, "mine"), (bob, "theirs"), (ada, "/topic mine too")):
            person.types(line)
        for line in ("/join python", "/topic snakes"):
            bob.types(line)
        self.answer(ada, "/forget everything")
        self.assertEqual(list(self.chat.topics), ["python"])
        page = self.successResultOf(self.journal.page(Wanted(of="lobby")))
        self.assertEqual([event.nick for event in page.events], ["bob"])
        eve = TextPerson(self.connect())
        eve.types("eve")
        shown = "\n".join(eve.sees())
        self.assertNotIn("mine", shown)
        self.assertIn("bob: theirs", shown)

    @at_each_door
    def test_forget_an_account(self, door: str) -> None:
        """A forgotten account is nobody's, and its owner has the nickname until leaving."""
        ada = self.at(door, "ada")
        ada.types("/register correct-horse")
        self.answer(ada, "/forget correct-horse")
        self.assertIsNone(self.chat.accounts.named("ada"))
        self.assertIsNone(self.chat.member_named("ada").account)
        self.assertEqual(
            self.answer(ada, "/forget correct-horse"),
            "you have no password: /forget everything erases it all",
        )

    @each_row({f"{door}_{end}": (door, end) for door in DOORS for end in ("", " correct-horse")})
    def test_forget_an_operator(self, row: tuple[str, str]) -> None:
        """A server operator cannot give the name up that makes one."""
        door, end = row
        self.rules.operators = frozenset({nick_key("ada")})
        self.open_chat()
        # From elsewhere than this machine the name would not be free.
        self.rules.operators = frozenset()
        ada = self.at(door, "ada")
        ada.types("/register correct-horse")
        self.assertEqual(
            self.answer(ada, f"/forget{end}"),
            "you are an operator of this chat: anyone who registered the name next would "
            "become one",
        )
        self.assertIsNotNone(self.chat.accounts.named("ada"))
