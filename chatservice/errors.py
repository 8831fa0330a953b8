"""What goes wrong, and is told to people."""


class StorageError(Exception):
    """Why something was not stored or read: a clause for people, such as "the disk is full"."""


class CannotStart(SystemExit, Exception):
    """The reason for which the chat cannot start: one sentence, and exit status 1.

    Raised while twistd starts the services, it ends a daemon and the foreground alike.
    """

    # A daemon's parent is told 100 bytes, the name of the class and its module among them.
    __module__ = "builtins"
