"""What operators type, and what each person then sees, at whatever door each of them is."""

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

IN_TWO_HOURS = "2026-11-21 14:00 (UTC)"
SETTINGS_OFF = [
    "invite-only off",
    "moderated off",
    "topic all",
    "password off",
    "keep off",
    "keep-lines off",
    "limit off",
    "secret off",
]
SET = (
    "invite-only on",
    "moderated on",
    "topic operators",
    "password open sesame",
    "keep 7d",
    "keep-lines 500",
    "limit 12",
    "secret on",
)
UNSET = (
    "invite-only off",
    "moderated off",
    "topic all",
    "password -",
    "keep off",
    "keep-lines off",
    "limit -",
    "secret off",
)
BANNED = ("ada", "/ban bob spam")
REGISTERED = ("bob", f"/register {PASSWORD}")
OP = ("ada", "/op bob")
SERVER_ONLY = "only a server operator may do that"
ANOTHER_ONE = "eve is a server operator: only another one may do that to them"
NO_DURATION = (
    "a duration is a number and a unit (s, m, h, d or w),"
    " such as 30m, 2h, 1h30m, 10 minutes or 7 days"
)
BY_ADDRESS = "only a server operator may do that by address: use a nickname instead"
SETTINGS_THERE_ARE = (
    "the settings are invite-only, moderated, topic, password, keep, keep-lines, limit, secret; "
    "see /help room"
)


OWNER = {
    "kick": to_bob("/kick bob", "kicked", "-- ADA kicked BOB from #python"),
    "kick_and_say_why": to_bob(
        "/kick #python BOB too  loud",
        "kicked",
        "-- ADA kicked BOB from #python: too  loud",
        text="too  loud",
    ),
    "ban": Deed(
        "/ban bob 2h spam",
        ada=(f"-- you banned bob from #python until {IN_TWO_HOURS}: spam",),
        bob=(f"-- ada banned you from #python until {IN_TWO_HOURS}: spam",),
        eve=(f"-- ada banned bob from #python until {IN_TWO_HOURS}: spam",),
        facts=(
            act("banned", until=IN_TWO_HOURS, text="spam"),
            act("kicked", text="spam", folded=True),
        ),
    ),
    "ban_who_is_elsewhere": to_bob(
        "/ban bob", "banned", f"-- ADA banned BOB from #python{FOR_NOW}", ("bob", "/part")
    ),
    "unban": to_bob("/unban BOB", "unbanned", "-- ADA unbanned BOB from #python", BANNED),
    "unban_who_is_not": told("/unban bob", "bob is not banned from #python"),
    "bans": told(
        "/bans #python",
        f"bob is banned by ada{FOR_NOW}: spam",
        f"bob is muted by ada{FOR_NOW}",
        before=(BANNED, ("ada", "/mute bob")),
    ),
    "no_bans": told("/bans", "nobody is banned or muted in #python"),
    "mute": to_bob(
        "/mute bob 2h calm down",
        "muted",
        f"-- ADA muted BOB in #python until {IN_TWO_HOURS}: calm down",
        until=IN_TWO_HOURS,
        text="calm down",
    ),
    "unmute": to_bob(
        "/unmute bob", "unmuted", "-- ADA unmuted BOB in #python", ("ada", "/mute bob")
    ),
    "ban_by_mask": to_all(
        "/ban Spam* 2h spam",
        "banned",
        f"banned spam*!*@* from #python until {IN_TWO_HOURS}: spam",
        target="spam*!*@*",
        until=IN_TWO_HOURS,
        text="spam",
    ),
    "ban_by_mask_of_somebody": Deed(
        "/ban bob!*@*",
        ada=(f"-- you banned bob!*@* from #python{FOR_NOW}",),
        bob=(f"-- ada banned you from #python{FOR_NOW}",),
        eve=(f"-- ada banned bob!*@* from #python{FOR_NOW}",),
        facts=(act("banned", target="bob!*@*"),),
    ),
    "unban_by_mask": to_all(
        "/unban spam*!*@*",
        "unbanned",
        "unbanned spam*!*@* from #python",
        ("ada", "/ban spam*"),
        target="spam*!*@*",
    ),
    "mute_by_mask": to_all(
        "/mute ~bot@",
        "muted",
        f"muted *!~bot@* in #python{FOR_NOW}",
        target="*!~bot@*",
    ),
    "unmute_by_mask": to_all(
        "/unmute *!~bot",
        "unmuted",
        "unmuted *!~bot@* in #python",
        ("ada", "/mute ~bot@"),
        target="*!~bot@*",
    ),
    "unmute_who_is_not": told("/unmute bob", "bob is not muted in #python"),
    "op": to_bob("/op bob", "opped", "-- ADA made BOB an operator of #python", REGISTERED),
    "op_a_guest": to_bob("/op bob", "opped", "-- ADA made BOB an operator of #python"),
    "op_a_guest_again": told("/op bob", "bob is an operator of #python already", before=(OP,)),
    "op_again": told("/op bob", "bob is an operator of #python already", before=(REGISTERED, OP)),
    "op_the_owner": told("/op ada", "ada is an operator of #python already"),
    "deop": to_bob(
        "/deop bob", "deopped", "-- ADA removed BOB as an operator of #python", REGISTERED, OP
    ),
    "deop_who_is_gone": to_bob(
        "/deop bob",
        "deopped",
        "-- ADA removed BOB as an operator of #python",
        REGISTERED,
        OP,
        ("bob", f"/unregister {PASSWORD}"),
        ("bob", "/nick robert"),
    ),
    "deop_who_is_none": told("/deop bob", "bob is not an operator of #python"),
    "voice": to_bob("/voice bob", "voiced", "-- ADA gave BOB a voice in #python"),
    "voice_again": told(
        "/voice bob", "bob has a voice in #python already", before=(("ada", "/voice bob"),)
    ),
    "devoice": to_bob(
        "/devoice bob",
        "devoiced",
        "-- ADA took the voice in #python from BOB",
        ("ada", "/voice bob"),
    ),
    "devoice_who_has_none": told("/devoice bob", "bob has no voice in #python"),
    "room": told(
        "/room",
        "#python is owned by ada",
        "operators: bob",
        *SETTINGS_OFF,
        before=(REGISTERED, OP),
    ),
    "room_as_it_is_set": told(
        "/room",
        "#python is owned by ada",
        "operators: nobody else",
        "invite-only on",
        "moderated on",
        "topic operators",
        "password on",
        "keep 7d",
        "keep-lines 500",
        "limit 12",
        "secret on",
        before=tuple(("ada", f"/room {setting}") for setting in SET),
    ),
    "room_unset": told(
        "/room",
        "#python is owned by ada",
        "operators: nobody else",
        *SETTINGS_OFF,
        before=tuple(("ada", f"/room {setting}") for setting in (*SET, *UNSET)),
    ),
    "invite_only": room_set("invite-only on", "invite-only", "on"),
    "moderated": room_set("Moderated ON", "moderated", "on"),
    "topic": room_set("topic operators", "topic", "operators"),
    "room_password": room_set("password open sesame", "password", "on"),
    "room_password_off": room_set("password OFF", "password", "off"),
    "keep": to_all(
        "/room keep 7d", "room_set", "set keep of #python to 7d", target="keep", text="604800"
    ),
    "keep_lines": room_set("keep-lines 500", "keep-lines", "500"),
    "limit": room_set("limit 12", "limit", "12"),
    "secret": room_set("secret on", "secret", "on"),
    "modlog_of_nothing": told(
        "/modlog Before 1", "no operator did anything in #python before that"
    ),
}

OWNER_REFUSED = {
    "kick_nobody": refused("/kick", "usage", "use it like this: /kick [#ROOM|*] NICK [WHY]"),
    "kick_a_stranger": refused("/kick grace", "no-nick", "nobody here is called grace"),
    "kick_who_is_elsewhere": refused(
        "/kick bob", "no-nick", "bob is not in #python", ("bob", "/part")
    ),
    "kick_a_server_operator": refused("/kick eve", "not-allowed", ANOTHER_ONE),
    "kick_from_the_chat": refused("/kick * bob", "not-allowed", SERVER_ONLY),
    "kick_from_another_room": refused(
        "/kick #lobby bob", "not-allowed", "only an operator of lobby may do that"
    ),
    "kick_from_no_room": refused(
        "/kick #a,b bob", "bad-room", 'a room\'s name must not contain ","'
    ),
    "ban_a_stranger": refused(
        "/ban grace",
        "no-nick",
        "nobody here is called grace, and it is not registered",
    ),
    "ban_a_server_operator": refused("/ban eve", "not-allowed", ANOTHER_ONE),
    "ban_oneself": refused(
        "/ban ada", "not-allowed", "you cannot do that to yourself"
    ),
    "ban_from_the_chat": refused("/ban * bob", "not-allowed", SERVER_ONLY),
    "ban_a_network_from_the_chat": refused("/ban * 192.0.2.0/24", "not-allowed", SERVER_ONLY),
    "ban_a_network": refused("/ban 192.0.2.1/32 spam", "not-allowed", BY_ADDRESS),
    "unban_a_network": refused("/unban 192.0.2.1", "not-allowed", BY_ADDRESS),
    "ban_no_network": refused(
        "/ban 192.0.2.0/33",
        "usage",
        "an address is written like 192.0.2.7 or 2001:db8::7, a network like 192.0.2.0/24",
    ),
    "ban_for_ever": refused("/ban bob 11y", "usage", NO_DURATION),
    "ban_for_too_long": refused("/ban bob 999w", "usage", "a duration must be at most ten years"),
    "unban_nobody": refused(
        "/unban", "usage", "use it like this: /unban [#ROOM|*] NICK|MASK|NETWORK"
    ),
    "unban_two": refused(
        "/unban a b", "usage", "use it like this: /unban [#ROOM|*] NICK|MASK|NETWORK"
    ),
    "bans_of_what": refused("/bans bob", "usage", "use it like this: /bans [#ROOM|*|more]"),
    "op_a_guest_who_is_elsewhere": refused(
        "/op bob", "no-nick", "bob is not in #python", ("bob", "/part")
    ),
    "claim": refused("/claim", "not-allowed", "#python is owned by ada"),
    "claim_what": refused("/claim python", "usage", "use it like this: /claim"),
    "op_two": refused("/op a b", "usage", "use it like this: /op NICK"),
    "op_a_stranger": refused(
        "/op grace", "no-nick", "nobody here is called grace, and it is not registered"
    ),
    "deop_nobody": refused("/deop", "usage", "use it like this: /deop NICK"),
    "setting_unknown": refused("/room colour red", "usage", SETTINGS_THERE_ARE),
    "setting_without_a_value": refused("/room moderated", "usage", SETTINGS_THERE_ARE),
    "switch": refused("/room moderated maybe", "usage", "it must be on or off"),
    "topic": refused("/room topic mine", "usage", "it must be all or operators"),
    "room_password": refused(
        f"/room password {'x' * 1025}", "usage", "a password must have at most 1,024 characters"
    ),
    "keep": refused("/room keep long", "usage", NO_DURATION),
    "keep_more": refused("/room keep 31d", "usage", "the chat keeps nothing longer than 30d"),
    "keep_lines": refused(
        "/room keep-lines 1001", "usage", "it must be a whole number from 1 to 1,000, or off"
    ),
    "limit": refused(
        "/room limit 0", "usage", "it must be a whole number from 1 to 1,000,000, or off"
    ),
    "announce": refused("/announce hi", "not-allowed", SERVER_ONLY),
    "lockdown": refused("/lockdown on", "not-allowed", SERVER_ONLY),
    "modlog_of_the_chat": refused("/modlog *", "not-allowed", SERVER_ONLY),
    "modlog_of_no_number": refused(
        "/modlog x", "usage", "use it like this: /modlog [#ROOM|*] [N | before ID | more]"
    ),
    "modlog_before_what": refused(
        "/modlog before noon", "usage", "use it like this: /modlog [#ROOM|*] [N | before ID | more]"
    ),
}

GUEST_REFUSED = {
    line.split()[0].strip("/"): refused(
        line, "not-allowed", "only an operator of #python may do that"
    )
    for line in (
        "/kick bob",
        "/ban bob",
        "/unban bob",
        "/bans",
        "/mute bob",
        "/unmute bob",
        "/op bob",
        "/deop bob",
        "/voice bob",
        "/devoice bob",
        "/uninvite bob",
        "/room moderated on",
        "/modlog",
    )
} | {
    "ban_a_network": refused(
        "/ban 192.0.2.1", "not-allowed", "only an operator of #python may do that"
    ),
    "announce": refused("/announce hi", "not-allowed", SERVER_ONLY),
    "nodes": refused("/nodes", "not-allowed", SERVER_ONLY),
    "lockdown": refused("/lockdown on", "not-allowed", SERVER_ONLY),
    "room": told("/room", "#python has no owner", "operators: grace", *SETTINGS_OFF),
}


class OperatorTableTests(OperatorCase):
    """What ada types as an operator, or as none, in #python."""

    @each_row(at_all_doors(OWNER))
    def test_owner(self, case: tuple[Deed, tuple[str, ...]]) -> None:
        """The owner of a room does in it what operators do."""
        self.register("ada")
        self.play(*case)

    @each_row(at_all_doors(OWNER_REFUSED))
    def test_owner_refused(self, case: tuple[Deed, tuple[str, ...]]) -> None:
        """The owner of a room is refused what goes beyond it, or makes no sense."""
        self.server_operator("eve")
        self.register("ada")
        self.play(*case)

    @each_row(at_all_doors(GUEST_REFUSED))
    def test_guest_refused(self, case: tuple[Deed, tuple[str, ...]]) -> None:
        """Who is no operator does nothing that operators do."""
        self.at_text("grace").types("/join python")
        self.play(*case)
