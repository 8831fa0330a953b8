"""Masks: patterns of C{NICK!USER@HOST}, with C{*} for any text and C{?} for any character.

This is how IRC names people who are to be kept out (RFC 2812, section 3.2.3; the wildcards are
those of section 2.5). Case does not matter.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from chatservice.people.addresses import Network, network_named
from chatservice.protocol.sanitize import clean

MASK_BYTES = 200
"""The most bytes of a mask, as UTF-8."""

ANYTHING = "*"


class Mask(NamedTuple):
    """A whole mask.

    @ivar text: all of its three parts, in the one case in which masks are compared.
    @ivar nick: the nickname, if the mask means everybody who has it, and nothing else; or empty.
    """

    text: str
    nick: str


def meant(text: str) -> Network | Mask | None:
    """Read whom a ban or a mute is about: a network or a mask; C{None} for a nickname.

    A mask has what no nickname can have: C{!}, C{@}, C{*} or C{?}. One of everybody at an address
    or in a network means that network. A nickname has no leading digit, colon or slash either.

    @raise ValueError: the mask or network is malformed; the message is one sentence.
    """
    if any(char in text for char in "!@*?"):
        mask = _mask_of(text)
        return _network_of(mask) or mask
    if not text[0].isdigit() and ":" not in text and "/" not in text:
        return None
    return network_named(text)


def _mask_of(text: str) -> Mask:
    """Complete the missing parts of a mask with C{*}."""
    if text != clean(text) or not text.isprintable() or " " in text:
        raise ValueError("a mask must not contain spaces or invisible characters")
    nick, bang, rest = text.partition("!")
    if not bang:
        nick, rest = ("", text) if "@" in text else (text, "")
    user, _, host = rest.partition("@")
    parts = [folded(part) or ANYTHING for part in (nick, user, host)]
    whole = f"{parts[0]}!{parts[1]}@{parts[2]}"
    if len(whole.encode()) > MASK_BYTES:
        raise ValueError(f"a mask must have at most {MASK_BYTES} bytes")
    is_of_nick = parts[1:] == [ANYTHING, ANYTHING] and not set("*?") & set(parts[0])
    return Mask(whole, nick if is_of_nick else "")


def of_nick(nick: str) -> str:
    """Give the mask of everybody who has a nickname."""
    return f"{folded(nick)}!*@*"


def _network_of(mask: Mask) -> Network | None:
    """Find the network that a mask means; C{None} for any other mask."""
    begin, _, host = mask.text.partition("@")
    if begin != "*!*":
        return None
    try:
        return network_named(host)
    except ValueError:
        return None


def folded(text: str) -> str:
    """Give a mask, or what it is compared with, in the case in which they are compared."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text.casefold())


def matches(mask: str, text: str) -> bool:
    """Tell whether a mask covers a text, both L{folded}.

    When something does not fit, only the last C{*} takes one character more: what stands before it
    fits as early as it can, which leaves the most to what follows. So there are no more steps than
    the two lengths multiplied.
    """
    at = here = 0
    star, since = -1, 0
    while here < len(text):
        if at < len(mask) and mask[at] == ANYTHING:
            star, since = at, here
            at += 1
        elif at < len(mask) and mask[at] in ("?", text[here]):
            at += 1
            here += 1
        elif star >= 0:
            since += 1
            at, here = star + 1, since
        else:
            return False
    return not mask[at:].strip(ANYTHING)
