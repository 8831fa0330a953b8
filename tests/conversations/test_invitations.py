"""Conversations in which people invite each other to rooms, and take that back."""

from __future__ import annotations

from tests.conversation import at_all_doors, each_row
from tests.operating import Deed, OperatorCase, act, refused, told

OWNER = {
    "invite": Deed(
        "/invite bob",
        ada=("-- you invited bob to #python",),
        bob=("-- ada invited you to #python: /join #python",),
        eve=("-- ada invited bob to #python",),
        facts=(act("invited"),),
        before=(("bob", "/part"),),
    ),
    "invite_from_elsewhere": Deed(
        "/invite bob #python",
        ada=("-- you invited bob to #python",),
        bob=("-- ada invited you to #python: /join #python",),
        eve=("-- ada invited bob to #python",),
        facts=(act("invited"),),
        before=(("bob", "/part"), ("ada", "/join lobby")),
    ),
    "invite_again": told(
        "/invite bob",
        "bob is invited to #python already",
        before=(("bob", "/part"), ("ada", "/invite bob")),
    ),
    "invited_to_nothing": told("/invite", "you are invited to no room"),
    "invited_to_two": told(
        "/invite",
        "you are invited to #den, #python",
        before=(
            ("bob", "/invite ada"),
            ("ada", "/part"),
            ("bob", "/invite ada"),
            ("bob", "/join den"),
            ("bob", "/invite ada"),
        ),
    ),
    "uninvite": Deed(
        "/uninvite bob",
        ada=("-- you no longer invite bob to #python",),
        bob=("-- ada no longer invites you to #python",),
        eve=("-- ada no longer invites bob to #python",),
        facts=(act("uninvited"),),
        before=(("bob", "/part"), ("ada", "/invite bob")),
    ),
    "uninvite_from_elsewhere": Deed(
        "/uninvite bob #python",
        ada=("-- you no longer invite bob to #python",),
        bob=("-- ada no longer invites you to #python",),
        eve=("-- ada no longer invites bob to #python",),
        facts=(act("uninvited"),),
        before=(("bob", "/part"), ("eve", "/invite bob"), ("ada", "/join lobby")),
    ),
    "uninvite_who_is_not": told("/uninvite bob", "bob is not invited to #python"),
    "invite_who_is_in": refused("/invite bob", "in-room", "bob is in #python already"),
    "uninvite_nobody": refused(
        "/uninvite", "usage", "use it like this: /uninvite NICK [#ROOM]"
    ),
}

ANYBODY = {
    "invite": Deed(
        "/invite bob",
        ada=("-- you invited bob to #python",),
        bob=("-- ada invited you to #python: /join #python",),
        eve=("-- ada invited bob to #python",),
        facts=(act("invited"),),
        before=(("bob", "/part"),),
    ),
    "invite_from_elsewhere": refused("/invite eve #den", "no-room", "you are not in #den"),
}


class InvitationTableTests(OperatorCase):
    """What ada types in #python about invitations."""

    @each_row(at_all_doors(OWNER))
    def test_owner(self, case: tuple[Deed, tuple[str, ...]]) -> None:
        """The owner of a room invites people and takes invitations back."""
        self.register("ada")
        self.play(*case)

    @each_row(at_all_doors(ANYBODY))
    def test_anybody(self, case: tuple[Deed, tuple[str, ...]]) -> None:
        """Anybody in a room that is not invite-only invites people to it."""
        self.play(*case)
