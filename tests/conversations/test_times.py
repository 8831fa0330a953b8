"""Times in sentences of the chat, which programs are given as instants as well."""

from __future__ import annotations

from typing import Any

from chatservice.protocol.actions import Banned, Muted, OperatorAct
from tests.conversation import NOON, ConversationCase, JsonPerson, each_row

SECRET = "correct-horse"
HOUR = 3_600_000_000
START = int(NOON.timestamp()) * 1_000_000
AT_NOON, AT_TWO = "2026-11-21 12:00 (UTC)", "2026-11-21 14:00 (UTC)"

ASKED = {
    "whois_absent": ("/whois eve", {AT_NOON}),
    "whois_present": ("/whois ada", {AT_NOON}),
    "bans": ("/bans #den", {AT_TWO}),
    "banned": ("/join #closed", {AT_TWO}),
    "muted": ("hello", {AT_TWO}),
    "nothing": ("/motd", set()),
}
"""What ada asks for, and the times in the answer."""


class TimesTests(ConversationCase):
    """Eve was here, and has registered."""

    def setUp(self) -> None:
        super().setUp()
        eve = self.at_json("eve")
        eve.types(f"/register {SECRET}")
        eve.types("/quit")

    def does(self, kind: type[OperatorAct], room: str, **whom: Any) -> None:
        """Do something to somebody, or everybody at an address, that holds until two."""
        whom = whom or {"target": "192.0.2.1/32", "network": "192.0.2.1/32"}
        act = kind(id=1, nick="boss", room=room, until=START + 2 * HOUR, **whom)
        self.chat.permissions.apply(act)

    def times(self, person: JsonPerson, *kinds: str) -> Any:
        """The times in what came of these kinds; each of them is spelled in a sentence of it."""
        found: dict[str, int] = {}
        for facts in person.sees():
            if facts["type"] in kinds:
                said = " ".join([*facts.get("lines", ()), facts.get("text", "")])
                times = facts.get("times", {})
                self.assertEqual([each for each in times if each not in said], [])
                found |= times
        return found

    @each_row(ASKED)
    def test_answer(self, row: tuple[str, set[str]]) -> None:
        """An answer, and a refusal, has every time in it."""
        ada = self.at_json("ada")
        for line in (f"/register {SECRET}", "/join den", "/join lobby"):
            ada.types(line)
        ada.sees()
        identity = self.chat.member_named("ada").identity
        self.does(Muted, "lobby", target="ada", target_identity=identity)
        self.does(Banned, "closed")
        self.does(Banned, "den")
        ada.types(row[0])
        times = self.times(ada, "ok", "error")
        self.assertEqual(set(times), row[1])
        instants = {AT_NOON: START, AT_TWO: START + 2 * HOUR}
        for spelled, time in times.items():
            self.assertLess(abs(time - instants[spelled]), 60_000_000)

    def test_refused_hello(self) -> None:
        """Who may not come in is told until when, as the last thing."""
        self.does(Banned, "")
        ada = JsonPerson(self.connect())
        ada.asks("hello", nick="ada")
        self.assertEqual(self.times(ada, "error"), {AT_TWO: START + 2 * HOUR})

    def test_kept_out(self) -> None:
        """Nor into some of the rooms."""
        self.does(Banned, "closed")
        ada = JsonPerson(self.connect())
        ada.asks("hello", nick="ada", rooms={"lobby": 0, "closed": 0})
        self.assertEqual(self.times(ada, "notice"), {AT_TWO: START + 2 * HOUR})

    def test_missed(self) -> None:
        """Who comes back is told since when there is something new."""
        bob = self.at_json("bob")
        bob.types("hello")
        self.clock.advance(86_400)
        eve = JsonPerson(self.connect())
        eve.asks("hello", nick="eve", password=SECRET)
        (spelled,) = self.times(eve, "notice")
        self.assertEqual(spelled, AT_NOON)
