"""Of whom one ignores one is told the facts, and none of the words, live and in every answer."""

from __future__ import annotations

from typing import Any

from tests.conversation import (
    DOORS,
    ConversationCase,
    Facts,
    Person,
    TextPerson,
    at_each_door,
    each_row,
)

WORDS = "buy my pills"

LIVE: dict[str, tuple[str, str, Facts]] = {
    "away": ("/away {words}", "-- eve is away", {"type": "went_away", "why": ""}),
    "last_words_in_a_room": (
        "/part #lobby {words}",
        "-- eve left lobby",
        {"type": "parted", "room": "lobby"},
    ),
    "last_words": (
        "/quit {words}",
        "-- eve left the chat",
        {"type": "left", "goodbye": True, "why": ""},
    ),
    "topic": (
        "/topic {words}",
        "-- eve changed the topic of lobby",
        {"type": "topic_changed", "room": "lobby", "topic": "", "hidden": True},
    ),
    "topic_cleared": (
        "/topic -",
        "-- eve cleared the topic of lobby",
        {"type": "topic_changed", "room": "lobby", "topic": ""},
    ),
}


class IgnoringCase(ConversationCase):
    """Ada, who ignores eve; bob does not."""

    def begin(self, door: str) -> None:
        """They come to the lobby, ada at a door."""
        self.ada, self.bob = self.at(door, "ada"), self.at_text("bob")
        self.eve = self.at_text("eve")
        for person in (self.bob, self.eve):
            person.types("hi")
        self.ada.types("/ignore eve")
        self.forget_what_was_seen()

    def forget_what_was_seen(self) -> None:
        for person in (self.ada, self.bob, self.eve):
            person.wire.gets()

    def check_wordless(self, person: Person, typed: str = "/ping") -> str:
        """Let somebody type something, and give back what is seen: no word of eve's."""
        person.types(typed)
        seen = person.shown()
        self.assertNotIn("pills", seen, typed)
        return seen


class LiveTests(IgnoringCase):
    """What happens while one is there."""

    @each_row({f"{door}_{name}": (door, LIVE[name]) for door in DOORS for name in LIVE})
    def test_facts(self, row: tuple[str, tuple[str, str, Facts]]) -> None:
        """The fact is told, at either door, without the words; others hear these."""
        door, (typed, line, facts) = row
        self.begin(door)
        self.eve.types(typed.format(words=WORDS))
        (seen,) = self.ada.sees()
        self.assertEqual(seen, line if door == "text" else facts | {"nick": "eve"})
        told = self.bob.sees()[0]
        self.assertEqual(told, f"{line}: {WORDS}" if "{words}" in typed else line)

    @at_each_door
    def test_by_account(self, door: str) -> None:
        """Also of whom one ignores by the account, under another nickname."""
        self.begin(door)
        self.eve.types("/register correct-horse")
        self.ada.types("/ignore eve")
        self.eve.types("/nick mallory")
        self.forget_what_was_seen()
        self.eve.types(f"/away {WORDS}")
        self.eve.types(f"/topic {WORDS}")
        self.eve.types(f"/quit {WORDS}")
        seen = self.check_wordless(self.ada)
        self.assertEqual(seen.count("mallory"), 3, seen)

    @at_each_door
    def test_kick(self, door: str) -> None:
        """Why an ignored operator kicks somebody from a room is not told, and that it is so is."""
        self.begin(door)
        self.eve.types("/register correct-horse")
        self.eve.types("/join den")
        self.ada.types("/join den")
        self.bob.types("/join den")
        self.forget_what_was_seen()
        self.eve.types(f"/kick bob {WORDS}")
        self.assertIn("bob", self.check_wordless(self.ada))
        self.assertIn(WORDS, self.bob.wire.gets().decode())

    @at_each_door
    def test_others(self, door: str) -> None:
        """The words of others are told as ever."""
        self.begin(door)
        for typed in (f"/away {WORDS}", f"/topic {WORDS}", f"/quit {WORDS}"):
            self.bob.types(typed)
        self.assertEqual(self.ada.shown().count(WORDS), 3)


class AnswerTests(IgnoringCase):
    """What is told of how things are."""

    def begin(self, door: str) -> None:
        super().begin(door)
        self.eve.types(f"/topic {WORDS}")
        self.eve.types(f"/away {WORDS}")
        self.forget_what_was_seen()

    @at_each_door
    def test_topic(self, door: str) -> None:
        """C{/topic} tells who set it; C{/list} tells nothing."""
        self.begin(door)
        seen = self.check_wordless(self.ada, "/topic")
        self.assertIn("the topic of lobby was set by eve, whom you ignore", seen)
        self.assertIn("lobby (3 here)", self.check_wordless(self.ada, "/list"))
        self.bob.types("/list")
        self.assertEqual(self.bob.sees()[-1], f"-- lobby (3 here): {WORDS}")

    @at_each_door
    def test_away(self, door: str) -> None:
        """C{/whois} and a private line tell that somebody is away."""
        self.begin(door)
        self.assertIn("away", self.check_wordless(self.ada, "/whois eve"))
        self.assertIn("eve is away", self.check_wordless(self.ada, "/msg eve hi"))
        self.bob.types("/whois eve")
        self.bob.types("/msg eve hi")
        self.assertIn(f"-- away: {WORDS}", self.bob.sees())
        self.eve.types("/away")
        self.assertIn("eve is away", self.check_wordless(self.ada, "/msg eve hi"))

    @at_each_door
    def test_history(self, door: str) -> None:
        """Changes of the topic are in the history, without it, and are not found by its words."""
        self.begin(door)
        self.assertIn("eve", self.check_wordless(self.ada, "/history"))
        self.check_wordless(self.ada, "/search buy")
        if not isinstance(self.ada, TextPerson):
            self.ada.asks("history", room="lobby")
            (page,) = self.ada.sees()
            topics = [event["topic"] for event in page["events"] if event["nick"] == "eve"]
            self.assertEqual(topics, [""])

    def test_entering(self) -> None:
        """Whoever enters is told of the topic only that there is one."""
        self.begin("text")
        self.ada.types("/part")
        seen = self.check_wordless(self.ada, "/join lobby")
        self.assertIn("-- the topic was set by eve, whom you ignore\r\n", seen)
        self.bob.types("/part")
        self.bob.types("/join lobby")
        self.assertIn(f"-- the topic (set by eve): {WORDS}", self.bob.sees())

    def test_program_entering(self) -> None:
        """In the C{rooms} of an C{ok} and of a C{welcome}."""
        self.begin("json")
        self.check_wordless(self.ada, "/part lobby")
        self.assertIn('"topic":""', self.check_wordless(self.ada, "/join lobby"))
        self.ada.types("/register correct-horse")
        token: Any = self.chat.roster["ada"].token
        again = self.at_json("ada", token=token)
        self.assertEqual(again.welcome["rooms"]["lobby"]["topic"], "")
