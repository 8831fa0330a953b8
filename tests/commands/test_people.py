"""Away and back, who somebody is, whom one ignores, and how one is shown things."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from chatservice.protocol.errors import StorageError
from tests.conversation import ConversationCase, JsonPerson, TextPerson, error

KEPT = "-- kept until you leave: /register to keep it for ever"
HERE = "here since 2026-11-21 12:00 (UTC), door: "


class PeopleCase(ConversationCase):
    """ada is at the text door, bob at the JSON door."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_text("ada")
        self.bob = self.at_json("bob")
        self.ada.sees()

    def lines(self, person: TextPerson | JsonPerson, typed: str) -> list[str]:
        """What a person is shown for a line."""
        person.sees()
        person.types(typed)
        if isinstance(person, TextPerson):
            return person.sees()
        return [line for facts in person.sees() for line in facts.get("lines", [])]

    def register(self, person: TextPerson | JsonPerson) -> None:
        person.types("/register correct-horse-battery")
        person.sees()

    def member(self, key: str) -> Any:
        return self.chat.roster[key]


class AwayTests(PeopleCase):
    """Being away."""

    def test_away_and_back(self) -> None:
        """Those are told with whom one talks, in the order of what is said, and so is oneself."""
        self.ada.types("hi")
        self.bob.sees()
        self.assertEqual(self.lines(self.ada, "/away lunch"), ["-- you are away: lunch"])
        self.assertEqual(self.lines(self.ada, "/back"), ["-- you are back"])
        self.assertEqual(
            self.bob.sees(),
            [
                {"type": "went_away", "nick": "ada", "why": "lunch"},
                {"type": "came_back", "nick": "ada"},
            ],
        )

    def test_where_one_talks(self) -> None:
        """Of one's rooms those are told in which one spoke in the last ten minutes."""
        self.ada.types("/me waves")
        grace = self.at_json("grace")
        for person in (self.ada, grace):
            person.types("/join python")
        grace.types("/part lobby")
        self.ada.types("/topic snakes")
        self.clock.advance(1)
        self.ada.types("hi")
        self.clock.advance(599)
        self.bob.sees()
        grace.sees()
        self.assertEqual(self.lines(self.ada, "/away tea"), ["-- you are away: tea"])
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(grace.sees(), [{"type": "went_away", "nick": "ada", "why": "tea"}])
        self.assertIn("away: tea", self.lines(self.bob, "/whois ada"))
        self.assertEqual(self.lines(self.bob, "/msg ada psst"), ["ada is away: tea"])
        self.clock.advance(1)
        self.assertIn("-- you are back", self.lines(self.ada, "/back"))
        self.assertEqual(grace.sees(), [])

    def test_where_one_has_left(self) -> None:
        """Who left a room and came again has not spoken there yet."""
        for typed in ("hi", "/part", "/join lobby"):
            self.ada.types(typed)
        self.bob.sees()
        self.ada.types("/away")
        self.assertEqual(self.bob.sees(), [])

    def test_without_a_reason(self) -> None:
        """A reason need not be given."""
        self.assertEqual(self.lines(self.ada, "/away"), ["-- you are away"])

    def test_private_line(self) -> None:
        """Who says something in private to somebody away is told so."""
        self.lines(self.bob, "/away lunch")
        self.assertEqual(self.lines(self.ada, "/msg bob psst"), ["-- bob is away: lunch"])
        self.lines(self.bob, "/back")
        self.assertEqual(self.lines(self.ada, "/msg bob psst"), [])
        self.lines(self.ada, "/away")
        self.assertEqual(self.lines(self.bob, "/msg ada psst"), ["ada is away"])

    def test_not_away(self) -> None:
        """Who was not away cannot come back, and nobody else is told."""
        self.assertEqual(self.lines(self.ada, "/back"), ["-- you were not away"])
        self.assertEqual(self.bob.sees(), [])

    def test_long_reason(self) -> None:
        """A reason is no longer than a line."""
        (line,) = self.lines(self.ada, f"/away {'x' * 4097}")
        self.assertIn("4,097 bytes", line)
        self.assertIsNone(self.member("ada").away)


class WhoisTests(PeopleCase):
    """WHOIS."""

    def whois(self, nick: str, by: JsonPerson | None = None) -> list[str]:
        return self.lines(by or self.bob, f"/whois {nick}")

    def test_guest(self) -> None:
        """Of who is not registered: that, since when, by which door, where, and how silent."""
        self.clock.advance(125)
        (device,) = self.member("ada").devices
        self.assertEqual(
            self.whois("ADA"),
            [
                "ada is not registered",
                HERE + device.door.kind,
                "in lobby",
                "silent for 2m",
                f"user and host: {device.member.userhost}",
            ],
        )
        self.assertEqual(device.member.mask, "ada!~text@bzlmnqcpop.chat")

    def test_silence(self) -> None:
        """For how long somebody is silent is told roughly."""
        (device,) = self.member("ada").devices
        spoken = {59: "less than a minute", 60: "1m", 7_260: "2h", 180_000: "2d"}
        for seconds in spoken:
            self.patch(type(device.door), "idle_seconds", lambda _: seconds)  # noqa: B023
            self.assertEqual(self.whois("ada")[-2], f"silent for {spoken[seconds]}")

    def test_real_name_and_bot(self) -> None:
        """The real name is told, and that somebody is a bot."""
        self.ada.types("/realname Ada Lovelace")
        self.ada.types("/set bot on")
        self.assertEqual(self.whois("ada")[-2:], ["real name: Ada Lovelace", "a bot"])

    def test_hidden(self) -> None:
        """Rooms that are hidden are told to people who share a room, and to nobody else."""
        self.ada.types("/set hidden on")
        self.assertIn("in lobby", self.whois("ada"))
        self.bob.types("/part")
        self.assertIn("in no room", self.whois("ada"))
        self.ada.types("/set hidden off")
        self.assertIn("in lobby", self.whois("ada"))

    def test_away(self) -> None:
        """That somebody is away is told, and why."""
        self.ada.types("/away")
        self.assertIn("away", self.whois("ada"))
        self.ada.types("/away lunch")
        self.assertIn("away: lunch", self.whois("ada"))

    def test_no_room(self) -> None:
        """Who is in no room is here all the same."""
        self.ada.types("/part")
        self.assertIn("in no room", self.whois("ada"))

    def test_registered(self) -> None:
        """Of who is registered it is told since when, and by what nickname now."""
        self.register(self.ada)
        since = "registered since 2026-11-21 12:00 (UTC)"
        self.assertEqual(self.whois("ada")[0], f"ada has been {since}")
        self.ada.types("/nick grace")
        self.assertEqual(self.whois("grace")[0], f"grace is logged in as ada, {since}")
        self.assertEqual(self.whois("ada")[0], f"grace is logged in as ada, {since}")

    def test_absent(self) -> None:
        """Who is registered and not here is told of as well."""
        self.register(self.ada)
        self.ada.types("/quit")
        since = "registered since 2026-11-21 12:00 (UTC)"
        self.assertEqual(self.whois("ada"), [f"ada has been {since}, and is not here"])

    def test_lost(self) -> None:
        """Of who has lost the connection it is not told for how long that was silent."""
        self.member("ada").devices[0].end()
        self.assertEqual(
            self.whois("ada")[:-1], ["ada is not registered", f"{HERE}no connection", "in lobby"]
        )

    def test_nobody(self) -> None:
        """Of who is neither here nor registered nothing is known."""
        self.bob.sees()
        self.bob.types("/whois eve", ref="1")
        refusal = error("no-nick", "nobody here is called eve", ref="1")
        self.assertEqual(self.bob.sees(), [refusal])

    def test_usage(self) -> None:
        """It is told how the command is written."""
        self.assertEqual(self.lines(self.ada, "/whois"), ["-- use it like this: /whois NICK"])


class IgnoreTests(PeopleCase):
    """Ignoring somebody."""

    def test_ignoring(self) -> None:
        """Nothing that is said by whom one ignores is shown, at either door, until it is again."""
        self.assertEqual(
            self.lines(self.ada, "/ignore BOB"),
            ["-- you ignore BOB from now on: /unignore BOB ends it", KEPT],
        )
        for line in ("hi", "/me waves", "/msg ada psst"):
            self.bob.types(line)
        self.assertEqual(self.ada.sees(), [])
        self.assertEqual(
            self.lines(self.ada, "/unignore bob"), ["-- you no longer ignore BOB"]
        )
        self.bob.types("hi again")
        self.assertEqual(self.ada.sees(), ["bob: hi again"])

    def test_program(self) -> None:
        """A program is not shown it either."""
        self.lines(self.bob, "/ignore ada")
        self.ada.types("hi")
        self.assertEqual(self.bob.sees(), [])

    def test_not_kept(self) -> None:
        """A guest is told once in a stay that it is kept until then, for /set as well."""
        for door, again in (("text", KEPT), ("json", KEPT.removeprefix("-- "))):
            eve = self.at(door, "eve")
            self.assertEqual(self.lines(eve, "/ignore bob")[1:], [again])
            for typed in ("/ignore ada", "/unignore ada", "/set bell on"):
                self.assertEqual(len(self.lines(eve, typed)), 1, typed)
            eve.types("/quit")

    def test_list(self) -> None:
        """Without a nickname it lists whom one ignores."""
        self.assertEqual(self.lines(self.ada, "/ignore"), ["-- you ignore nobody"])
        self.ada.types("/ignore eve")
        self.ada.types("/ignore bob")
        self.assertEqual(self.lines(self.ada, "/ignore"), ["-- you ignore bob, eve"])

    def test_account(self) -> None:
        """Who is logged in is ignored by the account's name, and stays so under another one."""
        self.register(self.bob)
        self.bob.types("/nick robert")
        self.assertEqual(
            self.lines(self.ada, "/ignore robert")[-2],
            "-- you ignore bob from now on: /unignore bob ends it",
        )
        self.bob.types("/nick rob")
        self.ada.sees()
        self.bob.types("hi")
        self.assertEqual(self.ada.sees(), [])
        self.assertEqual(
            self.lines(self.ada, "/unignore rob")[0], "-- you no longer ignore bob"
        )

    def test_kept(self) -> None:
        """For who is registered it is kept, and this is not worth a word."""
        self.register(self.ada)
        self.assertEqual(len(self.lines(self.ada, "/ignore bob")), 1)
        self.ada.types("/quit")
        self.bob.types("/nick eve")
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.assertEqual(account.ignored, {"bob": "bob"})

    def test_oneself(self) -> None:
        """Nobody can ignore oneself, under whatever name."""
        refusal = ["-- you cannot ignore yourself"]
        self.assertEqual(self.lines(self.ada, "/ignore Ada"), refusal)
        self.register(self.ada)
        self.ada.types("/nick grace")
        self.assertEqual(self.lines(self.ada, "/ignore grace"), refusal)
        self.assertEqual(self.lines(self.ada, "/ignore ada"), refusal)

    def test_most(self) -> None:
        """One ignores at most a hundred."""
        for number in range(100):
            self.ada.types(f"/ignore n{number}")
        self.assertEqual(
            self.lines(self.ada, "/ignore bob"),
            ["-- you already ignore 100 people: /unignore one first"],
        )

    def test_no_nickname(self) -> None:
        """What is no nickname is refused."""
        for typed in ("/ignore a b", "/unignore a b"):
            self.assertEqual(
                self.lines(self.ada, typed), ["-- a nickname must not contain a space"]
            )

    def test_not_ignored(self) -> None:
        """Who is not ignored cannot be un-ignored."""
        self.assertEqual(self.lines(self.ada, "/unignore bob"), ["-- you do not ignore bob"])
        self.assertEqual(
            self.lines(self.ada, "/unignore"), ["-- use it like this: /unignore NICK"]
        )


class SetTests(PeopleCase):
    """How one is shown things."""

    def test_list(self) -> None:
        """Without a name it tells what there is to set, and how that is set."""
        self.ada.types("/set bell ON")
        self.assertEqual(
            self.lines(self.ada, "/set"),
            [
                "-- time is off: every line with its time (UTC)",
                "-- colour is off: nicknames in colours",
                "-- bell is on: a bell when you are mentioned or get a private line",
                "-- quiet is off: no lines about people who join and leave",
                "-- hidden is off: only people who share a room with you see your rooms",
                "-- bot is off: programs are told that you are a bot",
            ],
        )

    def test_list_one(self) -> None:
        """A name alone tells how that is set."""
        self.ada.types("/set colour on")
        for typed in ("/set color", "/set COLOUR "):
            self.assertEqual(
                self.lines(self.ada, typed), ["-- colour is on: nicknames in colours"]
            )

    def test_setting(self) -> None:
        """What is set holds from then on, until it is set again."""
        self.assertEqual(
            self.lines(self.ada, "/set time on"),
            ["-- time is on now: every line with its time (UTC)", KEPT],
        )
        self.bob.types("hi")
        self.assertEqual(self.ada.sees(), ["12:00 bob: hi"])
        self.ada.types("/set time off")
        self.ada.sees()
        self.bob.types("hi")
        self.assertEqual(self.ada.sees(), ["bob: hi"])

    def test_kept(self) -> None:
        """For who is registered it is kept."""
        self.register(self.ada)
        self.assertEqual(len(self.lines(self.ada, "/set quiet on")), 1)
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.assertTrue(account.preferences.quiet)

    def test_not_kept(self) -> None:
        """What cannot be kept for who is registered does not hold either."""
        self.register(self.ada)
        self.patch(self.chat.accounts, "save", lambda _: fail(StorageError("the disk is full")))
        for typed in ("/set quiet on", "/ignore eve"):
            self.assertEqual(self.lines(self.ada, typed), ["-- not done: the disk is full"])
        member = self.member("ada")
        for each in (member, member.account):
            self.assertIsNone(each.preferences.quiet)
            self.assertEqual(each.ignored, {})

    def test_not_kept_after_leaving_the_account(self) -> None:
        """Who has left the account meanwhile keeps what was set, and the account does not."""
        self.register(self.ada)
        member = self.member("ada")
        account = member.account
        saving: Deferred[None] = Deferred()
        self.patch(self.chat.accounts, "save", lambda _: saving)
        self.ada.types("/set quiet on")
        member.account = None
        saving.errback(StorageError("the disk is full"))
        self.assertEqual((member.preferences.quiet, account.preferences.quiet), (True, None))

    def test_registering(self) -> None:
        """Who registers keeps what was set before."""
        self.ada.types("/set quiet on")
        self.ada.types("/ignore eve")
        self.register(self.ada)
        account = self.chat.accounts.named("ada")
        assert account is not None
        self.assertTrue(account.preferences.quiet)
        self.assertEqual(account.ignored, {"eve": "eve"})
        self.assertTrue(self.member("ada").preferences.quiet)

    def test_usage(self) -> None:
        """What is not to be set is answered with what is."""
        answer = "-- /set takes one of time, colour, bell, quiet, hidden, bot, and on or off"
        for typed in ("/set smell", "/set time maybe", "/set smell on"):
            self.assertEqual(self.lines(self.ada, typed), [answer])
