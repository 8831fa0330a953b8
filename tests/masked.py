"""The masks of members in tests."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.rooms import Member


def give_hosts(case: SynchronousTestCase, hosts: dict[str, str]) -> None:
    """Have members be at these hosts, by the addresses that they come from, for one test."""

    def mask(member: Member) -> str:
        return f"{member.nick}!~text@{hosts.get(member.address, 'elsewhere.chat')}"

    case.patch(Member, "mask", property(mask))
