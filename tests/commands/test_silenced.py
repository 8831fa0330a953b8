"""Who may not speak in a room changes nothing that is shown there, by whatever command."""

from __future__ import annotations

from itertools import product

from chatservice.commands import COMMANDS
from tests.conversation import DOORS, JsonPerson, Person, each_row
from tests.operating import PASSWORD, DenCase

PILLS = "buy-my-pills"
NOT_SHOWN = {
    "nick": f"/nick {PILLS}",
    "me": f"/me sells {PILLS}",
    "topic": f"/topic {PILLS}",
    "topic_cleared": "/topic -",
    "away_and_why": f"/away {PILLS}",
    "away": "/away",
    "line": PILLS,
    "line_with_a_slash": f"//{PILLS}",
}
MAY_GO = {"part", "join", "quit", "login"}
"""By these one comes and goes: wrong passwords end a connection."""

HOW = {
    "muted": ("ada", "/mute #den eve"),
    "muted_everywhere": ("sysop", "/mute * eve"),
    "moderated": ("ada", "/room moderated on"),
}


def at_both_doors() -> dict[str, tuple[str, str, str]]:
    """Every way to be silenced, with everything that may be typed, at each door."""
    return {
        f"{how}__{what}__{door}": (how, what, door)
        for how, what, door in product(HOW, NOT_SHOWN, DOORS)
    }


class SilencedTests(DenCase):
    """Eve is in #den, and may not speak there."""

    def setUp(self) -> None:
        super().setUp()
        self.ada.types("/topic snakes")

    def silence(self, how: str) -> None:
        """Have eve not speak any more."""
        who, line = HOW[how]
        (self.sysop if who == "sysop" else self.ada).types(line)
        self.see_all()

    def at_door(self, door: str) -> Person:
        """Eve, at that door."""
        if DOORS[door].is_program:
            self.eve.types("/quit")
            self.eve = self.comes("json", "eve", "den")
        return self.eve

    @each_row(at_both_doors())
    def test_not_shown(self, case: tuple[str, str, str]) -> None:
        """What she types is refused, and nobody sees anything of it."""
        how, what, door = case
        eve = self.at_door(door)
        self.silence(how)
        refusal = self.says(eve, NOT_SHOWN[what])
        self.assertRegex(refusal, "you are muted in|is moderated: ask one")
        for person in (self.ada, self.bob):
            self.assertEqual(person.sees(), [])

    @each_row({name: name for name in COMMANDS})
    def test_every_command(self, name: str) -> None:
        """There is no command by which she shows words of her own to those in the room."""
        self.silence("muted_everywhere")
        for line in (f"/{name} {PILLS}", f"/{name} ada {PILLS}", f"/{name} #den ada {PILLS}"):
            self.eve.types(line)
        seen = [*self.ada.sees(), *self.bob.sees()]
        self.assertNotIn(PILLS, "".join(seen))
        if name not in MAY_GO:
            self.assertEqual(seen, [])

    def test_last_words(self) -> None:
        """She leaves without a word."""
        for how in HOW:
            self.silence(how)
        self.eve.types(f"/quit {PILLS}")
        self.assertEqual(self.ada.sees(), ["-- eve left the chat"])

    @each_row({how: how for how in HOW})
    def test_last_words_in_the_room(self, how: str) -> None:
        """So she does if she leaves the room alone."""
        self.silence(how)
        self.eve.types(f"/part #den {PILLS}")
        self.assertEqual(self.ada.sees(), ["-- eve left #den"])

    def test_back(self) -> None:
        """Nor does she tell that she is back."""
        self.eve.types("/away")
        self.silence("muted")
        self.assertIn("you are muted in #den", self.says(self.eve, "/back"))
        self.assertEqual(self.ada.sees(), [])

    def test_from_outside(self) -> None:
        """Who is muted in a room does not take another name where it may, to show it there."""
        self.silence("muted")
        self.eve.types("/part #den")
        self.assertIn("you are muted in #den", self.says(self.eve, f"/nick {PILLS}"))
        self.ada.types("/unmute #den eve")
        self.assertIn(f"you are now {PILLS}", self.says(self.eve, f"/nick {PILLS}"))

    def test_coming_under_another_name(self) -> None:
        """Nor does she come back under another one with her token, until the mute is over."""
        token = self.chat.roster["eve"].token
        self.ada.types("/mute #den eve 1h")
        self.eve.types("/quit")
        again = self.comes_with(token, PILLS)
        self.assertIn("you are muted: come back with the nickname that you had", str(again.sees()))
        again.asks("hello", nick="EVE", token=token)
        self.assertIn("welcome", str(again.sees()))
        again.types("/quit")
        self.clock.advance(3601)
        self.assertIn("welcome", str(self.comes_with(token, PILLS).sees()))

    def comes_with(self, token: str, nick: str) -> JsonPerson:
        """A program comes with a token."""
        person = JsonPerson(self.connect())
        person.asks("hello", nick=nick, token=token)
        return person

    @each_row({how: how for how in HOW})
    def test_own_account(self, how: str) -> None:
        """By logging in she does not show the name of an account, and gets it later."""
        self.register(PILLS)
        self.silence(how)
        for _ in range(2):
            self.assertIn("you are logged in", self.says(self.eve, f"/login {PILLS} {PASSWORD}"))
            self.assertIn("you are logged out", self.says(self.eve, "/logout"))
        self.eve.types(f"/login {PILLS} {PASSWORD}")
        self.assertEqual(self.ada.sees(), [])
        self.ada.types("/room moderated off")
        (self.sysop if how == "muted_everywhere" else self.ada).types(
            f"/unmute {'*' if how == 'muted_everywhere' else '#den'} {PILLS}"
        )
        self.assertIn(f"you are now {PILLS}", self.says(self.eve, f"/nick {PILLS}"))

    def test_logout(self) -> None:
        """The server takes a registered name away all the same."""
        self.register("lilith")
        self.eve.types(f"/login lilith {PASSWORD}")
        self.ada.types("/mute lilith")
        self.ada.sees()
        self.assertIn("you are logged out", self.says(self.eve, "/logout"))
        self.assertIn("-- lilith is now guest", "".join(self.ada.sees()))

    def test_with_a_voice(self) -> None:
        """Whom the operators gave a voice is not silenced by permissions."""
        self.silence("moderated")
        self.ada.types("/voice eve")
        self.assertIn("you are now robin", self.says(self.eve, "/nick robin"))
        self.assertIn("you are away: tea", self.says(self.eve, "/away tea"))
