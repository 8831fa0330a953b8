"""One person at several doors of a real server, which is killed in between."""

from __future__ import annotations

from pathlib import Path

from tests.running import Peer, Program, Server, running

PASSWORD = "correct-horse"
LINES = 50


def joined_thrice(chat: Server) -> tuple[Program, Program, Peer]:
    """Have ada join with two programs and at the text door, by her password."""
    one, two = (chat.program("ada", password=PASSWORD, client=name) for name in ("one", "two"))
    person = chat.connect()
    person.send("ada", PASSWORD)
    person.until("and here on 2 other connections too")
    return one, two, person


def test_three_doors(tmp_path: Path) -> None:
    """What is said on each comes to all of them once and in order, also after kill -9."""
    with running(tmp_path, "--rate-limit", "0") as chat:
        ada = chat.join("ada")
        ada.send(f"/register {PASSWORD}")
        ada.until("ada is yours")
        ada.send("/quit")
    for run in range(2):
        with running(tmp_path, "--rate-limit", "0") as chat:
            one, two, person = joined_thrice(chat)
            texts = []
            for number in range(LINES):
                for name, program in (("one", one), ("two", two)):
                    texts.append(f"{name} {run} {number}")
                    program.ask("say", room="lobby", text=texts[-1], ref=texts[-1])
                    program.until_fact("said", ref=texts[-1], own=True)
            for program in (one, two):
                program.ask("ping", ref="end")
                program.until_fact("pong", ref="end")
                said = [line for line in program.heard if '"type":"said"' in line]
                assert [text for line in said for text in texts if f'"{text}"' in line] == texts
                assert sum('"own":true' in line for line in said) == len(texts)
            person.until(f"ada: {texts[-1]}")
            shown = [line for line in person.heard if line.startswith("ada: ")]
            assert shown == [f"ada: {text}" for text in texts]
            chat.kill()


def test_same_request_after_a_kill(tmp_path: Path) -> None:
    """Two programs that send the same request again make one line, and each has its answer."""
    request = {"room": "lobby", "text": "once", "ref": "the same"}
    token = "a-token-of-22-letters_"
    with running(tmp_path) as chat:
        programs = [chat.program("eve", token=token, client=name) for name in ("1", "2")]
        programs[0].ask("say", **request)
        programs[0].until_fact("said", text="once", own=True)
        chat.kill()
    with running(tmp_path) as chat:
        programs = [chat.program("eve", token=token, client=name) for name in ("1", "2")]
        for program in programs:
            program.ask("say", **request)
            assert program.until_fact("said", ref="the same")["own"] is True
        page = [event["text"] for event in programs[0].history(room="lobby")]
        assert page.count("once") == 1
