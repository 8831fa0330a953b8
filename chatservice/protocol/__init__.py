"""The language of the wire, for server and client: events, words, JSON, names, cleaning."""
