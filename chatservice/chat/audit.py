"""The audit log, for operators and for programs such as fail2ban.

Its lines have a logger of their own (C{chatservice.audit}), so that no other line can be mistaken
for one. Text from a client comes last in a line, quoted and without control characters. No line
has anything that people say, a password or a token.
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
"""The most characters of text from a client, except a reason (C{REASON})."""

REASON = 400

REFUSALS = ("banned", "closed", "too-many-tries", "busy")
"""The codes of errors that keep people out, rather than asking them to try something else."""


def place(address: str) -> str:
    """Name a peer's address; for a UNIX socket, words that cannot be mistaken for an address."""
    return address or "this machine"


def quoted(text: str, most: int = QUOTED) -> str:
    """Put untrusted text in quotation marks, and escape those inside it."""
    return json.dumps(clean(text[:most]), ensure_ascii=False)


class Audit:
    """The writer of the audit log.

    @param seconds: a clock that never goes back.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._refused_connections = Allowances(seconds, rate=1.0, burst=20.0)

    def refused(self, error: ChatError, address: str, door: str, nick: str, joined: bool) -> None:
        """Log a failed proof, too many tries, or a refusal that keeps somebody out of the chat.

        @param door: the door's name.
        @param joined: whether it was a member, who was refused something inside the chat.
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
        """Log that a connection was refused; not every one of many from the same origin."""
        origin = origin_of(address)
        if not self._refused_connections.wait(origin):
            self._refused_connections.spend(origin)
            log.info("Refused connection from {address}: {why}.", address=place(address), why=why)

    def about(self, what: str, address: str, nick: str, more: str = "") -> None:
        """Log a registration, a login, a logout, a takeover of a connection, or the like."""
        where = place(address)
        who = f"{nick}{more}"
        log.info("{what} from {address}: {who}.", what=what, address=where, who=who)

    def acted(self, act: OperatorAct) -> None:
        """Log an operator's act, except one that only extends a sanction to another identity."""
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
