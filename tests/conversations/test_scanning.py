"""Searching and counting, as people see it when there is more than can be read in a moment."""

from __future__ import annotations

from twisted.internet.defer import succeed

from chatservice.chat.journal import Found, Missed
from chatservice.storage.missed import MISSED_MOST, MISSED_TEXT
from tests.conversation import DOORS, ConversationCase, JsonPerson, TextPerson, at_each_door

SECRET = "correct-horse"


class ScanningTests(ConversationCase):
    """At either door."""

    @at_each_door
    def test_not_up_to_date(self, door: str) -> None:
        """Whoever searches is told which lines cannot be found yet."""
        ada = self.at(door, "ada")
        later = "cannot be found yet: they are still being indexed, try again in a moment"
        for up_to, what in ((self.chat.ids.now(), "lines after 12:00"), (0, "lines")):
            found = Found([], up_to)
            self.patch(self.journal, "search", lambda *given, found=found: succeed(found))
            ada.types("/search bees")
            seen = ada.sees()
            lines = ['nothing in lobby with "bees"', f"{what} {later}"]
            if DOORS[door].is_program:
                self.assertEqual(seen[-1]["lines"], lines)
            else:
                self.assertEqual(seen, [f"-- {each}" for each in lines])

    def comes_back(self, door: str) -> str:
        """All that ada is told, who was here before and proves it."""
        if DOORS[door].is_program:
            person = JsonPerson(self.connect())
            person.asks("hello", nick="ada", password=SECRET)
            return str(person.sees())
        text = TextPerson(self.connect())
        for line in ("ada", SECRET):
            text.types(line)
        return "\n".join(text.sees())

    def goes(self) -> JsonPerson:
        """Ada goes, and bob, who stays, goes on."""
        ada, bob = self.at_json("ada"), self.at_json("bob")
        ada.types(f"/register {SECRET}")
        ada.types("/quit")
        return bob

    @at_each_door
    def test_many_lines(self, door: str) -> None:
        """So many lines are counted, and that there are more is said."""
        bob = self.goes()
        for _ in range(MISSED_MOST + 1):
            bob.types("hi ada")
        self.assertIs("1,000+ new lines in lobby since" in self.comes_back(door), True)

    @at_each_door
    def test_long_lines(self, door: str) -> None:
        """Of long ones fewer are."""
        bob = self.goes()
        for _ in range(MISSED_TEXT // 4000 + 2):
            bob.types("a" * 4000)
        told = self.comes_back(door)
        self.assertIs(f"{MISSED_TEXT // 4000}+ new lines" in told, True)

    def test_none_counted(self) -> None:
        """Where nothing was counted and there may be more, it stays missed, and is not told."""
        self.goes().types("hi")
        self.patch(self.journal, "missed", lambda *given, **more: succeed(Missed(0, 0, True)))
        self.assertNotIn("new line", self.comes_back("json"))
        self.assertIn("lobby", self.chat.roster["ada"].reading.missed)
