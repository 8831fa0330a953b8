"""The log of operators' acts, as they read it."""

from __future__ import annotations

from tests.chat.test_enforcement import ADA_AT, BOB_AT, DeedCase
from tests.journals import acts
from tests.operating import PASSWORD
from tests.persons import without_id


class ModlogTests(DeedCase):
    """What was done."""

    def test_of_a_room(self) -> None:
        """The log of a room tells when, who, what, whom, until when and why."""
        self.ada.types("/ban bob 2h spam")
        self.ada.types("/unban bob")
        self.ada.types("/announce hi")
        bob = f"bob ({BOB_AT}/32) from #python"
        self.assertEqual(
            self.asks(self.ada, "/modlog #python"),
            [
                "12:00 -- ada is the owner of #python",
                f"12:00 -- ada banned {bob} until 2026-11-21 14:00 (UTC): spam",
                "12:00 -- ada kicked bob from #python: spam",
                "12:00 -- ada unbanned bob from #python",
            ],
        )

    def test_of_everything(self) -> None:
        """The log of the chat has what was done in rooms as well."""
        self.ada.types("/voice bob")
        self.ada.types("/announce hi")
        self.assertEqual(
            self.asks(self.ada, "/modlog * 2"),
            [
                "12:00 -- ada gave bob a voice in #python",
                "12:00 -- ada announces: hi",
                "-- /modlog more shows what was done before",
            ],
        )
        before = f"/modlog * before {acts(self.journal)[-2].id}"
        earlier = ["12:00 -- ada is the owner of #python"]
        self.assertEqual(self.asks(self.ada, "/modlog more"), earlier)
        self.assertEqual(self.asks(self.ada, before), earlier)

    def test_page_by_page(self) -> None:
        """The log is read backwards, to its beginning."""
        for number in range(24):
            self.ada.types(f"/room keep-lines {number + 1}")
        *lines, more = self.asks(self.ada, "/modlog")
        self.assertEqual(len(lines), 20)
        self.assertEqual(more, "-- /modlog more shows what was done before")
        self.assertEqual(
            self.asks(self.ada, "/modlog more")[:2],
            [
                "12:00 -- ada is the owner of #python",
                "12:00 -- ada set keep-lines of #python to 1",
            ],
        )

    def test_at_the_json_door(self) -> None:
        """A program gets the log as events."""
        self.ada.types("/quit")
        self.host = ADA_AT
        program = self.at_json("ada", password=PASSWORD)
        program.types("/modlog #python")
        (answer,) = program.sees()
        self.assertEqual(
            [without_id(facts) for facts in answer["events"]],
            [{"type": "founded", "room": "python", "nick": "ada", "target": ""}],
        )
