"""Conversations with people who have an IRC client."""

from __future__ import annotations

from tests.conversation import ConversationCase
from tests.irc import IrcPerson


class IrcCase(ConversationCase):
    """Conversations with people who have an IRC client."""

    def stranger(self) -> IrcPerson:
        """Connect without saying anything."""
        return IrcPerson(self.connect())

    def client(self) -> IrcPerson:
        """Connect, and show to be an IRC client."""
        person = self.stranger()
        person.asks("CAP LIST")
        return person

    def at_irc(self, nick: str, *lines: str, caps: str = "", password: str = "") -> IrcPerson:
        """Join, send lines, and read everything so far."""
        person = self.stranger()
        person.joins(nick, caps, password)
        self.assertIn("001", person.numerics())
        person.sends(*lines)
        person.sees()
        return person
