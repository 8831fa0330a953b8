"""The files of the web page: read once, named, compressed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors import site
from tests.browsing import INDEX, PAGE, SCRIPT, page_of


class SiteTests(SynchronousTestCase):
    """A page in a folder of the test's own."""

    def test_paths(self) -> None:
        """Each file has the path of its place, the index is at the root, and no other is served."""
        page = page_of(self, PAGE)
        names = {"style.css", "script/main.js", "icons/tea.png", "icons/tea.svg"}
        names |= {"site.webmanifest", "version.json", ""}
        self.assertEqual(set(page), {f"/{name}" for name in names})

    def test_types(self) -> None:
        """Each kind of file has its media type, and texts are in UTF-8."""
        types = {path: file.type for path, file in page_of(self, PAGE).items()}
        expected = {
            "/": "text/html; charset=utf-8",
            "/style.css": "text/css; charset=utf-8",
            "/script/main.js": "text/javascript; charset=utf-8",
            "/icons/tea.png": "image/png",
            "/icons/tea.svg": "image/svg+xml",
            "/site.webmanifest": "application/manifest+json",
            "/version.json": "application/json",
        }
        self.assertEqual(types, expected)

    def test_version(self) -> None:
        """The page knows its version, which C{/version.json} tells; scripts stay as they are."""
        page = page_of(self, PAGE)
        version = json.loads(page["/version.json"].content)["version"]
        self.assertEqual(page["/"].content, INDEX.replace(b"@VERSION@", version.encode()))
        self.assertEqual(page["/script/main.js"].content, SCRIPT)

    def test_another_version(self) -> None:
        """The version is the same for the same files, and another after any change."""
        versions = [
            page_of(self, files)["/version.json"].content
            for files in (PAGE, PAGE, PAGE | {"icons/tea.svg": b"<svg />"})
        ]
        self.assertEqual(versions[0], versions[1])
        self.assertNotEqual(versions[0], versions[2])

    def test_compressed(self) -> None:
        """A file is kept compressed as well, if that is smaller, and always as the same bytes."""
        script, icon = (page_of(self, PAGE)[path] for path in ("/script/main.js", "/icons/tea.png"))
        self.assertEqual(gzip.decompress(script.packed), SCRIPT)
        self.assertLess(len(script.packed), len(SCRIPT))
        self.assertEqual(icon.packed, b"")
        self.assertEqual(page_of(self, PAGE)["/script/main.js"].packed, script.packed)

    def test_tags(self) -> None:
        """The tag of a file changes with it, and with no other file."""
        before = page_of(self, PAGE)
        after = page_of(self, PAGE | {"style.css": b"p { color: red }"})
        self.assertRegex(before["/style.css"].tag, r'\AW/"[0-9a-f]{16}"\Z')
        changed = {path for path, file in before.items() if file.tag != after[path].tag}
        self.assertEqual(changed, {"/style.css", "/version.json", "/"})

    def test_read_once(self) -> None:
        """The page is in memory: what changes in the folder later is not served."""
        page = page_of(self, PAGE)
        (Path(site.FOLDER) / "style.css").unlink()
        self.assertIs(site.page(), page)

    def test_own_page(self) -> None:
        """The chat has a page of its own, which every installation can read."""
        site.page.cache_clear()
        self.assertIn(b"<!doctype html>", site.page()["/"].content)
