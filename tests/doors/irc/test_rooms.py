"""JOIN, PART, TOPIC, KICK and INVITE."""

from __future__ import annotations

from chatservice.chat.rooms import ROOMS_PER_MEMBER
from chatservice.doors.irc.isupport import TEXT_BYTES
from chatservice.doors.irc.naming import NAMES_BYTES
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, IrcPerson, brief, of
from tests.journals import HeldJournal
from tests.operating import PASSWORD, OperatorCase

MISTAKES = {
    "JOIN": ("JOIN", "461", ["JOIN"]),
    "a room without its mark": ("JOIN lobby", "403", ["lobby"]),
    "another mark": ("JOIN &lobby", "403", ["&lobby"]),
    "no name": ("JOIN #", "403", ["#"]),
    "a name that cannot be": ("JOIN ##x", "403", ["##x"]),
    "a name that is too long": (f"JOIN #{'x' * 51}", "403", [f"#{'x' * 51}"]),
    "a control character": ("JOIN #a\x07b", "403", ["#ab"]),
    "PART": ("PART", "461", ["PART"]),
    "leaving none": ("PART #nope", "403", ["#nope"]),
    "leaving one without its mark": ("PART den", "403", ["den"]),
    "leaving another one": ("PART #den", "442", ["#den"]),
    "TOPIC": ("TOPIC", "461", ["TOPIC"]),
    "the topic of none": ("TOPIC #nope", "403", ["#nope"]),
    "no topic": ("TOPIC #mine", "331", ["#mine"]),
    "a topic for none": ("TOPIC #nope :tea", "403", ["#nope"]),
    "a topic for another one": ("TOPIC #den :tea", "442", ["#den"]),
    "KICK": ("KICK #mine", "461", ["KICK"]),
    "a kick from none": ("KICK #nope bob", "403", ["#nope"]),
    "a kick from another one": ("KICK #den bob", "442", ["#den"]),
    "a kick without the right": ("KICK #lobby bob", "482", ["#lobby"]),
    "a kick of nobody": ("KICK #mine nobody", "401", ["nobody"]),
    "a kick of somebody elsewhere": ("KICK #mine bob", "441", ["bob", "#mine"]),
    "INVITE": ("INVITE bob", "461", ["INVITE"]),
    "an invitation of nobody": ("INVITE nobody #mine", "401", ["nobody"]),
    "an invitation to none": ("INVITE bob #nope", "403", ["#nope"]),
    "an invitation to another one": ("INVITE bob #den", "442", ["#den"]),
    "an invitation of somebody there": ("INVITE bob #lobby", "443", ["bob", "#lobby"]),
}


class MistakeTests(IrcCase):
    """What cannot be done."""

    @each_row(MISTAKES)
    def test_mistakes(self, row: tuple[str, str, list[str]]) -> None:
        """Each mistake has its numeric, which names what it is about; nobody else is told."""
        line, numeric, about = row
        bob = self.at_text("bob")
        bob.types("/join den")
        ada = self.at_irc("ada", "JOIN #lobby,#mine")
        bob.sees()
        (answer,) = ada.asks(line)
        self.assertEqual((answer.verb, answer.params[:-1]), (numeric, ["ada", *about]))
        self.assertEqual(bob.sees(), [])


class EnteringTests(IrcCase):
    """JOIN and PART."""

    def test_burst(self) -> None:
        """A newcomer sees the topic, who set it, and the names, under the room's proper name."""
        self.at_text("bob").types("/topic tea at five")
        ada = self.at_irc("ada")
        lines = ada.asks("JOIN #LOBBY")
        self.assertEqual([line.verb for line in lines], ["JOIN", "332", "333", "353", "366"])
        self.assertEqual({line.params[0 if line.verb == "JOIN" else -2] for line in lines[:2]},
                         {"#lobby"})
        self.assertEqual(lines[1].text, "tea at five")
        self.assertRegex(" ".join(lines[2].params[1:]),
                         r"^#lobby bob!~text@[a-z]{10}\.chat 1795262400$")
        self.assertEqual(lines[3].params[1:3], ["=", "#lobby"])
        self.assertEqual(sorted(lines[3].text.split()), ["ada", "bob"])

    def test_own_capabilities(self) -> None:
        """The names have all roles, and hosts, and JOIN an account, for clients that ask so."""
        bob = self.at_text("bob")
        bob.types("/join den")
        bob.types("/voice bob")
        plain, full = self.at_irc("ada"), self.at_irc("eve", caps=ALL)
        (names,) = of(plain.asks("JOIN #den"), "353")
        self.assertEqual(sorted(names.text.split()), ["@bob", "ada"])
        lines = full.asks("JOIN #den")
        self.assertEqual(lines[0].params, ["#den", "*", "The real eve"])
        (names,) = of(lines, "353")
        self.assertIn("@+bob!~text@", names.text)

    def test_nothing_missed(self) -> None:
        """A newcomer, whose client marks lines as read, has missed nothing: nobody counts it."""
        journal, counted = HeldJournal(), []
        self.open_chat(journal)
        self.patch(journal, "missed", lambda **facts: counted.append(facts))
        ada = IrcPerson(self.connect())
        ada.joins("ada", "draft/read-marker")
        ada.sends("JOIN #lobby")
        journal.release(self.clock)
        self.assertIn("366", [line.verb for line in ada.sees()])
        self.assertEqual(counted, [])

    def test_many_names(self) -> None:
        """Names that do not fit into a line come in several, each of which fits."""
        nicks = [f"somebody{number:03}" for number in range(60)]
        for nick in nicks:
            self.at_text(nick)
        ada = self.at_irc("ada", caps="userhost-in-names")
        chunks = [line.text for line in of(ada.asks("JOIN #lobby"), "353")]
        self.assertGreater(len(chunks), 5)
        self.assertLessEqual(max(map(len, chunks)), NAMES_BYTES)
        found = [mask.partition("!")[0] for chunk in chunks for mask in chunk.split()]
        self.assertEqual(sorted(found), ["ada", *nicks])

    def test_secret(self) -> None:
        """The names of a secret room are marked as such."""
        ada = self.at_irc("ada", "JOIN #den", "MODE #den +s")
        self.assertEqual([line.params[1] for line in of(ada.asks("NAMES #den"), "353")], ["@"])

    def test_several(self) -> None:
        """Several rooms are entered in one line, whatever is wrong with some of them."""
        ada = self.at_irc("ada")
        lines = ada.asks("JOIN #a,,b,#c,#a")
        self.assertEqual([line.text for line in of(lines, "JOIN")], ["#a", "#c"])
        self.assertEqual([line.params[1] for line in of(lines, "403")], ["b"])
        self.assertEqual(len(of(ada.asks("PART #a,#nope,#c :tea"), "PART")), 2)

    def test_again(self) -> None:
        """Entering a room twice says nothing, and leaving it twice is 442 or 403."""
        ada = self.at_irc("ada", "JOIN #lobby")
        self.at_text("bob")
        ada.sees()
        self.assertEqual(ada.asks("JOIN #lobby"), [])
        ada.sends("PART #lobby")
        ada.sees()
        self.assertEqual(ada.numerics("PART #lobby"), ["442"])

    def test_leave_all(self) -> None:
        """JOIN 0 leaves every room."""
        ada = self.at_irc("ada", "JOIN #a,#b,#lobby")
        self.assertEqual(sorted(brief(ada.asks("JOIN 0"))),
                         ["ada PART #a", "ada PART #b", "ada PART #lobby"])

    def test_too_many(self) -> None:
        """One room more than anybody may be in is 405."""
        ada = self.at_irc("ada")
        names = [f"#room{number}" for number in range(ROOMS_PER_MEMBER + 1)]
        for name in names[:-1]:
            ada.sends(f"JOIN {name}")
        self.assertEqual(len(of(ada.sees(), "JOIN")), ROOMS_PER_MEMBER)
        (answer,) = ada.asks(f"JOIN {names[-1]}")
        self.assertEqual((answer.verb, answer.params[1]), ("405", names[-1]))

    @each_row(
        {
            "invite-only": ("/room invite-only on", "473", ""),
            "a password": ("/room password tea-4-two", "475", ""),
            "a wrong password": ("/room password tea-4-two", "475", " tea"),
            "a limit": ("/room limit 1", "471", ""),
            "a ban": ("/ban ada", "474", ""),
            "a ban by mask": ("/ban *!~ada@*", "474", ""),
        }
    )
    def test_closed(self, row: tuple[str, str, str]) -> None:
        """A numeric tells why a member cannot enter; an invitation opens all but a ban."""
        typed, numeric, key = row
        bob, ada = self.at_text("bob"), self.at_irc("ada")
        bob.types("/join den")
        bob.types(typed)
        (answer,) = ada.asks(f"JOIN #den{key}")
        self.assertEqual((answer.verb, answer.params[1]), (numeric, "#den"))
        bob.types("/invite ada")
        bob.sees()
        is_in = bool(of(ada.asks(f"JOIN #den{key}"), "JOIN"))
        self.assertEqual(is_in, numeric != "474")

    def test_keys(self) -> None:
        """Keys belong to the rooms in their order."""
        bob = self.at_text("bob")
        for room in ("one", "two"):
            bob.types(f"/join {room}")
            bob.types(f"/room password key-of-{room}")
        ada = self.at_irc("ada")
        self.assertEqual(ada.numerics("JOIN #two,#one key-of-one,key-of-two"), ["475", "475"])
        lines = ada.asks("JOIN #one,#two,#free key-of-one,key-of-two")
        self.assertEqual(len(of(lines, "JOIN")), 3)


class BackTests(OperatorCase, IrcCase):
    """The rooms of an account that comes back."""

    def test_back(self) -> None:
        """An account is back in its rooms, whatever door it left by."""
        self.register("ada")
        text = self.at("text", "ada")
        text.types("/join den")
        text.types("/topic tea")
        text.types("/quit")
        ada = self.stranger()
        ada.joins("ada", password=PASSWORD)
        lines = ada.sees()
        self.assertEqual(sorted(line.text for line in of(lines, "JOIN")), ["#den", "#lobby"])
        self.assertEqual([line.params[1] for line in of(lines, "332")], ["#den"])
        self.assertEqual([line.params[1] for line in of(lines, "366")],
                         [line.text for line in of(lines, "JOIN")])

    def test_asked_again(self) -> None:
        """The client's own JOIN of such a room is answered once, in full, and then no more."""
        self.register("ada")
        self.at_irc("ada", "QUIT", password=PASSWORD)
        ada = self.at_irc("ada", password=PASSWORD)
        self.assertEqual([line.verb for line in ada.asks("JOIN #lobby")], ["JOIN", "353", "366"])
        self.assertEqual(ada.asks("JOIN #lobby"), [])


class RunningTests(IrcCase):
    """TOPIC, KICK and INVITE, in a room that ada runs."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_irc("ada", "JOIN #den")
        self.bob = self.at_irc("bob", "JOIN #den")
        self.eve = self.at_text("eve")
        self.ada.sees()

    def test_topic(self) -> None:
        """A topic is set, read, and taken away."""
        self.assertEqual(brief(self.bob.asks("TOPIC #DEN :tea")), ["bob TOPIC #den tea"])
        lines = self.ada.asks("TOPIC #den")
        self.assertEqual([line.verb for line in lines], ["332", "333"])
        self.assertEqual(brief(self.bob.asks("TOPIC #den :")), ["bob TOPIC #den "])
        self.assertEqual(self.bob.numerics("TOPIC #den"), ["331"])

    def test_long_topic(self) -> None:
        """What a topic has beyond its length is cut, at a character."""
        (topic,) = self.ada.asks(f"TOPIC #den :{'ü' * 220}")
        self.assertEqual(topic.text, "ü" * (TEXT_BYTES // 2))

    def test_topic_for_operators(self) -> None:
        """Where operators alone change the topic, others get 482."""
        self.ada.sends("MODE #den +t")
        for text in ("tea", ""):
            self.assertEqual(self.bob.numerics(f"TOPIC #den :{text}"), ["482"])
        self.assertEqual([line.verb for line in self.ada.asks("TOPIC #den :tea")], ["TOPIC"])

    def test_topic_of_a_secret_room(self) -> None:
        """The topic of a secret room is not shown to people outside."""
        tom = self.at_irc("tom")
        self.ada.sends("TOPIC #den :tea")
        self.assertEqual(tom.numerics("TOPIC #den"), ["332", "333"])
        self.ada.sends("MODE #den +s")
        (answer,) = tom.asks("TOPIC #den")
        self.assertIn(answer.verb, ("403", "442"))

    @each_row(
        {
            "a reason": ("KICK #den bob :spam", "ada KICK #den bob spam"),
            "none": ("KICK #den bob", "ada KICK #den bob ada"),
            "another case": ("KICK #DEN BOB :spam", "ada KICK #den bob spam"),
            "a long reason": (f"KICK #den bob :{'x' * 400}", f"ada KICK #den bob {'x' * 390}"),
        }
    )
    def test_kick(self, row: tuple[str, str]) -> None:
        """A member who is kicked sees the same as the others, and is out."""
        line, expected = row
        self.assertEqual(brief(self.ada.asks(line)), [expected])
        self.assertEqual(brief(self.bob.sees()), [expected])
        self.assertEqual(self.bob.numerics("PRIVMSG #den :hi"), ["404"])

    def test_several_kicks(self) -> None:
        """Several are kicked by one line, from one room, or each from its own."""
        self.eve.types("/join den")
        self.ada.sends("JOIN #more")
        self.bob.sends("JOIN #more")
        self.assertEqual(
            brief(self.ada.asks("KICK #den,#more eve,bob :tea", "KICK #den bob,nobody,eve")),
            [
                "ada KICK #den eve tea",
                "ada KICK #more bob tea",
                "ada KICK #den bob ada",
                "chatservice 401 ada nobody there is no such nick",
                "chatservice 441 ada eve #den eve is not in #den",
            ],
        )

    def test_invite(self) -> None:
        """The guest is told, and can list it; the inviter gets 341, and 301 if they are away."""
        tom = self.at_irc("tom", "AWAY :tea")
        lines = self.ada.asks("INVITE TOM #DEN")
        self.assertEqual([line.verb for line in lines], ["341", "301"])
        self.assertEqual(lines[0].params[1:], ["tom", "#den"])
        self.assertEqual(brief(tom.sees()), ["ada INVITE tom #den"])
        self.assertEqual(brief(tom.asks("INVITE")),
                         ["chatservice 336 tom #den",
                          "chatservice 337 tom End of the list of invitations"])
        self.assertEqual(self.bob.sees(), [])

    def test_invite_by_anybody(self) -> None:
        """Anybody in an open room invites people; into an invite-only one operators alone."""
        self.assertEqual(self.bob.numerics("INVITE eve #den"), ["341"])
        self.ada.sends("MODE #den +i")
        self.assertEqual(self.bob.numerics("INVITE eve #den"), ["482"])


