"""The lines that somebody missed, and how many they are."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.ignoring import unseen_by
from chatservice.chat.journal import Asker, Missed, Page, Wanted, text_size
from chatservice.chat.rooms import Member
from chatservice.protocol.counts import counted
from chatservice.protocol.events import Event, Whispered
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
    """

    events: list[Event]
    hidden: int


@inlineCallbacks
def tell(chat: Chat, member: Member) -> Generator[Deferred[Any], Any, None]:
    """Tell how much was said since the last time, and deliver private lines."""
    door = member.door
    # What was under way while the member entered is stored by then, and counted.
    yield chat.settled(member)
    if member.door is not door:
        return
    private = yield read(chat, member, [""], PRIVATE_MOST)
    if private.events:
        door.notify([], private.events)
    unseen = unseen_by(member, chat.accounts)
    lines, times = [], {}
    for room, after in list(member.reading.missed.items()):
        found = yield chat.journal.missed(
            of=room or member.identity,
            after=after,
            before=member.fence,
            nick=member.nick,
            not_by=member.identity,
            left_of=unseen.left_of,
            asker=Asker(member.origin, lambda: member.door is door),
        )
        if member.door is not door:
            return
        if found.count:
            since = member.reading.times.get(after, after)
            when = time_of(since, chat.ids.now())
            times[when] = since
            lines.append(_new_lines(room, found, when))
        elif not found.more:
            member.reading.missed.pop(room, None)
    if lines:
        door.notify(lines, [], times)


@inlineCallbacks
def read(
    chat: Chat, member: Member, rooms: Collection[str], most: int
) -> Generator[Deferred[Any], Any, CaughtUp]:
    """Read what a member missed in rooms (C{""}: private lines), and note it as read.

    @param most: the most events of each room; the rest stays missed.
    """
    door, missed = member.door, dict(member.reading.missed)
    unseen = unseen_by(member, chat.accounts)
    pages: dict[str, Page] = {}
    room_left = CATCH_UP_TEXT
    for room in rooms:
        if room in missed and room_left > 0:
            wanted = Wanted(
                of=room or member.identity,
                after=missed[room],
                before=member.fence,
                limit=most,
                left_of=unseen.left_of,
            )
            page = pages[room] = yield chat.journal.page(wanted)
            room_left -= text_size(page.events)
    found: list[Event] = []
    hidden = 0
    for room, page in pages.items():
        # Seen only if it can be shown, and was not shown by another /catchup meanwhile.
        if member.door is door and member.reading.missed.get(room) == missed[room]:
            found += page.events
            hidden += page.hidden
            member.reading.hand_out(room, page.next)
    told = (
        event
        for event in found
        if not isinstance(event, Whispered) or event.to_identity == member.identity
    )
    return CaughtUp(sorted(told, key=lambda event: event.id), hidden)


def _new_lines(room: str, found: Missed, when: str) -> str:
    which = "new" if room else "more private"
    where = f" in {spelled(room)}" if room else ""
    if found.more:
        lines = f"{found.count:,}+ {which} lines"
    else:
        lines = counted(found.count, f"{which} line", f"{which} lines")
    mentions = f", {counted(found.mentions, 'mentions', 'mention')} you" if found.mentions else ""
    return f"{lines}{where} since {when}{mentions}: /catchup"
