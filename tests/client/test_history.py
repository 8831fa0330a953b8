"""History that the client asks for page by page, of which the chat leaves out some; with no I/O."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.history import LOOKED_THROUGH, PAGE, Replay
from chatservice.client.view import Places, State
from chatservice.client.wire import History
from chatservice.protocol.events import Parted, Said, Whispered
from tests.scripted import LOBBY, MISSED, SessionCase, line, welcome


class FilteredCase(SessionCase):
    """A chat that leaves out what somebody says whom ada ignores."""

    def page(self, *events: bytes, **more: Any) -> dict[str, Any]:
        """Answer the last request; what it was."""
        request = self.chat.requests[-1]
        self.assertEqual(request["type"], "history")
        facts = [json.loads(event) for event in events]
        self.hear(line("history", ref=request["ref"], events=facts, **more))
        return request

    def return_to(self, fence: int = 1000, **rooms: Any) -> None:
        """Lose the connection and be welcome again."""
        self.session.disconnected()
        self.connect()
        self.person.take()
        self.hear(welcome(fence, **rooms or {"lobby": MISSED}))


class ForwardTests(FilteredCase):
    """What was missed while the connection was lost."""

    def setUp(self) -> None:
        super().setUp()
        self.live()
        self.return_to()

    def test_empty_pages(self) -> None:
        """After pages of which nothing is left, ada sees what was said behind them."""
        self.page()
        asked = [self.page(more=True, next=on) for on in (300, 500)]
        asked.append(self.page(self.said(600, "here I am"), more=False))
        self.assertEqual([page["after"] for page in asked], [100, 300, 500])
        self.assertEqual({page["before"] for page in asked}, {1000})
        self.assertIs(self.session.state, State.LIVE)
        self.assertIn("old Said 600", self.person.take())

    def test_short_pages(self) -> None:
        """Behind a page that was cut short it goes on where the chat says, and not sooner."""
        self.page()
        asked = [
            self.page(self.said(150), more=True, next=300),
            self.page(self.said(310), self.said(320), more=True, next=320),
            self.page(self.said(330)),
        ]
        self.assertEqual([page["after"] for page in asked], [100, 300, 320])
        self.assertEqual(
            [told for told in self.person.take() if "Said" in told],
            ["old Said 150", "old Said 310", "old Said 320", "old Said 330"],
        )

    def test_private(self) -> None:
        """Pages of private lines have the same holes, and the same way over them."""
        asked = [self.page(more=True, next=400)]
        whisper = {"nick": "bob", "to": "ada", "text": "psst"}
        asked.append(self.page(line("whispered", id=450, **whisper), more=True, next=450))
        asked.append(self.page(more=True, next=900))
        asked.append(self.page())
        self.assertEqual([page.get("room") for page in asked], [None] * 4)
        self.assertEqual([page["after"] for page in asked], [100, 400, 450, 900])
        self.assertEqual(self.page()["room"], "lobby")
        self.assertIn("old Whispered 450", self.person.take())

    def test_cut(self) -> None:
        """When the connection is lost again, what the chat has looked through is not asked for."""
        self.page()
        self.page(more=True, next=400)
        self.return_to(2000)
        self.page()
        self.assertEqual(self.page()["after"], 400)

    def test_own_line(self) -> None:
        """A line of one's own that lies behind what is hidden was said, and is not said again."""
        self.session.disconnected()
        self.session.typed("hi")
        self.connect()
        self.hear(welcome(1100, lobby=MISSED))
        self.page()
        self.page(more=True, next=1050)
        self.page()
        ref = self.chat.requests[-1]["ref"]
        self.return_to(3000)
        self.page()
        self.page(more=True, next=2000)
        self.page(self.said(2010, "hi", "ada", ref=ref, own=True))
        self.assertEqual((self.session.unanswered, self.chat.requests[-1]["type"]), (0, "history"))

    def test_never_further(self) -> None:
        """A chat that says there is more and goes nowhere is not asked for ever."""
        for on in (None, 100, 0, -5, 99, 1000, 2**60, 1.5, "400", True):
            self.setUp()
            more = {} if on is None else {"next": on}
            self.page()
            self.assertEqual(self.page(more=True, **more)["room"], "lobby")
            self.assertIs(self.session.state, State.LIVE, on)

    def test_refused(self) -> None:
        """A page that is refused is the last, and the private ones do not take the room's with."""
        for _ in range(2):
            ref = self.chat.requests[-1]["ref"]
            self.hear(line("error", code="failed", text="no", ref=ref))
        self.assertIs(self.session.state, State.LIVE)

    def test_nothing_but_history(self) -> None:
        """What is on a page and no history of what was asked for does not happen."""
        self.page(self.said(150))
        self.page(
            line("parted", id=150, room="lobby", nick="ada"),
            line("kicked", id=160, nick="eve", target="ada"),
            line("renamed", id=170, nick="ada", now="eve"),
            self.said(180, room="python"),
            self.said(190),
        )
        self.assertEqual(self.person.take()[-1:], ["old Said 190"])
        self.assertIs(self.session.state, State.LIVE)
        self.assertEqual((self.session.nick, self.session.places.current), ("ada", "lobby"))


class BackwardTests(FilteredCase):
    """The recent lines of a room that is new."""

    recent = 3

    def setUp(self) -> None:
        super().setUp()
        self.connect()
        self.hear(welcome(1000, lobby=MISSED))
        self.person.take()

    def shown(self) -> list[int]:
        return [event.id for event in self.person.shown]

    def test_newest_are_hidden(self) -> None:
        """Behind them the recent ones are found, and shown in their order."""
        asked = [self.page(more=True, next=800), self.page(self.said(700), more=True, next=650)]
        asked.append(self.page(self.said(400), self.said(500), self.said(600), more=True))
        self.assertEqual([page["before"] for page in asked], [1000, 800, 650])
        self.assertEqual([page["limit"] for page in asked], [3, PAGE, PAGE])
        self.assertEqual(["after" in page for page in asked], [False] * 3)
        self.assertEqual(self.shown(), [500, 600, 700])
        self.assertIs(self.session.state, State.LIVE)
        self.assertEqual(self.session.places.shown, {"lobby": 1000})

    def test_enough(self) -> None:
        """If there are enough of them nothing more is asked for."""
        self.page(self.said(700), self.said(800), self.said(900), more=True, next=700)
        self.assertIs(self.session.state, State.LIVE)
        self.assertEqual(self.shown(), [700, 800, 900])

    def test_without_next(self) -> None:
        """A chat that does not say where to go on is asked below what came, if anything did."""
        self.page(self.said(900), more=True)
        self.assertEqual(self.page(more=True)["before"], 900)
        self.assertEqual(self.shown(), [900])
        self.assertIs(self.session.state, State.LIVE)

    def test_not_without_end(self) -> None:
        """A room in which nothing is left is not read to its beginning before one may talk."""
        pages = 0
        while self.session.state is not State.LIVE:
            pages += 1
            self.page(more=True, next=1000 - pages)
        self.assertEqual(pages, LOOKED_THROUGH)

    def test_never_further(self) -> None:
        """A chat that goes nowhere is not asked again."""
        for on in (1000, 1001, 0, -1, None):
            self.setUp()
            self.page(more=True, next=on)
            self.assertIs(self.session.state, State.LIVE, on)

    def test_refused(self) -> None:
        """If a later page is refused, what was found is shown."""
        self.page(self.said(900), more=True, next=800)
        ref = self.chat.requests[-1]["ref"]
        self.hear(line("error", code="failed", text="no", ref=ref))
        self.assertEqual(self.shown(), [900])
        self.assertIs(self.session.state, State.LIVE)


IDS = st.integers(0, 60)
PAGES = st.builds(
    History,
    events=st.lists(
        st.one_of(
            st.builds(Said, id=IDS, room=st.sampled_from(["lobby", "python"]), text=st.just("x")),
            st.builds(Whispered, id=IDS, to=st.just("bob"), text=st.just("x")),
            st.builds(Parted, id=IDS, room=st.just("lobby")),
        ),
        max_size=3,
    ).map(tuple),
    more=st.just(True),
    next=IDS,
)


class EndTests(SynchronousTestCase):
    """A chat that answers whatever it likes."""

    @settings(max_examples=200, deadline=None)
    @given(st.data(), st.sampled_from([0, 10]), st.sampled_from(["lobby", None]))
    def test_ends(self, data: st.DataObject, shown: int, room: str | None) -> None:
        """Every page lies beyond the last one, so there are not more than ids."""
        places = Places(["lobby"])
        places.mark(room, shown)
        replay = Replay(places, recent=20)
        replay.add(room, 50)
        pages = []
        while replay.wanted:
            pages.append(replay.next_page(f"r{len(pages)}"))
            for event in replay.take(data.draw(PAGES)):
                places.is_news(event)
            replay.turn()
        ends = [(page.after or 0, -page.before) for page in pages]
        self.assertEqual(ends, sorted(set(ends)))
        self.assertTrue(all((page.after or 0) < page.before <= 50 for page in pages))
        self.assertEqual(places.shown_in(room), 50)


class RoomTests(FilteredCase):
    """A room entered later."""

    recent = 3

    def test_joined(self) -> None:
        """What is hidden in it does not hide the rest either."""
        self.live()
        self.hear(line("joined", id=500, room="python", nick="ada"))
        self.page(more=True, next=300)
        self.page(self.said(200, room="python"), room="python")
        self.hear(line("ok", lines=[], rooms={"python": LOBBY}))
        self.assertEqual([event.id for event in self.person.shown], [200])
