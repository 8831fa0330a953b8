"""The commands about nicknames that a member watches."""

from __future__ import annotations

from chatservice.chat.watching import WATCHED_MOST
from chatservice.commands.table import Answer, Call, Group, command
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import NICK_LENGTH, check_nick, nick_key
from chatservice.protocol.sanitize import clean
from chatservice.protocol.wording import names_in_a_line


@command(
    Group.PEOPLE,
    "/watch [NICK]",
    "be told when somebody comes or goes; without NICK, list whom you watch",
    "You need not be in a room together. A nickname counts, whoever has it, and so does one that "
    f"looks like it. You can watch {WATCHED_MOST}, until you leave; /unwatch ends it.",
)
def watch(call: Call) -> Answer:
    watching = call.chat.watching
    if not call.rest:
        watched = watching.names(call.member)
        return Answer([f"you watch {names_in_a_line(watched, len(watched)) or 'nobody'}"])
    try:
        nick = check_nick(call.rest)
    except ValueError as error:
        raise ChatError("bad-nick", str(error)) from error
    watching.begin(call.member, nick)
    is_here = call.chat.roster.get(nick_key(nick)) is not None
    line = f"you watch {nick} from now on, who is {'here' if is_here else 'not here'}"
    call.tell_others(line)
    return Answer([line])


@command(Group.PEOPLE, "/unwatch NICK", "no longer be told when somebody comes or goes")
def unwatch(call: Call) -> Answer:
    if not call.rest:
        raise call.wrong()
    nick = clean(call.rest)[:NICK_LENGTH]
    if not call.chat.watching.end(call.member, nick):
        raise ChatError("no-nick", f"you do not watch {nick}", "not-watched")
    line = f"you no longer watch {nick}"
    call.tell_others(line)
    return Answer([line])
