"""What setup.cfg promises about the files beside it."""

import configparser
from pathlib import Path

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "chatservice"


def listed(section: str, option: str) -> set[str]:
    """The lines of a list in setup.cfg."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return set(config.get(section, option).split())


class PackagingTests(SynchronousTestCase):
    """Lists written by hand agree with what is there."""

    def test_packages(self) -> None:
        """Every folder with Python files in it is listed as a package."""
        folders = {path.parent.relative_to(ROOT) for path in PACKAGE.rglob("*.py")}
        found = {".".join(folder.parts) for folder in folders}
        self.assertEqual(listed("options", "packages"), found | {"twisted.plugins"})

    def test_data_files(self) -> None:
        """Every file in the package that is not Python is listed as package data."""
        patterns = listed("options.package_data", "chatservice")
        listed_files = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
        others = {
            path
            for path in PACKAGE.rglob("*")
            if path.is_file() and path.suffix not in {".py", ".pyc"}
        }
        self.assertEqual(others - listed_files, set())

    def test_plugin(self) -> None:
        """Twistd finds the chat once, described in one line, and loads the tap by its name."""
        (chat,) = [plugin for plugin in getPlugins(IServiceMaker) if plugin.tapname == "chat"]
        self.assertEqual(chat.module, "chatservice.tap")
        self.assertNotIn("\n", chat.description)
