"""The client's connection is lost and comes back; with no I/O."""

import itertools
import json
from collections import deque
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.joining import Identity
from chatservice.client.requests import Request, encode
from chatservice.client.session import Session
from chatservice.client.view import State
from chatservice.protocol.events import Said
from tests.scripted import LOBBY, MISSED, Recorder, SessionCase, line, welcome


class LostTests(SessionCase):
    """The connection is lost, and comes back."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def test_talk_is_kept(self) -> None:
        """Talk without its event is sent again, in order, with what was typed meanwhile."""
        self.say("one")
        self.say("/me waves")
        self.session.disconnected()
        self.session.typed("three")
        self.chat.take()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        sent = [r.get("text") or r.get("line") for r in self.chat.take()[2:]]
        self.assertEqual(sent, ["one", "/me waves", "three"])

    def test_commands_are_not_kept(self) -> None:
        """Other commands are given up, and refused while there is no connection."""
        self.say("/topic tea")
        self.session.typed("/nick eve")
        self.session.disconnected()
        self.session.typed("/topic coffee")
        self.assertEqual(
            self.person.take(),
            ["told connection lost, trying again; what you say is kept"] + ["refused offline"] * 3,
        )
        self.assertEqual(self.session.unanswered, 0)

    def test_passwords_are_not_kept(self) -> None:
        """A command with a password is not sent a second time, nor said."""
        for typed in ("/login ada xyzzy", "/register xyzzy", "/password xyzzy plugh"):
            self.say(typed)
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertIs(self.session.state, State.LIVE)
        self.assertNotIn("xyzzy", str(self.chat.take()))

    def test_for_good(self) -> None:
        """Who was banned meanwhile, or came back elsewhere, does not try again."""
        for code in ("banned", "taken-over"):
            self.setUp()
            self.session.disconnected()
            self.connect()
            self.person.take()
            self.hear(line("error", code=code, text="not here"))
            self.session.disconnected()
            self.assertEqual(self.person.take(), ["gone not here True"])

    def test_lines_after_a_join(self) -> None:
        """What was typed behind a command that moves is given up with it, and said nowhere."""
        self.say("/join #secret")
        self.session.typed("the password is xyzzy")
        self.session.disconnected()
        self.assertEqual(self.person.take()[1:], ["refused offline", "refused not-sent"])
        self.assertEqual(self.person.errors[-1].text, "not sent: you are still in lobby")
        self.chat.take()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertIs(self.session.state, State.LIVE)
        self.assertEqual([r["type"] for r in self.chat.take()], ["hello", "history"])

    def test_goodbye_after_a_join(self) -> None:
        """A goodbye typed behind such a command is the end, as there is no connection."""
        self.say("/join python")
        self.session.typed("/quit")
        self.session.disconnected()
        self.assertEqual(self.person.take()[-1], "gone None False")

    def test_lost_once(self) -> None:
        """The loss is told once, however often the new connection fails."""
        for _ in range(3):
            self.session.disconnected()
            self.connect()
        self.assertEqual(len(self.person.take()), 1)

    def test_rooms_gone(self) -> None:
        """A room that the welcome does not name is left."""
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, python=LOBBY))
        self.assertEqual(self.session.places.current, "python")

    def test_pages(self) -> None:
        """What was missed is asked for page by page, private messages too."""
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.hear(welcome(200, lobby=MISSED))
        pages = []
        for events, more in (([], True), ([110, 120], True), ([130], False)):
            pages.append(self.chat.requests[-1])
            facts = [json.loads(self.said(number)) for number in events]
            self.hear(line("history", ref=pages[-1]["ref"], events=facts, more=more))
        self.assertEqual([page.get("room") for page in pages], [None, "lobby", "lobby"])
        self.assertEqual([page["after"] for page in pages], [100, 100, 120])
        self.assertIs(self.session.state, State.LIVE)

    def test_cut_during_history(self) -> None:
        """What was held back when the connection was lost is not shown after the next welcome."""
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY), line("left", id=201, nick="bob"))
        self.session.disconnected()
        self.connect()
        self.hear(welcome(300, lobby=LOBBY))
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertEqual([told for told in self.person.take() if "Left" in told], [])

    def test_empty_room(self) -> None:
        """Of a room in which nothing was said, everything up to the fence was shown."""
        self.session.disconnected()
        self.connect()
        self.hear(welcome(200, lobby=LOBBY, python=MISSED))
        for _ in range(2):
            self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.session.disconnected()
        self.chat.take()
        self.connect()
        self.assertEqual(self.chat.take()[0]["rooms"], {"lobby": 200, "python": 200})


class Chat:
    """A chat with one room as docs/protocol.rst has it, on a wire that can be cut anywhere.

    bob says a line at every tenth turn, whether anybody hears it or not; pages have two events.
    """

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.down: deque[bytes] = deque()
        self.up: deque[dict[str, Any]] = deque()
        self.turns = 0
        self._clock = 1000
        self._joined = False

    def send(self, request: Request) -> None:
        self.up.append(json.loads(encode(request)))

    def turn(self) -> None:
        """Read one request; now and then, let bob say something."""
        self.turns += 1
        if self.turns % 10 == 0:
            self._publish("bob", f"bob {self.turns}", "")
        if self.up:
            request = self.up.popleft()
            getattr(self, "on_" + request["type"])(request)

    def cut(self) -> None:
        self.up.clear()
        self.down.clear()
        self._joined = False

    def on_hello(self, request: dict[str, Any]) -> None:
        self._clock += 1
        newest = max((e["id"] for e in self.kept), default=0)
        lobby = {"members": [], "missed": newest > request["rooms"]["lobby"]}
        self.down.append(welcome(self._clock, lobby=lobby))
        self._joined = True

    def on_say(self, request: dict[str, Any]) -> None:
        self._publish("ada", request["text"], request["ref"])

    def on_history(self, request: dict[str, Any]) -> None:
        after = request.get("after", 0)
        events = [e for e in self.kept if after < e["id"] < request["before"]]
        if "room" not in request:
            events = []
        page = events[:2]
        more = len(events) > len(page)
        self.down.append(line("history", ref=request["ref"], events=page, more=more))

    def _publish(self, nick: str, text: str, ref: str) -> None:
        self._clock += 1
        event = {"type": "said", "id": self._clock, "room": "lobby", "nick": nick, "text": text}
        self.kept.append(event | {"ref": ref, "own": nick == "ada"})
        if self._joined:
            self.down.append(json.dumps(self.kept[-1]).encode())


class CutTests(SynchronousTestCase):
    """Every line is said once and seen once, wherever the connection is cut."""

    LINES = 6

    def converse(self, *cuts: int) -> tuple[Chat, Recorder, int]:
        """A whole conversation, cut after so many messages; and how many messages it took."""
        chat, person = Chat(), Recorder()
        refs = (f"r{number}" for number in itertools.count(1))
        session = Session(person, Identity("ada"), ["lobby"], refs, recent=0)
        session.connected(chat.send)
        messages = spoken = 0
        while spoken < self.LINES or session.unanswered or session.state is not State.LIVE:
            if chat.turns % 4 == 0 and spoken < self.LINES and session.joined:
                spoken += 1
                session.typed(f"ada {spoken}")
            messages += bool(chat.up)
            chat.turn()
            if messages in cuts:
                self._cut(chat, session)
                messages += 1
            if chat.down:
                session.line_received(chat.down.popleft())
                messages += 1
                if messages in cuts and session.joined:
                    self._cut(chat, session)
                    messages += 1
        while chat.down:
            session.line_received(chat.down.popleft())
        return chat, person, messages

    def _cut(self, chat: Chat, session: Session) -> None:
        if not session.joined:
            return
        chat.cut()
        session.disconnected()
        for _ in range(12):  # bob goes on talking
            chat.turn()
        session.connected(chat.send)

    def check(self, *cuts: int) -> None:
        chat, person, _ = self.converse(*cuts)
        own = [e["text"] for e in chat.kept if e["nick"] == "ada"]
        self.assertEqual(own, [f"ada {n + 1}" for n in range(self.LINES)], cuts)
        shown = [event.text for event in person.shown if isinstance(event, Said)]
        first = chat.kept[0]["text"]
        kept = [e["text"] for e in chat.kept]
        self.assertEqual(shown, kept[kept.index(shown[0] if shown else first) :], cuts)
        self.assertGreaterEqual(len(shown), self.LINES)

    def test_uncut(self) -> None:
        """Without a cut nothing is lost or doubled."""
        self.check()

    def test_one_cut(self) -> None:
        """A cut after any message, in either direction."""
        _, _, messages = self.converse()
        for cut in range(1, messages + 1):
            self.check(cut)

    def test_two_cuts(self) -> None:
        """A second cut after any message, also while what was missed is asked for."""
        _, _, messages = self.converse()
        for first in range(2, messages):
            for second in range(first + 1, first + 25):
                self.check(first, second)
