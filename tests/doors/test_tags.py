"""Tags, which programs send along with what they say."""

from __future__ import annotations

from typing import Any

from chatservice.chat.journal import Wanted
from chatservice.protocol.events import Said
from tests.conversation import ConversationCase, each_row, malformed

TAGS = {"+draft/reply": "1", "+typing": ""}
SAY = {"type": "say", "room": "lobby", "text": "hi", "ref": "r"}


class TagTests(ConversationCase):
    """Ada and bob at the JSON door, and eve at the text door."""

    def setUp(self) -> None:
        super().setUp()
        self.ada, self.bob, self.eve = self.at_json("ada"), self.at_json("bob"), self.at_text("eve")
        for person in (self.ada, self.bob, self.eve):
            person.sees()

    def test_shown(self) -> None:
        """Programs get them with the line, and people at a line door the line alone."""
        self.ada.sends_object(SAY | {"tags": TAGS})
        (said,) = self.bob.sees()
        self.assertEqual((said["text"], said["tags"], said["ref"]), ("hi", TAGS, "r"))
        (own,) = self.ada.sees()
        self.assertEqual(own["tags"], TAGS)
        self.assertEqual(self.eve.sees(), ["ada: hi"])

    def test_at_every_verb(self) -> None:
        """Actions, notices and private lines have them too."""
        chat, ada = self.chat, self.chat.roster["ada"].devices[0]
        lobby = chat.rooms["lobby"]
        chat.act(ada, lobby, "waves", tags=TAGS)
        chat.notice(ada, lobby, "tea", tags=TAGS)
        chat.whisper(ada, chat.roster["bob"], "psst", tags=TAGS)
        self.clock.advance(0)
        told = [(facts["type"], facts["tags"]) for facts in self.bob.sees()]
        self.assertEqual(told, [(kind, TAGS) for kind in ("acted", "noticed", "whispered")])

    def test_on_other_devices(self) -> None:
        """Other devices of the author's get them, and no ref."""
        other = self.at_json("ada", token=self.ada.welcome["token"], client="phone")
        other.sees()
        self.ada.sends_object(SAY | {"tags": TAGS})
        (said,) = [facts for facts in other.sees() if facts["type"] == "said"]
        self.assertEqual(said["tags"], TAGS)
        self.assertNotIn("ref", said)

    def test_not_kept(self) -> None:
        """Neither the journal nor the memory of the room has them."""
        self.ada.sends_object(SAY | {"tags": TAGS})
        (event,) = self.successResultOf(self.chat.journal.page(Wanted(of="lobby"))).events
        (recent,) = self.chat.rooms["lobby"].recent
        for each in (event, recent):
            assert isinstance(each, Said)
            self.assertEqual((each.text, each.tags), ("hi", {}))

    @each_row(
        {
            "no_object": (["+a"], '"tags" must be an object of strings'),
            "no_string": ({"+a": 1}, '"tags" must be an object of strings'),
            "name": (
                {"a": "b"},
                'the name of a tag must be "+" and then letters, digits, ".", "/" or "-"',
            ),
            "size": (
                {"+a": "x" * 4092},
                "the tags are too long (4,095 bytes, at most 4,094)",
            ),
        }
    )
    def test_malformed(self, row: tuple[Any, str]) -> None:
        """A line with malformed tags is not said."""
        tags, sentence = row
        self.ada.sends_object(SAY | {"tags": tags})
        self.assertEqual(self.ada.sees(), [malformed(sentence, ref="r")])
        self.assertEqual(self.bob.sees(), [])
