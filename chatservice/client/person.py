"""Who sits in front of a session: what a session asks of the terminal, and of the pipe."""

from collections.abc import Sequence
from typing import Protocol

from chatservice.client.places import Place
from chatservice.client.wire import Error
from chatservice.events import Event
from chatservice.preferences import Preferences


class Person(Protocol):
    """Is shown what happens, and told how the session goes."""

    def happened(self, event: Event, replayed: bool) -> None:
        """Show an event; *replayed* when it is history."""

    def entered(self, place: Place) -> None:
        """Show a room that one has just entered."""

    def told(self, sentence: str) -> None:
        """Show a notice."""

    def refused(self, error: Error) -> None:
        """A line or a command was not carried out."""

    def nickname_refused(self, sentence: str) -> None:
        """Another nickname is wanted: the next typed line is taken for it."""

    def password_wanted(self, error: Error) -> None:
        """The nickname's password is wanted: the session's `prove` takes it.

        *error* tells why: none was sent, or a wrong one.
        """

    def preferred(self, preferences: Preferences) -> None:
        """Show things in this way from now on."""

    def settings_wanted(self, names: Sequence[str]) -> None:
        """Tell how these settings are."""

    def handed(self, line: str) -> None:
        """Show a line that is meant for programs, as it is."""

    def settled(self) -> None:
        """Something was answered, or the session became live: there may be room for more."""

    def leaving(self) -> None:
        """Goodbye is being said; what is left is to wait for the end, and not for ever."""

    def gone(self, sentence: str | None, failed: bool) -> None:
        """The session is over; *failed* when one could not join, or had to leave."""
