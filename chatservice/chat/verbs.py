"""The verbs of a chat, as sessions, commands and doors know them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from twisted.internet.defer import Deferred

from chatservice.chat.access import Whom
from chatservice.chat.door import Door
from chatservice.chat.envelope import Envelope
from chatservice.chat.rooms import Device, Member, Room
from chatservice.chat.speaking import Speak
from chatservice.people.account import Proof
from chatservice.protocol.events import Said
from chatservice.protocol.tags import NO_TAGS, Tags


class Verbs(ABC):
    """The verbs of everybody; server.py tells what each does. Those of operators have parts."""

    @abstractmethod
    def join(
        self, door: Door, nick: str, token: str, proof: Proof | None, rooms: list[Room],
        seen: Mapping[str, int], client: str = "", user: str = "", real_name: str = "",
    ) -> Device: ...
    @abstractmethod
    def enter(self, by: Device, text: str, password: str = "") -> Deferred[Envelope | None]: ...
    @abstractmethod
    def part(self, by: Device, room: Room, why: str = "") -> Envelope: ...
    @abstractmethod
    def leave(
        self,
        member: Member,
        why: str,
        goodbye: bool,
        folded: bool = False,
        by: Device | None = None,
    ) -> Envelope | None: ...
    say: Speak
    act: Speak
    notice: Speak
    @abstractmethod
    def whisper(
        self, by: Device, to: Whom, text: str, ref: str = "", called: str = "",
        manner: str = Said.kind, tags: Tags = NO_TAGS,
    ) -> Envelope: ...
    @abstractmethod
    def signal(
        self, by: Device, room: Room | None, to: Whom | None, text: str = "", answer: bool = False,
        tags: Tags = NO_TAGS, ref: str = "",
    ) -> Envelope: ...
    @abstractmethod
    def set_topic(self, by: Device, room: Room, text: str, ref: str = "") -> Envelope: ...
    @abstractmethod
    def rename(self, by: Device, nick: str) -> Deferred[Envelope]: ...
    @abstractmethod
    def give_nick(
        self, member: Member, nick: str, by: Device | None = None
    ) -> Deferred[Envelope]: ...
    @abstractmethod
    def rename_to_guest(self, member: Member) -> Deferred[Envelope | None]: ...
    @abstractmethod
    def set_real_name(self, by: Device, text: str) -> Envelope | None: ...
    @abstractmethod
    def set_away(self, by: Device, why: str | None) -> Envelope: ...
