"""For how long, why, and whom a ban or a mute covers: as operators type it."""

from __future__ import annotations

from datetime import UTC, datetime

from chatservice.chat.access import HOLDERS_MOST, PUT_OUT_MOST
from chatservice.chat.enforcement import REASON_BYTES
from chatservice.chat.permissions import HELD_IN_ALL
from chatservice.protocol.durations import NO_DURATION
from tests.conversation import NOON, each_row
from tests.operating import DenCase

UNTIL = {
    "min": ("10min", "12:10"),
    "next_word": ("2 hours", "14:00"),
    "sum": ("1h30m", "13:30"),
    "fraction": ("1.5h", "13:30"),
    "before_a_reason": ("2 hours too loud", "14:00"),
    "before_a_number": ("1h 3 warnings", "13:00"),
}
NO_DURATIONS = ("90", "3 strikes", "2hundred", "-2h", "1h30", "٢h")
BY_ADDRESS = "only a server operator may do that by address: use a nickname instead"


class DurationTests(DenCase):
    """Ada mutes and bans eve, who is in #den."""

    @each_row(UNTIL)
    def test_until(self, row: tuple[str, str]) -> None:
        """All who see it see until when it holds, and then it is over."""
        typed, until = row
        (seen,) = self.asks(self.ada, f"/mute eve {typed}")
        self.assertIn(f"until 2026-11-21 {until} (UTC)", seen)
        self.assertIn(f"until 2026-11-21 {until} (UTC)", self.eve.sees()[0])
        end = datetime.fromisoformat(f"2026-11-21 {until}").replace(tzinfo=UTC)
        self.clock.advance((end - NOON).total_seconds() - 1)
        self.assertIn("you are muted", self.says(self.eve, "hi"))
        self.clock.advance(2)
        self.assertEqual(self.asks(self.eve, "hi"), [])

    @each_row({word: word for word in NO_DURATIONS})
    def test_no_duration(self, typed: str) -> None:
        """What begins with a number and is no duration is refused, and nothing holds."""
        for command in ("/mute eve", "/ban eve", "/mute #den eve"):
            self.assertEqual(self.asks(self.ada, f"{command} {typed}"), [f"-- {NO_DURATION}"])
        self.ada.types("/quit")
        program = self.comes("json", "ada", "den")
        self.assertIn(NO_DURATION, self.says(program, f"/mute eve {typed}"))
        self.assertEqual(self.chat.permissions.sanctions("den"), [])

    def test_no_end(self) -> None:
        """Without a time all are told that it holds until an operator ends it."""
        (seen,) = self.asks(self.ada, "/mute eve too loud")
        self.assertEqual(seen, "-- you muted eve in #den until an operator ends it: too loud")
        self.assertEqual(
            self.eve.sees(), ["-- ada muted you in #den until an operator ends it: too loud"]
        )

    def test_elsewhere(self) -> None:
        """/room keep and /history understand the same."""
        self.assertIn("set keep of #den to 36h", self.says(self.ada, "/room keep 1.5 days"))
        self.ada.types("hi")
        self.assertIn("ada: hi", self.says(self.ada, "/history 1h 30m"))
        self.assertIn("ada: hi", self.says(self.ada, "/history 2 hours"))
        self.assertIn("/history takes", self.says(self.ada, "/history 2 dozens"))


class ReasonTests(DenCase):
    """Why something is done."""

    @each_row({name: name for name in ("kick", "ban", "mute")})
    def test_length(self, command: str) -> None:
        """A reason has at most 400 bytes."""
        reason = "ü" * (REASON_BYTES // 2)
        refusal = "-- the reason is too long (401 bytes, at most 400): not done"
        self.assertEqual(self.asks(self.ada, f"/{command} eve {reason}x"), [refusal])
        self.assertEqual(self.eve.sees(), [])
        self.assertIn(reason, self.asks(self.ada, f"/{command} eve {reason}")[0])


class NetworkTests(DenCase):
    """Who is banned by address, and who may do that."""

    @each_row(
        {
            "all": ("0.0.0.0/0", "4,294,967,296 addresses"),
            "half": ("128.0.0.0/1", "2,147,483,648 addresses"),
            "all_of_ipv6": ("::/0", "2^128 addresses"),
            "much_of_ipv6": ("2000::/15", "2^113 addresses"),
        }
    )
    def test_confirmation(self, row: tuple[str, str]) -> None:
        """The ban of very many needs a word more."""
        network, many = row
        refusal = f"-- {network} is {many}: /ban * {network} everybody bans them all"
        for words in ("", " 2h", " spam"):
            self.assertEqual(self.asks(self.sysop, f"/ban * {network}{words}"), [refusal])
        self.assertEqual(self.chat.permissions.sanctions(""), [])
        done = self.says(self.sysop, f"/ban * {network} Everybody 2h spam")
        self.assertIn(f"you banned {network} from the chat until 2026-11-21 14:00", done)

    def test_no_confirmation(self) -> None:
        """The ban of a great network does not."""
        for network in ("10.0.0.0/8", "2001::/16"):
            done = self.says(self.sysop, f"/ban * {network} everybody is fed up")
            self.assertIn(f"you banned {network} from the chat", done)
            self.assertIn(": everybody is fed up", done)
        refusal = self.says(self.sysop, "/ban #den 0.0.0.0/0")
        self.assertIn("/ban #den 0.0.0.0/0 everybody bans them all", refusal)

    @each_row(
        {
            "ban": "/ban #den 198.51.100.7/32",
            "ban_all": "/ban 0.0.0.0/0 everybody",
            "unban": "/unban #den 198.51.100.7",
        }
    )
    def test_room_operator(self, line: str) -> None:
        """Who runs a room bans people, and learns nothing of who comes from where."""
        self.assertEqual(self.asks(self.ada, line), [f"-- {BY_ADDRESS}"])
        self.assertEqual(self.eve.sees(), [])

    def test_not_shown(self) -> None:
        """A ban by address is shown to server operators alone; others see who is put out."""
        done = self.says(self.sysop, "/ban #den 198.51.100.0/24")
        self.assertIn("you banned 198.51.100.0/24", done)
        self.assertEqual(self.ada.sees(), ["-- sysop kicked eve from #den"])
        for line in ("/bans #den", "/modlog #den"):
            self.assertIn("198.51.100.0/24", self.says(self.sysop, line))
            seen = self.says(self.ada, line)
            self.assertNotIn("198.51", seen)
            self.assertIn("an address", seen)

    def test_who_is_not_found(self) -> None:
        """Only who may do so is told to ban by address."""
        nobody = "nobody here is called mallory, and it is not registered"
        self.assertEqual(self.asks(self.ada, "/ban mallory"), [f"-- {nobody}"])
        hinted = [f"-- {nobody}: /ban the address"]
        self.assertEqual(self.asks(self.sysop, "/ban #den mallory"), hinted)


class CoveredTests(DenCase):
    """A guest is banned or muted in a room, and others come from the same address."""

    def setUp(self) -> None:
        super().setUp()
        self.register("olga")
        self.grace = self.comes("text", "grace", "den", host=self.HOSTS["eve"])
        self.see_all()

    def test_those_who_are_here(self) -> None:
        """Those who are here from there show nothing of it: they stay, speak and come again."""
        (banned,) = self.asks(self.ada, "/ban eve")
        self.assertIn("you banned eve from #den", banned)
        self.assertEqual(self.asks(self.ada, "/names")[0], "-- in #den (2 here):")
        self.ada.types("/mute eve")
        self.assertEqual(self.asks(self.grace, "hi"), [])
        self.grace.types("/part")
        self.assertIn("you joined #den", self.says(self.grace, "/join den"))

    def test_registered(self) -> None:
        """Nor does anybody who is registered."""
        for line in ("/ban eve", "/mute eve"):
            self.ada.types(line)
        olga = self.comes("text", "olga", "den", host=self.HOSTS["eve"])
        self.assertNotIn("muted", self.says(olga, "hi"))
        self.assertIn("den", self.chat.roster["olga"].rooms)

    def test_the_same_person(self) -> None:
        """Who comes back from there as another guest is kept out, or does not speak."""
        self.ada.types("/ban eve")
        self.eve.types("/quit")
        lilith = self.comes("text", "lilith", host=self.HOSTS["eve"])
        self.assertIn("you are banned from #den", self.says(lilith, "/join den"))
        self.ada.types("/unban eve")
        self.ada.types("/mute eve")
        lilith.types("/quit")
        lilith = self.comes("text", "lilith", "den", host=self.HOSTS["eve"])
        self.assertNotIn("muted", self.says(lilith, "hi"))

    def test_muted(self) -> None:
        """The same with a mute that was made while the person was here."""
        self.ada.types("/mute eve")
        self.eve.types("/quit")
        lilith = self.comes("text", "lilith", "den", host=self.HOSTS["eve"])
        self.assertIn("you are muted in #den", self.says(lilith, "hi"))


class BoundTests(DenCase):
    """So much there may be of everything that operators give."""

    def test_roles(self) -> None:
        """A room has so many operators, and people with a voice."""
        place = self.chat.permissions._places["den"]
        for holders in (place.operators, place.voiced):
            holders.update({b"%016d" % number: "grace" for number in range(HOLDERS_MOST)})
        self.register("olga")
        self.assertIn("1,000 operators of #den", self.says(self.ada, "/op olga"))
        self.assertIn("1,000 people with a voice in #den", self.says(self.ada, "/voice eve"))

    def test_invitations(self) -> None:
        """Of too many invitations the oldest ends."""
        self.ada.types("/room invite-only on")
        self.ada.types("/invite bob")
        place = self.chat.permissions._places["den"]
        place.invited.update({b"%016d" % number: "grace" for number in range(HOLDERS_MOST - 1)})
        self.register("olga")
        self.ada.types("/invite olga")
        self.assertEqual(len(place.invited), HOLDERS_MOST)
        self.assertIn("is invite-only", self.says(self.bob, "/join den"))

    def test_put_out(self) -> None:
        """Of those who were put out lately so many are known, the last ones."""
        place = self.chat.permissions._places["den"]
        place.put_out.update({b"%016d" % number: 1 for number in range(PUT_OUT_MOST)})
        self.ada.types("/kick eve")
        self.assertEqual(len(place.put_out), PUT_OUT_MOST)
        self.assertIn(self.chat.roster["eve"].identity, place.put_out)

    def test_nothing_there(self) -> None:
        """In a room where nothing was ever done nobody is banned."""
        self.assertIn("bob is not banned from #attic", self.says(self.sysop, "/unban #attic bob"))

    def test_server_operators(self) -> None:
        """Even of those by server operators only so many hold in one place."""
        held = dict.fromkeys(range(HELD_IN_ALL))
        self.patch(self.chat.permissions, "sanctions", lambda room: list(held))
        refusal = self.says(self.sysop, "/ban * 10.0.0.1")
        self.assertIn("there are already 10,000 bans and mutes here", refusal)
