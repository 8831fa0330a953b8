"""A terminal without I/O: keys, a line editor, a screen. It knows nothing of the client."""
