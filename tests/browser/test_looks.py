"""How the page looks: pictures at three widths, light and dark, and what axe says of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.browsers import Browser
from tests.browser.meeting import entered, in_room, says
from tests.browser.page import Page, until
from tests.running import Server, running

AXE = Path(sys.prefix, "axe", "node_modules", "axe-core", "axe.min.js")
SIZES = {360: (360, 720), 768: (768, 1024), 1440: (1440, 900)}
SCHEMES = ("light", "dark")

LONG = (
    "could you look at the notes for the release before noon? They are long, and I would rather "
    "have a second pair of eyes on them than hurry."
)
JAPANESE = "\u4eca\u65e5\u306f\u3044\u3044\u5929\u6c17\u3067\u3059\u306d"
HEBREW = "\u05e9\u05dc\u05d5\u05dd, \u05de\u05d4 \u05e0\u05e9\u05de\u05e2?"

GROUND = "return getComputedStyle(document.querySelector('#conversation')).backgroundColor"
"""The colour behind the talk."""

MISPLACED = """
const wrong = [];
const root = document.documentElement;
if (root.scrollWidth > innerWidth) wrong.push(`${root.scrollWidth} px wide`);
const inert = document.querySelector('dialog[open]') ?? document.querySelector(':popover-open');
const within = inert ?? document;
for (const each of within.querySelectorAll('button, input, textarea, summary, [role=button]')) {
  if (!each.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
  const box = each.getBoundingClientRect();
  const name = each.id || each.outerHTML.slice(0, 120);
  const scroller = each.closest('.scroll, .talk');
  const view = scroller?.getBoundingClientRect()
    ?? { top: 0, left: 0, bottom: innerHeight, right: innerWidth };
  const middle = { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  if (scroller && (middle.y < view.top || middle.y > view.bottom)) continue;
  if (box.left < -1 || box.right > innerWidth + 1 || box.top < -1 && !scroller
      || box.bottom > innerHeight + 1 && !scroller) wrong.push(`outside: ${name}`);
  const there = document.elementFromPoint(middle.x, middle.y);
  const label = each.closest('label');
  if (there && there !== each && !each.contains(there) && !label?.contains(there)
      && !there.closest('.pill') && !there.closest('[data-people=open] > #people')) {
    wrong.push(`${name} is covered by ${there.id || there.outerHTML.slice(0, 120)}`);
  }
}
return wrong;
"""


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Server]:
    """Provide a chat in which nobody has a name yet."""
    with running(tmp_path, "--rate-limit", "0") as server:
        yield server


def furnished(browser: Browser, chat: Server) -> Page:
    """Open the page as ada's, among people who talk about all kinds of things."""
    page = entered(browser, chat.port, "release", "ada")
    grace, bob = (in_room(chat, "release", name) for name in ("grace", "bob"))
    for name in ("J\u00fcrgen", "\u660e\u7f8e", "\u05d3\u05e0\u05d9", "Wolfeschlegelsteinhausen"):
        in_room(chat, "release", name)
    says(grace, "/topic Release 4.2 on Thursday. Notes: https://example.org/notes/4.2")
    says(grace, "Good morning, everybody.", "The build is green since last night.")
    says(bob, f"ada: {LONG}", "/me fetches coffee", JAPANESE)
    says(grace, HEBREW)
    page.shows(HEBREW)
    page.says("I will, right after this.", "/whois nobody", "/msg somebodyelse hello")
    page.sees(".pending.failed", "Not sent")
    says(bob, "/msg ada The draft is on your desk.", "/join lobby", "hello ada, over here")
    says(grace, "Thank you both.")
    until(lambda: page.exists("#conversations button"))
    page.shows("Thank you both.")
    page.frame()
    return page


def scheme(page: Page, name: str) -> None:
    """Let the system prefer light or dark, and wait until the colours have changed."""
    page.cdp(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}]
    )
    page.frame()
    until(lambda: page.run("return document.getAnimations().length === 0"), "colours change")


def views(page: Page, width: int) -> Iterator[str]:
    """Show one part of the page after the other, and name each."""
    yield "talk"
    if width < 720:
        page.click("#to-places")
        yield "places"
        page.goes_to_first_room()
    if width < 1080:
        page.click("#people-open")
        yield "people"
        page.click("#people-close")
    page.click("#search-open")
    page.types_into("#search-words", "release", Keys.ENTER)
    page.sees("#search-told", "line")
    yield "search"
    page.click("#search-close")
    page.run("document.querySelector('#browse-open').click()")
    page.sees("#browse-list", "#lobby")
    yield "browse"
    page.click("#browse-close")
    page.run("document.querySelector('#lines button.person').click()")
    yield "person"
    page.run("document.querySelector('#person').hidePopover()")
    page.run("document.querySelector('#menu').showPopover()")
    yield "menu"
    page.run("document.querySelector('#menu').hidePopover()")
    page.pastes("one\ntwo")
    yield "question"
    page.press(Keys.ESCAPE)


@pytest.mark.parametrize("width", SIZES)
def test_nothing_is_out_of_view_or_covered(
    browser: Browser, chat: Server, width: int, tmp_path: Path
) -> None:
    """At each width, in light and dark, each control is in view, and there are pictures."""
    page = browser.open(chat.port)
    until(lambda: page.exists("#join"))
    page.size(*SIZES[width], is_phone=width < 500)
    for name in SCHEMES:
        scheme(page, name)
        picture(page, tmp_path / f"{width}-{name}-join.png")
        assert page.run(MISPLACED) == []
    page.close()
    page = furnished(browser, chat)
    page.size(*SIZES[width], is_phone=width < 500)
    grounds = set()
    for view in views(page, width):
        for name in SCHEMES:
            scheme(page, name)
            picture(page, tmp_path / f"{width}-{name}-{view}.png")
            assert page.run(MISPLACED) == [], view
            grounds.add(page.run(GROUND))
    assert len(grounds) == 2
    print(f"pictures: {tmp_path}")


def picture(page: Page, path: Path) -> None:
    """Take a picture of the page."""
    page.frame()
    page.browser.driver.save_screenshot(str(path))


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (tests/run gets it by npm)")
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing(browser: Browser, chat: Server, width: int) -> None:
    """axe finds no violation in any part of the page, light or dark."""
    page = browser.open(chat.port)
    until(lambda: page.exists("#join"))
    page.size(*SIZES[width], is_phone=width < 500)
    assert judged(page) == []
    page.close()
    page = furnished(browser, chat)
    page.size(*SIZES[width], is_phone=width < 500)
    for view in views(page, width):
        for name in SCHEMES:
            scheme(page, name)
            assert judged(page) == [], f"{view}, {name}"
    page.run("document.querySelector('#menu').showPopover()")
    page.click("#leave")
    until(lambda: page.exists("#ended"))
    assert judged(page) == []


def judged(page: Page) -> list[str]:
    """Let axe judge what the page shows."""
    if not page.run("return 'axe' in window"):
        page.run(AXE.read_text())
    page.frame()
    found: list[str] = page.browser.driver.execute_async_script("""
        const done = arguments[0];
        axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(
          violations.flatMap(({ id, help, nodes }) => nodes.map(
            ({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary}`,
          ))));
    """)
    return found
