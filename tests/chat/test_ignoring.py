"""What members see who have preferences, or ignore somebody."""

from __future__ import annotations

import gc
import re
import weakref
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.broadcast import broadcast
from chatservice.chat.door import Format
from chatservice.chat.ignoring import Unseen
from chatservice.chat.rooms import Member, Room
from chatservice.doors.formats import JSON, TEXT, format_for
from chatservice.protocol import actions, events
from chatservice.protocol.names import nick_key
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.wording import line_of, painted
from tests.recording import RecordingDoor, sent

ID = 1_763_733_720_000_000  # 2025-11-21 14:02 UTC
PLAIN = Preferences()


def said(text: str, nick: str = "bob", **facts: Any) -> events.Said:
    return events.Said(id=ID, nick=nick, room="lobby", text=text, **facts)


def look(nick: str = "ada", **preferences: bool) -> Format:
    return format_for(TEXT, Preferences(**preferences), (), nick)


class SharedTests(SynchronousTestCase):
    """Members who see the same have the same format."""

    def test_default(self) -> None:
        """Who set nothing has the text door's own format, and programs have theirs."""
        self.assertIs(format_for(TEXT, PLAIN, {}, "ada"), TEXT)
        self.assertIs(format_for(JSON, PLAIN, {}, "ada"), JSON)

    def test_programs(self) -> None:
        """What a program is told does not depend on preferences."""
        everything = Preferences(time=True, colour=True, bell=True, quiet=True)
        self.assertIs(format_for(JSON, everything, {}, "ada"), JSON)

    def test_looks(self) -> None:
        """One format for the same preferences, whoever has them; another for others."""
        self.assertIs(look("ada", time=True), look("bob", time=True))
        self.assertIsNot(look(time=True), look(colour=True))

    def test_bell(self) -> None:
        """The bell rings for one person, so that format is that person's."""
        self.assertIs(look("ada", bell=True), look("ada", bell=True))
        self.assertIsNot(look("ada", bell=True), look("bob", bell=True))

    def test_ignoring(self) -> None:
        """One format for those who ignore the same people, in whatever order."""
        one = format_for(TEXT, PLAIN, ["bob", "eve"], "ada")
        self.assertIs(format_for(TEXT, PLAIN, {"eve": "Eve", "bob": "Bob"}, "dan"), one)
        self.assertIsNot(format_for(TEXT, PLAIN, ["bob"], "ada"), one)
        self.assertIsNot(format_for(JSON, PLAIN, ["bob", "eve"], "ada"), one)

    def test_let_go(self) -> None:
        """A format that nobody has any more is not kept."""
        wire = weakref.ref(format_for(TEXT, PLAIN, ["bob of this test"], "ada"))
        gc.collect()
        self.assertIsNone(wire())


class LookTests(SynchronousTestCase):
    """The text door's lines by preference."""

    def test_time(self) -> None:
        """Every line has its time, before its room."""
        wire = look(time=True)
        self.assertEqual(wire.render(said("hi"), True), b"14:02 bob: hi\r\n")
        self.assertEqual(wire.render(said("hi"), False), b"14:02 #lobby bob: hi\r\n")
        joined = events.Joined(id=ID, nick="bob", room="lobby")
        self.assertEqual(wire.render(joined, True), b"14:02 -- bob joined lobby\r\n")

    def test_time_of_nothing(self) -> None:
        """What is not shown has no time."""
        resumed = events.Resumed(id=ID, nick="bob")
        self.assertEqual(look(time=True).render(resumed, True), b"")

    def test_colour(self) -> None:
        """A nickname is in its colour, which ends with it."""
        line = look(colour=True).render(said("hi"), False).decode()
        self.assertRegex(line, r"\A#lobby \x1b\[\d\dm" + "bob\x1b\\[39m: hi\r\n\\Z")

    def test_quiet(self) -> None:
        """Who wants it quiet sees nobody come or go, and everything else."""
        wire = look(quiet=True)
        for event in (
            events.Joined(id=ID, nick="bob", room="lobby"),
            events.Parted(id=ID, nick="bob", room="lobby"),
            events.Left(id=ID, nick="bob", goodbye=True, why=""),
            events.CameAndWent(id=ID, room="lobby", came=3, went=4),
        ):
            self.assertEqual(wire.render(event, True), b"")
        renamed = events.Renamed(id=ID, nick="bob", now="rob")
        for event in (said("hi"), renamed):
            self.assertEqual(wire.render(event, True), TEXT.render(event, True))

    def test_bell(self) -> None:
        """A bell ends a line that mentions the reader as a whole word, in whatever case."""
        wire = look("Jürgen", bell=True)
        for text in ("jürgen: hi", "hi, JÜRGEN!", "Jürgen", "@jürgen-"):
            acted = events.Acted(id=ID, nick="bob", room="lobby", text=text)
            self.assertEqual(wire.render(said(text), True), f"bob: {text}\a\r\n".encode())
            self.assertEqual(wire.render(acted, True), f"* bob {text}\a\r\n".encode())
        for text in ("hi", "jürgens", "xjürgen", "jürgen2"):
            self.assertEqual(wire.render(said(text), True), f"bob: {text}\r\n".encode())

    def test_no_bell(self) -> None:
        """Without the bell nothing rings."""
        wire = look("ada", time=True)
        private = events.Whispered(id=ID, nick="bob", to="ada", text="psst")
        for event in (said("ada, hi"), private):
            self.assertNotIn(b"\a", wire.render(event, True))

    def test_bell_for_marks(self) -> None:
        """A nickname made of marks is looked for as it is."""
        wire = look("a.c|", bell=True)
        self.assertTrue(wire.render(said("a.c| hi"), True).endswith(b"\a\r\n"))
        self.assertFalse(wire.render(said("abc hi"), True).endswith(b"\a\r\n"))

    def test_bell_in_private(self) -> None:
        """A private line rings, and what is no talk does not."""
        wire = look(bell=True)
        private = events.Whispered(id=ID, nick="bob", to="ada", text="psst")
        self.assertEqual(wire.render(private, True), b"(bob to you) psst\a\r\n")
        renamed = events.Renamed(id=ID, nick="bob", now="ada")
        self.assertEqual(wire.render(renamed, True), b"-- bob is now ada\r\n")

    def test_all_at_once(self) -> None:
        """Preferences go together."""
        wire = look("ada", time=True, colour=True, bell=True, quiet=True)
        line = wire.render(said("ada?"), True).decode()
        self.assertRegex(line, r"\A14:02 \x1b\[\d\dmbob\x1b\[39m: ada\?" + "\a\r\n\\Z")


class PaintedTests(SynchronousTestCase):
    """Nicknames in colours."""

    def colours(self, event: events.Event) -> list[str]:
        """The names that are in colour, in the line that tells an event."""
        return re.findall("\x1b\\[[0-9]{2}m([^\x1b]*)\x1b\\[39m", line_of(painted(event)))

    def test_same_colour(self) -> None:
        """A nickname has the same colour always, in whatever case; others have others."""
        self.assertEqual(painted(said("", "bob")).nick, "\x1b[31mbob\x1b[39m")
        self.assertEqual(painted(said("", "BOB")).nick, "\x1b[31mBOB\x1b[39m")
        codes = {painted(said("", f"n{number}")).nick[:5] for number in range(200)}
        self.assertEqual(len(codes), 8)

    def test_all_names(self) -> None:
        """Every nickname in a line is in colour, and nothing else."""
        act: dict[str, Any] = {"id": ID, "nick": "eve", "room": "lobby"}
        for event, names in (
            (events.Renamed(id=ID, nick="bob", now="rob"), ["bob", "rob"]),
            (actions.Kicked(**act, target="bob", text="eve"), ["eve", "bob"]),
            (actions.RoomSet(**act, target="moderated", text="on"), ["eve"]),
            (actions.Announced(**act, text="tea"), ["eve"]),
            (actions.Announced(id=ID, nick="you", text="tea"), []),
            (actions.Kicked(id=ID, nick="eve", target="you"), ["eve"]),
            (actions.Kicked(id=ID, nick="you", target="yourself"), []),
            (events.CameAndWent(id=ID, room="lobby", came=1, went=1), []),
        ):
            self.assertEqual(self.colours(event), names)


class IgnoringTests(SynchronousTestCase):
    """Those who are ignored say nothing."""

    def hidden(self, event: events.Event, *ignored: str) -> bool:
        """Whether an event is hidden, as text, as JSON, and in history alike."""
        keys = {nick_key(nick): nick for nick in ignored}
        shown = {
            format_for(base, PLAIN, keys, "ada").render(event, True) == base.render(event, True)
            for base in (TEXT, JSON)
        } | {Unseen(keys=keys).shown([event]) == [event]}
        self.assertEqual(len(shown), 1)
        return not shown.pop()

    def test_talk(self) -> None:
        """Lines, actions and private lines are hidden, whoever else is ignored."""
        for event in (
            said("hi"),
            said("hi", "Bob"),
            events.Acted(id=ID, nick="bob", room="lobby", text="waves"),
            events.Noticed(id=ID, nick="bob", room="lobby", text="tea"),
            events.Whispered(id=ID, nick="bob", to="ada", text="psst"),
        ):
            self.assertTrue(self.hidden(event, "bob"))
            self.assertTrue(self.hidden(event, "eve", "BOB"))
            self.assertFalse(self.hidden(event, "eve"))
            self.assertFalse(self.hidden(event))

    def test_facts(self) -> None:
        """What happens is not hidden: who is here, and what concerns the whole chat."""
        for event in (
            events.Joined(id=ID, nick="bob", room="lobby"),
            events.Renamed(id=ID, nick="bob", now="rob"),
            actions.Kicked(id=ID, nick="bob", room="lobby", target="eve"),
            actions.Kicked(id=ID, nick="bob", target="eve"),
            actions.Banned(id=ID, nick="bob", target="eve"),
            actions.Announced(id=ID, nick="bob", text="tea"),
        ):
            self.assertFalse(self.hidden(event, "bob"))

    def test_real_names(self) -> None:
        """A real name is somebody's own words, and is hidden as they are."""
        for event in (
            events.Joined(id=ID, nick="bob", room="lobby", real_name="Bob"),
            events.Introduced(id=ID, nick="bob", real_name="Bob", renamed=True),
        ):
            keys = {nick_key("bob"): "bob"}
            shown = format_for(JSON, PLAIN, keys, "ada").render(event, True)
            self.assertNotIn(b"Bob", shown)
            self.assertIn(b'"nick":"bob"', shown)

    def test_acts_in_a_room(self) -> None:
        """What an operator does in a room is hidden: it reaches people who are not in it."""
        for kind in (actions.Banned, actions.Muted, actions.Invited, actions.Opped):
            act = kind(id=ID, nick="bob", room="attic", target="ada", text="boo")
            self.assertTrue(self.hidden(act, "bob"))
            self.assertFalse(self.hidden(act, "eve"))

    def test_account(self) -> None:
        """Whose account is ignored is ignored under any nickname."""
        event = replace(said("hi"), account="rob")
        self.assertTrue(self.hidden(event, "rob"))
        self.assertTrue(self.hidden(event, "bob"))
        self.assertFalse(self.hidden(event, "eve"))

    def test_with_preferences(self) -> None:
        """What is not hidden is shown as the reader likes it."""
        wire = format_for(TEXT, Preferences(time=True), ["bob"], "ada")
        self.assertEqual(wire.render(said("hi"), True), b"")
        self.assertEqual(wire.render(said("hi", "eve"), True), b"14:02 eve: hi\r\n")

    def test_history(self) -> None:
        """History leaves out what is hidden, and keeps its order."""
        lines = [said("1", "eve"), said("2"), said("3", "dan")]
        self.assertEqual(Unseen(keys={"bob"}).shown(lines), [lines[0], lines[2]])
        self.assertEqual(Unseen().shown(iter(lines)), lines)


class BroadcastTests(SynchronousTestCase):
    """Looks and the broadcast together."""

    def test_once_for_a_look(self) -> None:
        """Readers with the same look are handed the same bytes; hidden lines take none."""
        room = Room("lobby")
        wires = [look("a", time=True), look("b", time=True), look("c")]
        wires.append(format_for(TEXT, PLAIN, ["bob"], "d"))
        doors: list[Any] = [RecordingDoor() for _ in wires]
        for nick, door, wire in zip("abcd", doors, wires, strict=True):
            door.format = wire
            Member(nick, nick, "token").connect(door).hear(room)
        broadcast([sent(said("hi"))], {"lobby": room})
        one, other, plain, ignoring = (b"".join(door.deliveries) for door in doors)
        self.assertEqual(one, b"14:02 #lobby bob: hi\r\n")
        self.assertIs(doors[0].deliveries[0], doors[1].deliveries[0])
        self.assertEqual((other, plain, ignoring), (one, b"#lobby bob: hi\r\n", b""))
