"""What is logged of who did what, and what fail2ban makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from twisted.internet.address import UNIXAddress
from twisted.logger import capturedLogs, formatEventAsClassicLogText
from twisted.python.failure import Failure

from chatservice.doors.limits import Admission
from chatservice.protocol.actions import Banned
from chatservice.protocol.events import FailedProof
from tests.conversation import (
    DOORS,
    TOKEN,
    ConversationCase,
    JsonPerson,
    Person,
    TextPerson,
    at_each_door,
    each_row,
)
from tests.doubles import Wire
from tests.operating import OperatorCase

SECRET = "correct-horse"
NAMES = {"text": "text", "json": "JSON", "web": "WebSocket"}
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.rst"

PRETENCE = "[chatservice.audit#info] Failed proof from 1.2.3.4 at the text door: wrong-password"
FORGED = {
    "end_of_line": f"x\n2026-11-21T12:00:00+0000 {PRETENCE}",
    "quotes": f'" {PRETENCE}',
    "address": "from 1.2.3.4 at the text door: wrong-password",
    "escape": f"\x1b[2K\r {PRETENCE}",
    "bidi": "\u202eada from 1.2.3.4",
    "separator": f"x\u2028 {PRETENCE}",
}


def written(act: Callable[[], object]) -> list[str]:
    """The lines that a file gets of what is logged meanwhile, without the time and the end."""
    with capturedLogs() as events:
        act()
    text = "".join(formatEventAsClassicLogText(event) or "" for event in events)
    # What fail2ban looks at is a line without the time that it found in it.
    return [re.sub(r"^\S+T\S+", "", line) for line in text.split("\n") if line]


def audited(act: Callable[[], object]) -> list[str]:
    """Those of them that are for an operator, without what they all begin with."""
    begin = " [chatservice.audit#info] "
    return [line.removeprefix(begin) for line in written(act) if line.startswith(begin)]


def failregex() -> re.Pattern[str]:
    """The filter in the docs, with what fail2ban puts for the address."""
    (found,) = re.findall(r"^    failregex = (.*)$", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    return re.compile(found.replace("<HOST>", r"(?P<host>[0-9A-Fa-f:.]+|[\w.-]+)"))


def banned_by(lines: list[str]) -> list[str]:
    """The addresses that fail2ban counts lines against."""
    return [found["host"] for line in lines if (found := failregex().search(line))]


class AuditCase(ConversationCase):
    """Ada is registered, and not here."""

    def setUp(self) -> None:
        super().setUp()
        ada = self.at_json("ada", token=TOKEN)
        for line in (f"/register {SECRET}", "/quit"):
            ada.types(line)

    def knocks(self, door: str, nick: str, password: str, host: str = "203.0.113.5") -> None:
        """Somebody comes, and gives a nickname and a password."""
        DOORS[door](self.connect(host)).joins(nick, password)


class FailedProofTests(AuditCase):
    """Whoever cannot prove what is to be proved."""

    @at_each_door
    def test_arriving(self, door: str) -> None:
        """A wrong password of who comes: one line, with nickname, address and door."""
        lines = written(lambda: self.knocks(door, "ADA", "wrong"))
        (line,) = [line for line in lines if "audit" in line]
        self.assertEqual(
            line,
            f" [chatservice.audit#info] Failed proof from 203.0.113.5 at the {NAMES[door]} door: "
            'wrong-password, for "ada", by "ADA".',
        )
        self.assertEqual(banned_by(lines), ["203.0.113.5"])

    @at_each_door
    def test_ipv6(self, door: str) -> None:
        """So it is with an address of the other kind."""
        lines = written(lambda: self.knocks(door, "ada", "wrong", "2001:db8::7"))
        self.assertEqual(banned_by(lines), ["2001:db8::7"])

    @at_each_door
    def test_login(self, door: str) -> None:
        """So it is with /login, whichever nickname it is for."""
        zoe = self.at(door, "zoe")
        for typed in ("/login ada wrong", "/login wrong"):
            lines = written(lambda typed=typed: zoe.types(typed))
            self.assertEqual(banned_by(lines), ["192.0.2.1"])
            (line,) = [line for line in lines if "audit" in line]
            of = '"ada"' if "ada" in typed else "nobody"
            self.assertIn(f'{NAMES[door]} door: wrong-password, for {of}, by "zoe".', line)

    @each_row({"password": "/password wrong another-one", "unregister": "/unregister wrong"})
    def test_again(self, typed: str) -> None:
        """So it is with who is here, and has to prove it again."""
        ada = self.at_json("ada", password=SECRET)
        self.assertEqual(banned_by(written(lambda: ada.types(typed))), ["192.0.2.1"])

    @at_each_door
    def test_room(self, door: str) -> None:
        """So it is with the password of a room."""
        ada = self.at_json("ada", password=SECRET)
        for line in ("/join den", "/room password hunter2"):
            ada.types(line)
        bob = self.at(door, "bob")
        lines = written(lambda: bob.types("/join den wrong"))
        self.assertEqual(banned_by(lines), ["192.0.2.1"])
        self.assertIn('closed, for "#den", by "bob"', lines[-1])

    def test_token(self) -> None:
        """So it is with a token that is good no more, or never was."""
        ada = self.at_json("ada", token=TOKEN)
        for line in ("/logout", "/quit"):
            ada.types(line)
        for token in (TOKEN, "one-that-nobody-ever-had"):
            person = TextPerson(self.connect())
            lines = written(partial(person.types, f"/resume {token}"))
            self.assertEqual(banned_by(lines), ["192.0.2.1"])
            self.assertIn('not-joined, for "a token", by ""', lines[-1])
            self.assertNotIn(token, "".join(lines))

    def test_gone_at_once(self) -> None:
        """Who does not wait for the answer is logged as well."""
        wire = self.connect("203.0.113.5")
        wire.sends(b'{"type":"hello","nick":"ada","password":"wrong"}\n')
        wire.hangs_up()
        session = wire.protocol._door.session
        error = FailedProof("wrong-password", "no", "ada")
        lines = written(lambda: session.complain(Failure(error)))
        self.assertEqual(banned_by(lines), ["203.0.113.5"])

    @at_each_door
    def test_too_many(self, door: str) -> None:
        """Who tries too often is refused, which is no failed proof: it may be the owner."""
        for number in range(5):
            self.knocks("json", "ada", "wrong", f"198.51.100.{number}")
        lines = written(lambda: self.knocks(door, "ada", SECRET))
        self.assertEqual(banned_by(lines), [])
        self.assertIn(f'203.0.113.5 at the {NAMES[door]} door: too-many-tries, "ada".', lines[-1])

    @at_each_door
    def test_password_for_a_nickname(self, door: str) -> None:
        """A password that is given in the place of a nickname is not logged."""
        zoe = self.at(door, "zoe")
        lines = written(lambda: zoe.types(f"/login {SECRET} ada"))
        self.assertEqual(len(banned_by(lines)), 1)
        self.assertNotIn(SECRET, "".join(lines))

    def test_this_machine(self) -> None:
        """Who comes through a UNIX socket has no address that could be banned."""
        wire = Wire(self.clock)
        wire.protocol = self.front.buildProtocol(UNIXAddress(None))
        wire.protocol.makeConnection(wire)
        person = JsonPerson(wire)
        lines = written(lambda: person.asks("hello", nick="ada", password="wrong"))
        self.assertIn("Failed proof from this machine at the JSON door", lines[-1])
        self.assertEqual(banned_by(lines), [])

    @each_row(FORGED)
    def test_forged(self, text: str) -> None:
        """Nothing that anybody sends makes a line that fail2ban takes for another."""
        zoe = self.at_json("zoe")

        def tries() -> None:
            for line in (f"/login {text} {text}", f"/register {text}", f"/join {text}"):
                zoe.types(line)
            zoe.asks("say", room="lobby", text=text)
            zoe.asks("hello", nick=text, password=text)
            person = JsonPerson(self.connect())
            person.asks("hello", nick=text, password=text)
            person.asks("hello", nick=text, token=text)
            text_person = TextPerson(self.connect())
            text_person.types(text)

        lines = written(tries)
        self.assertEqual(set(banned_by(lines)), {"192.0.2.1"})
        for line in lines:
            self.assertNotIn("1.2.3.4", re.sub(r'"(?:[^"\\]|\\.)*"', "", line))
            self.assertTrue(line.isprintable(), line)


class RefusedTests(OperatorCase):
    """Who is not let in, and what operators do."""

    def setUp(self) -> None:
        super().setUp()
        self.server_operator("ada")
        self.ada = self.at("json", "ada")

    @at_each_door
    def test_banned(self, door: str) -> None:
        """Who is banned from the chat."""
        self.ada.types("/ban * 203.0.113.0/24")
        lines = audited(lambda: self.comes(door, "eve"))
        where = f"203.0.113.5 at the {NAMES[door]} door"
        self.assertEqual(lines, [f'Refused from {where}: banned, "eve".'])

    @at_each_door
    def test_locked_down(self, door: str) -> None:
        """Who is not registered during a lockdown."""
        self.ada.types("/lockdown on")
        lines = audited(lambda: self.comes(door, "eve"))
        where = f"203.0.113.5 at the {NAMES[door]} door"
        self.assertEqual(lines, [f'Refused from {where}: closed, "eve".'])

    def test_something_else(self) -> None:
        """What is no more than a mistake is not logged."""
        self.comes("json", "bob")

        def mistakes() -> None:
            self.comes("json", "bob")
            self.comes("text", "9lives")
            for line in ("/join", "/nick bob", "/whois nobody"):
                self.ada.types(line)

        self.assertEqual(audited(mistakes), [])

    def test_kept_out_of_a_room(self) -> None:
        """Nor is what a member may not do."""
        bob = self.comes("json", "bob")
        self.ada.types("/join den")
        self.ada.types("/room invite-only on")
        self.assertEqual(audited(lambda: bob.types("/join den")), [])

    def test_connections(self) -> None:
        """Whose connections are too many; of a flood a line a second."""
        self.front._admission = Admission(per_address=1)

        def knocks() -> None:
            for _ in range(200):
                self.connect("203.0.113.5").sends(b"{")

        lines = audited(knocks)
        told = "your address already has the most connections allowed (1): close one of them first"
        self.assertEqual(lines, [f"Refused connection from 203.0.113.5: {told}."] * 20)
        self.clock.advance(1)
        self.assertEqual(len(audited(knocks)), 1)

    def comes(self, door: str, nick: str) -> Person:
        """Somebody comes from elsewhere."""
        person = DOORS[door](self.connect("203.0.113.5"))
        person.joins(nick)
        return person

    @each_row(
        {
            "ban": (
                '/ban * bob 1h "such"',
                r'banned "bob" (192.0.2.1/32) in the chat until 2026-11-21 13:00 (UTC): "\"such\""',
            ),
            "network": ("/ban #den 203.0.113.0/24", 'banned "203.0.113.0/24" in #den'),
            "kick": ("/kick #den bob", 'kicked "bob" in #den'),
            "mute": ("/mute bob", 'muted "bob" (192.0.2.1/32) in #den'),
            "setting": ("/room moderated on", 'room_set "moderated" in #den: "on"'),
            "room_password": ("/room password hunter2", 'room_set "password" in #den: "on"'),
            "lockdown": ("/lockdown on", 'locked_down in the chat: "on"'),
            "announce": ("/announce the secret is out", "announced in the chat"),
        }
    )
    def test_acts(self, row: tuple[str, str]) -> None:
        """Who did what to whom, where, until when and why; not what was said, and no password."""
        typed, told = row
        bob = self.at_json("bob")
        for person in (bob, self.ada):
            person.types("/join den")
        lines = audited(lambda: self.ada.types(typed))
        self.assertEqual(lines[0], f"Act of ada: {told}.")
        self.assertNotIn("hunter2", "".join(lines))
        self.assertNotIn("secret", "".join(lines))

    @each_row(FORGED)
    def test_reason(self, text: str) -> None:
        """A reason is quoted, and makes no line that looks like another."""
        self.at_json("bob")
        lines = written(lambda: self.ada.types(f"/ban * bob 1h {text}"))
        self.assertEqual(banned_by(lines), [])
        acts = [line for line in lines if "Act of" in line]
        self.assertTrue(acts[0].startswith(" [chatservice.audit#info] Act of ada: banned "))
        self.assertTrue(all(line.isprintable() for line in lines))

    def test_refused_act(self) -> None:
        """What could not be stored was not done."""
        self.patch(self.journal, "store", lambda _: 1 / 0)
        self.assertEqual(audited(lambda: self.ada.types("/lockdown on")), [])
        self.flushLoggedErrors(ZeroDivisionError)

    def test_long_reason(self) -> None:
        """Of a reason the beginning is logged."""
        act = Banned(id=1, nick="ada", target="bob", text="x" * 3000)
        (line,) = audited(lambda: self.chat.audit.acted(act))
        self.assertEqual(line, f'Act of ada: banned "bob" in the chat: "{"x" * 400}".')


class ComingAndGoingTests(AuditCase):
    """Registering, logging in and out, and taking over."""

    @at_each_door
    def test_account(self, door: str) -> None:
        """One line each, with the nickname and the address."""
        bob = self.at(door, "bob")
        for typed, *told in (
            (f"/register {SECRET}", "Registered", "Logged in by password"),
            (f"/password {SECRET} another-one", "Password changed"),
            ("/logout", "Logged out"),
            ("/login bob another-one", "Logged in by password"),
            ("/unregister another-one", "Given up"),
        ):
            lines = audited(lambda typed=typed: bob.types(typed))
            self.assertEqual(lines, [f"{what} from 192.0.2.1: bob." for what in told])

    def test_held_against(self) -> None:
        """That a mute follows who logs out is no act of the operator's."""
        ada, bob = self.at_json("ada", password=SECRET), self.at_json("bob")
        for person, typed in ((ada, "/join den"), (bob, f"/register {SECRET}"), (ada, "/mute bob")):
            person.types(typed)
        lines = audited(lambda: bob.types("/logout"))
        self.assertEqual(lines, ["Logged out from 192.0.2.1: bob."])

    def test_arriving(self) -> None:
        """Who comes logged in, by password or by a token."""
        for proof, how in (({"token": TOKEN}, "a token"), ({"password": SECRET}, "password")):
            lines = audited(lambda proof=proof: self.at_json("ada", **proof).types("/quit"))
            self.assertEqual(lines, [f"Logged in by {how} from 192.0.2.1: ada."])

    @at_each_door
    def test_taking_over(self, door: str) -> None:
        """Who takes a connection over, and from where it was."""
        self.at(door, "zoe")
        token = self.chat.roster["zoe"].token
        wire = self.connect("203.0.113.5")
        lines = audited(lambda: wire.sends(f"/resume {token}\n".encode()))
        self.assertEqual(lines, ["Taken over from 203.0.113.5: zoe, who was at 192.0.2.1."])
