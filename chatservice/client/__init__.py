"""The terminal client: a chat on standard input and output, speaking JSON lines."""
