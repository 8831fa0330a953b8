"""Conversations in which a guest runs a room that nobody owns, because it came first."""

from __future__ import annotations

from tests.conversation import at_all_doors, each_row
from tests.operating import (
    FOR_NOW,
    PASSWORD,
    Deed,
    OperatorCase,
    act,
    refused,
    room_set,
    to_all,
    to_bob,
    told,
)

REGISTERED = ("ada", f"/register {PASSWORD}")

FIRST = {
    "op": to_bob("/op bob", "opped", "-- ADA made BOB an operator of #python"),
    "op_again": told(
        "/op bob", "bob is an operator of #python already", before=(("ada", "/op bob"),)
    ),
    "op_who_is_elsewhere": refused(
        "/op bob", "no-nick", "bob is not in #python", ("bob", "/part")
    ),
    "deop": to_bob(
        "/deop bob",
        "deopped",
        "-- ADA removed BOB as an operator of #python",
        ("ada", "/op bob"),
    ),
    "kick": to_bob("/kick bob", "kicked", "-- ADA kicked BOB from #python"),
    "mute": to_bob("/mute bob", "muted", f"-- ADA muted BOB in #python{FOR_NOW}"),
    "voice": to_bob("/voice bob", "voiced", "-- ADA gave BOB a voice in #python"),
    "ban_by_mask": to_all(
        "/ban spam*",
        "banned",
        f"banned spam*!*@* from #python{FOR_NOW}",
        target="spam*!*@*",
    ),
    "moderated": room_set("moderated on", "moderated", "on"),
    "keep": refused("/room keep 1h", "not-allowed", "nobody owns #python: /claim it first"),
    "claim": Deed(
        "/claim",
        ada=("-- you are the owner of #python",),
        bob=("-- ada is the owner of #python",),
        eve=("-- ada is the owner of #python",),
        facts=(act("founded", target=""),),
        before=(REGISTERED,),
    ),
    "claim_by_a_guest": refused(
        "/claim", "not-logged-in", "you are not logged in: /register or /login first"
    ),
}


class FirstTableTests(OperatorCase):
    """What ada types, a guest who was the first one in #python."""

    @each_row(at_all_doors(FIRST))
    def test_first(self, case: tuple[Deed, tuple[str, ...]]) -> None:
        """She does what operators do, as everybody sees at every door."""
        self.play(*case)
