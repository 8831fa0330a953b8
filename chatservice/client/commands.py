"""What the client knows of the chat's slash commands."""

COMMANDS = (
    "/announce",
    "/away",
    "/back",
    "/ban",
    "/bans",
    "/catchup",
    "/deop",
    "/devoice",
    "/export",
    "/forget",
    "/help",
    "/history",
    "/ignore",
    "/invite",
    "/join",
    "/kick",
    "/list",
    "/lockdown",
    "/login",
    "/logout",
    "/me",
    "/modlog",
    "/motd",
    "/msg",
    "/mute",
    "/names",
    "/nick",
    "/op",
    "/part",
    "/password",
    "/ping",
    "/quit",
    "/register",
    "/room",
    "/search",
    "/set",
    "/token",
    "/topic",
    "/unban",
    "/unignore",
    "/unmute",
    "/unregister",
    "/voice",
    "/who",
    "/whois",
)
"""All of them, by the names that ``/help`` lists."""

GOODBYES = {"/quit", "/exit", "/bye"}
"""Those that are answered by the end of the connection."""

MOVES = {"/join", "/part", "/leave"}
"""Those that may change the current room."""

TALK = {"/me", "/msg", "/query"}
"""Those that are answered by their event alone."""

SECRETS = {"/forget", "/login", "/password", "/register", "/unregister"}
"""Those whose words are a password; other commands may have one among their words."""


def command_word(line: str) -> str:
    """The slash command that a typed line is, in lower case; "" if it is something to say."""
    bare = line.lstrip(" ")
    if not bare.startswith("/") or bare.startswith("//"):
        return ""
    return bare.partition(" ")[0].casefold()


def holds_password(line: str) -> bool:
    """Whether a typed line is a command with a password in it, as far as one can tell."""
    match [command_word(line), *line.casefold().split()[1:]]:
        case ["/join", _, _, *_] | ["/room", "password", _, *_]:
            return True
        case [word, *_]:
            return word in SECRETS
    return False
