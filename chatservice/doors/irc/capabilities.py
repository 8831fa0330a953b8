"""The capabilities that a client and the door agree on (IRCv3, Capability Negotiation 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatservice.doors.irc.wire import LINE_BYTES

MESSAGE_TAGS, SERVER_TIME, BATCH = "message-tags", "server-time", "batch"
LABELED_RESPONSE, ECHO_MESSAGE = "labeled-response", "echo-message"
ACCOUNT_TAG, ACCOUNT_NOTIFY, AWAY_NOTIFY = "account-tag", "account-notify", "away-notify"
EXTENDED_JOIN, MULTI_PREFIX, USERHOST_IN_NAMES = (
    "extended-join",
    "multi-prefix",
    "userhost-in-names",
)
INVITE_NOTIFY, SETNAME, CAP_NOTIFY = "invite-notify", "setname", "cap-notify"
STANDARD_REPLIES, EXTENDED_MONITOR, SASL = "standard-replies", "extended-monitor", "sasl"
CHATHISTORY, EVENT_PLAYBACK = "draft/chathistory", "draft/event-playback"
READ_MARKER, ACCOUNT_REGISTRATION = "draft/read-marker", "draft/account-registration"
SEARCH = "soju.im/search"

ANNOUNCED: dict[str, str] = {
    MESSAGE_TAGS: "",
    SERVER_TIME: "",
    BATCH: "",
    LABELED_RESPONSE: "",
    ECHO_MESSAGE: "",
    ACCOUNT_TAG: "",
    ACCOUNT_NOTIFY: "",
    AWAY_NOTIFY: "",
    EXTENDED_JOIN: "",
    MULTI_PREFIX: "",
    USERHOST_IN_NAMES: "",
    INVITE_NOTIFY: "",
    SETNAME: "",
    CAP_NOTIFY: "",
    STANDARD_REPLIES: "",
    EXTENDED_MONITOR: "",
    SASL: "PLAIN",
    CHATHISTORY: "",
    EVENT_PLAYBACK: "",
    READ_MARKER: "",
    ACCOUNT_REGISTRATION: "",
    SEARCH: "",
}
"""Each capability, and its value for clients that understand values."""

VALUES_FROM = 302
"""The version of C{CAP LS} from which on values are understood."""

Set = frozenset[str]
"""The capabilities in force; connections with the same ones share one object."""

_sets: dict[Set, Set] = {}


def shared(capabilities: Iterable[str]) -> Set:
    """Find or make the one set with these capabilities."""
    capabilities = frozenset(capabilities)
    return _sets.setdefault(capabilities, capabilities)


NONE = shared(())


class Negotiation:
    """The negotiation of one connection.

    @ivar enabled: the capabilities in force.
    @ivar is_open: whether registration waits for C{CAP END}.
    """

    __slots__ = ("_version", "enabled", "is_open")

    def __init__(self) -> None:
        self.enabled = NONE
        self.is_open = False
        self._version = 0

    def ls(self, version: str) -> list[str]:
        """Spell all capabilities, for one C{CAP LS} or several."""
        if version.isascii() and version.isdigit():
            self._version = max(self._version, int(version[:4]))
        has_values = self._version >= VALUES_FROM
        if has_values:
            self.enabled = shared({*self.enabled, CAP_NOTIFY})
        return list(_in_lines(
            f"{name}={value}" if value and has_values else name
            for name, value in ANNOUNCED.items()
        ))

    def listed(self) -> list[str]:
        """Spell the capabilities in force."""
        return list(_in_lines(name for name in ANNOUNCED if name in self.enabled))

    def request(self, names: list[str]) -> bool:
        """Change what is in force, and return whether that was done: all or nothing.

        @param names: C{-name} ends one.
        """
        wanted = {name.removeprefix("-"): not name.startswith("-") for name in names}
        if not wanted.keys() <= ANNOUNCED.keys():
            return False
        if self._version >= VALUES_FROM and wanted.get(CAP_NOTIFY) is False:
            return False
        enabled = {name for name in wanted if wanted[name]} | self.enabled
        self.enabled = shared(name for name in enabled if wanted.get(name, True))
        return True


def _in_lines(names: Iterable[str]) -> Iterator[str]:
    """Gather names into texts that fit into a line, with room for what stands before them."""
    line = ""
    for name in names:
        if line and len(line) + len(name) > LINE_BYTES - 100:
            yield line
            line = ""
        line += f"{name} "
    yield line.rstrip(" ")
