"""The table of commands: what is listed, what is counted, and where an answer ends."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from runpy import run_path

from chatservice.chat.rooms import Member
from chatservice.commands import COMMANDS, Group
from chatservice.commands.basics import USAGE_WIDTH
from chatservice.commands.history import HISTORY_MOST
from chatservice.commands.people import WHO_MOST
from chatservice.commands.rooms import LIST_MOST, NAMES_MOST
from chatservice.protocol.events import TopicChanged
from tests.conversation import DOORS, ConversationCase, at_each_door, each_row

DOCS = Path(__file__).resolve().parents[2] / "docs"

EXPLAINED = {
    "join": [
        "-- /join ROOM [PASSWORD]: enter a room, or create it; your lines then go there",
        "-- If you are in the room already, your lines go there from then on. Some rooms",
        "-- ask for a password, which one of their operators can tell you.",
        "-- The same: /j.",
    ],
    "j": [
        "-- /join ROOM [PASSWORD]: enter a room, or create it; your lines then go there",
        "-- If you are in the room already, your lines go there from then on. Some rooms",
        "-- ask for a password, which one of their operators can tell you.",
        "-- The same: /j.",
    ],
    "/history": [
        "-- /history [#ROOM] [N | 2h | before ID | more]: show the last lines of a room",
        "-- It shows the last N lines (20 without N), those since a time ago (m, h, d,",
        "-- w), or those before the line with an ID. At most 100 at a time; /history",
        "-- more shows the lines before them. Times are UTC, unless your program shows",
        "-- them in its own time zone.",
    ],
    "exit": [
        "-- /quit [all | WHY]: leave the chat, with a reason if you like",
        "-- If you are here through other connections too, only this one ends; /quit all",
        "-- ends them all.",
        "-- The same: /bye, /exit, /q, /signoff.",
    ],
    "PING": ["-- /ping: check that the chat is there"],
}


class CommandTests(ConversationCase):
    """What cannot be said in a row of who types what."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_text("ada")

    def asks(self, line: str) -> list[str]:
        """What ada sees when she types something."""
        self.ada.sees()
        self.ada.types(line)
        return self.ada.sees()

    def crowd(self, size: int) -> None:
        """Let that many people more be in the lobby, without connections."""
        lobby = self.chat.rooms["lobby"]
        for number in range(size):
            member = Member(f"n{number:04}", f"n{number:04}", f"token {number}")
            lobby.let_in(member)
            self.chat.roster.add(member)

    def test_help(self) -> None:
        """/help lists every command with a line about it, and how to say a slash."""
        *lines, last = self.asks("/help")
        self.assertEqual(last, "-- //text says /text")
        listed = " ".join(" ".join(line.removeprefix("--").split()) for line in lines)
        for row in COMMANDS.values():
            self.assertIn(f"{row.usage} {row.summary}", listed)

    def test_short_forms(self) -> None:
        """/help tells briefly by which other names there are commands."""
        lines = " ".join(line.removeprefix("-- ") for line in self.asks("/help"))
        for forms in ("/j for /join,", "/leave /p for /part,", "/w /wi for /whois", "/q /signoff"):
            self.assertIn(forms, lines)

    @at_each_door
    def test_habits(self, door: str) -> None:
        """What people type out of habit does what they expect, at every door."""
        bob = self.at(door, "bob")
        self.ada.types("/join python")
        for typed, shown in (
            ("/j python", "bob joined #python"),
            ("/t snakes", "bob changed the topic of #python: snakes"),
            ("/m ada psst", "(bob to you) psst"),
            ("/p", "bob left #python"),
            ("/q tea", "bob left the chat: tea"),
        ):
            self.ada.sees()
            bob.types(typed)
            self.assertIn(shown, "".join(self.ada.sees()), typed)

    def test_help_columns(self) -> None:
        """/help fits a terminal of 80 columns, with all that explains in one column."""
        *lines, _ = self.asks("/help")
        self.assertEqual([line for line in lines if len(line) > 80], [])
        starts = [line[USAGE_WIDTH + len("--   ") + 2 :] for line in lines]
        for row in COMMANDS.values():
            words = " ".join(row.summary.split()[:2])
            self.assertTrue(any(start.startswith(words) for start in starts), row.usage)

    def test_help_groups(self) -> None:
        """/help has a heading above the commands of each group, the groups in their order."""
        expected = []
        for group in Group:
            rows = [f"/{row.name}" for row in COMMANDS.values() if row.group is group]
            expected += [f"{group}:", *rows]
        *lines, _ = self.asks("/help")
        shown = [line.removeprefix("-- ") for line in lines]
        shown = shown[: next(i for i, line in enumerate(shown) if line.startswith("Short forms"))]
        headings = [line for line in shown if not line.startswith("  ")]
        self.assertEqual(headings, [f"{group}:" for group in Group])
        entries = [line.split()[0] for line in shown if line.startswith("  /")]
        self.assertEqual(sorted(headings + entries), sorted(expected))

    def test_page(self) -> None:
        """docs/commands.rst is what docs/make_commands.py makes of the table."""
        made = StringIO()
        with redirect_stdout(made):
            run_path(str(DOCS / "make_commands.py"), run_name="__main__")
        self.assertEqual((DOCS / "commands.rst").read_text("utf-8"), made.getvalue())

    def test_all_there(self) -> None:
        """The commands are those that people know from elsewhere."""
        self.assertEqual(
            " ".join(sorted(COMMANDS)),
            "announce away back ban bans catchup claim deop devices devoice export forget help "
            "history ignore invite join kick list lockdown login logout me modlog motd msg mute "
            "names nick nodes notice op oper part password ping quit realname register resume room "
            "search set token topic unban unignore uninvite unmute unregister unwatch voice "
            "watch who whois whowas",
        )

    @each_row({name.strip("/"): (name, lines) for name, lines in EXPLAINED.items()})
    def test_help_name(self, row: tuple[str, list[str]]) -> None:
        """/help NAME says how a command is written and what else there is to know."""
        name, lines = row
        self.assertEqual(self.asks(f"/help {name}"), lines)

    def test_help_of_everything(self) -> None:
        """Every command can be explained, in lines that fit a terminal."""
        for name in COMMANDS:
            lines = self.asks(f"/help {name}")
            self.assertTrue(lines[0].startswith(f"-- /{name}"), lines)
            self.assertEqual([line for line in lines if len(line) > 80], [])

    def test_motd(self) -> None:
        """/motd shows the message of the day as it is now."""
        self.rules.motd = ("Be kind.", "", "Tea at five.")
        self.assertEqual(self.asks("/motd"), ["-- Be kind.", "-- ", "-- Tea at five."])

    def test_history(self) -> None:
        """/history shows the last twenty lines, one's own too, each with its time."""
        for number in range(25):
            self.ada.types(f"line {number}")
        self.assertEqual(
            self.asks("/history")[:-1], [f"12:00 ada: line {number}" for number in range(5, 25)]
        )

    def test_history_of_a_number(self) -> None:
        """/history N shows the last N events of the current room alone."""
        for line in ("one", "/join python", "/me two", "/topic three", "four"):
            self.ada.types(line)
        self.assertEqual(
            self.asks("/history 3"),
            [
                "12:00 * ada two",
                "12:00 -- ada changed the topic of #python: three",
                "12:00 ada: four",
            ],
        )

    def test_history_of_the_most(self) -> None:
        """/history shows at most a hundred lines."""
        for number in range(HISTORY_MOST + 1):
            self.ada.types(str(number))
        *lines, _ = self.asks(f"/history {HISTORY_MOST}")
        self.assertEqual(len(lines), HISTORY_MOST)

    def test_history_of_nothing(self) -> None:
        """/history says so where nothing was said."""
        self.assertEqual(self.asks("/history"), ["-- nothing has been said here yet"])

    def test_who_is_everybody(self) -> None:
        """/who lists a hundred people and counts the others."""
        self.crowd(WHO_MOST + 1)
        lines = self.asks("/who")
        self.assertEqual((len(lines), lines[0]), (WHO_MOST + 1, "-- ada: lobby"))
        self.assertEqual(lines[-1], "-- /who more shows 2 more people")

    def test_who_pages(self) -> None:
        """/who PAGE goes on where the page before ended, to the last one."""
        self.crowd(1334)
        self.assertEqual(self.asks("/who 1"), self.asks("/who"))
        lines = self.asks("/who 2")
        self.assertEqual((len(lines), lines[0]), (WHO_MOST + 1, "-- n0099: lobby"))
        self.assertEqual(lines[-1], "-- /who more shows 1,135 more people")
        lines = self.asks("/who 14")
        self.assertEqual((len(lines), lines[-1]), (35, "-- n1333: lobby"))

    def test_who_beyond(self) -> None:
        """/who of a page that there is not tells the last one."""
        self.crowd(WHO_MOST)
        for page in ("0", "3", "٢", "9" * 5000):
            self.assertEqual(
                self.asks(f"/who {page}"), ["-- there is no such page: the last one is /who 2"]
            )

    def test_who_is_just_a_hundred(self) -> None:
        """/who counts nobody when it lists all."""
        self.crowd(WHO_MOST - 1)
        self.assertEqual(self.asks("/who")[-1], "-- n0098: lobby")

    def test_names_of_a_crowd(self) -> None:
        """/names lists a thousand people in lines that fit a terminal, and counts the others."""
        self.crowd(NAMES_MOST + 4)
        first, *lines = self.asks("/names")
        self.assertEqual(first, "-- in lobby (1,005 here):")
        self.assertTrue(" ".join(lines).replace("-- ", "").endswith(", n0998 and 5 more"))
        self.assertEqual([line for line in lines if len(line) > 80], [])
        self.assertEqual(" ".join(lines).count(","), NAMES_MOST - 1)

    def test_names_are_not_broken(self) -> None:
        """A nickname with a hyphen is on one line."""
        nicks = [f"a{letter}-{'x' * 28}" for letter in "bcdefgh"]
        for nick in nicks:
            self.at_text(nick)
        lines = "\n".join(self.asks("/names"))
        self.assertEqual([nick for nick in nicks if nick not in lines], [])

    def test_list_of_many(self) -> None:
        """/list shows those with somebody in them first, two hundred at most, and counts more."""
        for number in range(LIST_MOST + 1):
            name = f"a{number:03}"
            self.chat.topics[name] = TopicChanged(id=1, nick="ada", room=name, text="t")
        lines = self.asks("/list")
        self.assertEqual(lines[:2], ["-- lobby (1 here)", "-- #a000 (0 here): t"])
        more = "-- /list more shows 2 more rooms"
        self.assertEqual((len(lines), lines[-1]), (LIST_MOST + 1, more))

    def test_list_without_anybody(self) -> None:
        """/list names the lobby also when nobody is in it."""
        self.ada.types("/part")
        self.assertEqual(self.asks("/list"), ["-- lobby (0 here)"])

    def test_switching(self) -> None:
        """/join of a room that one is in makes it the current one."""
        self.ada.types("/join python")
        bob = self.at_text("bob")
        self.assertEqual(self.asks("/join lobby"), ["-- you are talking in lobby"])
        self.ada.types("hi")
        self.assertEqual(bob.sees(), ["ada: hi"])

    def test_join_with_a_password(self) -> None:
        """/join ROOM PASSWORD opens a room that has one, which may have spaces."""
        for line in ("/register correct-horse", "/join vault", "/room password open sesame"):
            self.ada.types(line)
        for door in DOORS:
            bob = self.at(door, f"bob-{door}")
            for password in ("", " sesame"):
                bob.types(f"/join vault{password}")
            self.assertEqual(list(self.chat.rooms["vault"].members), [self.chat.roster["ada"]])
            bob.types("/join vault  open sesame ")
            self.assertEqual(len(self.chat.rooms["vault"].members), 2)
            bob.types("/quit")

    def test_line_before_command(self) -> None:
        """A command is carried out after the lines typed before it."""
        bob = self.at_text("bob")
        self.ada.wire.sends(b"one\n/nick grace\ntwo\n/quit\nthree\n")
        self.assertEqual(
            bob.sees(), ["ada: one", "-- ada is now grace", "grace: two", "-- grace left the chat"]
        )
