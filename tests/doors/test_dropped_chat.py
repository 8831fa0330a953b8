"""A chat that nobody holds any more."""

from __future__ import annotations

import gc
import weakref

from tests.conversation import ROW_DOORS, ConversationCase
from tests.irc import ALL


class DroppedChatTests(ConversationCase):
    """A chat that is dropped while people are connected to it."""

    def test_collected(self) -> None:
        """Whatever its doors share among people, it is freed with all of them."""
        for door in ROW_DOORS:
            person = self.at(door, door)
            person.types("/ignore eve")
            person.types("/set time on")
        programs = [self.connect(), self.connect()]
        for number, wire in enumerate(programs):
            wire.sends(f"CAP REQ :{ALL}\r\nNICK i{number}\r\nUSER i 0 * :i\r\nCAP END\r\n".encode())
            wire.sends(b"JOIN #tea\r\nNAMES #tea\r\nPRIVMSG #tea :hello\r\n")
        self.assertIn("tea", self.chat.rooms)
        dropped = weakref.ref(self.chat)
        del self.chat, self.journal, self.front, self.clock, person, wire, programs
        gc.collect()
        self.assertIsNone(dropped())
