"""From the first line of a client to its welcome, or to the reason why it may not join."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from chatservice.sessions.session import JOIN_TIMEOUT
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import IrcPerson, brief, of

SECRET = "correct-horse"

ORDERS = {
    " ".join(line.split()[0] for line in lines): lines
    for lines in permutations(("NICK ada", "USER ada 0 * :Ada L", "CAP REQ batch", "PING x"))
}

REFUSED_NICKS = {
    "a backslash": ("a\\b", "432"),
    "a brace": ("{ada}", "432"),
    "a dot": (".ada", "432"),
    "a digit's": ("", "431"),
    "too long": ("a" * 33, "432"),
    "reserved": ("chatservice", "432"),
    "a service": ("NickServ", "432"),
    "a channel": ("#ada", "432"),
    "several": ("ada,bob", "432"),
    "a mask": ("a*", "432"),
    "a source": ("ada!a@b", "432"),
    "taken": ("bob", "433"),
    "in another case": ("BOB", "433"),
    "one that looks alike": ("b\u043eb", "433"),
}


class RegistrationTests(IrcCase):
    """NICK, USER and the welcome."""

    @each_row(ORDERS)
    def test_order(self, lines: tuple[str, ...]) -> None:
        """The lines may come in any order; there is one welcome when all is there."""
        ada = self.client()
        ada.sends(*lines, "CAP END")
        numerics = ada.numerics()
        self.assertEqual(numerics[:5], ["001", "002", "003", "004", "005"])
        self.assertEqual(numerics.count("001"), 1)
        self.assertEqual(ada.asks("PING x")[0].verb, "PONG")

    def test_welcome(self) -> None:
        """The welcome names the client, the server, its features, how many are here, the MOTD."""
        self.rules = replace(self.rules, name="My Chat", motd=("tea at five", "x" * 1000))
        self.open_chat()
        ada = self.stranger()
        ada.joins("ada")
        lines = ada.sees()
        self.assertEqual({line.source for line in lines if line.verb.isdigit()}, {"My-Chat"})
        self.assertEqual({line.params[0] for line in lines}, {"ada"})
        first = lines[0]
        self.assertRegex(first.text, r"^Welcome to My Chat, ada!~ada@[a-z]{10}\.chat$")
        verbs = [line.verb for line in lines if line.verb.isdigit()]
        self.assertEqual(
            [verb for verb, last in zip(verbs, ["", *verbs], strict=False) if verb != last],
            ["001", "002", "003", "004", "005", "251", "252", "253", "254", "255", "265", "266",
             "375", "372", "376"],
        )
        self.assertIn("- tea at five", [line.text for line in of(lines, "372")])
        features = [word for line in of(lines, "005") for word in line.params[1:-1]]
        self.assertIn("NETWORK=My\\x20Chat", features)
        self.assertTrue(all(len(line.params) <= 15 for line in lines))
        self.assertEqual(len(features), len({word.partition("=")[0] for word in features}))

    def test_guest(self) -> None:
        """A guest comes into no room, and is told of the lobby; nobody is told of the guest."""
        bob = self.at_text("bob")
        ada = self.stranger()
        ada.joins("ada")
        lines = ada.sees()
        self.assertIn("422", [line.verb for line in lines])
        self.assertEqual(lines[-1].verb, "NOTICE")
        self.assertIn("/join #lobby", lines[-1].text)
        self.assertEqual(of(lines, "JOIN"), [])
        self.assertEqual(bob.sees(), [])
        self.assertEqual(ada.asks("JOIN #lobby")[0].params, ["#lobby"])
        self.assertEqual(bob.sees(), ["-- ada joined lobby"])

    @each_row(
        {
            "short": ("a", "~a"),
            "long": ("abcdefghijkl", "~abcdefgh"),
            "odd": ("a!@ü b", "~a"),
            "with a tilde": ("~ada", "~ada"),
            "nothing that can be had": ("@", "~"),
        }
    )
    def test_user(self, row: tuple[str, str]) -> None:
        """The user name is shown with a tilde, as far as it is letters, digits and the like."""
        name, shown = row
        ada = self.stranger()
        ada.sends("NICK ada", f"USER {name} 0 * :A")
        source = ada.asks("JOIN #lobby")[0].source
        user = source.partition("!")[2].partition("@")[0]
        self.assertTrue(user.startswith(shown), source)
        self.assertLessEqual(len(user), 10)

    @each_row(REFUSED_NICKS)
    def test_refused(self, row: tuple[str, str]) -> None:
        """A nickname that cannot be had gets its numeric, and the client takes another one."""
        self.at_text("bob")
        wanted, numeric = row
        for order in (0, 1):
            ada = self.stranger()
            lines = [f"NICK :{wanted}", "USER a 0 * :A"]
            ada.sends(*(lines if order else reversed(lines)))
            (refusal,) = [line for line in ada.sees() if line.verb.isdigit()]
            self.assertEqual(refusal.verb, numeric)
            self.assertIn(refusal.params[0], ("*", wanted))
        self.assertIn("001", ada.numerics("NICK ada"))

    @each_row(
        {
            "no parameters": ("USER", "461"),
            "too few": ("USER a 0 *", "461"),
            "an empty real name": ("USER a 0 * :", "461"),
            "a blank one": ("USER a 0 * : ", "461"),
            "no nickname": ("NICK", "431"),
            "an empty nickname": ("NICK :", "431"),
            "no password": ("PASS", "461"),
            "nothing to answer": ("PING", "461"),
            "no piece": ("AUTHENTICATE", "461"),
            "joining too early": ("JOIN :", "451"),
            "joining with a room": ("JOIN #lobby", "451"),
            "talking too early": ("PRIVMSG bob :hi", "451"),
            "an unknown verb": ("NONSENSE", "451"),
            "a command of the chat's": ("CATCHUP", "451"),
        }
    )
    def test_mistakes(self, row: tuple[str, str]) -> None:
        """A mistake before joining gets its numeric, and costs nothing."""
        line, numeric = row
        ada = self.client()
        self.assertEqual(ada.numerics(line), [numeric])
        self.assertIn("001", ada.numerics("NICK ada", "USER a 0 * :A"))

    def test_irssi(self) -> None:
        """The first lines of irssi bring it in, with one 451 that it does not mind."""
        ada = self.stranger()
        numerics = ada.numerics("CAP LS 302", "JOIN :", "CAP REQ :multi-prefix setname", "CAP END",
                                "NICK ada", "USER ada ada localhost :Ada")
        self.assertEqual(numerics[:2], ["451", "001"])

    def test_once(self) -> None:
        """A client that has joined cannot register again."""
        ada = self.at_irc("ada")
        self.assertEqual(ada.numerics("USER b 0 * :B", "PASS x"), ["462", "462"])

    def test_quit(self) -> None:
        """QUIT before joining closes, with ERROR; the nickname stays free."""
        ada = self.stranger()
        lines = ada.asks("NICK ada", "QUIT :bye")
        self.assertEqual([line.verb for line in lines], ["ERROR"])
        self.assertIsNotNone(ada.wire.lost)
        self.at_text("ada")

    def test_too_late(self) -> None:
        """A client that does not join in time is told so before the connection is closed."""
        ada = self.stranger()
        ada.sends("CAP LS 302")
        self.clock.advance(JOIN_TIMEOUT)
        self.assertIn("you have not joined", of(ada.sees(), "ERROR")[0].text)
        self.assertIsNotNone(ada.wire.lost)


class ProofTests(IrcCase):
    """A nickname that is registered."""

    def setUp(self) -> None:
        super().setUp()
        text = self.at_text("ada")
        text.types(f"/register {SECRET}")
        text.types("/quit")
        self.assertIn("ada is yours", "".join(text.sees()))

    def assert_is_ada(self, person: IrcPerson) -> None:
        """Check that somebody is in as ada, with the account and its rooms."""
        lines = person.sees()
        self.assertIn("001", [line.verb for line in lines])
        self.assertEqual(brief(of(lines, "JOIN")), ["ada JOIN #lobby"])
        self.assertEqual([line.params[2] for line in of(person.asks("WHOIS ada"), "330")], ["ada"])

    @each_row({"the account's": f"PASS :ada:{SECRET}", "the nickname's": f"PASS :{SECRET}"})
    def test_pass(self, line: str) -> None:
        """PASS proves an account by its name and password, or the nickname by its password."""
        for order in permutations((line, "NICK ada", "USER a 0 * :A")):
            ada = self.stranger()
            ada.sends("CAP LS 302", *order, "CAP END")
            self.assert_is_ada(ada)
            ada.sends("QUIT")

    def test_pass_of_an_account(self) -> None:
        """PASS with an account's name proves it under another nickname too."""
        ada = self.stranger()
        ada.sends(f"PASS :ada:{SECRET}", "NICK bob", "USER a 0 * :A")
        self.assertEqual(brief(of(ada.sees(), "JOIN")), ["bob JOIN #lobby"])
        self.assertEqual([line.params[1:3] for line in of(ada.asks("WHOIS bob"), "330")],
                         [["bob", "ada"]])

    def test_colon(self) -> None:
        """A password may have a colon in it."""
        text = self.at_text("eve")
        text.types("/register ada:and:eve")
        text.types("/quit")
        eve = self.stranger()
        eve.sends("PASS :eve:ada:and:eve", "NICK eve", "USER a 0 * :A")
        self.assertIn("001", eve.numerics())
        eve = self.stranger()
        eve.sends("PASS :nobody:and:eve", "NICK eve", "USER a 0 * :A")
        self.assertEqual(eve.numerics(), ["464"])

    @each_row(
        {
            "PASS": f"PASS :{SECRET}",
            "PASS with the account": f"PASS :ada:{SECRET}",
            "NickServ": f"PRIVMSG NickServ :IDENTIFY {SECRET}",
            "NickServ with the account": f"PRIVMSG nickserv :identify ada {SECRET}",
            "NS": f"NS IDENTIFY {SECRET}",
            "another nickname": "NICK bob",
        }
    )
    def test_without_proof(self, line: str) -> None:
        """Without proof it is 433 and a hint; each of the ways in the hint then works."""
        ada = self.stranger()
        ada.joins("ada")
        refusal, hint = ada.sees()
        self.assertEqual((refusal.verb, refusal.params[1]), ("433", "ada"))
        self.assertEqual((hint.nick, hint.verb), ("NickServ", "NOTICE"))
        for way in ("SASL", "/quote PASS", "/msg NickServ IDENTIFY", "/nick"):
            self.assertIn(way, hint.text)
        ada.sends(line)
        if line == "NICK bob":
            self.assertIn("001", ada.numerics())
        else:
            self.assert_is_ada(ada)

    def test_wrong(self) -> None:
        """A wrong password is 464 and costs a try; the third one closes the connection."""
        ada = self.stranger()
        ada.joins("ada", password="wrong")
        self.assertEqual([line.verb for line in ada.sees()], ["464"])
        self.assertEqual([line.verb for line in ada.asks("PASS wrong")], ["464"])
        self.assertIsNone(ada.wire.lost)
        (last,) = ada.asks("PASS wrong")
        self.assertEqual(last.verb, "ERROR")
        self.assertIn("wrong nickname or password", last.text)
        self.assertIsNotNone(ada.wire.lost)

    def test_right_at_last(self) -> None:
        """Two wrong passwords and the right one bring one in."""
        ada = self.stranger()
        ada.joins("ada", password="wrong")
        ada.sends("PASS wrong")
        ada.sees()
        ada.sends(f"PASS :{SECRET}")
        self.assert_is_ada(ada)

    def test_a_guest_needs_none(self) -> None:
        """A password for a nickname that nobody has is wrong, and another line without it joins."""
        bob = self.stranger()
        bob.joins("bob", password="sesame street")
        self.assertEqual(bob.numerics(), ["464"])
        self.assertIn("001", bob.numerics("NICK bob"))

    def test_comes_alongside(self) -> None:
        """The same account connects once more: one person, with two connections."""
        bob = self.at_text("bob")
        first = self.at_irc("ada", password=SECRET)
        bob.sees()
        second = self.stranger()
        second.joins("ada", password=SECRET)
        self.assert_is_ada(second)
        self.assertEqual(bob.sees(), [])
        self.assertIsNone(first.wire.lost)

    def test_guests_are_apart(self) -> None:
        """A guest's second connection is another person, who needs another nickname."""
        self.at_irc("bob")
        other = self.stranger()
        other.joins("bob")
        self.assertEqual(other.numerics(), ["433"])
