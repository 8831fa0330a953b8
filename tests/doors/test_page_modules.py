"""The page's modules that know no document, tested without a browser by node."""

import shutil
import subprocess
from pathlib import Path
from unittest import SkipTest

from tests.conversation import TableCase, each_row

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "chatservice" / "doors" / "page" / "model"
TESTS = {path.name.removesuffix(".test.mjs"): path for path in ROOT.glob("tests/page/*.test.mjs")}

_PATIENCE = 50.0  # seconds; the tests of a module take less than one


def node_or_skip() -> str:
    """The path of node; without it the test is skipped."""
    node = shutil.which("node")
    if node is None:
        raise SkipTest("node is not installed")
    return node


class PageModuleTests(TableCase):
    """The modules of C{doors/page/model}."""

    @each_row(TESTS)
    def test_module(self, path: Path) -> None:
        """The tests of a module pass."""
        run = subprocess.run(
            [node_or_skip(), "--test", str(path)],
            capture_output=True,
            encoding="utf-8",
            timeout=_PATIENCE,
        )
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_each_module_has_tests(self) -> None:
        """No module is without tests, and no tests are without their module."""
        self.assertEqual(set(TESTS), {path.stem for path in MODEL.glob("*.js")})
