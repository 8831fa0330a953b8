"""How far a person has read, on whichever connection, and what the others are told of it."""

from __future__ import annotations

from typing import Any

from tests.clocked import ClockCase
from tests.conversation import Facts, JsonPerson, TextPerson, malformed
from tests.sessions.test_alongside import SECRET, AlongsideCase


class SeenTests(AlongsideCase):
    """The request C{seen}, and what the other devices get."""

    def setUp(self) -> None:
        super().setUp()
        self.phone, self.tab = self.program("phone"), self.program("tab")
        self.text.types("/quit")
        self.ids = [self.line(f"line {number}") for number in range(3)]

    def line(self, text: str, room: str = "lobby") -> int:
        """Bob says a line; gives its id."""
        self.bob.asks("say", room=room, text=text)
        id: int = self.bob.sees_all()[-1]["id"]
        self.forget(self.phone, self.tab)
        return id

    def seen(self, id: int, room: str = "lobby", **more: Any) -> Facts:
        """Make the object that tells how far a room is read."""
        return {"type": "seen"} | ({"room": room} if room else {}) | {"id": id} | more

    def read(self, room: str) -> int:
        """Tell the read marker of a room as a welcome has it."""
        id: int = self.program("tab").welcome["rooms"][room]["read"]
        return id

    def test_told(self) -> None:
        """It is answered with the marker and the ref, and the other devices get the marker."""
        self.phone.asks("seen", room="lobby", id=self.ids[1], ref="r1")
        self.assertEqual(self.phone.sees_all(), [self.seen(self.ids[1], ref="r1")])
        self.assertEqual(self.tab.sees_all(), [self.seen(self.ids[1])])
        self.assertEqual(self.bob.sees(), [])

    def test_forward_alone(self) -> None:
        """A marker does not move back; the answer tells where it is."""
        for id in (self.ids[2], self.ids[0]):
            self.phone.asks("seen", room="lobby", id=id)
            self.assertEqual(self.phone.sees_all(), [self.seen(self.ids[2])])
        self.assertEqual(self.read("lobby"), self.ids[2])

    def test_no_further_than_there_is(self) -> None:
        """What has not been said yet cannot be read."""
        self.phone.asks("seen", room="lobby", id=2**60)
        (seen,) = self.phone.sees_all()
        self.assertEqual(seen["id"], self.ids[2])
        self.line("later")
        self.phone.types("/catchup")
        (ok,) = self.phone.sees()
        self.assertEqual([event["text"] for event in ok["events"]], ["later"])

    def test_private(self) -> None:
        """Without a room it is about private messages."""
        self.bob.types("/msg ada psst")
        id = self.phone.sees_all()[-1]["id"]
        self.tab.sees()
        self.phone.asks("seen", id=id)
        self.assertEqual(self.tab.sees_all(), [self.seen(id, room="")])
        self.assertEqual(self.program("tab").welcome["read"], id)

    def test_another_room(self) -> None:
        """A room that you are not in has no marker."""
        self.phone.asks("seen", room="attic", id=1)
        self.assertEqual([facts["code"] for facts in self.phone.sees()], ["no-room"])

    def test_malformed(self) -> None:
        """An id is a number."""
        self.phone.asks("seen", room="lobby", id="1", ref="r")
        text = f'"id" must be a whole number from 0 to {2**63 - 1}'
        self.assertEqual(self.phone.sees(), [malformed(text, ref="r")])

    def test_catchup(self) -> None:
        """/catchup begins at the marker, and moves it; the others are told."""
        self.phone.asks("seen", room="lobby", id=self.ids[0])
        self.forget(self.phone, self.tab)
        self.phone.types("/catchup")
        ok = self.phone.sees()[-1]
        self.assertEqual([event["text"] for event in ok["events"]], ["line 1", "line 2"])
        rooms = {facts["room"]: facts["id"] for facts in self.tab.sees_all() if "room" in facts}
        self.assertGreaterEqual(rooms["lobby"], self.ids[2])
        self.tab.types("/catchup")
        self.assertEqual(self.tab.sees()[-1]["lines"], ["you have missed nothing"])

    def test_kept(self) -> None:
        """An account's markers outlive its connections."""
        self.phone.asks("seen", room="lobby", id=self.ids[0])
        for program in (self.phone, self.tab):
            program.types("/quit")
        self.line("later")
        again = self.at_json("ada", password=SECRET, client="phone")
        self.assertEqual(again.welcome["rooms"]["lobby"]["read"], self.ids[0])
        again.types("/catchup #lobby")
        texts = [event["text"] for event in again.sees()[-1].get("events", ())]
        self.assertEqual(texts, ["line 1", "line 2", "later"])

    def test_kept_by_room(self) -> None:
        """So they do if the program names its rooms when it comes again."""
        self.phone.asks("seen", room="lobby", id=self.ids[0])
        for program in (self.phone, self.tab):
            program.types("/quit")
        again = self.at_json("ada", password=SECRET, client="phone", rooms={"lobby": self.ids[2]})
        self.assertEqual(again.welcome["rooms"]["lobby"]["read"], self.ids[0])

    def test_unnamed_program(self) -> None:
        """A program without a client counts as reading everything that it is sent."""
        for program in (self.phone, self.tab):
            program.types("/quit")
        again = self.at_json("ada", password=SECRET)
        again.types("/catchup")
        self.line("read as it comes", "python")
        again.sees()
        again.types("/catchup")
        self.assertEqual(again.sees()[-1]["lines"], ["you have missed nothing"])


class TerminalTests(AlongsideCase):
    """A line door counts as reading its current room."""

    def setUp(self) -> None:
        super().setUp()
        self.phone = self.program()
        self.forget(self.phone)

    def says(self, room: str, text: str) -> None:
        self.bob.asks("say", room=room, text=text)
        self.forget(self.phone)

    def missed(self) -> list[str]:
        """List what the phone has to catch up on."""
        self.phone.types("/catchup")
        return [event["text"] for event in self.phone.sees()[-1].get("events", ())]

    def test_current_room(self) -> None:
        """What comes in the terminal's current room is read; what comes elsewhere is not."""
        self.says("python", "read")
        self.says("lobby", "not read")
        self.assertEqual(self.missed(), ["not read"])

    def test_another_current_room(self) -> None:
        """Turning to a room reads what the terminal has shown of it; the others are told."""
        self.says("lobby", "shown")
        self.text.types("/join lobby")
        told = self.phone.sees()
        shown = [(facts["room"], facts.get("following")) for facts in told]
        self.assertEqual(shown, [("python", None), ("lobby", True)])
        self.says("python", "not read")
        self.assertEqual(self.missed(), ["not read"])

    def test_gone(self) -> None:
        """When the terminal is gone nothing is read any more."""
        self.text.types("/quit")
        told = {facts.get("room") for facts in self.phone.sees() if facts["type"] == "seen"}
        self.assertEqual(told, {None, "python"})
        self.says("python", "not read")
        self.assertEqual(self.missed(), ["not read"])

    def test_alone(self) -> None:
        """Whoever has terminals alone has read all that they have shown, once they are gone."""
        self.phone.types("/quit")
        self.says("lobby", "shown in another room")
        self.text.types("/quit")
        self.says("lobby", "missed")
        again = TextPerson(self.connect())
        again.joins("ada", SECRET)
        self.assertIn("1 new line in lobby", str(again.sees()))


class AfterACrashTests(ClockCase):
    """Markers are on the disk as soon as they are answered."""

    def test_crash(self) -> None:
        """After kill -9 the unread part begins where a program said that it does."""
        bob = self.at_json("bob")
        ada = self.at_json("ada", client="phone")
        ada.types(f"/register {SECRET}")
        for text in ("one", "two"):
            bob.asks("say", room="lobby", text=text)
        first, _ = (facts for facts in ada.sees_all() if facts["type"] == "said")
        ada.asks("seen", room="lobby", id=first["id"])
        ada.sees()
        self.restart()
        again = self.at_json("ada", password=SECRET, client="phone")
        self.assertEqual(again.welcome["rooms"]["lobby"]["read"], first["id"])
        again.types("/catchup")
        self.assertEqual([each["text"] for each in again.sees()[-1]["events"]], ["two"])

    def test_nothing_said(self) -> None:
        """If no program said anything, everything that was committed counts as read."""
        bob = self.at_json("bob")
        ada = self.at_json("ada")
        ada.types(f"/register {SECRET}")
        bob.asks("say", room="lobby", text="one")
        ada.sees()
        self.restart()
        again = JsonPerson(self.connect())
        again.asks("hello", nick="ada", password=SECRET)
        again.sees()
        again.types("/catchup")
        self.assertEqual(again.sees()[-1]["lines"], ["you have missed nothing"])
