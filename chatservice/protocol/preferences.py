"""The display preferences of members, which accounts keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings of C{/set}; C{None} for each that was never set.

    The text door takes C{None} as off. A program is told which are set, and chooses the rest.

    @ivar time: the time (UTC at the text door) before every line.
    @ivar colour: nicknames in colour (ECMA-48, SGR).
    @ivar bell: BEL when somebody mentions the reader, or writes to the reader in private.
    @ivar quiet: no lines about joins and leaves.
    @ivar hidden: people who are in no room with the member are not shown its rooms.
    @ivar bot: the member is a bot, and programs are told so.
    """

    time: bool | None = None
    colour: bool | None = None
    bell: bool | None = None
    quiet: bool | None = None
    hidden: bool | None = None
    bot: bool | None = None

    def those_set(self) -> dict[str, bool]:
        """Collect the settings that were set, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def display(self) -> Preferences:
        """Those that are about what the member is shown, and not about what others are."""
        return replace(self, hidden=None, bot=None)

    def over(self, habit: Preferences) -> Preferences:
        """Fill the settings that were never set from C{habit}."""
        return replace(habit, **self.those_set())
