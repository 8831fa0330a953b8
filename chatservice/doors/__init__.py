"""The carriers of connections, the languages spoken over them, and the ports."""
