"""A ban of somebody who is here is one notice, though a kick follows from it."""

from __future__ import annotations

from tests.conversation import JsonPerson, at_each_door, each_row
from tests.operating import DenCase

WHERE = {"den": ("#den", "#den"), "chat": ("*", "the chat")}


class BanNoticeTests(DenCase):
    """Ada owns #den, in which eve and gus are."""

    def setUp(self) -> None:
        super().setUp()
        self.gus = self.comes("text", "gus", "den", host="203.0.113.9")
        self.see_all()
        self.gus.sees()

    @each_row(WHERE)
    def test_one(self, row: tuple[str, str]) -> None:
        """Everybody sees the ban and no kick, and no leave: who did it, the banned, the others."""
        where, place = row
        (done,) = self.asks(self.sysop, f"/ban {where} eve spam")
        until = f"from {place} until an operator ends it: spam"
        self.assertEqual(done, f"-- you banned eve {until}")
        self.assertEqual(self.eve.sees(), [f"-- sysop banned you {until}"])
        self.assertEqual(self.gus.sees(), [f"-- sysop banned eve {until}"])
        self.assertNotIn("eve", self.says(self.ada, "/names"))

    def test_program(self) -> None:
        """A program gets the kick too, and is told that it follows from the ban."""
        program = self.comes("json", "grace", "den")
        program.sees()
        self.ada.types("/ban eve spam")
        banned, kicked = program.sees()
        self.assertEqual([banned["type"], kicked["type"]], ["banned", "kicked"])
        self.assertEqual((kicked["target"], kicked["text"]), ("eve", "spam"))
        self.assertEqual(("folded" in banned, kicked.get("folded")), (False, True))
        self.ada.types("/kick gus")
        self.assertNotIn("folded", program.sees()[0])

    @at_each_door
    def test_ignored_operator(self, door: str) -> None:
        """Who ignores the operator, and so sees no ban, sees the kick."""
        reader = self.comes(door, "grace", "den")
        for person in (reader, self.eve):
            person.types("/ignore ada")
            person.sees()
        self.ada.types("/ban eve spam")
        (seen,) = reader.sees()
        if isinstance(reader, JsonPerson):
            expected = {"type": "kicked", "room": "den", "nick": "ada", "target": "eve"}
            self.assertEqual(seen, expected)
        else:
            self.assertEqual(seen, "-- ada kicked eve from #den")
        self.assertEqual(self.eve.sees(), ["-- ada kicked you from #den"])

    def test_ignored_server_operator(self) -> None:
        """Nobody ignores what a server operator does for the chat, so that is one notice too."""
        self.gus.types("/ignore sysop")
        self.gus.sees()
        self.sysop.types("/ban * eve")
        self.assertEqual(
            self.gus.sees(), ["-- sysop banned eve from the chat until an operator ends it"]
        )

    def test_network(self) -> None:
        """The ban of a network is seen by nobody else, so the kicks are."""
        self.sysop.types("/ban * 203.0.113.0/24 spam")
        self.assertEqual(self.ada.sees(), ["-- sysop kicked gus from the chat: spam"])
        self.assertIn("-- sysop kicked you from the chat: spam", self.gus.sees())

    def test_log(self) -> None:
        """The log has both, for programs as well."""
        self.ada.types("/ban eve spam")
        kicked = "12:00 -- ada kicked eve from #den: spam"
        self.assertIn(kicked, self.asks(self.ada, "/modlog"))
        program = self.comes("json", "sysop")
        (answer,) = self.asks(program, "/modlog #den")
        self.assertEqual([act["type"] for act in answer["events"]], ["founded", "banned", "kicked"])
        self.assertNotIn("folded", answer["events"][-1])
