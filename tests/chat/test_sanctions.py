"""Who may not come in or speak: bans, mutes, the lockdown, and how rooms are set."""

from __future__ import annotations

from chatservice.chat.access import Person, RoomRules
from chatservice.people.addresses import network_named
from chatservice.people.identity import identity_of
from chatservice.protocol import actions
from tests.moderating import ADDRESS, HOUR, START, ModerationCase, guest, registered

FOR_NOW = " until an operator ends it"


class BanTests(ModerationCase):
    """Who may not come in."""

    def test_by_identity(self) -> None:
        """Who is banned from the chat does not come back, from whatever address."""
        self.did(self.sysop, actions.Banned, whom=self.bob)
        self.assertTrue(self.is_banned(self.bob))
        self.bob.address = "198.51.100.1"
        self.assertTrue(self.is_banned(self.bob))
        self.assertFalse(self.is_banned(guest("eve", "198.51.100.1")))

    def test_by_address(self) -> None:
        """Who is banned does not come back under another name from the same address."""
        self.did(self.sysop, actions.Banned, whom=self.bob, network="192.0.2.1/32")
        self.assertTrue(self.is_banned(guest("eve", ADDRESS)))
        self.assertTrue(self.is_banned(registered("eve", f"::ffff:{ADDRESS}")))
        self.assertFalse(self.is_banned(guest("eve", "192.0.2.2")))
        self.assertFalse(self.is_banned(guest("eve", "2001:db8::1")))
        self.assertFalse(self.is_banned(guest("eve", "")))

    def test_network(self) -> None:
        """A ban of a network covers everybody from there."""
        self.banned_network("2001:db8::/32")
        self.assertTrue(self.is_banned(guest("eve", "2001:db8:1::1")))
        self.assertFalse(self.is_banned(guest("eve", "2001:db9::1")))

    def test_sentence(self) -> None:
        """Who is banned is told until when and why, as far as that was said."""
        check = self.permissions.check_arrival
        self.did(self.sysop, actions.Banned, whom=self.bob)
        self.refused("banned", f"you are banned from the chat{FOR_NOW}", check, self.bob)
        self.did(self.sysop, actions.Banned, whom=self.bob, text="spam")
        self.refused("banned", f"you are banned from the chat{FOR_NOW}: spam", check, self.bob)
        until = START + 2 * HOUR
        self.did(self.sysop, actions.Banned, whom=self.bob, text="spam", until=until)
        sentence = "you are banned from the chat until 2026-11-21 14:00 (UTC): spam"
        self.refused("banned", sentence, check, self.bob)
        self.did(self.ada, actions.Banned, "python", self.bob, until=until)
        sentence = "you are banned from #python until 2026-11-21 14:00 (UTC)"
        self.refused("banned", sentence, self.permissions.check_entry, self.bob, "python")

    def test_end(self) -> None:
        """A ban ends by itself, at its very moment."""
        self.did(self.sysop, actions.Banned, whom=self.bob, until=START + HOUR)
        self.now = START + HOUR - 1
        self.assertTrue(self.is_banned(self.bob))
        self.assertEqual(self.permissions.sanctions(""), self.acts[-1:])
        self.now = START + HOUR
        self.assertEqual(self.permissions.sanctions(""), [])
        self.assertFalse(self.is_banned(self.bob))

    def test_in_a_room(self) -> None:
        """Who is banned from a room may be in the others, and in the chat."""
        self.did(self.ada, actions.Banned, "python", self.bob)
        self.assertTrue(self.is_banned(self.bob, "python"))
        self.assertFalse(self.is_banned(self.bob, "attic"))
        self.assertFalse(self.is_banned(self.bob))

    def test_last_word(self) -> None:
        """Of two bans that cover exactly the same, the later one holds."""
        self.did(self.sysop, actions.Banned, whom=self.bob)
        self.did(self.sysop, actions.Banned, whom=self.bob, until=START + HOUR)
        self.assertEqual(self.permissions.sanctions(""), self.acts[-1:])
        self.now = START + HOUR
        self.assertFalse(self.is_banned(self.bob))

    def test_last_word_after_the_end(self) -> None:
        """A ban does not hold against other identities because of one that had ended by then."""
        eve = guest("eve", "198.51.100.1")
        self.did(self.sysop, actions.Banned, whom=self.bob, until=START + HOUR)
        known_as = f"{self.acts[-1].id} {self.bob.identity.hex()}"
        extended = {"target": "bob", "target_identity": eve.identity, "text": known_as}
        self.did(self.sysop, actions.Extended, **extended)
        self.assertTrue(self.is_banned(eve))
        self.did(self.sysop, actions.Banned, whom=self.bob, time=START + 2 * HOUR)
        self.assertTrue(self.is_banned(self.bob))
        self.assertFalse(self.is_banned(eve))

    def test_two_of_one_name(self) -> None:
        """Two people of one nickname are banned both, and unbanned both by its nickname."""
        other = guest("bob", "198.51.100.1")
        other.identity = identity_of("another")
        self.did(self.sysop, actions.Banned, whom=self.bob, network="192.0.2.1/32")
        self.did(self.sysop, actions.Banned, whom=other, network="198.51.100.1/32")
        self.assertTrue(self.is_banned(self.bob) and self.is_banned(other))
        self.did(self.sysop, actions.Unbanned, target="Bob")
        self.assertFalse(self.is_banned(self.bob) or self.is_banned(other))

    def test_unban_by_identity(self) -> None:
        """Who is unbanned by its registered name is so of what it did under another one."""
        eve = registered("eve")
        self.did(self.sysop, actions.Banned, target="grace", target_identity=eve.identity)
        self.did(self.sysop, actions.Unbanned, target="mallory")
        self.assertTrue(self.is_banned(eve))
        self.did(self.sysop, actions.Unbanned, whom=eve)
        self.assertFalse(self.is_banned(eve))

    def test_unban_network(self) -> None:
        """To unban a network leaves the bans of nicknames, and of other networks, as they are."""
        self.did(self.sysop, actions.Banned, whom=self.bob, network="192.0.2.1/32")
        self.banned_network("192.0.2.1/32")
        self.banned_network("192.0.2.0/24")
        self.banned_network("192.0.2.0/24", kind=actions.Unbanned)
        self.assertFalse(self.is_banned(guest("eve", "192.0.2.2")))
        self.banned_network("192.0.2.1/32", kind=actions.Unbanned)
        self.assertTrue(self.is_banned(guest("eve", ADDRESS)))
        self.did(self.sysop, actions.Unbanned, target="bob")
        self.assertFalse(self.is_banned(guest("eve", ADDRESS)))

    def test_never_a_server_operator(self) -> None:
        """No ban keeps a server operator out, neither of the account nor of its address."""
        self.did(self.sysop, actions.Banned, whom=self.sysop, network="192.0.2.1/32")
        self.did(self.ada, actions.Banned, "python", self.sysop)
        self.banned_network("0.0.0.0/0")
        self.banned_network("0.0.0.0/0", "python")
        self.assertFalse(self.is_banned(self.sysop))
        self.assertFalse(self.is_banned(self.sysop, "python"))
        self.assertTrue(self.is_banned(guest("sysop", ADDRESS)))

    def test_operators_of_the_room(self) -> None:
        """A ban from a room covers its operators by account, but not by address."""
        self.banned_network("192.0.2.0/24", "python")
        self.assertTrue(self.is_banned(self.bob, "python"))
        self.assertFalse(self.is_banned(self.op, "python"))
        self.assertFalse(self.is_banned(self.ada, "python"))
        self.did(self.ada, actions.Banned, "python", self.op)
        self.assertTrue(self.is_banned(self.op, "python"))

    def test_banned_members(self) -> None:
        """A fresh ban of a network turns out whom it covers, and no operator of the place."""
        network = network_named("192.0.2.0/24")
        eve = guest("eve", "198.51.100.1")
        everybody = [self.sysop, self.ada, self.op, self.bob, eve, guest("local")]
        covered = self.permissions.banned_members
        self.assertEqual(covered(network, "python", everybody), [self.bob])
        self.assertEqual(covered(network, "", everybody), [self.ada, self.op, self.bob])

    def test_sanctions(self) -> None:
        """Bans and mutes of one place are listed in their order."""
        self.did(self.ada, actions.Muted, "python", self.bob)
        self.did(self.ada, actions.Banned, "python", self.bob)
        self.did(self.sysop, actions.Banned, whom=self.bob)
        self.did(self.ada, actions.Muted, "python", self.op)
        self.assertEqual(
            self.permissions.sanctions("python"), [self.acts[-4], self.acts[-3], self.acts[-1]]
        )


class LockdownTests(ModerationCase):
    """While only registered names may come."""

    def test_lockdown(self) -> None:
        """A lockdown keeps guests out and lets registered names in, until it is ended."""
        self.did(self.sysop, actions.LockedDown, text="on")
        self.assertTrue(self.permissions.locked_down)
        self.refused(
            "closed",
            "only registered names may join the chat at the moment",
            self.permissions.check_arrival,
            self.bob,
        )
        self.permissions.check_arrival(self.ada)
        self.permissions.check_arrival(self.sysop)
        self.did(self.sysop, actions.LockedDown, text="off")
        self.assertFalse(self.permissions.locked_down)
        self.permissions.check_arrival(self.bob)


class MuteTests(ModerationCase):
    """Who may not speak."""

    def test_in_a_room(self) -> None:
        """Who is muted in a room speaks in the others, and in private."""
        self.did(self.ada, actions.Muted, "python", self.bob)
        self.assertTrue(self.is_muted(self.bob))
        self.assertFalse(self.is_muted(self.bob, "attic"))
        self.assertFalse(self.is_muted(self.bob, ""))
        self.assertFalse(self.is_muted(registered("eve")))

    def test_in_the_chat(self) -> None:
        """Who is muted in the chat speaks nowhere, not in private either."""
        self.did(self.sysop, actions.Muted, whom=self.bob)
        for room in ("python", "attic", ""):
            self.assertTrue(self.is_muted(self.bob, room))
            self.assertFalse(self.is_muted(self.ada, room))

    def test_sentence(self) -> None:
        """Who is muted is told where, until when and why."""
        check = self.permissions.check_speech
        self.did(self.ada, actions.Muted, "python", self.bob, text="spam", until=START + HOUR)
        sentence = "you are muted in #python until 2026-11-21 13:00 (UTC): spam"
        self.refused("muted", sentence, check, self.bob, "python")
        self.did(self.sysop, actions.Muted, whom=self.bob)
        self.refused("muted", f"you are muted in the chat{FOR_NOW}", check, self.bob, "python")

    def test_end(self) -> None:
        """A mute ends by itself, or when it is taken back."""
        self.did(self.ada, actions.Muted, "python", self.bob, until=START + HOUR)
        self.now = START + HOUR
        self.assertFalse(self.is_muted(self.bob))
        self.did(self.ada, actions.Muted, "python", self.bob)
        self.assertTrue(self.is_muted(self.bob))
        self.did(self.ada, actions.Unmuted, "python", self.bob)
        self.assertFalse(self.is_muted(self.bob))
        self.permissions.check_speech(None, "python")  # type: ignore[arg-type]

    def test_bans_are_no_mutes(self) -> None:
        """A mute keeps nobody out, a ban nobody from speaking, and each is ended by itself."""
        self.did(self.ada, actions.Muted, "python", self.bob)
        self.did(self.ada, actions.Unbanned, "python", self.bob)
        self.assertFalse(self.is_banned(self.bob, "python"))
        self.assertTrue(self.is_muted(self.bob))
        self.did(self.ada, actions.Unmuted, "python", self.bob)
        self.did(self.ada, actions.Banned, "python", self.bob)
        self.assertFalse(self.is_muted(self.bob))
        self.did(self.ada, actions.Unmuted, "python", self.bob)
        self.assertTrue(self.is_banned(self.bob, "python"))

    def test_never_a_server_operator(self) -> None:
        """No mute keeps a server operator from speaking."""
        self.did(self.sysop, actions.Muted, whom=self.sysop)
        self.did(self.ada, actions.Muted, "python", self.sysop)
        self.assertFalse(self.is_muted(self.sysop))

    def test_topic(self) -> None:
        """Who may not speak does not change the topic either."""
        self.did(self.ada, actions.Muted, "python", self.bob)
        self.refused(
            "muted",
            f"you are muted in #python{FOR_NOW}",
            self.permissions.check_topic,
            self.bob,
            "python",
        )


class RoomTests(ModerationCase):
    """How rooms are set."""

    def set_room(self, setting: str, value: str) -> None:
        """Let ada set her room."""
        self.did(self.ada, actions.RoomSet, "python", target=setting, text=value)

    def test_settings(self) -> None:
        """Every setting holds from when it is set, beside the others, and can be taken back."""
        for setting, value in (
            ("invite-only", "on"),
            ("password", "a hash"),
            ("moderated", "on"),
            ("topic", "operators"),
            ("keep", "86400"),
            ("keep-lines", "100"),
            ("limit", "12"),
            ("secret", "on"),
        ):
            self.set_room(setting, value)
        rules = RoomRules(True, "a hash", True, True, 86_400, 100, 12, True)
        self.assertEqual(self.permissions.rules("python"), rules)
        self.assertNotIn("a hash", repr(rules))
        for setting, value in (
            ("invite-only", "off"),
            ("password", ""),
            ("moderated", "off"),
            ("topic", "all"),
            ("keep", ""),
            ("keep-lines", ""),
            ("limit", ""),
            ("secret", "off"),
        ):
            self.set_room(setting, value)
        self.assertEqual(self.permissions.rules("python"), RoomRules())

    def test_invite_only(self) -> None:
        """A room for invited people lets these in, operators, and who was in it before."""
        self.set_room("invite-only", "on")
        check = self.permissions.check_entry
        sentence = "#python is invite-only: ask one of its operators to invite you"
        self.refused("closed", sentence, check, self.bob, "python")
        check(self.bob, "python", next(self.ids))
        check(self.op, "python")
        check(self.sysop, "python")
        self.did(self.ada, actions.Invited, "python", self.bob)
        self.assertEqual(self.permissions.invited("python"), [Person("bob", self.bob.identity)])
        check(self.bob, "python")

    def test_limit(self) -> None:
        """A full room lets only invited people and operators in, as there is room again others."""
        self.set_room("limit", "2")
        check = self.permissions.check_entry
        sentence = "#python is full (at most 2 people): ask one of its operators to invite you"
        self.refused("closed", sentence, check, self.bob, "python", next(self.ids), 2)
        check(self.bob, "python", here=1)
        check(self.op, "python", here=2)
        check(self.sysop, "python", here=3)
        self.did(self.ada, actions.Invited, "python", self.bob)
        check(self.bob, "python", here=2)

    def test_end_of_an_invitation(self) -> None:
        """An invitation ends when the invited one is kicked or banned."""
        self.set_room("invite-only", "on")
        for kind in (actions.Kicked, actions.Banned):
            self.did(self.ada, actions.Invited, "python", self.bob)
            self.did(self.ada, kind, "python", self.bob)
            self.assertEqual(self.permissions.invited("python"), [])

    def test_bans_before_invitations(self) -> None:
        """Who is banned is not let in by an invitation."""
        self.did(self.ada, actions.Banned, "python", self.bob)
        self.did(self.ada, actions.Invited, "python", self.bob)
        self.assertTrue(self.is_banned(self.bob, "python"))

    def test_password(self) -> None:
        """A room's password is asked of all but operators and who was in it before."""
        self.set_room("password", "a hash")
        needed = self.permissions.needs_password
        self.assertEqual(needed(self.bob, "python"), "a hash")
        self.assertEqual(needed(self.bob, "python", next(self.ids)), "")
        self.assertEqual(needed(self.op, "python"), "")

    def test_moderated(self) -> None:
        """In a moderated room operators speak, and who has a voice, registered or not."""
        self.set_room("moderated", "on")
        check = self.permissions.check_speech
        sentence = "#python is moderated: ask one of its operators for a voice"
        self.refused("not-allowed", sentence, check, self.bob, "python")
        self.refused("not-allowed", sentence, self.permissions.check_topic, self.bob, "python")
        check(self.bob, "attic")
        check(self.bob, "")
        for member in (self.ada, self.op, self.sysop):
            check(member, "python")
        self.did(self.ada, actions.Voiced, "python", self.bob)
        self.assertEqual(self.permissions.voiced("python"), [Person("bob", self.bob.identity)])
        check(self.bob, "python")
        self.did(self.ada, actions.Devoiced, "python", self.bob)
        self.refused("not-allowed", sentence, check, self.bob, "python")
        self.set_room("moderated", "off")
        check(self.bob, "python")

    def test_speech_beside_a_mute(self) -> None:
        """A mute in the chat, of somebody else, lets all speak where nothing else is set."""
        self.did(self.sysop, actions.Muted, whom=self.bob)
        self.permissions.check_speech(self.ada, "python")
        self.permissions.check_speech(self.ada, "attic")

    def test_topic(self) -> None:
        """The topic is changed by all, or by operators alone."""
        self.permissions.check_topic(self.bob, "python")
        self.set_room("topic", "operators")
        self.permissions.check_topic(self.op, "python")
        self.refused(
            "not-allowed",
            "only an operator of #python may do that",
            self.permissions.check_topic,
            self.bob,
            "python",
        )
