"""Whatever people say and are called, it is text in the page."""

from __future__ import annotations

from tests.browser.browsers import Browser
from tests.browser.hostile import NAMES, strings
from tests.browser.meeting import entered, in_room
from tests.browser.page import until
from tests.running import Server

PWNED = "window.pwnings = []; window.pwned = (what) => pwnings.push(what);"

WRONG = """
const wrong = [];
const talk = document.querySelector('#talk').getBoundingClientRect();
if (pwnings.length) wrong.push(`scripts ran: ${pwnings}`);
if (document.scripts.length !== 1) wrong.push(`${document.scripts.length} scripts`);
if (document.documentElement.scrollWidth > innerWidth) wrong.push('the page scrolls sideways');
const scroller = document.querySelector('#talk');
if (scroller.scrollWidth > scroller.clientWidth) wrong.push('the talk scrolls sideways');
const foreign = '#lines :is(script, img, iframe, a, form, input, style, link, h1, svg, base, meta)';
for (const each of document.querySelectorAll(foreign)) wrong.push(each.outerHTML.slice(0, 200));
for (const row of document.querySelectorAll('#lines > .line')) {
  const text = row.querySelector('.text');
  const box = row.getBoundingClientRect();
  if (text.dir !== 'auto') wrong.push('a text without dir=auto');
  const parts = [...text.querySelectorAll('*')].map((part) => part.outerHTML.slice(0, 9));
  const isOurs = parts.every((part) => /^<(bdi clas|span dir)/.test(part));
  if (!isOurs) wrong.push(`elements in a text: ${text.innerHTML.slice(0, 200)}`);
  if (box.left < talk.left - 1 || box.right > talk.right + 1) wrong.push('a row is too wide');
  const who = row.querySelector('.who');
  if (who && who.tagName !== 'BDI' && !who.querySelector('bdi')) wrong.push('a name without bdi');
}
for (const selector of ['#places', '#composer', '#people', '#conversation > .bar']) {
  const box = document.querySelector(selector).getBoundingClientRect();
  if (box.left < 0 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) {
    wrong.push(`${selector} is out of view`);
  }
}
return wrong;
"""


def batched(items: list[str], size: int) -> list[list[str]]:
    """Cut a list into parts."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def test_hostile_strings_are_text(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """500 hostile strings run no script, break no policy and move nothing, and are all there."""
    page = entered(browser, chat.port, room, nick, PWNED)
    program = chat.program(other_nick)
    program.ask("command", line=f"/join {room}", ref="join")
    program.until_fact("ok", ref="join")
    expected: list[str] = []
    for texts in batched(strings(), 50):
        for text in texts:
            program.ask("say", room=room, text=text, ref=text[:4])
        expected += (program.until_fact("said", ref=text[:4])["text"] for text in texts)
        page.shows(*expected[-50:])
        page.frame()
        assert page.run(WRONG) == []
    assert len(expected) >= 500
    page.size(360, 640, is_phone=True)
    page.frame()
    assert [each for each in page.run(WRONG) if "is out of view" not in each] == []
    assert page.run("return document.querySelector('#composer').checkVisibility()")


def test_hostile_topics_and_reasons_are_text(
    browser: Browser, chat: Server, room: str, nick: str, other_nick: str
) -> None:
    """A topic, an action, a reason to go and a private line are text as well."""
    page = entered(browser, chat.port, room, nick, PWNED)
    peer = in_room(chat, room, other_nick)
    texts = "<img src=x onerror=pwned(1)>", "\u202e\u2067<script>pwned(2)</script>", "W" * 400
    for text in texts:
        peer.send(f"/topic {text}", f"/me {text}", f"/away {text}", f"/msg {nick} {text}")
        until(lambda text=text: text[-20:] in page.text("#topic"), "no such topic")
        page.frame()
        assert page.run(WRONG) == []
    page.goes_to(other_nick)
    page.frame()
    assert page.run(WRONG) == []
    peer.send("/quit <script>pwned(3)</script>")
    page.goes_to(f"#{room}")
    page.frame()
    assert page.run(WRONG) == []


def test_hostile_names_are_names(browser: Browser, chat: Server, room: str, nick: str) -> None:
    """People and rooms with names that a script or a layout could stumble over are shown."""
    page = entered(browser, chat.port, room, nick, PWNED)
    for name in NAMES:
        peer = in_room(chat, room, name)
        peer.send(f"{nick}, it is me")
        until(lambda name=name: name in page.text("#lines"), f"{name} is not there")
    assert page.text("#people-number") == str(len(NAMES) + 1)
    for name in ("constructor", "__proto__", "\u0634\u0643\u0631\u0627"):
        page.enters(name)
        page.says("hello")
        page.shows("hello")
    page.frame()
    assert page.run(WRONG) == []
    peer.send(f"/msg {nick} psst")
    page.goes_to(NAMES[-1])
    page.shows("psst")
    page.says("answer")
    peer.until("answer")
    assert page.run(WRONG) == []


def test_names_and_texts_stand_in_their_own_direction(
    browser: Browser, chat: Server, room: str, nick: str
) -> None:
    """A text in Hebrew begins at the right and one in English at the left, whoever says it."""
    page = entered(browser, chat.port, room, nick)
    peer = in_room(chat, room, "\u05d3\u05e0\u05d9")
    peer.send("\u05e9\u05dc\u05d5\u05dd \u05dc\u05db\u05d5\u05dc\u05dd", "hello everybody")
    page.shows("\u05e9\u05dc\u05d5\u05dd \u05dc\u05db\u05d5\u05dc\u05dd", "hello everybody")
    directions = page.run("""
        return [...document.querySelectorAll('#lines .line .text')]
          .map((text) => getComputedStyle(text).direction);
    """)
    assert directions == ["rtl", "ltr"]
    assert page.run("return document.querySelector('#input').dir") == "auto"
    assert page.run("""
        const names = document.querySelectorAll('#lines .who bdi, #people-list button > bdi, '
          + '#rooms bdi, #place-name bdi, #own-name');
        return names.length >= 5 && [...names].every((name) => name.tagName === 'BDI');
    """)
