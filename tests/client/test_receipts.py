"""By what the client knows that its lines were said; with no I/O."""

import itertools
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.main import _refs
from chatservice.client.requests import Command, Say, answers, is_same
from chatservice.protocol.events import Acted, Noticed, Said, Whispered
from chatservice.protocol.json import ONESELF
from tests.scripted import LOBBY, SessionCase, line, welcome

ADA: Any = {"id": 1, "nick": "ada"}
HERE, THERE = ADA | {"room": "lobby"}, ADA | {"room": "python"}
OWN: Any = {"identity": ONESELF}


class SameTests(SynchronousTestCase):
    """What a text becomes when the chat has cleaned it."""

    def test_cleaned(self) -> None:
        """Blanks, controls, what only formats, and marks that are too many may be missing."""
        for asked, said in (
            ("hi ", "hi"),
            ("a  b", "a b"),
            ("a\u202eb", "ab"),
            ("e" + "\u0301" * 20 + "!", "e" + "\u0301" * 8 + "!"),
            ("e\u0301\u0302x", "e\u0302x"),
            ("\u200d", ""),
        ):
            self.assertTrue(is_same(said, asked), ascii(asked))
            self.assertTrue(is_same(asked, asked), ascii(asked))

    def test_another(self) -> None:
        """Nothing that is seen may be missing, added, or in another order."""
        for asked, said in (
            *(("hi", "h"), ("hi", "hi!"), ("hi", "ih"), ("hi", ""), ("", "hi"), ("ab", "aab")),
            *(("e", "e\u0301"), ("e\u0301", "\u0301"), ("é", "e"), ("yes", "no")),
        ):
            self.assertFalse(is_same(said, asked), ascii(asked))


class AnswerTests(SynchronousTestCase):
    """Which event is the receipt for which request."""

    def test_own_alone(self) -> None:
        """Only what the chat calls one's own, of the same kind, room and text."""
        say = Say(room="lobby", text="hi", ref="r")
        self.assertTrue(answers(Said(**HERE, text="hi", ref="r", **OWN), say))
        for event in (
            Said(**HERE, text="hi", ref="r"),
            Said(**THERE, text="hi", ref="r", **OWN),
            Said(**HERE, text="no", ref="r", **OWN),
            Acted(**HERE, text="hi", ref="r", **OWN),
            Whispered(**ADA, to="bob", text="hi", ref="r", **OWN),
        ):
            self.assertFalse(answers(event, say), event)

    def test_commands(self) -> None:
        """Actions and private lines, however they were written."""
        for typed, event, expected in (
            ("/me waves", Acted(**HERE, text="waves", **OWN), True),
            ("/ME  waves ", Acted(**HERE, text="waves", **OWN), True),
            ("/m bob psst", Whispered(**ADA, to="bob", text="psst", **OWN), True),
            ("/me waves", Acted(**THERE, text="waves", **OWN), False),
            ("/me waves", Acted(**HERE, text="sulks", **OWN), False),
            ("/me waves", Acted(**HERE, text="waves"), False),
            ("/me waves", Said(**HERE, text="waves", **OWN), False),
            ("/msg bob  a b", Whispered(**ADA, to="bob", text="a b", **OWN), True),
            ("/query BOB x", Whispered(**ADA, to="bob", text="x", **OWN), True),
            ("/msg bob x", Whispered(**ADA, to="robert", text="x", **OWN), True),
            ("/msg bob x", Whispered(**ADA, to="bob", text="y", **OWN), False),
            ("/msg bob x", Whispered(**ADA, to="bob", text="x"), False),
            ("/me bob x", Whispered(**ADA, to="bob", text="x", **OWN), False),
            ("/notice #lobby  a b", Noticed(**HERE, text="a b", **OWN), True),
            ("/notice #lobby a b", Noticed(**HERE, text="a", **OWN), False),
            ("/notice #lobby a b", Said(**HERE, text="a b", **OWN), False),
            ("/me a b", Noticed(**HERE, text="b", **OWN), False),
            ("/notice bob a b", Whispered(**ADA, to="bob", text="a b", **OWN), True),
            ("/topic x", Said(**HERE, text="x", **OWN), False),
        ):
            request = Command(line=typed, ref="r", room="lobby")
            self.assertEqual(answers(event, request), expected, (typed, event))
        nowhere = Command(line="/me waves", ref="r")
        self.assertTrue(answers(Acted(**HERE, text="waves", **OWN), nowhere))


class RefTests(SynchronousTestCase):
    """The marks of requests."""

    def test_not_guessed(self) -> None:
        """None tells anything of another: they are long, and have no more in common than chance."""
        refs = list(itertools.islice(_refs(), 100))
        self.assertEqual(len(set(refs)), 100)
        self.assertEqual({len(ref) for ref in refs}, {32})
        for position in range(32):
            self.assertGreater(len({ref[position] for ref in refs}), 5)


class ForgeryTests(SessionCase):
    """eve would have ada believe that her lines were said."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def resent(self, fence: int = 200) -> list[str]:
        """What ada sends again when her connection is lost and back."""
        self.session.disconnected()
        self.connect()
        self.chat.take()
        self.hear(welcome(fence, self.session.nick, lobby=LOBBY))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        return [r.get("text") or r.get("line") for r in self.chat.take()[1:]]

    def test_former_nickname(self) -> None:
        """Whoever has the nickname that was ada's, and her next refs, acknowledges nothing."""
        self.hear(line("renamed", id=101, nick="ada", now="ada_", own=True))
        self.hear(line("renamed", id=102, nick="eve", now="ada"))
        ref = self.say("buy")
        self.person.take()
        self.hear(self.said(103, "buy", "ada", ref=ref), self.said(104, "sell", "ada", ref=ref))
        self.assertEqual(self.person.take(), ["new Said 103", "new Said 104"])
        self.assertEqual(self.session.unanswered, 1)
        self.assertEqual(self.resent(), ["buy"])

    def test_present_nickname(self) -> None:
        """Nor does who seems to have the very nickname that one has."""
        for typed, kind, facts in (
            ("hi", "said", {"room": "lobby", "text": "hi"}),
            ("/me waves", "acted", {"room": "lobby", "text": "waves"}),
            ("/msg bob x", "whispered", {"to": "bob", "text": "x"}),
        ):
            self.setUp()
            ref = self.say(typed)
            self.hear(line(kind, id=101, nick="ada", ref=ref, **facts))
            self.assertEqual(self.session.unanswered, 1)
            self.assertEqual(self.resent(), [typed])
            self.hear(line(kind, id=201, nick="ada", ref=ref, own=True, **facts))
            self.assertEqual(self.session.unanswered, 0)

    def test_other_words(self) -> None:
        """What one said elsewhere, or other words of one's own, acknowledge nothing either."""
        ref = self.say("hi")
        self.hear(
            self.said(101, "hi", "ada", ref=ref, own=True, room="python"),
            self.said(102, "bye", "ada", ref=ref, own=True),
            line("whispered", id=103, nick="ada", to="bob", text="hi", ref=ref, own=True),
        )
        self.assertEqual(self.session.unanswered, 1)

    def test_not_a_boolean(self) -> None:
        """Only *true* is true."""
        ref = self.say("hi")
        for own in (1, "true", [True], None, False):
            self.hear(self.said(101, "hi", "ada", ref=ref, own=own))
        self.assertEqual(self.session.unanswered, 1)

    def test_in_history(self) -> None:
        """So it is on a page of history: what is one's own there was said, and nothing else."""
        for own, left in ((False, ["hi"]), (True, [])):
            self.setUp()
            ref = self.say("hi")
            self.session.disconnected()
            self.connect()
            self.hear(welcome(200, lobby={**LOBBY, "missed": True}))
            self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
            said = {"type": "said", "id": 150, "room": "lobby", "nick": "ada", "text": "hi"}
            page = self.chat.requests[-1]["ref"]
            self.chat.take()
            self.hear(line("history", ref=page, events=[said | {"ref": ref, "own": own}]))
            self.assertEqual([r["text"] for r in self.chat.take()], left)
            self.assertEqual(self.person.shown[-1].id, 150)


class RepeatedTests(SessionCase):
    """The chat answers a ref that it knows with the event that there was."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def again(self, event: bytes) -> None:
        """Lose the connection, see what others said, say all again, and hear the event."""
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.hear(self.said(201))
        self.person.take()
        self.hear(event, event)

    def test_passed_by(self) -> None:
        """It settles the line, and is shown, once, though what is newer was shown before it."""
        ref = self.say("hi")
        self.again(self.said(150, "hi", "ada", ref=ref, own=True))
        self.assertEqual(self.session.unanswered, 0)
        self.assertEqual(self.person.take(), ["new Said 150"])
        self.assertEqual(self.session.places.shown, {"lobby": 201})

    def test_private(self) -> None:
        """So does a private line."""
        ref = self.say("/msg bob psst")
        facts = {"nick": "ada", "to": "bob", "text": "psst", "ref": ref}
        self.again(line("whispered", id=150, own=True, **facts))
        self.assertEqual((self.session.unanswered, len(self.person.take())), (0, 1))

    def test_seen(self) -> None:
        """What was shown is not shown again."""
        ref = self.say("hi")
        event = self.said(150, "hi", "ada", ref=ref, own=True)
        self.hear(event, event)
        self.again(event)
        self.assertEqual(self.person.take(), [])

    def test_of_a_room_that_was_left(self) -> None:
        """A line that was said before one had to leave its room is settled, too."""
        ref = self.say("hi")
        self.hear(line("kicked", id=110, room="lobby", nick="bob", target="ada"))
        self.hear(self.said(105, "hi", "ada", ref=ref, own=True))
        self.assertEqual(self.session.unanswered, 0)
