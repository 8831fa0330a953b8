"""The IRC door: the language of IRC clients, over lines (RFC 2812, and IRCv3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.words.protocols import irc

from chatservice import commands
from chatservice.chat.rooms import Member
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc import own
from chatservice.doors.irc.client import NOTICE_BYTES, Continued, Told, Work
from chatservice.doors.irc.format import cut, mode_of, source
from chatservice.doors.irc.pings import Pings
from chatservice.doors.irc.registration import RegisteringClient
from chatservice.doors.irc.replies import RPL_MONOFFLINE, RPL_MONONLINE
from chatservice.doors.irc.responses import Response
from chatservice.doors.irc.sentences import typed_at_irc
from chatservice.doors.irc.verbs import VERBS, Call, Verb
from chatservice.doors.irc.verbs.services import carried_out, is_for_service
from chatservice.doors.irc.wire import (
    NOTHING,
    Message,
    NotUtf8,
    encoded,
    middle,
    parsed,
    pieces,
    verb_of,
)
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.aliases import ALIASES
from chatservice.protocol.events import (
    NO_TIMES,
    CameBack,
    ChatError,
    Event,
    Introduced,
    Line,
    Read,
    Resumed,
    Times,
    Watched,
    WentAway,
    Whispered,
)
from chatservice.protocol.wording import not_read_now
from chatservice.sessions.joining import JoinRequest
from chatservice.sessions.metering import Connection
from chatservice.sessions.session import State

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

PART = 200
"""The lines of a long answer that are sent at a time."""

EXTENDED = WentAway | CameBack | Introduced
"""The events of people that are watched which those see who are in none of their rooms."""


class IrcSession(RegisteringClient):
    """The session of an IRC client."""

    __slots__ = ("_line", "_response")

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat)
        self._response: Response | None = None
        # A line is read once, for its cost, and then carried out.
        self._line: Message | None = None

    # Requests.

    def cost(self, message: bytes) -> float:
        """See L{Session.cost}."""
        try:
            line = parsed(message)
        except (NotUtf8, ChatError):
            return 1
        self._line = line
        verb = VERBS.get(line.verb)
        return 1 if verb is None else verb.cost(line.param(0))

    def heard(self, message: bytes) -> None:
        """See L{Session.heard}."""
        self._verb = self._target = self._service = ""
        line, self._line = self._line, None
        try:
            line = line or parsed(message)
        except NotUtf8:
            start = verb_of(message)
            name = middle(start) if start.isascii() else "*"
            self.write([f":{self.server} FAIL {name} INVALID_UTF8 :messages must be UTF-8"])
            return
        if line is NOTHING:
            return
        self._verb, self._target = line.verb, line.param(0)
        label = line.tags.get("label", "") if self.has(caps.LABELED_RESPONSE) else ""
        call, verb = Call(self, line, label), VERBS.get(line.verb)
        if self.device is None:
            self._early(call, verb)
        elif verb is None:
            self._unknown(call, label)
        elif not verb.late:
            again = self.numeric(irc.ERR_ALREADYREGISTRED, text="you have joined already")
            self.serve(lambda: [again], label)
        elif len(line.params) < verb.least:
            self.serve(lambda: [call.too_few()], label)
        elif verb.talk and (not label or is_for_service(call)):
            # Only what is wrong is answered, and in its turn; talk itself waits for nothing.
            if wrong := verb.function(call):
                self.serve(lambda: wrong, label)
        else:
            self.serve(lambda: verb.function(call), label)

    def _early(self, call: Call, verb: Verb | None) -> None:
        """Carry out a verb of a client that has not joined yet."""
        if verb is None or not verb.early:
            name = middle(call.message.verb)
            self.write([self.numeric(irc.ERR_NOTREGISTERED, text=f"join first: {name} must wait")])
        elif len(call.message.params) < verb.least:
            self.write([call.too_few()])
        else:
            self._write(verb.function(call))

    def _write(self, lines: Told | Deferred[Any]) -> None:
        assert not isinstance(lines, Deferred | Continued)
        self.write(lines)

    def _unknown(self, call: Call, label: str) -> None:
        """Carry out a verb that IRC lacks: it may be a command of the chat."""
        name = call.message.verb.casefold()
        if ALIASES.get(name, name) in commands.COMMANDS:
            self.obey(f"/{name} {' '.join(call.message.params)}", label)
            return
        verb = middle(call.message.verb)
        unknown = self.numeric(irc.ERR_UNKNOWNCOMMAND, verb, text="unknown command")
        self.serve(lambda: [unknown], label)

    def obey(self, line: str, label: str = "") -> None:
        """See L{IrcClient.obey}."""
        assert self.device is not None
        call = commands.parse(self.chat, self.device, line)

        self.serve(lambda: carried_out(self, call), label)

    def serve(self, work: Work, label: str = "") -> None:
        """See L{IrcClient.serve}."""
        response = Response(self.server, label, self.new_number())

        def settle(told: Told) -> tuple[Iterator[str], Work | None]:
            lines, rest = (told.lines, told.rest) if isinstance(told, Continued) else (told, None)
            if isinstance(told, list) and self.member is not None and not response.is_merging:
                response.expect(self.member.uncommitted + len(told))
            return iter(lines), rest

        def carry_out(work: Work) -> Any:
            self._response = response
            told = work()
            return told.addCallback(settle) if isinstance(told, Deferred) else settle(told)

        def answer(settled: tuple[Iterator[str], Work | None]) -> Callable[[], Any] | None:
            lines, rest = settled
            part = list(islice(lines, PART))
            has_more = len(part) == PART
            if response.is_unopened and not has_more and rest is None:
                response.expect(len(part))
            self.reply(encoded(response.spelled(part)))
            if has_more:
                return lambda: settled
            return None if rest is None else partial(carry_out, rest)

        def end(_: object) -> None:
            if self.state < State.CLOSING:
                self.outbox.write(encoded(response.end()))
            if self._response is response:
                self._response = None

        self.in_turn(partial(carry_out, work), answer).addBoth(end)

    @property
    def response(self) -> Response:
        """See L{IrcClient.response}."""
        assert self._response is not None
        return self._response

    # Sentences.

    def notify(self, lines: list[str], events: list[Event], times: Times = NO_TIMES) -> None:
        """See L{chatservice.chat.door.Door.notify}."""
        sentences = map(typed_at_irc, lines)
        told = [self.notice(piece) for each in sentences for piece in pieces(each, NOTICE_BYTES)]
        self.write([*own.replayed(self, events), *told])

    def tell(self, error: ChatError) -> None:
        """See L{Session.tell}."""
        if self.state >= State.CLOSING:
            self.write([f"ERROR :Closing link: {error.sentence}"])
            return
        lines = self.error_lines(error)
        if self.state is State.ARRIVING and (hint := self.refused(error)):
            lines.append(self.notice(hint, "NickServ"))
        response = self._response
        if response is not None:
            if response.is_unopened:
                response.expect(len(lines))
            lines = response.spelled(lines)
        self.write(lines)

    def unread_now(self, event: Whispered, away: str | None) -> None:
        """See L{chatservice.chat.door.Door.unread_now}."""
        text = not_read_now(event.to, None) if away is None else cut(away) or "away"
        self.write([self.numeric(irc.RPL_AWAY, event.to, text=text)])

    def ping(self, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.ping}."""
        self.notify([sentence], [])
        self.send_ping()

    # The life of the connection.

    def begin(self, connection: Connection) -> None:
        """See L{Session.begin}."""
        super().begin(connection)
        self.chat.shared(Pings).watch(self)

    def arrived(self, request: JoinRequest) -> None:
        """See L{Session.arrived}."""
        assert self.device is not None
        self.device.replayed()
        super().arrived(request)

    def waits_for(self, member: Member) -> bool:
        """See L{Session.waits_for}: a guest has nothing to come back with."""
        return member.account is not None

    def close(self, sentence: str = "", code: str = "closing", times: Times = NO_TIMES) -> None:
        """See L{chatservice.chat.door.Door.close}; every end is told with C{ERROR}."""
        super().close(sentence or self._why or "goodbye", code, times)

    def ended(self, reason: Failure) -> None:
        """See L{Session.ended}."""
        self.chat.shared(Pings).forget(self)
        super().ended(reason)

    # The door's part: see chatservice.chat.door.

    def render_own(self, event: Event, mine: bool) -> bytes:
        """See L{chatservice.chat.door.Door.render_own}."""
        response = self._response if mine else None
        if response is not None and response.is_merging and isinstance(event, OperatorAct):
            change = mode_of(self.chat, event)
            if change is not None:
                if change[:2] == ("+", "k"):
                    change = (*change[:2], self.shown_key)
                return encoded(response.merge(source(event), event.room, change))
        if response is None and isinstance(event, Line):
            return self.wire.render(event) if self.has(caps.ECHO_MESSAGE) else b""
        lines = own.own_lines(self, event, mine)
        if response is not None:
            lines = response.spelled(lines)
        return encoded([*lines, *own.received_lines(self, event)])

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        """See L{chatservice.chat.door.Door.render_elsewhere}: it is shown as others see it."""
        match event:
            case Resumed():
                return b""
            case Read():
                return encoded(own.mark_lines(self, event))
            case Whispered():
                return encoded(self.wire.lines(event))
        return encoded(own.own_lines(self, event, True) or self.wire.lines(event))

    def render_watched(self, event: Event, watched: Watched | None) -> bytes:
        """See L{chatservice.chat.door.Door.render_watched}."""
        if watched is None:
            is_told = self.has(caps.EXTENDED_MONITOR) and isinstance(event, EXTENDED)
            is_new = is_told and not self._shares_a_room(event)
            return self.format.render(event, True) if is_new else b""
        assert self.member is not None
        names = (name.casefold() for name in self.chat.watching.names(self.member))
        if watched.nick.casefold() not in names:
            # One who only looks like the person that is watched is somebody else here.
            return b""
        if not watched.here:
            return encoded([self.numeric(RPL_MONOFFLINE, text=watched.nick)])
        mask = f"{watched.nick}!{event.userhost}"
        return encoded([self.numeric(RPL_MONONLINE, text=mask)])

    def _shares_a_room(self, event: Event) -> bool:
        """Tell whether the member hears of an event's author through a room."""
        author = self.chat.roster.find(event.identity, event.id)
        own = self.member.rooms if self.member is not None else {}
        return author is not None and not author.rooms.keys().isdisjoint(own)

    def reads(self, room: str, is_current: bool) -> bool:
        """See L{chatservice.chat.door.Door.reads}: what a client was sent has been shown."""
        return not self.has(caps.READ_MARKER)

    def refuse(self, event: Event, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.refuse}."""
        super().refuse(event, sentence)
        self.tell(ChatError("not-sent", sentence))
