"""The order of the package: imports point one way."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

PACKAGE = Path(__file__).resolve().parent.parent / "chatservice"

ORDER = (
    *("protocol", "terminal", "people", "config", "chat", "storage", "cluster", "sessions"),
    *("commands", "doors", "server", "starting", "options", "tap"),
)
"""Folders, and modules at the top: each imports only those before it."""

CHAT = (
    *("clock", "refs", "door", "read_markers", "residents", "journal", "recent", "audience"),
    *("receiving", "coming", "dwelling", "rooms"),
    "roster",
    "room_list",
    *("topics", "envelope", "sanctions", "access", "presence", "places", "claiming"),
    "authority",
    *("permissions", "room_settings"),
    *("names", "nicknames", "room_passwords", "folding", "ignoring", "watching", "broadcast"),
    "publisher",
    *("repeats", "marks", "departures"),
    *("lingering", "audit", "acting", "lifting", "speaking", "enforcement", "roles"),
    *("homes", "formers", "bindings", "belongings"),
    *("entrances", "devices", "housing", "undoing", "replicas"),
    *("verbs", "news", "nodes", "passing", "parts", "chat"),
)
"""The files of C{chat/}, in the same way."""

CLIENT = "client"
CLIENT_IMPORTS = {"protocol", "terminal"}
SHARED_COMMANDS = {"commands.table", "commands.targets", "commands.connections"}
"""The files of commands that others of them import."""

TOP_MOST = 6
"""The most modules that are in no folder."""

REACTOR = "twisted.internet.reactor"
ENTRIES = {"options", "tap", "client.main"}
"""The modules that import the reactor."""

RELATIVE = "."

BROKEN = {
    "upwards": ("protocol.names", "from chatservice.people.account import Account"),
    "the_module_itself": ("people.tokens", "from chatservice.config import table"),
    "by_its_whole_name": ("storage.rows", "import chatservice.doors.text"),
    "for_annotations": (
        "people.tokens",
        "if TYPE_CHECKING:\n    from chatservice.chat.rooms import Member",
    ),
    "in_a_function": (
        "chat.rooms",
        "def connect():\n    from chatservice.storage.database import Database",
    ),
    "within_chat": ("chat.rooms", "from chatservice.chat.roster import Roster"),
    "from_the_package_of_chat": ("chat.rooms", "from chatservice.chat import roster"),
    "relative": ("chat.rooms", "from .roster import Roster"),
    "another_command": ("commands.talk", "from chatservice.commands import people"),
    "a_package": ("sessions.joining", "from chatservice.commands import ALIASES"),
    "the_top": ("doors.text", "from chatservice.server import ChatFactory"),
    "the_client": ("doors.text", "from chatservice.client.main import main"),
    "the_client_in_the_terminal": ("terminal.keys", "from chatservice.client import main"),
    "people_in_the_terminal": ("terminal.keys", "from chatservice.people import identity"),
    "the_chat_in_the_client": ("client.main", "from chatservice.chat.rooms import Room"),
    "no_place": ("elsewhere", "import json"),
    "no_place_in_chat": ("chat.elsewhere", "import json"),
}
"""Modules, and code in them that breaks the order."""


def imports(tree: ast.AST) -> set[str]:
    """Everything that code imports, wherever in it, for its annotations too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.add(RELATIVE)
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def package() -> dict[str, set[str]]:
    """Each module by its name within the package, and what it imports."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        name = name.removesuffix("__init__").removesuffix(".")
        found[name] = imports(ast.parse(path.read_text("utf-8")))
    return found


def known(name: str, modules: dict[str, set[str]]) -> set[str]:
    """The other modules of the package that one imports."""
    ours = {each.removeprefix("chatservice.") for each in modules[name]}
    return ours & (set(modules) - {name, ""})


def place(name: str) -> str:
    """The folder of a module, or the module itself at the top."""
    folder, _, _ = name.partition(".")
    return CLIENT if folder == "__main__" else folder


def may_import(name: str, other: str) -> bool:
    """Whether the order allows that one module of the package imports another."""
    own, theirs = place(name), place(other)
    if own == CLIENT:
        return theirs in {CLIENT, *CLIENT_IMPORTS}
    if own != theirs:
        return theirs in ORDER[: ORDER.index(own)]
    if "." not in other or "." not in name:
        return True
    if own == "chat":
        file = CHAT.index(name.removeprefix("chat."))
        return other.removeprefix("chat.") in CHAT[:file]
    return own != "commands" or other in SHARED_COMMANDS


def has_place(name: str) -> bool:
    """Whether the lists say where a module belongs."""
    folder, _, file = name.partition(".")
    if folder == "chat" and file:
        return file in CHAT
    return place(name) in {"", CLIENT, *ORDER}


def breaches(modules: dict[str, set[str]]) -> list[str]:
    """What breaks the order, a sentence for each."""
    found = [f"{name} has no place" for name in modules if not has_place(name)]
    for name in filter(has_place, modules):
        if RELATIVE in modules[name]:
            found.append(f"{name} has a relative import")
        wrong = (other for other in known(name, modules) if not may_import(name, other))
        found.extend(f"{name} imports {other}" for other in wrong)
    return sorted(found)


def is_crowded(modules: dict[str, set[str]]) -> bool:
    """Whether too many modules are at the top."""
    packages = {name.partition(".")[0] for name in modules if "." in name}
    return len({name for name in modules if "." not in name} - packages) > TOP_MOST


class LayerTests(SynchronousTestCase):
    """The imports of the whole package."""

    def setUp(self) -> None:
        self.modules = package()

    def test_order(self) -> None:
        """A module imports only those before it, and each has a place."""
        self.assertEqual(breaches(self.modules), [])

    def test_broken(self) -> None:
        """An import that breaks the order, wherever it is, is noticed."""
        for case, (name, code) in BROKEN.items():
            broken = {**self.modules, name: imports(ast.parse(code))}
            found = [each for each in breaches(broken) if each.startswith(f"{name} ")]
            self.assertNotEqual(found, [], case)

    def test_gone(self) -> None:
        """The list of the files of chat names no file that is gone."""
        self.assertEqual([file for file in CHAT if f"chat.{file}" not in self.modules], [])

    def test_circles(self) -> None:
        """No modules import each other, in no folder."""
        graph = {name: known(name, self.modules) for name in self.modules}
        self.assertEqual(set(TopologicalSorter(graph).static_order()), set(self.modules))

    def test_top(self) -> None:
        """Six modules at most are in no folder."""
        self.assertFalse(is_crowded(self.modules))
        more = {f"another{number}": set[str]() for number in range(TOP_MOST)}
        self.assertTrue(is_crowded(self.modules | more))

    def test_reactor(self) -> None:
        """The reactor enters at the top alone."""
        importing = {name for name in self.modules if REACTOR in self.modules[name]}
        self.assertEqual(importing, ENTRIES)
