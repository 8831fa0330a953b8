"""Log lines about what people did, for an operator or a program such as fail2ban.

Each thing is a line, under a logger name of its own (C{chatservice.audit}), so that no other line
looks like one of these. Anything that a client made up comes last in it, is quoted, and has no
control characters. What people say is in no line, nor is a password or a token.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from twisted.logger import Logger

from chatservice.people.addresses import origin_of
from chatservice.people.ratelimit import Allowances
from chatservice.protocol.actions import Announced, Extended, OperatorAct
from chatservice.protocol.events import ChatError, FailedProof
from chatservice.protocol.sanitize import clean
from chatservice.protocol.wording import place_spelled, when

log = Logger("chatservice.audit")

QUOTED = 64
"""The most characters of what a client made up, and C{REASON} those of a reason."""

REASON = 400

REFUSALS = ("banned", "closed", "too-many-tries", "busy")
"""The codes with which somebody is kept out, rather than asked to try something else."""


def place(address: str) -> str:
    """Say where somebody is; a UNIX socket gets a name that cannot be taken for an address."""
    return address or "this machine"


def quoted(text: str, most: int = QUOTED) -> str:
    """Put a text that somebody made up within quotation marks that end where it does."""
    return json.dumps(clean(text[:most]), ensure_ascii=False)


class Audit:
    """Logs what happened.

    @param seconds: a clock that never goes back.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._refused_connections = Allowances(seconds, rate=1.0, burst=20.0)

    def refused(self, error: ChatError, address: str, door: str, nick: str, joined: bool) -> None:
        """Log a refusal: a proof failed, or the chat lets nobody in there.

        @param door: the door, in a word.
        @param joined: whether it is a member, who is kept out of something in the chat.
        """
        where = {"address": place(address), "door": door, "code": error.code, "nick": quoted(nick)}
        if isinstance(error, FailedProof):
            of = quoted(error.of) if error.of else "nobody"
            log.info(
                "Failed proof from {address} at the {door} door: {code}, for {of}, by {nick}.",
                of=of,
                **where,
            )
        elif error.code == "too-many-tries" or (not joined and error.code in REFUSALS):
            log.info("Refused from {address} at the {door} door: {code}, {nick}.", **where)

    def refused_connection(self, address: str, why: str) -> None:
        """Log that there are too many connections; of many refusals at a time only some are logged.
        """
        origin = origin_of(address)
        if not self._refused_connections.wait(origin):
            self._refused_connections.spend(origin)
            log.info("Refused connection from {address}: {why}.", address=place(address), why=why)

    def about(self, what: str, address: str, nick: str, more: str = "") -> None:
        """Log that somebody registered, logged in or out, took a connection over, or the like."""
        where = place(address)
        who = f"{nick}{more}"
        log.info("{what} from {address}: {who}.", what=what, address=where, who=who)

    def acted(self, act: OperatorAct) -> None:
        """Log an operator's act; an extension to another identity is none."""
        if isinstance(act, Extended):
            return
        words = [act.kind, quoted(act.target)] if act.target else [act.kind]
        if act.network and act.network != act.target:
            words.append(f"({act.network})")
        words.append(f"in {place_spelled(act.room)}")
        if act.until:
            words.append(f"until {when(act.until)}")
        reason = "" if isinstance(act, Announced) else act.public.text
        if reason:
            words[-1] += f": {quoted(reason, REASON)}"
        log.info("Act of {nick}: {what}.", nick=act.nick, what=" ".join(words))
