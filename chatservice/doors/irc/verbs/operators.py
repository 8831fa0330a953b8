"""The verbs of operators of the whole chat."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.words.protocols import irc

from chatservice.chat.places import CHAT
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.format import cut
from chatservice.doors.irc.verbs.table import Call, verb
from chatservice.protocol.events import ChatError
from chatservice.sessions.power import oper as take_power

EMPOWERED = "you are an operator of the whole chat until you leave"


@verb("OPER", least=2)
def oper(call: Call) -> Deferred[Lines]:
    was_one = call.chat.permissions.is_operator(call.member)

    def taken(_: None) -> Lines:
        call.member.tell([EMPOWERED], call.device)
        mode = [] if was_one else [f":{call.session.server} MODE {call.member.nick} +o"]
        return [call.numeric(irc.RPL_YOUREOPER, text="You are now an IRC operator"), *mode]

    def refused(failure: Failure) -> Lines:
        error = failure.value
        if not isinstance(error, ChatError) or error.code != "not-allowed":
            failure.raiseException()
        return [call.numeric(irc.ERR_NOOPERHOST, text=error.sentence)]

    name, password = call.message.params[:2]
    return take_power(call.chat, call.device, name, password).addCallbacks(taken, refused)


@verb("KILL", least=1)
def kill(call: Call) -> Lines | Deferred[Lines]:
    if not call.chat.permissions.is_operator(call.member):
        return [_no_power(call)]
    whom = call.present(call.param(0))
    done = call.chat.enforcement.kick(call.device, whom, CHAT, cut(call.param(1)))
    return done.addCallback(lambda _: [])


@verb("WALLOPS", least=1)
def wallops(call: Call) -> Lines:
    if not call.chat.permissions.is_operator(call.member):
        return [_no_power(call)]
    call.chat.enforcement.announce(call.device, call.param(0))
    return []


@verb("REHASH")
def rehash(call: Call) -> Lines:
    if not call.chat.permissions.is_operator(call.member):
        return [_no_power(call)]
    call.chat.reload()
    return [call.numeric(irc.RPL_REHASHING, "chatservice", text="read again, as with SIGHUP")]


def _no_power(call: Call) -> str:
    text = "only an operator of the whole chat may do that"
    return call.numeric(irc.ERR_NOPRIVILEGES, text=text)
