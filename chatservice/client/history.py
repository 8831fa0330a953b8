"""The history that must still be shown, requested page by page."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatservice.client.requests import PageRequest
from chatservice.client.view import Places
from chatservice.client.wire import History
from chatservice.protocol.events import Event, Spoken, Whispered

PAGE = 100
LOOKED_THROUGH = 10
"""The most pages to search for the recent events of a new room, if most events are hidden."""

_KEPT = (Spoken, Whispered)
"""The events that the chat keeps; no others are history."""


@dataclass
class _Missing:
    """The missing history of a room; read backwards if nothing in it was ever shown.

    @ivar room: the room's name; C{None} for private messages.
    @ivar before: the id below which history is missing.
    @ivar found: the events found so far in C{pages} pages backwards, from the id C{below} on.
    """

    room: str | None
    before: int
    below: int
    found: list[Event] = field(default_factory=list)
    pages: int = 0


class Replay:
    """The requests for whatever history is missing in some rooms.

    The chat leaves out what you do not want to see, so a short or empty page need not be the last.
    Each page lies beyond the previous one, whatever the chat claims, so there is a last one.
    """

    def __init__(self, places: Places, recent: int) -> None:
        """Begin with nothing missing; of a new room, show only C{recent} events."""
        self._places = places
        self._recent = recent
        self._missing: deque[_Missing] = deque()
        self._asked: PageRequest | None = None
        self._on = 0  # id where the next page begins (backwards: ends); 0 for none

    @property
    def wanted(self) -> bool:
        """Whether anything is missing."""
        return bool(self._missing)

    def add(self, room: str | None, before: int) -> None:
        """Have the history of a room below the id C{before} shown, if there is any to show."""
        if self._places.shown_in(room) or self._recent:
            self._missing.append(_Missing(room, before, below=before))
        else:
            self._places.mark(room, before)

    def forget(self) -> None:
        """Forget everything that was missing or requested, as the connection is lost."""
        self._missing.clear()
        self._asked = None

    def next_page(self, ref: str) -> PageRequest:
        """Make the request for the next page."""
        missing = self._missing[0]
        shown = self._places.shown_in(missing.room)
        self._asked = PageRequest(
            ref=ref,
            before=missing.below,
            limit=PAGE if shown or missing.pages else self._recent,
            room=missing.room,
            after=shown or None,
        )
        return self._asked

    def asked(self, ref: str) -> bool:
        """Tell whether this is the ref of the page that was requested."""
        return self._asked is not None and ref == self._asked.ref

    def take(self, page: History) -> Sequence[Event]:
        """Take the page that was requested; return the events to show now."""
        missing, self._asked = self._missing[0], None
        of_it = [event for event in page.events if isinstance(event, _KEPT)]
        events = [event for event in of_it if getattr(event, "room", None) == missing.room]
        shown = self._places.shown_in(missing.room)
        if not shown:
            return self._backwards(missing, events, page)
        on = max(page.next, *(event.id for event in events), 0)
        self._on = on if page.more and shown < on < missing.before else 0
        return events

    def _backwards(
        self, missing: _Missing, events: Sequence[Event], page: History
    ) -> Sequence[Event]:
        missing.found[:0] = events
        missing.pages += 1
        on = page.next or min((event.id for event in events), default=0)
        enough = len(missing.found) >= self._recent or missing.pages == LOOKED_THROUGH
        if page.more and not enough and 0 < on < missing.below:
            self._on = on
            return ()
        self._on = 0
        return missing.found[-self._recent :]

    def turn(self) -> None:
        """Note that the events of the page were shown, and turn to the next."""
        missing = self._missing[0]
        if not self._on:
            self._missing.popleft()
            self._places.mark(missing.room, missing.before)
        elif missing.pages:
            missing.below = self._on
        else:
            self._places.mark(missing.room, self._on)
