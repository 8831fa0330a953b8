"""The language of programs: one JSON object per message, as docs/protocol.rst describes.

Dicts of the protocol exist only in this module, in requests.py and on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from chatservice import commands
from chatservice.chat.coming import Coming
from chatservice.chat.door import Format
from chatservice.chat.ignoring import has_missed, topic_shown, unseen_by
from chatservice.chat.journal import Page, Wanted
from chatservice.chat.rooms import Room
from chatservice.doors.formats import JSON, format_for
from chatservice.doors.objects import (
    facts_of_lists,
    facts_of_reading,
    facts_of_search,
    facts_of_times,
)
from chatservice.doors.requests import Request
from chatservice.protocol.events import (
    LATEST,
    NO_TIMES,
    ChatError,
    Event,
    Joined,
    Read,
    Resumed,
    Said,
    Talk,
    Times,
)
from chatservice.protocol.json import facts_of, own_facts, ref_of
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.sanitize import clean, without_escape
from chatservice.protocol.signals import Signalled
from chatservice.protocol.tags import NO_TAGS, Tags
from chatservice.sessions.joining import JoinRequest
from chatservice.sessions.session import Session

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

MALFORMED_IN_A_ROW = 10
PAGE_MOST = 100
NOTHING_SEEN: dict[str, int] = {}


class JsonSession(Session):
    """The session of a program, which speaks JSON.

    @cvar wire: the spelling of objects, and of events for somebody without an ignore list.
    """

    __slots__ = ("_is_named", "_is_pipe", "_malformed", "_ref", "_seen", "_told")

    kind = "a program"
    name = "JSON"
    wire = JSON

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat)
        self.format: Format = self.wire
        self._malformed = 0
        self._is_pipe = self._is_named = False
        self._ref = ""
        self._seen = NOTHING_SEEN
        self._told: tuple[object, ...] = ()

    # Requests.

    def heard(self, message: bytes) -> None:
        """See L{Session.heard}."""
        if not message.strip():
            return
        self._ref = ""
        request = Request(message)
        self._ref = request.ref
        kind = request.text("type")
        if kind == "hello":
            self._hello(request)
        elif self.member is None:
            raise ChatError("not-joined", 'join first, with a "hello"')
        else:
            self._serve(kind, request)
        self._malformed = 0

    def too_long(self) -> None:
        """See L{Session.too_long}."""
        self._ref = ""
        super().too_long()

    def _serve(self, kind: str, request: Request) -> None:
        match kind:
            case "say":
                self._say(request)
            case "command":
                self._command(request)
            case "history":
                self._history(request)
            case "ping":
                self._in_turn(request, lambda: None, lambda _: {"type": "pong"})
            case "seen":
                self._note_seen(request)
            case "signal":
                self._signal(request)
            case "pong":
                pass  # the answer to our own ping, a sign of life
            case _:
                raise ChatError("unknown-type", f"there is no request {kind[:40]!r}")

    def _hello(self, request: Request) -> None:
        if self.member is not None:
            raise ChatError("joined", f"you have already joined, as {self.member.nick}")
        token, client = request.token, request.client
        nick = request.text("nick", "" if token else None)
        if not nick and not token:
            raise ChatError("bad-nick", "a nickname must have at least one character")
        password = request.text("password") if request.has("password") else None
        self._is_pipe = request.flag("pipe")
        self._seen = {self.chat.room_name(name): seen for name, seen in request.rooms().items()}
        self._is_named = bool(client)
        self.join(JoinRequest(nick, password, token, list(self._seen) or None, client))

    def _say(self, request: Request) -> None:
        self._say_in(request.text("room"), request.text("text"), request.tags)

    def _say_in(self, room: str, text: str, tags: Tags = NO_TAGS) -> None:
        assert self.device is not None
        # Before the room is looked up: a repeat is answered even where the member has left.
        if not self.chat.repeats.answered(self.device, Said, room, text, self._ref):
            self.chat.say(self.device, self._room_named(room), text, self._ref, tags)

    def _command(self, request: Request) -> None:
        assert self.device is not None
        line = request.text("line")
        name = request.text("room") if request.has("room") else None
        if not commands.is_command(line):
            where = commands.current_room(self.device).name if name is None else name
            self._say_in(where, without_escape(line))
            return
        room = None if name is None else self._room_named(name)
        call = commands.parse(self.chat, self.device, line, self._ref)
        if room is not None:
            self.device.turn_to(room)
        if call.command.talk:
            call.carry_out()
        else:
            self._in_turn(request, call.carry_out, self._ok)

    def _history(self, request: Request) -> None:
        assert self.member is not None
        room = self._room_named(request.text("room")).name if request.has("room") else None
        place, whom = {"room": room} if room else {}, b""
        if not room and request.has("with"):
            person = self.chat.nicknames.person_named(request.text("with"))
            place, whom = {"with": person.nick}, person.identity

        def page() -> Deferred[Page]:
            if room:
                # The member may have left by now, such as after a kick, and must get nothing.
                self._room_named(room)
            return self.chat.journal.page(wanted)

        wanted = Wanted(
            of=room or self.member.identity,
            with_whom=whom,
            after=request.number("after", 0, 0, LATEST) if request.has("after") else None,
            before=request.number("before", LATEST, 0, LATEST),
            limit=request.number("limit", 50, 1, PAGE_MOST),
            left_of=unseen_by(self.member, self.chat.accounts).left_of,
        )
        self._in_turn(
            request,
            page,
            lambda page: self._page(page, place, request.ref),
        )

    def _note_seen(self, request: Request) -> None:
        assert self.device is not None
        room = self._room_named(request.text("room")).name if request.has("room") else ""
        id = request.number("id", 0, 0, LATEST)
        self.chat.marks.note_read(self.device, room, id, request.ref)

    def _signal(self, request: Request) -> None:
        assert self.device is not None
        room = self._room_named(request.text("room")) if request.has("room") else None
        to = None if room is not None else self.chat.member_named(request.text("to"))
        self.chat.signal(self.device, room, to, tags=request.tags, ref=request.ref)

    def _room_named(self, name: str) -> Room:
        assert self.member is not None
        if name not in self.member.rooms:
            raise ChatError("no-room", f"you are not in {clean(name)[:60]}")
        return self.member.rooms[name]

    def _in_turn(
        self,
        request: Request,
        work: Callable[[], Any],
        answer: Callable[[Any], dict[str, Any]],
    ) -> None:
        """Carry out a request in its turn, and answer with its C{ref}."""

        def send(result: Any) -> Callable[[], Any] | None:
            self.reply(self.wire.spell(answer(result) | ref_of(request.ref)))
            return result.rest if isinstance(result, commands.Answer) else None

        self.in_turn(work, send)

    # Answers.

    def _send(self, facts: dict[str, Any]) -> None:
        self.outbox.write(self.wire.spell(facts))

    def _ok(self, answer: commands.Answer) -> dict[str, Any]:
        facts: dict[str, Any] = {"type": "ok", "lines": answer.lines} | facts_of_times(answer.times)
        if answer.events:
            facts["events"] = self._all_facts(answer.events)
        if answer.rooms:
            facts["rooms"] = {room.name: self._room(room) for room in answer.rooms}
        if answer.taken is not None:
            facts["search"] = facts_of_search(answer.taken)
        facts |= facts_of_lists(answer) | self._changes()
        if answer.raw:
            facts["raw"] = True
        if answer.rest is not None:
            facts["more"] = True
        return facts

    def _changes(self) -> dict[str, Any]:
        """Collect who the member is, if that has changed since the program was told it."""
        told = self._told
        facts = self._who_one_is() if told else {}
        return facts if self._told != told else {}

    def _who_one_is(self) -> dict[str, Any]:
        """Collect the facts that a program is told at first, and again whenever they change."""
        assert self.member is not None
        account, token, preferences = self._told = (
            self.member.account,
            self.member.token,
            self.member.preferences,
        )
        facts = {
            "token": token,
            "account": account.nick if account is not None else None,
            "settings": preferences.those_set(),
        }
        return facts | {"rate": self._rate} if self._is_pipe else facts

    @property
    def _rate(self) -> int:
        """The lines read per second; 0 for no limit."""
        is_known = self.member is not None and self.member.account is not None
        return self.chat.settings.rate_of(self._is_pipe and is_known)

    @property
    def price(self) -> float:
        """See L{Metered.price}; computed for each line, for the member may lose its account."""
        return self.chat.settings.rate_limit / self._rate if self._rate else 0.0

    def _page(self, page: Page, place: dict[str, Any], ref: str) -> dict[str, Any]:
        if page.kept_from is not None:
            self._send({"type": "gap", "before": page.kept_from} | place | ref_of(ref))
        facts = {"type": "history", "events": self._all_facts(page.events), "more": page.more}
        if page.next is not None:
            facts["next"] = page.next
        return facts | place

    def _room(self, room: Room) -> dict[str, Any]:
        assert self.member is not None
        topic = topic_shown(self.chat.topics.get(room.name), self.member.ignored)
        unseen = unseen_by(self.member, self.chat.accounts)
        return {
            "topic": topic.text if topic else "",
            "members": sorted({member.nick for member in room.present} | {self.member.nick}),
            "missed": has_missed(room, self._seen.get(room.name, LATEST), unseen),
            "read": self.member.reading.marker(room.name, self.chat.last_delivered()),
        }

    def _welcome(self, fence: int, resumed: bool) -> bytes:
        assert self.member is not None and self.device is not None
        self.device.replayed()
        # A client that named no rooms has seen nothing of those that it is in.
        self._seen = self._seen or dict.fromkeys(self.member.rooms, 0)
        rooms = {name: self._room(room) for name, room in self.member.rooms.items()}
        self._seen = NOTHING_SEEN
        return self.wire.spell(
            {
                "type": "welcome",
                "id": fence,
                "nick": self.member.nick,
                "resumed": resumed,
                "server": self.chat.settings.name,
                "motd": list(self.chat.settings.motd),
                "rooms": rooms,
                "read": self.member.reading.marker("", self.chat.last_delivered()),
            }
            | self._who_one_is()
        )

    # The door's part: see chatservice.chat.door.

    def render_own(self, event: Event, mine: bool) -> bytes:
        """See L{chatservice.chat.door.Door.render_own}; own events serve as acknowledgements."""
        if isinstance(event, Resumed):
            # A newcomer who was let into no room has taken nothing over.
            assert self.device is not None
            coming = self.device.coming
            if coming is Coming.ALONGSIDE and not self._seen:
                self.tell_missed(self.device)
            return self._welcome(event.id, resumed=coming is not Coming.NEW)
        if isinstance(event, Read):
            # Programs count all private lines as one, and would take it for that.
            facts = facts_of_reading(event.room, event.upto) | ref_of(event.ref)
            return b"" if event.to else self.wire.spell(facts)
        # An operator's act against the member is another's event, and may be ignored.
        line = self.wire.render_own(event) if mine else self.format.render(event, True)
        if isinstance(event, Joined) and event.arrived:
            return self._welcome(event.id, resumed=False) + line
        return line

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        """See L{chatservice.chat.door.Door.render_elsewhere}: it acknowledges nothing here."""
        assert self.member is not None
        match event:
            case Resumed():
                return b""
            case Read():
                return self.render_own(replace(event, ref=""), True)
            case Joined():
                rooms = {event.room: self._room(self.chat.rooms[event.room])}
                return self.wire.spell(own_facts(event) | {"rooms": rooms})
        return self.wire.render_own(event, event.ref if isinstance(event, Talk | Signalled) else "")

    def reads(self, room: str, is_current: bool) -> bool:
        """See L{chatservice.chat.door.Door.reads}: a program with a name says what it has seen."""
        return not self._is_named

    def read_on(self, room: str, id: int, following: bool) -> None:
        """See L{chatservice.chat.door.Door.read_on}."""
        self._send(facts_of_reading(room, id) | ({"following": True} if following else {}))

    def _all_facts(self, events: Iterable[Event]) -> list[dict[str, Any]]:
        """Spell the events of a page as the member sees them."""
        identity = self.member.identity if self.member is not None else b""
        return [
            own_facts(event) if identity and event.identity == identity else facts_of(event)
            for event in events
        ]

    def notify(self, lines: list[str], events: list[Event], times: Times = NO_TIMES) -> None:
        """See L{chatservice.chat.door.Door.notify}."""
        facts = {"type": "notice", "lines": lines, "events": self._all_facts(events)}
        self._send(facts | self._changes() | facts_of_times(times))

    def ping(self, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.ping}."""
        self._send({"type": "ping"})

    def preferences_changed(self) -> None:
        """See L{chatservice.chat.door.Door.preferences_changed}; only ignoring applies here."""
        if self.member is not None:
            member = self.member
            self.format = format_for(self.wire, Preferences(), member.ignored, member.nick)

    def again(self, event: Event) -> None:
        """See L{chatservice.chat.door.Door.again}."""
        self._send(own_facts(event))

    def refuse(self, event: Event, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.refuse}."""
        super().refuse(event, sentence)
        ref = event.ref if isinstance(event, Talk) else ""
        self._send({"type": "error", "code": "not-sent", "text": sentence} | ref_of(ref))

    def tell(self, error: ChatError) -> None:
        """See L{Session.tell}."""
        # An error that ends the connection does not answer a request.
        ref = {} if error.code in ("closing", "taken-over") else ref_of(self._ref)
        cause = {"cause": error.cause} if error.cause else {}
        facts = {"type": "error", "code": error.code, "text": error.sentence} | cause
        self._send(facts | facts_of_times(error.times) | ref)
        self._malformed = self._malformed + 1 if error.code == "malformed" else 0
        if self._malformed == MALFORMED_IN_A_ROW:
            self.close(f"{MALFORMED_IN_A_ROW} lines in a row were not valid requests")
