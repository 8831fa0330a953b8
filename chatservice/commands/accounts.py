"""The commands about accounts and tokens.

No answer repeats a password, and a line of these commands goes nowhere but to its command.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed

from chatservice.commands.table import Answer, Call, Group, account_of, command, proved_again
from chatservice.people.account import Account, Proof
from chatservice.people.obvious import is_obvious
from chatservice.people.opaque import forms
from chatservice.protocol.events import LATEST, ChatError, FailedProof
from chatservice.sessions import login as logging_in
from chatservice.sessions import power


@command(
    Group.YOUR_NAME,
    "/register PASSWORD",
    "make your nickname yours alone",
    "From then on you need the password to use it, or a nickname that looks like it. What you "
    "said before stays yours. A password must have no space, and must not be short or easy to "
    "guess.",
)
@inlineCallbacks
def register(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    chat, member, former = call.chat, call.member, call.member.identity
    password = _new_password(call, member.nick, call.rest)
    _check_logged_out(call)
    account: Account = yield chat.accounts.register(
        member.nick, former, password, call.device.peer.origin, call.is_wanted
    )
    chat.audit.about("Registered", member.address, account.nick)
    # During the hashing the member may have left, or logged in through another connection.
    moved = chat.belongings.become(former, account.identity)
    stored = succeed(None)
    owner = chat.roster.find(account.identity, LATEST)
    if owner is not None and not owner.is_elsewhere:
        account.preferences, account.ignored = owner.preferences, owner.ignored
        stored = chat.bindings.bind(owner, Proof(account, hash=account.hash))
    else:
        stored = chat.bindings.free(account)
    yield stored
    yield moved
    call.tell_others(f"{account.nick} is registered, and yours")
    return Answer([f"{account.nick} is yours: from now on you need your password to use it"])


@command(
    Group.YOUR_NAME,
    "/login [NICK] PASSWORD",
    "prove that a registered nickname is yours",
    "Without NICK it means your present nickname; give NICK if the password has a space. "
    "Anyone who is using the nickname gets another one.",
)
@inlineCallbacks
def login(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    member = call.member
    nick, password = _two_words(call.rest)
    unnamed = not password
    if unnamed:
        nick, password = member.nick, nick
    if not password:
        raise call.wrong()
    _check_logged_out(call)
    try:
        origin = call.device.peer.origin
        proof = yield call.chat.accounts.prove(nick, password, origin, call.is_wanted)
    except FailedProof as error:
        if unnamed:
            sentence = (
                f"wrong password for {nick}, your present nickname: for another one, use "
                "/login NICK PASSWORD"
            )
            raise FailedProof(error.code, sentence, error.of) from None
        raise
    yield logging_in.log_in(call.chat, call.device, proof)
    line = f"you are logged in as {proof.account.nick}"
    # It may have become one of several devices of the owner, and then nothing is new to those.
    if call.member is member:
        call.tell_others(line)
    return Answer([line])


@command(
    Group.YOUR_NAME,
    "/logout",
    "be a guest again; your nickname stays yours",
    "You stay in your rooms as a guest; your account is no longer in them. Your token changes as "
    "well. If you are here through other connections too, they stay logged in.",
)
@inlineCallbacks
def logout(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    account, member = account_of(call), call.member
    yield logging_in.log_out(call.chat, call.device)
    how = f"/login {account.nick} PASSWORD brings it back"
    lines = [f"you are logged out: {account.nick} stays yours, {how}"]
    # A connection that leaves others behind is a new guest's; nothing else names that one.
    return Answer(lines if call.member is member else [*lines, f"you are {call.member.nick} now"])


@command(
    Group.YOUR_NAME,
    "/password OLD NEW",
    "change your password",
    "All your tokens change as well: /token shows the new one. A password must have no space, "
    "and must not be short or easy to guess.",
)
@inlineCallbacks
def password(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    chat, member = call.chat, call.member
    old, wanted = _two_words(call.rest)
    new = _new_password(call, member.nick, wanted)
    account = account_of(call)
    proof = yield proved_again(call, account, old, "your old password")
    yield logging_in.change_password(chat, call.device, proof, new, call.is_wanted)
    chat.audit.about("Password changed", member.address, account.nick)
    return Answer([f"the password of {account.nick} is changed, and so is your token: /token"])


@command(
    Group.YOUR_NAME,
    "/token",
    "show the token that brings you back when your connection breaks",
    "At the prompt for a nickname, /resume TOKEN gives you your nickname, your rooms and what you "
    "missed. For a registered nickname it works at any later time, too.",
)
def token(call: Call) -> Answer:
    return Answer(
        [
            f"your token: {call.member.token}",
            "/resume TOKEN at the prompt for a nickname brings you back: keep it secret",
        ]
    )


@command(
    Group.YOUR_NAME,
    "/resume TOKEN",
    "come back after your connection broke",
    "Type it at the prompt for a nickname, in place of one; /token shows your token.",
)
def resume(call: Call) -> Answer:
    # The argument is a secret: it is neither read nor shown.
    return Answer(
        [
            "/resume TOKEN brings you back after your connection broke; you are here already",
            "type it at the prompt for a nickname; /token shows your token",
        ]
    )


@command(
    Group.OPERATORS,
    "/oper NICK PASSWORD",
    "have a server operator's power under your present nickname",
    "NICK is the operator's registered nickname. The power lasts until you leave, and /oper off "
    "ends it; who you are and what you see stays the same otherwise.",
)
@inlineCallbacks
def oper(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    nick, password = _two_words(call.rest)
    if not password and nick.casefold() == "off":
        if not power.deop_self(call.chat, call.device):
            return Answer(["you had no operator's power through /oper"])
        line = "you no longer have an operator's power"
    elif password:
        yield power.oper(call.chat, call.device, nick, password)
        line = "you are an operator of the whole chat until you leave: /oper off ends it"
    else:
        raise call.wrong()
    call.tell_others(line)
    return Answer([line])


def _two_words(text: str) -> tuple[str, str]:
    """Split a text into its first word and the rest."""
    first, _, rest = text.partition(" ")
    return first, rest.strip(" ")


def _new_password(call: Call, nick: str, wanted: str) -> str:
    if not wanted:
        raise call.wrong()
    if " " in forms(wanted)[0]:
        raise ChatError("usage", "a password must not contain a space: use hyphens instead")
    chat = call.chat
    if len(wanted) >= chat.accounts.least and is_obvious(wanted, nick, chat.settings.name):
        sentence = "that password is too easy to guess: choose another"
        raise ChatError("usage", sentence)
    return wanted


def _check_logged_out(call: Call) -> None:
    account = call.member.account
    if account is not None:
        raise ChatError("logged-in", f"you are logged in as {account.nick}: /logout first")
