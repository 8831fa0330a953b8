"""The terminal client: a chat on standard input and output that speaks JSON lines."""
