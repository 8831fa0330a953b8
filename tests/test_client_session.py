"""The client's conversation with the chat, with no I/O at all."""

import itertools
import json
from collections import deque
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.session import Session, State
from chatservice.client.wire import Request, Said, encode

from .scripted import Hearer, Recorder, line, welcome

LOBBY = {"topic": "", "members": ["ada", "bob"], "missed": False}
MISSED = {**LOBBY, "missed": True}


class SessionCase(SynchronousTestCase):
    """A session of ada's, with somebody who records and somebody who hears."""

    rooms: tuple[str, ...] = ("lobby",)
    recent = 20

    def setUp(self) -> None:
        self.person = Recorder()
        self.chat = Hearer()
        refs = (f"r{number}" for number in itertools.count(1))
        self.session = Session(self.person, "ada", self.rooms, refs, self.recent)

    def connect(self) -> None:
        self.session.connected(self.chat.send)

    def hear(self, *lines: bytes) -> None:
        for each in lines:
            self.session.line_received(each)

    def live(self, fence: int = 100) -> None:
        """Join, and forget how that went."""
        self.connect()
        self.hear(welcome(fence, lobby=LOBBY))
        self.assertIs(self.session.state, State.LIVE)
        self.person.take()
        self.chat.take()

    def say(self, text: str) -> str:
        """Say a line; its ref."""
        self.session.typed(text)
        ref: str = self.chat.requests[-1]["ref"]
        return ref

    def said(self, number: int, text: str = "x", nick: str = "bob", **more: Any) -> bytes:
        return line("said", **{"id": number, "room": "lobby", "nick": nick, "text": text, **more})


class JoiningTests(SessionCase):
    """From the connection to the first live event."""

    rooms = ("lobby", "python")

    def test_hello(self) -> None:
        """The nickname and the rooms go out as soon as there is a connection."""
        self.connect()
        self.assertEqual(
            self.chat.take(), [{"type": "hello", "nick": "ada", "rooms": {"lobby": 0, "python": 0}}]
        )

    def test_greeting_is_skipped(self) -> None:
        """Lines meant for a person at a terminal are skipped until the welcome."""
        self.connect()
        self.hear(b"Welcome to chatservice.", b"{nonsense", welcome(lobby=LOBBY))
        self.assertIs(self.session.state, State.LIVE)
        self.assertEqual(self.person.take(), ["entered lobby ['ada', 'bob']"])

    def test_motd(self) -> None:
        """The message of the day is told at the first welcome alone."""
        message = json.loads(welcome(lobby=LOBBY)) | {"motd": ["Be kind."]}
        self.connect()
        self.hear(json.dumps(message).encode())
        self.assertIn("told Be kind.", self.person.take())
        self.session.disconnected()
        self.connect()
        self.hear(json.dumps(message).encode())
        self.assertNotIn("told Be kind.", self.person.take())

    def test_recent_history_first(self) -> None:
        """A new room's recent lines are shown before what comes by itself."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED, python=LOBBY))
        self.assertEqual(
            self.chat.take()[1:],
            [{"type": "history", "room": "lobby", "before": 100, "limit": 20}],
        )
        self.hear(self.said(105), line("history", ref="r1", events=[json.loads(self.said(50))]))
        self.assertEqual(self.person.take()[2:], ["old Said 50", "new Said 105"])

    def test_current_room(self) -> None:
        """The first of the rooms asked for is the current one."""
        self.connect()
        self.hear(welcome(100, python=LOBBY, lobby=LOBBY))
        self.assertEqual(self.session.places.current, "lobby")

    def test_refused_for_good(self) -> None:
        """Any refusal that is not about the nickname ends a session that was never joined."""
        self.connect()
        self.hear(line("error", code="closing", text="the chat is full"))
        self.assertEqual(self.person.take(), ["gone the chat is full True"])

    def test_closed_with_words(self) -> None:
        """What the chat said last before it closed the connection is why one could not join."""
        self.connect()
        self.hear(b"-- the chat is full", b"")
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["gone the chat is full True"])

    def test_closed_without_a_word(self) -> None:
        """A connection closed before the welcome is a failure with a sentence."""
        self.connect()
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["gone The chat closed the connection. True"])

    def test_unreachable(self) -> None:
        """Without any connection the session ends with the link's sentence."""
        self.session.unreachable("Nobody is there.")
        self.assertEqual(self.person.take(), ["gone Nobody is there. True"])
        self.assertIs(self.session.state, State.GONE)


class NicknameTests(SessionCase):
    """The nickname that one cannot have."""

    def taken(self) -> bytes:
        return line("error", code="nick-taken", text="ada is taken")

    def test_another_is_typed(self) -> None:
        """The next typed line is the nickname, whatever was typed ahead."""
        self.connect()
        self.session.typed("/join python")
        self.hear(self.taken(), self.said(1))
        self.assertEqual(self.person.take(), ["nickname refused: ada is taken"])
        self.assertIs(self.session.state, State.ASKING)
        self.session.typed("  ")
        self.session.typed("eve")
        self.assertEqual(self.chat.take()[-1]["nick"], "eve")
        self.hear(welcome(nick="eve", lobby=LOBBY))
        self.assertEqual(self.session.nick, "eve")

    def test_typed_without_connection(self) -> None:
        """A nickname typed after the connection was closed goes out with the next one."""
        self.connect()
        self.hear(line("error", code="bad-nick", text="no"))
        self.session.disconnected()
        self.connect()
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["nickname refused: no"])
        self.session.typed("eve")
        self.chat.take()
        self.connect()
        self.assertEqual(self.chat.take()[0]["nick"], "eve")

    def test_leaving_instead(self) -> None:
        """Somebody who is asked for a nickname may leave."""
        self.connect()
        self.hear(self.taken())
        self.session.typed("/quit")
        self.assertEqual(self.person.take()[-1], "gone None False")

    def test_taken_while_away(self) -> None:
        """After a reconnection a taken nickname gets underlines, until there is no room for one."""
        self.live()
        self.session.disconnected()
        self.connect()
        self.hear(self.taken(), self.taken())
        self.assertEqual([r["nick"] for r in self.chat.take()], ["ada", "ada_", "ada__"])
        self.hear(*[self.taken()] * 27)
        self.assertEqual(len(self.session.nick), 32)
        self.assertIs(self.session.state, State.GREETING)
        self.hear(self.taken())
        self.assertIs(self.session.state, State.ASKING)

    def test_other_refusal_while_away(self) -> None:
        """After a reconnection a refusal of another kind is waited out."""
        self.live()
        self.session.disconnected()
        self.connect()
        self.person.take()
        self.hear(line("error", code="closing", text="the chat is full"))
        self.session.disconnected()
        self.assertEqual(self.person.take(), [])
        self.assertIs(self.session.state, State.OFFLINE)


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
        self.hear(self.said(102, "hi", "ada", ref=ref))
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

    def test_refused(self) -> None:
        """An error with the ref of a request answers it; another one is only told."""
        ref = self.say("/topic")
        self.hear(line("error", ref=ref, code="usage", text="a"), line("error", text="b"))
        self.assertEqual(self.person.take(), ["refused usage", "told b"])
        self.assertEqual(self.session.unanswered, 0)

    def test_whispers(self) -> None:
        """Private messages are shown once, and acknowledge one's own."""
        ref = self.say("/msg bob psst")
        event = {"nick": "ada", "to": "bob", "text": "psst", "ref": ref}
        self.hear(line("whispered", id=101, **event), line("whispered", id=101, **event))
        self.assertEqual(self.person.take(), ["new Whispered 101"])
        self.assertEqual(self.session.unanswered, 0)

    def test_unknown_is_ignored(self) -> None:
        """A message of an unknown kind, a second welcome and a stray page change nothing."""
        self.hear(line("dance"), welcome(500), line("history", ref="?"), line("pong", ref="?"))
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
        self.hear(self.said(102, "hi", "ada", ref=ref))
        self.assertEqual(self.session.unanswered, 0)

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


class RoomTests(SessionCase):
    """Entering and leaving rooms."""

    def setUp(self) -> None:
        super().setUp()
        self.live()

    def join(self, at: int = 110) -> None:
        """Enter python, of which nothing is to be shown."""
        ref = self.say("/join python")
        self.hear(
            line("joined", id=at, room="python", nick="ada"),
            line("ok", ref=ref, lines=[], rooms={"python": LOBBY}),
        )
        page = self.chat.requests[-1]
        self.hear(line("history", ref=page["ref"], events=[]))

    def test_join(self) -> None:
        """A room entered becomes the current one, its recent lines first."""
        ref = self.say("/join python")
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/join python"}])
        self.hear(line("joined", id=110, room="python", nick="ada"))
        page = self.chat.requests[-1]
        self.assertEqual((page["room"], page["before"]), ("python", 110))
        self.hear(self.said(120, room="python"))
        self.hear(line("ok", ref=ref, lines=[], rooms={"python": LOBBY}))
        event = json.loads(self.said(90, room="python"))
        self.hear(line("history", ref=page["ref"], events=[event]))
        self.assertEqual(
            self.person.take(), ["entered python ['ada', 'bob']", "old Said 90", "new Said 120"]
        )
        self.assertEqual(self.session.places.current, "python")

    def test_lines_after_a_join(self) -> None:
        """What is typed after a command that moves goes where that leads."""
        ref = self.say("/join python")
        self.session.typed("hello snakes")
        self.assertEqual(self.session.unanswered, 2)
        self.assertEqual(len(self.chat.take()), 1)
        self.hear(
            line("joined", id=110, room="python", nick="ada"),
            line("ok", ref=ref, lines=[], rooms={"python": LOBBY}),
        )
        self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertEqual(
            self.chat.take()[-1], {"type": "say", "room": "python", "text": "hello snakes"}
        )

    def test_lines_after_a_failed_join(self) -> None:
        """If the command is refused they go to the room one is in."""
        ref = self.say("/join a b")
        self.session.typed("hello")
        self.hear(line("error", ref=ref, code="bad-room", text="no"))
        self.assertEqual(self.chat.take()[-1]["room"], "lobby")

    def test_back_to_a_room(self) -> None:
        """Joining a room one is in makes it the current one, and does not enter it again."""
        self.join()
        self.person.take()
        ref = self.say("/join lobby")
        self.hear(line("ok", ref=ref, lines=["you are in lobby"], rooms={"lobby": LOBBY}))
        self.assertEqual(self.person.take(), ["told you are in lobby"])
        self.assertEqual(self.session.places.current, "lobby")

    def test_known_room_joined(self) -> None:
        """One's own entering of a room that the welcome named is no news."""
        self.hear(line("joined", id=101, room="lobby", nick="ada", arrived=True))
        self.assertEqual(self.person.take(), [])

    def test_part(self) -> None:
        """Leaving the current room leads back to the one entered last."""
        self.join()
        ref = self.say("/part")
        self.hear(line("parted", id=120, room="python", nick="ada"), line("ok", ref=ref))
        self.assertEqual(self.session.places.current, "lobby")
        self.hear(line("parted", id=121, room="lobby", nick="ada"))
        self.session.typed("hello?")
        self.session.typed("/who")
        self.assertEqual(self.person.take()[-1], "refused no-room")
        self.assertEqual(self.chat.take()[-1], {"type": "command", "line": "/who"})

    def test_two_rooms_at_once(self) -> None:
        """The second of two rooms entered at once waits for the first one's history."""
        self.hear(
            line("joined", id=110, room="a", nick="ada"),
            line("joined", id=111, room="b", nick="ada"),
            self.said(112, room="b"),
        )
        for _ in range(2):
            self.hear(line("history", ref=self.chat.requests[-1]["ref"], events=[]))
        self.assertEqual([r["room"] for r in self.chat.take()], ["a", "b"])
        self.assertEqual(self.person.take(), ["new Said 112"])

    def test_history_refused(self) -> None:
        """A page that is refused is done with."""
        self.hear(line("joined", id=110, room="a", nick="ada"))
        ref = self.chat.requests[-1]["ref"]
        self.hear(line("error", ref=ref, code="no-room", text="no"))
        self.assertIs(self.session.state, State.LIVE)


class NoHistoryTests(SessionCase):
    """A session that wants no recent lines."""

    recent = 0

    def test_nothing_is_asked_for(self) -> None:
        """What was said before one came is not asked for."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED))
        self.assertIs(self.session.state, State.LIVE)
        self.hear(line("joined", id=110, room="python", nick="ada"))
        self.assertIs(self.session.state, State.LIVE)


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
        self.session.typed("/join python")
        self.session.typed("after")
        self.session.disconnected()
        self.session.typed("/topic coffee")
        self.assertEqual(
            self.person.take(),
            ["told connection lost, trying again; what you say is kept"] + ["refused offline"] * 3,
        )
        self.assertEqual(self.session.unanswered, 1)

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


class LeavingTests(SessionCase):
    """The end of a session."""

    def test_goodbye(self) -> None:
        """Leaving says so after everything else, and ends with the connection."""
        self.live()
        self.session.leave()
        self.session.leave()
        self.session.typed("too late")
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/quit"}])
        self.session.disconnected()
        self.session.disconnected()
        self.assertEqual(
            self.person.take(), ["leaving", "gone 1 line was not confirmed by the chat. False"]
        )

    def test_words(self) -> None:
        """A goodbye may have words, and other names."""
        self.live()
        self.session.typed("/BYE see you")
        self.assertEqual(self.chat.take()[0]["line"], "/BYE see you")

    def test_nothing_unconfirmed(self) -> None:
        """A goodbye with nothing open says nothing more."""
        self.live()
        ref = self.say("last")
        self.session.leave()
        self.hear(self.said(101, "last", "ada", ref=ref))
        self.session.disconnected()
        self.assertEqual(self.person.take(), ["leaving", "new Said 101", "gone None False"])

    def test_without_connection(self) -> None:
        """Without a connection leaving is the end, with a word on what was not sent."""
        self.live()
        self.session.disconnected()
        self.person.take()
        self.session.typed("one")
        self.session.typed("two")
        self.session.leave()
        self.assertEqual(self.person.take(), ["gone 2 lines were not confirmed by the chat. False"])

    def test_abandoned(self) -> None:
        """When the program is being ended nothing more is told."""
        self.live()
        self.session.abandon()
        self.session.disconnected()
        self.assertEqual(self.person.take(), [])

    def test_during_history(self) -> None:
        """Who leaves while history is shown leaves after it."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED))
        self.chat.take()
        self.session.leave()
        self.assertEqual(self.chat.take(), [])
        self.hear(line("history", ref="r1", events=[]))
        self.assertEqual(self.chat.take(), [{"type": "command", "line": "/quit"}])

    def test_cut_during_history(self) -> None:
        """Who was leaving does not come back."""
        self.connect()
        self.hear(welcome(100, lobby=MISSED))
        self.session.leave()
        self.session.disconnected()
        self.assertEqual(self.person.take()[-1], "gone None False")


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
        self.kept.append(event | {"ref": ref})
        if self._joined:
            self.down.append(json.dumps(self.kept[-1]).encode())


class CutTests(SynchronousTestCase):
    """Every line is said once and seen once, wherever the connection is cut."""

    LINES = 6

    def converse(self, *cuts: int) -> tuple[Chat, Recorder, int]:
        """A whole conversation, cut after so many messages; and how many messages it took."""
        chat, person = Chat(), Recorder()
        refs = (f"r{number}" for number in itertools.count(1))
        session = Session(person, "ada", ["lobby"], refs, recent=0)
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
