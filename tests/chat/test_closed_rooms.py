"""Closed rooms: who sees them, and who is let in again that was away when they were closed."""

from __future__ import annotations

from typing import Any

from chatservice.chat.journal import Wanted
from tests.conversation import JsonPerson, at_each_door, each_row, with_doors
from tests.journals import HeldJournal, rows
from tests.operating import PASSWORD, DenCase
from tests.recording import kick

CLOSED = {"invited": "/room invite-only on", "password": "/room password sesame"}
ASKED = ("/list", "/who", "/who ada", "/whois ada", "/whois eve", "/names den", "/names #den")
SECRETS = ("den", "snakes", "2 here")


class SeenTests(DenCase):
    """#den, with its topic, is closed to bob, who is a stranger to it."""

    def setUp(self) -> None:
        super().setUp()
        self.ada.types("/topic snakes")

    def sees(self, person: Any) -> list[str]:
        """What somebody finds out of the secrets."""
        found = "".join(self.says(person, line) for line in ASKED if "names" not in line)
        return [secret for secret in SECRETS if secret in found]

    @each_row(with_doors(CLOSED))
    def test_strangers(self, case: tuple[str, str]) -> None:
        """A stranger sees neither its topic nor that it is there, nor who is in it."""
        line, door = case
        grace = self.comes(door, "grace")
        self.assertEqual(self.sees(grace), list(SECRETS))
        self.ada.types(line)
        self.assertEqual(self.sees(grace), [])
        self.assertNotIn("ada", self.says(grace, "/names den"))
        self.assertIn("ada: lobby", self.says(grace, "/who ada"))

    def test_data(self) -> None:
        """Nor do the data beside the sentences tell a program of it."""
        grace = self.comes("json", "grace")
        shown = [self.data(grace, line) for line in ("/list", "/who ada")]
        self.assertEqual(shown, [["den", "lobby"], ["lobby", "den"]])
        self.ada.types("/room invite-only on")
        shown = [self.data(grace, line) for line in ("/list", "/who ada")]
        self.assertEqual(shown, [["lobby"], ["lobby"]])

    def data(self, person: Any, line: str) -> list[str]:
        """The rooms in the data of an answer."""
        person.sees()
        person.types(line)
        (answer,) = person.sees()
        if "list" in answer:
            return [entry["room"] for entry in answer["list"]]
        return list(answer["who"][0]["rooms"])

    def test_after_all_have_left(self) -> None:
        """Nor does its topic show when nobody is in it."""
        self.ada.types("/room password sesame")
        for person in (self.ada, self.eve):
            person.types("/part den")
        self.assertEqual(self.sees(self.bob), [])
        self.assertNotIn("den", self.says(self.bob, "/list"))

    @at_each_door
    def test_secret(self, door: str) -> None:
        """A secret room shows to the people in it and server operators, to nobody else."""
        self.register("olga")
        olga = self.comes(door, "olga", "den")
        self.ada.types("/op olga")
        self.ada.types("/invite bob #den")
        self.ada.types("/room secret on")
        for person in (self.ada, self.eve, self.sysop, olga):
            self.assertEqual("snakes" in self.sees(person), True)
        olga.types("/part den")
        for person in (self.bob, olga):
            self.assertEqual(self.sees(person), [])
        self.assertIn("you joined #den" if door == "text" else "den", self.says(olga, "/join den"))

    def test_who_sees(self) -> None:
        """Those in it see it, the invited, its operators and those of the server."""
        self.register("olga")
        olga = self.comes("text", "olga", "den")
        self.ada.types("/op olga")
        self.ada.types("/room invite-only on")
        olga.types("/part den")
        self.assertEqual(self.sees(self.bob), [])
        self.ada.types("/invite bob #den")
        for person in (self.ada, self.eve, self.sysop, self.bob, olga):
            self.assertIn("snakes", self.sees(person))

    def test_banned(self) -> None:
        """To who is banned from it any room is closed."""
        self.assertEqual(self.sees(self.eve), list(SECRETS))
        self.ada.types("/ban eve")
        self.eve.sees()
        self.assertEqual(self.sees(self.eve), [])

    def test_open_again(self) -> None:
        """A room that is open again is seen again."""
        for line in ("/room password sesame", "/room password off"):
            self.ada.types(line)
        self.assertEqual(self.sees(self.bob), list(SECRETS))

    def test_history_in_turn(self) -> None:
        """Who is kicked while a page waits for its turn is not given the page."""
        grace = self.comes("json", "grace", "den")
        grace.sees()
        ada, member = self.chat.roster["ada"], self.chat.roster["grace"]
        (device,) = member.devices
        door: Any = device.door
        self.chat.say(device, self.chat.rooms["den"], "mine")
        door.heard(b'{"type":"history","room":"den","ref":"1"}')
        kick(self.chat, ada.devices[0], member, "den", "")
        kinds = [(facts["type"], facts.get("code")) for facts in grace.sees()]
        self.assertIn(("error", "no-room"), kinds)
        self.assertNotIn("history", [kind for kind, _ in kinds])


class AwayTests(DenCase):
    """Olga, who is registered, was in #den and went without parting; eve did so as a guest."""

    def setUp(self) -> None:
        super().setUp()
        self.register("olga")
        self.olga = self.comes("json", "olga", "den")
        self.token = self.chat.roster["eve"].token

    def leave(self) -> None:
        """Let both go."""
        self.olga.types("/quit")
        self.eve.types("/quit")
        self.see_all()

    def rooms_of_olga(self) -> list[str]:
        """Where she is who comes again."""
        self.olga = self.comes("json", "olga")
        return sorted(self.olga.welcome["rooms"])

    def rooms_of_eve(self) -> list[str]:
        """Where a guest is who comes again with the token."""
        again = JsonPerson(self.connect("203.0.113.8"))
        again.asks("hello", token=self.token)
        again.sees()
        return sorted(again.welcome["rooms"])

    def test_open(self) -> None:
        """An open room is entered again."""
        self.leave()
        self.assertEqual((self.rooms_of_olga(), self.rooms_of_eve()), (["den", "lobby"],) * 2)

    @each_row(CLOSED)
    def test_closed_meanwhile(self, line: str) -> None:
        """A room that was closed after it was last seen is entered like by anybody."""
        self.leave()
        self.ada.types(line)
        self.assertEqual((self.rooms_of_olga(), self.rooms_of_eve()), (["lobby"],) * 2)

    @each_row(CLOSED)
    def test_closed_before(self, line: str) -> None:
        """Who was in it when it was closed comes back to it; nothing is asked."""
        self.ada.types(line)
        self.leave()
        self.assertEqual((self.rooms_of_olga(), self.rooms_of_eve()), (["den", "lobby"],) * 2)

    def test_another_password(self) -> None:
        """Who was in it under the former password needs the present one."""
        self.ada.types("/room password sesame")
        self.leave()
        self.ada.types("/room password poppy")
        self.assertEqual((self.rooms_of_olga(), self.rooms_of_eve()), (["lobby"],) * 2)

    def test_closed_and_open_again(self) -> None:
        """What was closed meanwhile and is open again is as if nothing had been."""
        self.leave()
        for line in ("/room invite-only on", "/room invite-only off"):
            self.ada.types(line)
        self.assertEqual(self.rooms_of_olga(), ["den", "lobby"])

    def test_ban_and_unban(self) -> None:
        """A ban ends the place and the invitation of who is away, also when it is over."""
        self.ada.types("/room invite-only on")
        self.ada.types("/invite olga")
        self.leave()
        for line in ("/ban olga", "/unban olga"):
            self.ada.types(line)
        self.assertEqual(self.rooms_of_olga(), ["lobby"])
        self.assertIn("is invite-only", self.says(self.olga, "/join den"))

    def test_next_run(self) -> None:
        """In the next run as well."""
        self.leave()
        self.ada.types("/room invite-only on")
        self.run_again()
        self.assertEqual((self.rooms_of_olga(), self.rooms_of_eve()), (["lobby"],) * 2)

    def test_kick_who_is_away(self) -> None:
        """A kick reaches who is away: the person does not come back by itself."""
        self.ada.types("/room invite-only on")
        self.leave()
        done = ["-- you kicked olga from #den: enough"]
        self.assertEqual(self.asks(self.ada, "/kick olga enough"), done)
        self.assertEqual(self.asks(self.ada, "/kick olga"), ["-- olga is not in #den"])
        self.assertEqual(self.rooms_of_olga(), ["lobby"])

    def test_kick_who_is_elsewhere(self) -> None:
        """Also who is here, and has not come back to that room yet."""
        self.leave()
        olga = self.comes("json", "olga", host="198.51.100.3")
        olga.types("/quit")
        olga = JsonPerson(self.connect("198.51.100.3"))
        olga.asks("hello", nick="olga", password=PASSWORD, rooms={"lobby": 0})
        olga.sees()
        self.assertIn("you kicked olga from #den", self.says(self.ada, "/kick olga"))
        self.assertIn("kicked", [facts["type"] for facts in olga.sees()])
        olga.types("/quit")
        self.assertEqual(self.rooms_of_olga(), ["lobby"])

    def test_kick_nobody(self) -> None:
        """Who was never there is not kicked; nor is who is away from the whole chat."""
        self.register("grace")
        self.assertEqual(self.asks(self.ada, "/kick grace"), ["-- grace is not in #den"])
        self.assertEqual(self.asks(self.ada, "/kick mallory"), ["-- nobody here is called mallory"])
        nobody = ["-- nobody here is called grace"]
        self.assertEqual(self.asks(self.sysop, "/kick * grace"), nobody)


class LingeringTests(DenCase):
    """Eve has lost her connection, and nobody was told yet."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.linger = 30
        self.token = self.chat.roster["eve"].token
        self.eve.wire.vanishes()
        self.clock.advance(1)

    def back(self) -> list[str]:
        """Where she is who comes back."""
        again = JsonPerson(self.connect())
        again.asks("hello", token=self.token)
        again.sees()
        return sorted(again.welcome["rooms"])

    @each_row({"kick": "kicked", "ban": "banned"})
    def test_put_out(self, done: str) -> None:
        """She is put out of the room as if she were here."""
        command = {"kicked": "/kick eve", "banned": "/ban eve"}[done]
        self.assertIn(f"you {done} eve from #den", self.says(self.ada, command))
        self.assertEqual(self.back(), ["lobby"])

    def test_closed_meanwhile(self) -> None:
        """Of who is back too late the room was seen when the connection was lost."""
        self.ada.types("/room password sesame")
        self.clock.advance(31)
        self.assertEqual(self.back(), ["lobby"])


class ArrivingTests(DenCase):
    """Olga was in #den and #attic, and is about to come back, which takes the journal its time."""

    def setUp(self) -> None:
        super().setUp()
        self.register("olga")
        self.olga = self.comes("json", "olga", "den", "attic")

    def arrives(self, meanwhile: str) -> list[str]:
        """Where she is for whom something is done after it was read where she was."""
        self.olga.types("/quit")
        # Nobody is in the attic, so it is read from the journal: after the places.
        journal = HeldJournal(pages=True)
        self.patch(self.chat.rooms, "_journal", journal)
        self.olga = JsonPerson(self.connect())
        self.olga.asks("hello", nick="olga", password=PASSWORD)
        self.olga.sees()
        self.assertEqual([wanted.of for wanted, _ in journal.asked], ["attic"])
        self.says(self.ada, meanwhile)
        self.clock.advance(2)
        journal.asked[0][1].callback(self.successResultOf(self.journal.page(Wanted(of="attic"))))
        self.olga.sees()
        return sorted(self.chat.roster["olga"].rooms)

    def test_nothing(self) -> None:
        """If nothing is done she comes back, to a closed room as well."""
        self.ada.types("/room invite-only on")
        self.assertEqual(self.arrives("tea"), ["attic", "den", "lobby"])

    @each_row({"kick": "/kick olga", "ban": "/ban olga 1s", "password": "/room password x"})
    def test_meanwhile(self, line: str) -> None:
        """A kick, a ban or a lock of that moment is not undone by what was read before it."""
        self.ada.types("/room invite-only on")
        self.assertEqual(self.arrives(line), ["attic", "lobby"])

    def test_kick_on_its_way(self) -> None:
        """Nor is a kick that is not stored yet when she enters."""
        self.ada.types("/room invite-only on")
        self.olga.types("/quit")
        held = HeldJournal()
        self.patch(held, "places", self.journal.places)
        publisher = self.chat._publisher
        held.follow(publisher._deliver, publisher._take_back)
        held.ids = self.chat.ids
        self.patch(self.chat._publisher, "_log", held)
        self.ada.wire.sends(b"/kick olga\n")
        self.olga = JsonPerson(self.connect())
        self.olga.asks("hello", nick="olga", password=PASSWORD)
        held.release(self.clock)
        held.release(self.clock)
        self.assertNotIn("den", self.chat.roster["olga"].rooms)


class OwnerTests(DenCase):
    """Rooms without an owner."""

    def setUp(self) -> None:
        super().setUp()
        self.register("olga")
        self.olga = self.comes("json", "olga")

    def owner(self, room: str) -> str | None:
        """Who owns a room."""
        person = self.chat.permissions.owner(room)
        return None if person is None else person.nick

    def empty_and_enter(self, room: str, *people: Any) -> str | None:
        """Who owns a room after all have left and olga has entered it."""
        for person in people:
            person.types(f"/part {room}")
        self.assertNotIn(room, self.chat.rooms)
        self.olga.types(f"/join {room}")
        self.olga.sees()
        return self.owner(room)

    def test_given_up(self) -> None:
        """A room whose owner is no more gets no other one, though nothing was ever said in it."""
        self.sysop.types("/join den")
        self.sysop.types("/deop ada")
        self.assertIsNone(self.empty_and_enter("den", self.sysop, self.ada, self.eve))

    def test_given_up_in_an_earlier_run(self) -> None:
        """Nor in the next run."""
        self.sysop.types("/join den")
        self.sysop.types("/deop ada")
        self.olga.types("/quit")
        self.run_again()
        self.olga = self.comes("json", "olga", "den")
        self.assertIsNone(self.owner("den"))

    def test_with_operators(self) -> None:
        """Nor does one that a server operator gave operators, or set."""
        for room, line in (("tea", "/op ada"), ("coffee", "/room moderated on")):
            self.bob.types(f"/join {room}")
            self.sysop.types(f"/join {room}")
            self.sysop.types(line)
            self.assertIsNone(self.empty_and_enter(room, self.bob, self.sysop))

    def test_made_by_a_guest(self) -> None:
        """Where a guest said something, and it is no longer kept, nobody comes to own the room."""
        self.bob.types("/join tea")
        self.bob.types("hi")
        self.eve.types("something else")
        (last,) = rows(self.journal, "DELETE FROM events WHERE room = 'tea' RETURNING id")
        rows(self.journal, "INSERT INTO pruned VALUES ('tea', ?)", *last)
        self.assertIsNone(self.empty_and_enter("tea", self.bob))

    def test_as_if_never_made(self) -> None:
        """Where nobody ever said anything and nobody is, there is no room to be owned."""
        self.bob.types("/join tea")
        self.assertEqual(self.empty_and_enter("tea", self.bob), "olga")
