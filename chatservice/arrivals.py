"""How somebody comes to the chat: whose a nickname is, who has it, which rooms."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.task import deferLater

from chatservice.accounts import Account
from chatservice.audit import place
from chatservice.events import ChatError, FailedProof, Resumed
from chatservice.journal import Place
from chatservice.names import check_nick, nick_key
from chatservice.networks import address_of
from chatservice.proofs import NO_TOKEN, Proof
from chatservice.rooms import LOBBY, ROOMS_PER_MEMBER, Fenced, Member, Room, identity_of
from chatservice.tries import Tries

if TYPE_CHECKING:
    from chatservice.lines import Session
    from chatservice.server import ChatFactory

SILENT = 60.0
"""Seconds without a word after which a connection may be asked whether it is still there."""

PING_TIMEOUT = 10
"""Seconds in which it has to answer."""


A_TOKEN = "a token"
"""In the place of a nickname, where a token proved nothing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody who wants to come in says.

    @ivar nick: the nickname wanted; empty for the one that the token brings back.
    @ivar password: what proves the nickname, if it is registered.
    @ivar token: a secret from an earlier C{welcome}, or empty.
    @ivar rooms: which rooms; C{None} for those of the last time, and the lobby for who is new.
    """

    nick: str
    password: str | None = None
    token: str = ""
    rooms: Collection[str] | None = None


class Arrivals:
    """Lets people into the chat.

    @param chat: the one.
    """

    def __init__(self, chat: ChatFactory) -> None:
        self._chat = chat
        self._pings = Tries(chat.reactor.seconds, 1, PING_TIMEOUT)

    @inlineCallbacks
    def arrive(self, door: Session, wish: Wish) -> Generator[Deferred[Any], Any, Member]:
        """Have a member behind a door: a new one, or one that is here and is taken over.

        Fails with L{ChatError}.
        """
        chat = self._chat
        wish = yield self._without_spent_token(wish)
        proof = yield self._proved(wish, door)
        here = self._taken_over(door, wish, proof)
        if here is not None:
            return here
        account = None if proof is None else proof.account
        places = yield self._places(wish, account)
        if wish.token:
            wish = replace(wish, nick=wish.nick or _last_nick(account, places))
        spoken = (yield chat.journal.refs(_identity(wish, account))) if places else []
        yield self._freed(self.check_nick(wish.nick, door.peer.address)[1], account, door)
        names = wish.rooms or [place.room for place in places if place.room] or [LOBBY]
        seen = {place.room: max(place.entered, place.seen) for place in places}

        def join(rooms: list[Room]) -> Member:
            door.check_still_wanted()
            # By now the same person may have come through another connection.
            member = self._taken_over(door, wish, proof)
            if member is None:
                self._check_token(wish, account)
                self._check_name(wish, account, places)
                member = chat.join(door, wish, proof, rooms, seen)
                member.spoken.recall(spoken, chat.reactor.seconds())
                if not wish.rooms:
                    # Of a room that is closed to the member by now nothing was missed.
                    member.left_behind(places, {"", *member.rooms})
            return member

        member: Member = yield chat.rooms.opened(list(names)[:ROOMS_PER_MEMBER], join)
        return member

    @inlineCallbacks
    def _without_spent_token(self, wish: Wish) -> Generator[Deferred[Any], Any, Wish]:
        """The request, without a token that once proved an account and no longer does.

        Whoever shows one is somebody new.
        """
        chat, token = self._chat, wish.token
        is_known = token in chat.by_token or chat.accounts.proven_by(token) is not None
        if not token or is_known or not (yield chat.accounts.is_spent(token)):
            return wish
        if not wish.nick:
            raise FailedProof("not-joined", NO_TOKEN, A_TOKEN)
        return replace(wish, token="")

    def _check_token(self, wish: Wish, account: Account | None) -> None:
        """Go on only if the token of a guest did not become an account's, or spent, meanwhile."""
        if account is None and wish.token and not self._chat.accounts.may_bear(wish.token, None):
            raise FailedProof("not-joined", NO_TOKEN, A_TOKEN)

    def token_for(self, wish: Wish, account: Account | None) -> str:
        """The token of a new member: its own, if that may be."""
        chat = self._chat
        # One that somebody else has taken is of no use to who has proved an account.
        is_free = chat.accounts.may_bear(wish.token, account) and wish.token not in chat.by_token
        return wish.token if is_free else chat.new_token()

    def _places(self, wish: Wish, account: Account | None) -> Deferred[list[Place]]:
        """Where the same person was last; nowhere, if nothing tells who it is."""
        if account is None and not self._chat.accounts.may_bear(wish.token, None):
            return succeed([])
        identity = _identity(wish, account)
        stored = self._chat.departures.stored(identity)
        return stored.addCallback(lambda _: self._chat.journal.places(identity))

    def _check_name(self, wish: Wish, account: Account | None, places: list[Place]) -> None:
        """Muted people cannot say anything by coming under another nickname."""
        known = {nick_key(place.nick) for place in places} | ({account.key} if account else set())
        self._chat.moderation.check_name(_identity(wish, account), wish.nick, known)

    def _taken_over(self, door: Session, wish: Wish, proof: Proof | None) -> Member | None:
        """The member who is here with that token or account, and who has this door from now on.

        @raise ChatError: the proof does not hold any more.
        """
        here = self._chat.by_token.get(wish.token)
        if proof is not None:
            proof.check()
            if here is None or here.account is not proof.account:
                # The token may be for somebody else's place: the password says who this is.
                here = proof.account.member
        if here is not None:
            door.check_still_wanted()
            self._resume(door, here)
        return here

    def _resume(self, door: Session, member: Member) -> None:
        """Put another connection in the place of the one that a member had."""
        chat = self._chat
        former, member.address = member.address, door.peer.address
        try:
            chat.moderation.check_not_banned(member, "")
        except ChatError:
            member.address = former
            raise
        came_from = f", who was at {place(former)}"
        chat.audit.about("Taken over", door.peer.address, member.nick, came_from)
        chat.departures.stop_lingering(member)
        chat.departures.note_loss(member, member.door, member.door.silence())
        member.door.displace()
        member.door = Fenced(door)
        chat.part_where_banned(member)
        chat.publish(member, Resumed, door=door)

    # Whose a nickname is, and who holds it.

    def check_nick(self, wanted: str, address: str) -> tuple[str, str]:
        """A nickname as it is shown, and its key.

        @param address: of who wants it, empty for this machine.
        @raise ChatError: nobody may have it, or not from there.
        """
        try:
            nick = check_nick(wanted)
        except ValueError as error:
            raise ChatError("bad-nick", str(error)) from error
        key = nick_key(nick)
        chat = self._chat
        if key in chat.settings.operators and not (chat.accounts.named(key) or _is_local(address)):
            raise ChatError(
                "registered",
                f"{nick} is an operator's, who registers it from the machine that the chat runs on:"
                " choose another nickname",
            )
        return nick, key

    def free_nick(
        self, wanted: str, address: str, account: Account | None, own: Member | None = None
    ) -> tuple[str, str]:
        """A nickname that is free for who has proved C{account}, and its key.

        @param own: who bears it maybe already, and wants to be renamed.
        @raise ChatError: it is somebody's, or nobody may have it.
        """
        nick, key = self.check_nick(wanted, address)
        owner = self._chat.accounts.named(key)
        if owner is not None and owner is not account:
            hint = f"/login {owner.nick} PASSWORD if it is yours, or choose another nickname"
            raise ChatError("registered", f"{whose(nick, owner)}: {hint}")
        holder = self._chat.members.get(key)
        if holder is None or holder is own:
            return nick, key
        seconds = self._chat.departures.waits_for(holder)
        if seconds:
            raise ChatError(
                "nick-taken",
                f"{holder.nick} has lost the connection, and has {seconds} s left to come back:"
                " choose another nickname, or try again then",
            )
        if holder.nick.casefold() == nick.casefold():
            reason = f"{nick} is taken"
        else:
            reason = f"{nick} looks too much like {holder.nick}, who is here"
        raise ChatError("nick-taken", f"{reason}: choose another nickname")

    @inlineCallbacks
    def _proved(self, wish: Wish, door: Session) -> Generator[Deferred[Any], Any, Proof | None]:
        accounts = self._chat.accounts
        if wish.password is not None:
            origin = door.peer.origin
            proof: Proof = yield accounts.prove(
                wish.nick, wish.password, origin, door.is_still_wanted
            )
            return proof
        by_token = accounts.proof_by(wish.token) if wish.token else None
        owner = accounts.named(wish.nick) if wish.nick else None
        if owner is None or (by_token is not None and owner is by_token.account):
            return by_token
        if self._chat.by_token.get(wish.token) is not None:
            return None
        raise ChatError("password-needed", whose(wish.nick, owner))

    @inlineCallbacks
    def _freed(
        self, key: str, account: Account | None, door: Session
    ) -> Generator[Deferred[Any], Any, None]:
        """Wait until a nickname is free, if a connection that was silent for long has it.

        That of a lost connection is its owner's for as long as it may come back (L{free_nick}).
        """
        chat = self._chat
        holder = chat.members.get(key)
        if holder is None:
            return
        if account is not None and chat.accounts.named(key) is account:
            chat.logins.free(account)
            return
        silence = holder.door.silence()
        is_waited_for = chat.departures.waits_for(holder) > 0
        if is_waited_for or chat.accounts.named(key) is not None or silence < SILENT:
            return
        quiet = f"{holder.nick} has not said anything for {silence / 60:.0f} min"
        soon = f"the nickname is yours in {PING_TIMEOUT} s, unless that changes"
        door.notify([f"{quiet}: {soon}"], [])
        self._ping(holder)
        for _ in range(PING_TIMEOUT):
            yield deferLater(chat.reactor, 1, lambda: None)
            door.check_still_wanted()
            answered = holder.door.silence() < PING_TIMEOUT
            is_waited_for = chat.departures.waits_for(holder) > 0
            if chat.members.get(key) is not holder or answered or is_waited_for:
                return
        chat.logins.rename_to_guest(holder)

    def _ping(self, holder: Member) -> None:
        """Ask somebody for a sign of life, however many want the nickname."""
        if self._pings.wait(holder.identity):
            return
        self._pings.count(holder.identity)
        holder.door.ping(
            f"somebody asks for the nickname {holder.nick}, and nothing was heard from you for"
            f" long: type something within {PING_TIMEOUT} s to keep it"
        )


def _identity(wish: Wish, account: Account | None) -> bytes:
    return identity_of(wish.token) if account is None else account.identity


def whose(nick: str, owner: Account) -> str:
    """Why a nickname is not free for who has not proved to be its owner."""
    if nick.casefold() == owner.nick.casefold():
        return f"{owner.nick} is registered"
    return f"{nick} looks too much like {owner.nick}, which is registered"


def _last_nick(account: Account | None, places: list[Place]) -> str:
    if places:
        return places[0].nick
    if account is not None:
        return account.nick
    sentence = "that token brings nobody back: choose a nickname"
    raise FailedProof("not-joined", sentence, A_TOKEN)


def _is_local(address: str) -> bool:
    host = address_of(address)
    return not address or (host is not None and host.is_loopback)
