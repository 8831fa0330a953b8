"""The table of commands: what is listed, what is counted, and where an answer ends."""

from __future__ import annotations

from chatservice.commands import COMMANDS, HISTORY_MOST, LIST_MOST, NAMES_MOST, WHO_MOST
from chatservice.events import TopicChanged
from chatservice.rooms import NOWHERE, Member
from tests.conversation import ConversationCase, each_row

EXPLAINED = {
    "join": [
        "-- /join ROOM: enter a room, or make it; your lines go there from then on",
        "-- A room that you are in already becomes the one that your lines go to.",
    ],
    "/history": [
        "-- /history [N]: the last N lines of the room, 20 if you give no number",
        "-- At most 100 at a time. Times are UTC.",
    ],
    "exit": [
        "-- /quit [WHY]: leave the chat, with a word if you like",
        "-- The same: /exit, /bye.",
    ],
    "PING": ["-- /ping: see whether the chat is there"],
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
            member = Member(f"n{number:04}", f"n{number:04}", NOWHERE, f"token {number}")
            member.rooms[lobby.name] = lobby
            lobby.members.add(member)
            self.chat.members[member.key] = member

    def test_help(self) -> None:
        """/help lists every command with a line about it, and how to say a slash."""
        lines = self.asks("/help")
        self.assertEqual(len(lines), len(COMMANDS) + 1)
        for row, line in zip(COMMANDS.values(), lines, strict=False):
            self.assertEqual(line.split("  ")[0], f"-- {row.usage}")
            self.assertTrue(line.endswith(f"  {row.summary}"), line)
        self.assertEqual(lines[-1], "-- //text says a text that begins with a slash")
        columns = {
            line.index(row.summary) for row, line in zip(COMMANDS.values(), lines, strict=False)
        }
        self.assertEqual(len(columns), 1)

    def test_all_there(self) -> None:
        """The commands are those that people know from elsewhere."""
        self.assertEqual(
            " ".join(sorted(COMMANDS)),
            "help history join list me motd msg names nick part ping quit topic who",
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
            self.asks("/history"), [f"[12:00] ada: line {number}" for number in range(5, 25)]
        )

    def test_history_of_a_number(self) -> None:
        """/history N shows the last N events of the current room alone."""
        for line in ("one", "/join python", "/me two", "/topic three", "four"):
            self.ada.types(line)
        self.assertEqual(
            self.asks("/history 3"),
            [
                "[12:00] * ada two",
                "[12:00] -- ada changed the topic of #python: three",
                "[12:00] ada: four",
            ],
        )

    def test_history_of_the_most(self) -> None:
        """/history shows at most a hundred lines."""
        for number in range(HISTORY_MOST + 1):
            self.ada.types(str(number))
        self.assertEqual(len(self.asks(f"/history {HISTORY_MOST}")), HISTORY_MOST)

    def test_history_of_nothing(self) -> None:
        """/history says so where nothing was said."""
        self.assertEqual(self.asks("/history"), ["-- nothing was said here yet"])

    def test_who_is_everybody(self) -> None:
        """/who lists a hundred people and counts the others."""
        self.crowd(WHO_MOST + 1)
        lines = self.asks("/who")
        self.assertEqual((len(lines), lines[0]), (WHO_MOST + 1, "-- ada: lobby"))
        self.assertEqual(lines[-1], "-- and 2 more")

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
        self.assertEqual((len(lines), lines[-1]), (LIST_MOST + 1, "-- and 2 more"))

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

    def test_line_before_command(self) -> None:
        """A command is carried out after the lines typed before it."""
        bob = self.at_text("bob")
        self.ada.wire.sends(b"one\n/nick grace\ntwo\n/quit\nthree\n")
        self.assertEqual(
            bob.sees(), ["ada: one", "-- ada is now grace", "grace: two", "-- grace left the chat"]
        )
