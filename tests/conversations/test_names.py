"""Whose a nickname is: registering it, proving it, giving it up, at either door."""

from __future__ import annotations

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent

from chatservice.people.identity import identity_of
from chatservice.protocol.names import PASSWORD_TRIES, nick_key
from tests.conversation import (
    ConversationCase,
    JsonPerson,
    Person,
    Row,
    RowCase,
    TextPerson,
    at_all_doors,
    at_each_door,
    each_row,
    refused,
)
from tests.journals import Waiting
from tests.registered import SlowPasswords

REGISTERED = ("ada", "/register correct-horse")
NOT_LOGGED_IN = "you are not logged in: /register or /login first"
LOGGED_IN = "you are logged in as ada: /logout first"
WRONG = "wrong nickname or password"
SHORT = "a password must have at least 8 characters"
SPACE = "a password must not contain a space: use hyphens instead"

ROWS = {
    "register": Row(
        "/register correct-horse",
        fact={"type": "introduced", "nick": "ada", "account_name": "ada", "real_name": ""},
        answer=["ada is yours: from now on you need your password to use it"],
    ),
    "unregister": Row(
        "/unregister correct-horse",
        fact={"type": "introduced", "nick": "ada", "account_name": "", "real_name": ""},
        answer=["ada is no longer registered: anyone can register it now"],
        before=(REGISTERED,),
    ),
    "password": Row(
        "/password correct-horse battery-staple",
        answer=["the password of ada is changed, and so is your token: /token"],
        before=(REGISTERED,),
    ),
    "token": Row(
        "/token",
        answer=[
            "your token: token-of-a-test-000001",
            "/resume TOKEN at the prompt for a nickname brings you back: keep it secret",
        ],
    ),
}

REFUSED = {
    "register_nothing": refused("/register", "usage", "use it like this: /register PASSWORD"),
    "register_short": refused("/register short", "usage", SHORT),
    "register_space": refused("/register correct horse", "usage", SPACE),
    "register_twice": refused("/register battery-staple", "logged-in", LOGGED_IN, REGISTERED),
    "login_nothing": refused("/login", "usage", "use it like this: /login [NICK] PASSWORD"),
    "login_unknown": refused("/login grace correct-horse", "wrong-password", WRONG),
    "login_wrong": refused(
        "/login bob wrong", "wrong-password", WRONG, ("bob", "/register correct-horse")
    ),
    "login_own_unregistered": refused(
        "/login correct-horse",
        "wrong-password",
        "wrong password for ada, your present nickname: for another one, use /login NICK PASSWORD",
    ),
    "login_twice": refused("/login ada correct-horse", "logged-in", LOGGED_IN, REGISTERED),
    "logout": refused("/logout", "not-logged-in", NOT_LOGGED_IN),
    "password_of_nobody": refused("/password a correct-horse", "not-logged-in", NOT_LOGGED_IN),
    "password_nothing_new": refused(
        "/password correct-horse", "usage", "use it like this: /password OLD NEW", REGISTERED
    ),
    "password_short": refused("/password correct-horse short", "usage", SHORT, REGISTERED),
    "password_space": refused("/password correct-horse a b", "usage", SPACE, REGISTERED),
    "password_wrong": refused(
        "/password wrong a-new-secret",
        "wrong-password",
        "that is not your old password",
        REGISTERED,
    ),
    "unregister_nothing": refused(
        "/unregister", "usage", "use it like this: /unregister PASSWORD", REGISTERED
    ),
    "unregister_wrong": refused(
        "/unregister wrong", "wrong-password", "that is not your password", REGISTERED
    ),
    "unregister_nobody": refused("/unregister correct-horse", "not-logged-in", NOT_LOGGED_IN),
    "rename_to_a_registered": refused(
        "/nick b0b",
        "registered",
        "b0b looks too much like bob, which is registered: "
        "/login bob PASSWORD if it is yours, or choose another nickname",
        ("bob", "/register correct-horse"),
    ),
}


class NameTableTests(RowCase):
    """What ada types about her name, and what each of three then sees."""

    @each_row(at_all_doors(ROWS))
    def test_allowed(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What somebody does about her name is answered to her alone."""
        self.play(*case)

    @each_row(at_all_doors(REFUSED))
    def test_refused(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What cannot be done about a name is told to who wanted it, and nobody else."""
        self.play(*case)


class NameTests(ConversationCase):
    """What comes of it, at either door."""

    def asks(self, person: Person, line: str) -> str:
        """The last sentence that somebody sees who types something."""
        person.sees()
        person.types(line)
        seen = person.sees()
        if isinstance(person, TextPerson):
            return seen[-1].removeprefix("-- ")
        last = seen[-1]
        return last["text"] if last["type"] == "error" else last["lines"][-1]

    def token_of(self, person: Person) -> str:
        """The token that /token shows."""
        person.types("/token")
        seen = person.sees()
        if isinstance(person, TextPerson):
            return seen[-2].removeprefix("-- your token: ")
        return seen[-1]["lines"][0].removeprefix("your token: ")

    def registered(self, door: str, nick: str = "ada") -> Person:
        """Somebody at a door who has just registered."""
        person = self.at(door, nick)
        person.types("/register correct-horse")
        person.sees()
        return person

    @at_each_door
    def test_same_password_everywhere(self, door: str) -> None:
        """A password that was registered at one keyboard is the same at every prompt of others."""
        ada = self.at(door, "ada")
        self.asks(ada, "/register cafe\u0301-cre\u0300me")
        ada.types("/quit")
        late = TextPerson(self.connect())
        late.types("ada")
        late.types("  café-crème ")
        self.assertIn("-- you joined lobby", "\n".join(late.sees()))
        program = JsonPerson(self.connect())
        program.asks("hello", nick="ada", password="café-cre\u0300me")
        self.assertEqual(program.sees()[0]["type"], "welcome")
        changed = self.asks(program, "/password café-crème th\u00e9-au-citron")
        self.assertIn("is changed", changed)
        self.assertIn("erased", self.asks(program, "/forget the\u0301-au-citron"))

    @at_each_door
    def test_unseen_in_a_password(self, door: str) -> None:
        """A new password has nothing in it that nobody can see, nor a space of whatever kind."""
        ada = self.at(door, "ada")
        self.assertIn("invisible", self.asks(ada, "/register correct\u200bhorse"))
        self.assertIn("space", self.asks(ada, "/register correct\u3000horse"))
        self.asks(ada, "/register correct-horse")
        ada.types("/join den")
        self.assertIn("invisible", self.asks(ada, "/room password open\u200bsesame"))

    @at_each_door
    def test_register(self, door: str) -> None:
        """A registered name is the member's, with an identity of its own, and the token's."""
        ada = self.at(door, "ada")
        (member,) = self.chat.roster.values()
        self.asks(ada, "/register correct-horse")
        account = self.chat.accounts.named("ADA")
        assert account is not None
        self.assertEqual((account.nick, account.identity), ("ada", member.identity))
        self.assertNotEqual(account.identity, identity_of(member.token))
        self.assertIs(self.chat.roster.of(account), member)
        self.assertIs(member.account, account)
        self.assertIs(self.chat.accounts.proven_by(member.token), account)

    @at_each_door
    def test_register_keeps_what_was_set(self, door: str) -> None:
        """What was set, and whom one ignores, is the account's from when it is registered."""
        ada = self.at(door, "ada")
        for line in ("/set bell on", "/ignore Bob", "/register correct-horse"):
            ada.types(line)
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.assertEqual((account.preferences.bell, account.ignored), (True, {"bob": "Bob"}))

    @at_each_door
    def test_register_and_gone(self, door: str) -> None:
        """Who is gone when the password is hashed owns the name, and does not haunt the chat."""
        ada = self.at(door, "ada")
        waiting = Waiting()
        self.chat.accounts.passwords = SlowPasswords(waiting)
        ada.types("/register correct-horse")
        ada.wire.vanishes()
        self.clock.advance(self.rules.linger)
        self.assertEqual(self.chat.roster, {})
        waiting.answer_all()
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.assertIsNone(self.chat.roster.of(account))

    @at_each_door
    def test_logout_and_login(self, door: str) -> None:
        """/logout makes a guest of who was logged in, and /login brings name and identity back."""
        ada, bob = self.registered(door), self.at_text("bob")
        member = self.chat.member_named("ada")
        identity, token = member.identity, member.token
        bob.sees()
        self.assertEqual(
            self.asks(ada, "/logout"),
            "you are logged out: ada stays yours, /login ada PASSWORD brings it back",
        )
        self.assertRegex(member.nick, "^guest[0-9]{4}$")
        self.assertEqual(bob.sees(), [f"-- ada is now {member.nick}"])
        self.assertNotIn(member.token, token)
        self.assertNotEqual(member.identity, identity)
        guest = member.nick
        self.assertEqual(
            self.asks(ada, "/login ADA correct-horse"), "you are logged in as ada"
        )
        self.assertEqual(bob.sees(), [f"-- {guest} is now ada"])
        self.assertEqual(member.identity, identity)

    @at_each_door
    def test_login_under_another_name(self, door: str) -> None:
        """Who is logged in may bear another name, and keeps it when logging out."""
        ada = self.registered(door)
        ada.types("/nick grace")
        self.asks(ada, "/logout")
        self.assertEqual(list(self.chat.roster), [nick_key("grace")])

    @at_each_door
    def test_private_under_another_name(self, door: str) -> None:
        """What is said to a registered name reaches its owner, whatever name she has now."""
        ada, bob = self.registered(door), self.at_text("bob")
        ada.types("/nick grace")
        for nick in ("ada", "grace"):
            ada.sees()
            bob.types(f"/msg {nick} psst")
            self.assertIn("psst", str(ada.sees()))

    @at_each_door
    def test_private_to_who_is_not_here(self, door: str) -> None:
        """What is said to a registered name that is not here is told to be kept."""
        self.registered("text", "bob").types("/quit")
        ada = self.at(door, "ada")
        ada.types("/msg bob psst")
        self.assertIn("bob is not here: kept until bob comes back", str(ada.sees()))
        bob = TextPerson(self.connect())
        bob.types("bob")
        bob.types("correct-horse")
        self.assertIn("12:00 (ada to you) psst", bob.sees())

    @at_each_door
    def test_login_without_a_name(self, door: str) -> None:
        """/login takes the present nickname if none is named, for whom an operator's list knows."""
        known = InMemoryUsernamePasswordDatabaseDontUse(ada=b"old-list")
        self.checkers = [known]
        self.open_chat()
        ada = self.at(door, "ada")
        self.assertEqual(self.asks(ada, "/login old-list"), "you are logged in as ada")
        self.assertEqual(
            self.asks(ada, "/password old-list correct-horse"),
            "your password cannot be changed here: ask the people who run this chat",
        )

    @at_each_door
    def test_login_with_a_space(self, door: str) -> None:
        """A password that somebody else keeps may have spaces, if the name is before it."""
        known = InMemoryUsernamePasswordDatabaseDontUse(grace=b"an old list")
        self.checkers = [known]
        self.open_chat()
        ada = self.at(door, "ada")
        self.assertEqual(self.asks(ada, "/login grace an old list"), "you are logged in as grace")

    @at_each_door
    def test_too_many_wrong_passwords(self, door: str) -> None:
        """The third wrong password of a connection ends it."""
        self.registered("text", "bob")
        ada = self.at(door, "ada")
        answers = [self.asks(ada, "/login bob wrong") for _ in range(PASSWORD_TRIES)]
        self.assertEqual(answers, [WRONG, WRONG, f"{WRONG}: that was the last of 3 tries"])
        ada.types("hi")
        self.assertEqual(ada.sees(), [])

    @at_each_door
    def test_password(self, door: str) -> None:
        """After /password only the new password and the new token prove the name."""
        ada = self.registered(door)
        before = self.token_of(ada)
        self.asks(ada, "/password correct-horse battery-staple")
        after = self.token_of(ada)
        self.assertIsNone(self.chat.accounts.proven_by(before))
        self.assertIsNone(self.chat.roster.bearer(before))
        self.assertIs(self.chat.accounts.proven_by(after), self.chat.accounts.named("ada"))
        self.asks(ada, "/logout")
        self.assertEqual(self.asks(ada, "/login ada correct-horse"), WRONG)
        self.assertEqual(self.asks(ada, "/login ada battery-staple"), "you are logged in as ada")

    @at_each_door
    def test_password_and_gone(self, door: str) -> None:
        """Who is gone when the new password is hashed has it, and no token."""
        ada = self.registered(door)
        waiting = Waiting()
        self.chat.accounts.passwords = SlowPasswords(waiting)
        ada.types("/password correct-horse battery-staple")
        ada.wire.vanishes()
        self.clock.advance(self.rules.linger)
        waiting.answer_all()
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.assertEqual((account.hash, account.tokens), ("plain:battery-staple", []))

    @at_each_door
    def test_unregister(self, door: str) -> None:
        """Who has given a name up bears it on, and somebody else may register it later."""
        ada = self.registered(door)
        self.asks(ada, "/unregister correct-horse")
        member = self.chat.member_named("ada")
        self.assertIsNone(member.account)
        self.assertIsNone(self.chat.accounts.named("ada"))
        ada.types("/quit")
        self.registered(door)
        self.assertIsNotNone(self.chat.accounts.named("ada"))

    @at_each_door
    def test_unregister_and_gone(self, door: str) -> None:
        """Who is gone when the account is being removed has no account any more."""
        ada = self.registered(door)
        remove, stored = self.chat.accounts.remove, Deferred[None]()
        self.chat.accounts.remove = lambda *given: stored.addCallback(lambda _: remove(*given))
        ada.types("/unregister correct-horse")
        ada.wire.vanishes()
        self.clock.advance(self.rules.linger)
        stored.callback(None)
        self.assertIsNone(self.chat.accounts.named("ada"))

    @at_each_door
    def test_unregister_an_operator(self, door: str) -> None:
        """A server operator cannot give the name up that makes one."""
        self.rules.operators = frozenset({nick_key("ada")})
        self.open_chat()
        # From elsewhere than this machine the name would not be free.
        self.rules.operators = frozenset()
        ada = self.registered(door)
        self.assertEqual(
            self.asks(ada, "/unregister correct-horse"),
            "you are an operator of this chat: anyone who registered the name next would "
            "become one",
        )
        self.assertIsNotNone(self.chat.accounts.named("ada"))

    @at_each_door
    def test_token(self, door: str) -> None:
        """What /token shows brings somebody back after a lost connection."""
        self.rules.linger = 30
        ada = self.at(door, "ada")
        token = self.token_of(ada)
        ada.wire.vanishes()
        back = TextPerson(self.connect())
        back.types(f"/resume {token}")
        self.assertIn("-- you are back as ada, in lobby", back.wire.sees())

    @at_each_door
    def test_secrecy(self, door: str) -> None:
        """No password comes into the log, into what anybody is shown, or into the journal."""
        bob = self.at_text("bob")
        with capturedLogs() as events:
            ada = self.registered(door)
            seen = [
                self.asks(ada, line)
                for line in (
                    "/password correct-horse battery-staple",
                    "/logout",
                    "/login ada correct-horse",
                    "/login ada battery-staple",
                    "/unregister battery-staple!",
                    "/unregister battery-staple",
                )
            ]
        everything = "\n".join([*map(str, map(formatEvent, events)), *seen, *bob.sees()])
        everything += repr(vars(self.journal))
        for word in ("correct-horse", "battery-staple"):
            self.assertNotIn(word, everything)
