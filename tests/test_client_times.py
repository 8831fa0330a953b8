"""Times and settings as this client shows them: by the clock here, and in words of its own."""

from __future__ import annotations

import os
import time

from chatservice.client.preferences import (
    Preferences,
    in_local_time,
    local_time,
    setting_changed,
    setting_told,
    settings_asked,
)
from chatservice.client.wire import Command, OperatorAct, decode, encode
from chatservice.client.words import words
from tests.conversation import TableCase, each_row
from tests.scripted import SessionCase, line

WINTER, SUMMER = 1_763_730_180_000_000, 1_752_588_180_000_000
"""2025-11-21 13:03 and 2025-07-15 14:03, in UTC."""

ASKED = {
    "/set": ["time", "colour", "bell", "quiet"],
    "/SET Color": ["colour"],
    "/set bell": ["bell"],
    "/set bell off": None,
    "/set nonsense": None,
}
CHANGED = {"/set bell off": "bell", "/set color ON": "colour", "/set": "", "/set bell maybe": ""}


class LocalCase(TableCase):
    """A clock in Berlin."""

    def setUp(self) -> None:
        super().setUp()
        before = os.environ.get("TZ")
        self.addCleanup(self.set_zone, before)
        no_color = os.environ.pop("NO_COLOR", None)
        if no_color is not None:
            self.addCleanup(os.environ.__setitem__, "NO_COLOR", no_color)
        self.set_zone("CET-1CEST,M3.5.0,M10.5.0/3")

    def set_zone(self, zone: str | None) -> None:
        if zone is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = zone
        time.tzset()


class TimeTests(LocalCase):
    """Times in sentences of the chat."""

    def test_summer_and_winter(self) -> None:
        """Each time is what a clock here showed then, and says which."""
        told = [local_time(each, with_date=True) for each in (WINTER, SUMMER)]
        self.assertEqual(told, ["2025-11-21 14:03 (CET)", "2025-07-15 16:03 (CEST)"])
        self.assertEqual(local_time(WINTER, with_date=False), "14:03 (CET)")

    def test_sentence(self) -> None:
        """The times that the chat spelled are spelled anew, also those of another day."""
        now = int(time.time() * 1e6)
        today = local_time(now, with_date=False)
        cases = {
            ("here since 2025-11-21 13:03 (UTC), now", (("2025-11-21 13:03 (UTC)", WINTER),)): (
                "here since 2025-11-21 14:03 (CET), now"
            ),
            ("2 new lines since 13:03", (("13:03", WINTER),)): (
                "2 new lines since 2025-11-21 14:03 (CET)"
            ),
            ("2 new lines since 12:00", (("12:00", now),)): f"2 new lines since {today}",
            ("no time", ()): "no time",
        }
        for (sentence, times), shown in cases.items():
            self.assertEqual(in_local_time(sentence, times), shown)

    def test_act(self) -> None:
        """The end of a ban is told likewise."""
        act = OperatorAct(type="banned", nick="ada", target="bob", room="lobby", until=SUMMER)
        self.assertIn("until 2025-07-15 16:03 (CEST)", words(act, "eve", str))

    def test_wire(self) -> None:
        """Of the times on the wire those are taken that are numbers."""
        notice = decode(line("notice", lines=["x"], times={"13:03": WINTER, "y": "z", "q": -1}))
        self.assertEqual(notice.times, (("13:03", WINTER),))


class SettingTests(LocalCase):
    """What /set says."""

    def test_lines(self) -> None:
        """What is asked for, and what is changed."""
        self.assertEqual({typed: settings_asked(typed) for typed in ASKED}, ASKED)
        self.assertEqual({typed: setting_changed(typed) for typed in CHANGED}, CHANGED)

    def test_told(self) -> None:
        """They tell what this client does, and which clock it goes by."""
        self.assertRegex(setting_told(Preferences(), "time"), r"^time is on: .* \(CES?T\)")
        self.assertEqual(
            setting_told(Preferences(quiet=True), "quiet"),
            "quiet is on: you are not shown who comes and who goes",
        )

    def test_no_colour(self) -> None:
        """Where nothing is coloured, that is said."""
        os.environ["NO_COLOR"] = "1"
        self.addCleanup(os.environ.pop, "NO_COLOR", None)
        self.assertIn("NO_COLOR is set", setting_told(Preferences(), "colour"))
        self.assertNotIn("NO_COLOR", setting_told(Preferences(colour=False), "colour"))


class SessionTests(SessionCase):
    """Settings and times in a session."""

    def test_asked(self) -> None:
        """/set alone is answered here, and the chat is not asked."""
        self.live()
        self.session.typed("/set")
        self.assertEqual(self.chat.take(), [])
        told = [each for each in self.person.told_all if each.startswith("told ")]
        self.assertEqual([each.split()[1] for each in told], ["time", "colour", "bell", "quiet"])

    def test_changed(self) -> None:
        """A change goes to the chat, and is told in the words of this client."""
        self.live()
        self.session.typed("/set bell off")
        ref = self.chat.requests[-1]["ref"]
        answer = {"lines": ["bell is off now: theirs", "kept until you leave"], "token": "t" * 22}
        self.hear(line("ok", ref=ref, settings={"bell": False}, **answer))
        self.assertEqual(
            self.person.take(),
            [
                f"told {setting_told(Preferences(bell=False), 'bell')}",
                "told kept until you leave",
            ],
        )

    def test_error(self) -> None:
        """A refusal has its times as well."""
        self.live()
        times = {"2025-11-21 13:03 (UTC)": WINTER}
        text = "you are banned until 2025-11-21 13:03 (UTC)"
        self.hear(line("error", code="banned", text=text, times=times))
        shown = local_time(WINTER, with_date=True)
        self.assertEqual(self.person.take()[-1], f"told you are banned until {shown}")


class EncodingTests(TableCase):
    @each_row({"command": Command(line="/set", ref="1")})
    def test_no_pipe(self, request: Command) -> None:
        """Only a hello says that it is of a pipe."""
        self.assertNotIn(b"pipe", encode(request))
