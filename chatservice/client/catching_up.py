"""The part of a session between each welcome and what happens live: what was missed."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

from chatservice.client.history import Replay
from chatservice.client.joining import Identity, Joining
from chatservice.client.reading import Reading
from chatservice.client.requests import Seen
from chatservice.client.view import Places, State, Viewer
from chatservice.client.wire import (
    UNKNOWN,
    History,
    JoinedElsewhere,
    Marker,
    Notice,
    Ok,
    RoomState,
    Welcome,
)
from chatservice.protocol.events import Event, Joined
from chatservice.protocol.wording import spelled

News: TypeAlias = Event | JoinedElsewhere | Notice


class CatchingUp(Joining):
    """The rooms that a welcome names, and their history, page by page.

    What happens meanwhile is held back, so that everything is shown in its order.
    """

    def __init__(
        self, person: Viewer, identity: Identity, places: Places, refs: Iterator[str], recent: int
    ) -> None:
        super().__init__(person, identity, places)
        self._refs = refs
        self._replay = Replay(places, recent)
        self._reading = Reading(places, by_person=recent > 0)
        self._held: deque[News] = deque()
        self._fence = 0  # below it private lines may have been missed; 0 once that is known

    @abstractmethod
    def _abide_by(self, answer: Welcome | Ok | Notice) -> None:
        """Take over the settings, and the rate at which the chat reads lines."""

    @abstractmethod
    def _join(self, room: str) -> None:
        """Join a room, as if the person had typed that."""

    @abstractmethod
    def _happen(self, event: Event, replayed: bool) -> None:
        """Show an event, unless it was shown before, and follow it."""

    @abstractmethod
    def _live(self, news: News) -> None:
        """Take what happens now."""

    @abstractmethod
    def _go_on(self) -> None:
        """Send what waited until the session was live."""

    # Welcomes

    def _welcomed(self, welcome: Welcome) -> None:
        first = not self.joined
        self._take_place(welcome)
        if first:
            if self._address:
                self._person.told(f"connected to {self._address}")
            self._begin_private(welcome)
            for line in welcome.motd:
                self._person.told(line)
            if welcome.resumed:
                self._join_missing(welcome)
        else:
            where = f", to {self._address}," if self._address else ""
            self._person.told(f"connected again{where} as {welcome.nick}")
            self._replay.add(None, welcome.id)
            self._tell_missing(welcome)
        self._arrive(welcome, first)
        self._turn_page()

    def _welcomed_again(self, welcome: Welcome) -> None:
        """Go on as somebody else: the person logged in or out, and is here on other devices too."""
        if self.state is State.LEAVING:
            return
        self._show_held()
        if self.state is State.GONE:
            return
        self._stop_catching_up()
        former = self.nick
        self._take_place(welcome)
        if self.nick != former:
            self._person.told(f"you are now {self.nick}")
        self._begin_private(welcome)
        self._tell_missing(welcome)
        self._arrive(welcome, first=False)
        self._turn_page()

    def _take_place(self, welcome: Welcome) -> None:
        self._identity.welcomed(welcome)
        self._abide_by(welcome)
        self.state = State.REPLAYING

    def _begin_private(self, welcome: Welcome) -> None:
        """Show private lines from the welcome on, and those before it that the person missed."""
        self.places.mark(None, welcome.id)
        if self._reading.by_person and any(room.read != UNKNOWN for room in welcome.rooms):
            self._fence = welcome.id

    def _join_missing(self, welcome: Welcome) -> None:
        """Join the wanted rooms that are missing: a hello joins none for somebody who is here.

        The first of the wanted rooms comes last, to be the current one.
        """
        wanted = list(self.places.shown)
        if missing := self._missing(welcome):
            for room in reversed(wanted):
                if room in missing or room == wanted[0]:
                    self._join(room)

    def _tell_missing(self, welcome: Welcome) -> None:
        if missing := self._missing(welcome):
            self._person.told(f"you are no longer in {', '.join(map(spelled, missing))}")

    def _missing(self, welcome: Welcome) -> list[str]:
        here = {room.name for room in welcome.rooms}
        return [room for room in self.places.shown if room not in here]

    def _arrive(self, welcome: Welcome, first: bool) -> None:
        """Enter the rooms of a welcome, and leave all others."""
        self.places.keep_only({state.name for state in welcome.rooms})
        known = set(self.places.shown)
        for state in welcome.rooms:
            self.places.add(state.name).update(state)
        for state in welcome.rooms:
            if first or state.name not in known:
                self._reading.begin(state.name, welcome.id, state.read)
                self._person.entered(self.places.add(state.name))
            else:
                self._reading.learn(state.name, state.read)
            if state.missed or state.name not in known:
                self._replay.add(state.name, welcome.id)
            else:
                self.places.mark(state.name, welcome.id)

    def _renew(self, answer: Ok | Notice) -> None:
        """Take over a new token and new settings, if there are any."""
        if answer.token:
            self._identity.renew(answer.token)
            self._abide_by(answer)

    # Rooms entered later

    def _entered(self, event: Joined) -> None:
        """Enter a room at the person's request, and show its recent lines."""
        place = self.places.get(event.room) or self.places.enter(event.room)
        if place.shown:
            place.shown = max(place.shown, event.id)
            return
        self._reading.begin(place.name, event.id)
        self._replay.add(place.name, event.id)
        self._show_history()

    def _entered_elsewhere(self, event: Joined, state: RoomState) -> None:
        """Be in a room that the person has entered on another device; show what comes."""
        current = self.places.current
        is_new = self.places.get(state.name) is None
        place = self.places.add(state.name)
        place.update(state)
        place.shown = max(place.shown, event.id)
        if is_new:
            self._reading.begin(state.name, event.id, state.read)
            self._person.entered(place)
        if self.places.current != current:
            self._person.settled()

    # History, page by page

    def _show_history(self) -> None:
        """If live, show history first that is now known to be missing."""
        if self._replay.wanted and self.state is State.LIVE:
            self.state = State.REPLAYING
            self._turn_page()

    def _turn_page(self) -> None:
        """Request the next page, or go live if there is none."""
        if self._fence:
            self._to_chat(Seen(id=0))
        elif self._replay.wanted:
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
        self._show_held()
        self._go_on()

    def _hear(self, news: News) -> None:
        """Take what happens, at once or after what was missed; but the token at once."""
        if isinstance(news, Notice):
            self._renew(news)
        if self.state is State.REPLAYING:
            self._held.append(news)
        else:
            self._live(news)

    def _show_held(self) -> None:
        state = self.state
        while self._held and self.state is state:
            self._live(self._held.popleft())

    def _stop_catching_up(self) -> None:
        """Forget what was asked for, and what was held back, as it is out of date."""
        self._replay.forget()
        self._held.clear()
        self._fence = 0

    # Read markers

    def _marked(self, marker: Marker) -> None:
        """Learn how far the person has read; show the private lines behind that, once."""
        if not self._fence or marker.room:
            self._reading.learn(marker.room or None, marker.id)
            return
        fence, self._fence = self._fence, 0
        self._reading.begin(None, marker.id, marker.id)
        if 0 < marker.id < fence:
            self.places.mark(None, marker.id)
            self._replay.add(None, fence)
        self._turn_page()

    def _marker_refused(self) -> None:
        """Go on without the marker, if one waits for it."""
        if self._fence:
            self._fence = 0
            self._turn_page()
