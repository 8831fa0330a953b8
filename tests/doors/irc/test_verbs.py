"""The verbs about modes, lists, people, operators and the server."""

from __future__ import annotations

from dataclasses import replace

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse

from chatservice.doors.irc.verbs import VERBS
from tests.doors.irc.person import IrcCase
from tests.irc import IrcPerson, brief


class VerbCase(IrcCase):
    """Ada runs #tea, in which bob is too."""

    checkers = (InMemoryUsernamePasswordDatabaseDontUse(sysop=b"a-password"),)

    def setUp(self) -> None:
        super().setUp()
        self.rules.operators = frozenset({"sysop"})
        self.open_chat()
        self.ada = self.at_irc("ada", "JOIN #tea")
        self.bob = self.at_irc("bob", "JOIN #tea")
        self.ada.sees()

    def asks(self, person: IrcPerson, *lines: str) -> list[str]:
        """Send lines, and read the verbs and numerics of what comes back, with parameters."""
        person.sends(*lines)
        return [" ".join([line.verb, *line.params]) for line in person.sees()]


class ModeTests(VerbCase):
    def test_merged(self) -> None:
        """All that one command changes is one line for its giver, and one each for others."""
        self.assertEqual(
            self.asks(self.ada, "MODE #tea +imk-t+l sesame 5"), ["MODE #tea +imkl sesame 5"]
        )
        self.assertEqual(
            [" ".join(line.params) for line in self.bob.sees()],
            ["#tea +i", "#tea +m", "#tea +k *", "#tea +l 5"],
        )
        first, _ = self.asks(self.ada, "MODE #tea")
        self.assertEqual(first, "324 ada #tea +nimkl * 5")

    def test_no_change(self) -> None:
        """What is so already is not told, and what was never there is not removed."""
        for modes in ("+n", "-i", "-k", "-l", "-b *!*@x.chat", "-v bob"):
            self.assertEqual(self.asks(self.ada, f"MODE #tea {modes}"), [], modes)

    def test_last_word(self) -> None:
        """Of several words on one thing in a command the last one counts."""
        for modes, told in (
            ("+i-i", []),
            ("-t+m-m+m", ["MODE #tea +m"]),
            ("+l-l 5", []),
            ("-k+k x sesame", ["MODE #tea +k sesame"]),
            ("+v-v+v bob bob bob", ["MODE #tea +v bob"]),
            ("bqb", ["368 ada #tea End of the list", "729 ada #tea q End of the list"]),
            ("+zzz", ["472 ada z z is no mode here"]),
            ("+n", []),
            ("-n", ["472 ada n nobody can speak in a room from outside: n is always on"]),
        ):
            self.assertEqual(self.asks(self.ada, f"MODE #tea {modes}"), told, modes)

    def test_no_key(self) -> None:
        """What ends a setting elsewhere is no key, and takes none away."""
        self.asks(self.ada, "MODE #tea +k sesame")
        for key in ("off", "OFF", "-"):
            (told,) = self.asks(self.ada, f"MODE #tea +k {key}")
            self.assertEqual(told, "696 ada #tea k * that cannot be a key")
        self.assertEqual(self.asks(self.ada, "MODE #tea")[0], "324 ada #tea +nk *")

    def test_beyond(self) -> None:
        """A limit or a network that is too large is an invalid parameter."""
        (told,) = self.asks(self.ada, "MODE #tea +l 1000001")
        self.assertEqual(told[:29], "696 ada #tea l 1000001 it mus")
        self.asks(self.ada, "OPER sysop a-password")
        (told,) = self.asks(self.ada, "MODE #tea +b *!*@10.0.0.0/7")
        self.assertEqual(told[:33], "696 ada #tea b *!*@10.0.0.0/7 10.")

    def test_most(self) -> None:
        """Three changes with a parameter are made in one command, and any number without."""
        (told,) = self.asks(self.ada, "MODE #tea +bbbbim a!*@* b!*@* c!*@* d!*@*")
        self.assertEqual(told, "MODE #tea +bbbim a!*@* b!*@* c!*@*")
        (told,) = self.asks(self.ada, "MODE #tea +b :no mask")
        self.assertEqual(told[:16], "696 ada #tea b n")

    def test_same_ban(self) -> None:
        """A ban that is there is not made again; one for a while becomes one for ever."""
        self.asks(self.ada, "OPER sysop a-password")
        for mask in ("zoe!*@*", "*!*@198.51.100.0/24"):
            for told in ([f"MODE #tea +b {mask}"], []):
                self.assertEqual(self.asks(self.ada, f"MODE #tea +b {mask}")[:1], told, mask)
        self.asks(self.ada, "PRIVMSG chatservice :ban #tea max!*@* 2h")
        for told in (["MODE #tea +b max!*@*"], []):
            self.assertEqual(self.asks(self.ada, "MODE #tea +b max!*@*"), told)
        held = self.chat.permissions.sanctions("tea")
        self.assertEqual([bool(act.until) for act in held], [False] * 3)

    def test_price(self) -> None:
        """A change of modes costs as much as a line of talk, and a question about them less."""
        self.rules = replace(self.rules, rate_limit=1)
        self.open_chat()
        ada = self.at_irc("ada", "JOIN #tea")
        counts = []
        for asked in ("PRIVMSG #tea :hi", "MODE #tea +n", "MODE #tea b"):
            self.clock.advance(100)
            sent = 0
            while ada.wire.reading and sent < 100:
                ada.sends(asked)
                sent += 1
            counts.append(sent)
        self.assertEqual(counts[0], counts[1])
        self.assertGreaterEqual(counts[2], 4 * counts[1])

    def test_roles(self) -> None:
        """An operator gives roles, and others cannot."""
        self.assertEqual(self.asks(self.bob, "MODE #tea +o bob")[0][:16], "482 bob #tea onl")
        self.assertEqual(self.asks(self.ada, "MODE #tea +o bob"), ["MODE #tea +o bob"])
        self.bob.sees()
        self.assertEqual(self.asks(self.bob, "MODE #tea -o ada"), ["MODE #tea -o ada"])

    def test_mistakes(self) -> None:
        """Each mistake has its numeric, and costs the rest of the line nothing."""
        for modes, numeric in (
            ("+z", "472"),
            ("+o nobody", "401"),
            ("+l many", "696"),
            ("+o", "461"),
            ("+k", "696"),
            ("-n", "472"),
            ("+b !!@@ x", "MODE"),
        ):
            shown = self.asks(self.ada, f"MODE #tea {modes}")
            self.assertEqual(shown[0][: len(numeric)], numeric, modes)
        self.assertEqual(self.asks(self.ada, "MODE #nowhere")[0][:4], "403 ")
        eve = self.at_irc("eve")
        self.assertEqual(self.asks(self.ada, "MODE #tea +v eve")[0][:4], "441 ")
        eve.sees()

    def test_bans(self) -> None:
        """Bans by mask are listed, keep people out, and end."""
        self.asks(self.ada, "MODE #tea +b eve!*@*", "MODE #tea +q zoe!*@*")
        listed = self.asks(self.ada, "MODE #tea b", "MODE #tea q")
        numerics = [line.split()[0] for line in listed]
        self.assertEqual(numerics, ["367", "368", "728", "729"])
        self.assertIn("#tea eve!*@* ada", listed[0])
        eve = self.at_irc("eve")
        self.assertEqual(self.asks(eve, "JOIN #tea")[0][:13], "474 eve #tea ")
        self.asks(self.ada, "MODE #tea -b eve!*@*")
        self.assertEqual(self.asks(eve, "JOIN #tea")[0], "JOIN #tea")

    def test_own(self) -> None:
        """Members can see and change their own modes, and nobody else's."""
        self.assertEqual(self.asks(self.ada, "MODE ada"), ["221 ada +w"])
        self.assertEqual(self.asks(self.ada, "MODE ada +iB-w"), ["MODE ada +Bi-w"])
        self.assertEqual(self.asks(self.ada, "MODE ada +x")[0][:7], "501 ada")
        self.assertEqual(self.asks(self.ada, "MODE bob")[0][:7], "502 ada")


    def test_own_kept(self) -> None:
        """An account keeps the modes i and B, and its other devices are told."""
        text = self.at_text("olga")
        text.types("/register a-password")
        self.asks(self.ada, "MODE ada +i")
        olga = self.at_irc("olga", password="a-password")
        text.sees()
        self.assertEqual(self.asks(olga, "MODE olga +iiB-B+i"), ["MODE olga +i"])
        self.assertEqual([line[:15] for line in text.sees()], ["-- hidden is on"])
        self.assertEqual(self.asks(olga, "MODE olga +i", "MODE olga -o", "MODE olga +o"), [])
        account = self.chat.accounts.named("olga")
        assert account is not None
        self.assertEqual(account.preferences.those_set(), {"hidden": True})


    def test_closed(self) -> None:
        """The modes and bans of a closed room are shown to those in it alone."""
        self.asks(self.ada, "MODE #tea +i")
        eve = self.at_irc("eve")
        for asked in ("MODE #tea", "MODE #tea b"):
            self.assertEqual([line[:13] for line in self.asks(eve, asked)], ["442 eve #tea "])

    def test_addresses(self) -> None:
        """Addresses are banned, and seen in the list, by server operators alone, and not muted."""
        self.asks(self.bob, "OPER sysop a-password")
        mask = "*!*@198.51.100.0/24"
        self.assertEqual(self.asks(self.ada, f"MODE #tea +b {mask}")[0][:13], "482 ada #tea ")
        self.assertEqual(self.asks(self.bob, f"MODE #tea +q {mask}")[0][:15], "696 bob #tea q ")
        self.asks(self.bob, f"MODE #tea +b {mask}")
        for person, count in ((self.ada, 0), (self.bob, 1)):
            listed = self.asks(person, "MODE #tea b")
            self.assertEqual(len([line for line in listed if mask in line]), count)

    def test_power_given_up(self) -> None:
        """The power that OPER gave is a mode, and is given up by it."""
        self.asks(self.ada, "OPER sysop a-password")
        self.assertEqual(self.asks(self.ada, "MODE ada"), ["221 ada +ow"])
        self.assertEqual(self.asks(self.ada, "MODE ada -o", "MODE ada"),
                         ["MODE ada -o", "221 ada +w"])


class ListTests(VerbCase):
    def test_names(self) -> None:
        """The names of a room; of one that is secret nothing, as if nobody were there."""
        shown = self.asks(self.bob, "NAMES #tea")
        self.assertEqual(sorted(shown[0].split()[4:]), ["@ada", "bob"])
        self.asks(self.ada, "MODE #tea +s")
        eve = self.at_irc("eve")
        self.assertEqual([line[:3] for line in self.asks(eve, "NAMES #tea")], ["366"])
        self.assertEqual([line[:3] for line in self.asks(eve, "LIST")], ["321", "323"])
        self.assertEqual([line[:3] for line in self.asks(eve, "NAMES")], ["366"])

    def test_list(self) -> None:
        """Rooms are listed by number of people, age and name."""
        for condition, count in (
            ("", 1), (">1", 1), (">2", 0), ("<3", 1), ("t*", 1), ("!t*", 0), ("#tea", 1),
            ("C<1", 1), ("C>1", 0), ("T<1", 0),
        ):
            shown = self.asks(self.bob, f"LIST {condition}")
            self.assertEqual(len(shown) - 2, count, condition)
        self.ada.sends("TOPIC #tea :green or black")
        self.bob.sees()
        self.assertEqual(self.asks(self.bob, "LIST #tea")[1], "322 bob #tea 2 green or black")

    def test_who(self) -> None:
        """WHO finds people by room, nickname and mask, and WHOX gives the fields asked for."""
        for asked, count in (("#tea", 2), ("ada", 1), ("a*", 1), ("*", 2), ("zoe", 0)):
            shown = self.asks(self.bob, f"WHO {asked}")
            self.assertEqual([line[:3] for line in shown], ["352"] * count + ["315"], asked)
        (shown, _) = self.asks(self.bob, "WHO ada %tna,42")
        self.assertEqual(shown, "354 bob 42 ada 0")
        self.assertEqual(self.asks(self.bob, "WHO #tea o"), ["315 bob #tea End of the list"])

    def test_all_names(self) -> None:
        """The names in all rooms are one list, with one end."""
        self.asks(self.ada, "JOIN #den")
        shown = [line.split(":")[0].split()[:4] for line in self.asks(self.ada, "NAMES")]
        self.assertEqual([line[0] for line in shown], ["353", "353", "366"])
        self.assertEqual([line[-1] for line in shown[:2]], ["#den", "#tea"])
        self.assertEqual(shown[2][:3], ["366", "ada", "*"])

    def test_hidden(self) -> None:
        """WHO shows people who hide to those who share a room, and to others by nickname."""
        eve = self.at_irc("eve")
        self.asks(self.ada, "MODE ada +i")
        for asked, in_room, outside in (("#tea", 2, 1), ("ad*", 1, 0), ("ada", 1, 1)):
            self.assertEqual(len(self.asks(self.bob, f"WHO {asked}")), in_room + 1, asked)
            self.assertEqual(len(self.asks(eve, f"WHO {asked}")), outside + 1, asked)

    def test_cost(self) -> None:
        """A question about rooms by name is cheap, and one about everything is not."""
        for asked, cost in (("#tea", 0.2), ("#tea,#den", 0.4), ("#t*", 5), ("", 5), ("ada", 5)):
            self.assertEqual(VERBS["LIST"].cost(asked), cost, asked)

    def test_operators_and_bots(self) -> None:
        """WHO marks server operators and bots, and finds the former alone if asked to."""
        self.asks(self.ada, "OPER sysop a-password", "MODE ada +B")
        for asked, shown in (("WHO #tea o", "H*B@"), ("WHO * o", "H*B")):
            lines = [line.split() for line in self.asks(self.bob, asked)]
            self.assertEqual([line[7] for line in lines if line[0] == "352"], [shown])

    def test_roles(self) -> None:
        """WHO shows who runs a room and who has a voice in it, both to whoever asked for that."""
        self.asks(self.ada, "MODE #tea +vv ada bob")
        several = self.at_irc("eve", "JOIN #tea", caps="multi-prefix")
        for person, flags in ((self.bob, {"H@", "H+", "H"}), (several, {"H@+", "H+", "H"})):
            shown = [line.split() for line in self.asks(person, "WHO #tea %f")]
            self.assertEqual({line[2] for line in shown if line[0] == "354"}, flags)

    def test_ignored(self) -> None:
        """The real name of an ignored person is shown nowhere, and cannot be searched for."""
        self.asks(self.ada, "SETNAME :Countess")
        asked = ("WHO ada", "WHO ada %r", "WHO Count*", "WHOIS ada")
        for ignores in (False, True):
            shown = " ".join(self.asks(self.bob, *asked))
            self.assertEqual(shown.count("Countess"), 0 if ignores else 4)
            self.asks(self.bob, "PRIVMSG chatservice :ignore ada")


class PeopleTests(VerbCase):
    def test_whois(self) -> None:
        """WHOIS tells who somebody is, in which rooms, and through which door."""
        self.asks(self.ada, "AWAY :lunch")
        shown = {line[:3]: line for line in self.asks(self.bob, "WHOIS ada")}
        self.assertEqual(list(shown), ["311", "319", "312", "301", "317", "318"])
        self.assertIn("@#tea", shown["319"])
        self.assertIn("through an IRC client", shown["312"])
        self.assertIn("lunch", shown["301"])
        self.assertEqual([line[:3] for line in self.asks(self.bob, "WHOIS zoe")], ["401", "318"])
        self.assertEqual([line[:3] for line in self.asks(self.bob, "WHOIS")], ["431"])

    def test_away(self) -> None:
        """Being away is told to clients that keep lists, wherever they share a room."""
        eve = self.at_irc("eve", "JOIN #tea", caps="away-notify")
        self.ada.sees(), self.bob.sees()
        self.assertEqual(self.asks(self.ada, "AWAY :lunch")[0][:3], "306")
        self.assertEqual(brief(eve.sees()), ["ada AWAY lunch"])
        self.assertEqual(self.asks(self.bob, "PRIVMSG ada :hi"), ["301 bob ada lunch"])
        self.assertEqual(self.asks(self.ada, "AWAY")[-1][:3], "305")
        self.assertEqual(self.bob.sees(), [])

    def test_monitor(self) -> None:
        """Watchers are told when somebody comes, and when they go."""
        shown = self.asks(self.ada, "MONITOR + bob,zoe", "MONITOR L")
        self.assertEqual([line[:3] for line in shown], ["730", "731", "732", "733"])
        zoe = self.at_irc("zoe")
        self.assertEqual([line.verb for line in self.ada.sees()], ["730"])
        zoe.sends("QUIT")
        self.assertEqual([line.verb for line in self.ada.sees()], ["731"])
        self.assertEqual(self.asks(self.ada, "MONITOR C", "MONITOR S"), [])

    def test_others(self) -> None:
        """WHOWAS, ISON, USERHOST and SETNAME answer as elsewhere."""
        self.at_irc("zoe").sends("QUIT :bye")
        shown = self.asks(self.bob, "WHOWAS zoe", "WHOWAS nobody")
        self.assertEqual([line[:3] for line in shown], ["314", "312", "369", "406", "369"])
        self.assertEqual(self.asks(self.bob, "ISON ada zoe"), ["303 bob ada"])
        self.assertTrue(self.asks(self.bob, "USERHOST ada")[0].startswith("302 bob ada=+~ada@"))
        self.asks(self.ada, "SETNAME :Ada Lovelace")
        self.assertIn("Ada Lovelace", self.asks(self.bob, "WHOIS ada")[0])


class OperatorTests(VerbCase):
    def test_power(self) -> None:
        """OPER gives power to who knows the password, and to nobody else."""
        self.assertEqual(self.asks(self.bob, "OPER sysop wrong")[0][:3], "464")
        self.assertEqual(self.asks(self.bob, "OPER ada a-password")[0][:3], "491")
        for line in ("KILL ada", "WALLOPS :hi", "REHASH"):
            self.assertEqual(self.asks(self.bob, line)[0][:3], "481", line)
        shown = self.asks(self.bob, "OPER sysop a-password")
        self.assertEqual([line[:8] for line in shown], ["381 bob ", "MODE bob"])
        reloaded: list[str] = []
        self.chat.reloads.append(lambda: reloaded.append("motd"))
        self.assertEqual(self.asks(self.bob, "REHASH")[0][:3], "382")
        self.assertEqual(reloaded, ["motd"])
        self.asks(self.bob, "WALLOPS :tea is ready")
        self.assertEqual(brief(self.ada.sees())[-1], "bob WALLOPS tea is ready")
        self.asks(self.bob, "KILL ada :out")
        self.assertEqual([line.verb for line in self.ada.sees()], ["KILL", "ERROR"])


class AboutTests(VerbCase):
    def test_numerics(self) -> None:
        """Each verb about the server has the numerics that clients wait for."""
        for line, numerics in (
            ("LUSERS", "251 252 253 254 255 265 266"),
            ("MOTD", "422"),
            ("VERSION", "351 005 005"),
            ("TIME", "391"),
            ("ADMIN", "423"),
            ("INFO", "371 371 371 374"),
            ("LINKS", "365"),
            ("STATS u", "242 219"),
            ("STATS", "219"),
            ("HELP", "704 705 705 705 706"),
            ("HELPOP nothing", "524"),
            ("PING", "461"),
        ):
            shown = self.asks(self.bob, line)
            self.assertEqual(" ".join(each[:3] for each in shown), numerics, line)
        self.assertIn("705 bob who", self.asks(self.bob, "HELP who")[1])
