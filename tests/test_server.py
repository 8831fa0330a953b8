"""The chat's rules as its verbs keep them, and a journal that fails."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred

from chatservice.chat import roster
from chatservice.chat.journal import Page, Wanted
from chatservice.chat.rooms import Device, Member, Room
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import ChatError, Said, TopicChanged
from chatservice.server import ChatFactory
from tests.conversation import ConversationCase
from tests.doubles import Wire
from tests.journals import FailingJournal, HeldJournal
from tests.recording import come, door_of


class FailingTests(ConversationCase):
    """A journal that cannot store."""

    def setUp(self) -> None:
        super().setUp()
        self.failing = FailingJournal()
        self.open_chat(self.failing)
        self.ada, self.bob = self.at_text("ada"), self.at_text("bob")
        self.ada.sees()

    def test_refused(self) -> None:
        """A line that cannot be stored is seen by nobody, and its author is told why."""
        self.failing.error = StorageError("the disk is full")
        self.ada.types("hello")
        self.assertEqual(self.ada.sees(), ["-- not sent: the disk is full"])
        self.assertEqual(self.bob.sees(), [])

    def test_topic_stays(self) -> None:
        """A topic that cannot be stored does not change."""
        self.failing.error = StorageError("the disk is full")
        self.ada.types("/topic snakes")
        self.assertEqual(self.ada.sees(), ["-- not sent: the disk is full"])
        self.assertEqual(self.chat.topics, {})

    def test_presence_goes_on(self) -> None:
        """People come and go while nothing can be stored."""
        self.failing.error = StorageError("the disk is full")
        self.at_text("eve").types("/quit")
        self.assertEqual(self.bob.sees(), ["-- eve joined the chat", "-- eve left the chat"])

    def test_bug(self) -> None:
        """An error that is a bug is in the log, and the author is told that something is wrong."""
        self.failing.error = ZeroDivisionError()
        self.ada.types("hello")
        self.assertEqual(self.ada.sees(), ["-- not sent: something went wrong in the server"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_works_again(self) -> None:
        """Lines are said again as soon as they can be stored."""
        self.failing.error = StorageError("the disk is full")
        self.ada.types("hello")
        self.failing.error = None
        self.ada.types("again")
        self.assertEqual(self.bob.sees(), ["ada: again"])


class VerbTests(ConversationCase):
    """The chat, as its doors see it."""

    def device(self, nick: str, token: str = "") -> Device:
        """Have somebody come to the lobby, and return the device."""
        joined = self.chat.rooms.opened(
            ["lobby"], lambda rooms: come(self.chat, nick, *rooms, token=token)
        )
        self.clock.advance(0)
        return self.successResultOf(joined)

    def opened(self, *names: str) -> list[Room]:
        """Rooms that somebody might enter now."""
        return self.successResultOf(self.chat.rooms.opened(names, list))

    def test_alone(self) -> None:
        """A factory with nothing but a reactor is a working chat."""
        chat = ChatFactory(self.clock)
        wire = Wire.to(chat.buildProtocol(IPv4Address("TCP", "192.0.2.1", 1)), self.clock)
        wire.sends(b"ada\n")
        self.assertIn("-- you joined lobby: nobody else (1 here)", wire.sees())
        self.assertEqual(len(chat.roster["ada"].token), 22)

    def test_buildProtocol_is_not_direct(self) -> None:
        """On a transport that may be TLS, nothing is sent past it."""
        wire = Wire.to(self.chat.buildProtocol(None), self.clock)
        self.assertEqual((wire.direct, len(wire.written)), ([], 1))

    def test_restore(self) -> None:
        """A chat begins with the topics of the run before."""
        topic = TopicChanged(id=1, nick="ada", room="python", text="snakes")
        self.journal.topics["python"] = topic
        self.chat.restore()
        self.assertEqual(self.chat.topics, {"python": topic})

    def test_room_is_remembered(self) -> None:
        """A room in which nobody is any more goes away, and what was said there does not."""
        ada = self.at_text("ada")
        for line in ("/join python", "hiss", "/part"):
            ada.types(line)
        self.assertEqual(set(self.chat.rooms), {"lobby"})
        ada.sees()
        ada.types("/join python")
        self.assertEqual(
            ada.sees(), ["-- you joined #python: nobody else (1 here)", "12:00 ada: hiss"]
        )

    def test_fifty_rooms(self) -> None:
        """Nobody is in more than fifty rooms."""
        ada = self.at_text("ada")
        for number in range(50):
            ada.types(f"/join r{number}")
        self.assertEqual(ada.sees()[-1], "-- you are in 50 rooms: /part one first")
        ada.types("/part r48")
        ada.types("/join r49")
        self.assertEqual(ada.sees()[-1], "-- you joined #r49: nobody else (1 here)")

    def test_rename_keeps_rooms(self) -> None:
        """Another nickname keeps the rooms and the current room, and frees the old nickname."""
        ada = self.at_text("ada")
        for line in ("/join python", "/nick grace"):
            ada.types(line)
        other = self.at_text("ada")
        ada.types("/who")
        self.assertEqual(ada.sees()[-2:], ["-- ada: lobby", "-- grace: lobby, #python"])
        ada.types("hi")
        self.assertEqual(other.sees(), [])

    def test_rename_without_a_room(self) -> None:
        """Who is in no room is told of the new nickname all the same."""
        ada = self.at_text("ada")
        ada.types("/part")
        ada.sees()
        ada.types("/nick grace")
        self.assertEqual(ada.sees(), ["-- you are now grace"])

    def test_seen_once(self) -> None:
        """Who shares several rooms with somebody sees a new nickname and a leave once."""
        ada, bob = self.at_text("ada"), self.at_text("bob")
        for person in (ada, bob):
            person.types("/join python")
        bob.sees()
        ada.types("/nick grace")
        ada.types("/quit")
        self.assertEqual(bob.sees(), ["-- ada is now grace", "-- grace left the chat"])

    def test_not_seen_elsewhere(self) -> None:
        """Who shares no room with somebody sees neither nickname nor leave."""
        ada, bob = self.at_text("ada"), self.at_text("bob")
        bob.types("/part")
        bob.sees()
        ada.types("/nick grace")
        ada.types("/quit")
        self.assertEqual(bob.sees(), [])

    def test_leave_twice(self) -> None:
        """Leaving again does nothing, also when somebody else has the nickname by then."""
        first = self.device("ada")
        self.chat.leave(first.member, "", goodbye=True)
        second = self.device("ada")
        self.chat.leave(first.member, "", goodbye=True)
        self.assertIs(self.chat.member_named("ada"), second.member)

    def test_enter_after_leaving(self) -> None:
        """Who has left enters nothing."""
        ada = self.device("ada")
        self.chat.leave(ada.member, "", goodbye=True)
        self.successResultOf(self.chat.enter(ada, "python"))
        self.clock.advance(0)
        self.assertEqual((self.chat.rooms, ada.member.rooms), ({}, {}))

    def test_enter_what_was_opened(self) -> None:
        """A room that was opened before somebody else filled it is not a second one."""
        ada = self.device("ada")
        self.successResultOf(self.chat.enter(ada, "python"))
        bob = come(self.chat, "bob", Room("python"))
        self.assertEqual(set(self.chat.rooms["python"].members), {ada.member, bob.member})

    def test_room_opened_from_the_journal(self) -> None:
        """A room with nobody in it is opened with its last 200 events."""
        ada = self.device("ada")
        lobby = self.chat.rooms["lobby"]
        for number in range(201):
            self.chat.say(ada, lobby, str(number))
        self.clock.advance(0)
        self.assertEqual(self.opened("lobby"), [lobby])
        self.chat.leave(ada.member, "", goodbye=True)
        for _ in range(6):
            self.clock.advance(0)
        (room,) = self.opened("lobby")
        self.assertEqual([event.text for event in room.recent][::199], ["1", "200"])

    def test_room_left_while_entered(self) -> None:
        """What is said in a room, while somebody who enters waits for another, is not missing."""
        journal = HeldJournal(pages=True)
        self.open_chat(journal)
        entered = self.chat.rooms.opened(["python", "snakes"], list)
        journal.asked[0][1].callback(Page([], more=False))
        ada = come(self.chat, "ada", self.chat.rooms["python"])
        self.chat.say(ada, self.chat.rooms["python"], "hi")
        self.chat.leave(ada.member, "", goodbye=True)
        self.clock.advance(0)
        journal.held[0].callback(None)
        journal.asked[1][1].callback(Page([], more=False))
        python, _ = self.successResultOf(entered)
        self.assertEqual([event.text for event in python.recent], ["hi"])
        self.assertEqual(self.chat.rooms, {})

    def test_entering_fails(self) -> None:
        """A room whose history cannot be read is not there afterwards."""
        journal = HeldJournal(pages=True)
        self.open_chat(journal)
        entered = self.chat.rooms.opened(["python", "snakes"], list)
        journal.asked[0][1].callback(Page([], more=False))
        journal.asked[1][1].errback(ZeroDivisionError())
        self.failureResultOf(entered, ZeroDivisionError)
        self.assertEqual((self.chat.rooms, self.chat.rooms._being_entered), ({}, {}))

    def test_no_such_room_name(self) -> None:
        """A malformed name of a room is a mistake with a code."""
        error = self.assertRaises(ChatError, self.chat.room_name, "a b")
        self.assertEqual(error.code, "bad-room")

    def test_tell_operators(self) -> None:
        """Operators of the whole chat are told of the server, and nobody else is."""
        ada, bob = self.device("ada"), self.device("bob")
        self.patch(self.chat.permissions, "is_operator", lambda whom: whom is ada.member)
        self.chat.tell_operators("the disk is full")
        self.assertEqual([door_of(each).asked.count("notify") for each in (ada, bob)], [1, 0])

    def test_nick_in_error_is_clean(self) -> None:
        """A nickname in a refusal is shortened and cannot act on a terminal."""
        error = self.assertRaises(ChatError, self.chat.member_named, "\x1b[2J" + "x" * 99)
        self.assertEqual(error.sentence, f"nobody here is called {'x' * 32}")

    def test_long_nick_asked_for(self) -> None:
        """Nobody has a nickname that long, and nothing is made of it."""
        self.patch(roster, "nick_key", None)
        self.assertRaises(ChatError, self.chat.member_named, "a\u0316\u0301" * 4000)

    def test_history(self) -> None:
        """What was said is in the history by the time it is delivered."""
        ada = self.device("ada")
        self.chat.say(ada, self.chat.rooms["lobby"], "hi", ref="r1")
        self.successResultOf(self._after_settled(ada.member))
        page = self.successResultOf(self.chat.journal.page(Wanted(of="lobby")))
        (event,) = page.events
        self.assertEqual(event, Said(id=event.id, nick="ada", room="lobby", text="hi", ref="r1"))

    def _after_settled(self, member: Member) -> Deferred[None]:
        settled = self.chat.settled(member)
        self.clock.advance(0)
        return settled


class TypingTests(ConversationCase):
    """How lines are read."""

    def test_blank(self) -> None:
        """An empty line is nothing, and no mistake."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        bob.sees()
        ada.wire.sends(b"\n  \r\n\t\n")
        self.assertEqual((ada.sees(), bob.sees()), ([], []))

    def test_slowed_down(self) -> None:
        """After a burst of ten, lines are read at the limit, and none is lost."""
        self.rules.rate_limit = 5
        self.open_chat()
        bob, ada = self.at_text("bob"), self.at_text("ada")
        bob.sees()
        ada.wire.sends(b"".join(b"%d\n" % number for number in range(13)))
        at_once = len(bob.sees())
        self.assertEqual(at_once, 10)
        for more in (1, 1, 1):
            self.clock.advance(0.2)
            self.assertEqual(len(bob.sees()), more)

    def test_no_limit(self) -> None:
        """Without a limit everything is read as it comes."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        bob.sees()
        ada.wire.sends(b"".join(b"%d\n" % number for number in range(200)))
        self.assertEqual(bob.sees(), [f"ada: {number}" for number in range(200)])
