"""Answers: their labels and batches, and their turn behind what was said before."""

from __future__ import annotations

import json

from chatservice.doors.irc.door import PART
from chatservice.protocol.errors import StorageError
from chatservice.storage import export
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import IrcPerson, Line, brief, of
from tests.journals import FailingJournal, HeldJournal

LABELS = "message-tags batch labeled-response"
ECHOES = f"{LABELS} echo-message"


class LabelTests(IrcCase):
    """Labels."""

    def setUp(self) -> None:
        super().setUp()
        self.ada = self.at_irc("ada", "JOIN #lobby", "JOIN #den", caps=ECHOES)
        self.at_text("bob")

    def labelled(self, line: str, person: IrcPerson | None = None) -> list[Line]:
        """Send a line with a label, and return its answer, checked to be one and whole."""
        person = person or self.ada
        person.sees()
        tags, sent = ("@label=x;", line[1:]) if line.startswith("@") else ("@label=x ", line)
        first, *others = person.asks(f"{tags}{sent}")
        self.assertEqual(first.tags["label"], "x")
        if first.verb != "BATCH":
            self.assertEqual(others, [])
            return [first]
        name = first.params[0].removeprefix("+")
        self.assertEqual(first.params, [f"+{name}", "labeled-response"])
        self.assertEqual((others[-1].verb, others[-1].params), ("BATCH", [f"-{name}"]))
        within = others[:-1]
        for each in within:
            self.assertEqual(each.tags["batch"], name)
            self.assertNotIn("label", each.tags)
        return within

    @each_row(
        {
            "an answer": ("PING x", "PONG"),
            "talk": ("PRIVMSG #lobby :hi", "PRIVMSG"),
            "private talk": ("PRIVMSG bob :hi", "PRIVMSG"),
            "a notice": ("NOTICE #lobby :hi", "NOTICE"),
            "tags": ("@+a=b TAGMSG #lobby", "TAGMSG"),
            "a topic": ("TOPIC #lobby :tea", "TOPIC"),
            "a nickname": ("NICK countess", "NICK"),
            "going": ("PART #den", "PART"),
            "being away": ("AWAY :tea", "306"),
            "a mistake": ("PRIVMSG nobody :hi", "401"),
            "an unknown verb": ("NONSENSE", "421"),
            "too few parameters": ("JOIN", "461"),
            "too late": ("USER a 0 * :A", "462"),
            "a command of the chat's": ("CATCHUP", "NOTICE"),
            "capabilities": ("CAP LIST", "CAP"),
            "several modes": ("MODE #den +imt", "MODE"),
        }
    )
    def test_one(self, row: tuple[str, str]) -> None:
        """An answer of one line has the label, and is in no batch."""
        line, verb = row
        (answer,) = self.labelled(line)
        self.assertEqual(answer.verb, verb)
        self.assertNotIn("batch", answer.tags)

    @each_row(
        {
            "a room": ("JOIN #new", ["JOIN", "353", "366"]),
            "two rooms": ("JOIN #new,#more", ["JOIN", "353", "366"] * 2),
            "two targets": ("PRIVMSG #lobby,#den :hi", ["PRIVMSG"] * 2),
            "a target that is not there": ("PRIVMSG #lobby,nobody :hi", ["PRIVMSG", "401"]),
            "a room and none": ("PART #den,#nope", ["PART", "403"]),
            "modes": ("MODE #den", ["324", "329"]),
            "modes and a mistake": ("MODE #den +imx", ["MODE", "472"]),
            "whois": ("WHOIS ada", ["311", "319", "312", "378", "317", "318"]),
        }
    )
    def test_several(self, row: tuple[str, list[str]]) -> None:
        """An answer of several lines is a batch, which has the label."""
        line, verbs = row
        answer = self.labelled(line)
        self.assertEqual([each.verb for each in answer], verbs)
        self.assertTrue(all("batch" in each.tags for each in answer))

    @each_row(
        {
            "a sign of life": "PONG",
            "the same nickname": "NICK ada",
            "a room again": "JOIN #den",
            "a notice to nobody": "NOTICE nobody :hi",
            "no tags": "TAGMSG #lobby",
            "nothing to join": "JOIN :",
        }
    )
    def test_none(self, line: str) -> None:
        """What has no answer is acknowledged."""
        (answer,) = self.labelled(line)
        self.assertEqual((answer.source, answer.verb), ("chatservice", "ACK"))

    @each_row(
        {
            "what is wrong": ("PRIVMSG NickServ :INFO nobody", ["NOTICE"]),
            "no text": ("PRIVMSG NickServ :", ["412"]),
            "what a service must not answer": ("NOTICE NickServ :HELP", ["ACK"]),
            "a question of the program's": ("PRIVMSG NickServ :\x01PING 1\x01", ["ACK"]),
            "tags": ("@+a=b TAGMSG NickServ", ["ACK"]),
            "a service and others": ("PRIVMSG #lobby,NickServ :HELP", ["PRIVMSG"]),
        }
    )
    def test_services(self, row: tuple[str, list[str]]) -> None:
        """The answer of a service is that of the message, if it is for no one else."""
        line, verbs = row
        self.ada.sees()
        tags, sent = ("@label=x;", line[1:]) if line.startswith("@") else ("@label=x ", line)
        labelled = [each for each in self.ada.asks(f"{tags}{sent}") if "label" in each.tags]
        self.assertEqual([each.verb for each in labelled], verbs)

    def test_help_of_a_service(self) -> None:
        """An answer of several lines from a service is a batch."""
        answer = self.labelled("PRIVMSG ChanServ :HELP")
        self.assertEqual({each.source for each in answer}, {"ChanServ!chatservice@chatservice"})

    def test_without_echo(self) -> None:
        """A client without echoes is told that its line was taken."""
        eve = self.at_irc("eve", "JOIN #lobby", caps=LABELS)
        (answer,) = self.labelled("PRIVMSG #lobby :hi", eve)
        self.assertEqual(answer.verb, "ACK")

    def test_only_ones_own(self) -> None:
        """What others do meanwhile stands in nobody's answer, and has no label."""
        eve = self.at_irc("eve", "JOIN #lobby", caps=ECHOES)
        self.ada.sees()
        self.labelled("PRIVMSG #lobby :hi", eve)
        self.assertEqual([sorted(line.tags) for line in self.ada.sees()], [["msgid"]])

    def test_not_agreed(self) -> None:
        """A label from a client that did not ask for labels means nothing."""
        eve = self.at_irc("eve", "JOIN #lobby", caps="message-tags batch")
        self.assertEqual([line.tags for line in eve.asks("@label=x PING x")], [{}])

    def test_before_joining(self) -> None:
        """A label before joining costs nothing."""
        eve = self.client()
        lines = eve.asks(f"CAP REQ :{LABELS}", "@label=x PING x", "@label=y JOIN #lobby")
        self.assertEqual([line.verb for line in lines], ["CAP", "PONG", "451"])

    def test_batches_apart(self) -> None:
        """Each batch has a name of its own."""
        lines = self.ada.asks("@label=a MODE #den", "@label=b MODE #den")
        names = [line.params[0] for line in of(lines, "BATCH")]
        self.assertEqual(len(set(names)), 4)

    def test_quit(self) -> None:
        """ERROR is the last line that there is."""
        self.assertEqual(self.ada.asks("@label=x QUIT")[-1].verb, "ERROR")


class LongAnswerTests(IrcCase):
    """Answers of more lines than are sent at a time."""

    def setUp(self) -> None:
        super().setUp()
        self.guests = [self.at_text(f"guest{number}") for number in range(PART + 50)]

    @each_row({"no label": "", "a label": "@label=x "})
    def test_parts(self, label: str) -> None:
        """They come whole, in their order, in one batch if there is a label."""
        ada = self.at_irc("ada", caps=LABELS)
        lines = ada.asks(f"{label}WHO #lobby")
        if label:
            first, *lines, last = lines
            self.assertEqual((first.verb, last.verb), ("BATCH", "BATCH"))
            self.assertEqual({line.tags["batch"] for line in lines}, {first.params[0][1:]})
        self.assertEqual([line.verb for line in lines], ["352"] * (PART + 50) + ["315"])
        self.assertEqual(len({line.params[5] for line in lines[:-1]}), PART + 50)

    def test_as_the_peer_reads(self) -> None:
        """The rest is made when the peer has read a part, and is heard to say more only then."""
        ada = self.at_irc("ada")
        ada.wire.window = 0
        ada.sends("WHO #lobby", "PING x")
        for number, guest in enumerate(self.guests):
            guest.types(f"/nick late{number}")
        self.assertEqual(ada.wire.gets(), b"")
        ada.wire.window = None
        lines = ada.sees()
        nicks = [line.params[5] for line in of(lines, "352")]
        self.assertEqual([nick[:4] for nick in nicks], ["gues"] * PART + ["late"] * 50)
        self.assertEqual(lines[-1].verb, "PONG")


class ContinuedTests(IrcCase):
    """Answers of the chat's commands that are made in several parts."""

    @each_row({"no label": "", "a label": "@label=x "})
    def test_export(self, label: str) -> None:
        """All parts come, in their order, as one answer."""
        self.patch(export, "EXPORT_BYTES", 200)
        ada = self.at_irc("ada", "JOIN #lobby", caps=LABELS)
        ada.sends("PRIVMSG NickServ :REGISTER wonderful-days")
        ada.sends(*(f"PRIVMSG #lobby :line {number}" for number in range(9)))
        lines = ada.asks(f"{label}PRIVMSG chatservice :export")
        if label:
            first, *lines, last = lines
            self.assertEqual((first.tags["label"], first.verb, last.verb), ("x", "BATCH", "BATCH"))
            self.assertEqual({line.tags["batch"] for line in lines}, {first.params[0][1:]})
        told = [json.loads(line.text) for line in of(lines, "NOTICE")]
        self.assertEqual([each["type"] for each in told[:3]], ["account", "places", "topics"])
        said = [each["text"] for each in told if each["type"] == "said"]
        self.assertEqual(said, [f"line {number}" for number in range(9)])


class TurnTests(IrcCase):
    """Answers on a slow disk, and on a full one."""

    @each_row(
        {
            "a sign of life": ("PING x", "chatservice PONG chatservice x"),
            "a numeric": ("TOPIC #lobby", "chatservice 331 ada #lobby no topic is set"),
            "a mistake": ("PRIVMSG nobody :x", "chatservice 401 ada nobody there is no such nick"),
            "an unknown verb": ("NONSENSE", "chatservice 421 ada NONSENSE unknown command"),
        }
    )
    def test_turn(self, row: tuple[str, str]) -> None:
        """An answer comes after everything that the same member said before."""
        asked, answer = row
        journal = HeldJournal()
        self.open_chat(journal)
        ada = self.stranger()
        ada.joins("ada", "echo-message")
        ada.sends("JOIN #lobby")
        journal.release(self.clock)
        ada.sees()
        ada.sends("PRIVMSG #lobby :hi", asked)
        self.assertEqual(ada.sees(), [])
        journal.release(self.clock)
        self.assertEqual(brief(ada.sees()), ["ada PRIVMSG #lobby hi", answer])

    def test_pong(self) -> None:
        """PONG comes after everything that anybody did before."""
        journal = HeldJournal()
        self.open_chat(journal)
        people = [self.stranger(), self.stranger()]
        for person, nick in zip(people, ("ada", "bob"), strict=True):
            person.joins(nick)
            person.sends("JOIN #lobby")
            journal.release(self.clock)
        ada, bob = people
        ada.sees()
        bob.sends("PRIVMSG #lobby :hi")
        ada.sends("PING x")
        self.assertEqual(ada.sees(), [])
        journal.release(self.clock)
        self.assertEqual([line.verb for line in ada.sees()], ["PRIVMSG", "PONG"])

    def full_disk(self, caps: str) -> tuple[FailingJournal, IrcPerson]:
        """Have ada in a chat whose disk is full now."""
        journal = FailingJournal()
        self.open_chat(journal)
        ada = self.at_irc("ada", "JOIN #lobby", "JOIN #den", caps=caps)
        journal.error = StorageError("the disk is full")
        return journal, ada

    @each_row({"no capabilities": "", "echoes": "echo-message", "labels": ECHOES})
    def test_full_disk(self, caps: str) -> None:
        """A line that cannot be stored is not echoed, and its author is told why."""
        journal, ada = self.full_disk(caps)
        bob = self.at_irc("bob", "JOIN #lobby")
        label = "@label=x " if "label" in caps else ""
        lines = ada.asks(f"{label}PRIVMSG #lobby :hi")
        self.assertEqual(of(lines, "PRIVMSG"), [])
        self.assertEqual(len([line for line in lines if "not sent" in line.text]), 1, lines)
        self.assertEqual(of(bob.sees(), "PRIVMSG"), [])
        if label:
            self.assertEqual(lines[0].tags["label"], "x")
        journal.error = None
        ada.sends("PRIVMSG #lobby :again")
        self.assertEqual(brief(of(bob.sees(), "PRIVMSG")), ["ada PRIVMSG #lobby again"])

    def test_modes_on_a_full_disk(self) -> None:
        """A mode that cannot be stored has not changed, and whoever changed it is told."""
        journal = FailingJournal()
        self.open_chat(journal)
        ada = self.at_irc("ada", "NS REGISTER correct-horse", "JOIN #den", caps=LABELS)
        journal.error = StorageError("the disk is full")
        lines = ada.asks("@label=x MODE #den +mi")
        self.assertEqual(of(lines, "MODE"), [])
        self.assertIn("the disk is full", lines[1].text)
        journal.error = None
        self.assertEqual([line.params[2] for line in of(ada.asks("MODE #den"), "324")], ["+n"])
