"""Who is kept out of a place or silenced in it has no power there, and sanctions follow people."""

from __future__ import annotations

from itertools import product

from chatservice.chat.sanctions import EXTENDED_MOST
from chatservice.protocol.actions import Extended, Muted
from tests.conversation import JsonPerson, each_row
from tests.journals import acts, rows
from tests.operating import PASSWORD, DenCase

POWERS = {
    "unban": "/unban #den ada",
    "unmute": "/unmute #den ada",
    "kick": "/kick #den gus TEXT",
    "ban": "/ban #den gus TEXT",
    "mute": "/mute #den gus",
    "invite": "/invite gus #den",
    "bans": "/bans #den",
    "modlog": "/modlog #den",
}
INSIDE = {
    "op": "/op ada",
    "voice": "/voice gus",
    "room": "/room moderated on",
    "topic": "/topic TEXT",
}
SANCTIONS = {
    "banned": ("/ban #den ada", "banned from #den"),
    "banned_everywhere": ("/ban * ada", "banned from the chat"),
    "muted": ("/mute #den ada", "muted in #den"),
    "muted_everywhere": ("/mute * ada", "muted in the chat"),
}


class PowerTests(DenCase):
    """Ada owns #den; the server's operator does something to her."""

    def setUp(self) -> None:
        super().setUp()
        self.gus = self.comes("text", "gus", "den")
        self.see_all()

    @each_row(
        {
            f"{name}__{how}": (line, how)
            for (name, line), how in product(POWERS.items(), SANCTIONS)
            if how != "banned_everywhere"
        }
    )
    def test_from_anywhere(self, case: tuple[str, str]) -> None:
        """Whatever she types about the room is refused, with the reason, and not shown."""
        line, how = case
        sanction, why = SANCTIONS[how]
        self.sysop.types(sanction)
        self.gus.sees()
        self.assertIn(f"you are {why}", self.says(self.ada, line))
        self.assertEqual(self.gus.sees(), [])
        self.assertEqual(len(self.chat.permissions.sanctions("den")), how in ("banned", "muted"))

    @each_row(INSIDE)
    def test_inside(self, line: str) -> None:
        """Nor does she do what operators do in the room that they are in."""
        self.sysop.types("/mute #den ada")
        self.gus.sees()
        self.assertIn("you are muted in #den", self.says(self.ada, line))
        self.assertEqual(self.gus.sees(), [])

    def test_operator(self) -> None:
        """An operator of a room whom its owner mutes does not unmute itself, at the JSON door."""
        self.register("olga")
        olga = self.comes("json", "olga", "den")
        self.ada.types("/op olga")
        self.ada.types("/mute olga 1h")
        for line in ("/unmute #den olga", "/kick #den gus TEXT", "/unban #den gus"):
            self.assertIn("you are muted in #den", self.says(olga, line))
        self.clock.advance(3601)
        self.assertIn("is not banned", self.says(olga, "/unban #den gus"))

    def test_power_returns(self) -> None:
        """An owner has the power again when that is over; who runs the server always has it."""
        self.sysop.types("/ban #den ada 1h")
        self.assertFalse(self.chat.permissions.is_room_operator(self.member("ada"), "den"))
        self.clock.advance(3601)
        self.assertTrue(self.chat.permissions.is_room_operator(self.member("ada"), "den"))
        self.sysop.types("/unban #den ada")
        self.assertIn("you kicked gus", self.says(self.ada, "/kick #den gus"))
        self.assertIn("is not banned", self.says(self.sysop, "/unban #den gus"))

    def test_no_operator_shown(self) -> None:
        """/whois does not call somebody the owner of a room who has no power there."""
        self.assertIn("the owner of #den", self.says(self.gus, "/whois ada"))
        self.sysop.types("/mute #den ada")
        self.assertNotIn("the owner", self.says(self.gus, "/whois ada"))

    def test_owner_and_operator(self) -> None:
        """/whois tells of which rooms somebody is the owner, and of which an operator."""
        self.says(self.sysop, "/join attic")
        self.says(self.ada, "/join attic")
        self.says(self.gus, "/join attic")
        self.sysop.types("/op ada")
        shown = self.asks(self.gus, "/whois ada")
        self.assertIn("-- the owner of #den", shown)
        self.assertIn("-- an operator of #attic", shown)
        shown = self.asks(self.gus, "/whois sysop")
        roles = ["-- an operator of the whole chat", "-- the owner of #attic"]
        self.assertEqual(shown[-4:-2], roles)

    def member(self, nick: str):  # type: ignore[no-untyped-def]
        return self.chat.roster[nick]


class FollowingTests(DenCase):
    """Eve, a guest in #den, or olga, who is registered, is muted and becomes somebody else."""

    MUTED = "you are muted in #den"

    def setUp(self) -> None:
        super().setUp()
        self.register("olga")
        self.olga = self.comes("json", "olga", "den", host="198.51.100.8")
        self.see_all()

    def mute(self, nick: str, terms: str = "") -> None:
        self.ada.types(f"/mute #den {nick} {terms}")
        self.see_all()
        self.olga.sees()

    def test_logout(self) -> None:
        """Who logs out is muted as a guest, and the account still is; also in the next run."""
        self.mute("olga", "2h spam")
        self.assertIn("you are logged out", self.says(self.olga, "/logout"))
        self.assertIn(self.MUTED, self.says(self.olga, "hi"))
        token = self.guest().token
        again = self.comes("json", "olga", "den")
        self.assertIn(self.MUTED, self.says(again, "hi"))
        for person in (self.olga, again):
            person.types("/quit")
        self.run_again()
        guest = JsonPerson(self.connect("203.0.113.4"))
        guest.asks("hello", token=token)
        refusal = self.says(guest, "hi")
        self.assertIn(f"{self.MUTED} until 2026-11-21 14:00 (UTC): spam", refusal)

    def guest(self):  # type: ignore[no-untyped-def]
        return next(each for nick, each in self.chat.roster.items() if nick.startswith("guest"))

    def test_absent_account(self) -> None:
        """One that was muted while its owner was away stays so by logging in and out."""
        self.olga.types("/quit")
        self.sysop.types("/mute * olga")
        self.olga = self.comes("json", "olga", "den")
        self.olga.types("/logout")
        self.assertIn("you are muted in the chat", self.says(self.olga, "hi"))

    def test_login(self) -> None:
        """A guest who logs in, to whatever account, is muted as that, and so is the account."""
        self.mute("eve")
        self.assertIn("you are logged in", self.says(self.eve, f"/login olga {PASSWORD}"))
        self.assertIn(self.MUTED, self.says(self.eve, "hi"))
        self.eve.types("/quit")
        again = self.comes("json", "olga", "den", host="198.51.100.8")
        self.assertIn(self.MUTED, self.says(again, "hi"))

    def test_another_account(self) -> None:
        """Nor does it help to go from one account to the next."""
        self.register("mallory")
        self.mute("olga")
        self.olga.types("/logout")
        self.olga.types(f"/login mallory {PASSWORD}")
        self.assertIn(self.MUTED, self.says(self.olga, "hi"))
        self.ada.types("/unmute mallory")
        self.olga.sees()
        self.olga.types("hi")
        self.assertEqual(self.olga.sees()[-1]["type"], "said")
        self.assertEqual(self.chat.permissions.sanctions("den"), [])

    def test_banned_from_a_room(self) -> None:
        """A ban from a room holds against the account that a guest logs in to."""
        self.ada.types("/ban #den eve")
        self.eve.types(f"/login olga {PASSWORD}")
        self.assertIn("you are banned from #den", self.says(self.eve, "/join den"))

    def test_no_other_way_round(self) -> None:
        """What is held against one who did not become another is not held against that."""
        self.mute("eve")
        self.olga.types("hi")
        self.assertEqual(self.olga.sees()[-1]["type"], "said")

    def test_listed_once(self) -> None:
        """However many somebody was, the mute is one, and what holds is no act in the log."""
        self.mute("olga")
        self.olga.types("/logout")
        self.assertEqual(len(self.chat.permissions.sanctions("den")), 1)
        by_author = self.chat.permissions._places["den"].mutes.by_author
        self.assertEqual(dict(by_author), {self.chat.roster["ada"].identity: 1})
        self.assertEqual(len(self.asks(self.ada, "/bans")), 1)
        self.assertEqual(len(self.asks(self.ada, "/modlog")), 2)
        self.assertEqual(len([act for act in acts(self.journal) if isinstance(act, Extended)]), 1)

    @each_row({"mute": ("mute", "unmuted olga in #den"), "ban": ("ban", "unbanned olga from #den")})
    def test_ended(self, row: tuple[str, str]) -> None:
        """What is ended by the guest's name is so in the next run too, and told as what it was."""
        what, sentence = row
        self.ada.types(f"/{what} #den eve")
        others = [act.id for act in self.chat.permissions.sanctions("den")]
        self.ada.types(f"/{what} #den olga")
        self.olga.types("/logout")
        guest = next(nick for nick in self.chat.roster if nick.startswith("guest"))
        told = self.says(self.ada, f"/un{what} #den {guest}")
        self.assertIn(f"you {sentence}", told)
        self.assertEqual([act.id for act in self.chat.permissions.sanctions("den")], others)
        self.assertIn(f"{guest} is not", self.says(self.ada, f"/un{what} #den {guest}"))
        # What does not count any more is deleted soon.
        rows(self.journal, "DELETE FROM acts WHERE kind = 'extended'")
        self.olga.types("/quit")
        self.run_again()
        self.assertEqual([act.id for act in self.chat.permissions.sanctions("den")], others)

    def test_exported(self) -> None:
        """What is kept of it shows nobody which other identity it was extended from."""
        self.mute("olga")
        former = self.chat.roster["olga"].identity
        self.olga.types("/logout")
        for person in (self.olga, self.ada):
            exported = self.says(person, "/export")
            self.assertIn("muted" if person is self.ada else "extended", exported)
            self.assertNotIn(former.hex(), exported)

    def test_again_and_again(self) -> None:
        """Who logs in and out without end is remembered as so many guests, and not as more."""
        self.mute("olga")
        for _ in range(EXTENDED_MOST + 5):
            self.olga.types("/logout")
            self.olga.types(f"/login olga {PASSWORD}")
        self.olga.types("/logout")
        self.assertIn(self.MUTED, self.says(self.olga, "hi"))
        _, held = self.chat.permissions.holding()
        extended = [act for act in acts(self.journal) if isinstance(act, Extended)]
        self.assertEqual(len(extended), EXTENDED_MOST + 6)
        self.assertEqual(len([act for act in extended if act.id in held]), EXTENDED_MOST)

    @each_row({"alone": ["/quit"], "alongside": []})
    def test_by_other_connections(self, lines: list[str]) -> None:
        """Nor does the account get rid of it by logging out as ever new guests.

        Whether its owner has gone by then, or stays on another connection.
        """
        self.mute("eve")
        self.eve.types(f"/login olga {PASSWORD}")
        self.eve.types("/quit")
        for line in lines:
            self.olga.types(line)
        for _ in range(EXTENDED_MOST + 5):
            # So that no limit of connections is reached.
            self.clock.advance(60)
            olga = self.comes("json", "olga", host="203.0.113.6")
            olga.types("/logout")
            olga.types("/quit")
        olga = self.comes("json", "olga", "den", host="203.0.113.6")
        self.assertIn(self.MUTED, self.says(olga, "hi"))

    def test_lockdown(self) -> None:
        """Nobody becomes a guest while only registered names may come, and so does not slip in."""
        self.sysop.types("/lockdown on")
        self.assertIn("only registered names may join", self.says(self.olga, "/logout"))
        self.sysop.types("/lockdown off")
        self.assertIn("you are logged out", self.says(self.olga, "/logout"))

    def test_not_stored(self) -> None:
        """It holds at once, before it is known whether it is stored."""
        self.mute("olga")
        member = self.chat.roster["olga"]
        former, member.identity = member.identity, b"another identity"
        self.chat.acting.follow(member, former)
        (act,) = self.chat.permissions.against(b"another identity")
        self.assertIsInstance(act, Muted)
