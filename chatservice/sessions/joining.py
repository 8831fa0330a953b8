"""The arrival of somebody: by which proof, under which nickname, in which rooms."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.task import deferLater

from chatservice.chat.door import Door
from chatservice.chat.names import key_of
from chatservice.chat.nicknames import whose
from chatservice.chat.read_markers import NO_MARKERS, ReadMarker
from chatservice.chat.refs import Noted
from chatservice.chat.rooms import ROOMS_PER_MEMBER, Device, Member, Room
from chatservice.people.account import NO_TOKEN, Account, Proof
from chatservice.people.identity import identity_of
from chatservice.protocol.events import ChatError, FailedProof
from chatservice.protocol.names import LOBBY, nick_key

if TYPE_CHECKING:
    from chatservice.chat.chat import Chat

SILENT = 60.0
"""Seconds without a word after which a connection may be asked whether it is still there."""

PING_TIMEOUT = 10
"""Seconds within which it must answer."""

A_TOKEN = "a token"
"""The words for a nickname where a token proved nothing."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """The wish to come in.

    @ivar nick: the nickname wanted; empty for the one that the token brings back.
    @ivar password: the password of the nickname, if it is registered.
    @ivar token: a secret from an earlier C{welcome}, or empty.
    @ivar rooms: the rooms, maybe none; C{None} for those of the last time.
    @ivar at_first: the rooms of somebody who was in none the last time.
    @ivar client: the name that one program keeps for one run, empty if it has none; C{None} at a
        door where people type.
    @ivar proof: the proof of an account that was made before, if there is one.
    @ivar user: the user name that a program gave, or empty.
    """

    nick: str
    password: str | None = None
    token: str = ""
    rooms: Collection[str] | None = None
    client: str | None = None
    at_first: Collection[str] = (LOBBY,)
    proof: Proof | None = None
    user: str = ""
    real_name: str = ""


class Newcomer(Door, Protocol):
    """A door that somebody is about to come through, and may turn away from meanwhile."""

    def is_still_wanted(self) -> bool:
        """Tell whether the peer still waits to be let in."""

    def check_still_wanted(self) -> None:
        """Go on only if the peer still waits to be let in.

        @raise ChatError: it has gone.
        """


class Past(NamedTuple):
    """The stored facts about somebody who was here before.

    @ivar places: where they were last.
    @ivar spoken: their latest requests, by their marks.
    @ivar marks: for each room that they marked as read, the id up to which it was.
    """

    places: list[ReadMarker]
    spoken: list[tuple[bytes, Noted]]
    marks: dict[str, int]


class Joining:
    """One arrival.

    @param chat: the chat to come to.
    @param session: what the member will hear through.
    """

    def __init__(self, chat: Chat, session: Newcomer) -> None:
        self._chat = chat
        self._session = session

    @inlineCallbacks
    def arrive(self, request: JoinRequest) -> Generator[Deferred[Any], Any, Device]:
        """Have a device of a member behind the session: of a new one, or of one that is here.

        Fails with L{ChatError}.
        """
        chat = self._chat
        if request.token or request.password is not None:
            # What proves something here must prove it everywhere.
            yield chat.names.catch_up()
        request = yield self._without_spent_token(request)
        proof = yield self._proved(request)
        device = self._come_back(request, proof)
        if device is not None:
            return device
        account = None if proof is None else proof.account
        past = yield self._past(request, account)
        if request.token:
            request = replace(request, nick=request.nick or _last_nick(account, past.places))
        key = chat.nicknames.check(request.nick, self._session.peer.is_local)[1]
        yield self._freed(key, account)
        claims = [key]
        if request.token or account is not None:
            claims.append(key_of(_identity(request, account)))
        device = yield self._claim(request, proof, claims)
        if device is None:
            names = _rooms(request, past.places)
            try:
                device = yield chat.rooms.opened(
                    names, lambda rooms: self._join(request, proof, past, rooms)
                )
            finally:
                chat.names.release(*claims)
        assert isinstance(device, Device)
        return device

    def _join(
        self, request: JoinRequest, proof: Proof | None, past: Past, rooms: list[Room]
    ) -> Device:
        """Come in, unless the same person has come through another connection by now."""
        self._session.check_still_wanted()
        device = self._come_back(request, proof)
        if device is not None:
            return device
        account = None if proof is None else proof.account
        self._check_token(request, account)
        self._check_name(request, account, past.places)
        device = self._chat.join(
            self._session,
            request.nick,
            request.token,
            proof,
            rooms,
            {place.room: max(place.entered, place.seen) for place in past.places},
            request.client or "",
            request.user,
            request.real_name,
        )
        member = device.member
        member.spoken.recall(past.spoken, self._chat.reactor.seconds())
        member.reading.recall(past.marks)
        if request.rooms is None or request.client:
            # Of a room that is closed to the member by now nothing was missed. A program
            # without a name that knows its rooms asks itself for what it missed.
            member.reading.take_up(past.places, {"", *member.rooms})
            device.replay = dict(member.reading.missed)
        return device

    @inlineCallbacks
    def _claim(
        self, request: JoinRequest, proof: Proof | None, claims: Collection[str]
    ) -> Generator[Deferred[Any], Any, Device | None]:
        """Claim what somebody is about to have; give the device of one who is here by now."""
        try:
            yield self._chat.names.claim(*claims)
        except ChatError:
            device = self._come_back(request, proof)
            if device is None:
                # This tells who has it, if that is known here.
                account = None if proof is None else proof.account
                self._chat.nicknames.free(request.nick, self._session.peer.is_local, account)
                raise
            return device
        return None

    # By what proof.

    @inlineCallbacks
    def _without_spent_token(
        self, request: JoinRequest
    ) -> Generator[Deferred[Any], Any, JoinRequest]:
        """Take a token out of a request that once proved an account and no longer does.

        Whoever shows one is somebody new.
        """
        chat, token = self._chat, request.token
        known = chat.roster.bearer(token) or chat.accounts.proven_by(token)
        if not token or known is not None or not (yield chat.accounts.is_spent(token)):
            return request
        if not request.nick:
            raise FailedProof("not-joined", NO_TOKEN, A_TOKEN)
        return replace(request, token="")

    def _check_token(self, request: JoinRequest, account: Account | None) -> None:
        """Go on only if the token of a guest did not become an account's, or spent, meanwhile."""
        accounts = self._chat.accounts
        if account is None and request.token and not accounts.may_bear(request.token, None):
            raise FailedProof("not-joined", NO_TOKEN, A_TOKEN)

    @inlineCallbacks
    def _proved(self, request: JoinRequest) -> Generator[Deferred[Any], Any, Proof | None]:
        accounts, session = self._chat.accounts, self._session
        if request.proof is not None:
            owner = accounts.named(request.nick)
            if owner is not None and owner is not request.proof.account:
                raise ChatError("password-needed", whose(request.nick, owner))
            return request.proof
        if request.password is not None:
            proof: Proof = yield accounts.prove(
                request.nick, request.password, session.peer.origin, session.is_still_wanted
            )
            return proof
        by_token = accounts.proof_by(request.token) if request.token else None
        owner = accounts.named(request.nick) if request.nick else None
        if owner is None or (by_token is not None and owner is by_token.account):
            return by_token
        if self._chat.roster.bearer(request.token) is not None:
            return None
        raise ChatError("password-needed", whose(request.nick, owner))

    # Whether as somebody who is here.

    def _come_back(self, request: JoinRequest, proof: Proof | None) -> Device | None:
        """Make the session a device of the member who is here with that token or account.

        @raise ChatError: the proof no longer holds; or see L{Devices.come_back
            <chatservice.chat.devices.Devices.come_back>}.
        """
        here = self._chat.roster.bearer(request.token)
        if proof is not None:
            proof.check()
            if here is None or here.account is not proof.account:
                # The token may be for somebody else's place: the password says who this is.
                here = self._chat.roster.of(proof.account)
        if here is None:
            return None
        self._session.check_still_wanted()
        devices, place, elsewhere = self._chat.devices, None, ""
        is_by_token = request.password is None and request.proof is None
        if request.client or is_by_token:
            place = devices.place(here, request.client, self._session.kind)
            elsewhere = request.client or ("" if place is not None else self._session.kind)
        device = devices.come_back(here, self._session, request.client or "", place, elsewhere)
        if not here.token:
            known = self._chat.bindings.bring_home(here, request.token)
            known.addErrback(self._session.complain)
        return device

    # Where somebody was, and under which nickname.

    @inlineCallbacks
    def _past(
        self, request: JoinRequest, account: Account | None
    ) -> Generator[Deferred[Any], Any, Past]:
        """Find what is stored about the same person."""
        journal = self._chat.journal
        places = yield self._places(request, account)
        spoken = (yield journal.refs(_identity(request, account))) if places else []
        marks = NO_MARKERS if account is None else (yield journal.room_marks(account.identity))
        return Past(places, spoken, marks)

    def _places(self, request: JoinRequest, account: Account | None) -> Deferred[list[ReadMarker]]:
        """Find where the same person was last; nowhere, if nothing tells who it is."""
        if account is None and not self._chat.accounts.may_bear(request.token, None):
            return succeed([])
        identity = _identity(request, account)
        stored = self._chat.departed(identity)
        return stored.addCallback(lambda _: self._chat.journal.places(identity))

    def _check_name(
        self, request: JoinRequest, account: Account | None, places: list[ReadMarker]
    ) -> None:
        """Check the nickname: muted people must not say anything by coming under another one."""
        known = {nick_key(place.nick) for place in places} | ({account.key} if account else set())
        self._chat.permissions.check_name(_identity(request, account), request.nick, known)

    @inlineCallbacks
    def _freed(
        self, key: str, account: Account | None
    ) -> Generator[Deferred[Any], Any, None]:
        """Wait until a nickname is free, if a connection that was silent for long has it.

        The nickname of a lost connection is its owner's for as long as it may come back
        (L{Nicknames}).
        """
        chat = self._chat
        holder = chat.roster.get(key)
        if holder is None:
            return
        if account is not None and chat.accounts.named(key) is account:
            yield chat.bindings.free(account)
            return
        if holder.is_elsewhere:
            return
        silence = holder.idle_seconds()
        is_waited_for = chat.lingering.left_for(holder) > 0
        if is_waited_for or chat.accounts.named(key) is not None or silence < SILENT:
            return
        quiet = f"{holder.nick} has been silent for {silence / 60:.0f} min"
        soon = f"you get the nickname in {PING_TIMEOUT} s, unless they answer"
        self._session.notify([f"{quiet}: {soon}"], [])
        self._ping(holder)
        for _ in range(PING_TIMEOUT):
            yield deferLater(chat.reactor, 1, lambda: None)
            self._session.check_still_wanted()
            answered = holder.idle_seconds() < PING_TIMEOUT
            is_waited_for = chat.lingering.left_for(holder) > 0
            if chat.roster.get(key) is not holder or answered or is_waited_for:
                return
        yield chat.rename_to_guest(holder)

    def _ping(self, holder: Member) -> None:
        """Ask somebody for a sign of life, however many want the nickname."""
        now = self._chat.reactor.seconds()
        if holder.pinged is not None and now - holder.pinged < PING_TIMEOUT:
            return
        holder.pinged = now
        for device in holder.devices:
            device.door.ping(
                f"somebody wants the nickname {holder.nick}, and you have been silent for a long "
                f"time: type something within {PING_TIMEOUT} s to keep it"
            )


def _identity(request: JoinRequest, account: Account | None) -> bytes:
    return identity_of(request.token) if account is None else account.identity


def _rooms(request: JoinRequest, places: list[ReadMarker]) -> list[str]:
    """List the rooms to enter: those wanted, or else those of the last time."""
    names = request.rooms
    if names is None:
        names = [place.room for place in places if place.room] or request.at_first
    return list(names)[:ROOMS_PER_MEMBER]


def _last_nick(account: Account | None, places: list[ReadMarker]) -> str:
    if places:
        return places[0].nick
    if account is not None:
        return account.nick
    sentence = "that token is not valid: choose a nickname"
    raise FailedProof("not-joined", sentence, A_TOKEN)
