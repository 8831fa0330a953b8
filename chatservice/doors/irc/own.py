"""Events as lines for the member who caused them, or whom they were done to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from twisted.words.protocols import irc

from chatservice.chat.ignoring import topic_shown, unseen_by
from chatservice.chat.rooms import Room
from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc import isupport, replies
from chatservice.doors.irc.client import IrcClient
from chatservice.doors.irc.format import cut, server_time, source
from chatservice.doors.irc.naming import NAMES_BYTES, names
from chatservice.doors.irc.wire import pieces, tagged
from chatservice.protocol import actions, events
from chatservice.protocol.events import Event, Line, Spoken, TopicChanged, Whispered
from chatservice.protocol.signals import Signalled
from chatservice.protocol.wording import clock_time

USER_MODES = "Bioqw"
CHANNEL_MODES = "bklimnoqstv"


def own_lines(session: IrcClient, event: Event, mine: bool) -> list[str]:
    """Spell an event for the member behind a session."""
    wire = session.wire
    match event:
        case events.Resumed() | events.Joined() if mine:
            return list(_coming(session, event))
        case events.Read():
            return mark_lines(session, event)
        case Spoken() | Whispered() | Signalled() if not isinstance(event, TopicChanged):
            return wire.lines(event) if session.has(caps.ECHO_MESSAGE) else []
        case events.WentAway() | events.CameBack() | actions.Invited() if mine:
            return []
        case events.Introduced(renamed=False):
            account = event.account_name
            return [session.logged_in(account) if account else session.logged_out()]
        case events.Introduced():
            return [line for line in wire.lines(event) if " SETNAME " in line]
        case actions.Kicked(room="") if not mine:
            session.note_killer(event.nick)
            target = f"{event.target} :{cut(event.text) or event.nick}"
            return wire.tagged(event, [f":{source(event)} KILL {target}"])
        case actions.Invited():
            return wire.tagged(event, [f":{source(event)} INVITE {event.target} #{event.room}"])
    return wire.lines(event)


def received_lines(session: IrcClient, event: Event) -> list[str]:
    """Spell what the member has sent to itself, as it receives it besides the echo."""
    match event:
        case Whispered(to_identity=to) | Signalled(to_identity=to) if to and to == event.identity:
            return session.wire.lines(event)
    return []


def _coming(session: IrcClient, event: events.Resumed | events.Joined) -> Iterator[str]:
    """Spell how the member comes to the chat, to a room, or back with another connection."""
    member = session.member
    assert member is not None
    if session.welcomes():
        yield from welcome(session)
        session.came_into(member.rooms)
    yield from turned(session)
    if isinstance(event, events.Joined):
        yield from entered(session, session.chat.rooms[event.room], event)
    else:
        for room in member.rooms.values():
            yield from entered(session, room, event)


def turned(session: IrcClient) -> Iterator[str]:
    """Spell that a client is another member now, having logged in or out, unless it knows that."""
    former, member = session.changed(), session.member
    if former is None or member is None:
        return
    yield f":{former.mask} NICK {member.nick}"
    account = member.account
    yield session.logged_out() if account is None else session.logged_in(account.nick)
    for room in former.rooms:
        if room not in member.rooms:
            yield f":{member.mask} PART #{room}"


def welcome(session: IrcClient) -> Iterator[str]:
    """Spell the lines with which a client is welcomed (RFC 2812, section 5.1)."""
    chat, server, member = session.chat, session.server, session.member
    assert member is not None
    name = chat.settings.name
    yield session.numeric(irc.RPL_WELCOME, text=f"Welcome to {name}, {member.mask}")
    yield session.numeric(irc.RPL_YOURHOST, text=f"Your host is {server}, running chatservice")
    since = server_time(session.chat.began)
    yield session.numeric(irc.RPL_CREATED, text=f"This server was started at {since}")
    yield session.numeric(
        irc.RPL_MYINFO, server, "chatservice", USER_MODES, CHANNEL_MODES, "bkloqv"
    )
    yield from isupport_lines(session)
    yield from lusers(session)
    yield from motd(session)
    if member.account is None and not member.rooms:
        yield session.notice("to talk with the others, join a room: /join #lobby")


def isupport_lines(session: IrcClient) -> Iterator[str]:
    """Spell the features of the server."""
    for tokens in isupport.features(session.chat.settings):
        yield session.numeric(irc.RPL_ISUPPORT, *tokens, text="are supported by this server")


def lusers(session: IrcClient) -> Iterator[str]:
    """Spell how many people and rooms there are."""
    chat = session.chat
    here, most = len(chat.roster), chat.roster.most
    operators = sum(1 for each in chat.roster.values() if chat.permissions.is_operator(each))
    yield session.numeric(
        irc.RPL_LUSERCLIENT, text=f"There are {here} users and 0 invisible on 1 servers"
    )
    yield session.numeric(irc.RPL_LUSEROP, f"{operators}", text="operator(s) online")
    unknown = sum(each.is_arriving for each in chat.sessions)
    yield session.numeric(irc.RPL_LUSERUNKNOWN, f"{unknown}", text="unknown connection(s)")
    yield session.numeric(irc.RPL_LUSERCHANNELS, f"{len(chat.rooms)}", text="channels formed")
    yield session.numeric(irc.RPL_LUSERME, text=f"I have {here} clients and 0 servers")
    users = f"{here}", f"{most}"
    yield session.numeric(
        replies.RPL_LOCALUSERS, *users, text=f"Current local users {here}, max {most}"
    )
    yield session.numeric(
        replies.RPL_GLOBALUSERS, *users, text=f"Current global users {here}, max {most}"
    )


def motd(session: IrcClient) -> Iterator[str]:
    """Spell the message of the day."""
    lines = session.chat.settings.motd
    if not lines:
        yield session.numeric(irc.ERR_NOMOTD, text="there is no message of the day")
        return
    yield session.numeric(irc.RPL_MOTDSTART, text=f"- {session.server} Message of the day -")
    for line in lines:
        for piece in pieces(line, NAMES_BYTES):
            yield session.numeric(irc.RPL_MOTD, text=f"- {piece}")
    yield session.numeric(irc.RPL_ENDOFMOTD, text="End of the message of the day")


def entered(
    session: IrcClient, room: Room, event: events.Resumed | events.Joined
) -> Iterator[str]:
    """Spell a room for a member who has just come into it, or who comes back to it."""
    member = session.member
    assert member is not None
    joined = events.Joined(
        id=event.id,
        time=event.time,
        nick=member.nick,
        identity=member.identity,
        account="" if member.account is None else member.account.key,
        userhost=member.userhost,
        room=room.name,
        real_name=member.real_name,
    )
    yield from session.wire.tagged(joined, [session.wire.join_line(joined)])
    if topic_shown(session.chat.topics.get(room.name), member.ignored) is not None:
        yield from topic(session, room.name)
    if session.has(caps.READ_MARKER):
        yield mark_line(session, room.name)
    yield from names(session, room, room.name)
    yield from replay(session, room)


def topic(session: IrcClient, room: str) -> Iterator[str]:
    """Spell the topic of a room, and who set it when."""
    assert session.member is not None
    found = topic_shown(session.chat.topics.get(room), session.member.ignored)
    if found is None:
        yield session.numeric(irc.RPL_NOTOPIC, f"#{room}", text="no topic is set")
        return
    yield session.numeric(irc.RPL_TOPIC, f"#{room}", text=cut(found.text))
    when = f"{found.when // 1_000_000}"
    yield session.numeric(replies.RPL_TOPICWHOTIME, f"#{room}", source(found), when)


def replayed(session: IrcClient, past: Iterable[Event]) -> Iterator[str]:
    """Spell past events; clients that do not read times are shown them in the text."""
    has_times = session.has(caps.SERVER_TIME) and (
        session.has(caps.BATCH) or session.has(caps.MESSAGE_TAGS)
    )
    for event in past:
        is_talk = isinstance(event, Line | Whispered)
        if not is_talk and not session.has(caps.EVENT_PLAYBACK):
            continue
        if isinstance(event, Line | Whispered) and not has_times:
            event = dataclasses.replace(event, text=f"[{clock_time(event.when)}] {event.text}")
        yield from session.wire.lines(event)


def replay(session: IrcClient, room: Room) -> Iterator[str]:
    """Spell the last lines of a room for somebody who has come into it."""
    most = session.chat.settings.replay
    if session.has(caps.CHATHISTORY) or not most:
        return
    assert session.member is not None
    last = unseen_by(session.member, session.chat.accounts).shown(room.recent)[-most:]
    lines = list(replayed(session, last))
    if lines:
        yield from batched(session, "chathistory", f"#{room.name}", lines)


def batched(session: IrcClient, kind: str, about: str, lines: list[str]) -> Iterator[str]:
    """Spell lines as a batch, if the client takes batches."""
    if not session.has(caps.BATCH):
        yield from lines
        return
    batch = f"b{session.new_number()}"
    yield f":{session.server} BATCH +{batch} {kind} {about}".rstrip(" ")
    for line in lines:
        yield tagged(line, f"batch={batch}")
    yield f":{session.server} BATCH -{batch}"


def mark_line(session: IrcClient, room: str) -> str:
    """Spell how far a room was read."""
    assert session.device is not None
    return mark_of(session, f"#{room}", session.chat.marks.of_room(session.device, room))


def mark_of(session: IrcClient, target: str, id: int) -> str:
    """Spell a mark, which may be 0 for none (IRCv3 draft, read-marker)."""
    spelled = f"timestamp={server_time(id)}" if id else "*"
    return f":{session.server} MARKREAD {target} {spelled}"


def mark_lines(session: IrcClient, event: events.Read) -> list[str]:
    """Spell how far the member has read, now that it has changed."""
    target = f"#{event.room}" if event.room else event.to
    if not session.has(caps.READ_MARKER) or not target:
        return []
    return [mark_of(session, target, event.mark)]


def entered_again(session: IrcClient, name: str) -> list[str]:
    """Spell a room once more that the member came into without asking, now that it asks."""
    room = session.chat.rooms.get(name)
    if not session.asks_for(name) or room is None:
        return []
    return list(entered(session, room, events.Resumed(id=session.chat.last_delivered())))
