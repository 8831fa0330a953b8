"""Pages of history, conversations and read marks at the IRC door."""

from __future__ import annotations

from chatservice.doors.irc.format import server_time
from chatservice.doors.irc.isupport import HISTORY_MOST
from tests.conversation import each_row
from tests.doors.irc.asking import CAPABILITIES, Client, texts
from tests.doors.irc.counting import SECOND, START, HistoryCase, filled, time

OLD = "timestamp=2019-01-04T14:33:26.123Z"

PAGES = {
    "the latest": ("LATEST {} * 3", "678"),
    "the latest after a line": ("LATEST {} id5 9", "678"),
    "the latest few after a line": ("LATEST {} id2 2", "78"),
    "the latest after a time": ("LATEST {} at5 9", "678"),
    "before a line": ("BEFORE {} id4 2", "23"),
    "before a time": ("BEFORE {} at4 9", "123"),
    "after a line": ("AFTER {} id4 2", "56"),
    "after a time": ("AFTER {} at4 9", "5678"),
    "around a line": ("AROUND {} id4 3", "345"),
    "around a time": ("AROUND {} at4 4", "2345"),
    "that line alone": ("AROUND {} id4 1", "4"),
    "between": ("BETWEEN {} id2 at7 9", "3456"),
    "between, the first ones": ("BETWEEN {} at2 id7 2", "34"),
    "between, backwards": ("BETWEEN {} at7 id2 9", "3456"),
    "between, the last ones": ("BETWEEN {} id7 at2 2", "56"),
    "in lower case": ("latest {} * 1", "8"),
}


class PageTests(HistoryCase):
    """CHATHISTORY."""

    @each_row(PAGES)
    def test_room(self, row: tuple[str, str]) -> None:
        """A page of a room has the lines that were asked for, the oldest first."""
        self.count()
        question, expected = row
        self.assertEqual("".join(texts(self.asks(f"CHATHISTORY {question.format('#lobby')}"))),
                         expected)

    @each_row(PAGES)
    def test_person(self, row: tuple[str, str]) -> None:
        """So has a page of the private lines with one person."""
        self.count("/msg ada ")
        question, expected = row
        self.assertEqual("".join(texts(self.asks(f"CHATHISTORY {question.format('BOB')}"))),
                         expected)

    def test_with_one_person(self) -> None:
        """A page of private lines has those of both, and nobody else's."""
        self.at_text("eve").types("/msg ada hush")
        self.bob.types("/msg ada hi")
        self.ada.sends("PRIVMSG bob :hello")
        self.assertEqual(texts(self.asks("CHATHISTORY LATEST bob * 9")), ["hi", "hello"])
        self.assertEqual(texts(self.asks("CHATHISTORY LATEST ada * 9")), [])

    def test_batch(self) -> None:
        """A page is a batch of lines with their time and id, under the target as it was asked."""
        self.count(most=1)
        first, line, last = self.asks("CHATHISTORY LATEST #Lobby * 9")
        name = first.split()[2].removeprefix("+")
        self.assertEqual(first, f":chatservice BATCH +{name} chathistory #Lobby")
        self.assertEqual(
            line,
            f"@batch={name};time={time(1)};msgid={START + SECOND} "
            ":bob!~chat@history.chat PRIVMSG #lobby :1",
        )
        self.assertEqual(last, f":chatservice BATCH -{name}")

    def test_empty(self) -> None:
        """An empty page is an empty batch."""
        self.assertEqual(
            [line.split()[1:2] for line in self.asks("CHATHISTORY LATEST #lobby * 9")],
            [["BATCH"], ["BATCH"]],
        )

    def test_labelled(self) -> None:
        """The batch of a page stands within that of a label."""
        self.count(most=1)
        outer, inner, line, end, last = self.asks("@label=x CHATHISTORY LATEST #lobby * 9")
        label = outer.split()[3].removeprefix("+")
        name = inner.split()[3].removeprefix("+")
        self.assertEqual(outer, f"@label=x :chatservice BATCH +{label} labeled-response")
        self.assertTrue(inner.startswith(f"@batch={label} "))
        self.assertTrue(line.startswith(f"@batch={name};"))
        self.assertEqual(end, f"@batch={label} :chatservice BATCH -{name}")
        self.assertEqual(last, f":chatservice BATCH -{label}")

    def test_without_batches(self) -> None:
        """A client without batches gets the lines alone, with the time in their text."""
        self.count(most=1)
        eve = self.client("eve", "JOIN #lobby", caps="draft/chathistory")
        (line,) = eve.asks("CHATHISTORY LATEST #lobby * 9")
        self.assertEqual(line, ":bob!~chat@history.chat PRIVMSG #lobby :[12:00] 1")

    def test_milliseconds(self) -> None:
        """A time stands for all of its millisecond."""
        self.clock.advance(0.0015)
        self.bob.types("a")
        self.clock.advance(0.0003)
        self.bob.types("b")
        at = f"timestamp={time(0, 1)}"
        self.assertEqual(texts(self.asks(f"CHATHISTORY AFTER #lobby {at} 9")), [])
        self.assertEqual(texts(self.asks(f"CHATHISTORY BEFORE #lobby {at} 9")), [])
        self.assertEqual(texts(self.asks(f"CHATHISTORY AROUND #lobby {at} 9")), ["a", "b"])

    def test_most(self) -> None:
        """A page has at most as many lines as the door announces."""
        self.count(most=HISTORY_MOST + 1)
        self.assertEqual(len(texts(self.asks("CHATHISTORY LATEST #lobby * 5000"))), HISTORY_MOST)

    def test_ignored(self) -> None:
        """A page leaves out what ignored people said, as if it did not exist."""
        self.bob.types("a")
        self.at_text("eve").types("b")
        self.ada.sends("PRIVMSG chatservice :ignore eve")
        self.assertEqual(texts(self.asks("CHATHISTORY LATEST #lobby * 1")), ["a"])

    def test_topics(self) -> None:
        """Only with event playback is a topic in a page; without it, it takes no place."""
        self.bob.types("a")
        self.bob.types("/topic tea")
        self.assertEqual(texts(self.asks("CHATHISTORY LATEST #lobby * 1")), ["a"])
        self.ada.sends("CAP REQ draft/event-playback")
        _, line, _ = self.asks("CHATHISTORY LATEST #lobby * 1")
        self.assertTrue(line.endswith(" TOPIC #lobby :tea"))

    @each_row(
        {
            "no command": ("CHATHISTORY", "NEED_MORE_PARAMS"),
            "an unknown command": ("CHATHISTORY ALL #lobby * 9", "UNKNOWN_COMMAND ALL"),
            "no limit": ("CHATHISTORY LATEST #lobby *", "NEED_MORE_PARAMS LATEST"),
            "one end": ("CHATHISTORY BETWEEN #lobby id1 9", "NEED_MORE_PARAMS BETWEEN"),
            "one time": ("CHATHISTORY TARGETS at1 9", "NEED_MORE_PARAMS TARGETS"),
            "no such room": ("CHATHISTORY LATEST #x * 9", "INVALID_TARGET LATEST #x"),
            "another room": ("CHATHISTORY LATEST #den * 9", "INVALID_TARGET LATEST #den"),
            "nobody": ("CHATHISTORY LATEST eve * 9", "INVALID_TARGET LATEST eve"),
            "a look-alike": ("CHATHISTORY LATEST b0b * 9", "INVALID_TARGET LATEST b0b"),
            "no selector": ("CHATHISTORY BEFORE #lobby * 9", "INVALID_PARAMS BEFORE #lobby"),
            "a wrong selector": ("CHATHISTORY AFTER #lobby x=1 9", "INVALID_PARAMS AFTER #lobby"),
            "a wrong id": ("CHATHISTORY AFTER #lobby msgid=x 9", "INVALID_PARAMS AFTER #lobby"),
            "a wrong time": (
                "CHATHISTORY AFTER #lobby timestamp=2026-13-01T00:00:00.000Z 9",
                "INVALID_PARAMS AFTER #lobby",
            ),
            "a limit of none": ("CHATHISTORY LATEST #lobby * 0", "INVALID_PARAMS LATEST #lobby"),
            "a wrong limit": ("CHATHISTORY LATEST #lobby * x", "INVALID_PARAMS LATEST #lobby"),
            "no time": ("CHATHISTORY TARGETS id1 at2 9", "INVALID_PARAMS TARGETS"),
        }
    )
    def test_mistakes(self, row: tuple[str, str]) -> None:
        """A mistake is answered by one failure, which says what was wrong with what."""
        self.bob.types("/join den")
        line, expected = row
        (answer,) = self.asks(line)
        self.assertEqual(answer.partition(" :")[0], f":chatservice FAIL CHATHISTORY {expected}")

    def test_failure(self) -> None:
        """A database that fails is told so, and logged."""
        self.breaks("page")
        (answer,) = self.asks("CHATHISTORY LATEST #lobby * 9")
        told = "FAIL CHATHISTORY MESSAGE_ERROR LATEST #lobby :not done: the disk is gone"
        self.assertEqual(answer, f":chatservice {told}")


class TargetTests(HistoryCase):
    """CHATHISTORY TARGETS."""

    def targets(self, line: str = "CHATHISTORY TARGETS at0 at9 9") -> list[str]:
        return [
            each.partition(" TARGETS ")[2] for each in self.asks(line) if " TARGETS " in each
        ]

    def test_targets(self) -> None:
        """It lists rooms and people with the time of the latest line, whichever end comes first."""
        self.count("/msg ada ", most=2)
        self.bob.types("hello")
        self.clock.advance(1)
        self.bob.types("/join den")
        self.bob.types("nobody else hears this")
        both = [f"bob {time(2)}", f"#lobby {time(2)}"]
        self.assertEqual(self.targets(), both)
        self.assertEqual(self.targets("CHATHISTORY TARGETS at9 at0 9"), both)
        self.assertEqual(self.targets("CHATHISTORY TARGETS at0 at9 1"), both[:1])
        self.assertEqual(self.targets("CHATHISTORY TARGETS at9 at0 1"), both[1:])
        self.assertEqual(self.targets("CHATHISTORY TARGETS at2 at9 9"), [])

    def test_batch(self) -> None:
        """They come as a batch, even if there are none."""
        first, last = self.asks("CHATHISTORY TARGETS at0 at9 9")
        self.assertTrue(first.endswith(" draft/chathistory-targets"))
        self.assertIn(" BATCH -", last)

    def test_present_name(self) -> None:
        """People are listed under their present nicknames, and not if they cannot be asked for."""
        self.count("/msg ada ", most=1)
        self.bob.types("/nick robert")
        self.assertEqual(self.targets(), [f"robert {time(1)}"])
        self.bob.types("/quit")
        self.assertEqual(self.targets(), [])

    def test_absent_account(self) -> None:
        """Somebody who is registered is listed, here or not."""
        self.bob.types("/register wonderful-days")
        self.count("/msg ada ", most=1)
        self.bob.types("/quit")
        self.assertEqual(self.targets(), [f"bob {time(1)}"])

    def test_same_name(self) -> None:
        """Somebody else who has the nickname by now is not mistaken for the former one."""
        self.count("/msg ada ", most=1)
        self.bob.types("/quit")
        self.at_text("bob").types("/register wonderful-days")
        self.assertEqual(self.targets(), [])

    def test_failure(self) -> None:
        """A database that fails is told so."""
        self.breaks("targets")
        (answer,) = self.asks("CHATHISTORY TARGETS at0 at9 9")
        self.assertIn("FAIL CHATHISTORY MESSAGE_ERROR TARGETS :", answer)


class MarkTests(HistoryCase):
    """MARKREAD."""

    @each_row({"a room": "#lobby", "a person": "bob"})
    def test_marks(self, target: str) -> None:
        """A mark is answered with where it is: at first nowhere; it moves on, and never back."""
        self.count("" if target.startswith("#") else "/msg ada ")
        told = f":chatservice MARKREAD {target} timestamp="
        self.assertEqual(self.asks(f"MARKREAD {target}"), [f":chatservice MARKREAD {target} *"])
        for given, expected in ((4, 4), (2, 4), (6, 6)):
            answer = self.asks(f"@label=x MARKREAD {target} at{given}")
            self.assertEqual(answer, [f"@label=x {told}{time(expected)}"])
            self.assertEqual(self.asks(f"MARKREAD {target}"), [f"{told}{time(expected)}"])

    def test_millisecond(self) -> None:
        """A mark is behind all that was said in its millisecond."""
        self.count()
        self.ada.sends(filled("MARKREAD #lobby at4"))
        (device,) = self.chat.member_named("ada").devices
        self.assertEqual(self.chat.marks.of_room(device, "lobby"), START + 4 * SECOND + 999)

    def test_other_connections(self) -> None:
        """The other connections of the same person are told of a mark."""
        self.count("/msg ada ", most=2)
        self.bob.types("/register wonderful-days")
        self.bob.types("/quit")
        first, second = (self.logs_in("bob", "wonderful-days") for _ in range(2))
        self.clock.advance(2)
        self.ada.sends("PRIVMSG #lobby :hello")
        second.sees()
        first.sends(filled("MARKREAD #lobby at3"), filled("MARKREAD ada at4"))
        told = ":chatservice MARKREAD"
        marks = [f"{told} #lobby timestamp={time(3)}", f"{told} ada timestamp={time(4)}"]
        self.assertEqual(second.sees(), marks)

    def logs_in(self, nick: str, password: str) -> Client:
        client = Client(self.connect())
        client.sends(f"CAP REQ :{CAPABILITIES}", f"PASS {password}", f"NICK {nick}")
        client.sends(f"USER {nick} 0 * :{nick}", "CAP END")
        client.sees()
        return client

    @each_row({"a room": "#den", "a person": "eve"})
    def test_none(self, target: str) -> None:
        """There is no mark in a conversation of nobody's."""
        self.assertEqual(self.asks(f"MARKREAD {target}"), [f":chatservice MARKREAD {target} *"])

    def test_before_the_join(self) -> None:
        """A mark may be of a time at which its member was not there, and outlasts its leaving."""
        told = ":chatservice MARKREAD #lobby"
        self.assertEqual(self.asks(f"MARKREAD #lobby {OLD}"), [f"{told} {OLD}"])
        self.ada.sends("PART #lobby")
        lines = self.asks("JOIN #lobby")
        self.assertIn(f"{told} {OLD}", lines)
        names_end = next(line for line in lines if " 366 " in line)
        self.assertLess(lines.index(f"{told} {OLD}"), lines.index(names_end))

    def test_unmarked(self) -> None:
        """Whoever comes into a room has marked nothing there."""
        lines = self.asks("JOIN #den,#tea,#attic")
        for room in ("den", "tea", "attic"):
            self.assertIn(f":chatservice MARKREAD #{room} *", lines)
        self.assertEqual(self.asks("MARKREAD #lobby"), [":chatservice MARKREAD #lobby *"])

    def test_catching_up(self) -> None:
        """What C{/catchup} shows is marked as read."""
        self.bob.types("/register wonderful-days")
        self.bob.types("/quit")
        self.clock.advance(2)
        self.ada.sends("PRIVMSG #lobby :one", "PRIVMSG #lobby :two")
        bob = self.logs_in("bob", "wonderful-days")
        (before,) = bob.asks("MARKREAD #lobby")
        self.ada.sends("PRIVMSG #lobby :three")
        last = self.chat.rooms["lobby"].last_id()
        bob.asks("CATCHUP")
        (after,) = bob.asks("MARKREAD #lobby")
        self.assertLess(before, after)
        self.assertEqual(after.rpartition("=")[2], server_time(last))

    def test_kept_for_an_account(self) -> None:
        """An account finds the marks of its rooms again, and a guest does not."""
        self.bob.types("/register wonderful-days")
        self.bob.types("/quit")
        for expected in ("*", OLD):
            bob = self.logs_in("bob", "wonderful-days")
            bob.sends("JOIN #den")
            self.assertIn(f":chatservice MARKREAD #den {expected}", bob.sees())
            bob.sends(f"MARKREAD #den {OLD}", "PART #den", "QUIT")
            self.clock.advance(2)

    def test_shown_by_a_line_door(self) -> None:
        """What a terminal of the same person has shown is marked as read."""
        self.bob.types("/register wonderful-days")
        bob = self.logs_in("bob", "wonderful-days")
        self.count()
        (line,) = bob.asks("MARKREAD #lobby")
        self.assertEqual(line, f":chatservice MARKREAD #lobby timestamp={time(8)}")
        self.bob.types("/quit")
        self.clock.advance(2)
        self.ada.sends("PRIVMSG #lobby :later")
        bob.sees()
        self.assertNotIn("*", bob.asks("MARKREAD #lobby")[0])
        bob.sends("QUIT")
        self.clock.advance(2)
        again = self.logs_in("bob", "wonderful-days")
        self.assertNotIn("*", again.asks("MARKREAD #lobby")[0])

    def test_of_a_guest_that_registers(self) -> None:
        """What a guest has marked is the account's when it has registered."""
        guest = Client(self.connect())
        guest.sends(f"CAP REQ :{CAPABILITIES}", "NICK guest", "USER g 0 * :g", "CAP END")
        guest.sends("JOIN #den", f"MARKREAD #den {OLD}")
        guest.sends("PRIVMSG NickServ :REGISTER wonderful-days", "QUIT")
        self.clock.advance(2)
        again = self.logs_in("guest", "wonderful-days")
        self.assertEqual(again.asks("MARKREAD #den"), [f":chatservice MARKREAD #den {OLD}"])

    @each_row(
        {
            "no target": ("MARKREAD", "NEED_MORE_PARAMS"),
            "no time": ("MARKREAD #lobby *", "INVALID_PARAMS #lobby"),
            "a wrong time": ("MARKREAD bob timestamp=now", "INVALID_PARAMS bob"),
            "an empty time": ("MARKREAD bob :", "INVALID_PARAMS bob"),
            "another room": ("MARKREAD #den at1", "INVALID_PARAMS #den"),
            "nobody": ("MARKREAD eve at1", "INVALID_PARAMS eve"),
        }
    )
    def test_mistakes(self, row: tuple[str, str]) -> None:
        """A mistake is answered by one failure."""
        line, expected = row
        (answer,) = self.asks(line)
        self.assertEqual(answer.partition(" :")[0], f":chatservice FAIL MARKREAD {expected}")
