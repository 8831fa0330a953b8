"""The command about your own connections."""

from __future__ import annotations

from chatservice.chat.rooms import Device, Member
from chatservice.commands.table import Answer, Call, Group, command
from chatservice.protocol.counts import counted, number
from chatservice.protocol.durations import roughly
from chatservice.protocol.events import ChatError

CLOSED_BY_YOU = "you closed this connection from another one"
ELSEWHERE = "there are others through another server, which lists them"


@command(
    Group.YOUR_NAME,
    "/devices [close N | close others]",
    "list your connections, or close some",
    "It shows the door of each, the name that its program gave itself, where it comes from, since "
    "when, and how long nothing came from it.",
)
def devices(call: Call) -> Answer:
    words = call.rest.casefold().split()
    match words:
        case []:
            return Answer(listed(call, call.member))
        case ["close", "others"]:
            closed = call.chat.devices.close_others(call.device, CLOSED_BY_YOU)
            return Answer([f"{counted(closed, 'connection is', 'connections are')} closed"])
        case ["close", which] if place := number(which, len(call.member.devices)):
            return _close(call, call.member.devices[place - 1], place)
    most = len(call.member.devices)
    raise ChatError("usage", f"/devices close takes a number from 1 to {most}, or others")


def _close(call: Call, device: Device, place: int) -> Answer:
    if device is call.device:
        call.chat.devices.hang_up(device)
    else:
        call.chat.devices.close(device, CLOSED_BY_YOU)
    return Answer([f"connection {place} is closed"])


def listed(call: Call, member: Member) -> list[str]:
    """Describe the devices of a member, one in a line; only the owner and operators may see it."""
    devices = enumerate(member.devices, start=1)
    lines = [_described(call, number, device) for number, device in devices]
    return [*lines, ELSEWHERE] if call.chat.homes.has_others(member) else lines


def _described(call: Call, number: int, device: Device) -> str:
    door, now = device.door, call.chat.reactor.seconds()
    this = " (this one)" if device is call.device else ""
    client = f" {device.client}" if device.client else ""
    where = f", from {door.peer.address}" if door.peer.address else ", from this machine"
    since = f", for {roughly(int(now - device.came))}"
    idle = f", silent for {roughly(int(door.idle_seconds()))}"
    return f"{number}: {door.name}{client}{where}{since}{idle}{this}"
