"""Refusals of the chat's for which IRC has no numeric."""

from __future__ import annotations

from chatservice.protocol.events import ChatError
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import ALL, brief
from tests.operating import OperatorCase


class RefusalTests(OperatorCase, IrcCase):
    """What there is no numeric for."""

    @each_row({"standard replies": ALL, "none": "message-tags"})
    def test_other_errors(self, caps: str) -> None:
        """It is a FAIL with the chat's code for clients that ask for those, or else a notice."""
        ada = self.at_irc("ada", "JOIN #lobby", caps=caps)
        self.patch(self.chat, "set_topic", self.refuse)
        (answer,) = ada.asks("TOPIC #lobby :tea")
        if "standard-replies" in caps:
            self.assertEqual(brief([answer]), ["chatservice FAIL TOPIC FULL_MOON not tonight"])
        else:
            self.assertEqual(brief([answer]), ["chatservice NOTICE ada not tonight"])

    def refuse(self, *_: object) -> None:
        """Refuse, as the chat does."""
        raise ChatError("full-moon", "not tonight")

    def test_lockdown(self) -> None:
        """A client that may not join for another reason than its nickname keeps that."""
        self.server_operator("sysop")
        sysop = self.at("text", "sysop")
        sysop.types("/lockdown on")
        ada = self.stranger()
        ada.joins("ada")
        self.assertEqual([line.nick for line in ada.sees()], ["chatservice"])
        sysop.types("/lockdown off")
        self.assertIn("001", ada.numerics("USER a 0 * :A"))
