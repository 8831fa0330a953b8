"""Going on where the last page ended: /history more, and what else has pages."""

from __future__ import annotations

from chatservice.chat.rooms import Member
from chatservice.commands.history import HISTORY_MOST
from chatservice.commands.people import WHO_MOST
from chatservice.commands.rooms import LIST_MOST
from chatservice.commands.search import SEARCH_MOST
from chatservice.protocol.events import TopicChanged
from tests.conversation import ConversationCase, JsonPerson, Person, at_each_door
from tests.operating import DenCase

NONE_LEFT = "there is no next page"


class PagingCase(ConversationCase):
    """Ada reads what bob has said."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_text("bob")

    def says(self, *lines: str) -> None:
        for line in lines:
            self.bob.types(line)

    def seen(self, person: Person, typed: str) -> list[str]:
        """The texts of the events, and the sentences, that somebody sees for a line."""
        person.sees()
        person.types(typed)
        if not isinstance(person, JsonPerson):
            return [line.removeprefix("-- ").rpartition("bob: ")[2] for line in person.sees()]
        (answer,) = person.sees()
        if answer["type"] == "error":
            return [answer["text"]]
        return [event["text"] for event in answer.get("events", [])] + answer["lines"]


class HistoryTests(PagingCase):
    """/history more."""

    MORE = "/history more shows what was said before"

    @at_each_door
    def test_to_the_first(self, door: str) -> None:
        """Each page is as long as the first one, and the last one ends without a word."""
        ada = self.at(door, "ada")
        self.says(*"abcde")
        self.assertEqual(self.seen(ada, "/history 2"), ["d", "e", self.MORE])
        self.assertEqual(self.seen(ada, "/history more"), ["b", "c", self.MORE])
        self.assertEqual(self.seen(ada, "/history MORE "), ["a"])
        (sentence,) = self.seen(ada, "/history more")
        self.assertIn(NONE_LEFT, sentence)

    @at_each_door
    def test_of_the_room(self, door: str) -> None:
        """It goes on in the room of the last page, whatever the current one is; and only there."""
        ada = self.at(door, "ada")
        self.says(*"abc")
        self.assertEqual(self.seen(ada, "/history 1"), ["c", self.MORE])
        ada.types("/join python")
        self.assertEqual(self.seen(ada, "/history more")[-2:], ["b", self.MORE])
        ada.types("/part lobby")
        self.assertEqual(self.seen(ada, "/history more"), ["you are not in lobby"])

    def test_what_came_meanwhile(self) -> None:
        """What is said between two pages is on neither."""
        ada = self.at_text("ada")
        self.says(*"abcd")
        self.seen(ada, "/history 2")
        self.says(*"ef")
        self.assertEqual(self.seen(ada, "/history more"), ["a", "b"])

    def test_of_some_time(self) -> None:
        """The pages of /history 2h end where the two hours begin."""
        ada = self.at_text("ada")
        self.says("long ago")
        self.clock.advance(7201)
        self.says(*map(str, range(HISTORY_MOST + 1)))
        self.assertEqual(self.seen(ada, "/history 2h")[-1], self.MORE)
        self.assertEqual(self.seen(ada, "/history more"), ["0"])

    def test_begun_anew(self) -> None:
        """A first page that has all takes the place of the one to go on from."""
        ada = self.at_text("ada")
        self.says(*"abc")
        self.seen(ada, "/history 1")
        self.seen(ada, "/history")
        (sentence,) = self.seen(ada, "/history more")
        self.assertIn(NONE_LEFT, sentence)

    def test_each_its_own(self) -> None:
        """What one command goes on from is nothing to another one, nor to anybody else."""
        ada, eve = self.at_text("ada"), self.at_text("eve")
        self.says(*"abc")
        self.seen(ada, "/history 1")
        for person, typed in ((ada, "/search more"), (eve, "/history more")):
            self.assertIn(NONE_LEFT, " ".join(self.seen(person, typed)))

    def test_before_an_id(self) -> None:
        """The id of an event goes on working, and has pages too."""
        ada = self.at_json("ada")
        self.says(*map(str, range(HISTORY_MOST + 2)))
        last = max(facts["id"] for facts in ada.sees_all() if facts["type"] == "said")
        shown = self.seen(ada, f"/history before {last}")
        self.assertEqual((shown[0], shown[-1]), ("1", self.MORE))
        self.assertEqual(self.seen(ada, "/history more"), ["0"])


class SearchTests(PagingCase):
    """/search more."""

    @at_each_door
    def test_older(self, door: str) -> None:
        """It finds older lines by the same words, and says so."""
        ada = self.at(door, "ada")
        self.says(*(f"pie {number}" for number in range(2 * SEARCH_MOST + 1)), "cake")
        pie = [f"pie {number}" for number in range(2 * SEARCH_MOST + 1)]
        more = "/search more shows older lines"
        self.assertEqual(self.seen(ada, "/search PIE from:bob")[:-2], pie[-SEARCH_MOST:])
        what = 'in lobby by bob with "PIE"'
        second = [*pie[1 : SEARCH_MOST + 1], f"20 older lines {what}", more]
        self.assertEqual(self.seen(ada, "/search more"), second)
        self.assertEqual(self.seen(ada, "/search more"), [pie[0], f"1 older line {what}"])
        self.assertIn(NONE_LEFT, self.seen(ada, "/search more")[0])

    def test_no_older_ones(self) -> None:
        """That there are none is said."""
        ada = self.at_text("ada")
        self.says(*(f"pie {number}" for number in range(SEARCH_MOST)))
        self.seen(ada, "/search pie")
        self.assertEqual(self.seen(ada, "/search more"), ['no older lines in lobby with "pie"'])

    def test_the_word(self) -> None:
        """The word itself is found in quotes."""
        ada = self.at_text("ada")
        self.says("no more pie")
        self.assertEqual(self.seen(ada, '/search "more"')[0], "no more pie")


class ListTests(PagingCase):
    """Who and what there is."""

    def test_who(self) -> None:
        """/who more shows the people of the next page, also after /who 2."""
        lobby = self.chat.rooms["lobby"]
        for number in range(2 * WHO_MOST):
            member = Member(f"n{number:03}", f"n{number:03}", f"token {number}")
            lobby.let_in(member)
            self.chat.roster.add(member)
        ada = self.at_text("ada")
        self.assertEqual(self.seen(ada, "/who")[-1], "/who more shows 102 more people")
        second = self.seen(ada, "/who more")
        self.assertEqual(second[-1], "/who more shows 2 more people")
        self.assertEqual(second, self.seen(ada, "/who 2"))
        self.assertEqual(self.seen(ada, "/who more"), ["n198: lobby", "n199: lobby"])

    def test_left(self) -> None:
        """Programs are told how many are left, and nothing when none is."""
        for number in range(WHO_MOST + 1):
            self.chat.roster.add(Member(f"n{number:03}", f"n{number:03}", f"token {number}"))
        for number in range(2 * LIST_MOST):
            name = f"a{number:03}"
            self.chat.topics[name] = TopicChanged(id=1, nick="ada", room=name, text="t")
        ada = self.at_json("ada")
        self.assertEqual(self.data(ada, "/who", "who"), (WHO_MOST, 3))
        self.assertEqual(self.data(ada, "/who more", "who"), (3, None))
        self.assertEqual(self.data(ada, "/list", "list"), (LIST_MOST, LIST_MOST + 1))
        self.assertEqual(self.data(ada, "/list more", "list"), (LIST_MOST, 1))
        self.assertEqual(self.data(ada, "/list more", "list"), (1, None))

    def data(self, person: JsonPerson, typed: str, member: str) -> tuple[int, int | None]:
        """The number of entries in an answer, and the number of those that are left."""
        person.sees()
        person.types(typed)
        (answer,) = person.sees()
        return len(answer[member]), answer.get("left")

    def test_list(self) -> None:
        """/list more shows the rooms that come after those, whatever changed meanwhile."""
        for number in range(LIST_MOST + 1):
            name = f"a{number:03}"
            self.chat.topics[name] = TopicChanged(id=1, nick="ada", room=name, text="t")
        ada = self.at_text("ada")
        self.assertEqual(self.seen(ada, "/list")[-1], "/list more shows 2 more rooms")
        self.bob.types("/join a000")
        self.bob.types("/part a000")
        self.chat.topics.pop("a000")
        self.assertEqual(self.seen(ada, "/list more"), ["#a199 (0 here): t", "#a200 (0 here): t"])


class LostRightTests(DenCase):
    """What operators alone are shown."""

    def test_no_operator_any_more(self) -> None:
        """Whose right ends between two pages is shown no further one."""
        self.register("olga")
        olga = self.comes("text", "olga", "den")
        self.ada.types("/op olga")
        for number in range(3):
            self.ada.types(f"/room keep-lines {number + 1}")
        self.assertIn("/modlog more shows", self.says(olga, "/modlog 2"))
        self.assertIn("keep-lines of #den to 1", self.says(olga, "/modlog more"))
        self.ada.types("/deop olga")
        self.assertIn("only an operator of #den may do that", self.says(olga, "/modlog more"))
