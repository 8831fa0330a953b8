"""One connection's part in the chat, whatever carries it."""
