"""How somebody wants things to be shown; stored with accounts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings of C{/set}; C{None} for what was never set.

    The text door takes that for off. A program is told what was set, and chooses the rest itself.

    @ivar time: the time (UTC at the text door) before every line.
    @ivar colour: nicknames in colours (ECMA-48, SGR).
    @ivar bell: BEL when somebody mentions you or writes to you in private.
    @ivar quiet: no lines about joins and leaves.
    """

    time: bool | None = None
    colour: bool | None = None
    bell: bool | None = None
    quiet: bool | None = None

    def those_set(self) -> dict[str, bool]:
        """List what was set, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def over(self, habit: Preferences) -> Preferences:
        """Give these settings, and those of C{habit} for what was never set."""
        return replace(habit, **self.those_set())
