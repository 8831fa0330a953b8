"""The commands about stored personal data: export it, give an account up, erase everything."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.commands.table import (
    Answer,
    Call,
    Group,
    account_of,
    command,
    proved_again,
    wrapped,
)
from chatservice.protocol.counts import counted
from chatservice.protocol.events import ChatError
from chatservice.sessions import login

if TYPE_CHECKING:
    from chatservice.people.account import Account, Proof

EVERYTHING = "everything"
"""The word with which somebody without a password confirms."""


@command(
    Group.YOUR_NAME,
    "/unregister PASSWORD",
    "give up your nickname, so that anyone can register it",
    "You keep it until you leave. What you said stays: /forget erases it. The token of your "
    "connection changes as well.",
)
@inlineCallbacks
def unregister(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    if not call.rest:
        raise call.wrong()
    account = account_of(call)
    proof = yield _prove_again(call, account)
    yield login.give_up(call.chat, proof, call.member.address)
    line = f"{account.nick} is no longer registered: anyone can register it now"
    call.tell_others(line)
    return Answer([line])


@command(
    Group.YOUR_NAME,
    "/export",
    "show everything that is kept about you, as JSON lines",
    "Your account if you have one, where you were last, the topics that you set, all that you "
    "said, the private messages to you, and what you did as an operator. Ids are times, in "
    "microseconds since 1970 (UTC).",
)
def export(call: Call) -> Answer | Deferred[Answer]:
    first = partial(_exported, call, call.member.identity, 0)
    account = call.member.account
    return first() if account is None else Answer([_described(account)], raw=True, rest=first)


@inlineCallbacks
def _exported(
    call: Call, identity: bytes, after: int
) -> Generator[Deferred[Any], Any, Answer]:
    page = yield call.chat.journal.export(identity, after, call.asker())
    rest = None if page.next is None else partial(_exported, call, identity, page.next)
    return Answer(page.lines, raw=True, rest=rest)


def _described(account: Account) -> str:
    """Spell an account as a line of the export, without the secrets that prove it."""
    facts = {
        "type": "account",
        "nick": account.nick,
        "since": datetime.fromtimestamp(account.since // 1_000_000, UTC).isoformat(),
        "settings": account.preferences.those_set(),
        "ignored": list(account.ignored.values()),
        "proven_from": account.proven_from,
    }
    return json.dumps(facts, ensure_ascii=False)


@command(
    Group.YOUR_NAME,
    "/forget [PASSWORD]",
    "erase everything that is kept about you",
    f"If you have no password, confirm with /forget {EVERYTHING}.",
)
@inlineCallbacks
def forget(call: Call) -> Generator[Deferred[Any], Any, Answer]:
    chat, account = call.chat, call.member.account
    _check_no_operator(call)
    if not call.rest:
        return Answer(_what_goes(account))
    identity, proof = call.member.identity, None
    if account is not None:
        proof = yield _prove_again(call, account)
        # Meanwhile another connection may have given the account up, or changed its password.
        proof.check()
        identity = account.identity
    elif call.rest.casefold() != EVERYTHING:
        raise ChatError("usage", f"you have no password: /forget {EVERYTHING} erases it all")
    count = yield chat.belongings.erase(identity, call.member)
    if proof is not None:
        yield login.give_up(chat, proof, call.member.address)
        call.tell_others(f"{proof.account.nick} is no longer registered: your token has changed")
    yield chat.journal.wipe()
    if chat.nodes is not None:
        # The other nodes must not show any of it either, from memory.
        yield chat.passed()
        yield chat.nodes.heard(chat.last_delivered())
    return Answer([f"everything is erased; {counted(count, 'line was', 'lines were')} yours"])


def _what_goes(account: Account | None) -> list[str]:
    whose = f"the account {account.nick}, " if account is not None else ""
    confirmation = "PASSWORD" if account is not None else EVERYTHING
    return [
        *wrapped(
            f"this erases {whose}all that you said, in rooms and in private, and where you were; "
            "what others told you in private stays theirs, and what operators did stays in their "
            "log"
        ),
        "it cannot be undone, and may take a while; /export shows it before",
        f"to do it: /forget {confirmation}",
    ]


def _check_no_operator(call: Call) -> None:
    account = call.member.account
    if account is not None and call.chat.permissions.names_operator(account.key):
        raise ChatError(
            "not-allowed",
            "you are an operator of this chat: anyone who registered the name next would "
            "become one",
            "operator",
        )


def _prove_again(call: Call, account: Account) -> Deferred[Proof]:
    """Have the member prove the password again, before giving the account up."""
    _check_no_operator(call)
    return proved_again(call, account, call.rest)
