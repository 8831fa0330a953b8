"""Events are created quickly, and are otherwise as C{dataclass} makes them."""

from dataclasses import FrozenInstanceError, dataclass, fields, replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol.actions import Kicked, OperatorAct
from chatservice.protocol.drafts import drafts, quicken
from chatservice.protocol.events import KINDS, Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What C{dataclass} makes."""

    text: str
    count: int = 3


class Quick(Plain):
    """The same, quickly."""

    __slots__ = ()


quicken(Quick)


class DraftTests(SynchronousTestCase):
    """What is created quickly beside what is not."""

    def test_fields(self) -> None:
        """Fields are what was given, or their defaults."""
        for given in ({"text": "hi"}, {"text": "hi", "count": 4}):
            plain, quick = Plain(**given), Quick(**given)
            for each in fields(Plain):
                self.assertEqual(getattr(quick, each.name), getattr(plain, each.name))

    def test_wrong_fields(self) -> None:
        """What is missing or unknown is a mistake, as it is otherwise, and so is a position."""
        kind: Any = Quick
        self.assertRaises(TypeError, kind)
        self.assertRaises(TypeError, kind, text="hi", size=1)
        self.assertRaises(TypeError, kind, "hi")

    def test_frozen(self) -> None:
        """What was created cannot be changed, though its draft could."""
        said: Any = Said(room="lobby", text="hi")
        for event in (said, replace(said, text="ho")):
            with self.assertRaises(FrozenInstanceError):
                event.text = "ha"
            with self.assertRaises(FrozenInstanceError):
                del event.text

    def test_kinds(self) -> None:
        """Every kind is itself, also one that has the fields of another."""
        kicked = Kicked(room="lobby", target="ada", text="", target_identity=b"ada")
        self.assertIs(type(kicked), Kicked)
        self.assertIsInstance(kicked, OperatorAct)

    def test_no_kind(self) -> None:
        """The class of a draft is no kind of event."""
        self.assertTrue(issubclass(drafts[Said], Said))
        self.assertIs(KINDS["said"], Said)
