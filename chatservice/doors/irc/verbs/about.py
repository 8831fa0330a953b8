"""The verbs about the server itself."""

from __future__ import annotations

import textwrap

from twisted.words.protocols import irc

from chatservice import commands
from chatservice.doors.irc import naming, own, replies
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.format import server_time
from chatservice.doors.irc.verbs.table import VERBS, Call, query, verb
from chatservice.doors.irc.wire import middle
from chatservice.protocol.aliases import ALIASES
from chatservice.protocol.release import release

WIDTH = 76

HELP = (
    "Join a room with /join #lobby, and talk.",
    "Commands of the chat that IRC lacks work too: /quote catchup, or /msg chatservice catchup.",
    "/msg chatservice help lists them. /msg NickServ help tells how to register your nickname.",
)


SAME = {
    "CHATHISTORY": "history",
    "ISON": "whois",
    "KILL": "kick",
    "MODE": "room",
    "MONITOR": "watch",
    "PRIVMSG": "msg",
    "SETNAME": "realname",
    "USERHOST": "whois",
    "WALLOPS": "announce",
}
"""The commands of the chat that explain verbs with another name."""

OF_IRC = (
    "This is a verb of IRC, which your client sends by itself.",
    "It is described at https://modern.ircdocs.horse/ and https://ircv3.net/irc/",
)
"""The help on all other verbs."""


@verb("LUSERS", cost=query)
def lusers(call: Call) -> Lines:
    return list(own.lusers(call.session))


@verb("MOTD", cost=query)
def motd(call: Call) -> Lines:
    return list(own.motd(call.session))


@verb("VERSION", cost=query)
def version(call: Call) -> Lines:
    session = call.session
    name = f"chatservice-{release()}".replace(" ", "-")
    first = call.numeric(irc.RPL_VERSION, name, session.server, text="one chat on one port")
    return [first, *own.isupport_lines(session)]


@verb("TIME", cost=query)
def time(call: Call) -> Lines:
    now = server_time(call.chat.ids.now())
    return [call.numeric(irc.RPL_TIME, call.session.server, text=now)]


@verb("ADMIN", cost=query)
def admin(call: Call) -> Lines:
    server, accounts = call.session.server, call.chat.accounts
    known = (accounts.named(key) for key in call.chat.settings.operators)
    names = sorted(account.nick for account in known if account is not None)
    if not names:
        nobody = "no operator of this chat is registered"
        return [call.numeric(irc.ERR_NOADMININFO, server, text=nobody)]
    return [
        call.numeric(irc.RPL_ADMINME, server, text=f"Who runs {call.chat.settings.name}"),
        *(
            call.numeric(irc.RPL_ADMINLOC1, text=f"operators: {chunk}")
            for chunk in naming.in_chunks(names)
        ),
        call.numeric(irc.RPL_ADMINLOC2, text="chatservice"),
        call.numeric(irc.RPL_ADMINEMAIL, text="ask one of the operators"),
    ]


@verb("INFO", cost=query)
def info(call: Call) -> Lines:
    since = server_time(call.chat.began)
    lines = (
        f"chatservice {release()}: one chat on one port,",
        "for telnet, browsers, IRC clients and programs alike.",
        f"It was started at {since}.",
    )
    shown = [call.numeric(irc.RPL_INFO, text=line) for line in lines]
    return [*shown, call.numeric(irc.RPL_ENDOFINFO, text="End of the information")]


@verb("LINKS", cost=query)
def links(call: Call) -> Lines:
    return [call.numeric(irc.RPL_ENDOFLINKS, "*", text="There is one server")]


@verb("STATS", cost=query)
def stats(call: Call) -> Lines:
    letter = middle(call.param(0)[:1])
    lines = []
    if letter == "u":
        seconds = (call.chat.ids.now() - call.chat.began) // 1_000_000
        days, left = divmod(seconds, 86_400)
        up = f"Server Up {days} days {left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
        lines = [call.numeric(irc.RPL_STATSUPTIME, text=up)]
    return [*lines, call.numeric(irc.RPL_ENDOFSTATS, letter, text="End of the statistics")]


@verb("HELPOP", cost=query)
@verb("HELP", cost=query)
def help_(call: Call) -> Lines:
    subject = call.param(0)
    if not subject:
        return _help(call, "*", "Help", list(HELP))
    name = subject.casefold().removeprefix("/")
    verb = subject.upper()
    name = SAME.get(verb, name)
    command = commands.COMMANDS.get(ALIASES.get(name, name))
    if command is None and verb in VERBS:
        return _help(call, middle(subject), verb, list(OF_IRC))
    if command is None:
        about = middle(subject)
        return [call.numeric(replies.ERR_HELPNOTFOUND, about, text="there is no help on that")]
    details = f"{command.summary[:1].upper()}{command.summary[1:]}. {command.details}"
    return _help(call, middle(subject), command.usage, textwrap.wrap(details, WIDTH))


def _help(call: Call, subject: str, title: str, lines: list[str]) -> Lines:
    return [
        call.numeric(replies.RPL_HELPSTART, subject, text=title),
        *(call.numeric(replies.RPL_HELPTXT, subject, text=line) for line in lines),
        call.numeric(replies.RPL_ENDOFHELP, subject, text="End of the help"),
    ]

