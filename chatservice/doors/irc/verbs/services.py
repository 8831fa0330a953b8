"""NickServ, ChanServ and the chat itself, to whom people write as to a person."""

from __future__ import annotations

from chatservice.doors.irc.client import IrcClient

SERVICES = {
    "nickserv": "NickServ",
    "ns": "NickServ",
    "chanserv": "ChanServ",
    "cs": "ChanServ",
    "chatservice": "chatservice",
}


def service_named(target: str) -> str | None:
    """Find the service that a message is for; C{None} if it is for somebody else."""
    return SERVICES.get(target.casefold())


def serve(session: IrcClient, service: str, text: str) -> None:
    """Carry out what somebody wrote to a service."""
    session.obey(f"/{text.strip().removeprefix('/')}")
