"""Making a room that you run your own."""

from __future__ import annotations

from typing import Any

from chatservice.chat import permissions
from tests.operating import PASSWORD
from tests.running_rooms import RunningCase


class ClaimTests(RunningCase):
    """/claim, by who runs a room that nobody owns."""

    def test_claim(self) -> None:
        """It makes the room theirs for good, with all that is in force there."""
        for person, line in (
            (self.sysop, "/mute #attic lea"),
            (self.sysop, "/invite sysop #attic"),
            (self.eve, "/room moderated on"),
            (self.eve, "/room password sesame"),
            (self.eve, "/room limit 9"),
            (self.eve, "/voice gus"),
            (self.eve, "/ban bob 2h spam"),
            (self.eve, "/ban spam*"),
            (self.eve, "/unmute lea"),
            (self.eve, "/mute gus"),
            (self.eve, "/invite ada"),
            (self.eve, f"/register {PASSWORD}"),
        ):
            person.types(line)
        before = self.state()
        self.assertEqual(
            self.asks(self.eve, "/claim")[0], "-- you are the owner of #attic"
        )
        self.assertEqual(self.state(), before)
        self.empty()
        self.assertEqual(self.state(), before)
        for person in (self.gus, self.lea, self.olga):
            person.types("/quit")
        self.run_again()
        self.assertEqual(self.state(), before)
        eve = self.comes("text", "eve", "attic")
        self.assertIn("attic is owned by eve", self.says(eve, "/room"))

    def state(self) -> list[Any]:
        """What is in force in #attic."""
        given = self.chat.permissions
        return [
            given.rules("attic"),
            sorted(act.target for act in given.sanctions("attic")),
            [person.nick for person in given.voiced("attic")],
            [person.nick for person in given.invited("attic")],
            [person.nick for person in given.lasting_operators("attic")],
        ]

    def test_what_was_taken_away(self) -> None:
        """What was ended or taken away by then is so for good."""
        for line in (
            "/join attic",
            "/op olga",
            "/voice gus",
            "/invite bob",
            "/ban lea",
            "/ban 203.0.113.77",
        ):
            self.sysop.types(line)
        self.eve.types(f"/register {PASSWORD}")
        for line in ("/deop olga", "/devoice gus", "/uninvite bob", "/unban lea"):
            self.eve.types(line)
        before = self.state()
        self.eve.types("/claim")
        self.empty()
        self.assertEqual(self.state(), before)
        self.assertEqual(before[1], ["203.0.113.77/32"])
        self.assertFalse(self.runs("olga"))

    def test_an_ended_ban_by_address(self) -> None:
        """So is a ban by address that a server operator had made while it was run."""
        self.sysop.types("/join attic")
        self.sysop.types("/ban 203.0.113.77")
        self.eve.types("/room moderated on")
        self.sysop.types("/unban 203.0.113.77")
        self.sysop.types("/claim")
        self.assertEqual(self.chat.permissions.sanctions("attic"), [])

    def test_guest(self) -> None:
        """A guest must be logged in for that."""
        told = "-- you are not logged in: /register or /login first"
        self.assertEqual(self.asks(self.eve, "/claim"), [told])

    def test_who_does_not_run_it(self) -> None:
        """Nobody else does so."""
        told = "-- only an operator of #attic may do that"
        self.assertEqual(self.asks(self.olga, "/claim"), [told])

    def test_lobby(self) -> None:
        """Nobody makes the lobby their own."""
        self.sysop.types("/join lobby")
        self.assertEqual(self.asks(self.sysop, "/claim"), ["-- nobody can own lobby"])

    def test_nothing_set(self) -> None:
        """Where nothing is set, the owner alone is stored."""
        self.eve.types("/op olga")
        self.olga.types("/claim")
        self.assertEqual(self.kinds()[len(self.before) :], [("founded", "attic")])
        self.assertTrue(self.runs("eve"))
        self.assertIn("is owned by olga", self.says(self.eve, "/claim"))

    def test_too_many(self) -> None:
        """Nobody owns more than 50 rooms that way either."""
        self.patch(permissions, "ROOMS_OWNED", 1)
        self.ada.types("/join attic")
        self.eve.types("/op ada")
        self.ada.types("/join attic")
        self.assertEqual(self.asks(self.ada, "/claim"), ["-- you own 1 rooms already"])
