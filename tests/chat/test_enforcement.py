"""What comes of what operators do: who is out, who may come in, who speaks, what was done."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from chatservice.chat.acting import ACTS
from chatservice.protocol.wording import when
from tests.conversation import Person, TextPerson, Wire
from tests.operating import FOR_NOW, PASSWORD, OperatorCase

ADA_AT = "192.0.2.1"
BOB_AT = "198.51.100.7"
LOCKED = "-- only registered names may join the chat at the moment"


class DeedCase(OperatorCase):
    """Ada is the server's operator, and made #python; bob is a guest there, from somewhere else.

    @ivar host: where the next connection comes from.
    """

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("ada")
        self.host = ADA_AT
        self.ada = self.at("text", "ada")
        self.ada.types("/join python")
        self.host = BOB_AT
        self.bob = self.in_python("bob")
        self.ada.sees()

    def connect(self) -> Wire:
        wire = Wire(self.clock, host=self.host)
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire

    def in_python(self, nick: str) -> TextPerson:
        """Somebody who has joined, and entered #python if that was possible."""
        person = self.at("text", nick)
        assert isinstance(person, TextPerson)
        self.asks(person, "/join python")
        return person

    def asks(self, person: Person, line: str) -> list[Any]:
        """What somebody sees who types something."""
        person.sees()
        person.types(line)
        return person.sees()

    def at_the_door(self, nick: str, *more: str) -> str:
        """What somebody sees who wants to join."""
        person = TextPerson(self.connect())
        for line in (nick, *more):
            person.types(line)
        return person.wire.sees()

    def is_out(self, person: Person) -> bool:
        """Whether somebody's connection is over, when all that was sent is read."""
        person.sees()
        return not person.wire.connected


class KickTests(DeedCase):
    """Who has to leave."""

    def test_from_a_room(self) -> None:
        """Who is kicked from a room hears it no more, is in the chat, and may come back."""
        self.ada.types("/kick bob")
        self.assertEqual(self.bob.sees(), ["-- ada kicked you from #python"])
        self.ada.types("secret")
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(self.asks(self.bob, "/names #python"), ["-- you are not in #python"])
        self.assertEqual(self.asks(self.ada, "/names"), ["-- in #python (1 here):", "-- ada"])
        self.assertIn("-- you joined #python: ada (2 here)", self.asks(self.bob, "/join python"))

    def test_from_the_chat(self) -> None:
        """Who is kicked from the chat is told why before the connection closes."""
        eve = self.at("text", "eve")
        program = self.at_json("grace")
        self.bob.sees()
        eve.sees()
        own = "-- you kicked bob from the chat: bye"
        self.assertEqual(self.asks(self.ada, "/kick * bob bye"), [own])
        self.assertEqual(self.bob.sees(), ["-- ada kicked you from the chat: bye"])
        self.assertFalse(self.bob.wire.connected)
        self.assertEqual(eve.sees(), ["-- ada kicked bob from the chat: bye"])
        kicked, left = program.sees()
        self.assertEqual((kicked["type"], kicked["text"]), ("kicked", "bye"))
        self.assertEqual((left["type"], left["why"]), ("left", "kicked by ada"))
        self.assertNotIn("bob", self.chat.roster)


class BanTests(DeedCase):
    """Who may not come in."""

    def test_from_a_room(self) -> None:
        """Who is banned from a room is told so at every try to enter, until the ban is over."""
        self.ada.types("/ban bob 2h spam")
        banned = "-- you are banned from #python until 2026-11-21 14:00 (UTC): spam"
        self.assertEqual(self.asks(self.bob, "/join python"), [banned])
        self.clock.advance(2 * 3600 + 1)
        self.assertIn("-- you joined #python: ada (2 here)", self.asks(self.bob, "/join python"))

    def test_from_the_chat(self) -> None:
        """Who is banned from the chat is out, and does not come back by another name."""
        self.asks(self.ada, "/ban * bob")
        self.assertTrue(self.is_out(self.bob))
        for nick in ("bob", "robert"):
            self.assertIn("-- you are banned from the chat", self.at_the_door(nick))
        self.host = "198.51.100.8"
        self.at("text", "eve")
        self.asks(self.ada, "/unban * bob")
        self.host = BOB_AT
        self.at("text", "bob")

    def test_of_a_network(self) -> None:
        """A ban of a network turns out all who are here from there, and no operator."""
        eve = self.in_python("eve")
        self.host = "203.0.113.9"
        grace = self.in_python("grace")
        self.asks(self.ada, "/ban * 198.51.100.0/24")
        self.assertTrue(self.is_out(self.bob) and self.is_out(eve))
        self.assertFalse(self.is_out(grace))
        self.asks(self.ada, "/ban 0.0.0.0/0 everybody")
        self.assertIn("-- ada kicked you from #python", grace.sees())
        self.assertEqual(self.asks(self.ada, "/names"), ["-- in #python (1 here):", "-- ada"])

    def test_of_who_is_absent(self) -> None:
        """A registered nickname is banned while nobody bears it, at any address."""
        self.register("eve")
        self.asks(self.ada, "/ban * eve")
        self.assertIn("-- you are banned from the chat", self.at_the_door("eve", PASSWORD))
        self.at("text", "grace")

    def test_by_the_name_of_the_account(self) -> None:
        """Who goes by another name at the moment is meant by the registered one too."""
        self.register("eve")
        eve = self.at("text", "eve")
        eve.types("/nick mallory")
        self.assertIn("-- you banned eve from", self.asks(self.ada, "/ban * eve")[0])
        self.assertTrue(self.is_out(eve))

    def test_the_operator_stays(self) -> None:
        """No ban keeps the server's operator out, not even of all addresses."""
        self.asks(self.ada, "/ban * 0.0.0.0/0 everybody")
        self.asks(self.ada, "/lockdown on")
        self.ada.types("/quit")
        self.host = ADA_AT
        self.at("text", "ada")

    def test_addresses_are_secret(self) -> None:
        """The address behind a nickname is shown to server operators, and not to those of rooms."""
        self.register("eve")
        eve = self.in_python("eve")
        self.ada.types("/op eve")
        self.ada.types("/mute bob")
        self.assertEqual(self.asks(eve, "/bans"), [f"-- bob is muted by ada{FOR_NOW}"])
        self.assertNotIn(BOB_AT, "".join(self.asks(eve, "/modlog")))
        self.assertIn(f"-- bob ({BOB_AT}/32) is muted by ada", self.asks(self.ada, "/bans")[0])
        self.assertEqual(
            self.asks(self.ada, "/modlog 1")[0],
            f"12:00 -- ada muted bob ({BOB_AT}/32) in #python{FOR_NOW}",
        )

    def test_many(self) -> None:
        """Of many bans the newest are shown, and the others counted."""
        for number in range(202):
            self.ada.types(f"/ban 10.0.{number}.0/24")
        lines = self.asks(self.ada, "/bans")
        self.assertEqual(len(lines), 201)
        self.assertEqual(lines[0], f"-- 10.0.2.0/24 is banned by ada{FOR_NOW}")
        self.assertEqual(lines[-1], "-- /bans more shows 2 older ones")
        older = [f"-- 10.0.{number}.0/24 is banned by ada{FOR_NOW}" for number in range(2)]
        self.assertEqual(self.asks(self.ada, "/bans more"), older)


class SpeechTests(DeedCase):
    """Who may speak."""

    def test_muted(self) -> None:
        """Who is muted says nothing, does nothing and changes no topic in the room."""
        self.ada.types("/mute bob")
        self.ada.sees()
        for line in ("hi", "/me waves", "/notice #python tea", "/topic mine"):
            self.assertIn(f"-- you are muted in #python{FOR_NOW}", self.asks(self.bob, line))
        self.assertEqual(self.ada.sees(), [])
        self.ada.types("/unmute bob")
        self.bob.types("hi")
        self.assertIn("bob: hi", self.ada.sees())

    def test_muted_in_the_chat(self) -> None:
        """Who is muted in the chat says nothing in private either."""
        self.ada.types("/mute * bob")
        self.assertIn(f"-- you are muted in the chat{FOR_NOW}", self.asks(self.bob, "/msg ada hi"))

    def test_moderated(self) -> None:
        """In a moderated room those speak who were given a voice."""
        self.ada.types("/room moderated on")
        sentence = "-- #python is moderated: ask one of its operators for a voice"
        for line in ("hi", "/me waves", "/notice #python tea"):
            self.assertIn(sentence, self.asks(self.bob, line))
        self.ada.types("/voice bob")
        self.ada.sees()
        self.bob.types("hi")
        self.assertEqual(self.ada.sees(), ["bob: hi"])


class RoomTests(DeedCase):
    """Who may enter a room."""

    def test_invited(self) -> None:
        """A room for invited people lets in who was invited."""
        self.ada.types("/room invite-only on")
        self.bob.types("/part")
        sentence = "-- #python is invite-only: ask one of its operators to invite you"
        self.assertEqual(self.asks(self.bob, "/join python"), [sentence])
        self.ada.types("/invite bob")
        self.assertIn("-- you joined #python: ada (2 here)", self.asks(self.bob, "/join python"))

    def test_password(self) -> None:
        """A room with a password lets in who knows it, and shows it to nobody."""
        self.ada.types("/room password open-sesame")
        self.bob.types("/part")
        for words in ("python", "python close-sesame"):
            self.assertNotIn("-- you joined", "".join(self.asks(self.bob, f"/join {words}")))
        entered = self.asks(self.bob, "/join python open-sesame")
        self.assertIn("-- you joined #python: ada (2 here)", entered)
        for line in ("/modlog", "/modlog *", "/room"):
            self.assertNotIn("sesame", "".join(self.asks(self.ada, line)))

    def test_right_is_lost(self) -> None:
        """Whose right ends while a password is hashed does not set it."""
        self.register("eve")
        eve = self.in_python("eve")
        self.ada.types("/op eve")
        hash: Deferred[str] = Deferred()
        self.patch(self.chat.accounts.passwords, "hash", lambda *_: hash)
        self.assertEqual(self.asks(eve, "/room password mine"), [])
        self.ada.types("/deop eve")
        hash.callback("a hash")
        self.assertIn("-- only an operator of #python may do that", eve.sees())
        self.assertEqual(self.chat.permissions.rules("python").password_hash, "")

    def test_lockdown(self) -> None:
        """A lockdown keeps guests at the door; who is here stays."""
        self.ada.types("/lockdown on")
        self.assertIn(LOCKED, self.at_the_door("eve"))
        self.bob.types("hi")
        self.assertIn("bob: hi", self.ada.sees())
        self.register("eve")
        self.at("text", "eve")


class LimitTests(DeedCase):
    """How much an operator does in a minute."""

    def test_of_a_room(self) -> None:
        """An operator of a room does so much in a minute, and after it goes on."""
        self.register("eve")
        eve = self.in_python("eve")
        self.ada.types("/op eve")
        for state in ("on", "off") * (ACTS // 2):
            self.assertNotIn("wait", self.asks(eve, f"/room moderated {state}")[-1])
        (refusal,) = self.asks(eve, "/room moderated on")
        self.assertEqual(refusal, f"-- that was more than {ACTS} actions in a minute: wait a "
            f"little")
        self.clock.advance(60)
        self.assertNotIn("wait", self.asks(eve, "/room moderated on")[-1])

    def test_of_the_chat(self) -> None:
        """A server operator does as much as is needed."""
        for state in ("on", "off") * ACTS:
            self.assertNotIn("wait", self.asks(self.ada, f"/room moderated {state}")[-1])


class WhoisTests(DeedCase):
    """Who somebody is, if that is an operator."""

    def test_of_the_chat(self) -> None:
        """/whois tells who is a server operator."""
        self.assertIn("-- an operator of the whole chat", self.asks(self.bob, "/whois ada"))

    def test_of_a_room(self) -> None:
        """/whois tells which of the person's rooms it is an operator of."""
        self.register("eve")
        eve = self.in_python("eve")
        self.ada.types("/op eve")
        self.assertIn("-- an operator of #python", self.asks(eve, "/whois eve"))


class IgnoredOperatorTests(DeedCase):
    """Who ignores an operator."""

    def test_acts(self) -> None:
        """What is done in a room to who is elsewhere and ignores the operator is not shown."""
        eve = self.at("json", "eve")
        for person in (self.bob, eve):
            person.types("/part python")
            self.asks(person, "/ignore ada")
        for nick in ("bob", "eve"):
            for line in (f"/invite {nick}", f"/mute {nick} 1h boo", f"/ban {nick} boo"):
                self.assertIn(f" {nick} ", self.asks(self.ada, line)[0])
        self.assertEqual((self.bob.sees(), eve.sees()), ([], []))

    def test_kicks(self) -> None:
        """Being kicked is shown to whomever it happens to."""
        eve = self.at("json", "eve")
        eve.types("/join python")
        for person in (self.bob, eve):
            self.asks(person, "/ignore ada")
        self.ada.types("/kick eve")
        self.assertEqual(self.bob.sees(), ["-- ada kicked eve from #python"])
        self.assertEqual([facts["type"] for facts in eve.sees()], ["kicked"])
        self.ada.types("/kick bob")
        self.assertEqual(self.bob.sees(), ["-- ada kicked you from #python"])


class NextRunTests(DeedCase):
    """What a restart leaves."""

    def test_all_holds(self) -> None:
        """Bans, roles and settings hold in the next run."""
        self.register("eve")
        self.in_python("eve")
        for line in ("/op eve", "/ban bob 2h", "/room moderated on", "/lockdown on"):
            self.ada.types(line)
        accounts = self.chat.accounts
        self.new_accounts = lambda ids: accounts  # type: ignore[method-assign]
        self.journal.open()
        self.open_chat(self.journal)
        self.chat.restore()
        self.assertEqual(when(self.chat.permissions.sanctions("python")[0].until)[11:16], "14:00")
        self.assertIn(LOCKED, self.at_the_door("bob"))
        eve = self.at("text", "eve")
        eve.types("/join python")
        done = self.asks(eve, "/room moderated off")
        self.assertEqual(done, ["-- you set moderated of #python to off"])
