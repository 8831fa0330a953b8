"""How the client proves that a registered nickname is its person's; with no I/O."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.commands import holds_password
from chatservice.client.view import State
from chatservice.terminal.editor import Editor, Wish
from chatservice.terminal.keys import Key, KeyReader
from chatservice.terminal.secret import Password, Secret
from tests.scripted import LOBBY, SessionCase, line, welcome


class AskedCase(SessionCase):
    """A session whose nickname is registered."""

    def refuse(self, code: str) -> None:
        self.hear(line("error", code=code, text="no"))

    def hellos(self) -> list[dict[str, Any]]:
        """The hellos since the last time, without their rooms."""
        return [
            {name: value for name, value in request.items() if name not in {"type", "rooms"}}
            for request in self.chat.take()
            if request["type"] == "hello"
        ]


class TypedTests(AskedCase):
    """The person is asked for the password."""

    def setUp(self) -> None:
        super().setUp()
        self.connect()
        self.refuse("password-needed")
        self.assertEqual(self.hellos(), [{"nick": "ada"}])
        self.assertEqual(self.person.take(), ["password wanted: password-needed"])

    def test_right(self) -> None:
        """It goes out with another hello, and what comes then is a welcome like any other."""
        self.assertIs(self.session.state, State.LOCKED)
        self.session.prove("xyzzy xyzzy")
        self.assertIs(self.session.state, State.PROVING)
        self.assertEqual(self.hellos(), [{"nick": "ada", "password": "xyzzy xyzzy"}])
        self.hear(welcome(lobby=LOBBY))
        self.assertIs(self.session.state, State.LIVE)

    def test_token_afterwards(self) -> None:
        """After the welcome the token proves the nickname, and the password is forgotten."""
        self.session.prove("xyzzy")
        self.hear(welcome(lobby=LOBBY))
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.assertEqual(self.hellos(), [{"nick": "ada", "token": "t" * 22}])
        self.assertIs(self.session.state, State.GREETING)
        self.refuse("password-needed")
        self.assertIs(self.session.state, State.LOCKED)
        self.assertEqual(self.hellos(), [])

    def test_wrong(self) -> None:
        """After a wrong one, or too many tries, it is asked for again."""
        for code in ("wrong-password", "too-many-tries", "too-many-tries", "too-many-tries"):
            self.session.prove("xyzzy")
            self.person.take()
            self.refuse(code)
            self.assertEqual(self.person.take(), [f"password wanted: {code}"])
            self.assertIs(self.session.state, State.LOCKED)

    def test_three_wrong(self) -> None:
        """After three wrong ones it is over, and there is no other connection."""
        for _ in range(3):
            self.session.prove("xyzzy")
            self.refuse("wrong-password")
        self.assertEqual(self.person.take()[-1], "gone no True")
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.assertEqual(self.chat.take(), [])

    def test_closed_meanwhile(self) -> None:
        """Who has never joined learns why the chat closed; who has, is let in by the next one."""
        self.session.prove("xyzzy")
        self.hear(welcome(lobby=LOBBY))
        self.session.disconnected()
        self.connect()
        self.refuse("password-needed")
        for code in ("wrong-password", "closing"):
            self.session.prove("plugh")
            self.refuse(code)
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.assertEqual([hello["password"] for hello in self.hellos()], ["plugh"])
        self.setUp()
        self.session.prove("xyzzy")
        self.refuse("closing")
        self.assertEqual(self.person.take(), ["gone no True"])

    def test_wrong_ones_do_not_add_up(self) -> None:
        """The right one makes up for those that were wrong."""
        for _ in range(2):
            self.session.prove("xyzzy")
            self.refuse("wrong-password")
        self.session.prove("plugh")
        self.hear(welcome(lobby=LOBBY))
        self.session.disconnected()
        self.connect()
        self.refuse("password-needed")
        self.session.prove("xyzzy")
        self.refuse("wrong-password")
        self.assertIs(self.session.state, State.LOCKED)

    def test_another_nickname(self) -> None:
        """Who gives none chooses another nickname, and nothing of the password goes with it."""
        self.session.prove("xyzzy")
        self.refuse("wrong-password")
        self.session.prove("")
        self.assertIs(self.session.state, State.ASKING)
        told = "nickname refused: you did not join as ada: choose another nickname"
        self.assertEqual(self.person.take()[-1], told)
        self.session.typed("eve")
        self.assertEqual(self.hellos()[-1], {"nick": "eve"})
        self.refuse("registered")
        self.assertIs(self.session.state, State.ASKING)

    def test_other_nickname_wanted(self) -> None:
        """If the nickname is refused after all, its password does not go with the next one."""
        self.session.prove("xyzzy")
        self.refuse("bad-nick")
        self.session.typed("eve")
        self.assertEqual(self.hellos()[-1], {"nick": "eve"})
        self.assertIs(self.session.state, State.GREETING)

    def test_only_when_wanted(self) -> None:
        """A password that nobody asked for goes nowhere."""
        self.session.prove("xyzzy")
        self.chat.take()
        self.session.prove("plugh")
        self.hear(welcome(lobby=LOBBY))
        self.session.prove("plugh")
        self.session.prove("")
        self.assertEqual(self.chat.take(), [])
        self.assertIs(self.session.state, State.LIVE)

    def test_connection_lost(self) -> None:
        """One that is typed while the chat has closed the connection goes out with the next."""
        self.session.disconnected()
        self.assertEqual(self.person.take(), [])
        self.session.prove("xyzzy")
        self.connect()
        self.assertEqual(self.hellos(), [{"nick": "ada", "password": "xyzzy"}])
        self.assertIs(self.session.state, State.PROVING)

    def test_leaving_instead(self) -> None:
        """Somebody who is asked may leave."""
        self.session.leave()
        self.assertEqual(self.person.take(), ["gone None False"])

    def test_chat_asks_for_ever(self) -> None:
        """A chat that wants a password after it got one has the person asked, and no other."""
        self.session.prove("xyzzy")
        self.chat.take()
        self.refuse("password-needed")
        self.assertIs(self.session.state, State.LOCKED)
        self.assertEqual(self.chat.take(), [])


class KnownTests(AskedCase):
    """A file or the environment has the password."""

    password = "of a file"

    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def test_not_without_being_asked(self) -> None:
        """It is sent when the chat asks for it, and not before."""
        self.assertEqual(self.hellos(), [{"nick": "ada"}])
        self.refuse("password-needed")
        self.assertEqual(self.hellos(), [{"nick": "ada", "password": "of a file"}])
        self.assertIs(self.session.state, State.GREETING)
        self.assertEqual(self.person.take(), [])

    def test_asked_again(self) -> None:
        """If the chat wants it a second time, the person is asked."""
        self.refuse("password-needed")
        self.chat.take()
        self.refuse("password-needed")
        self.assertEqual(self.chat.take(), [])
        self.assertIs(self.session.state, State.LOCKED)

    def test_token_refused(self) -> None:
        """It is sent again when the token proves nothing any more."""
        self.refuse("password-needed")
        self.hear(welcome(lobby=LOBBY))
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.refuse("password-needed")
        self.assertEqual([hello.get("password") for hello in self.hellos()], [None, "of a file"])

    def test_wrong(self) -> None:
        """A wrong one is forgotten, and the person asked."""
        self.refuse("password-needed")
        self.refuse("wrong-password")
        self.assertEqual(self.person.take(), ["password wanted: wrong-password"])
        self.session.prove("")
        self.session.typed("ada")
        self.chat.take()
        self.refuse("password-needed")
        self.assertEqual(self.hellos(), [])

    def test_of_one_nickname(self) -> None:
        """It is not tried for another nickname."""
        self.refuse("bad-nick")
        self.session.typed("eve")
        self.chat.take()
        self.refuse("password-needed")
        self.assertEqual(self.hellos(), [])
        self.assertIs(self.session.state, State.LOCKED)


class SecretTests(SynchronousTestCase):
    """The keys of a password."""

    def press(self, *keys: str) -> Password | Wish | None:
        """What the last of the keys comes to; a key of one character is what it writes."""
        secret = Secret()
        return [secret.press(Key("text", k) if len(k) == 1 else Key(k)) for k in keys][-1]

    def test_entered(self) -> None:
        """What was typed, corrected or begun anew, until Enter."""
        self.assertEqual(self.press("a", " ", "b", "x", "backspace", "enter"), Password("a b"))
        self.assertEqual(self.press("x", "ctrl-u", "up", "tab", "a", "enter"), Password("a"))
        self.assertEqual(self.press("enter"), Password(""))

    def test_not_entered(self) -> None:
        """Ctrl-C and Esc give none, whatever was typed."""
        for key in ("ctrl-c", "escape"):
            self.assertEqual(self.press("x", key), Password(""))

    def test_wishes(self) -> None:
        """Ctrl-D leaves if nothing was typed; Ctrl-L and Ctrl-Z do what they always do."""
        self.assertIs(self.press("ctrl-d"), Wish.LEAVE)
        self.assertIsNone(self.press("x", "ctrl-d"))
        self.assertIs(self.press("ctrl-l"), Wish.CLEAR)
        self.assertIs(self.press("ctrl-z"), Wish.SUSPEND)

    def test_escape_key(self) -> None:
        """The Esc key is a key of its own once nothing has followed it."""
        keys = KeyReader()
        for data, alone in ((b"\x1b", True), (b"[", False), (b"A", False), (b"x\x1b", True)):
            keys.feed(data)
            self.assertEqual(keys.may_be_escape, alone)
        self.assertEqual(keys.escape(), Key("escape"))
        self.assertEqual(keys.feed(b"[A"), [Key("text", "[A")])
        keys.feed(b"\x1b[200~\x1b")
        self.assertFalse(keys.may_be_escape)

    def test_not_remembered(self) -> None:
        """Commands that are typed with a password do not come back with the arrow keys."""
        editor = Editor(lambda _: (), holds_password)
        kept = ["/who", "/join #den", "/room topic all", "/room password", "//login xyzzy"]
        for typed in (
            *kept,
            *("/register xyzzy", "/LOGIN ada xyzzy", "/password xyzzy plugh", "  /login xyzzy"),
            *("/unregister xyzzy", "/forget xyzzy"),
            *("/join #den xyzzy", "/JOIN den  xyzzy plugh", "/room  Password xyzzy"),
        ):
            editor.press(Key("text", typed))
            editor.press(Key("enter"))
        for typed in [*reversed(kept), kept[0]]:
            editor.press(Key("up"))
            self.assertEqual(editor.text, typed)
