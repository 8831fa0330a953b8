"""The session with the chat, from hello to goodbye, over as many connections as it takes.

No I/O and no clock: a link hands in lines and takes requests, a person types and sees what
happens. L{Joining} is the beginning, and L{CatchingUp} what follows it. Every line of talk is
kept until its event comes back, and every event is shown once; see docs/protocol.rst, "Resuming".
"""

from collections.abc import Iterator, Sequence

from chatservice.client.catching_up import CatchingUp, News
from chatservice.client.commands import CATCHUP, GOODBYE, bare, command_word, ends_all
from chatservice.client.joining import GREETING, WANTING, Identity
from chatservice.client.requests import SEEN, Command, Outgoing, Pong, is_move
from chatservice.client.show import setting_changed, settings_asked
from chatservice.client.view import Places, State, Viewer
from chatservice.client.wire import (
    PACE,
    Error,
    Gap,
    History,
    JoinedElsewhere,
    Marker,
    Notice,
    Ok,
    Ping,
    Welcome,
    decode,
    is_own,
)
from chatservice.protocol.actions import Kicked
from chatservice.protocol.counts import counted
from chatservice.protocol.events import Event, Joined, Left, Line, Parted, Renamed, Whispered
from chatservice.protocol.sanitize import without_controls, without_escape
from chatservice.protocol.wording import spelled

_JOINED = {State.REPLAYING, State.LIVE, State.LEAVING}


class Session(CatchingUp):
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
        @param recent: how many lines of history to show of a new room; 0 for a program, whose
            talk stays in its rooms, and which does not read.
        """
        super().__init__(person, identity, Places(rooms, faithful=not recent), refs, recent)
        self._outgoing = Outgoing(self.places, refs, self._refuse)
        self._farewell: Command | None = None
        self.rate = PACE

    @property
    def unanswered(self) -> int:
        """The number of lines and commands neither acknowledged nor refused."""
        return len(self._outgoing)

    @property
    def moving(self) -> bool:
        """Whether nobody knows yet which the current room will be."""
        return self._outgoing.moving

    @property
    def has_read(self) -> bool:
        """Whether the person has read more than the chat knows."""
        return self._reading.has_news

    # Calls from the link

    def line_received(self, line: bytes) -> None:
        """Take a line from the chat."""
        if self.state in GREETING:
            self._greeted(line)
        elif self.state in _JOINED:
            self._heard(line)

    def disconnected(self, goes_on: bool = False) -> None:
        """Go offline or end, as the connection is lost or not worth waiting for.

        @param goes_on: whether another address is tried next, as the chat may never have been
            joined.
        """
        was, self._send = self.state, None
        self._stop_catching_up()
        if was in WANTING or was is State.GONE:
            return
        if self._farewell is not None:
            self._end_here()
        elif not self.joined and not goes_on:
            self._end(self._why_lost(), failed=True)
        elif not self.joined:
            self.state = State.OFFLINE
            self._person.told(self._why_lost())
        else:
            self.state = State.OFFLINE
            if was not in GREETING:
                which = f"connection to {self._address}" if self._address else "connection"
                self._person.told(f"{which} lost, trying again; what you say is kept")
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

    def tell_read(self) -> None:
        """Tell the chat how far the person has read, if it listens."""
        if self.state is State.LIVE:
            for seen in self._reading.take_news():
                self._to_chat(seen)

    # Calls from the person

    def typed(self, line: str) -> None:
        """Take a typed line: talk, a command, or a nickname when one is wanted."""
        line = bare(without_controls(line))
        if not line.strip():
            return
        word = command_word(line)
        if self.state is State.ASKING and word != GOODBYE:
            self._choose(line)
        elif self.moving and self.state is not State.ASKING:
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
            self._end_here(*[line] if ends_all(line) else [])
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

    def _join(self, room: str) -> None:
        self._outgoing.command(f"/join {spelled(room)}", offline=False)

    def _go_on(self) -> None:
        self._type_what_waits()
        self._send_what_waits()
        if self.state is not State.GONE:
            self._person.settled()

    # Messages from the chat

    def _heard(self, line: bytes) -> None:
        match decode(line):
            case History() as history if self._replay.asked(history.ref):
                self._history(history)
            case Ok() as ok:
                self._ok(ok)
            case Error() as error:
                self._error(error)
            case Gap(room=room):
                self._person.told(f"some lines of {room or 'private talk'} are no longer kept")
            case Ping():
                self._to_chat(Pong())
            case Marker() as marker:
                self._marked(marker)
            case Welcome() as welcome:
                self._welcomed_again(welcome)
            case Event() | JoinedElsewhere() | Notice() as news:
                self._hear(news)

    def _live(self, news: News) -> None:
        match news:
            case JoinedElsewhere(event=joined, room=room):
                self._entered_elsewhere(joined, room)
            case Notice(lines=lines, events=events):
                for line in lines:
                    self._person.told(line)
                for event in filter(self.places.was_kept, events):
                    self._show(event, replayed=True)
            case Event():
                self._happen(news, replayed=False)

    def _ok(self, ok: Ok) -> None:
        self._renew(ok)
        for state in ok.rooms:
            place = self.places.enter(state.name)
            new = self.nick not in place.members
            place.update(state)
            self._reading.learn(state.name, state.read)
            if new:
                self._person.entered(place)
        for line in self._lines_left(ok):
            (self._person.handed if ok.raw else self._person.told)(line)
        for event in ok.events:
            self._person.happened(event, replayed=True)
        if not ok.more:
            self._answered(ok.ref)
            self._type_what_waits()
        self._person.settled()

    def _answered(self, ref: str) -> None:
        """Take out a request that was carried out; ask what is read, if that may have changed."""
        match self._outgoing.answered(ref):
            case Command(line=line) if command_word(line) == CATCHUP:
                for question in self._reading.questions():
                    self._to_chat(question)

    def _abide_by(self, answer: Welcome | Ok | Notice) -> None:
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
        elif error.code == "goodbye":
            self._say_goodbye(error.text)
        elif error.ref == SEEN:
            self._marker_refused()
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
            case Left() if is_own(event) and self._farewell is None:
                self._say_goodbye("you left the chat on another device")
            case Left(nick=self.nick):
                pass  # your own leaving is no news
            case Line() | Whispered() if self._outgoing.acknowledged(event):
                # It was not shown before, or it would have been acknowledged then.
                self.places.is_news(event)
                self._show(event, replayed)
                self._person.settled()
            case _ if self.places.is_news(event):
                self._apply(event, replayed)

    def _apply(self, event: Event, replayed: bool) -> None:
        current = self.places.current
        self._become(event)
        self.places.apply(event)
        self._show(event, replayed)
        if self.places.current != current:
            self._person.settled()
        match event:
            case Kicked(room="", target=self.nick, folded=folded):
                done = "banned" if folded else "kicked"
                self._end(f"You were {done} from the chat.", failed=True)

    def _show(self, event: Event, replayed: bool) -> None:
        self._reading.note(event)
        self._person.happened(event, replayed)

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

    def _say_goodbye(self, sentence: str) -> None:
        """End, as the person said goodbye to this connection, here or on another device."""
        self._person.told(sentence)
        self._end_here()

    def _end_here(self, *unsent: str) -> None:
        """End without a goodbye, for which it is too early or too late."""
        lines = [*self._outgoing.lines(), *unsent]
        count = counted(len(lines), "line was", "lines were")
        sentence = "\n    ".join([f"{count} not confirmed by the chat:", *lines])
        self._end(sentence if lines else None)
