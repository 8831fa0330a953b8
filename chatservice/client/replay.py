"""The history that is still to be shown, asked for page by page."""

from collections import deque
from dataclasses import dataclass

from chatservice.client.places import Places
from chatservice.client.wire import Page

_PAGE = 100


@dataclass(frozen=True)
class _Missing:
    """Something to be shown below an id: of a room, or private messages (None)."""

    room: str | None
    before: int


class Replay:
    """Asks for what is missing after what *places* were shown; of a room that is new, for the
    *recent* events alone.
    """

    def __init__(self, places: Places, recent: int) -> None:
        self._places = places
        self._recent = recent
        self._missing: deque[_Missing] = deque()
        self._asked: Page | None = None

    @property
    def wanted(self) -> bool:
        """Whether anything is missing."""
        return bool(self._missing)

    def add(self, room: str | None, before: int) -> None:
        """Have what lies below the id *before* shown, if there is anything to show of it."""
        if self._places.shown_in(room) or self._recent:
            self._missing.append(_Missing(room, before))
        else:
            self._places.mark(room, before)

    def forget(self) -> None:
        """The connection is lost: nothing is on its way."""
        self._missing.clear()
        self._asked = None

    def next_page(self, ref: str) -> Page:
        """The request for the next page."""
        missing = self._missing[0]
        shown = self._places.shown_in(missing.room)
        self._asked = Page(
            ref=ref,
            before=missing.before,
            limit=_PAGE if shown else self._recent,
            room=missing.room,
            after=shown or None,
        )
        return self._asked

    def asked(self, ref: str) -> bool:
        """Whether this is the ref of the page that was asked for."""
        return self._asked is not None and ref == self._asked.ref

    def page_shown(self, more: bool) -> None:
        """The page that was asked for was shown, or refused; there may be *more* after it."""
        asked, self._asked = self._asked, None
        missing = self._missing[0]
        shown = self._places.shown_in(missing.room)
        if not (more and asked and asked.after and shown > asked.after):
            self._missing.popleft()
            self._places.mark(missing.room, missing.before)
