"""What the client must not say aloud: commands that do not look like it, and passwords."""

import sys
import unicodedata

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.commands import bare, command_word, holds_password
from chatservice.client.view import State
from chatservice.terminal.editor import Editor
from chatservice.terminal.keys import Key
from tests.scripted import LOBBY, Peer, SessionCase, Terminal, line, opened, welcome

BLANKS = "\u00a0\u1680\u2003\u2028\u202f\u205f\u3000\u2800"
IGNORED = "\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u202a\u2060\u2066\u3164\ufe0f\ufeff\uffa0"
UNSEEN = [*BLANKS, *IGNORED, "\U000e0041", "\U0001d173", "\u0301", "\ufffd", " \u00a0\u200b "]
"""What nobody sees before a slash."""


class BareTests(SynchronousTestCase):
    """What makes a command of a line."""

    def test_unseen(self) -> None:
        """Nothing that is not seen before a slash makes talk of a command."""
        for unseen in UNSEEN:
            for slash in "/／":
                self.assertEqual(bare(f"{unseen}{slash}login a b"), "/login a b", ascii(unseen))
                self.assertEqual(command_word(f"{unseen}{slash}Me x"), "/me", ascii(unseen))

    def test_all_of_unicode(self) -> None:
        """No blank and no character that only formats does, of all that there are."""
        for char in map(chr, range(sys.maxunicode + 1)):
            if char.isspace() or unicodedata.category(char) in {"Zs", "Mn", "Me"}:
                self.assertEqual(command_word(f"{char}/x"), "/x", ascii(char))
            elif char.isalnum() and char.isascii():
                self.assertEqual(command_word(f"{char}/x"), "")

    def test_escaped(self) -> None:
        """Two slashes of any width are something to say, whatever is before them."""
        for typed in ("//x", "／／x", "/／x", "／/x", "\u00a0//x", "\ufeff ／／x"):
            self.assertEqual((bare(typed), command_word(typed)), (typed, ""), typed)

    def test_talk(self) -> None:
        """Any other line is as it is, with what is not seen in it."""
        for typed in ("hi", " hi", "\u200bhi", "a /login b", "-/x", "", " ", "\u00a0\u200b", "∕x"):
            self.assertEqual((bare(typed), command_word(typed)), (typed, ""), typed)


class RememberedTests(SynchronousTestCase):
    """Commands that are typed with a password."""

    def test_written_anyhow(self) -> None:
        """They are known whatever is not seen in them, however wide, and with a slip or two."""
        for typed in (
            *(f"{unseen}/login ada xyzzy" for unseen in UNSEEN),
            *("／login ada xyzzy", "／ｌｏｇｉｎ ada xyzzy", "/\u200blogin x", "/lo\u00adgin x"),
            *("/login\u00a0ada xyzzy", "/register\u3000xyzzy", "/ login a xyzzy", "/ＬＯＧＩＮ x"),
            *("/lgoin ada xyzzy", "/passwd xyzzy plugh", "/regsiter xyzzy", "/unregster xyzzy"),
            *("/j #den xyzzy", "/J  #den xyzzy", "/resume xyzzy", "/rseume xyzzy"),
            *("/jion #den xyzzy", "\u00a0/join\u00a0#den xyzzy", "／room password\u00a0xyzzy"),
        ):
            self.assertTrue(holds_password(typed), ascii(typed))

    def test_others(self) -> None:
        """Nothing else is taken for one."""
        for typed in (
            *("/", "/ ", "/\u00a0", "login ada xyzzy", "//login xyzzy", "\u00a0/who", "/histroy 5"),
            *("/j #den", "/m bob xyzzy", "/q xyzzy"),
            *("/join #den", "/room password", "/me /login", "/dance x y", "／quit"),
        ):
            self.assertFalse(holds_password(typed), ascii(typed))

    def test_not_recalled(self) -> None:
        """None comes back with the arrow keys."""
        editor = Editor(lambda _: (), holds_password)
        hidden = ("\u00a0/login ada xyzzy", "／register xyzzy", "/\u200bpassword a xyzzy")
        for typed in ("hi", *hidden):
            editor.press(Key("text", typed))
            editor.press(Key("enter"))
        for _ in range(3):
            editor.press(Key("up"))
            self.assertEqual(editor.text, "hi")


class CommandTests(SessionCase):
    """What goes to the chat of a command that does not look like one."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def test_carried_out(self) -> None:
        """It goes there as a command, and is never said."""
        for typed in ("\u00a0/login ada PASSWORD", "\u2800／login ada PASSWORD"):
            self.session.typed(typed)
            expected = {"type": "command", "line": "/login ada PASSWORD", "room": "lobby"}
            self.assertEqual(self.chat.take(), [expected])

    def test_goodbye(self) -> None:
        """A goodbye is one however it begins."""
        self.session.typed("\u200b／quit")
        self.assertIs(self.session.state, State.LEAVING)

    def test_escaped(self) -> None:
        """Two slashes say one, of the same width."""
        for typed, said in (("//x", "/x"), ("／／x", "／x"), ("\u00a0//x", "/x")):
            self.session.typed(typed)
            self.assertEqual(self.chat.take()[0]["text"], said)


class AskedCase(SessionCase):
    """A session whose nickname is registered, not yet joined."""

    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def refuse(self, code: str) -> None:
        self.hear(line("error", code=code, text="no"))

    def names(self) -> list[str]:
        """The nicknames of the hellos since the last time."""
        return [request["nick"] for request in self.chat.take() if request["type"] == "hello"]


class NicknameTests(AskedCase):
    """What is typed when another nickname is wanted."""

    def wanted(self, *passwords: str) -> None:
        """Have these refused, and choose another nickname."""
        self.refuse("password-needed")
        for password in passwords:
            self.session.prove(password)
            self.refuse("wrong-password")
        self.session.prove("")
        self.assertIs(self.session.state, State.ASKING)
        self.person.take()
        self.chat.take()

    def check_refused(self, typed: str, why: str) -> None:
        self.session.typed(typed)
        (told,) = self.person.take()
        self.assertTrue(told.startswith("nickname refused: "), told)
        self.assertIn(why, told)
        self.assertIs(self.session.state, State.ASKING)
        self.assertEqual(self.chat.take(), [])

    def test_refused_password(self) -> None:
        """A password that was refused is no nickname, nor is what looks like it."""
        self.wanted("xyzzy", "plugh")
        alike = ("xyzzy", " xyzzy ", "XYZZY", "plugh", "\u200bxyzzy")
        for typed in (*alike, "/nick plugh", "/NICK  xyzzy"):
            self.check_refused(typed, "looks like a password")
        self.session.typed("eve")
        self.assertEqual(self.names(), ["eve"])

    def test_first_password(self) -> None:
        """What is typed blindly after an empty line may be the password, if it is long enough."""
        self.wanted()
        self.check_refused("hunter2hunter2", "may be a password")
        self.session.typed("/nick hunter2hunter2")
        self.assertEqual(self.names(), ["hunter2hunter2"])

    def test_unseen(self) -> None:
        """What was typed while it could not be seen is none, wherever it went."""
        self.refuse("password-needed")
        self.session.prove("xyzzy")
        self.session.prove("plugh")
        self.refuse("nick-taken")
        self.session.prove("fnord")
        self.assertEqual(self.person.errors[-1].code, "not-sent")
        self.person.take()
        self.chat.take()
        for typed in ("xyzzy", "plugh", "fnord"):
            self.check_refused(typed, "looks like a password")

    def test_commands(self) -> None:
        """Nor is a command, though it may have one."""
        self.wanted()
        for typed in ("/login ada xyzzy", "\u00a0/register xyzzy", "／resume x", "/nick"):
            self.check_refused(typed, "a")

    def test_not_asked(self) -> None:
        """Where no password was asked for, a long nickname is one."""
        self.refuse("nick-taken")
        self.chat.take()
        self.session.typed("hunter2hunter2")
        self.assertEqual(self.names(), ["hunter2hunter2"])

    def test_forgotten(self) -> None:
        """Once one has joined, nothing of this is remembered."""
        self.wanted("xyzzy")
        self.session.typed("eve")
        self.hear(welcome(nick="eve", lobby=LOBBY))
        self.session.disconnected()
        self.connect()
        self.refuse("bad-nick")
        self.chat.take()
        self.session.typed("xyzzy")
        self.assertEqual(self.names(), ["xyzzy"])


class KnownTests(AskedCase):
    """A file or the environment has the password."""

    password = "of-a-file"

    def test_no_nickname(self) -> None:
        """It is no nickname, before it was refused and after."""
        self.refuse("bad-nick")
        for _ in range(2):
            self.session.typed("of-a-file")
            self.assertEqual(self.person.errors, [])
            self.assertIn("looks like a password", self.person.take()[-1])
            self.assertIs(self.session.state, State.ASKING)
            self.session.typed("ada")
            self.refuse("password-needed")
            self.refuse("wrong-password")
            self.session.prove("")


class AheadTests(AskedCase):
    """What is typed before the chat has answered."""

    def said_at_last(self) -> list[str]:
        """What was said after the welcome."""
        self.hear(welcome(lobby=LOBBY))
        return [r.get("text") or r.get("line") for r in self.chat.take() if r["type"] != "hello"]

    def test_before_it_was_asked(self) -> None:
        """What was typed before one was asked for a password may be it, and is not said."""
        self.session.typed("xyzzy")
        self.session.typed("/me yawns")
        self.refuse("password-needed")
        expected = ["refused not-sent", "password wanted: password-needed"]
        self.assertEqual(self.person.take(), expected)
        self.assertEqual(self.session.unanswered, 0)
        self.session.prove("xyzzy")
        self.assertEqual(self.said_at_last(), [])

    def test_nor_a_nickname(self) -> None:
        """Nor does it become a nickname."""
        self.session.typed("xyzzy")
        self.refuse("password-needed")
        self.session.prove("")
        self.chat.take()
        self.session.typed("xyzzy")
        self.assertEqual(self.names(), [])

    def test_again(self) -> None:
        """A password that was refused is not said because another nickname does."""
        self.refuse("password-needed")
        self.session.prove("xyzzy")
        self.refuse("wrong-password")
        self.session.prove("")
        self.session.typed("eve")
        self.session.typed("Xyzzy")
        self.session.typed("hello")
        self.assertEqual(self.person.errors[-1].text, "not sent: that looks like a password")
        self.assertEqual(self.said_at_last(), ["hello"])

    def test_known(self) -> None:
        """If one is not asked at all, what was typed ahead is said."""
        self.session.typed("hello")
        self.assertEqual(self.said_at_last(), ["hello"])

    def test_offline(self) -> None:
        """A password may be typed again while the connection is made anew, and is not seen then."""
        self.hear(welcome(lobby=LOBBY))
        self.session.disconnected()
        self.connect()
        self.refuse("password-needed")
        self.assertTrue(self.session.secretive)
        self.session.disconnected()
        self.session.prove("xyzzy")
        self.assertTrue(self.session.secretive)
        self.session.prove("xyzzy")
        self.connect()
        self.hear(welcome(200, lobby=LOBBY))
        self.assertFalse(self.session.secretive)
        self.assertEqual(self.session.unanswered, 0)


def ask_password(peer: Peer, one: Terminal) -> None:
    """Have the chat ask for the nickname's password."""
    peer.hears("hello")
    peer.says(line("error", code="password-needed", text="ada is registered"))
    one.shows("-- ada is registered", "Password for ada:")


def test_password_after_an_empty_line(peer: Peer) -> None:
    """A password typed at once after an empty line is not seen, and is no nickname."""
    with opened(peer) as one:
        peer.accept()
        ask_password(peer, one)
        one.type("\rxyzzy\r")
        one.shows("-- not sent: you could not see what you typed", "nickname:")
        assert b"xyzzy" not in one.written
        one.type("xyzzy\r")
        one.shows("-- that looks like a password: choose a nickname", "nickname:")
        one.type("\x1b[A")
        one.type("\reve\r")
        assert peer.hears("hello")["nick"] == "eve"


def test_password_begun_too_late(peer: Peer) -> None:
    """A password that is typed again while the first one proves to be right is not said."""
    with opened(peer) as one:
        peer.accept()
        ask_password(peer, one)
        one.type("xyzzy\rxyz")
        assert peer.hears("hello")["password"] == "xyzzy"
        peer.says(welcome(peer.new_id(), lobby=LOBBY))
        one.shows("-- you joined lobby: bob (2 here)", "Password for ada:")
        one.type("zy\r")
        one.shows("-- not sent: you could not see what you typed", "lobby>")
        one.type("hi\r")
        assert peer.acknowledges() == "hi"
        one.type("\x1b[A\x1b[A")
        one.shows("ada: hi", "lobby> hi")
        assert not any(word in one.written for word in (b"xyz", b"zy"))


def test_password_begun_too_early(peer: Peer) -> None:
    """What was typed before the prompt came is not said later, nor remembered."""
    with opened(peer) as one:
        peer.accept()
        peer.hears("hello")
        one.type("xyzzy\rxyz")
        one.shows(f"connecting to {peer.address} ... xyz")
        peer.says(line("error", code="password-needed", text="ada is registered"))
        one.shows("-- ada is registered", "Password for ada:")
        one.type("xyzzy\r")
        assert peer.hears("hello")["password"] == "xyzzy"
        peer.says(welcome(peer.new_id(), lobby=LOBBY))
        one.shows("-- you joined lobby: bob (2 here)", "lobby>")
        one.type("\x1b[Ahi\r")
        assert peer.acknowledges() == "hi"


def test_command_behind_a_blank(peer: Peer) -> None:
    """The line of the report: nobody in the room reads it, and it does not come back."""
    with opened(peer) as one:
        peer.welcomes(lobby=LOBBY)
        one.shows("-- you joined lobby: bob (2 here)", "lobby>")
        one.type("\u00a0/login ada PASSWORD\r")
        assert peer.hears("command")["line"] == "/login ada PASSWORD"
        one.type("\x1b[Ax")
        one.shows("lobby> x")
