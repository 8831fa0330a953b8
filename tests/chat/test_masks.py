"""Bans and mutes by mask, in a room and in the whole chat."""

from __future__ import annotations

from chatservice.chat import sanctions
from chatservice.chat.rooms import Member
from chatservice.people.masks import meant
from chatservice.protocol.actions import Banned, Muted
from tests.conversation import at_each_door, each_row
from tests.journals import acts
from tests.masked import give_hosts
from tests.moderating import HOUR, ModerationCase, guest
from tests.operating import PASSWORD, DenCase

EVES, ADAS, BOBS = "eveseveses.chat", "adasadasad.chat", "bobsbobsbo.chat"
BAN = f"*!*@{EVES}"
OUT = "you are banned from #den until an operator ends it"


class MaskCase(DenCase):
    """Ada and eve are in #den, bob is not; each has another host."""

    def setUp(self) -> None:
        super().setUp()
        hosts = {self.HOSTS["eve"]: EVES, self.HOSTS["ada"]: ADAS, self.HOSTS["bob"]: BOBS}
        give_hosts(self, hosts)


class BanTests(MaskCase):
    """A ban by mask from a room."""

    @at_each_door
    def test_out(self, door: str) -> None:
        """People who are covered cannot come in; others can."""
        self.ada.types(f"/ban {BAN} 2h spam")
        eva = self.comes(door, "eva", host=self.HOSTS["eve"])
        self.assertIn("you are banned from #den until", self.says(eva, "/join den"))
        self.assertIn("you joined #den", self.says(self.bob, "/join den"))
        self.clock.advance(7201)
        self.assertNotIn("banned", self.says(eva, "/join den"))

    def test_still_in(self) -> None:
        """Members whom it covers stay in the room, but can only speak elsewhere."""
        self.ada.types("/ban E*")
        told = self.eve.sees()
        self.assertEqual(told, ["-- ada banned e*!*@* from #den until an operator ends it"])
        for line in ("hi", "/me waves", "/topic x", "/nick eva", "/away x", "/invite bob"):
            self.assertIn(OUT, self.says(self.eve, line), line)
        self.assertEqual(len(self.ada.sees()), 1)
        for line in ("/join lobby", "hi"):
            self.eve.types(line)
        self.assertEqual(self.bob.sees()[-1], "eve: hi")

    def test_unban(self) -> None:
        """When the ban ends all is as before."""
        for line in (f"/ban {BAN}", f"/unban @{EVES.upper()}"):
            self.ada.types(line)
        self.assertEqual(self.ada.sees()[-1], f"-- you unbanned {BAN} from #den")
        self.eve.types("hi")
        self.assertEqual(self.ada.sees(), ["eve: hi"])
        self.assertEqual(
            self.asks(self.ada, f"/unban {BAN}"), [f"-- {BAN} is not banned from #den"]
        )

    def test_a_nickname(self) -> None:
        """A mask of a nickname covers its person under any other one, and turns nobody out."""
        self.ada.types("/ban eve!*@*")
        self.assertEqual(self.chat.roster["eve"].rooms.keys(), {"lobby", "den"})
        token = self.chat.roster["eve"].token
        self.eve.types("/part den")
        self.eve.types("/nick lilith")
        self.assertIn(OUT, self.says(self.eve, "/join den"))
        eve = self.comes("text", "eve")
        self.assertIn(OUT, self.says(eve, "/join den"))
        self.assertEqual(token, self.chat.roster["lilith"].token)
        self.ada.types("/unban eve")
        self.assertNotIn(OUT, self.says(self.eve, "/join den") + self.says(eve, "/join den"))

    def test_an_account(self) -> None:
        """One of a registered nickname covers the account, whoever is logged in to it."""
        self.register("olga")
        self.ada.types("/ban olga!*@*")
        self.bob.types(f"/login olga {PASSWORD}")
        self.bob.types("/nick bobby")
        self.assertIn(OUT, self.says(self.bob, "/join den"))

    def test_logging_in_where_one_is(self) -> None:
        """A member whom it covers from logging in on stays in the room, silenced."""
        self.register("olga")
        self.ada.types("/ban olga!*@*")
        self.eve.types(f"/login olga {PASSWORD}")
        self.assertIn("you are banned", self.says(self.eve, "hi"))
        self.assertIn("den", self.chat.roster["eve"].rooms)

    def test_unban_by_mask(self) -> None:
        """The mask of a nickname ends the ban of that nickname as well."""
        for line in ("/ban bob", "/ban bob!*@*", "/unban BOB!*@*"):
            self.ada.types(line)
        self.assertEqual(self.chat.permissions.sanctions("den"), [])
        self.ada.sees()
        self.bob.types("/quit")
        for line in ("/ban bobby!*@*", "/unban bobby!*@*"):
            self.ada.types(line)
        self.assertEqual(self.ada.sees()[-1], "-- you unbanned bobby!*@* from #den")

    @each_row({"mask": "/unban bob!*@*", "nickname": "/unban bob"})
    def test_unban_once(self, line: str) -> None:
        """The one ban of somebody who is here, by the mask of the nickname, ends by one act."""
        self.ada.types("/ban bob!*@*")
        self.ada.sees()
        self.ada.types(line)
        self.assertEqual(self.ada.sees(), ["-- you unbanned bob!*@* from #den"])

    def test_renaming(self) -> None:
        """Another nickname brings somebody under a ban by mask, and out of it."""
        self.ada.types("/ban spam*")
        self.eve.types("/nick spammer")
        self.assertIn(OUT, self.says(self.eve, "buy"))
        self.eve.types("/part den")
        self.eve.types("/nick eve")
        self.assertIn("you joined #den", self.says(self.eve, "/join den"))

    def test_who_runs_the_room(self) -> None:
        """It holds against nobody who runs the room, and cannot be made for them by nickname."""
        self.register("olga")
        olga = self.comes("text", "olga", "den")
        self.ada.types("/op olga")
        self.assertEqual(
            self.asks(olga, "/ban ada!*@*"),
            ["-- ada owns #den: only a server operator may do that to them"],
        )
        self.assertIn("you cannot do that to yourself", self.says(olga, "/ban olga!*@*"))
        olga.types("/ban *!*@*")
        for person in (self.ada, olga):
            self.assertNotIn("banned", self.says(person, "hi"))
        self.assertIn(OUT, self.says(self.eve, "hi"))

    def test_operators_alone(self) -> None:
        """Nobody else makes one, or ends one."""
        for line in (f"/ban {BAN}", f"/mute {BAN}", f"/unban {BAN}", f"/unmute {BAN}"):
            self.assertEqual(
                self.asks(self.eve, line), ["-- only an operator of #den may do that"]
            )
        self.assertIn("only a server operator", self.says(self.ada, f"/ban * {BAN}"))

    def test_list(self) -> None:
        """/bans shows masks, and /modlog what was done."""
        self.ada.types(f"/ban {BAN}")
        self.ada.types("/mute spam* 2h")
        self.assertEqual(
            self.asks(self.ada, "/bans"),
            [
                f"-- {BAN} is banned by ada until an operator ends it",
                "-- spam*!*@* is muted by ada until 2026-11-21 14:00 (UTC)",
            ],
        )
        self.assertIn("muted spam*!*@* in #den", self.says(self.ada, "/modlog"))

    def test_hidden(self) -> None:
        """A room is hidden from whom a mask keeps out of it."""
        self.assertIn("#den", self.says(self.bob, "/list"))
        self.ada.types(f"/ban *!*@{BOBS}")
        self.assertNotIn("#den", self.says(self.bob, "/list"))

    def test_after_a_restart(self) -> None:
        """It holds in the next run, and nobody in the room had lost the place."""
        self.register("olga")
        olga = self.comes("text", "olga", "den", host=self.HOSTS["eve"])
        self.ada.types("/ban olga!*@*")
        self.ada.types(f"/ban {BAN}")
        identity = self.chat.roster["olga"].identity
        olga.types("/quit")
        places = self.successResultOf(self.journal.places(identity))
        self.assertIn("den", [place.room for place in places])
        self.run_again()
        eva = self.comes("text", "eva", host=self.HOSTS["eve"])
        self.assertIn(OUT, self.says(eva, "/join den"))
        banned = [act.target for act in acts(self.journal) if isinstance(act, Banned)]
        self.assertEqual(banned, ["olga!*@*", BAN])

    @each_row({"ban": "/ban", "mute": "/mute", "unban": "/unban", "unmute": "/unmute"})
    def test_no_mask(self, command: str) -> None:
        """What cannot be a mask is refused."""
        line = f"{command} {'x' * 200}*"
        self.assertEqual(self.asks(self.ada, line), ["-- a mask must have at most 200 bytes"])

    def test_network(self) -> None:
        """One of everybody at an address is the ban of the address."""
        line = f"/ban *!*@{self.HOSTS['eve']}"
        self.assertIn("only a server operator may do that by address", self.says(self.ada, line))
        self.sysop.types("/join den")
        self.sysop.types(line)
        self.assertIn("sysop kicked you from #den", "".join(self.eve.sees()))
        self.assertIn("nobody here is called", self.says(self.sysop, "/mute *!*@192.0.2.7"))


class MuteTests(MaskCase):
    """A mute by mask."""

    def test_mute(self) -> None:
        """People whom it covers can come in, but cannot speak until the mute ends."""
        self.ada.types(f"/mute *!*@{BOBS}")
        self.assertIn("you joined #den", self.says(self.bob, "/join den"))
        self.assertIn("you are muted in #den", self.says(self.bob, "hi"))
        self.ada.types(f"/unmute *!*@{BOBS}")
        self.assertNotIn("you are muted", self.says(self.bob, "hi"))


class ChatTests(MaskCase):
    """By mask in the whole chat, by a server operator."""

    @at_each_door
    def test_ban(self, door: str) -> None:
        """Members whom it covers stay, unheard; no others whom it covers can come."""
        self.sysop.types(f"/ban * {BAN}")
        for line in ("hi", "/msg ada hi"):
            self.assertIn("you are banned from the chat", self.says(self.eve, line))
        eva = self.knocks(door)
        self.assertIn("you are banned from the chat", eva)
        self.sysop.types(f"/unban * {BAN}")
        self.eve.types("hi")
        self.assertEqual(self.ada.sees()[-1], "eve: hi")

    def knocks(self, door: str) -> str:
        """What somebody sees who comes from eve's host at a door."""
        with self.assertRaises(AssertionError) as caught:
            self.comes(door, "eva", host=self.HOSTS["eve"])
        return str(caught.exception)

    def test_mute(self) -> None:
        """A mute holds in all rooms and in private."""
        self.sysop.types(f"/mute * {BAN}")
        for line in ("hi", "/msg ada hi"):
            self.assertIn("you are muted in the chat", self.says(self.eve, line))


class InForceTests(ModerationCase):
    """Bans and mutes by mask among the others, without the chat."""

    def masked(self, text: str, kind: type[Banned | Muted] = Banned, until: int = 0) -> None:
        """Apply one in #python."""
        mask = meant(text)
        self.did(self.ada, kind, "python", target=mask.text, until=until)  # type: ignore[union-attr]

    def silenced(self, member: Member) -> bool:
        """Tell whether a ban keeps somebody from speaking there."""
        return self.permissions._ban_by_mask_on(member, "python") is not None

    def test_until(self) -> None:
        """One ends by itself, and also when the clock is set."""
        self.masked("b*", until=self.now + HOUR)
        self.assertTrue(self.silenced(self.bob))
        self.permissions.clock_set(HOUR)
        self.now += HOUR
        self.assertTrue(self.silenced(self.bob))
        ban = self.permissions._ban_by_mask_on(self.bob, "python")
        self.assertEqual(ban and ban.until, self.now + HOUR)
        self.now += HOUR
        self.assertFalse(self.silenced(self.bob))

    def test_the_last_word(self) -> None:
        """The last word on a mask holds."""
        self.masked("b*", until=self.now + HOUR)
        self.masked("b*")
        self.now += HOUR
        self.assertTrue(self.silenced(self.bob))

    def test_many_people(self) -> None:
        """Verdicts are forgotten when there are many, and made again."""
        self.patch(sanctions, "VERDICTS_MOST", 3)
        self.masked("guest?")
        for _ in range(2):
            found = [self.silenced(guest(f"guest{number}")) for number in range(8, 12)]
            self.assertEqual(found, [True, True, False, False])

    def test_nobody_else_pays(self) -> None:
        """Where there is no mask nobody is looked at."""
        self.patch(Member, "mask", property(lambda member: self.fail("looked at")))
        self.permissions.check_speech(self.bob, "python")
        self.did(self.ada, Banned, "python", self.op)
        self.permissions.check_speech(self.bob, "python")

    def test_server_operator(self) -> None:
        """It holds against no server operator."""
        self.masked("*")
        self.assertFalse(self.silenced(self.sysop))
        self.assertTrue(self.silenced(self.bob))
