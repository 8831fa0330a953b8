"""The chat as sessions, commands and doors know it; its verbs are in server.py."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.logger import Logger

from chatservice.chat.door import Door
from chatservice.chat.lingering import absences
from chatservice.chat.parts import Parts
from chatservice.chat.rooms import Member
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import check_room

log = Logger()

SHUTTING_DOWN = "the chat is shutting down"
NODE_SHUTTING_DOWN = "this server is shutting down: come back in a moment"


class Chat(Parts):
    """The life of a chat, and what sessions, commands and doors ask of it besides its verbs.

    See also L{Parts <chatservice.chat.parts.Parts>}.
    """

    # The life of the chat.

    def restore(self) -> None:
        """Begin where the last run ended; the journal is open."""
        self.clock.begin(self.journal.floor)
        self.topics.restore(self.journal.topics.values())
        for former, now in self.journal.moves:
            self.belongings.follow(former, now)
            self.formers.wait(former)
        # By now, some of them may be stored under the former identities, and some not.
        self._recall_acts()
        self.replicas.restore(self.journal.residents)
        for person in self.journal.residents:
            for room, _, runs in person.stays:
                self.permissions.settle_in(room, person.identity, person.nick, runs)

    def _recall_acts(self) -> None:
        """Apply the acts of earlier runs, and those in force in rooms, one after the other."""
        passing: deque[OperatorAct] = deque()
        self.journal.recall_passing(passing.append)

        def take(act: OperatorAct) -> None:
            while passing and passing[0].id < act.id:
                self.permissions.apply(passing.popleft())
            self.permissions.apply(act)

        self.journal.recall(take)
        for act in passing:
            self.permissions.apply(act)

    @inlineCallbacks
    def shut_down(self, patience: float) -> Generator[Deferred[Any], Any, None]:
        """Deliver what was accepted, tell everybody, and wait until all are gone.

        @param patience: the seconds that the journal may take for what is on its way.
        """
        self.closing = NODE_SHUTTING_DOWN if self.homes.node else SHUTTING_DOWN
        self.folding.stop()
        self.lingering.stop_all()
        for session in self.sessions:
            session.hold()
        settled = self._publisher.all_settled()
        yield settled.addTimeout(patience, self.reactor).addErrback(lambda _: None)
        self._publisher.stop()
        behind = [each for each in self.roster.values() if each.reading.missed]
        absent = [each for each in behind if not each.is_elsewhere]
        try:
            if absent and self.homes.node:
                # Another node takes over everybody here.
                yield self.journal.append(list(map(self.homes.lost, absent)))
            elif absent:
                yield self.journal.append(absences(absent))
        except StorageError as error:
            log.error("Storing what people have missed failed: {why}.", why=error)
        for session in list(self.sessions):
            session.close(self.closing)
        if self.sessions:
            yield self._all_gone

    def abandon(self, sentence: str) -> None:
        """Send everybody away: this chat goes on elsewhere, and nothing more happens here."""
        self.closing = sentence
        self.folding.stop()
        self.lingering.stop_all()
        self._publisher.stop()
        for session in list(self.sessions):
            session.close(sentence)

    def reload(self) -> None:
        """Read again what may change while the chat runs; nobody is dropped."""
        for reload in self.reloads:
            reload()

    def trouble(self) -> str:
        """Tell in a sentence why the chat takes no lines now; empty if it takes them."""
        troubles = (tell() for tell in self.troubles)
        return self.closing or next(filter(None, troubles), "")

    def session_ended(self, session: Door) -> None:
        """Forget a session whose connection has ended."""
        self.sessions.discard(session)
        if self.closing and not self.sessions and not self._all_gone.called:
            self._all_gone.callback(None)

    # The members.

    def tell_operators(self, sentence: str) -> None:
        """Tell something about the server to the server operators who are here."""
        for member in self.roster.values():
            if self.permissions.is_operator(member):
                member.tell([sentence])

    def member_named(self, nick: str) -> Member:
        """Find the member with a nickname.

        @raise ChatError: C{no-nick}.
        """
        return self.roster.named(nick)

    def is_here(self, member: Member) -> bool:
        """Tell whether the member is in the chat, with or without a connection at this moment."""
        return self.roster.has(member)

    def departed(self, identity: bytes) -> Deferred[None]:
        """Wait until the leaving of somebody is stored, if it is on its way."""
        member = self.roster.leaving.get(identity)
        return succeed(None) if member is None else self.settled(member)

    @staticmethod
    def room_name(text: str) -> str:
        """Give the one name of a room, however it was written.

        @raise ChatError: C{bad-room}.
        """
        try:
            return check_room(text)
        except ValueError as error:
            raise ChatError("bad-room", str(error)) from error
