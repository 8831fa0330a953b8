"""The session with the chat, from hello to goodbye, over as many connections as it takes.

No I/O and no clock: a link hands in lines and takes requests, a person types and sees what
happens. L{Joining} is the beginning. Every line of talk is kept until its event comes back, and
every event is shown once; see docs/protocol.rst, "Resuming".
"""

from collections import deque
from collections.abc import Iterator, Sequence

from chatservice.client.commands import GOODBYE, bare, command_word
from chatservice.client.history import Replay
from chatservice.client.joining import GREETING, WANTING, Identity, Joining
from chatservice.client.requests import Command, Outgoing, Pong, is_move
from chatservice.client.show import setting_changed, settings_asked
from chatservice.client.view import Places, State, Viewer
from chatservice.client.wire import PACE, Error, Gap, History, Notice, Ok, Ping, Welcome, decode
from chatservice.protocol.actions import Kicked
from chatservice.protocol.counts import counted
from chatservice.protocol.events import Acted, Event, Joined, Left, Parted, Renamed, Said, Whispered
from chatservice.protocol.sanitize import without_controls, without_escape
from chatservice.protocol.wording import spelled

_JOINED = {State.REPLAYING, State.LIVE, State.LEAVING}


class Session(Joining):
    """One person's session with the chat.

    @ivar rate: how many lines a second the chat reads; 0 for no limit.
    """

    def __init__(
        self,
        person: Viewer,
        identity: Identity,
        rooms: Sequence[str],
        refs: Iterator[str],
        recent: int,
    ) -> None:
        """Begin offline.

        @param rooms: the rooms to join; if none, those where the chat saw the person last.
        @param refs: generates a ref for each request, never the same twice.
        @param recent: how many lines of history to show of a new room.
        """
        super().__init__(person, identity, Places(rooms))
        self._refs = refs
        self._outgoing = Outgoing(self.places, refs, self._refuse)
        self._replay = Replay(self.places, recent)
        self._held: deque[Event | Notice] = deque()
        self._farewell: Command | None = None
        self.rate = PACE

    @property
    def unanswered(self) -> int:
        """The number of lines and commands neither acknowledged nor refused."""
        return len(self._outgoing)

    # Calls from the link

    def line_received(self, line: bytes) -> None:
        """Take a line from the chat."""
        if self.state in GREETING:
            self._greeted(line)
        elif self.state in _JOINED:
            self._heard(line)

    def disconnected(self) -> None:
        """Go offline or end, as the connection is lost or not worth waiting for."""
        was, self._send = self.state, None
        self._replay.forget()
        self._held.clear()
        if was in WANTING or was is State.GONE:
            return
        if self._farewell is not None:
            self._end_here()
        elif not self.joined:
            self._end(self._last_words or "The chat closed the connection.", failed=True)
        else:
            self.state = State.OFFLINE
            if was not in GREETING:
                self._person.told("connection lost, trying again; what you say is kept")
            self._outgoing.connection_lost()
            self._refuse_what_waits()

    def unreachable(self, sentence: str) -> None:
        """End, as there was never a connection and will be none."""
        self._end(sentence, failed=True)

    def abandon(self) -> None:
        """End without a word, as the program is being ended."""
        self.state = State.GONE

    def ping(self) -> bool:
        """Ping the chat; return C{False} if the session has not joined it."""
        if self.state not in _JOINED:
            return False
        self._to_chat(Ping(ref=next(self._refs)))
        return True

    # Calls from the person

    def typed(self, line: str) -> None:
        """Take a typed line: talk, a command, or a nickname when one is wanted."""
        line = bare(without_controls(line))
        if not line.strip():
            return
        word = command_word(line)
        if self.state is State.ASKING and word != GOODBYE:
            self._choose(line)
        elif self._outgoing.moving and self.state is not State.ASKING:
            self._outgoing.wait(line)
        elif word == GOODBYE:
            self.leave(line)
        elif not self.joined:
            self._type_ahead(line)
        elif word == "/set" and (asked := settings_asked(line)):
            self._person.settings_wanted(asked)
        elif word:
            self._outgoing.command(line, offline=self.state is State.OFFLINE)
            self._send_what_waits()
        else:
            self.say(without_escape(line))

    def say(self, text: str) -> None:
        """Say a text in the current room, even if it begins with a slash."""
        self._outgoing.say(text)
        self._send_what_waits()

    def _type_ahead(self, line: str) -> None:
        """Keep a line until the session has joined, unless it is a password."""
        if self._identity.is_password(line):
            self._refuse("not-sent", "not sent: that looks like a password")
        else:
            self._outgoing.wait(line)

    def _type_what_waits(self) -> None:
        for line in self._outgoing.take_waiting():
            self.typed(line)

    def _refuse_what_waits(self) -> None:
        """Refuse the lines that were meant for another room; but carry out a goodbye."""
        current = self.places.current
        where = f"still in {spelled(current)}" if current else "in no room"
        for line in self._outgoing.take_waiting():
            if command_word(line) == GOODBYE:
                self.leave(line)
            else:
                self._refuse("not-sent", f"not sent: you are {where}")

    def leave(self, line: str = "/quit") -> None:
        """Say goodbye, after everything that must still be sent."""
        if self.state is State.OFFLINE or self.state in GREETING | WANTING:
            self._end_here()
        elif self._farewell is None:
            self._farewell = Command(line=line, ref=next(self._refs))
            self._person.leaving()
            self._send_what_waits()

    # Joining

    def _password_wanted(self, error: Error) -> None:
        """Ask for the password; what was typed before may be it, and is not said."""
        if lines := self._outgoing.take_waiting():
            for line in lines:
                self._identity.hide(line)
            self._refuse("not-sent", "what you typed so far was not sent: it may be a password")
        self._person.password_wanted(error)

    def _welcomed(self, welcome: Welcome) -> None:
        first = not self.joined
        self._identity.welcomed(welcome)
        self._abide_by(welcome)
        self.state = State.REPLAYING
        if first:
            self.places.mark(None, welcome.id)
            for line in welcome.motd:
                self._person.told(line)
        else:
            self._person.told(f"connected again as {welcome.nick}")
            self._replay.add(None, welcome.id)
        self._arrive(welcome, first)
        self._turn_page()

    def _arrive(self, welcome: Welcome, first: bool) -> None:
        current = self.places.current
        self.places.keep_only({state.name for state in welcome.rooms})
        for state in welcome.rooms:
            new = self.places.get(state.name) is None
            place = self.places.enter(state.name)
            place.update(state)
            if first:
                self._person.entered(place)
            if state.missed or new:
                self._replay.add(place.name, welcome.id)
            else:
                place.shown = welcome.id
        self.places.return_to(current)

    # History, page by page

    def _turn_page(self) -> None:
        """Request the next page, or go live if there is none."""
        if self._replay.wanted:
            self._to_chat(self._replay.next_page(next(self._refs)))
        else:
            self._go_live()

    def _history(self, history: History) -> None:
        for event in self._replay.take(history):
            self._happen(event, replayed=True)
        self._replay.turn()
        self._turn_page()

    def _go_live(self) -> None:
        self.state = State.LIVE
        while self._held and self.state is State.LIVE:
            self._live(self._held.popleft())
        self._type_what_waits()
        self._send_what_waits()
        if self.state is not State.GONE:
            self._person.settled()

    # Messages from the chat

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
            case Ping():
                self._to_chat(Pong())
            case news if self.state is State.REPLAYING:
                self._held.append(news)
            case news:
                self._live(news)

    def _live(self, news: Event | Notice) -> None:
        if not isinstance(news, Notice):
            self._happen(news, replayed=False)
            return
        for line in news.lines:
            self._person.told(line)
        for event in filter(self.places.was_kept, news.events):
            self._person.happened(event, replayed=True)

    def _ok(self, ok: Ok) -> None:
        if ok.token:
            self._identity.renew(ok.token)
            self._abide_by(ok)
        for state in ok.rooms:
            place = self.places.enter(state.name)
            new = self.nick not in place.members
            place.update(state)
            if new:
                self._person.entered(place)
        for line in self._lines_left(ok):
            (self._person.handed if ok.raw else self._person.told)(line)
        for event in ok.events:
            self._person.happened(event, replayed=True)
        if not ok.more:
            self._outgoing.answered(ok.ref)
            self._type_what_waits()
        self._person.settled()

    def _abide_by(self, answer: Welcome | Ok) -> None:
        """Take over the settings, and the rate at which the chat reads lines."""
        self._person.preferred(answer.settings)
        self.rate = answer.rate

    def _lines_left(self, ok: Ok) -> tuple[str, ...]:
        """Return the lines of an answer to show, after telling a changed setting in other words."""
        match self._outgoing.asked(ok.ref):
            case Command(line=line) if command_word(line) == "/set":
                if changed := setting_changed(line):
                    self._person.settings_wanted([changed])
                    return ok.lines[1:]
        return ok.lines

    def _error(self, error: Error) -> None:
        if error.code == "taken-over":  # by another program, which must not be fought
            self._end(error.text, failed=True)
        elif self._replay.asked(error.ref):
            self._history(History())
        elif request := self._outgoing.answered(error.ref):
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
                pass  # your own leaving is no news
            case Said() | Acted() | Whispered() if self._outgoing.acknowledged(event):
                # It was not shown before, or it would have been acknowledged then.
                self.places.is_news(event)
                self._person.happened(event, replayed)
                self._person.settled()
            case _ if self.places.is_news(event):
                self._apply(event, replayed)

    def _apply(self, event: Event, replayed: bool) -> None:
        current = self.places.current
        self._become(event)
        self.places.apply(event)
        self._person.happened(event, replayed)
        if self.places.current != current:
            self._person.settled()
        match event:
            case Kicked(room="", target=self.nick, folded=folded):
                done = "banned" if folded else "kicked"
                self._end(f"You were {done} from the chat.", failed=True)

    def _entered(self, event: Joined) -> None:
        place = self.places.get(event.room) or self.places.enter(event.room)
        if place.shown:
            place.shown = max(place.shown, event.id)
            return
        self._replay.add(place.name, event.id)
        if self._replay.wanted and self.state is State.LIVE:
            self.state = State.REPLAYING
            self._turn_page()

    def _become(self, event: Event) -> None:
        match event:
            case Renamed(nick=self.nick, now=now):
                self._identity.become(now)
            case Parted(nick=self.nick, room=room):
                self.places.leave(room)
            case Kicked(target=self.nick, room=room):
                self.places.leave(room)

    # Requests to the chat

    def _refuse(self, code: str, sentence: str) -> None:
        self._person.refused(Error(code=code, text=sentence))

    def _send_what_waits(self) -> None:
        """If live, send every request that this connection has not seen."""
        if self.state is not State.LIVE:
            return
        for request in self._outgoing.to_send():
            self._to_chat(request)
        if self._farewell is not None:
            self.state = State.LEAVING
            self._to_chat(self._farewell)

    def _end_here(self) -> None:
        """End without a goodbye, for which it is too early or too late."""
        lines = self._outgoing.lines()
        count = counted(len(lines), "line was", "lines were")
        sentence = "\n    ".join([f"{count} not confirmed by the chat:", *lines])
        self._end(sentence if lines else None)
