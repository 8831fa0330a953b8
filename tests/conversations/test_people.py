"""What people do about themselves and each other, and that no command is without its rows."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from chatservice import commands
from tests.conversation import Facts, Row, RowCase, at_all_doors, each_row, refused
from tests.conversations import (
    test_history,
    test_invitations,
    test_mistakes,
    test_names,
    test_operators,
    test_personal,
    test_running,
    test_search,
    test_server_operators,
    test_talk,
)

KEPT = "kept until you leave: /register to keep it for ever"
IGNORED = ("ada", "/ignore bob")
SETTINGS = "/set takes one of time, colour, bell, quiet, hidden, bot, and on or off"


def answered(typed: str, *lines: str, before: tuple[tuple[str, str], ...] = ()) -> Row:
    """Ada types something that is answered to her alone."""
    return Row(typed, answer=list(lines), before=before)


def introduced(account_name: str = "", real_name: str = "") -> Facts:
    """Ada's account or real name is another one now."""
    who = {"account_name": account_name, "real_name": real_name}
    return {"type": "introduced", "nick": "ada", **who}


def went_away(why: str) -> Facts:
    """Ada is not at the keyboard."""
    return {"type": "went_away", "nick": "ada", "why": why}


def renamed(now: str) -> Facts:
    """Ada has another nickname."""
    return {"type": "renamed", "nick": "ada", "now": now}


NOON = "2026-11-21T12:00:00+00:00"
PLACES = [
    {"room": room, "nick": "ada", "entered": NOON, "seen": None} for room in ("", "lobby")
]

ROWS = {
    "login": Row(
        "/login bob correct-horse",
        "-- ada is now bob",
        "-- you are now bob",
        renamed("bob"),
        ["you are logged in as bob"],
        also=introduced(account_name="bob"),
        before=(("bob", "/register correct-horse"), ("bob", "/quit")),
        hearers=("ada", "eve"),
    ),
    "logout": Row(
        "/logout",
        "-- ada is now guest1003",
        "-- you are now guest1003",
        renamed("guest1003"),
        ["you are logged out: ada stays yours, /login ada PASSWORD brings it back"],
        also=introduced(),
        before=(("ada", "/register correct-horse"),),
    ),
    "quit": Row(
        "/quit see you",
        "-- ada left the chat: see you",
        fact={"type": "left", "nick": "ada", "goodbye": True, "why": "see you"},
        hearers=("bob", "eve"),
        farewell=True,
    ),
    "quit_all": Row(
        "/quit all",
        "-- ada left the chat",
        fact={"type": "left", "nick": "ada", "goodbye": True, "why": ""},
        hearers=("bob", "eve"),
        farewell=True,
    ),
    "whowas": answered(
        "/whowas BOB",
        "bob left at 2026-11-21 12:00 (UTC)",
        before=(("bob", "/quit"),),
    ),
    "watch": answered("/watch BOB", "you watch BOB from now on, who is here"),
    "watch_nobody": answered("/watch zoe", "you watch zoe from now on, who is not here"),
    "watching_nobody": answered("/watch", "you watch nobody"),
    "watching": answered(
        "/watch",
        "you watch bob, zoe",
        before=(("ada", "/watch zoe"), ("ada", "/watch b0b"), ("ada", "/watch bob")),
    ),
    "unwatch": answered(
        "/unwatch BOB", "you no longer watch BOB", before=(("ada", "/watch bob"),)
    ),
    "devices": answered("/devices close others", "0 connections are closed"),
    "export": Row(
        "/export",
        answer=[
            json.dumps({"type": "places", "places": PLACES}),
            json.dumps({"type": "topics", "topics": []}),
        ],
        raw=True,
    ),
    "real_name": Row(
        "/realname Ada Lovelace",
        "-- ada has a real name now: Ada Lovelace",
        "-- you have a real name now: Ada Lovelace",
        introduced(real_name="Ada Lovelace"),
        [],
    ),
    "real_name_cleared": Row(
        "/realname -",
        "-- ada has no real name any more",
        "-- you have no real name any more",
        introduced(),
        [],
        before=(("ada", "/realname Ada"),),
    ),
    "real_name_shown": Row("/realname", answer=["your real name is not known"]),
    "real_name_again": Row("/realname -", answer=["that is your real name already"]),
    "real_name_too_long": refused(
        f"/realname {'x' * 129}", "too-long", "a real name must have at most 128 characters"
    ),
    "away": Row(
        "/away",
        "-- ada is away",
        "-- you are away",
        went_away(""),
        [],
        before=(("ada", "/me waves"),),
    ),
    "away_in_silence": Row(
        "/away", "", "-- you are away", went_away(""), [], hearers=("ada",)
    ),
    "away_and_why": Row(
        "/away lunch",
        "-- ada is away: lunch",
        "-- you are away: lunch",
        went_away("lunch"),
        [],
        before=(("ada", "hi"),),
    ),
    "back": Row(
        "/back",
        "-- ada is back",
        "-- you are back",
        {"type": "came_back", "nick": "ada"},
        [],
        before=(("ada", "hi"), ("ada", "/away")),
    ),
    "back_in_silence": Row(
        "/back",
        "",
        "-- you are back",
        {"type": "came_back", "nick": "ada"},
        [],
        before=(("ada", "/away"),),
        hearers=("ada",),
    ),
    "whois_absent": answered(
        "/whois bob",
        "bob has been registered since 2026-11-21 12:00 (UTC), and is not here",
        before=(("bob", "/register correct-horse"), ("bob", "/quit")),
    ),
    "ignore": answered("/ignore bob", "you ignore bob from now on: /unignore bob ends it", KEPT),
    "ignore_whom": answered("/ignore", "you ignore bob", before=(IGNORED,)),
    "unignore": answered("/unignore bob", "you no longer ignore bob", before=(IGNORED,)),
    "set": answered(
        "/set bell off",
        "bell is off now: a bell when you are mentioned or get a private line",
        KEPT,
    ),
    "resume": answered(
        "/resume token-of-a-test-000001",
        "/resume TOKEN brings you back after your connection broke; you are here already",
        "type it at the prompt for a nickname; /token shows your token",
    ),
    "help": answered(
        "/help token",
        "/token: show the token that brings you back when your connection breaks",
        "At the prompt for a nickname, /resume TOKEN gives you your nickname, your",
        "rooms and what you missed. For a registered nickname it works at any later",
        "time, too.",
    ),
}

REFUSED = {
    "away_for_too_long": refused(
        f"/away {'x' * 5000}",
        "too-long",
        "that line is too long (5,000 bytes, at most 4,096): not sent",
    ),
    "devices_which": refused(
        "/devices close 2", "usage", "/devices close takes a number from 1 to 1, or others"
    ),
    "whois_nobody": refused("/whois nobody", "no-nick", "nobody here is called nobody"),
    "list_without_a_page": refused(
        "/list more", "usage", "there is no next page: /list shows the first rooms"
    ),
    "whowas_nobody": refused("/whowas bob", "no-nick", "nobody called bob has left lately"),
    "whowas_whom": refused("/whowas", "usage", "use it like this: /whowas NICK"),
    "watch_what": refused("/watch 2", "bad-nick", 'a nickname must not start with "2"'),
    "unwatch_whom": refused("/unwatch", "usage", "use it like this: /unwatch NICK"),
    "unwatch_nobody": refused("/unwatch bob", "no-nick", "you do not watch bob"),
    "whois_whom": refused("/whois", "usage", "use it like this: /whois NICK"),
    "ignore_oneself": refused("/ignore ada", "usage", "you cannot ignore yourself"),
    "unignore_whom": refused("/unignore", "usage", "use it like this: /unignore NICK"),
    "set_what": refused("/set tme on", "usage", SETTINGS),
    "set_how": refused("/set time maybe", "usage", SETTINGS),
}

NOTHING_TO_REFUSE = {"back", "export", "motd", "ping", "resume", "token"}
"""Commands that anybody may give at any time, whatever follows them."""


class PeopleTableTests(RowCase):
    """What ada types, and what each of three then sees."""

    @each_row(at_all_doors(ROWS))
    def test_allowed(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What somebody does is seen by those whom it concerns, and answered to who did it."""
        self.play(*case)

    @each_row(at_all_doors(REFUSED))
    def test_refused(self, case: tuple[Row, tuple[str, ...]]) -> None:
        """What cannot be done is told to who wanted it, and nobody else."""
        self.play(*case)


def typed_in(*modules: object) -> tuple[set[str], set[str]]:
    """The commands in all tables of the modules: those carried out, and those refused."""
    done: set[str] = set()
    not_done: set[str] = set()
    for module in modules:
        for table in vars(module).values():
            for row in table.values() if isinstance(table, dict) else ():
                if hasattr(row, "typed") and commands.is_command(row.typed):
                    name = row.typed.split()[0].removeprefix("/").casefold()
                    (not_done if row.error else done).add(commands.ALIASES.get(name, name))
    return done, not_done


class EveryCommandTests(SynchronousTestCase):
    """The tables together."""

    def test_every_command(self) -> None:
        """Each command is played for somebody who may, and for somebody who may not."""
        done, not_done = typed_in(
            test_talk,
            test_history,
            test_names,
            test_operators,
            test_server_operators,
            test_invitations,
            test_running,
            test_personal,
            test_search,
            test_mistakes,
            __import__(__name__, fromlist=["ROWS"]),
        )
        known = set(commands.COMMANDS)
        self.assertEqual(known, done)
        self.assertEqual(known - not_done, NOTHING_TO_REFUSE)
