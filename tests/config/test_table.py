"""The table of options, and what is made from it."""

from pathlib import Path
from runpy import run_path

from twisted.trial.unittest import SynchronousTestCase

from chatservice.config.settings import Settings, settings_of
from chatservice.config.table import OPTIONS, TABLE

ROOT = Path(__file__).resolve().parent.parent.parent
make_options = run_path(str(ROOT / "docs" / "make_options.py"))


class TableTests(SynchronousTestCase):
    """What is made from the table."""

    def test_defaults(self) -> None:
        """The settings of a chat without options are the defaults of the table."""
        values = {
            row.name: None if row.default is None else row.read(row.default) for row in OPTIONS
        }
        self.assertEqual(Settings(**settings_of(values)), Settings())

    def test_fields(self) -> None:
        """Each setting has the value of its own option."""
        found = settings_of({row.name: row.name for row in TABLE})
        names = ["name", "replay", "rate_limit", "pipe_rate", "send_queue", "linger", "keep"]
        expected = {name: name.replace("_", "-") for name in [*names, "keep_lines"]}
        self.assertEqual(found, {**expected, "per_address": "max-per-address"})

    def test_pages(self) -> None:
        """The pages have the options as docs/make_options.py prints them."""
        for name, only_basic in (("README.rst", True), ("docs/running.rst", False)):
            page = (ROOT / name).read_text("utf-8")
            self.assertEqual(page, make_options["with_options"](page, only_basic), name)

    def test_full_page(self) -> None:
        """docs/running.rst has every option, and README.rst those for a new user."""
        for row in TABLE:
            for name, is_there in (("README.rst", row.is_basic), ("docs/running.rst", True)):
                page = (ROOT / name).read_text("utf-8")
                written = f"``--{row.name}{'' if row.is_flag else '='}``\n"
                self.assertEqual(written in page, is_there, (name, row.name))

    def test_no_place(self) -> None:
        """A page without a place for the options is refused."""
        self.assertRaises(ValueError, make_options["with_options"], "nothing", False)
