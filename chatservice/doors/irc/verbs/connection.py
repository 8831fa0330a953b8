"""The verbs of a connection: capabilities, registration, and signs of life."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.python.failure import Failure
from twisted.words.protocols import irc

from chatservice.doors.irc import capabilities as caps
from chatservice.doors.irc import replies
from chatservice.doors.irc.client import Lines
from chatservice.doors.irc.sasl import MECHANISM, Exchange, Refused
from chatservice.doors.irc.verbs.table import Call, query, verb
from chatservice.doors.irc.wire import middle
from chatservice.protocol.events import ChatError
from chatservice.protocol.sanitize import without_controls
from chatservice.sessions.login import log_in


@verb("CAP", cost=query, early=True)
def cap(call: Call) -> Lines:
    negotiation, session = call.session.negotiation, call.session
    nick = session.nick
    head = f":{session.server} CAP {nick}"
    is_early = session.device is None
    match call.param(0).upper(), call.param(1):
        case "LS", version:
            negotiation.is_open = is_early
            *first, last = negotiation.ls(version)
            session.reshape()
            return [*(f"{head} LS * :{line}" for line in first), f"{head} LS :{last}"]
        case "LIST", _:
            *first, last = negotiation.listed()
            return [*(f"{head} LIST * :{line}" for line in first), f"{head} LIST :{last}"]
        case "REQ", names:
            negotiation.is_open = is_early
            was_done = negotiation.request(names.split())
            session.reshape()
            return [f"{head} {'ACK' if was_done else 'NAK'} :{without_controls(names)}"]
        case "END", _:
            was_open, negotiation.is_open = negotiation.is_open, False
            if was_open and is_early:
                session.go_on()
            return []
    which = middle(call.param(0))
    return [call.numeric(replies.ERR_INVALIDCAPCMD, which, text="there is no such CAP command")]


@verb("PASS", least=1, early=True, late=False)
def pass_(call: Call) -> Lines:
    call.session.take_password(call.param(0))
    return []


@verb("NICK", early=True)
def nick(call: Call) -> Lines | Deferred[Lines]:
    wanted = call.param(0)
    if not wanted:
        return [call.numeric(irc.ERR_NONICKNAMEGIVEN, text="no nickname is given")]
    if call.session.device is None:
        call.session.take_nick(wanted)
        return []
    return call.chat.rename(call.device, wanted).addCallbacks(lambda _: [], _unless_the_same)


def _unless_the_same(failure: Failure) -> Lines | Failure:
    """Answer nothing to somebody who has that nickname already."""
    error = failure.value
    return [] if isinstance(error, ChatError) and error.cause == "yours" else failure


@verb("USER", least=4, early=True, late=False)
def user(call: Call) -> Lines:
    name, _, _, real_name = call.message.params[:4]
    if not real_name.strip():
        return [call.too_few()]
    call.session.take_user(name, real_name)
    return []


@verb("AUTHENTICATE", least=1, early=True)
def authenticate(call: Call) -> Lines | Deferred[Lines]:
    session, piece = call.session, call.param(0)
    is_logged_in = session.member is not None and session.member.account is not None
    if is_logged_in or session.proof is not None:
        return [call.numeric(replies.ERR_SASLALREADY, text="you have logged in already")]
    if not session.has(caps.SASL):
        return [call.numeric(replies.ERR_SASLFAIL, text="first request the capability sasl")]
    if piece == "*":
        session.exchange = None
        return [call.numeric(replies.ERR_SASLABORTED, text="SASL was aborted")]
    if session.exchange is None:
        if piece.upper() != MECHANISM:
            known = call.numeric(replies.RPL_SASLMECHS, MECHANISM, text="are the mechanisms")
            return [known, call.numeric(replies.ERR_SASLFAIL, text="that mechanism is not known")]
        session.exchange = Exchange()
        return ["AUTHENTICATE +"]
    try:
        credentials = session.exchange.take(piece)
    except Refused as refused:
        session.exchange = None
        return [call.numeric(refused.numeric, text=str(refused))]
    if credentials is None:
        return []
    session.exchange = None
    if session.device is not None:
        return _log_in(call, *credentials)
    _prove(call, *credentials)
    return []


@inlineCallbacks
def _log_in(call: Call, name: str, password: str) -> Generator[Deferred[Any], Any, Lines]:
    """Log somebody in who has joined as a guest, and who keeps the nickname."""
    session, accounts = call.session, call.chat.accounts
    session.remember_itself()
    origin = session.peer.origin
    proof = yield accounts.prove(name, password, origin, lambda: call.chat.is_here(call.member))
    yield log_in(call.chat, call.device, proof, renames=False)
    return [call.numeric(replies.RPL_SASLSUCCESS, text="SASL succeeded")]


@inlineCallbacks
def _prove(call: Call, name: str, password: str) -> Generator[Deferred[Any], Any, None]:
    """Prove an account, while nothing more is read."""
    session = call.session
    session.hold()
    try:
        yield session.prove(name, password)
        assert session.proof is not None
        session.write([session.logged_in(session.proof.account.nick)])
        session.write([call.numeric(replies.RPL_SASLSUCCESS, text="SASL succeeded")])
        session.proved()
    except Exception:
        session.complain(Failure())
    finally:
        session.release()


@verb("PING", least=1, cost=query, early=True)
def ping(call: Call) -> Lines | Deferred[Lines]:
    """Answer when everything that anybody did before has been delivered."""
    token = without_controls(call.param(0))
    pong = [f":{call.session.server} PONG {call.session.server} :{token}"]
    if call.session.device is None:
        return pong
    return call.chat.passed().addCallback(lambda _: pong)


@verb("PONG", cost=query, early=True)
def pong(call: Call) -> Lines:
    return []


@verb("QUIT", early=True)
def quit_(call: Call) -> Lines:
    if call.session.device is None:
        call.session.close("goodbye")
    else:
        call.chat.devices.hang_up(call.device, call.param(0))
    return []
