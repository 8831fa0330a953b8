"""What server operators type, and what each person then sees, at whatever door each of them is."""

from __future__ import annotations

from tests.conversation import at_all_doors, each_row
from tests.operating import FOR_NOW, PASSWORD, Deed, OperatorCase, act, refused, to_bob, told

OPER_NOW = "you are an operator of the whole chat until you leave: /oper off ends it"

SERVER = {
    "mute": Deed(
        "/mute * bob",
        ada=(f"-- you muted bob in the chat{FOR_NOW}",),
        bob=(f"-- ada muted you in the chat{FOR_NOW}",),
        eve=(f"-- ada muted bob in the chat{FOR_NOW}",),
        facts=(act("muted", room=""),),
    ),
    "announce": Deed(
        "/announce tea  at five",
        ada=("-- you announce: tea  at five",),
        bob=("-- ada announces: tea  at five",),
        eve=("-- ada announces: tea  at five",),
        facts=(act("announced", room="", target="", text="tea  at five"),),
    ),
    "nodes": told("/nodes", "this chat runs on one machine"),
    "announce_nothing": refused("/announce", "usage", "use it like this: /announce TEXT"),
    "lockdown": Deed(
        "/lockdown on",
        ada=("-- you locked the chat down: only registered names may join now",),
        bob=("-- ada locked the chat down: only registered names may join now",),
        eve=("-- ada locked the chat down: only registered names may join now",),
        facts=(act("locked_down", room="", target="", text="on"),),
    ),
    "lockdown_over": Deed(
        "/lockdown off",
        ada=("-- you ended the lockdown: anybody may join again",),
        bob=("-- ada ended the lockdown: anybody may join again",),
        eve=("-- ada ended the lockdown: anybody may join again",),
        facts=(act("locked_down", room="", target="", text="off"),),
        before=(("ada", "/lockdown ON"),),
    ),
    "lockdown_as_it_is": told("/lockdown", "the lockdown is off"),
    "lockdown_again": told("/lockdown OFF", "the lockdown is off already"),
    "lockdown_what": refused("/lockdown maybe", "usage", "use it like this: /lockdown [on|off]"),
    "bans": told(
        "/bans *",
        f"bob (192.0.2.1/32) is muted by ada{FOR_NOW}",
        before=(("ada", "/mute * bob"),),
    ),
    "no_bans": told("/bans *", "nobody is banned or muted in the chat"),
    "oper": told(f"/oper ADA {PASSWORD}", OPER_NOW),
    "oper_off": told(
        "/oper off",
        "you no longer have an operator's power",
        before=(("ada", f"/oper ada {PASSWORD}"),),
    ),
    "oper_off_without": told("/oper off", "you had no operator's power through /oper"),
    "oper_wrong": refused("/oper ada wrong", "wrong-password", "wrong nickname or password"),
    "oper_of_nobody": refused(
        f"/oper bob {PASSWORD}", "not-allowed", "that is not the nickname of a server operator"
    ),
    "oper_what": refused("/oper ada", "usage", "use it like this: /oper NICK PASSWORD"),
    "kick_from_any_room": to_bob("/kick #python bob", "kicked", "-- ADA kicked BOB from #python"),
}


class ServerOperatorTableTests(OperatorCase):
    """What ada types as an operator of the whole chat."""

    @each_row(at_all_doors(SERVER))
    def test_server_operator(self, case: tuple[Deed, tuple[str, ...]]) -> None:
        """A server operator does what operators do, in the whole chat."""
        self.server_operator("ada")
        self.play(*case)
