"""Other names of slash commands, most of them from IRC; the server and the client know the same."""

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
"""The name of the command that each stands for."""
