"""Why a program is refused something, where one code has several causes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat import entrances, permissions, roles, topics, watching
from chatservice.commands import people
from chatservice.doors.limits import Admission, Place
from chatservice.people.account import Proof
from chatservice.protocol.events import ChatError
from tests.conversation import JsonPerson, each_row
from tests.operating import PASSWORD, DenCase
from tests.registered import HOME

ROOMS = {
    "password": ("/room password sesame", "/join den", "room-password"),
    "wrong_password": ("/room password sesame", "/join den sesam", "wrong-room-password"),
    "invited": ("/room invite-only on", "/join den", "invite-only"),
    "full": ("/room limit 2", "/join den", "limit"),
}
RIGHTS = {
    "server": "/announce x",
    "room": "/kick #den eve",
    "address": "/ban * 192.0.2.7",
}
PROTECTED = {
    "operator": "/kick #den sysop",
    "ban_of_an_operator": "/ban #den sysop",
    "owner": "/kick #den ada",
    "oneself": "/mute #den olga",
}
TOLD_APART = {
    "nobody": ((), "/whois zoe", ("no-nick", None)),
    "not_there": (("/op olga",), "/kick #den bob", ("no-nick", "not-in-room")),
    "in_the_room": ((), "/invite ada #den", ("no-room", None)),
    "in_already": (("/invite olga",), "/invite ada #den", ("no-room", None)),
    "not_ignored": ((), "/unignore bob", ("no-nick", "not-ignored")),
    "not_left": ((), "/whowas bob", ("no-nick", "not-left")),
    "not_watched": ((), "/unwatch bob", ("no-nick", "not-watched")),
    "another_room": ((), "/part attic", ("no-room", None)),
    "no_room": ((), "/me waves", ("no-room", "no-current-room")),
    "no_name": ((), "/join #", ("bad-room", None)),
    "taken": ((), "/nick bob", ("nick-taken", None)),
    "yours": ((), "/nick olga", ("nick-taken", "yours")),
    "registered": ((), "/nick ada", ("registered", None)),
    "operators_own": ((), "/nick boss", ("registered", "operators-own")),
    "banned": (("/ban olga",), "/join den", ("banned", None)),
    "muted": (("/mute olga", "/op olga"), "/kick #den eve", ("muted", None)),
    "logged_in": ((), f"/register {PASSWORD}", ("logged-in", None)),
}
TOO_MUCH = {
    "rooms": (entrances, "ROOMS_PER_MEMBER", "/join attic"),
    "roles": (roles, "HOLDERS_MOST", "/voice eve"),
    "sanctions": (permissions, "HELD_MOST", "/mute #den eve"),
    "sanctions_of_one": (permissions, "HELD_BY_ONE", "/mute #den eve"),
    "topics": (topics, "OF_A_PERSON", "/topic tea"),
    "watched": (watching, "WATCHED_MOST", "/watch bob"),
    "ignored": (people, "IGNORED_MOST", "/ignore bob"),
}
IN_DOCS = re.compile(r"``([a-z-]+)`` +``([a-z-]+)``:")
ROOT = Path(__file__).parents[2]


class CauseTests(DenCase):
    """Ada owns #den; olga, who is registered, is at the JSON door."""

    def setUp(self) -> None:
        super().setUp()
        self.register("olga")
        self.olga = self.comes("json", "olga")

    def refused(self, line: str) -> tuple[str, str | None]:
        """The code and the cause with which something is refused to olga."""
        (error,) = [facts for facts in self.asks(self.olga, line) if facts["type"] == "error"]
        return error["code"], error.get("cause")

    @each_row(ROOMS)
    def test_closed_room(self, row: tuple[str, str, str]) -> None:
        """A room that is closed says by what."""
        setting, line, cause = row
        self.ada.types(setting)
        self.assertEqual(self.refused(line), ("closed", cause))

    def test_password_changed(self) -> None:
        """A password that is changed while it is checked is a wrong one."""
        self.ada.types("/room password sesame")
        check = self.chat.accounts.passwords.check

        def slow(*facts: Any) -> Any:
            self.ada.types("/room password another")
            return check(*facts)

        self.patch(self.chat.accounts.passwords, "check", slow)
        self.assertEqual(self.refused("/join den sesame"), ("closed", "wrong-room-password"))

    def test_lockdown(self) -> None:
        """So does a chat that takes no guests."""
        self.sysop.types("/lockdown on")
        grace = JsonPerson(self.connect())
        grace.asks("hello", nick="grace")
        self.assertEqual(grace.sees()[-1]["cause"], "lockdown")

    @each_row(RIGHTS)
    def test_right(self, line: str) -> None:
        """So does a right that is missing."""
        self.assertEqual(self.refused(line), ("not-allowed", "not-operator"))

    def test_moderated(self) -> None:
        """So does a room in which one may not speak."""
        self.ada.types("/room moderated on")
        self.olga.types("/join den")
        self.assertEqual(self.refused("hi"), ("not-allowed", "moderated"))

    @each_row(PROTECTED)
    def test_protected(self, line: str) -> None:
        """So does somebody to whom it cannot be done."""
        self.olga.types("/join den")
        self.sysop.types("/join den")
        self.ada.types("/op olga")
        self.assertEqual(self.refused(line), ("not-allowed", "protected"))

    def test_not_registered(self) -> None:
        """So does a role for a guest in the lobby."""
        sysop = self.comes("json", "sysop")
        (error,) = self.asks(sysop, "/op eve")
        self.assertEqual(error["cause"], "not-registered")

    @each_row(TOLD_APART)
    def test_told_apart(self, row: tuple[tuple[str, ...], str, tuple[str, str | None]]) -> None:
        """What a door may have to tell apart has a code or a cause of its own."""
        before, line, expected = row
        self.rules.operators |= {"boss"}
        for typed in before:
            self.ada.types(typed)
        if expected[1] == "no-current-room":
            self.olga.types("/part lobby")
        self.assertEqual(self.refused(line), expected)

    @each_row(TOO_MUCH)
    def test_too_much(self, row: tuple[Any, str, str]) -> None:
        """So does each bound on what somebody may have."""
        module, bound, line = row
        self.ada.types("/op olga")
        self.olga.types("/join den")
        self.patch(module, bound, 0)
        cause = next(name for name, each in TOO_MUCH.items() if each is row).partition("_")[0]
        self.assertEqual(self.refused(line), ("too-many", cause))

    def test_acts(self) -> None:
        """And on how much an operator does in a minute."""
        self.ada.types("/op olga")
        self.patch(self.chat.acting._acts, "wait", lambda _: 1.0)
        self.assertEqual(self.refused("/kick #den eve"), ("too-many", "acts"))

    def test_wide_network(self) -> None:
        """A ban of very many must be confirmed."""
        boss = self.comes("json", "sysop")
        (error,) = self.asks(boss, "/ban * 0.0.0.0/0")
        self.assertEqual((error["code"], error["cause"]), ("usage", "wide-network"))
        (error,) = self.asks(boss, f"/forget {PASSWORD}")
        self.assertEqual((error["code"], error["cause"]), ("not-allowed", "operator"))

    def test_other_nickname(self) -> None:
        """Whoever is muted must come back by the nickname that it had."""
        self.ada.types("/mute eve")
        identity = self.chat.roster["eve"].identity
        check, known = self.chat.permissions.check_name, {"eve"}
        self.raises("muted", "other-nickname", check, identity, "eva", known)

    def test_full(self) -> None:
        """A chat without room for more connections says whether it is for the address."""
        for admission, cause in ((Admission(1, 0), "full"), (Admission(9, 1), "address-full")):
            for _ in range(2):
                place = Place(admission, "192.0.2.1")
                place.settle("192.0.2.1")
            assert place.refusal is not None
            self.assertEqual((place.refusal.code, place.refusal.cause), ("closing", cause))

    def raises(self, code: str, cause: str, work: Any, *given: Any) -> None:
        """Something is refused for a cause."""
        error = self.failureResultOf(maybeDeferred(work, *given), ChatError).value
        self.assertEqual((error.code, error.cause), (code, cause))

    def test_accounts(self) -> None:
        """So do refusals about accounts that look alike."""
        accounts = self.chat.accounts
        account = accounts.named("ada")
        assert account is not None
        given: Any = ("zoe", account.identity, PASSWORD, HOME)
        self.raises("registered", "has-account", accounts.register, *given)
        account.hash = ""
        given = (Proof(account), "another-long-one", HOME, lambda: None)
        self.raises("not-allowed", "kept-elsewhere", accounts.change_password, *given)


class DocsTests(SynchronousTestCase):
    """Programs can read about every code and cause."""

    def test_docs(self) -> None:
        """Each that the chat ever raises is in the docs, and each cause there is one of it."""
        docs = (ROOT / "docs" / "protocol.rst").read_text()
        _, _, tables = docs.partition("Error codes\n")
        tables, _, _ = tables.partition("Resuming\n")
        causes = {(code, cause) for cause, code in IN_DOCS.findall(tables)}
        codes = set(re.findall(r"^``([a-z-]+)``", tables, re.MULTILINE))
        codes -= {cause for _, cause in causes}
        raised = set(refusals())
        self.assertEqual({each for each in raised if each[1]}, causes)
        self.assertEqual({code for code, _ in raised} - codes, set())


def refusals() -> Iterator[tuple[str, str]]:
    """The codes that the chat's sources spell, each with the cause beside it, if there is one."""
    for path in (ROOT / "chatservice").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                at = {"ChatError": 2, "FailedProof": 3}.get(node.func.id, 0)
                if at and isinstance(node.args[0], ast.Constant):
                    cause = node.args[at] if len(node.args) > at else ast.Constant("")
                    yield node.args[0].value, ast.literal_eval(cause)
