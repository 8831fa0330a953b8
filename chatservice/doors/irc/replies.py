"""The numerics of replies by name, and those that the chat's errors become.

See RFC 2812, section 5, and https://modern.ircdocs.horse/ for the later ones.
"""

from __future__ import annotations

from twisted.words.protocols import irc

from chatservice.protocol.events import ChatError

RPL_ISUPPORT = irc.RPL_ISUPPORT
RPL_LOCALUSERS, RPL_GLOBALUSERS = "265", "266"
RPL_WHOISACCOUNT, RPL_WHOISBOT, RPL_WHOISHOST, RPL_WHOISSECURE = "330", "335", "378", "671"
RPL_CREATIONTIME, RPL_TOPICWHOTIME = "329", "333"
RPL_INVITELIST, RPL_ENDOFINVITELIST = "336", "337"
RPL_WHOSPCRPL = "354"
RPL_HELPSTART, RPL_HELPTXT, RPL_ENDOFHELP, ERR_HELPNOTFOUND = "704", "705", "706", "524"
RPL_QUIETLIST, RPL_ENDOFQUIETLIST = "728", "729"
RPL_MONONLINE, RPL_MONOFFLINE, RPL_MONLIST, RPL_ENDOFMONLIST = "730", "731", "732", "733"
ERR_MONLISTFULL = "734"
RPL_LOGGEDIN, RPL_LOGGEDOUT = "900", "901"
RPL_SASLSUCCESS, ERR_SASLFAIL, ERR_SASLTOOLONG = "903", "904", "905"
ERR_SASLABORTED, ERR_SASLALREADY, RPL_SASLMECHS = "906", "907", "908"
ERR_INVALIDCAPCMD, ERR_INPUTTOOLONG, ERR_CANNOTSENDTOUSER = "410", "417", "531"
ERR_INVALIDMODEPARAM = "696"
RPL_ADMINLOC1, RPL_ADMINLOC2 = irc.RPL_ADMINLOC1, irc.RPL_ADMINLOC2
ERR_NOTEXTTOSEND, ERR_NORECIPIENT = irc.ERR_NOTEXTTOSEND, irc.ERR_NORECIPIENT

SINGULAR = {
    ("bad-nick", ""): irc.ERR_ERRONEUSNICKNAME,
    ("nick-taken", ""): irc.ERR_NICKNAMEINUSE,
    ("registered", ""): irc.ERR_NICKNAMEINUSE,
    ("password-needed", ""): irc.ERR_NICKNAMEINUSE,
    ("no-nick", ""): irc.ERR_NOSUCHNICK,
    ("bad-room", ""): irc.ERR_NOSUCHCHANNEL,
    ("no-room", ""): irc.ERR_NOTONCHANNEL,
    ("too-many", "rooms"): irc.ERR_TOOMANYCHANNELS,
    ("closed", "limit"): irc.ERR_CHANNELISFULL,
    ("closed", "invite-only"): irc.ERR_INVITEONLYCHAN,
    ("closed", "room-password"): irc.ERR_BADCHANNELKEY,
    ("closed", "wrong-room-password"): irc.ERR_BADCHANNELKEY,
    ("banned", ""): irc.ERR_BANNEDFROMCHAN,
    ("muted", ""): irc.ERR_CANNOTSENDTOCHAN,
    ("not-allowed", "moderated"): irc.ERR_CANNOTSENDTOCHAN,
    ("not-allowed", "not-operator"): irc.ERR_CHANOPRIVSNEEDED,
    ("not-allowed", "protected"): irc.ERR_CHANOPRIVSNEEDED,
}
"""The numerics for errors about one thing, which is named before the sentence."""

PLAIN = {
    ("empty", ""): irc.ERR_NOTEXTTOSEND,
    ("too-long", ""): ERR_INPUTTOOLONG,
    ("wrong-password", ""): irc.ERR_PASSWDMISMATCH,
}
"""The numerics for errors about nothing in particular."""


def numeric_for(error: ChatError) -> tuple[str, bool]:
    """Find the numeric for an error; empty if there is none.

    @return: the numeric, and whether the thing that the error is about stands before the sentence.
    """
    for table, is_about in ((SINGULAR, True), (PLAIN, False)):
        for key in ((error.code, error.cause), (error.code, "")):
            if key in table:
                return table[key], is_about
    return "", False
