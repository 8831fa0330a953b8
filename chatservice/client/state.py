"""What a session is doing."""

from enum import Enum


class State(Enum):
    """One of these at a time."""

    OFFLINE = "there is no connection"
    GREETING = "hello was said and not answered"
    ASKING = "another nickname is wanted"
    LOCKED = "the nickname's password is wanted"
    PROVING = "hello was said with a password that was typed, and not answered"
    REPLAYING = "history is shown, and what happens meanwhile is held back"
    LIVE = "events are shown as they come, and lines sent as they are typed"
    LEAVING = "goodbye was said"
    GONE = "it is over"
