"""What may be a password is said to nobody, whatever is typed around it."""

from __future__ import annotations

from chatservice.commands import is_command, is_goodbye
from chatservice.people.obvious import is_obvious
from chatservice.protocol.sanitize import without_escape
from tests.conversation import DOORS, ConversationCase, TextPerson, at_each_door, each_row

SECRET = "correct-horse"
NICKNAME = "Choose a nickname: "
MAY_BE = "-- that may be a password; if it is the nickname that you want, say /nick NAME"
WAS = "-- that looks like a password: choose a nickname"

UNSEEN = {
    "byte_order_mark": "\ufeff",
    "no_break_space": "\u00a0",
    "ideographic_space": "\u3000",
    "zero_width_space": "\u200b",
    "soft_hyphen": "\u00ad",
    "blank_braille": "\u2800",
    "hangul_filler": "\u3164",
    "variation_selector": "\ufe0f",
    "tag": "\U000e0041",
    "lone_mark": "\u0301",
    "lone_spacing_mark": "\u0903",
    "annotation_anchor": "\ufff9",
    "control": "\x07",
    "not_decoded": "\ufffd",
    "all_kinds": " \u00a0\u0301\u200b\u0301\ufeff\x00\u2800 ",
    "many": "\u200b\u0301" * 500,
}


class UnseenBeforeSlashTests(ConversationCase):
    """What nobody sees before a command makes no talk of it."""

    @each_row(UNSEEN)
    def test_commands(self, before: str) -> None:
        """It is the command that it would be without it, with a slash of any width."""
        for slash in "/／":
            self.assertTrue(is_command(f"{before}{slash}login ada {SECRET}"))
            self.assertTrue(is_goodbye(f"{before}{slash}quit"))
            self.assertFalse(is_command(f"{before}{slash}/login"))
        self.assertEqual(without_escape(f"{before}//text"), "/text")

    @each_row({f"{door}_{name}": (door, name) for door in DOORS for name in UNSEEN})
    def test_nobody_hears(self, row: tuple[str, str]) -> None:
        """A password behind it goes to nobody but the one who typed it."""
        door, name = row
        ada, bob = self.at(door, "ada"), self.at("text", "bob")
        ada.sees()
        for command in (f"/login ada {SECRET}", f"／login ada {SECRET}", f"/register {SECRET}"):
            ada.types(UNSEEN[name] + command)
        self.assertEqual(bob.sees(), [])
        self.assertIsNotNone(self.chat.accounts.named("ada"))

    @at_each_door
    def test_talk(self, door: str) -> None:
        """Two slashes say one, and a slash after anything that is seen is talk."""
        ada, bob = self.at(door, "ada"), self.at("text", "bob")
        for line in ("//login", "／／login", "a /login", ". /login", "\ufeffhi", "\u00a0//x"):
            ada.types(line)
        said = ["/login", "／login", "a /login", ". /login", "\ufeffhi", "/x"]
        self.assertEqual(bob.sees(), [f"ada: {text}" for text in said])

    def test_before_joining(self) -> None:
        """At the prompt for a nickname it is no nickname either."""
        person = TextPerson(self.connect())
        person.types("\ufeff/login ada correct-horse")
        sees = person.sees()
        self.assertIn("first choose a nickname", sees[-2])
        person.types("\u00a0/quit")
        self.assertEqual(person.wire.disconnecting, True)


class ReceptionCase(ConversationCase):
    """Somebody who has not joined, where ada is registered and bob is in the lobby."""

    def setUp(self) -> None:
        super().setUp()
        owner = self.at_text("ada")
        owner.types(f"/register {SECRET}")
        owner.types("/quit")
        self.bob = self.at_text("bob")
        self.person = TextPerson(self.connect())

    def types(self, *lines: str) -> str:
        """Type lines in one go, and give back what is sent after them."""
        self.person.wire.gets()
        self.person.wire.sends("".join(f"{line}\n" for line in lines).encode())
        return self.person.wire.gets().decode("utf-8", "replace")

    def check_answer(self, seen: str, sentence: str) -> None:
        self.assertTrue(seen.endswith(f"{sentence}\r\n{NICKNAME}"), seen)

    def check_nobody_came(self) -> None:
        self.assertEqual({member.nick for member in self.chat.roster.values()}, {"bob"})
        self.assertEqual(self.bob.sees(), [])


class LatePasswordTests(ReceptionCase):
    """A password that is typed when a nickname is asked again."""

    @each_row(
        {
            "the_right_one": SECRET,
            "in_capitals": SECRET.upper(),
            "mistyped": "corect-horse",
            "with_blanks": f" \u00a0{SECRET}\u200b",
        }
    )
    def test_after_nothing(self, late: str) -> None:
        """After an empty line it is no nickname, whether right or mistyped."""
        self.check_answer(self.types("ada", "", late), MAY_BE)
        self.check_answer(self.types(late), MAY_BE)
        self.check_nobody_came()

    @each_row(
        {
            "the_same": "hunter2",
            "in_capitals": "HUNTER2",
            "with_blanks": "  hunter2\u00a0",
            "looking_like_it": "ｈunter2",
            "with_the_command": "/nick hunter2",
        }
    )
    def test_refused_before(self, late: str) -> None:
        """What was refused as a password is no nickname, however short it is."""
        self.check_answer(self.types("ada", "hunter2", "", late), WAS)
        self.check_nobody_came()

    def test_too_many_tries(self) -> None:
        """Nor is what was not even tried."""
        for _ in range(2):
            other = TextPerson(self.connect())
            other.wire.sends(b"ada\nwrong-one\nwrong-two\nwrong-three\n")
        seen = self.types("ada", SECRET, SECRET)
        self.assertIn("too many passwords were tried", seen)
        self.check_answer(seen, WAS)
        self.check_nobody_came()

    def test_overlong(self) -> None:
        """A line that is too long ends the question for the password, and what follows waits."""
        self.check_answer(self.types("ada", "x" * 20_000, SECRET), MAY_BE)
        self.check_nobody_came()

    def test_a_nickname_after_all(self) -> None:
        """A short nickname is taken at once, and a long one with the command."""
        self.assertIn("-- you joined lobby: bob (2 here)", self.types("ada", "", "eve"))
        self.person = TextPerson(self.connect())
        self.check_answer(self.types("ada", "", "ada-lovelace"), MAY_BE)
        self.assertIn("-- you joined lobby: bob, eve (3 here)", self.types("/nick ada-lovelace"))

    def test_least(self) -> None:
        """What counts as long is what the operator made of passwords."""
        self.chat.accounts.least = 3
        self.check_answer(self.types("ada", "", "eve"), MAY_BE)
        self.assertIn("-- you joined lobby: bob (2 here)", self.types("al"))

    def test_registered(self) -> None:
        """A long nickname that is registered asks for its password, and so is shown to nobody."""
        owner = self.at_text("ada-lovelace")
        owner.types("/register battery-staple")
        owner.types("/quit")
        seen = self.types("ada", "", "ada-lovelace")
        self.assertIn("Password for ada-lovelace ", seen)

    def test_first_prompt(self) -> None:
        """Who was never asked for a password chooses a nickname of any length."""
        self.assertIn("-- you joined lobby: bob (2 here)", self.types("ada-lovelace"))


class TypedUnseenTests(ReceptionCase):
    """What was typed while telnet showed nothing is thrown away, as login(1) does it."""

    agrees, shows_again = b"\xff\xfd\x01", b"\xff\xfe\x01"

    def setUp(self) -> None:
        super().setUp()
        # A telnet shows itself by a command.
        self.person.wire.sends(b"\xff\xf1")
        self.types("ada")
        self.person.wire.sends(self.agrees)

    def test_in_one_go(self) -> None:
        """Lines that came together with the empty one."""
        self.types("", "abc", SECRET)
        self.check_nobody_came()
        self.person.wire.sends(self.shows_again + b"eve\n")
        self.assertIn("-- eve joined the chat", self.bob.sees())

    def test_before_it_shows_again(self) -> None:
        """Lines that came later, but were typed before; also those in the same read."""
        self.types("")
        self.types("abc")
        self.person.wire.sends(b"def\nghi" + self.shows_again + b"eve\n")
        self.assertEqual(self.bob.sees(), ["-- eve joined the chat"])

    def test_twice(self) -> None:
        """The right password typed once more is not said in the room."""
        self.types(SECRET, SECRET)
        self.types(SECRET)
        self.person.wire.sends(self.shows_again + b"hi\n")
        self.assertEqual(self.bob.sees(), ["-- ada joined the chat", "ada: hi"])


OBVIOUS = (
    "password Password PASSWORD1 P@ssw0rd! passwort123 12345678 87654321 qwertyuiop qwertzui"
    " aaaaaaaa abababab passpass 1q2w3e4r asdfghjkl letmein1 Trustno1! iloveyou ｐａｓｓｗｏｒｄ"
    " bob-1984 bobbobbob chatservice ChatService! !!!!!!!!"
)
GOOD = "correct-horse battery-staple hunter2hunter2 83029475 tr0ub4dor&3 bobs-password"


class ObviousTests(ConversationCase):
    """Passwords that anybody would try first."""

    def test_which(self) -> None:
        """The most used ones, what is repeated or in a row, and names."""
        self.assertEqual([word for word in OBVIOUS.split() if not is_obvious(word, "bob")], [])
        self.assertEqual([word for word in GOOD.split() if is_obvious(word, "bob")], [])

    @at_each_door
    def test_refused(self, door: str) -> None:
        """They are refused in one sentence, when registering and when changing the password."""
        self.rules.name = "Salon.Bleu"
        bob = self.at(door, "bob")
        sentence = "that password is too easy to guess: choose another"
        for typed in ("/register password", "/register bob12345", "/register salon.bleu"):
            bob.types(typed)
            self.assertIn(sentence, str(bob.sees()))
        self.assertIsNone(self.chat.accounts.named("bob"))
        bob.types("/register correct-horse")
        bob.types("/password correct-horse qwertyuiop")
        self.assertIn(sentence, str(bob.sees()))

    def test_least(self) -> None:
        """Where passwords may be short, short ones must not be easy to guess either."""
        self.chat.accounts.least = 3
        bob = self.at_text("bob")
        for typed, answer in (
            ("ab", "at least 3 characters"), ("abc", "easy to guess"), ("p7x", "bob is yours")
        ):
            bob.types(f"/register {typed}")
            self.assertIn(answer, str(bob.sees()))
