"""Running a room that nobody owns: the first one there does, until that person goes."""

from __future__ import annotations

from typing import Any

from chatservice.protocol.actions import Opped, RoomSet
from chatservice.protocol.errors import StorageError
from tests.conversation import at_each_door
from tests.journals import FailingJournal, acts
from tests.operating import PASSWORD
from tests.running_rooms import RunningCase

DEEDS = {
    "/topic mine": "you changed the topic",
    "/room moderated on": "you set moderated of #attic to on",
    "/voice gus": "you gave gus a voice in #attic",
    "/invite bob": "you invited bob to #attic",
    "/mute gus": "you muted gus in #attic",
    "/ban spam*": "you banned spam*!*@* from #attic",
    "/kick gus": "you kicked gus from #attic",
    "/ban gus": "you banned gus from #attic",
    "/op lea": "you made lea an operator of #attic",
    "/deop lea": "you removed lea as an operator of #attic",
}
LINGER = 30


class WhileThereTests(RunningCase):
    """What those who run a room do, and for how long they do."""

    @at_each_door
    def test_deeds(self, door: str) -> None:
        """A guest does in it all that operators do, at every door; nothing of it is stored."""
        self.empty()
        eve = self.comes(door, "eva", "attic")
        for person in (self.gus, self.lea):
            person.types("/join attic")
        for line, told in DEEDS.items():
            eve.sees()
            self.gus.sees()
            self.lea.sees()
            eve.types(line)
            if door == "text":
                self.assertIn(told, "".join(eve.sees()))
            else:
                self.assertNotIn("error", str(eve.sees()), line)
        self.assertEqual(self.kinds(), self.before)
        self.assertEqual(self.says(eve, "/modlog").count("nobody"), 0)

    def test_others(self) -> None:
        """Those who come later do not run it, registered or not."""
        self.assertEqual([self.runs(nick) for nick in ("eve", "gus", "olga")], [True, False, False])
        for person in (self.gus, self.olga):
            told = self.says(person, "/room moderated on")
            self.assertEqual(told, "-- only an operator of #attic may do that")

    def test_mute_elsewhere(self) -> None:
        """Its mutes of people who are not there change nothing for them."""
        for nick in ("bob", "gus"):
            self.eve.types(f"/mute {nick}")
        self.assertIn("you are now bobby", self.says(self.bob, "/nick bobby"))
        self.assertIn("you are muted in #attic", self.says(self.gus, "/nick gustav"))
        token = self.chat.roster["bobby"].token
        self.bob.types("/quit")
        self.at_json("robert", token=token)

    def test_shown(self) -> None:
        """/room and /whois say who runs it."""
        self.assertIn("-- operators: eve", self.asks(self.gus, "/room"))
        self.assertIn("-- an operator of #attic", self.asks(self.gus, "/whois eve"))

    def test_parting(self) -> None:
        """A member who parts no longer runs it, and is nobody special on coming back."""
        for line in ("/room moderated on", "/part #attic", "/join attic"):
            self.eve.types(line)
        self.assertFalse(self.runs("eve"))
        self.assertIn("is moderated", self.says(self.eve, "hi"))
        self.assertIn("only an operator", self.says(self.eve, "/room moderated off"))

    def test_empties(self) -> None:
        """When nobody is there any longer all is as before, and the next one to come runs it."""
        for line in ("/room moderated on", "/voice gus", "/ban bob", "/mute lea", "/invite sysop"):
            self.eve.types(line)
        self.empty()
        for person in (self.bob, self.lea):
            self.assertIn("you joined #attic", self.says(person, "/join attic"))
        self.assertEqual((self.runs("bob"), self.runs("lea")), (True, False))
        self.lea.types("hi")
        self.assertEqual(self.bob.sees()[-1], "lea: hi")
        permissions = self.chat.permissions
        self.assertEqual(permissions.sanctions("attic"), [])
        self.assertEqual([*permissions.voiced("attic"), *permissions.invited("attic")], [])

    def test_two(self) -> None:
        """Those whom it makes operators run it too, each for as long as they are there."""
        for nick in ("gus", "olga"):
            self.eve.types(f"/op {nick}")
        told = "-- gus is an operator of #attic already"
        self.assertEqual(self.asks(self.eve, "/op gus"), [told])
        self.eve.types("/part #attic")
        self.assertIn("you made lea an operator", self.says(self.gus, "/op lea"))
        self.gus.types("/deop olga")
        self.assertEqual([self.runs(nick) for nick in ("olga", "lea", "eve")], [False, True, False])
        self.gus.types("/quit")
        self.assertIn("you kicked olga", self.says(self.lea, "/kick olga"))
        self.assertEqual(self.kinds(), self.before)

    def test_elsewhere(self) -> None:
        """It makes nobody an operator who is not there."""
        self.assertEqual(self.asks(self.eve, "/op bob"), ["-- bob is not in #attic"])

    def test_kicked(self) -> None:
        """A member who is kicked no longer runs it."""
        self.sysop.types("/kick #attic eve")
        self.eve.types("/join attic")
        self.assertFalse(self.runs("eve"))

    def test_the_last_one_is_kicked(self) -> None:
        """A kick that leaves nobody there ends all that was in force."""
        self.eve.types("/room invite-only on")
        self.empty(self.gus, self.lea, self.olga)
        self.sysop.types("/kick #attic eve")
        self.assertIn("you joined #attic", self.says(self.gus, "/join attic"))
        self.assertTrue(self.runs("gus"))

    def test_banned(self) -> None:
        """Nor who is banned, not even when the ban is over."""
        self.eve.types("/op gus")
        self.gus.types("/ban eve")
        self.gus.types("/unban eve")
        self.eve.types("/join attic")
        self.assertFalse(self.runs("eve"))

    def test_banned_by_mask(self) -> None:
        """Nor who is banned by the mask of the nickname, and is still there."""
        self.eve.types("/op gus")
        self.gus.types("/ban eve!*@*")
        self.gus.types("/unban eve!*@*")
        self.assertIn("attic", self.chat.roster["eve"].rooms)
        self.assertFalse(self.runs("eve"))

    def test_muted(self) -> None:
        """A member who is muted there has no power meanwhile."""
        self.sysop.types("/mute #attic eve")
        self.assertIn("you are muted in #attic", self.says(self.eve, "/kick gus"))
        self.sysop.types("/unmute #attic eve")
        self.assertIn("you kicked gus", self.says(self.eve, "/kick gus"))

    def test_leaving(self) -> None:
        """Leaving the chat ends it too."""
        token = self.chat.roster["eve"].token
        self.eve.types("/quit")
        again = self.at_json("eve", token=token, rooms={"attic": 0})
        self.assertIn("attic", again.welcome["rooms"])
        self.assertFalse(self.runs("eve"))

    def test_logging_in(self) -> None:
        """A member who logs in or out, or registers, goes on running it."""
        for line in (f"/register {PASSWORD}", "/logout", f"/login olga {PASSWORD}"):
            if line.startswith("/login"):
                self.olga.types("/quit")
            self.eve.types(line)
            told = self.says(self.eve, "/room moderated on")
            self.assertIn("you set moderated", told, line)
        self.empty(self.eve, self.gus, self.lea)
        self.assertFalse(self.chat.permissions.rules("attic").moderated)

    def test_renaming(self) -> None:
        """So does who takes another nickname."""
        self.eve.types("/nick eva")
        self.assertIn("you kicked gus", self.says(self.eve, "/kick gus"))

    def test_an_identity_that_follows(self) -> None:
        """A ban of a guest holds against the account that it logs in to, and passes with it."""
        self.eve.types("/ban gus")
        self.gus.types(f"/register {PASSWORD}")
        self.gus.types("/logout")
        self.assertIn("you are banned", self.says(self.gus, "/join attic"))
        self.assertEqual(self.kinds(), self.before)
        self.empty()
        self.assertIn("you joined", self.says(self.gus, "/join attic"))


class BesideTests(RunningCase):
    """Running a room beside what is stored about it."""

    def test_stored_acts(self) -> None:
        """What server operators do lasts, also where it was undone by who runs the room."""
        for line in ("/join attic", "/room moderated on", "/ban #attic bob", "/mute #attic gus 1h"):
            self.sysop.types(line)
        for line in ("/room moderated off", "/unban bob", "/room secret on"):
            self.eve.types(line)
        self.assertIn("you joined", self.says(self.bob, "/join attic"))
        self.sysop.types("/room topic operators")
        self.chat.permissions.holding()
        self.empty(self.eve, self.gus, self.lea, self.olga, self.sysop, self.bob)
        rules = self.chat.permissions.rules("attic")
        self.assertTrue(rules.moderated and rules.operators_topic and not rules.secret)
        self.assertIn("you are banned", self.says(self.bob, "/join attic"))
        self.assertEqual(len(self.chat.permissions.against(self.chat.roster["gus"].identity)), 1)
        self.assertEqual(len(self.kinds()), len(self.before) + 4)

    def test_log_of_acts(self) -> None:
        """What is tidied from the log is not in force, and not even under what passes."""
        for line in ("/join attic", "/room moderated on"):
            self.sysop.types(line)
        (act,) = [each for each in acts(self.journal) if each.kind == "room_set"]
        self.eve.types("/room moderated off")
        self.assertIn(act.id, self.chat.permissions.holding()[1])

    def test_lasting_operator(self) -> None:
        """What lasting operators of a room that nobody owns do is stored, as before."""
        for line in ("/join attic", "/op olga"):
            self.sysop.types(line)
        self.olga.types("/room moderated on")
        self.eve.types("/deop olga")
        self.assertFalse(self.runs("olga"))
        self.empty(self.eve, self.gus, self.lea, self.olga, self.sysop)
        self.assertTrue(self.chat.permissions.rules("attic").moderated)
        self.bob.types("/join attic")
        self.olga.types("/join attic")
        self.assertTrue(self.runs("olga"))

    def test_logged_in(self) -> None:
        """A logged-in member who enters an old room runs it, but does not own it."""
        self.eve.types("hi")
        self.empty()
        self.olga.types("/join attic")
        self.assertTrue(self.runs("olga"))
        self.assertFalse(self.chat.permissions.has_owner("attic"))
        self.olga.types("/join loft")
        self.assertTrue(self.chat.permissions.has_owner("loft"))

    def test_an_owner_who_gives_up(self) -> None:
        """A founder who is no longer the owner does not run the room either."""
        self.ada.types("/deop ada")
        self.assertFalse(self.runs("ada", "den"))

    def test_owned(self) -> None:
        """A guest does not run a room that somebody owns by being first in it."""
        self.ada.types("/part den")
        self.eve.types("/join den")
        self.assertFalse(self.runs("eve", "den"))

    def test_lobby(self) -> None:
        """Nobody runs the lobby by being first, or is made an operator there as a guest."""
        for person in (self.ada, self.bob, self.eve, self.gus, self.lea, self.olga, self.sysop):
            person.types("/part lobby")
        self.bob.types("/join lobby")
        self.assertFalse(self.runs("bob", "lobby"))
        self.sysop.types("/join lobby")
        self.assertEqual(self.asks(self.sysop, "/op bob"), ["-- bob must /register first"])

    def test_guest_operator(self) -> None:
        """In an owned room a guest is an operator while there; what it does is stored."""
        self.gus.types("/join den")
        self.ada.types("/op gus")
        self.assertIn("you set moderated", self.says(self.gus, "/room moderated on"))
        self.assertEqual(self.kinds()[len(self.before) :], [("room_set", "den")])
        self.gus.types("/part den")
        self.gus.types("/join den")
        self.assertFalse(self.runs("gus", "den"))

    def test_made_lasting(self) -> None:
        """Somebody who has registered by then can be made an operator for good."""
        self.gus.types("/join den")
        for person, line in ((self.ada, "/op gus"), (self.gus, f"/register {PASSWORD}")):
            person.types(line)
        self.assertIn("you made gus an operator", self.says(self.ada, "/op gus"))
        for line in ("/part den", "/join den"):
            self.gus.types(line)
        self.assertTrue(self.runs("gus", "den"))

    def test_history(self) -> None:
        """Nobody has lines deleted by a setting that is not stored."""
        told = "-- nobody owns #attic: /claim it first"
        for line in ("/room keep 1h", "/room keep-lines 1"):
            self.assertEqual(self.asks(self.eve, line), [told])
        self.sysop.types("/join attic")
        self.sysop.types("/room keep-lines 7")
        self.assertEqual(self.chat.permissions.bounds("attic")[1], 7)
        self.assertEqual(self.chat.permissions.bounded(), ["attic"])
        passing = RoomSet(id=1, room="attic", target="keep-lines", text="1", passing=True)
        self.chat.permissions.apply(passing)
        self.assertEqual(self.chat.permissions.bounds("attic")[1], 7)

    def test_place_of_an_account(self) -> None:
        """An account that is kicked does not return by itself, though the kick is not stored."""
        self.eve.types("/kick olga")
        self.olga.types("/quit")
        self.assertNotIn("attic", self.at("json", "olga").welcome["rooms"])  # type: ignore[union-attr]

    def test_restart(self) -> None:
        """After a restart nothing of it is left."""
        for line in ("/room invite-only on", "/ban bob"):
            self.eve.types(line)
        for person in (self.gus, self.lea, self.olga):
            person.types("/quit")
        self.run_again()
        bob = self.comes("text", "bob", "attic")
        self.assertIn("you set moderated", self.says(bob, "/room moderated on"))

    def test_clock(self) -> None:
        """What passes ends with the clock, too."""
        self.eve.types("/mute gus 1h")
        self.chat.permissions.clock_set(-1_800_000_000)
        self.clock.advance(1801)
        self.assertNotIn("muted", self.says(self.gus, "hi"))


class LingeringTests(RunningCase):
    """A lost connection, which may come back within 30 s."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.linger = LINGER

    def test_back_in_time(self) -> None:
        """A member who comes back in time has never been gone."""
        token = self.chat.roster["eve"].token
        self.empty(self.gus, self.lea, self.olga)
        self.eve.types("/room moderated on")
        self.eve.wire.vanishes()
        self.clock.advance(LINGER - 1)
        self.gus.types("/join attic")
        self.assertIn("is moderated", self.says(self.gus, "hi"))
        self.at_json("eve", token=token)
        self.assertTrue(self.runs("eve"))

    def test_not_in_time(self) -> None:
        """When the time is over, so is that."""
        self.empty(self.gus, self.lea, self.olga)
        self.eve.types("/room moderated on")
        self.eve.wire.vanishes()
        self.clock.advance(LINGER + 1)
        self.gus.types("/join attic")
        self.assertTrue(self.runs("gus"))
        self.assertFalse(self.chat.permissions.rules("attic").moderated)


class DiskTests(RunningCase):
    """Running a room while nothing can be stored."""

    def open_chat(self, journal: Any = None, admission: Any = None) -> None:
        super().open_chat(journal or FailingJournal(), admission)

    def test_full(self) -> None:
        """What passes is done all the same, and what lasts is refused."""
        self.sysop.types("/join attic")
        self.journal.error = StorageError("the disk is full")
        self.assertIn("you set moderated", self.says(self.eve, "/room moderated on"))
        told = self.says(self.sysop, "/room moderated off")
        self.assertEqual(told, "-- not done: the disk is full")
        self.assertIn("is moderated", self.says(self.gus, "hi"))


class OnTheirWayTests(RunningCase):
    """Things that happen before others have passed."""

    def test_operator_who_has_left(self) -> None:
        """Somebody who left before the appointment was stored is no operator on coming back."""
        (eve,) = self.chat.roster["eve"].devices
        gus = self.chat.roster["gus"]
        self.chat.part(gus.devices[0], self.chat.rooms["attic"])
        self.chat.acting.act(
            eve, Opped(room="attic", target="gus", target_identity=gus.identity, passing=True)
        )
        self.clock.advance(0)
        self.gus.types("/join attic")
        self.assertFalse(self.runs("gus"))

    def test_entering_as_the_last_one_parts(self) -> None:
        """The next member after the last one has parted is the first there."""
        self.empty(self.gus, self.lea, self.olga)
        self.eve.types("/room moderated on")
        eve, bob = (self.chat.roster[nick].devices[0] for nick in ("eve", "bob"))
        self.chat.part(eve, self.chat.rooms["attic"])
        self.chat.enter(bob, "attic")
        self.clock.advance(0)
        self.assertTrue(self.runs("bob"))
        self.assertFalse(self.chat.permissions.rules("attic").moderated)
