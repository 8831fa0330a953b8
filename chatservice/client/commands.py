"""What the client knows of the chat's slash commands."""

COMMANDS = (
    "/help",
    "/history",
    "/join",
    "/list",
    "/me",
    "/motd",
    "/msg",
    "/names",
    "/nick",
    "/part",
    "/ping",
    "/quit",
    "/topic",
    "/who",
)
"""All of them, by the names that ``/help`` lists."""

GOODBYES = {"/quit", "/exit", "/bye"}
"""Those that are answered by the end of the connection."""

MOVES = {"/join", "/part", "/leave"}
"""Those that may change the current room."""

TALK = {"/me", "/msg", "/query"}
"""Those that are answered by their event alone."""


def command_word(line: str) -> str:
    """The slash command that a typed line is, in lower case; "" if it is something to say."""
    if not line.startswith("/") or line.startswith("//"):
        return ""
    return line.partition(" ")[0].casefold()
