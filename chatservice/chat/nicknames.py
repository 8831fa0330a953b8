"""The owners of nicknames, and the rules on who may use one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from chatservice.chat.access import Person, person_of
from chatservice.chat.rooms import Member
from chatservice.chat.roster import Roster
from chatservice.config.settings import Settings
from chatservice.people.account import Account
from chatservice.people.accounts import Accounts
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import NICK_INPUT, check_nick, nick_key


class Nicknames:
    """The rules on which nicknames are free.

    @param settings: C{operators} are the keys of the registered names of server operators.
    @param waits_for: tells for how many seconds the lost connection of a member may come back.
    """

    def __init__(
        self,
        roster: Roster,
        accounts: Accounts,
        settings: Settings,
        waits_for: Callable[[Member], int],
    ) -> None:
        self._roster = roster
        self._accounts = accounts
        self._settings = settings
        self._waits_for = waits_for

    def check(self, wanted: str, is_local: bool) -> tuple[str, str]:
        """Give a nickname as it is shown, and its key.

        @param is_local: whether the person who wants it is on this machine.
        @raise ChatError: C{bad-nick}; C{registered} if it is an operator's, claimed from elsewhere.
        """
        try:
            nick = check_nick(wanted)
        except ValueError as error:
            raise ChatError("bad-nick", str(error)) from error
        key = nick_key(nick)
        is_operators = key in self._settings.operators
        if is_operators and not (self._accounts.named(key) or is_local):
            raise ChatError(
                "registered",
                f"{nick} is reserved for an operator, who must register it on the chat's own "
                "machine: choose another nickname",
                "operators-own",
            )
        return nick, key

    def free(
        self, wanted: str, is_local: bool, account: Account | None, own: Member | None = None
    ) -> tuple[str, str]:
        """Give a nickname that the owner of C{account}, or a guest, may take, and its key.

        @param is_local: see L{check}.
        @param own: the member who wants it, if it is here; it may have it already.
        @raise ChatError: C{nick-taken}, C{registered} or C{bad-nick}.
        """
        nick, key = self.check(wanted, is_local)
        owner = self._accounts.named(key)
        if owner is not None and owner is not account:
            hint = f"/login {owner.nick} PASSWORD if it is yours, or choose another nickname"
            raise ChatError("registered", f"{whose(nick, owner)}: {hint}")
        holder = self._roster.get(key)
        if holder is None or holder is own:
            return nick, key
        seconds = self._waits_for(holder)
        if seconds:
            raise ChatError(
                "nick-taken",
                f"{holder.nick} has lost the connection, and may come back within {seconds} s: "
                "choose another nickname, or try again then",
                "may-come-back",
            )
        if holder.nick.casefold() == nick.casefold():
            reason = f"{nick} is taken"
        else:
            reason = f"{nick} looks too much like {holder.nick}, who is here"
        raise ChatError("nick-taken", f"{reason}: choose another nickname")

    def person(self, nick: str) -> Person | None:
        """Find the person who has a nickname here, or else the one who has registered it."""
        if len(nick) > NICK_INPUT:
            return None
        member = self._roster.get(nick_key(nick))
        if member is not None:
            return person_of(member)
        account = self._accounts.named(nick)
        if account is None:
            return None
        return Person(account.nick, account.identity, account, self._roster.of(account))

    def person_named(self, nick: str, hint: str = "") -> Person:
        """Find the person of a nickname, as L{person} does.

        @param hint: a suggestion for the sentence, if there is nobody.
        @raise ChatError: C{no-nick}.
        """
        person = self.person(nick)
        if person is None:
            sentence = f"nobody here is called {nick[:40]}, and it is not registered{hint}"
            raise ChatError("no-nick", sentence)
        return person

    def for_guest(self, seed: int) -> str:
        """Choose a nickname that nobody has or has registered."""
        first = seed % 9000 + 1000
        return next(nick for nick in map("guest{}".format, count(first)) if self._is_free(nick))

    def _is_free(self, nick: str) -> bool:
        key = nick_key(nick)
        return key not in self._roster and self._accounts.named(key) is None


def whose(nick: str, owner: Account) -> str:
    """Say why a nickname is not free for people who have not proved that they own it."""
    if nick.casefold() == owner.nick.casefold():
        return f"{owner.nick} is registered"
    return f"{nick} looks too much like {owner.nick}, which is registered"
