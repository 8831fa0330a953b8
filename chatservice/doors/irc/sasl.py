"""The proof of an account before the nickname: SASL PLAIN (IRCv3 sasl-3.2, and RFC 4616)."""

from __future__ import annotations

import binascii
from base64 import b64decode

from chatservice.doors.irc.replies import ERR_SASLFAIL, ERR_SASLTOOLONG

MECHANISM = "PLAIN"

PIECE = 400
"""The length of a piece of base64 after which another one follows."""

MOST = 2048
"""The most bytes of base64 in all."""


class Refused(Exception):
    """The end of an exchange that proves nothing.

    @ivar numeric: the numeric that says so.
    """

    def __init__(self, numeric: str, sentence: str) -> None:
        super().__init__(sentence)
        self.numeric = numeric


class Exchange:
    """The pieces of one exchange, from C{AUTHENTICATE PLAIN} on."""

    __slots__ = ("_encoded",)

    def __init__(self) -> None:
        self._encoded = ""

    def take(self, piece: str) -> tuple[str, str] | None:
        """Take a piece; return the account's name and password once that was the last one.

        @raise Refused: the exchange is over.
        """
        if len(piece) > PIECE or len(self._encoded) + len(piece) > MOST:
            raise Refused(ERR_SASLTOOLONG, "that is more than SASL takes")
        if piece != "+":
            self._encoded += piece
        return None if len(piece) == PIECE else self._credentials()

    def _credentials(self) -> tuple[str, str]:
        try:
            plain = b64decode(self._encoded, validate=True).decode()
            _, name, password = plain.split("\0")
        except (binascii.Error, ValueError):
            raise Refused(ERR_SASLFAIL, "that is not base64 of SASL PLAIN") from None
        return name, password
