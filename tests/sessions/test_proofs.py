"""Tests of joining with a proof made before, with a real name, and with no rooms."""

from __future__ import annotations

from typing import Any

from twisted.python.failure import Failure

from chatservice.protocol.actions import Muted
from chatservice.protocol.events import ChatError
from chatservice.sessions.joining import Joining, JoinRequest
from tests.conversation import ConversationCase
from tests.recording import RecordingDoor


class Arriving(RecordingDoor):
    """A door through which somebody comes."""

    def is_still_wanted(self) -> bool:
        return True

    def check_still_wanted(self) -> None:
        pass

    def complain(self, failure: Failure) -> None:
        failure.raiseException()


class ProofTests(ConversationCase):
    def setUp(self) -> None:
        super().setUp()
        for nick in ("ada", "grace"):
            person = self.at_text(nick)
            person.types("/register correct-horse")
            person.types("/quit")

    def arrive(self, nick: str, **facts: Any) -> Any:
        """Arrive; the member, or the error."""
        arrived = Joining(self.chat, Arriving()).arrive(JoinRequest(nick, **facts))
        self.clock.advance(0)
        found: list[Any] = []
        arrived.addBoth(found.append)
        (result,) = found
        if isinstance(result, Failure):
            result.trap(ChatError)
            return result.value
        return result.member

    def proof(self, nick: str) -> Any:
        """Prove an account."""
        proved = self.chat.accounts.prove(nick, "correct-horse", "192.0.2.1", lambda: True)
        return self.successResultOf(proved)

    def test_own_name(self) -> None:
        """Somebody who has proved an account comes by its name, or by a free one."""
        for nick in ("ada", "lovelace"):
            member = self.arrive(nick, proof=self.proof("ada"))
            self.assertEqual(member.account.nick, "ada")
            self.chat.leave(member, "", True)
            self.clock.advance(0)

    def test_name_of_another(self) -> None:
        """The registered name of somebody else is not free for it, even for one more device."""
        for _ in range(2):
            error = self.arrive("grace", proof=self.proof("ada"))
            self.assertIsInstance(error, ChatError)
            self.assertEqual(error.code, "password-needed")
            self.arrive("ada", proof=self.proof("ada"))

    def test_no_rooms(self) -> None:
        """Asking for no rooms gives none; asking for those of the last time gives the lobby."""
        self.assertEqual(dict(self.arrive("bob", rooms=()).rooms), {})
        self.assertEqual(list(self.arrive("eve").rooms), ["lobby"])

    def test_real_name(self) -> None:
        """A real name is cleaned, and cut if it is too long; the user name is in the mask."""
        member = self.arrive("bob", user="b!o@b", real_name="Bob\x1b[1m\n" + "x" * 200)
        self.assertEqual(member.real_name, ("Bob " + "x" * 200)[:128])
        self.assertEqual((member.user, len(member.host)), ("~bob", 15))
        self.assertEqual(member.mask, f"bob!{member.userhost}")

    def test_muted(self) -> None:
        """A muted member has no real name, for that would be a way to speak."""
        self.chat.permissions.apply(Muted(id=1, nick="sysop", target="*!*@*"))
        self.assertEqual(self.arrive("bob", real_name="Bob").real_name, "")
