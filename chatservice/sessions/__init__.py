"""Sessions: the part of a connection in the chat, whatever carries it."""
