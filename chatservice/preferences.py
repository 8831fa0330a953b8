"""How somebody wants to be shown things; kept for accounts."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Preferences:
    """What C{/set} sets, and C{None} what was never set. The text door takes that for off; a
    program is told what was set, and shows the rest as it likes.

    @ivar time: every line with its time (UTC).
    @ivar colour: nicknames in colours (ECMA-48, SGR).
    @ivar bell: BEL when one is mentioned or gets a private line.
    @ivar quiet: no lines about joins and leaves.
    """

    time: bool | None = None
    colour: bool | None = None
    bell: bool | None = None
    quiet: bool | None = None

    def those_set(self) -> dict[str, bool]:
        """What was set, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}
