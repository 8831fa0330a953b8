"""What one has asked for and the chat has not answered yet, in order."""

from chatservice.client.commands import MOVES, TALK, command_word
from chatservice.client.receipts import answers
from chatservice.client.requests import Command, Say
from chatservice.events import Talk


class Unanswered:
    """Lines and commands by their refs, and which of them this connection has sent."""

    def __init__(self) -> None:
        self._requests: dict[str, Say | Command] = {}
        self._sent: set[str] = set()

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, request: Say | Command) -> None:
        self._requests[request.ref] = request

    def lines(self) -> list[str]:
        """What was said, and the commands, in order."""
        requests = self._requests.values()
        return [each.text if isinstance(each, Say) else each.line for each in requests]

    def asked(self, ref: str) -> Say | Command | None:
        """The request with this *ref*, if there is one."""
        return self._requests.get(ref)

    def answered(self, ref: str) -> Say | Command | None:
        """Take out the request that was answered; None if there is none with this *ref*."""
        self._sent.discard(ref)
        return self._requests.pop(ref, None)

    def acknowledged(self, event: Talk) -> bool:
        """Take out the request that the event acknowledges; whether there was one."""
        request = self._requests.get(event.ref)
        if request is None or not answers(event, request):
            return False
        self.answered(event.ref)
        return True

    def to_send(self) -> list[Say | Command]:
        """The requests not sent yet; from now on, they are."""
        waiting = [request for ref, request in self._requests.items() if ref not in self._sent]
        self._sent.update(request.ref for request in waiting)
        return waiting

    def connection_lost(self) -> int:
        """Keep the talk, to be sent again; give up the commands. How many those are."""
        self._sent.clear()
        commands = [ref for ref, request in self._requests.items() if not is_talk(request)]
        for ref in commands:
            del self._requests[ref]
        return len(commands)

    @property
    def moving(self) -> bool:
        """Whether there is a command that may change the current room."""
        return any(is_move(request) for request in self._requests.values())


def is_talk(request: Say | Command) -> bool:
    """Whether it is answered by its event alone, and so can be sent again until that comes."""
    return isinstance(request, Say) or command_word(request.line) in TALK


def is_move(request: Say | Command) -> bool:
    """Whether it is a command that may change the current room."""
    return isinstance(request, Command) and command_word(request.line) in MOVES
