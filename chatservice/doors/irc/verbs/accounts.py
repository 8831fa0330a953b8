"""The verbs that register a nickname (IRCv3, draft/account-registration)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred

from chatservice import commands
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.verbs.table import Call, verb
from chatservice.protocol.events import ChatError

CODES = {
    "registered": "ACCOUNT_EXISTS",
    "logged-in": "ALREADY_AUTHENTICATED",
    "usage": "WEAK_PASSWORD",
}
"""The codes of failures, by the chat's; any other one passes."""

OWN = "*"
"""The account that has the client's nickname."""


@verb("REGISTER", early=True)
def register(call: Call) -> Lines | Deferred[Lines]:
    name, _, password = (call.param(index) for index in range(3))
    if not password:
        return [call.fail("NEED_MORE_PARAMS", text="parameters are missing")]
    if call.session.device is None:
        return [call.fail("COMPLETE_CONNECTION_REQUIRED", name, text="join first")]
    if name != OWN and name.casefold() != call.member.nick.casefold():
        sentence = f"you can only register the nickname that you have: {call.member.nick}"
        return [call.fail("ACCOUNT_NAME_MUST_BE_NICK", name, text=sentence)]
    return _registered(call, name, password)


@inlineCallbacks
def _registered(
    call: Call, name: str, password: str
) -> Generator[Deferred[Any], Any, Lines]:
    nick = call.member.nick
    command = commands.COMMANDS["register"]
    try:
        yield maybeDeferred(commands.Call(call.chat, call.device, command, password).carry_out)
    except ChatError as error:
        code = CODES.get(error.code, "TEMPORARILY_UNAVAILABLE")
        return [call.fail(code, name, text=error.sentence)]
    return [f":{call.session.server} REGISTER SUCCESS {nick} :{nick} is yours now"]


@verb("VERIFY", early=True)
def verify(call: Call) -> Lines:
    if not call.param(1):
        return [call.fail("NEED_MORE_PARAMS", text="parameters are missing")]
    sentence = "there is nothing to verify: a nickname is registered at once"
    return [call.fail("INVALID_CODE", call.param(0), text=sentence)]
