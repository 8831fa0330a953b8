"""Who may know whom: imports point one way."""

import ast
from itertools import pairwise
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    {
        *("clock", "database", "durations", "envelope", "events", "hangups", "keepalive"),
        *("names", "networks", "obvious", "outbox", "preferences", "presence", "ratelimit"),
        *("refs", "scripts", "settings", "starting", "telnet", "tries"),
    },
    {
        *("accountrows", "acts", "admission", "flood", "identities", "mentions", "peers"),
        *("proofs", "reading", "recent", "sanitize", "tokenizer", "turns", "upkeep"),
    },
    {
        *("indexing", "metering", "options", "passwords", "query", "rooms", "roster", "rows"),
        *("sanctions", "scanning"),
    },
    {
        *("actlog", "broadcast", "checkers", "lingering", "personal", "pruning", "remembered"),
        *("search", "standing", "text", "tokens"),
    },
    {"accounts", "audit", "authority", "looks", "missed", "pages", "seeking"},
    {"catchup", "journal", "moderation", "nicknames"},
    {"joining", "login", "memory", "roompasswords"},
    {"commands", "lines", "publisher", "roomlist", "topics"},
    {"belongings", "operators", "reception", "repeats"},
    {"bindings", "doors.text", "entrances"},
    {"server"},
    {"tap"},
]
"""Of the server, from below; a module knows those in the layers under its own."""

BELOW = {
    name: set().union(*LAYERS[:number]) for number, layer in enumerate(LAYERS) for name in layer
}
DOOR = BELOW["doors.text"]
DOORS = {"doors": set(), "doors.facts": DOOR, "doors.web": DOOR}
DOORS["doors.jsonlines"] = DOOR | {"doors.facts"}
DOORS["doors.front"] = DOOR | DOORS.keys() | {"doors.text"}
GROUPS = {
    "basics": set(),
    "history": set(),
    "names": set(),
    "operators": {"commands.targets"},
    "people": set(),
    "personal": set(),
    "rooms": set(),
    "roomsettings": set(),
    "sanctions": {"commands.targets"},
    "search": set(),
    "talk": set(),
    "targets": set(),
}
"""The files of commands, each with those of its kind that it knows besides the table."""

COMMANDS = {
    "commands.table": BELOW["commands"],
    **{
        f"commands.{group}": BELOW["commands"] | {"commands.table"} | others
        for group, others in GROUPS.items()
    },
}
COMMANDS["commands"] = BELOW["commands"] | COMMANDS.keys()
ALLOWED = {
    **BELOW,
    **DOORS,
    **COMMANDS,
    "ports": DOOR | DOORS.keys(),
    "tap": BELOW["tap"] | DOORS.keys() | {"ports"},
}
ENTRIES = {"tap", "client.main"}
CLIENT = "client"


def imports(tree: ast.AST) -> set[str]:
    """The modules that code imports, wherever in it, but not for its annotations alone."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        found |= imports(node)
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

    def test_all_have_a_place(self) -> None:
        """Every module of the server is in a layer."""
        server = {name for name in self.names if not name.startswith((CLIENT, "__main__"))}
        self.assertEqual(server, set(ALLOWED))

    def test_downwards(self) -> None:
        """A module of the server knows only those below it."""
        for name, allowed in ALLOWED.items():
            known = ours(self.modules[name], self.names)
            self.assertEqual(known - allowed - {name}, set(), name)

    def test_fewest(self) -> None:
        """No module is higher than it has to be: it knows one in the layer right under its own."""
        for below, layer in pairwise(LAYERS):
            for name in layer - {"commands", "tap"}:
                self.assertTrue(ours(self.modules[name], below), name)

    def test_client(self) -> None:
        """The client knows nothing of the server's but what may be called what, and mentioned."""
        for name in self.names:
            if name.startswith(CLIENT):
                others = {each for each in self.names if not each.startswith(CLIENT)}
                known = ours(self.modules[name], others) - {"names", "mentions"}
                self.assertEqual(known, set(), name)

    def test_reactor(self) -> None:
        """The reactor enters at the top alone."""
        reactor = "twisted.internet.reactor"
        self.assertEqual({name for name in self.names if reactor in self.modules[name]}, ENTRIES)
