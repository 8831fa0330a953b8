"""Nothing that a person says, sets or is called looks like the chat, or like somebody else."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol.actions import Announced, Banned, Kicked, Muted
from chatservice.protocol.events import (
    Acted,
    Left,
    Noticed,
    Said,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.protocol.names import check_nick
from chatservice.protocol.wording import line_of, not_read_now, retold, topic_told
from tests.conversation import ConversationCase, each_row

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=300)

FRAME = re.compile(r"-|\* |\(|#|[0-9]")
"""What the text door begins lines with that are not just said."""

NAMES = st.text(max_size=20) | st.text(st.sampled_from("[](){}#*-_|^`.:> 0123ada") , max_size=8)
SAID = st.text(st.characters(exclude_categories=["C"]), min_size=1)
MANNERS = ("said", "acted", "noticed")
IMITATIONS = (
    "ada: I agree",
    "-- ada left the chat",
    "* ada agrees",
    "-ada- I agree",
    "(ada to you) I agree",
    "#lobby ada: I agree",
    "14:02 ada: I agree",
    "tea (set by ada)",
    "(connection lost)",
    ": until 2026-11-21 14:00 (UTC): spam",
)


class NicknameTests(SynchronousTestCase):
    """What nicknames begin with."""

    @deterministic
    @given(NAMES)
    @example("[13.02]")
    @example("[ada")
    @example("#lobby")
    @example("(ada")
    @example("14.02")
    @example("１４")
    def test_no_frame(self, text: str) -> None:
        """None begins as a frame does."""
        try:
            nick = check_nick(text)
        except ValueError:
            return
        self.assertIsNone(FRAME.match(f"{nick}: I agree"), nick)


class LastTests(SynchronousTestCase):
    """What somebody chose freely is the end of a line, so nothing after it can be imitated."""

    @deterministic
    @given(st.sampled_from(IMITATIONS) | SAID)
    def test_last(self, text: str) -> None:
        """In every line that tells an event or a state, and in history."""
        by: dict[str, Any] = {"id": 5, "nick": "eve"}
        at: dict[str, Any] = {**by, "room": "python"}
        topic = TopicChanged(**at, text=text)
        events = [
            Said(**at, text=text),
            Acted(**at, text=text),
            Noticed(**at, text=text),
            *(Whispered(**by, to="ada", text=text, manner=each) for each in MANNERS),
            topic,
            Left(**by, goodbye=True, why=text),
            WentAway(**by, why=text),
            *(kind(**at, target="bob", text=text) for kind in (Kicked, Banned, Muted)),
            Banned(**at, target="bob", until=10**15, text=text),
            Announced(**by, text=text),
        ]
        lines = [
            *map(line_of, events),
            *retold(events, 5, rooms=True),
            not_read_now("bob", text),
            topic_told(topic),
        ]
        for line in lines:
            self.assertTrue(line.endswith(text), line)


class ImitationTests(ConversationCase):
    """The attempts of the nicknames that began as the frames did."""

    @each_row({"history": "[13.02]", "private": "[ada", "room": "[python]"})
    def test_nicknames(self, nick: str) -> None:
        """They are allowed as on IRC, and what they say looks said by them."""
        bob = self.at_text("bob")
        eve = self.at_text(nick)
        for text in IMITATIONS:
            eve.types(text)
        said = bob.sees()[1:]
        self.assertEqual(said, [f"{nick}: {text}" for text in IMITATIONS])

    def test_what_is_real(self) -> None:
        """History, another room, and private lines."""
        bob, eve = self.at_text("bob"), self.at_text("eve")
        eve.types("said before")
        eve.types("/msg bob a private word")
        bob.types("/join python")
        bob.sees()
        eve.types("elsewhere")
        eve.types("/me waves")
        self.assertEqual(bob.sees(), ["#lobby eve: elsewhere", "#lobby * eve waves"])
        bob.types("/set time on")
        bob.sees()
        eve.types("/msg bob psst")
        bob.types("/history #lobby 3")
        self.assertEqual(
            bob.sees(),
            [
                "12:00 (eve to you) psst",
                "12:00 #lobby eve: said before",
                "12:00 #lobby eve: elsewhere",
                "12:00 #lobby * eve waves",
            ],
        )

    def test_topic(self) -> None:
        """A topic does not say who set it: the chat does, before it."""
        eve = self.at_text("eve")
        eve.types("/topic tea (set by ada)")
        eve.types("/topic")
        self.assertEqual(eve.sees()[-1], "-- the topic of lobby (set by eve): tea (set by ada)")
        bob = self.connect()
        bob.sends(b"bob\n")
        self.assertIn("-- the topic (set by eve): tea (set by ada)\r\n", bob.sees())

    def test_last_words(self) -> None:
        """Whose connection is lost is told otherwise than who says so."""
        bob, eve = self.at_text("bob"), self.at_text("eve")
        eve.types("/quit (connection lost)")
        dan = self.at_text("dan")
        dan.wire.vanishes()
        self.assertEqual(
            [line for line in bob.sees() if "left" in line],
            [
                "-- eve left the chat: (connection lost)",
                "-- dan left the chat (connection lost)",
            ],
        )
