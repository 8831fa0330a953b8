"""The contract of a door: everything that the chat asks of a connection with a member behind it."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Protocol

from twisted.python.failure import Failure

from chatservice.people.peers import Peer
from chatservice.protocol.events import NO_TIMES, Event, Times, Watched, Whispered

GOODBYE = "goodbye"
"""The code with which a door closes after its member has left the chat."""


class Format(Protocol):
    """The spelling of events on one wire. Two doors with the same format share the same bytes.

    @ivar heeds_room: whether it spells an event of the reader's current room in another way.
    @ivar hides_acts: whether ignoring somebody hides more than their talk here.
    """

    heeds_room: bool
    hides_acts: bool

    def render(self, event: Event, here: bool) -> bytes:
        """Spell an event for somebody who did not cause it.

        @param here: whether its room is the reader's current one.
        """


Deliver = Callable[[bytes], int]
"""A function that sends bytes without waiting, and returns how many it took."""


class Door(Protocol):
    """A connection with a member behind it, as the chat sees it.

    @ivar kind: what people use it with, in a word or two for other people.
    @ivar name: the door's name, in a word.
    @ivar peer: the other end.
    """

    kind: str
    name: str
    format: Format

    @property
    def peer(self) -> Peer:
        """The other end."""

    @property
    def is_arriving(self) -> bool:
        """Whether nobody has joined through it yet, and somebody still may."""

    @property
    def deliver(self) -> Deliver:
        """The function that sends bytes at the moment, such as a socket's C{send} (send(2)).

        It must not be given nothing. It returns how many bytes it took, or raises C{OSError} if it
        took none; the others are for L{deliver_rest}. When it becomes another function, the door
        tells its device (C{deliver_anew}).
        """

    def deliver_rest(self, data: bytes, error: OSError | None) -> None:
        """Send what was not taken at once.

        @param error: the one that C{deliver} raised, if it did.
        """

    def render_own(self, event: Event, mine: bool) -> bytes:
        """Spell an event that the member caused through this door, or that was done to it.

        @param mine: whether the member caused it.
        """

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        """Spell an event that the member caused through another of its devices.

        @param here: whether its room is the current one at this door.
        @param device: the name of that device.
        """

    def render_watched(self, event: Event, watched: Watched | None) -> bytes:
        """Spell an event for a member who watches the nickname of somebody in it.

        It comes after the event itself, if the member is shown that.

        @param watched: the coming or going that the event is to a watcher; C{None} for another
            event about somebody with whom the member shares none of the event's rooms.
        """

    def reads(self, room: str, is_current: bool) -> bool:
        """Tell whether what comes from a room counts as read by the member.

        @param room: its name; or empty, for private lines.
        """

    def read_on(self, room: str, id: int, following: bool) -> None:
        """Show how far the member has read a room (C{""}: private lines), now that it changed.

        @param following: whether its further lines are read elsewhere as they come.
        """

    def show_missed(self) -> None:
        """Show the replay of its device, of which it is known only now that there is one."""

    def again(self, event: Event) -> None:
        """Answer a request that was carried out before, with the event that it made then."""

    def refuse(self, event: Event, sentence: str) -> None:
        """Say that the member's event could not be stored, so that nobody saw it."""

    def notify(self, lines: list[str], events: list[Event], times: Times = NO_TIMES) -> None:
        """Show sentences, and history, that the member did not just ask for.

        @param times: the times in the sentences.
        """

    def unread_now(self, event: Whispered, away: str | None) -> None:
        """Say that the recipient of the member's private line is absent or away.

        @param away: why they are away (maybe empty); C{None} if they are not here at all.
        """

    def preferences_changed(self) -> None:
        """Choose the C{format} again: the member's preferences or ignore list have changed."""

    def ping(self, sentence: str) -> None:
        """Find out whether anybody is there: make the peer answer, whatever it answers."""

    def idle_seconds(self) -> float:
        """Tell how long nothing was heard from the peer."""

    def behind(self) -> int | None:
        """Find the id of the last event before the first unsent one; C{None} if all were sent."""

    def taken_over(self) -> None:
        """Say that another connection takes the member over, close, and read nothing more."""

    def drop(self) -> None:
        """Drop the connection on a later turn: delivering to the member ran into a bug."""

    def complain(self, failure: Failure) -> None:
        """Tell the member about its mistake; log anything else with its traceback."""

    def hold(self) -> None:
        """Read no further, for good: the chat is shutting down."""

    def close(self, sentence: str = "", code: str = "closing") -> None:
        """Say why, if there is something to say, and close when all is sent.

        @param code: L{GOODBYE} if the member has left the chat.
        """


class _Nowhere:
    """The door of a member whose connection is gone, or not there yet: it lets nothing through."""

    class _Silence:
        heeds_room = hides_acts = False

        def render(self, event: Event, here: bool) -> bytes:
            return b""

    kind = "no connection"
    name = "closed"
    format: Format = _Silence()
    peer = Peer()
    is_arriving = False

    deliver = staticmethod(len)

    def deliver_rest(self, data: bytes, error: OSError | None) -> None:
        pass

    def render_own(self, event: Event, mine: bool) -> bytes:
        return b""

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        return b""

    def render_watched(self, event: Event, watched: Watched | None) -> bytes:
        return b""

    def reads(self, room: str, is_current: bool) -> bool:
        return False

    def read_on(self, room: str, id: int, following: bool) -> None:
        pass

    def show_missed(self) -> None:
        pass

    def again(self, event: Event) -> None:
        pass

    def refuse(self, event: Event, sentence: str) -> None:
        pass

    def notify(self, lines: list[str], events: list[Event], times: Times = NO_TIMES) -> None:
        pass

    def unread_now(self, event: Whispered, away: str | None) -> None:
        pass

    def preferences_changed(self) -> None:
        pass

    def ping(self, sentence: str) -> None:
        pass

    def idle_seconds(self) -> float:
        return inf

    def behind(self) -> int | None:
        return None

    def taken_over(self) -> None:
        pass

    def drop(self) -> None:
        pass

    def complain(self, failure: Failure) -> None:
        pass

    def hold(self) -> None:
        pass

    def close(self, sentence: str = "", code: str = "closing") -> None:
        pass


NOWHERE: Door = _Nowhere()


class Fenced(_Nowhere):
    """A door to a member who was here before, until the fence has passed: nothing goes through yet.

    @ivar door: the door that will let everything through.
    """

    def __init__(self, door: Door) -> None:
        self.door = door
        self.kind, self.name, self.peer = door.kind, door.name, door.peer

    def idle_seconds(self) -> float:
        return self.door.idle_seconds()

    def behind(self) -> int | None:
        return self.door.behind()

    def close(self, sentence: str = "", code: str = "closing") -> None:
        self.door.close(sentence, code)

    def taken_over(self) -> None:
        self.door.taken_over()
