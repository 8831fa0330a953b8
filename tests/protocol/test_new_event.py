"""A new kind of event, and a new act: one class each, and one row of words."""

from __future__ import annotations

from dataclasses import dataclass

from chatservice.client.show import Transcript
from chatservice.client.wire import HABIT, decode
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import KINDS, Event, RoomEvent
from chatservice.protocol.names import LOBBY
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.wording import WORDS
from tests.conversation import ConversationCase

IN_WORDS = Preferences(time=False, colour=False).over(HABIT)


def new_kinds() -> tuple[type[Event], type[OperatorAct]]:
    """Define the two kinds, as protocol/events.py and protocol/actions.py would."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Waved(RoomEvent):
        """A greeting to a room."""

        kind = "waved"
        hands: int

    class Praised(OperatorAct):
        """A word of praise."""

        __slots__ = ()
        kind = "praised"

    return Waved, Praised


class NewKindTests(ConversationCase):
    """Ada and bob, at whom eve waves, and whom she praises."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(KINDS.update, dict(KINDS))
        self.addCleanup(KINDS.clear)
        self.addCleanup(WORDS.update, dict(WORDS))
        self.addCleanup(WORDS.clear)
        self.waved, self.praised = new_kinds()
        WORDS[self.waved] = lambda e: f"-- {e.nick} waved with {e.hands} hands"
        WORDS[self.praised] = lambda e: f"-- {e.nick} praised {e.target}: {e.text}"
        self.ada, self.bob, self.eve = self.at_text("ada"), self.at_json("bob"), self.at_text("eve")
        self.ada.sees()
        self.bob.sees()

    def eve_does(self, event: Event) -> tuple[list[str], list[str]]:
        """Publish what eve does, and give what ada reads at her door, and bob in his client."""
        self.chat.publish(self.chat.roster["eve"], event)
        self.clock.advance(0)
        log = Transcript(lambda: 0.0)
        log.preferences = IN_WORDS
        heard = [decode(line) for line in self.bob.wire.gets().splitlines()]
        shown = [log.event(each, "bob", LOBBY) for each in heard if isinstance(each, Event)]
        return self.ada.sees(), [line for lines in shown for line in lines]

    def test_event(self) -> None:
        """A new kind of event is told in its words at every door."""
        event = self.waved(room=LOBBY, hands=2)  # type: ignore[call-arg]
        words = ["-- eve waved with 2 hands"]
        self.assertEqual(self.eve_does(event), (words, words))

    def test_act(self) -> None:
        """So is a new act; it is stored with the others, and to bob it is done to you."""
        act = self.praised(room=LOBBY, target="bob", text="tea", target_identity=b"bob")
        told = self.eve_does(act)
        self.assertEqual(told, (["-- eve praised bob: tea"], ["-- eve praised you: tea"]))
        stored = self.successResultOf(self.journal.modlog(LOBBY, 2**62, 10))
        self.assertEqual(stored, [act])
