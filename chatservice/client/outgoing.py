"""What one says and asks for: typed lines made into requests, and kept until they are answered."""

from collections import deque
from collections.abc import Callable, Iterator

from chatservice.client.commands import command_word, holds_password
from chatservice.client.places import Places
from chatservice.client.requests import Command, Say, encode
from chatservice.client.unanswered import Unanswered, is_talk
from chatservice.events import Talk
from chatservice.jsonwire import LINE_BYTES
from chatservice.sanitize import TEXT_BYTES, without_controls

_HIDDEN = "(a command with a password)"


class Outgoing:
    """The requests on their way, and the lines that wait behind them.

    *refs* gives a mark for each request. *refuse* is told a code and a sentence for what is not
    going to be sent.
    """

    def __init__(
        self, places: Places, refs: Iterator[str], refuse: Callable[[str, str], None]
    ) -> None:
        self._places = places
        self._refs = refs
        self._refuse = refuse
        self._unanswered = Unanswered()
        self._waiting: deque[str] = deque()  # until it is known what the current room is

    def __len__(self) -> int:
        """How many were neither acknowledged nor refused."""
        return len(self._unanswered) + len(self._waiting)

    def lines(self) -> list[str]:
        """What was neither acknowledged nor refused, as it was typed, but for passwords."""
        typed = [*self._unanswered.lines(), *self._waiting]
        return [_HIDDEN if holds_password(line) else line for line in typed]

    @property
    def moving(self) -> bool:
        """Whether nobody knows yet which the current room will be."""
        return self._unanswered.moving

    def wait(self, line: str) -> None:
        """Have a typed line wait until it is known where it goes."""
        self._waiting.append(line)

    def take_waiting(self) -> deque[str]:
        """The lines that waited, in order; they do no more."""
        lines, self._waiting = self._waiting, deque()
        return lines

    def say(self, text: str) -> None:
        """Say *text* in the current room, whatever it begins with."""
        text = without_controls(text)
        if not self._places.current:
            self._refuse("no-room", "you are in no room: /join one first")
        elif len(text.encode()) > TEXT_BYTES:
            self._refuse("too-long", f"a line has at most {TEXT_BYTES:,} bytes: not sent")
        else:
            self._unanswered.add(Say(room=self._places.current, text=text, ref=next(self._refs)))

    def command(self, line: str, offline: bool) -> None:
        """Have a command carried out; *offline* when there is no connection."""
        word = command_word(line)
        room = None if word == "/join" else self._places.current or None
        request = Command(line=line, ref=next(self._refs), room=room)
        if len(encode(request)) > LINE_BYTES:
            self._refuse("too-long", "that is too long for one line: not sent")
        elif offline and not is_talk(request):
            self._refuse("offline", f"there is no connection: {word} was not carried out")
        else:
            self._unanswered.add(request)

    def to_send(self) -> list[Say | Command]:
        """The requests that this connection has not seen; from now on, it has."""
        return self._unanswered.to_send()

    def asked(self, ref: str) -> Say | Command | None:
        """The request with this *ref*, if it waits for its answer."""
        return self._unanswered.asked(ref)

    def answered(self, ref: str) -> Say | Command | None:
        """Take out the request that was answered; None if there is none with this *ref*."""
        return self._unanswered.answered(ref)

    def acknowledged(self, event: Talk) -> bool:
        """Take out the request that the event acknowledges; whether there was one."""
        return self._unanswered.acknowledged(event)

    def connection_lost(self) -> None:
        """Keep the talk, to be sent again, and refuse the commands."""
        for _ in range(self._unanswered.connection_lost()):
            self._refuse("offline", "connection lost before the command was answered")
