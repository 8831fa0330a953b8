"""The features that the door tells its clients of with 005 (RPL_ISUPPORT)."""

from __future__ import annotations

from chatservice.chat.rooms import ROOMS_PER_MEMBER
from chatservice.config.settings import Settings
from chatservice.protocol.names import NICK_LENGTH, ROOM_LENGTH

TEXT_BYTES = 390
"""The most bytes of a topic, a reason and an away message in one line; longer ones are cut."""

KEY_LENGTH = 64
MODES = 3
"""The most changes with a parameter in one C{MODE}."""

TARGETS = 4
"""The most targets of one message."""

HISTORY_MOST = 100
"""The most lines of a page of history."""

PER_LINE = 13


def features(settings: Settings) -> list[list[str]]:
    """List the features, in as many lines as they need."""
    tokens = [
        f"AWAYLEN={TEXT_BYTES}",
        "BOT=B",
        "CASEMAPPING=ascii",
        f"CHANLIMIT=#:{ROOMS_PER_MEMBER}",
        "CHANMODES=bq,k,l,imnst",
        f"CHANNELLEN={ROOM_LENGTH + 1}",
        "CHANTYPES=#",
        f"CHATHISTORY={HISTORY_MOST}",
        "ELIST=CMNTU",
        f"KEYLEN={KEY_LENGTH}",
        f"KICKLEN={TEXT_BYTES}",
        "MAXLIST=bq:1000",
        f"MODES={MODES}",
        "MONITOR=100",
        "MSGREFTYPES=msgid,timestamp",
        f"NETWORK={_escaped(settings.name)}",
        f"NICKLEN={NICK_LENGTH}",
        "PREFIX=(ov)@+",
        f"TARGMAX=JOIN:,KICK:,MONITOR:,NOTICE:{TARGETS},PART:,PRIVMSG:{TARGETS},WHOIS:1",
        f"TOPICLEN={TEXT_BYTES}",
        "UTF8ONLY",
        "WHOX",
    ]
    return [tokens[start : start + PER_LINE] for start in range(0, len(tokens), PER_LINE)]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\x5C").replace(" ", "\\x20").replace("=", "\\x3D")
