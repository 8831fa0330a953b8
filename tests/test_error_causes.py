"""Why a program is refused something, where one code has several causes."""

from __future__ import annotations

from typing import Any

from tests.conversation import JsonPerson, each_row
from tests.operating import PASSWORD, DenCase

ROOMS = {
    "password": ("/room password sesame", "/join den", "room-password"),
    "wrong_password": ("/room password sesame", "/join den sesam", "wrong-room-password"),
    "invited": ("/room invite-only on", "/join den", "invite-only"),
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
        """So does a role for a guest."""
        grace = self.comes("json", "ada", "den")
        (error,) = self.asks(grace, "/op eve")
        self.assertEqual(error["cause"], "not-registered")

    def test_none(self) -> None:
        """A code that says it all has no cause."""
        self.assertEqual(self.refused("/join #"), ("bad-room", None))
        self.assertEqual(self.refused(f"/register {PASSWORD}"), ("logged-in", None))
