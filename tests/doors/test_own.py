"""One's own events are told from others' by nothing that others can imitate, and never ignored."""

from __future__ import annotations

from typing import Any

from tests.conversation import ConversationCase, Facts, JsonPerson, at_each_door, each_row

TALK = {
    "say": {"type": "say", "room": "lobby", "text": "hi"},
    "line": {"type": "command", "line": "hi"},
    "me": {"type": "command", "line": "/me waves"},
    "msg": {"type": "command", "line": "/msg bob psst"},
    "topic": {"type": "command", "line": "/topic tea"},
    "nick": {"type": "command", "line": "/nick adele"},
    "away": {"type": "command", "line": "/away"},
    "join": {"type": "command", "line": "/join python"},
}


def events_of(person: JsonPerson) -> list[Facts]:
    """The events that came, in answers too."""
    found = []
    for facts in person.sees_all():
        found += facts.get("events", [])
        if "nick" in facts and facts["type"] != "welcome":
            found.append(facts)
    return found


class OwnTests(ConversationCase):
    """Programs are told which events are their own."""

    @each_row(TALK)
    def test_live(self, request: Facts) -> None:
        """Its author is told that it is its own, and nobody else is."""
        ada, bob = self.at_json("ada"), self.at_json("bob")
        ada.sees()
        ada.sends_object(request)
        self.assertEqual([facts.get("own") for facts in events_of(ada)], [True])
        self.assertEqual({"own" in facts for facts in events_of(bob)} - {False}, set())

    def test_forged(self) -> None:
        """Who has taken the nickname and guesses the ref says nothing of one's own."""
        ada, eve = self.at_json("ada"), self.at_json("eve")
        ada.types("/nick adele")
        eve.types("/nick ada")
        ada.sees()
        eve.asks("say", room="lobby", text="send money", ref="1")
        ada.asks("say", room="lobby", text="hi", ref="1")
        shown = [(facts["nick"], facts.get("own")) for facts in events_of(ada)]
        self.assertEqual(shown, [("ada", None), ("adele", True)])

    def test_pages(self) -> None:
        """In every answer with history it stands with what one said, whatever one is called."""
        ada, bob = self.at_json("ada"), self.at_json("bob")
        ada.types("cake")
        bob.types("cake")
        ada.types("/nick adele")
        ada.types("/msg bob cake")
        bob.types("/msg adele cake")
        ada.sees()
        for request, answers in {
            "history": {"type": "history", "room": "lobby"},
            "private": {"type": "history"},
            "command": {"type": "command", "line": "/history"},
            "search": {"type": "command", "line": "/search cake"},
        }.items():
            ada.sends_object(answers)
            owns = [facts.get("own") for facts in events_of(ada)]
            self.assertEqual(owns, [True, None], request)

    def test_notice(self) -> None:
        """What others told one meanwhile is not one's own."""
        ada, bob = self.at_json("ada"), self.at_json("bob")
        ada.types("/register correct-horse")
        ada.types("/quit")
        bob.types("/msg ada psst")
        again = JsonPerson(self.connect())
        again.asks("hello", nick="ada", password="correct-horse")
        notices = [facts for facts in again.sees_all() if facts["type"] == "notice"]
        self.assertEqual(["own" in event for each in notices for event in each["events"]], [False])

    def test_modlog(self) -> None:
        """What one did as an operator is one's own."""
        ada = self.at_json("ada")
        ada.types("/register correct-horse")
        ada.types("/join den")
        ada.types("/room moderated on")
        ada.sees()
        ada.types("/modlog")
        self.assertEqual({facts.get("own") for facts in events_of(ada)}, {True})


class NotIgnoredTests(ConversationCase):
    """Who takes a nickname that is ignored is not ignored by itself."""

    def as_bob(self, door: str) -> Any:
        """Ada, who ignores bob and is called so by now, has said something."""
        ada = self.at(door, "ada")
        for line in ("/ignore bob", "/nick bob", "my own cake"):
            ada.types(line)
        ada.sees()
        return ada

    def shown(self, person: Any) -> str:
        return str(person.sees())

    @at_each_door
    def test_history(self, door: str) -> None:
        """Its own lines are in the history, and are found."""
        ada = self.as_bob(door)
        for line in ("/history", "/search cake"):
            ada.types(line)
            self.assertIn("my own cake", self.shown(ada), line)

    @at_each_door
    def test_others(self, door: str) -> None:
        """Another bob's lines are not."""
        other = self.at_text("bob")
        other.types("his cake")
        other.types("/quit")
        ada = self.as_bob(door)
        ada.types("/history")
        shown = self.shown(ada)
        self.assertIn("my own cake", shown)
        self.assertNotIn("his cake", shown)

    def test_history_request(self) -> None:
        """Nor does a page of history leave them out, private ones too."""
        ada = self.as_bob("json")
        self.at_text("eve")
        ada.types("/msg eve psst")
        ada.sees()
        for where in ({"room": "lobby"}, {}):
            ada.asks("history", **where)
            (page,) = ada.sees_all()
            self.assertEqual([event["own"] for event in page["events"]], [True])

    def test_acts(self) -> None:
        """At the text door what one does as an operator of a room is shown as well."""
        ada = self.at_text("ada")
        for line in ("/register correct-horse", "/join den", "/ignore bob", "/nick bob"):
            ada.types(line)
        ada.sees()
        ada.types("/room moderated on")
        self.assertEqual(ada.sees(), ["-- you set moderated of #den to on"])

    def test_account(self) -> None:
        """Whose account is ignored stays so in the history, whatever the nickname was."""
        eve = self.at_text("eve")
        for line in ("/register correct-horse", "/nick mallory", "cake"):
            eve.types(line)
        ada = self.at_text("ada")
        ada.types("/ignore mallory")
        ada.sees()
        ada.types("/history")
        self.assertEqual(ada.sees(), ["-- all of it was said by people you ignore"])
