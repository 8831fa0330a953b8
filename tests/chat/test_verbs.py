"""The verbs of the chat as any door may call them: in any room, whatever the current one is."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from chatservice.chat import nicknames
from chatservice.chat.rooms import Device, Member
from chatservice.protocol.events import ChatError, Event
from chatservice.server import ChatFactory
from tests.conversation import Facts, each_row
from tests.operating import DenCase

Verb = Callable[[ChatFactory, Device, Member], Any]
"""Does something in #den, given the device of who does it, and eve, who is there."""

FAR = IPv4Network("198.51.100.0/24")

POWER: dict[str, tuple[Verb, Facts]] = {
    "kick": (
        lambda chat, by, eve: chat.enforcement.kick(by, eve, "den", "loud"),
        {"kind": "kicked", "target": "eve", "text": "loud"},
    ),
    "ban": (
        lambda chat, by, eve: chat.enforcement.ban(by, eve, "den", why="loud"),
        {"kind": "banned", "target": "eve", "network": "198.51.100.7/32", "text": "loud"},
    ),
    "mute": (
        lambda chat, by, eve: chat.enforcement.mute(by, eve, "den"),
        {"kind": "muted", "target": "eve", "until": 0},
    ),
    "voice": (
        lambda chat, by, eve: chat.roles.voice(by, eve, "den"),
        {"kind": "voiced", "target": "eve"},
    ),
    "invite": (
        lambda chat, by, _: chat.roles.invite(by, chat.roster["bob"], "den"),
        {"kind": "invited", "target": "bob"},
    ),
    "op": (
        lambda chat, by, _: chat.roles.op(by, chat.nicknames.person_named("carol"), "den"),
        {"kind": "opped", "target": "carol"},
    ),
    "set_room": (
        lambda chat, by, _: chat.enforcement.set_room(by, "den", "keep", "1h"),
        {"kind": "room_set", "target": "keep", "text": "3600"},
    ),
    "set_password": (
        lambda chat, by, _: chat.enforcement.set_room(by, "den", "password", "sesame"),
        {"kind": "room_set", "target": "password", "text": "plain:sesame"},
    ),
}
"""By an operator of the room, with what the act says."""

ENDS: dict[str, tuple[Verb, Verb, Facts]] = {
    "unban": (
        lambda chat, by, eve: chat.enforcement.ban(by, eve, "den"),
        lambda chat, by, eve: chat.enforcement.unban(by, eve, "den"),
        {"kind": "unbanned", "target": "eve"},
    ),
    "unmute": (
        lambda chat, by, eve: chat.enforcement.mute(by, eve, "den"),
        lambda chat, by, eve: chat.enforcement.unmute(by, eve, "den"),
        {"kind": "unmuted", "target": "eve"},
    ),
    "devoice": (
        lambda chat, by, eve: chat.roles.voice(by, eve, "den"),
        lambda chat, by, eve: chat.roles.devoice(by, eve, "den"),
        {"kind": "devoiced", "target": "eve"},
    ),
    "uninvite": (
        lambda chat, by, _: chat.roles.invite(by, chat.roster["bob"], "den"),
        lambda chat, by, _: chat.roles.uninvite(by, chat.roster["bob"], "den"),
        {"kind": "uninvited", "target": "bob"},
    ),
    "deop": (
        lambda chat, by, _: chat.roles.op(by, chat.nicknames.person_named("carol"), "den"),
        lambda chat, by, _: chat.roles.deop(by, chat.nicknames.person_named("carol"), "den"),
        {"kind": "deopped", "target": "carol"},
    ),
}
"""Those that end what others began."""

WHOLE: dict[str, tuple[Verb, Facts]] = {
    "kick": (
        lambda chat, by, eve: chat.enforcement.kick(by, eve, ""),
        {"kind": "kicked", "target": "eve"},
    ),
    "ban_network": (
        lambda chat, by, _: chat.enforcement.ban_network(by, FAR, "", 60),
        {"kind": "banned", "network": str(FAR)},
    ),
    "ban_wide_network": (
        lambda chat, by, _: chat.enforcement.ban_network(
            by, IPv4Network("198.0.0.0/7"), "", confirmed=True
        ),
        {"kind": "banned", "network": "198.0.0.0/7"},
    ),
    "announce": (
        lambda chat, by, _: chat.enforcement.announce(by, "tea"),
        {"kind": "announced", "text": "tea"},
    ),
    "lock_down": (
        lambda chat, by, _: chat.enforcement.lock_down(by, True),
        {"kind": "locked_down", "text": "on"},
    ),
}
"""By a server operator, of the whole chat."""

TALK: dict[str, tuple[Verb, Facts]] = {
    "say": (lambda chat, by, _: chat.say(by, chat.rooms["den"], "hi", "r"), {"text": "hi"}),
    "act": (lambda chat, by, _: chat.act(by, chat.rooms["den"], "waves"), {"text": "waves"}),
    "notice": (lambda chat, by, _: chat.notice(by, chat.rooms["den"], "tea"), {"text": "tea"}),
    "whisper": (lambda chat, by, eve: chat.whisper(by, eve, "psst"), {"to": "eve", "text": "psst"}),
    "whisper_an_act": (
        lambda chat, by, eve: chat.whisper(by, eve, "waves", manner="acted"),
        {"to": "eve", "text": "waves", "manner": "acted"},
    ),
    "whisper_to_somebody_away": (
        lambda chat, by, _: chat.whisper(by, chat.nicknames.person_named("carol"), "psst"),
        {"to": "carol"},
    ),
    "set_topic": (
        lambda chat, by, _: chat.set_topic(by, chat.rooms["den"], "tea"),
        {"room": "den", "text": "tea"},
    ),
    "enter": (lambda chat, by, _: chat.enter(by, "#Attic"), {"room": "attic"}),
    "part": (lambda chat, by, _: chat.part(by, chat.rooms["den"]), {"room": "den"}),
    "rename": (lambda chat, by, _: chat.rename(by, "adele"), {"now": "adele"}),
    "give_nick": (lambda chat, by, _: chat.give_nick(by.member, "adele", by), {"now": "adele"}),
    "rename_to_guest": (lambda chat, by, _: chat.rename_to_guest(by.member), {"nick": "ada"}),
    "set_away": (lambda chat, by, _: chat.set_away(by, "tea"), {"why": "tea"}),
    "set_back": (lambda chat, by, _: chat.set_away(by, None), {}),
}
"""By anybody."""


class VerbTests(DenCase):
    """Ada owns #den and talks in the lobby."""

    def setUp(self) -> None:
        super().setUp()
        self.register("carol")
        self.ada.types("/join lobby")
        self.see_all()

    def device(self, nick: str) -> Device:
        """Return the only device of somebody."""
        (device,) = self.chat.roster[nick].devices
        return device

    def begun(self, nick: str, verb: Verb) -> Deferred[Any]:
        """Call a verb in the name of somebody, and return what it gives back at once."""
        return maybeDeferred(verb, self.chat, self.device(nick), self.chat.roster["eve"])

    def does(self, nick: str, verb: Verb) -> Any:
        """What a verb gives back at last."""
        given: list[Any] = []
        done = self.begun(nick, verb)
        done.addCallback(given.append)
        self.clock.advance(0)
        self.clock.advance(0)
        self.successResultOf(done)
        return given[0]

    def check(self, nick: str, verb: Verb, facts: Facts) -> Event:
        """A verb gives back the very event that its author's door is told of."""
        told: list[Event] = []
        by = self.device(nick)
        self.patch(type(by.door), "render_own", lambda _, event, mine: told.append(event) or b"")
        given = self.does(nick, verb)
        (envelope,) = given if isinstance(given, list) else [given]
        self.assertIs(envelope.author, by.member)
        self.assertIn(envelope.event, told)
        self.assertEqual({name: getattr(envelope.event, name) for name in facts}, facts)
        event: Event = envelope.event
        return event

    @each_row(POWER)
    def test_power(self, row: tuple[Verb, Facts]) -> None:
        """An operator does it in a room that is not the current one."""
        event = self.check("ada", row[0], row[1] | {"room": "den"})
        self.assertEqual(self.device("ada").current, self.chat.rooms["lobby"])
        self.assertIn(event, self.successResultOf(self.journal.modlog("den", 2**62, 9)))

    @each_row(ENDS)
    def test_end(self, row: tuple[Verb, Verb, Facts]) -> None:
        """And ends it; after that there is nothing to end."""
        begin, end, facts = row
        self.does("ada", begin)
        self.check("ada", end, facts | {"room": "den"})
        self.assertFalse(self.does("ada", end))

    @each_row(WHOLE)
    def test_whole(self, row: tuple[Verb, Facts]) -> None:
        """A server operator does it in the whole chat."""
        self.check("sysop", row[0], row[1] | {"room": ""})

    def test_network(self) -> None:
        """The ban of a network is ended by the network."""
        nobody = IPv4Network("203.0.113.0/24")
        self.does("sysop", lambda chat, by, _: chat.enforcement.ban_network(by, nobody, ""))

        def unban(chat: ChatFactory, by: Device, _: Member) -> Any:
            return chat.enforcement.unban(by, nobody, "")

        self.check("sysop", unban, {"kind": "unbanned", "room": "", "network": str(nobody)})
        self.assertFalse(self.does("sysop", unban))

    @each_row(
        {
            name: row
            for name, row in (POWER | WHOLE | {name: row[1:] for name, row in ENDS.items()}).items()
            if name != "invite"
        }
    )
    def test_no_right(self, row: tuple[Verb, Facts]) -> None:
        """Whoever is no operator is refused by the verb itself, and nothing happens."""
        before = self.chat.ids.last
        error = self.failureResultOf(self.begun("bob", row[0]), ChatError).value
        self.assertEqual((error.code, error.cause), ("not-allowed", "not-operator"))
        self.assertEqual(self.chat.ids.last, before)

    def test_no_right_to_invite(self) -> None:
        """Anybody in a room may invite to it, and nobody who is elsewhere."""
        invite = POWER["invite"][0]
        error = self.failureResultOf(self.begun("bob", invite), ChatError).value
        self.assertEqual((error.code, error.cause), ("no-room", ""))

    @each_row(TALK)
    def test_talk(self, row: tuple[Verb, Facts]) -> None:
        """Anybody gets back what it published."""
        self.check("ada", *row)

    @each_row({name: TALK[name][0] for name in ("say", "act", "set_topic", "part")})
    def test_elsewhere(self, verb: Verb) -> None:
        """Nobody speaks in a room, or leaves it, who is not in it."""
        error = self.failureResultOf(self.begun("bob", verb), ChatError).value
        self.assertEqual((error.code, error.cause), ("no-room", ""))

    def test_nothing(self) -> None:
        """What changes nothing publishes nothing."""
        ada = self.device("ada")
        self.assertIsNone(self.does("ada", lambda chat, by, _: chat.enter(by, "den")))
        self.assertEqual(ada.current, self.chat.rooms["den"])
        self.assertIsNone(self.chat.enforcement.lock_down(self.device("sysop"), False))
        left = self.chat.leave(ada.member, "tea", goodbye=True)
        assert left is not None
        self.assertEqual(left.event.nick, "ada")
        self.assertIsNone(self.chat.leave(ada.member, "", goodbye=True))

    def test_words(self) -> None:
        """Whoever is silenced has no last words, and no door shows what nobody sees."""
        self.does("ada", lambda chat, by, eve: chat.enforcement.mute(by, eve, "den"))
        eve = self.chat.roster["eve"]
        left: Any = self.chat.leave(eve, "and another thing", goodbye=True)
        away: Any = self.chat.set_away(self.device("bob"), "\u200b")
        self.assertEqual((left.event.why, away.event.why), ("", ""))

    def test_endless_nickname(self) -> None:
        """No work is done for what is too long to be anybody's nickname."""
        self.patch(nicknames, "nick_key", self.fail)
        self.assertIsNone(self.chat.nicknames.person("x" * 9999))

    def test_settings(self) -> None:
        """A setting that there is not is refused, whatever the door made of it."""
        for setting, value in (("colour", "red"), ("moderated", "")):
            done = self.chat.enforcement.set_room(self.device("ada"), "den", setting, value)
            self.assertEqual(self.failureResultOf(done, ChatError).value.code, "usage")
