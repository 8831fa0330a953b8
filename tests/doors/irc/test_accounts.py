"""Registering a nickname at the IRC door."""

from __future__ import annotations

from chatservice.protocol.events import ChatError
from tests.conversation import each_row
from tests.doors.irc.asking import Client, ClientCase

PASSWORD = "wonderful-days"


class RegisterTests(ClientCase):
    """REGISTER and VERIFY."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.client("ada", "JOIN #lobby")

    @each_row({"any": "*", "the own one": "ADA"})
    def test_register(self, name: str) -> None:
        """Registering succeeds, logs in, and is shown to clients with account-notify."""
        bob = self.client("bob", "JOIN #lobby", caps="account-notify")
        logged_in, success = self.ada.asks(f"REGISTER {name} * :{PASSWORD}")
        self.assertIn(" 900 ada ", logged_in)
        self.assertTrue(success.startswith(":chatservice REGISTER SUCCESS ada :"))
        (line,) = bob.sees()
        self.assertTrue(line.endswith(" ACCOUNT ada"))

    @each_row(
        {
            "no password": ("REGISTER * *", "REGISTER NEED_MORE_PARAMS"),
            "another nickname": (
                f"REGISTER bob * {PASSWORD}",
                "REGISTER ACCOUNT_NAME_MUST_BE_NICK bob",
            ),
            "a weak password": ("REGISTER * * x", "REGISTER WEAK_PASSWORD *"),
            "a space": (f"REGISTER * * :{PASSWORD} x", "REGISTER WEAK_PASSWORD *"),
            "nothing to verify": ("VERIFY ada x", "VERIFY INVALID_CODE ada"),
            "no code": ("VERIFY ada", "VERIFY NEED_MORE_PARAMS"),
        }
    )
    def test_mistakes(self, row: tuple[str, str]) -> None:
        """A mistake is answered by one failure."""
        line, expected = row
        (answer,) = self.ada.asks(line)
        self.assertEqual(answer.partition(" :")[0], f":chatservice FAIL {expected}")

    def test_twice(self) -> None:
        """Somebody who is logged in cannot register again."""
        self.ada.sends(f"REGISTER * * {PASSWORD}")
        (answer,) = self.ada.asks(f"REGISTER * * {PASSWORD}")
        self.assertIn(" FAIL REGISTER ALREADY_AUTHENTICATED * :", answer)

    @each_row(
        {
            "taken": ("registered", "ACCOUNT_EXISTS"),
            "busy": ("busy", "TEMPORARILY_UNAVAILABLE"),
        }
    )
    def test_refused(self, row: tuple[str, str]) -> None:
        """Whatever else the chat refuses is a failure too."""
        code, expected = row

        def refuse(*_: object) -> None:
            raise ChatError(code, "not now")

        self.patch(self.chat.accounts, "register", refuse)
        self.assertEqual(
            self.ada.asks(f"REGISTER * * {PASSWORD}"),
            [f":chatservice FAIL REGISTER {expected} * :not now"],
        )

    def test_too_early(self) -> None:
        """Nobody registers a nickname before joining with it."""
        client = Client(self.connect())
        client.sends("NICK bob")
        (answer,) = client.asks(f"REGISTER * * {PASSWORD}")
        self.assertIn(" FAIL REGISTER COMPLETE_CONNECTION_REQUIRED * :", answer)
