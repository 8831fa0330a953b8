"""A chat that sends whatever it likes: the client may show nonsense, and never a traceback."""

import itertools
import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.client import wire
from chatservice.client.joining import Identity
from chatservice.client.session import Session
from chatservice.client.show import Transcript
from chatservice.client.view import Place, State
from chatservice.client.wire import Ok, Welcome, decode
from chatservice.protocol.actions import RoomSet
from chatservice.protocol.events import KINDS, Event, Left, Said
from chatservice.protocol.sanitize import without_controls
from chatservice.terminal.columns import fold
from tests.scripted import LOBBY, Hearer, Peer, Recorder, line, opened, welcome

MOST = 2**53 - 1
HI: Any = {"room": "lobby", "nick": "bob", "text": "hi"}
COLOUR = re.compile(r"\x1b\[\d\dm")
BAD_NUMBERS = [
    *("1" + "0" * 30, "9" * 400, "1" + "0" * 5000, str(2**53), "-1", "-" + "9" * 30),
    *("1e400", "-1e400", "NaN", "Infinity", "1.0", "true", '"5"', "[5]", "{}", "null"),
]
"""What is no number on the wire, as it is written there."""


class NumberTests(SynchronousTestCase):
    """Numbers are below 2**53, or are none."""

    def test_greatest(self) -> None:
        """The greatest number is one, and can be shown as a time."""
        event = decode(line("said", id=MOST, room="lobby", time=MOST))
        assert isinstance(event, Said)
        self.assertEqual((event.id, event.time), (MOST, MOST))
        self.assertTrue(Transcript(lambda: 0.0).event(event, "ada", "lobby"))

    def test_bad(self) -> None:
        """Anything else is none, in whatever member it is."""
        for number in BAD_NUMBERS:
            for kind, member in (
                *(("said", "id"), ("said", "time"), ("banned", "until"), ("welcome", "id")),
                *(("came_and_went", "came"), ("history", "next")),
            ):
                found = decode(f'{{"type":"{kind}","{member}":{number}}}'.encode())
                self.assertFalse(getattr(found, member, 0), (kind, member, number))

    def test_inside(self) -> None:
        """So it is in what a message has inside."""
        for number in BAD_NUMBERS:
            found = decode(f'{{"type":"ok","events":[{{"type":"left","id":{number}}}]}}'.encode())
            self.assertIn(found, (None, Ok(events=(Left(goodbye=False, why=""),))), number)

    def test_rest_of_the_message(self) -> None:
        """What else there is in the message is there nevertheless."""
        found = decode(b'{"type":"said","id":1%s,"text":"hi"}' % (b"0" * 30))
        self.assertEqual(found, Said(text="hi", room=""))
        found = decode(b'{"type":"welcome","id":-1,"nick":"ada"}')
        self.assertEqual(found, Welcome(nick="ada"))

    def test_setting(self) -> None:
        """A number in a text may be of any length."""
        for text in ("9" * 5000, "٣", "-5", "1.5", "007"):
            act = RoomSet(id=5, room="lobby", nick="bob", target="keep", text=text)
            (shown,) = Transcript(lambda: 0.0).event(act, "ada", "lobby")[-1:]
            self.assertTrue(shown.endswith(f"set keep of lobby to {text}"))


class TimeTests(SynchronousTestCase):
    """When something happened."""

    def shown(self, event: Event) -> str:
        return Transcript(lambda: 6e8).event(event, "ada", "lobby")[-1]

    def test_of_its_own(self) -> None:
        """A time that an event carries is shown in the place of that which its id says."""
        hour = 3_600_000_000
        ahead = Said(id=40 * hour, **HI, time=10 * hour)
        self.assertEqual(self.shown(ahead), self.shown(Said(id=10 * hour, **HI)))
        self.assertNotEqual(self.shown(ahead), self.shown(Said(id=41 * hour, **HI)))

    def test_date(self) -> None:
        """The date is that of the time, too."""
        day = 86_400_000_000
        log = Transcript(lambda: 6e8)
        log.event(Said(id=10 * day, **HI), "ada", "lobby")
        tomorrow = Said(id=11 * day, **HI, time=10 * day)
        self.assertEqual(len(log.event(tomorrow, "ada", "lobby")), 1)

    def test_none(self) -> None:
        """What has neither happened now."""
        self.assertEqual(
            self.shown(Left(goodbye=False, why="")),
            self.shown(Left(id=600000000000000, goodbye=False, why="")),
        )


TEXTS = st.one_of(
    st.sampled_from(["ada", "bob", "lobby", "python", "", "keep", "on", "{", "%", "nick-taken"]),
    st.sampled_from(["password-needed", "wrong-password", "banned", "closing", "9" * 4400, "REF"]),
    st.text(max_size=8),
    st.text("\x00\x1b[]\x9b\x9d0m\u2028\ud800\u0301日\ufe0f ", max_size=40),
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, 100, MOST, 2**53, -1, 10**30, 10**400, 2**63]),
    st.integers(0, 400),
    st.floats(),
    st.booleans(),
)
ANYTHING = st.recursive(
    st.one_of(TEXTS, NUMBERS, st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
MEMBERS = {
    **dict.fromkeys(["id", "time", "until", "came", "went", "next"], NUMBERS),
    **dict.fromkeys(["room", "nick", "to", "now", "target", "text", "why", "topic"], TEXTS),
    **dict.fromkeys(["ref", "code", "token"], TEXTS),
    **dict.fromkeys(["own", "more", "raw", "goodbye", "folded", "arrived"], st.booleans()),
    **dict.fromkeys(["missed", "resumed", "following"], st.booleans()),
    **dict.fromkeys(["lines", "motd"], st.lists(TEXTS, max_size=3)),
    "settings": st.dictionaries(st.sampled_from(["time", "quiet", "colour"]), st.booleans()),
}


def objects(kinds: list[str], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Messages of these kinds whose members are what they should be, or something else."""
    members = {name: st.one_of(kind, kind, ANYTHING) for name, kind in {**MEMBERS, **more}.items()}
    return st.fixed_dictionaries({"type": st.sampled_from(kinds)}, optional=members)


STATES = st.dictionaries(
    st.sampled_from(["lobby", "python", ""]),
    st.fixed_dictionaries(
        {}, optional={"topic": TEXTS, "members": st.lists(TEXTS, max_size=3), "read": NUMBERS}
    ),
    max_size=2,
)
EVENTS = objects(list(KINDS))
MESSAGES = objects(
    list({**KINDS, **wire._ANSWERS}), events=st.lists(EVENTS, max_size=4), rooms=STATES
)
STEPS = st.one_of(
    MESSAGES.map(lambda message: ("hear", message)),
    EVENTS.map(lambda message: ("hear", message)),
    st.just(("hear", json.loads(welcome(lobby=LOBBY)))),
    st.binary(max_size=20).map(lambda data: ("raw", data)),
    st.sampled_from(["hi", "/me x", "/msg bob x", "/join python", "/quit", "eve"]).map(
        lambda typed: ("type", typed)
    ),
    st.sampled_from([("lose", ""), ("connect", ""), ("prove", "xyzzy"), ("prove", "")]),
)


class Screen(Recorder):
    """A person in front of a narrow terminal, on which everything is laid out."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Transcript(lambda: 6e8, colours=True)
        self.session: Session | None = None

    def lay_out(self, lines: list[str]) -> None:
        for each in lines:
            shown = "".join(fold(COLOUR.sub("", each), 20))
            assert without_controls(shown) == shown, ascii(each)

    def happened(self, event: Event, replayed: bool) -> None:
        assert self.session is not None
        current = self.session.places.current
        self.lay_out(self.log.event(event, self.session.nick, current, replayed))

    def entered(self, place: Place) -> None:
        self.lay_out(self.log.room(place, "ada"))

    def told(self, sentence: str) -> None:
        self.lay_out(self.log.notice(sentence))


class AnyLineTests(SynchronousTestCase):
    """Whatever comes, the session takes it, and everything it has to show can be shown."""

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(STEPS, max_size=15), st.booleans())
    def test_anything(self, steps: list[tuple[str, Any]], joined: bool) -> None:
        chat, person = Hearer(), Screen()
        refs = (f"r{number}" for number in itertools.count(1))
        session = person.session = Session(person, Identity("ada"), ["lobby"], refs, 5)
        session.connected(chat.send)
        if joined:
            session.line_received(welcome(lobby=LOBBY))
        for kind, what in steps:
            self.take(session, chat, kind, what)

    def take(self, session: Session, chat: Hearer, kind: str, what: Any) -> None:
        if session.state is State.GONE:
            return
        match kind:
            case "hear":
                ref = chat.requests[-1].get("ref", "") if chat.requests else ""
                session.line_received(json.dumps(what).replace('"REF"', f'"{ref}"').encode())
            case "raw":
                session.line_received(what)
            case "type":
                session.typed(what)
            case "prove":
                session.prove(what)
            case "lose":
                session.disconnected()
            case "connect":
                session.disconnected()
                if session.state is not State.GONE:
                    session.connected(chat.send)

    def test_deep(self) -> None:
        """Nor does what is nested too deeply for Python, at any depth about its limit."""
        for depth in (*range(300, 1100, 7), 100_000):
            for opening, closing in (("[", "]"), ('{"a":', "}")):
                nested = opening * depth + "0" + closing * depth
                for within in ("%s", '{"type":%s}', '{"type":"ok","rooms":%s}'):
                    decode((within % nested).encode())


def test_process(peer: Peer) -> None:
    """The real client on a terminal takes the lines of the report, and goes on."""
    with opened(peer) as one:
        peer.welcomes(lobby=LOBBY)
        one.shows("-- you joined lobby: bob (2 here)", "lobby>")
        for number in BAD_NUMBERS:
            facts = f'"id":{number},"nick":"eve","until":{number},"target":"bob"'
            for kind in ("said", "renamed", "banned", "came_and_went", "left", "kicked"):
                peer.says(f'{{"type":"{kind}","room":"lobby",{facts}}}'.encode())
        text = '"nick":"eve","target":"keep","text":"%s"' % ("9" * 5000)
        peer.says(f'{{"type":"room_set","id":5,"room":"lobby",{text}}}'.encode())
        peer.says(b'{"type":' + b"[" * 900 + b"]" * 900 + b"}", b"\xff\xfe{", b"[" * 100_000)
        peer.says(peer.said("bob", "still here"))
        one.shows("bob: still here", "lobby>")
        one.type("/quit\r")
        peer.hears("command")
        peer.hangs_up()
        assert one.ended() == 0
        assert b"Traceback" not in one.written
        assert b"Unhandled" not in one.written
