"""Aliases of slash commands, most of them from IRC, which the server and the client share."""

ALIASES = {
    "bye": "quit",
    "exit": "quit",
    "h": "help",
    "ig": "ignore",
    "inv": "invite",
    "j": "join",
    "k": "kick",
    "leave": "part",
    "m": "msg",
    "n": "names",
    "p": "part",
    "q": "quit",
    "query": "msg",
    "signoff": "quit",
    "t": "topic",
    "w": "whois",
    "wi": "whois",
}
"""The command that each alias stands for."""
