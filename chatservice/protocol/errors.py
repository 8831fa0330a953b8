"""Failures that people are told about."""


class StorageError(Exception):
    """The reason that something was not stored or read, a clause such as "the disk is full"."""


class CannotStart(SystemExit, Exception):
    """The reason that the chat cannot start: one sentence, and exit status 1.

    Raised while twistd starts the services, it ends a daemon and the foreground alike.
    """

    # A daemon's parent gets 100 bytes, which include the names of the class and its module.
    __module__ = "builtins"
