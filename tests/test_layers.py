"""Who may know whom: imports point one way."""

import ast
from itertools import pairwise
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    {
        *("aliases", "clock", "counts", "doors", "doors.web", "durations", "errors", "events"),
        *("hangups", "identity", "keepalive", "names", "networks", "obvious", "opaque", "outbox"),
        *("preferences", "presence", "ratelimit", "scripts", "telnet", "textfile", "tries"),
    },
    {
        *("account", "acts", "admission", "database", "flood", "mentions", "peers", "refs"),
        *("sanitize", "starting", "tokenizer", "turns"),
    },
    {
        *("accountrows", "config", "door", "filewatch", "identities", "indexing", "jsonwire"),
        *("passwords", "query", "rows", "sanctions", "threads", "tokens", "upkeep", "wording"),
    },
    {"actlog", "audit", "checkers", "journal", "pruning", "recent", "remembered"},
    {"accounts", "missed", "pages", "rooms", "scanning"},
    {
        *("envelope", "ignoring", "lingering", "personal", "roomlist", "roomsettings", "roster"),
        *("search", "standing", "topics"),
    },
    {"archive", "authority", "broadcast", "formats", "nicknames"},
    {"moderation", "publisher", "storedjournal"},
    {"acting", "belongings", "maintenance", "repeats", "roompasswords"},
    {"bindings", "entrances", "operators", "roles"},
    {"chat"},
    {"alone", "catchup", "joining", "metering"},
    {"lines", "login"},
    {"commands", "reading"},
    {"doors.jsonlines", "reception"},
    {"doors.text"},
    {"doors.front", "server"},
    {"ports"},
    {"tap"},
]
"""Of the server, from below; a module knows those in the layers under its own."""

COMMANDS = "commands"
SHARED = {"commands.table", "commands.targets"}
"""The files of commands that others of them know."""

SHARED_WITH_CLIENT = {
    *("acts", "aliases", "counts", "events", "jsonwire", "mentions", "names", "preferences"),
    *("sanitize", "textfile", "wording"),
}
ENTRIES = {"tap", "client.main"}
CLIENT, TERMINAL = "client", "terminal"


def imports(tree: ast.AST) -> set[str]:
    """The modules that code imports, wherever in it, for its annotations too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def modules() -> dict[str, set[str]]:
    """Each module of the package by its name within it, and what it imports."""
    package = ROOT / "chatservice"
    found = {}
    for path in package.rglob("*.py"):
        name = ".".join(path.relative_to(package).with_suffix("").parts)
        name = name.removesuffix("__init__").removesuffix(".")
        found[name] = imports(ast.parse(path.read_text("utf-8")))
    return found


def ours(imported: set[str], among: set[str]) -> set[str]:
    """Those that are modules of the package."""
    return {name.removeprefix("chatservice.") for name in imported} & among


class LayerTests(SynchronousTestCase):
    """The imports of the whole package."""

    def setUp(self) -> None:
        self.modules = modules()
        self.names = set(self.modules) - {""}
        self.server = {
            name for name in self.names if not name.startswith((CLIENT, TERMINAL, "__main__"))
        }

    def known(self, name: str) -> set[str]:
        """The layered names that a module imports."""
        found = ours(self.modules[name], self.server) - {name, "doors"}
        return {COMMANDS if each.startswith(COMMANDS) else each for each in found}

    def of_layer(self, layer: set[str]) -> list[str]:
        """The modules in a layer; all files of commands are in one."""
        within = (name for name in self.server if name.startswith(COMMANDS))
        return [*(layer - {COMMANDS}), *(within if COMMANDS in layer else ())]

    def test_all_have_a_place(self) -> None:
        """Every module of the server is in a layer."""
        layered = sorted(name for layer in LAYERS for name in self.of_layer(layer))
        self.assertEqual(layered, sorted(self.server))

    def test_downwards(self) -> None:
        """A module of the server knows only those below it."""
        below: set[str] = set()
        for layer in LAYERS:
            for name in self.of_layer(layer):
                known = self.known(name) - ({COMMANDS} if COMMANDS in layer else set())
                self.assertEqual(known - below, set(), name)
            below |= layer

    def test_commands(self) -> None:
        """A file of commands knows no other one but those that they share."""
        for name in self.server:
            if name.startswith(f"{COMMANDS}."):
                others = {each for each in self.server if each.startswith(COMMANDS)}
                known = ours(self.modules[name], others) - {COMMANDS, name}
                self.assertEqual(known - SHARED, set(), name)

    def test_fewest(self) -> None:
        """No module is higher than it has to be: it knows one in the layer right under its own."""
        for below, layer in pairwise(LAYERS):
            for name in layer - {COMMANDS}:
                self.assertTrue(self.known(name) & below, name)

    def test_client(self) -> None:
        """The client knows nothing of the server's but what both ends of the wire share."""
        for name in self.names:
            if name.startswith(CLIENT):
                others = {each for each in self.names if not each.startswith((CLIENT, TERMINAL))}
                self.assertEqual(ours(self.modules[name], others) - SHARED_WITH_CLIENT, set(), name)

    def test_terminal(self) -> None:
        """A terminal knows no client, and no server."""
        for name in self.names:
            if name.startswith(TERMINAL):
                others = {each for each in self.names if not each.startswith(TERMINAL)}
                self.assertEqual(ours(self.modules[name], others) - SHARED_WITH_CLIENT, set(), name)

    def test_reactor(self) -> None:
        """The reactor enters at the top alone."""
        reactor = "twisted.internet.reactor"
        self.assertEqual({name for name in self.names if reactor in self.modules[name]}, ENTRIES)
