"""The lines that somebody missed, and how many they are."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.ignoring import unseen_by
from chatservice.chat.journal import Asker, Missed, Page, Wanted, text_size
from chatservice.chat.rooms import Device
from chatservice.protocol.counts import counted
from chatservice.protocol.events import LATEST, Event, Whispered
from chatservice.protocol.wording import spelled, time_of

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

CATCH_UP_TEXT = 512 * 1024
"""Characters after which the other rooms wait for the next time: all of it is sent as one piece."""

PRIVATE_MOST = 100
"""Private lines that are delivered at once on return; the others are in the history."""


class CaughtUp(NamedTuple):
    """The lines that somebody missed.

    @ivar events: oldest first.
    @ivar hidden: the number of lines left out, because the member ignores their authors.
    @ivar more: the rooms of which more is missed (C{""}: private lines).
    """

    events: list[Event]
    hidden: int
    more: list[str]


@inlineCallbacks
def tell(chat: Chat, device: Device) -> Generator[Deferred[Any], Any, None]:
    """Tell how much was said since the last time, and deliver private lines."""
    member, reading = device.member, device.member.reading
    # What a client leaves unread from now on it has not missed: it sees it come.
    rooms = list(reading.missed)
    if not rooms:
        return
    # What was under way while the member entered is stored by then, and counted.
    yield chat.settled(member)
    if device.is_over:
        return
    private = yield read(chat, device, reading.missed_of([""]), PRIVATE_MOST)
    if private.events:
        device.door.notify([], private.events)
    unseen = unseen_by(member, chat.accounts)
    lines, times = [], {}
    for room, after in reading.missed_of(rooms).items():
        found = yield chat.journal.missed(
            of=room or member.identity,
            after=after,
            before=_end(chat, device, room),
            nick=member.nick,
            not_by=member.identity,
            left_of=unseen.left_of,
            asker=Asker(device.peer.origin, lambda: not device.is_over),
        )
        if device.is_over:
            return
        if found.count:
            since = reading.times.get(after, after)
            when = time_of(since, chat.ids.now())
            times[when] = since
            lines.append(_new_lines(room, found, when))
        elif not found.more and room in reading.until:
            reading.forget(room)
    if lines:
        device.door.notify(lines, [], times)


def _end(chat: Chat, device: Device, room: str) -> int:
    """Find the id before which the unread part of a room ends for now."""
    return device.member.reading.until.get(room, chat.last_delivered() + 1)


@inlineCallbacks
def read(
    chat: Chat, device: Device, since: Mapping[str, int], most: int, before: int = LATEST
) -> Generator[Deferred[Any], Any, CaughtUp]:
    """Read what was said in rooms (C{""}: private lines) after some ids, and note it as read.

    @param since: the ids, which are the read markers, or later ones.
    @param most: the most events of each room; the rest stays missed.
    @param before: the id from which on the device shows everything by itself.
    """
    member, reading = device.member, device.member.reading
    markers = reading.missed_of(since)
    unseen = unseen_by(member, chat.accounts)
    pages: dict[str, tuple[Page, int]] = {}
    room_left = CATCH_UP_TEXT
    for room, after in since.items():
        if room_left > 0:
            end = _end(chat, device, room) if before == LATEST else before
            wanted = Wanted(
                of=room or member.identity,
                after=after,
                before=end,
                limit=most,
                left_of=unseen.left_of,
            )
            page = yield chat.journal.page(wanted)
            pages[room] = page, end - 1
            room_left -= text_size(page.events)
    found: list[Event] = []
    hidden = 0
    more = [room for room in since if room not in pages]
    for room, (page, last) in pages.items():
        # Seen only if it can be shown, and was not shown by another /catchup meanwhile.
        is_due = before < LATEST or reading.missed.get(room) == markers.get(room)
        if not device.is_over and is_due and room in ("", *member.rooms):
            found += page.events
            hidden += page.hidden
            more += [] if page.next is None else [room]
            is_next = markers.get(room, since[room]) == since[room]
            moved = is_next and reading.move(room, last if page.next is None else page.next)
            device.hand_out(room, since[room], moved)
            if moved:
                member.tell_reading(room, last, device)
    told = (
        event
        for event in found
        if not isinstance(event, Whispered) or event.to_identity == member.identity
    )
    return CaughtUp(sorted(told, key=lambda event: event.id), hidden, more)


def _new_lines(room: str, found: Missed, when: str) -> str:
    which = "new" if room else "more private"
    where = f" in {spelled(room)}" if room else ""
    if found.more:
        lines = f"{found.count:,}+ {which} lines"
    else:
        lines = counted(found.count, f"{which} line", f"{which} lines")
    mentions = f", {counted(found.mentions, 'mentions', 'mention')} you" if found.mentions else ""
    return f"{lines}{where} since {when}{mentions}: /catchup"
