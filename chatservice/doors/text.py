"""The text door: for telnet, nc, and anything else that sends lines."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.python.failure import Failure

from chatservice import commands
from chatservice.chat.coming import Coming
from chatservice.chat.door import GOODBYE, Format
from chatservice.chat.ignoring import topic_shown, unseen_by
from chatservice.chat.rooms import Device, Member, Room
from chatservice.doors.formats import TEXT, arrival, encoded, format_for
from chatservice.doors.reception import Reception
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.counts import counted
from chatservice.protocol.events import (
    NO_TIMES,
    CameBack,
    ChatError,
    Event,
    Introduced,
    Joined,
    Line,
    Parted,
    Read,
    Renamed,
    Resumed,
    Times,
    TopicChanged,
    WentAway,
    Whispered,
)
from chatservice.protocol.sanitize import as_typed, without_escape
from chatservice.protocol.wording import retold, second_person, spelled
from chatservice.sessions import catchup
from chatservice.sessions.joining import JoinRequest
from chatservice.sessions.metering import Connection
from chatservice.sessions.session import Session, State

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

BYE = "-- goodbye"
BYE_TO_NC = f"{BYE} (if your prompt does not come back, press Ctrl-C)"

HINT = "-- /help lists what you can do"

TOOK_ITS_PLACE = (
    "-- you took the place of your connection that was silent for longest: "
    "/devices lists the others"
)

NOTHING_MISSED = catchup.CaughtUp([], 0, [])

CATCH_UP_MOST = 500
"""The most events of each room that are shown at once to somebody who comes back with a token."""


class TextSession(Session):
    """The session of the text door: lines that a person types, and events as lines."""

    __slots__ = ("_reception", "_said_goodbye", "_was_here")

    kind = "telnet, nc or the like"
    name = "text"

    def __init__(self, chat: Chat) -> None:
        super().__init__(chat)
        self.format: Format = TEXT
        self._was_here = self._said_goodbye = False

    def begin(self, connection: Connection) -> None:
        """See L{Session.begin}: greet the peer."""
        self._reception = Reception(self)
        super().begin(connection)
        if self.state is State.ARRIVING:
            self._reception.greet()

    def heard(self, message: bytes) -> None:
        """See L{Session.heard}."""
        text = as_typed(message.decode("utf-8", "replace"))
        if self.device is None:
            self._said_goodbye = commands.is_goodbye(text)
            self._reception.heard(text)
        elif commands.is_command(text):
            self._said_goodbye = commands.is_goodbye(text)
            self._obey(text)
        elif text.strip():
            self.chat.say(self.device, commands.current_room(self.device), without_escape(text))

    def close(self, sentence: str = "", code: str = "closing", times: Times = NO_TIMES) -> None:
        """See L{chatservice.chat.door.Door.close}; answer a goodbye first."""
        if code == GOODBYE and self._said_goodbye:
            self.outbox.write(encoded([*([f"-- {sentence}"] if sentence else []), self._goodbye()]))
            sentence = ""
        super().close(sentence, code, times)

    def _goodbye(self) -> str:
        return BYE if self.connection.closes_itself else BYE_TO_NC

    def arrived(self, request: JoinRequest) -> None:
        """See L{Session.arrived}."""
        assert self.device is not None
        self._was_here = bool(request.token)
        if request.token:
            self._show_missed(self.device, [f"-- you are back as {self.device.member.nick}"])
        else:
            self.device.replayed()
            super().arrived(request)

    def show_missed(self) -> None:
        """See L{chatservice.chat.door.Door.show_missed}."""
        assert self.device is not None
        self._show_missed(self.device, [])

    @inlineCallbacks
    def _show_missed(
        self, device: Device, lines: list[str]
    ) -> Generator[Deferred[Any], Any, None]:
        """Show some lines, then the missed events, and only then anything newer."""
        self.note_sent(device)
        self.outbox.cork()
        found, since = NOTHING_MISSED, device.replay
        try:
            yield self.chat.settled(device.member)
            # If another connection has taken over by now, it shows them itself.
            if not device.is_over:
                before = device.fence + 1
                found = yield catchup.read(self.chat, device, since, CATCH_UP_MOST, before)
            if not device.is_over:
                device.replayed()
        except Exception:
            self.complain(Failure())
            found = NOTHING_MISSED._replace(more=list(since))
        finally:
            more = ["-- there is more that you missed: /catchup"] if found.more else []
            retelling = retold(found.events, self.chat.ids.now(), rooms=True)
            self.outbox.uncork(encoded([*lines, *retelling, *more]))
        self.note_when_sent(device)

    def _obey(self, text: str) -> None:
        assert self.device is not None
        call = commands.parse(self.chat, self.device, text)
        if call.command.talk:
            call.carry_out()
        else:
            self.in_turn(call.carry_out, self._answer)

    def _answer(self, answer: commands.Answer) -> Callable[[], Any] | None:
        lines = answer.lines if answer.raw else [f"-- {line}" for line in answer.lines]
        history = retold(answer.events, self.chat.ids.now(), answer.scattered)
        self.reply(encoded([*history, *lines]))
        return answer.rest

    def _arrival(self, event: Joined, member: Member) -> list[str]:
        return self._room(self.chat.rooms[event.room], member, event, "you joined")

    def _room(self, room: Room, member: Member, event: Event, how: str) -> list[str]:
        # The member is told how much was missed, and need not see it here.
        back = member.reading.marker(room.name, event.id) < event.id
        replay = 0 if back else self.chat.settings.replay
        keep, _ = self.chat.permissions.bounds(room.name)
        oldest = event.when - keep * 1_000_000 if keep else 0
        recent = [each for each in room.recent if each.when > oldest] if replay else []
        recent = unseen_by(member, self.chat.accounts).shown(recent)
        topic = topic_shown(self.chat.topics.get(room.name), member.ignored)
        return arrival(room, member.nick, topic, recent[-replay:], event.when, how)

    def notify(self, lines: list[str], events: list[Event], times: Times = NO_TIMES) -> None:
        """See L{chatservice.chat.door.Door.notify}."""
        self._answer(commands.Answer(lines, events))

    def ping(self, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.ping}."""
        self.notify([sentence], [])
        self.connection.ask()

    def preferences_changed(self) -> None:
        """See L{chatservice.chat.door.Door.preferences_changed}."""
        member = self.member
        if member is not None:
            self.format = format_for(TEXT, member.preferences, member.ignored, member.nick)

    def tell(self, error: ChatError) -> None:
        """See L{Session.tell}."""
        prompt = self._reception.prompt_after(error) if self.state is State.ARRIVING else ""
        self.outbox.write(encoded([f"-- {error.sentence}"], prompt))

    def refuse(self, event: Event, sentence: str) -> None:
        """See L{chatservice.chat.door.Door.refuse}."""
        super().refuse(event, sentence)
        self.tell(ChatError("not-sent", sentence))

    def render_own(self, event: Event, mine: bool) -> bytes:
        """See L{chatservice.chat.door.Door.render_own}; a member's own lines are not repeated."""
        member = self.member
        match event:
            case Joined() if member:
                joined, *more = self._arrival(event, member)
                hint = [HINT] if event.arrived and not self._was_here else []
                return encoded([joined, *hint, *more])
            case Resumed() if self.device:
                return self._resumed(self.device, event)
            case OperatorAct(target_identity=target) if member:
                to_you = not mine or target == event.identity
                return self._told_to_you(member, event, mine, to_you)
            case WentAway() | CameBack() | Renamed() | Introduced() | TopicChanged() if member:
                return self._told_to_you(member, event, mine)
            case Parted() if self.device:
                current = self.device.current
                where = f"talking in {spelled(current.name)} now" if current else "in no room"
                return encoded([f"-- you left {spelled(event.room)}: you are {where}"])
            case Whispered() if event.to_identity == event.identity:
                return TEXT.render(event, True)
        return b""

    def _resumed(self, device: Device, event: Resumed) -> bytes:
        """Show the member's state to a device whose fence has passed."""
        member = device.member
        if device.coming is Coming.NEW:
            return encoded([f"-- you are {member.nick}, in no room: /list, /join ROOM"])
        where = ", ".join(map(spelled, member.rooms)) or "no room"
        here = f"{member.nick}, in {where}"
        if device.coming is not Coming.ALONGSIDE:
            is_instead = device.coming is Coming.INSTEAD and len(member.devices) > 1
            took = [TOOK_ITS_PLACE] if is_instead else []
            self._show_missed(device, [f"-- you are back as {here}", *took])
            return b""
        others = counted(len(member.devices) - 1, "other connection", "other connections")
        if len(member.devices) == 1:
            others = "another server"
        lines = [f"-- you are {here}, and here on {others} too"]
        if device.current is not None:
            lines += self._room(device.current, member, event, "you are talking in")
        self.tell_missed(device)
        return encoded(lines)

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        """See L{chatservice.chat.door.Door.render_elsewhere}."""
        member = self.member
        match event:
            case Resumed() | Read():
                return b""
            case Line() if member:
                return format_for(TEXT, member.preferences, (), member.nick).render(event, here)
            case Whispered():
                return TEXT.render(second_person(event, True), True)
            case Joined():
                return encoded([f"-- you joined {spelled(event.room)}, from your {device}"])
            case Parted():
                return encoded([f"-- you left {spelled(event.room)}, from your {device}"])
            case Renamed():
                return encoded([f"-- you are now {event.now}, from your {device}"])
            case WentAway(why="") | CameBack():
                how = "away" if isinstance(event, WentAway) else "back"
                return encoded([f"-- you are {how}, from your {device}"])
        return self.render_own(event, True)

    def reads(self, room: str, is_current: bool) -> bool:
        """See L{chatservice.chat.door.Door.reads}: a person reads the current room."""
        return is_current or not room

    def _told_to_you(
        self, member: Member, event: Event, mine: bool, to_you: bool = False
    ) -> bytes:
        # A member's own acts are shown even if the member ignores its own nickname.
        is_ignoring = () if mine else member.ignored
        wire = format_for(TEXT, member.preferences, is_ignoring, member.nick)
        return wire.render(second_person(event, mine, to_you), True)
