"""A test case of a room that nobody owns, and that a guest runs."""

from __future__ import annotations

from tests.conversation import Person
from tests.journals import acts
from tests.operating import DenCase


class RunningCase(DenCase):
    """Eve, a guest, was first in #attic; gus, lea and olga, who is registered, came later."""

    def setUp(self) -> None:
        super().setUp()
        self.register("olga")
        self.eve.types("/part den")
        self.eve.types("/join attic")
        self.gus = self.comes("text", "gus", "attic")
        self.lea = self.comes("text", "lea", "attic")
        self.olga = self.comes("text", "olga", "attic")
        self.before = self.kinds()
        self.eve.sees()

    def kinds(self) -> list[tuple[str, str]]:
        """The acts that are stored."""
        return [(act.kind, act.room) for act in acts(self.journal)]

    def runs(self, nick: str, room: str = "attic") -> bool:
        """Tell whether somebody who is here runs a room."""
        return self.chat.permissions.is_room_operator(self.chat.roster[nick], room)

    def empty(self, *people: Person) -> None:
        """Let everybody leave #attic."""
        for person in people or (self.eve, self.gus, self.lea, self.olga):
            person.types("/part #attic")
