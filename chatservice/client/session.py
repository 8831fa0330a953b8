"""The conversation with the chat, from hello to goodbye, over as many connections as it takes.

No I/O and no time: a link hands in lines and takes requests, a person types and is shown what
happened. Every line of talk is kept until its event comes back, and every event is shown once.
See docs/protocol.rst, "Resuming".
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from chatservice.client.commands import GOODBYES, command_word
from chatservice.client.person import Person
from chatservice.client.places import Places
from chatservice.client.plain import plain
from chatservice.client.replay import Replay
from chatservice.client.show import spelled
from chatservice.client.state import State
from chatservice.client.unanswered import Unanswered, is_move, is_talk
from chatservice.client.wire import (
    LONGEST_LINE,
    LONGEST_TEXT,
    Acted,
    Command,
    Error,
    Event,
    Gap,
    Hello,
    History,
    Joined,
    Left,
    Ok,
    Parted,
    Ping,
    Renamed,
    Request,
    Said,
    Say,
    Welcome,
    Whispered,
    decode,
    encode,
)
from chatservice.names import NICK_LENGTH


class Session:
    """One person's conversation with the chat.

    *refs* gives a mark for each request, never the same twice. *recent* is how many lines of
    history to show of a room that is new; 0 for none.
    """

    def __init__(
        self, person: Person, nick: str, rooms: Sequence[str], refs: Iterator[str], recent: int
    ) -> None:
        self.state = State.OFFLINE
        self.nick = nick
        self.places = Places()
        for room in (*rooms, rooms[0]):  # the first one becomes the current one
            self.places.enter(room)
        self._person = person
        self._refs = refs
        self._send: Callable[[Request], None] | None = None
        self._token: str | None = None
        self._own_names = {nick}
        self._unanswered = Unanswered()
        self._typed: deque[str] = deque()  # after a command that may change the current room
        self._replay = Replay(self.places, recent)
        self._held: deque[Event] = deque()
        self._farewell: Command | None = None
        self._last_words = ""

    @property
    def joined(self) -> bool:
        """Whether the chat was ever joined."""
        return self._token is not None

    @property
    def unanswered(self) -> int:
        """How many lines and commands were neither acknowledged nor refused."""
        return len(self._unanswered) + len(self._typed)

    # What the link tells

    def connected(self, send: Callable[[Request], None]) -> None:
        """There is a connection, and *send* puts requests on it."""
        self._send = send
        self._last_words = ""
        if self.state is State.OFFLINE:
            self._greet()

    def line_received(self, line: bytes) -> None:
        """A line came from the chat."""
        if self.state is State.GREETING:
            self._greeted(line)
        elif self.state in {State.REPLAYING, State.LIVE, State.LEAVING}:
            self._heard(line)

    def disconnected(self) -> None:
        """The connection is lost, or there is no use in waiting for its end."""
        was, self._send = self.state, None
        self._replay.forget()
        self._held.clear()
        if was in {State.ASKING, State.GONE}:
            return
        if self._farewell is not None:
            self._end()
        elif self._token is None:
            self._end(self._last_words or "The chat closed the connection.", failed=True)
        else:
            self.state = State.OFFLINE
            if was is not State.GREETING:
                self._person.told("connection lost, trying again; what you say is kept")
            for _ in range(self._unanswered.connection_lost()):
                self._refuse("offline", "connection lost before the command was answered")
            self._refuse_what_waits()

    def unreachable(self, sentence: str) -> None:
        """There has been no connection, and there will be none."""
        self._end(sentence, failed=True)

    def abandon(self) -> None:
        """The program is being ended: say nothing more, to nobody."""
        self.state = State.GONE

    def ping(self) -> bool:
        """Ask the chat for a sign of life. False if it does not know us yet."""
        if self.state not in {State.REPLAYING, State.LIVE, State.LEAVING}:
            return False
        self._to_chat(Ping(ref=next(self._refs)))
        return True

    # What the person does

    def typed(self, line: str) -> None:
        """A line was typed: talk, a command, or a nickname when one is wanted."""
        line = plain(line)
        if not line.strip():
            return
        word = command_word(line)
        if self.state is State.ASKING and word not in GOODBYES:
            self._choose(line.strip())
        elif self._unanswered.moving and self.state is not State.ASKING:
            self._typed.append(line)
        elif word in GOODBYES:
            self.leave(line)
        elif word:
            self._command(line)
        else:
            self.say(line.removeprefix("/") if line.startswith("//") else line)

    def _type_what_waits(self) -> None:
        lines, self._typed = self._typed, deque()
        for line in lines:
            self.typed(line)

    def _refuse_what_waits(self) -> None:
        """Say nothing where one has stayed of what was meant for elsewhere; but take a goodbye."""
        lines, self._typed = self._typed, deque()
        current = self.places.current
        where = f"still in {spelled(current)}" if current else "in no room"
        for line in lines:
            if command_word(line) in GOODBYES:
                self.leave(line)
            else:
                self._refuse("not-sent", f"not sent: you are {where}")

    def say(self, text: str) -> None:
        """Say *text* in the current room, whatever it begins with."""
        text = plain(text)
        if not self.places.current:
            self._refuse("no-room", "you are in no room: /join one first")
        elif len(text.encode()) > LONGEST_TEXT:
            self._refuse("too-long", f"a line has at most {LONGEST_TEXT:,} bytes: not sent")
        else:
            self._ask(Say(room=self.places.current, text=text, ref=next(self._refs)))

    def leave(self, line: str = "/quit") -> None:
        """Say goodbye, after what is still to be sent."""
        if self.state in {State.OFFLINE, State.GREETING, State.ASKING}:
            self._end()
        elif self._farewell is None:
            self._farewell = Command(line=line, ref=next(self._refs))
            self._person.leaving()
            self._send_what_waits()

    # Joining

    def _greet(self) -> None:
        self.state = State.GREETING
        self._to_chat(Hello(nick=self.nick, rooms=self.places.shown, token=self._token))

    def _greeted(self, line: bytes) -> None:
        if not line.startswith(b"{"):
            words = plain(line.decode(errors="replace")).rstrip()
            if words.startswith("-- "):
                self._last_words = words.removeprefix("-- ")
            elif words and not self._last_words:
                self._last_words = "That is not a chat."
            return
        match decode(line):
            case Welcome() as welcome:
                self._welcomed(welcome)
            case Error() as error:
                self._hello_refused(error)

    def _hello_refused(self, error: Error) -> None:
        self._last_words = error.text
        if error.code == "nick-taken" and self._token and len(self.nick) < NICK_LENGTH:
            self.nick += "_"
            self._greet()
        elif error.code in {"nick-taken", "bad-nick"}:
            self.state = State.ASKING
            self._person.nickname_refused(error.text)
        elif self._token is None:
            self._end(error.text, failed=True)

    def _choose(self, nick: str) -> None:
        self.nick = nick
        self.state = State.OFFLINE
        if self._send is not None:
            self._greet()

    def _welcomed(self, welcome: Welcome) -> None:
        first, self._token = self._token is None, welcome.token
        self.state = State.REPLAYING
        if first:
            self.places.mark(None, welcome.id)
            for line in welcome.motd:
                self._person.told(line)
        else:
            self._person.told(f"connected again as {welcome.nick}")
            self._replay.add(None, welcome.id)
        self.nick = welcome.nick
        self._own_names.add(self.nick)
        self._arrive(welcome, first)
        self._turn_page()

    def _arrive(self, welcome: Welcome, first: bool) -> None:
        current = self.places.current
        self.places.keep_only({state.name for state in welcome.rooms})
        for state in welcome.rooms:
            place = self.places.enter(state.name)
            place.update(state)
            if first:
                self._person.entered(place)
            if state.missed:
                self._replay.add(place.name, welcome.id)
            else:
                place.shown = welcome.id
        self.places.return_to(current)

    # History, page by page

    def _turn_page(self) -> None:
        """Ask for the next page, or begin to live if there is none."""
        if self._replay.wanted:
            self._to_chat(self._replay.next_page(next(self._refs)))
        else:
            self._go_live()

    def _history(self, history: History) -> None:
        for event in history.events:
            self._happen(event, replayed=True)
        self._replay.page_shown(history.more)
        self._turn_page()

    def _go_live(self) -> None:
        self.state = State.LIVE
        while self._held and self.state is State.LIVE:
            self._happen(self._held.popleft(), replayed=False)
        self._send_what_waits()
        self._person.settled()

    # What comes from the chat

    def _heard(self, line: bytes) -> None:
        match decode(line):
            case History() as history if self._replay.asked(history.ref):
                self._history(history)
            case None | Welcome() | History():
                pass
            case Ok() as ok:
                self._ok(ok)
            case Error() as error:
                self._error(error)
            case Gap(room=room):
                self._person.told(f"some lines of {room or 'private talk'} are no longer kept")
            case event if self.state is State.REPLAYING:
                self._held.append(event)
            case event:
                self._happen(event, replayed=False)

    def _ok(self, ok: Ok) -> None:
        self._unanswered.answered(ok.ref)
        for state in ok.rooms:
            place = self.places.enter(state.name)
            new = self.nick not in place.members
            place.update(state)
            if new:
                self._person.entered(place)
        for line in ok.lines:
            self._person.told(line)
        for event in ok.events:
            self._person.happened(event, replayed=True)
        self._type_what_waits()
        self._person.settled()

    def _error(self, error: Error) -> None:
        if self._replay.asked(error.ref):
            self._replay.page_shown(more=False)
            self._turn_page()
        elif request := self._unanswered.answered(error.ref):
            self._person.refused(error)
            if is_move(request):
                self._refuse_what_waits()
            self._person.settled()
        else:
            self._person.told(error.text)

    def _happen(self, event: Event, replayed: bool) -> None:
        match event:
            case Joined(nick=self.nick):
                self._entered(event)
            case Left(nick=self.nick):
                pass  # one's own leaving is no news
            case _ if self.places.is_news(event):
                settled = self._acknowledge(event)
                self._become(event)
                self.places.apply(event)
                self._person.happened(event, replayed)
                if settled:
                    self._person.settled()

    def _entered(self, event: Joined) -> None:
        place = self.places.get(event.room) or self.places.enter(event.room)
        if place.shown:
            place.shown = max(place.shown, event.id)
            return
        self._replay.add(place.name, event.id)
        if self._replay.wanted and self.state is State.LIVE:
            self.state = State.REPLAYING
            self._turn_page()

    def _acknowledge(self, event: Event) -> bool:
        if not isinstance(event, Said | Acted | Whispered) or event.nick not in self._own_names:
            return False
        return self._unanswered.answered(event.ref) is not None

    def _become(self, event: Event) -> None:
        match event:
            case Renamed(nick=self.nick, now=now):
                self.nick = now
                self._own_names.add(now)
            case Parted(nick=self.nick, room=room):
                self.places.leave(room)

    # What goes to the chat

    def _command(self, line: str) -> None:
        word = command_word(line)
        room = None if word == "/join" else self.places.current or None
        request = Command(line=line, ref=next(self._refs), room=room)
        if len(encode(request)) > LONGEST_LINE:
            self._refuse("too-long", "that is too long for one line: not sent")
        elif self.state is State.OFFLINE and not is_talk(request):
            self._refuse("offline", f"there is no connection: {word} was not carried out")
        else:
            self._ask(request)

    def _refuse(self, code: str, sentence: str) -> None:
        self._person.refused(Error(code=code, text=sentence))

    def _ask(self, request: Say | Command) -> None:
        self._unanswered.add(request)
        self._send_what_waits()

    def _send_what_waits(self) -> None:
        """Send every request that this connection has not seen, once it may be sent."""
        if self.state is not State.LIVE:
            return
        for request in self._unanswered.to_send():
            self._to_chat(request)
        if self._farewell is not None:
            self.state = State.LEAVING
            self._to_chat(self._farewell)

    def _to_chat(self, request: Request) -> None:
        assert self._send is not None  # nothing is sent in a state without a connection
        self._send(request)

    # The end

    def _end(self, sentence: str | None = None, failed: bool = False) -> None:
        self.state = State.GONE
        if sentence is None and (count := self.unanswered):
            lines = "1 line was" if count == 1 else f"{count} lines were"
            sentence = f"{lines} not confirmed by the chat."
        self._person.gone(sentence, failed)
