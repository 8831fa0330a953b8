"""What goes wrong, and is told to people."""


class StorageError(Exception):
    """Why something was not stored or read: a clause for people, such as "the disk is full"."""
