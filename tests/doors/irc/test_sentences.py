"""Commands in the chat's sentences, as people with IRC clients type them."""

from __future__ import annotations

from chatservice import commands
from chatservice.doors.irc.sentences import KNOWN, typed_at_irc
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import brief

SENTENCES = {
    "2 new lines in lobby: /catchup": "2 new lines in lobby: /quote catchup",
    "you are in 50 rooms: /part one first": "you are in 50 rooms: /part one first",
    "only for registered people: /register or /login first": (
        "only for registered people: /msg NickServ REGISTER or /quote login first"
    ),
    "no space: /var/lib/chat and a/catchup": "no space: /var/lib/chat and a/catchup",
    "your token has changed: /token": "your token has changed: /quote token",
}


class SentenceTests(IrcCase):
    """Sentences that name commands."""

    @each_row({sentence: sentence for sentence in SENTENCES})
    def test_commands(self, sentence: str) -> None:
        """What IRC clients do not know themselves they are told how to send."""
        self.assertEqual(typed_at_irc(sentence), SENTENCES[sentence])

    def test_known(self) -> None:
        """All of those that clients know are commands of the chat."""
        self.assertEqual(KNOWN - set(commands.COMMANDS), set())

    def test_told(self) -> None:
        """What was missed, and what is refused, is told so."""
        ada = self.at_irc("ada", "JOIN #den")
        ada.sends("PRIVMSG NickServ :REGISTER wonderful-days", "QUIT")
        bob = self.at_irc("bob", "JOIN #den")
        bob.sends("PRIVMSG #den :tea?")
        lines = self.back("ada")
        self.assertIn("/quote catchup", lines[-1])
        (refusal,) = brief(bob.asks("TOPIC #lobby :x", "CLAIM lobby"))[1:]
        self.assertNotIn(" /claim", refusal)

    def back(self, nick: str) -> list[str]:
        """Come back with an account, and return what is seen."""
        self.clock.advance(2)
        person = self.stranger()
        person.joins(nick, password="wonderful-days")
        self.clock.advance(0)
        return brief(person.sees())
