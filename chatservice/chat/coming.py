"""The ways in which a device comes to its member."""

from __future__ import annotations

from enum import Enum, auto


class Coming(Enum):
    """The way in which a device came to its member."""

    NEW = auto()
    """Somebody came to the chat."""

    BACK = auto()
    """The device took the place of one whose connection was lost."""

    INSTEAD = auto()
    """The device took the place of one that was closed for it."""

    ALONGSIDE = auto()
    """The member is here through other devices as well, or was: this is one more."""
