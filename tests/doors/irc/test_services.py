"""What people write to NickServ, ChanServ and the chat itself."""

from __future__ import annotations

from twisted.logger import capturedLogs

from tests.conversation import each_row
from tests.doors.irc.asking import Client, ClientCase

PASSWORD = "wonderful-days"
OTHER = "better-days-2"
SECRETS = (PASSWORD, OTHER)


def notices(lines: list[str], by: str = "NickServ") -> list[str]:
    """List the sentences of a service in lines."""
    head = f":{by}!chatservice@chatservice NOTICE "
    return [line.partition(" :")[2] for line in lines if head in line]


class ServiceCase(ClientCase):
    """Ada, an IRC client."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.client("ada", "JOIN #lobby", "JOIN #den")

    def waiting(self, *lines: str) -> Client:
        """Make a client that waits with the nickname of ada's, which is registered."""
        client = Client(self.connect())
        client.sends(*lines, "NICK ada", "USER a 0 * :A")
        client.sees()
        return client


class NickServTests(ServiceCase):
    """NickServ."""

    @each_row(
        {
            "as a message": "PRIVMSG NickServ :",
            "by the short name": "PRIVMSG ns :",
            "as a verb": "NickServ ",
            "as a short verb": "NS ",
        }
    )
    def test_ways(self, way: str) -> None:
        """However it is addressed, it answers with notices of its own."""
        self.assertEqual(
            notices(self.ada.asks(f"{way}REGISTER {PASSWORD}")),
            ["ada is yours: from now on you need your password to use it"],
        )

    def test_life_of_an_account(self) -> None:
        """A nickname is registered, proved, given another password, and given up."""
        registered = self.ada.asks(f"NS REGISTER {PASSWORD} ada@example.org")
        self.assertIn(" 900 ada ", registered[0])
        self.assertIn(" 901 ", self.ada.asks("NS LOGOUT")[0])
        self.assertIn(" 900 ada ", self.ada.asks(f"NS ID ada {PASSWORD}")[0])
        (told,) = notices(self.ada.asks(f"NS SET PASSWORD {PASSWORD} {OTHER}"))
        self.assertTrue(told.startswith("the password of ada is changed"))
        self.assertIn("registered since", notices(self.ada.asks("NS INFO"))[0])
        (told,) = notices(self.ada.asks(f"NS DROP {OTHER}"))
        self.assertTrue(told.startswith("ada is no longer registered"))

    def test_ghost(self) -> None:
        """GHOST with the password takes the nickname back from somebody else who has it."""
        self.ada.sends(f"NS REGISTER {PASSWORD}", "QUIT")
        bob = self.client("bob")
        lines = bob.asks(f"NS GHOST ada {PASSWORD}")
        self.assertEqual(notices(lines), ["you are logged in as ada"])

    def test_ghost_of_oneself(self) -> None:
        """GHOST closes the other connections of somebody who is logged in."""
        self.ada.sends(f"NS REGISTER {PASSWORD}")
        other = self.waiting(f"PASS {PASSWORD}")
        self.assertEqual(notices(self.ada.asks("NS RELEASE ADA")), ["1 connection is closed"])
        self.assertTrue(other.sees()[-1].startswith("ERROR "))

    @each_row(
        {
            "no password": ("REGISTER", "use it like this: REGISTER PASSWORD"),
            "a bad password": ("REGISTER x", "a password must have at least 8 characters"),
            "a password with a space": (
                f"REGISTER {PASSWORD} x",
                "a password must not contain a space: use hyphens instead",
            ),
            "another setting": ("SET EMAIL a b", "use it like this: SET PASSWORD OLD NEW"),
            "ghost without a password": (
                "GHOST bob",
                "use it like this: GHOST NICK [PASSWORD]",
            ),
            "a wrong password": (f"IDENTIFY bob {PASSWORD}", "wrong nickname or password"),
        }
    )
    def test_mistakes(self, row: tuple[str, str]) -> None:
        """A mistake is told by it too, in its own words."""
        text, expected = row
        self.assertEqual(notices(self.ada.asks(f"PRIVMSG NickServ :{text}")), [expected])

    def test_next_mistake(self) -> None:
        """Later mistakes are told as ever."""
        self.ada.sends("NS REGISTER")
        self.assertIn(" 401 ", self.ada.asks("PRIVMSG nobody :hi")[0])

    @each_row({"a word": "HELP", "any other word": "x", "nothing": ""})
    def test_help(self, text: str) -> None:
        """Any other word is answered with those that it understands."""
        lines = notices(self.ada.asks(f"NS {text}"))
        self.assertIn("LOGOUT: be a guest again", lines)

    def test_silence(self) -> None:
        """It answers neither notices nor requests of clients to clients."""
        self.assertEqual(self.ada.asks("NOTICE NickServ :HELP"), [])
        self.assertEqual(self.ada.asks("PRIVMSG NickServ :\x01VERSION\x01"), [])

    def test_label(self) -> None:
        """The answer to a verb has its label."""
        (line,) = self.ada.asks("@label=x NS IDENTIFY")
        self.assertTrue(line.startswith("@label=x :NickServ!"))

    def test_secrets(self) -> None:
        """Nothing that is written to it is logged, or shown to anybody."""
        bob = self.at_text("bob")
        with capturedLogs() as events:
            lines = self.ada.asks(
                "CAP REQ echo-message",
                f"PRIVMSG NickServ :REGISTER {PASSWORD}",
                f"PRIVMSG NickServ :SET PASSWORD {OTHER} {PASSWORD}",
                f"PRIVMSG NickServ :{PASSWORD}",
                f"NS IDENTIFY {PASSWORD} {OTHER}",
                f"REGISTER * * {OTHER}",
            )
        shown = f"{lines}{bob.sees()}{[str(event) for event in events]}"
        for secret in SECRETS:
            self.assertNotIn(secret, shown)


class EarlyTests(ServiceCase):
    """NickServ before joining."""

    @each_row(
        {
            "as a message": "PRIVMSG NickServ :IDENTIFY ",
            "with the nickname": "PRIVMSG NickServ :ID ada ",
            "as a verb": "NS IDENTIFY ",
        }
    )
    def test_identify(self, words: str) -> None:
        """A client that waits with a registered nickname proves it, and is in."""
        self.ada.sends(f"NS REGISTER {PASSWORD}")
        client = self.waiting()
        self.assertIn(" 001 ada ", client.asks(f"{words}{PASSWORD}")[0])

    def test_wrong(self) -> None:
        """After a wrong password it waits for another one."""
        self.ada.sends(f"NS REGISTER {PASSWORD}")
        client = self.waiting()
        self.assertIn(" 464 ", client.asks("NS IDENTIFY wrong")[0])
        self.assertIn(" 001 ", client.asks(f"NS IDENTIFY {PASSWORD}")[0])

    @each_row(
        {
            "a line": "PRIVMSG #lobby :IDENTIFY x",
            "another word": "PRIVMSG NickServ :HELP",
            "no password": "PRIVMSG NickServ :IDENTIFY",
            "another service": "CS IDENTIFY x",
        }
    )
    def test_too_early(self, line: str) -> None:
        """Everything else must wait until it has joined."""
        verb = line.split()[0]
        client = Client(self.connect())
        client.sends("NICK bob")
        self.assertEqual(
            client.asks(line), [f":chatservice 451 bob :join first: {verb} must wait"]
        )


class ChanServTests(ServiceCase):
    """ChanServ; ada runs #den, but her current room is another one."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.client("bob", "JOIN #den")
        self.ada.sends("PRIVMSG chatservice :join lobby")
        self.ada.sees()

    @each_row(
        {
            "OP": ("OP #den bob", " MODE #den +o bob"),
            "VOICE": ("VOICE #den bob", " MODE #den +v bob"),
            "KICK": ("KICK #den bob go", " KICK #den bob :go"),
            "BAN": ("BAN #den x!*@* 2h", " MODE #den +b x!*@*"),
            "SET": ("SET #den moderated on", " MODE #den +m"),
        }
    )
    def test_words(self, row: tuple[str, str]) -> None:
        """Each word acts on the room that it names, whatever the current one is."""
        text, expected = row
        self.assertTrue(self.ada.asks(f"PRIVMSG ChanServ :{text}")[0].endswith(expected))

    def test_back(self) -> None:
        """What was given is taken away again."""
        self.ada.sends("CS OP #den bob", "CS VOICE #den bob", "CS BAN #den x!*@*")
        self.assertTrue(self.ada.asks("CS DEOP #den bob")[0].endswith(" MODE #den -o bob"))
        self.assertTrue(self.ada.asks("CS DEVOICE #den bob")[0].endswith(" MODE #den -v bob"))
        self.assertTrue(self.ada.asks("CS UNBAN #den x!*@*")[0].endswith(" MODE #den -b x!*@*"))

    def test_oneself(self) -> None:
        """Without a nickname a word is about the member itself."""
        self.assertEqual(
            notices(self.ada.asks("CS OP #den"), "ChanServ"),
            ["ada is an operator of #den already"],
        )

    def test_invite(self) -> None:
        """INVITE invites."""
        eve = self.client("eve")
        self.ada.sends("CS INVITE #den eve")
        self.assertTrue(eve.sees()[0].endswith(" INVITE eve #den"))

    def test_register(self) -> None:
        """REGISTER makes a room its operator's for good."""
        self.ada.sends(f"NS REGISTER {PASSWORD}", "CS REGISTER #den")
        self.assertEqual(
            notices(self.ada.asks("CS INFO #den"), "ChanServ")[0], "#den is owned by ada"
        )

    @each_row(
        {
            "no channel": ("OP", "use it like this: OP #CHANNEL [NICK]"),
            "no nickname": ("KICK #den", "use it like this: KICK #CHANNEL NICK [WHY]"),
            "no such channel": ("OP #x bob", "there is no such channel"),
            "no power": ("OP #lobby bob", "only an operator of lobby may do that"),
        }
    )
    def test_mistakes(self, row: tuple[str, str]) -> None:
        """A mistake is told by it too, in its own words."""
        text, expected = row
        self.assertEqual(notices(self.ada.asks(f"CHANSERV {text}"), "ChanServ"), [expected])

    def test_help(self) -> None:
        """HELP lists the words."""
        lines = notices(self.ada.asks("CS HELP"), "ChanServ")
        self.assertIn("REGISTER #CHANNEL: make a channel that you run yours for good", lines)


class ChatTests(ServiceCase):
    """The chat itself."""

    def test_command(self) -> None:
        """It carries out any command, with a slash or without one, and answers with notices."""
        for text in ("who", "/who"):
            lines = self.ada.asks(f"PRIVMSG chatservice :{text}")
            self.assertEqual(notices(lines, "chatservice"), ["ada: lobby, #den"])

    def test_history(self) -> None:
        """Past lines are in its answer; one that is too long comes in pieces."""
        self.at_text("bob").types("long " * 200)
        lines = notices(self.ada.asks("PRIVMSG chatservice :history #lobby"), "chatservice")
        self.assertIn("bob: long long", lines[0])
        self.assertEqual(" ".join(lines).count("long"), 200)

    def test_unknown(self) -> None:
        """It tells mistakes too."""
        (line,) = notices(self.ada.asks("PRIVMSG chatservice :nonsense"), "chatservice")
        self.assertTrue(line.startswith("there is no command /nonsense"))


class TurnedTests(ServiceCase):
    """Clients that log in to somebody who is here already, or out while others stay."""

    def setUp(self) -> None:
        super().setUp()
        self.ada.sends(f"NS REGISTER {PASSWORD}")
        self.guest = self.client("guest", "JOIN #lobby", "JOIN #other")

    def test_in(self) -> None:
        """The client is told its nickname and account first, and which room it is no longer in."""
        lines = self.guest.asks(f"NS IDENTIFY ada {PASSWORD}")
        self.assertTrue(lines[0].startswith(":guest!") and lines[0].endswith(" NICK ada"))
        self.assertIn(" 900 ada ", lines[1])
        self.assertTrue(lines[2].endswith(" PART #other"))
        rooms = [line.split()[-1] for line in lines if " JOIN " in line]
        self.assertEqual(rooms, ["#lobby", "#den"])
        self.assertEqual(sum(" NICK " in line for line in lines), 1)

    def test_out(self) -> None:
        """Logging out there makes the client a guest, and tells it so, once."""
        self.guest.sends(f"NS IDENTIFY ada {PASSWORD}")
        lines = self.guest.asks("NS LOGOUT")
        self.assertTrue(lines[0].startswith(":ada!") and " NICK guest" in lines[0])
        self.assertIn(" 901 guest", lines[1])
        self.assertEqual(sum(" NICK " in line for line in lines), 1)
        self.assertIn(" 401 ", self.guest.asks("PRIVMSG nobody :hi")[0])

    def test_out_of_no_room(self) -> None:
        """So does logging out of somebody who is in no room."""
        self.guest.sends(f"NS IDENTIFY ada {PASSWORD}", "JOIN 0")
        lines = self.guest.asks("NS LOGOUT")
        self.assertTrue(lines[0].startswith(":ada!") and " NICK guest" in lines[0])
        self.assertIn(" 901 guest", lines[1])
