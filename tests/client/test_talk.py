"""What is said and commanded in the client, and what the chat answers; with no I/O."""

import json
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.requests import Outgoing, Say
from chatservice.client.view import Places, State
from chatservice.client.wire import HABIT
from tests.scripted import LOBBY, SessionCase, line, welcome


class TalkTests(SessionCase):
    """Lines and commands, and what answers them."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def test_say(self) -> None:
        """A line goes to the current room and is kept until its event comes back."""
        ref = self.say("hi")
        self.assertEqual(self.session.unanswered, 1)
        self.assertEqual(self.chat.take(), [{"type": "say", "room": "lobby", "text": "hi"}])
        self.hear(self.said(101, "hi", "eve", ref=ref))
        self.assertEqual(self.session.unanswered, 1)
        self.hear(self.said(102, "hi", "ada", ref=ref, own=True))
        self.assertEqual(self.session.unanswered, 0)
        self.assertEqual(self.person.take(), ["new Said 101", "new Said 102"])

    def test_slashes(self) -> None:
        """Two slashes say one, one begins a command, and nothing is nothing."""
        for typed in ("//x", "/who", " "):
            self.session.typed(typed)
        self.assertEqual(
            self.chat.take(),
            [
                {"type": "say", "room": "lobby", "text": "/x"},
                {"type": "command", "room": "lobby", "line": "/who"},
            ],
        )

    def test_goodbye_is_a_command(self) -> None:
        """What only looks like a goodbye, and is none to the chat, is none."""
        for typed in (" //quit", "/ quit", "/quit\u00a0now", "//quit"):
            self.session.typed(typed)
        self.assertEqual(
            self.chat.take(),
            [
                {"type": "say", "room": "lobby", "text": "/quit"},
                {"type": "command", "room": "lobby", "line": "/ quit"},
                {"type": "command", "room": "lobby", "line": "/quit\u00a0now"},
                {"type": "say", "room": "lobby", "text": "/quit"},
            ],
        )
        self.assertIs(self.session.state, State.LIVE)
        self.session.typed("  /quit")
        self.assertIs(self.session.state, State.LEAVING)

    def test_control_characters(self) -> None:
        """What would steer a terminal is not sent."""
        self.session.say("\x1b[31mred\x1b[m\tx\r")
        self.assertEqual(self.chat.take()[0]["text"], "red x ")

    def test_too_long(self) -> None:
        """A line of more than 4,096 bytes, or a command over 16 KiB, is refused on the spot."""
        self.session.say("é" * 2048)
        self.session.say("é" * 2048 + "x")
        self.session.typed("/topic " + "x" * 17_000)
        self.assertEqual(self.person.take(), ["refused too-long"] * 2)
        self.assertEqual(len(self.chat.requests), 1)

    def test_answers(self) -> None:
        """The sentences and the events of an ok are shown."""
        ref = self.say("/history 1")
        event = json.loads(self.said(50))
        self.hear(line("ok", ref=ref, lines=["one", "two"], events=[event]))
        self.assertEqual(self.person.take(), ["told one", "told two", "old Said 50"])
        self.assertEqual(self.session.unanswered, 0)

    def test_search(self) -> None:
        """A search goes to the chat as it was typed, and how it was taken is shown first."""
        ref = self.say('/search "from home" from:ada')
        self.assertEqual(self.chat.requests[-1]["line"], '/search "from home" from:ada')
        taken = {"words": ["from home"], "rooms": ["lobby"], "from": "ada"}
        told = '1 line in lobby by ada with "from home"'
        event = json.loads(self.said(50))
        self.hear(line("ok", ref=ref, lines=[told], events=[event], search=taken))
        self.assertEqual(self.person.take(), [f"told {told}", "old Said 50"])

    def test_refused(self) -> None:
        """An error with the ref of a request answers it; another one is only told."""
        ref = self.say("/topic")
        self.hear(line("error", ref=ref, code="usage", text="a"), line("error", text="b"))
        self.assertEqual(self.person.take(), ["refused usage", "told b"])
        self.assertEqual(self.session.unanswered, 0)

    def test_long_answer(self) -> None:
        """An answer may come in several pieces, and lines for programs are handed on."""
        ref = self.say("/export")
        for more, raw in ((True, True), (False, True)):
            self.assertEqual(self.session.unanswered, 1)
            self.hear(line("ok", ref=ref, lines=["{}"], more=more, raw=raw))
        self.assertEqual(self.person.take(), ["handed {}", "handed {}"])
        self.assertEqual(self.session.unanswered, 0)

    def test_settings(self) -> None:
        """What one has set holds once the chat says so; what it does not say is the habit."""
        for told, expected in (
            ({"bell": False}, replace(HABIT, bell=False)),
            ({"bell": False, "quiet": True}, replace(HABIT, bell=False, quiet=True)),
            ({}, HABIT),
        ):
            before = self.person.preferences
            ref = self.say("/set bell off")
            self.assertEqual(self.person.preferences, before)
            self.hear(line("ok", ref=ref, token="u" * 22, account=None, settings=told))
            self.assertEqual(self.person.preferences, expected)
            self.hear(line("ok", ref=self.say("/who")))
            self.assertEqual(self.person.preferences, expected)

    def test_settings_of_a_welcome(self) -> None:
        """Each welcome tells what is set, and what is no longer."""
        for told, quiet in (({"quiet": True}, True), ({}, False)):
            self.session.disconnected()
            self.connect()
            self.hear(welcome(200, settings=told, lobby=LOBBY))
            self.assertEqual(self.person.preferences, replace(HABIT, quiet=quiet))

    def test_another_token(self) -> None:
        """The token that came last brings one back; an ok without one changes nothing."""
        self.hear(line("ok", ref=self.say("/password a b"), token="u" * 22, settings={}))
        self.hear(line("ok", ref=self.say("/who")))
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.assertEqual(self.chat.take()[0]["token"], "u" * 22)

    def test_whispers(self) -> None:
        """Private messages are shown once, and acknowledge one's own."""
        ref = self.say("/msg bob psst")
        event = {"nick": "ada", "to": "bob", "text": "psst", "ref": ref, "own": True}
        self.hear(line("whispered", id=101, **event), line("whispered", id=101, **event))
        self.assertEqual(self.person.take(), ["new Whispered 101"])
        self.assertEqual(self.session.unanswered, 0)

    def test_unknown_is_ignored(self) -> None:
        """A message of an unknown kind and a stray page change nothing."""
        self.hear(line("dance"), line("history", ref="?"), line("pong", ref="?"))
        self.assertEqual(self.person.take(), [])

    def test_nothing_twice(self) -> None:
        """An event of a room that was shown before, or of a room one is not in, is not shown."""
        self.hear(self.said(100), self.said(101), self.said(101), self.said(102, room="other"))
        self.assertEqual(self.person.take(), ["new Said 101"])

    def test_presence(self) -> None:
        """Who is in which room follows what happens."""
        self.hear(
            line("joined", id=101, room="lobby", nick="eve"),
            line("renamed", id=102, nick="bob", now="robert"),
            line("renamed", id=103, nick="nobody", now="somebody"),
            line("parted", id=104, room="lobby", nick="eve"),
            line("topic_changed", id=105, room="lobby", nick="bob", topic="tea"),
        )
        place = self.session.places.get("lobby")
        assert place is not None
        self.assertEqual((place.members, place.topic), ({"ada", "robert"}, "tea"))
        self.hear(line("left", id=106, nick="robert"), line("left", id=107, nick="ada"))
        self.assertEqual(self.session.places.everybody, {"ada"})
        self.assertEqual(len(self.person.take()), 6)

    def test_own_name_changes(self) -> None:
        """After a change of nickname, lines said under the old one are still one's own."""
        ref = self.say("hi")
        self.hear(line("renamed", id=101, nick="ada", now="eve"))
        self.assertEqual(self.session.nick, "eve")
        self.hear(self.said(102, "hi", "ada", ref=ref, own=True))
        self.assertEqual(self.session.unanswered, 0)

    def test_notice(self) -> None:
        """What the chat has to tell is told, and what it kept for one is shown once."""
        kept = [
            {"type": "whispered", "id": number, "nick": "bob", "to": "ada", "text": "psst"}
            for number in (40, 150)
        ]
        notice = line("notice", lines=["37 new lines"], events=kept)
        self.hear(line("whispered", id=160, nick="bob", to="ada", text="now"), notice, notice)
        self.assertEqual(
            self.person.take(),
            [
                *("new Whispered 160", "told 37 new lines", "old Whispered 40"),
                *("old Whispered 150", "told 37 new lines"),
            ],
        )

    def test_notice_after_history(self) -> None:
        """What is in the history that one missed as well is shown once, in its place there."""
        psst = {"type": "whispered", "nick": "bob", "to": "ada", "text": "psst"}
        older, newer = psst | {"id": 150}, psst | {"id": 160}
        self.session.disconnected()
        self.connect()
        self.person.take()
        self.hear(welcome(200, lobby=LOBBY), line("notice", lines=["x"], events=[newer]))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[older, newer]))
        self.assertEqual(
            self.person.take()[1:], ["old Whispered 150", "old Whispered 160", "told x"]
        )

    def test_kept_whispers_are_known(self) -> None:
        """After a reconnection what was told as kept is not asked for again."""
        kept = {"type": "whispered", "id": 150, "nick": "bob", "to": "ada", "text": "psst"}
        self.hear(line("notice", lines=[], events=[kept]))
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY))
        self.assertEqual(self.chat.take()[-1]["after"], 150)

    def test_asked_for_a_sign_of_life(self) -> None:
        """The chat's ping is answered, also while history is shown."""
        self.hear(line("ping"))
        self.assertEqual(list(self.chat.requests), [{"type": "pong"}])
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY), line("ping"))
        self.assertEqual(self.chat.take()[-1], {"type": "pong"})

    def test_taken_over(self) -> None:
        """Who is here with another program now does not fight it, whatever was on its way."""
        error = {"code": "taken-over", "text": "you are here from elsewhere now"}
        self.hear(line("error", ref=self.say("/who"), **error))
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["gone you are here from elsewhere now True"])

    def test_gap(self) -> None:
        """That history is no longer kept is told."""
        self.hear(line("gap", room="lobby"), line("gap"))
        self.assertEqual(
            self.person.take(),
            [
                "told some lines of lobby are no longer kept",
                "told some lines of private talk are no longer kept",
            ],
        )

    def test_ping(self) -> None:
        """A sign of life is asked for only by who has joined."""
        self.assertTrue(self.session.ping())
        self.assertEqual(self.chat.take(), [{"type": "ping"}])
        self.session.disconnected()
        self.assertFalse(self.session.ping())
        self.connect()
        self.assertFalse(self.session.ping())


class OutgoingTests(SynchronousTestCase):
    """Requests that wait for their answers."""

    def test_nothing_is_left(self) -> None:
        """Of a request that was answered nothing is remembered, so its ref may come again."""
        places = Places(["lobby"])
        outgoing = Outgoing(places, iter(["1", "1"]), lambda code, sentence: self.fail(sentence))
        for _ in range(2):
            outgoing.say("hi")
            request = Say(room="lobby", text="hi", ref="1")
            self.assertEqual(outgoing.to_send(), [request])
            self.assertEqual(outgoing.to_send(), [])
            self.assertEqual(outgoing.answered("1"), request)
            self.assertIsNone(outgoing.answered("1"))
