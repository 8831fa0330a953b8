"""Telnet commands are taken out of the text, and answered so that telnet clients work."""

from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors.telnet import UNSEEN, Telnet
from tests.doubles import pieces

CTRL_C = b"\xff\xf4\xff\xfd\x06"
WILL_TIMING_MARK = b"\xff\xfb\x06"
YES = b"-- yes, the chat is here\r\n"
LONG = b"\xff\xfa\x1f" + b"\x00" * 1000

# What the peer sends: the text in it, and what is sent back.
CONVERSATIONS = {
    b"plain": (b"plain", b""),
    b"\xc3\xbc \xe2\x82\xac": (b"\xc3\xbc \xe2\x82\xac", b""),
    b"a" + CTRL_C + b"b": (b"a\xffb", WILL_TIMING_MARK),
    CTRL_C * 2: (b"\xff\xff", WILL_TIMING_MARK * 2),
    b"a\xff\xf3b": (b"a\xffb", b""),
    b"a\xff\xf8b": (b"a\xffb", b""),
    b"a\xff\xf6b": (b"ab", YES),
    b"a\xff\xfd\x01b": (b"ab", b"\xff\xfc\x01"),
    b"a\xff\xfd\xffb": (b"ab", b"\xff\xfc\xff"),
    b"a\xff\xfb\x1fb": (b"ab", b"\xff\xfe\x1f"),
    b"a\xff\xfb\x06b": (b"ab", b""),
    b"a\xff\xfe\x01b\xff\xfc\x01c": (b"abc", b""),
    b"a\xff\xf1b\xff\xf9c\xff\x01d": (b"abcd", b""),
    b"a\xff\xffb": (b"ab", b""),
    b"a\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0b": (b"ab", b""),
    b"a\xff\xfa\x18\x00\xff\xfd\x01xterm\xff\xf0b": (b"ab", b""),
    b"a" + LONG + b"\xff\xf0b": (b"ab", b""),
    b"a" + LONG + b"\xff\xff\x00\xff\xf0b\xff\xf6c": (b"abc", YES),
    b"a" + LONG + b"hello\r\n": (b"a", b""),
    b"a\xff": (b"a", b""),
    b"a\xff\xfd": (b"a", b""),
}


def converse(sent: bytes, size: int) -> tuple[bytes, bytes]:
    """The text in what was sent in pieces of a size, and what was answered."""
    replies: list[bytes] = []
    telnet = Telnet(replies.append)
    text = b"".join(telnet.text_of(piece) for piece in pieces(sent, size))
    return text, b"".join(replies)


def mismatches(size: int) -> dict[bytes, tuple[bytes, bytes]]:
    """The conversations that go another way in pieces of a size, and how they go."""
    outcomes = {sent: converse(sent, size) for sent in CONVERSATIONS}
    return dict(outcomes.items() - CONVERSATIONS.items())


class TelnetTests(SynchronousTestCase):
    def test_conversations(self) -> None:
        """Commands leave no text but where they take back the line, and options are refused."""
        self.assertEqual(mismatches(0), {})

    def test_pieces(self) -> None:
        """It does not matter how the network cuts a command."""
        self.assertEqual([mismatches(size) for size in range(1, 10)], [{}] * 9)

    def test_nothing_in_between(self) -> None:
        """A call without bytes changes nothing of a command that is cut off."""
        replies: list[bytes] = []
        telnet = Telnet(replies.append)
        texts = [telnet.text_of(data) for data in (b"\xff\xfd", b"", b"\x06hi")]
        self.assertEqual(texts, [b"", b"", b"hi"])
        self.assertEqual(replies, [WILL_TIMING_MARK])

    def test_password(self) -> None:
        """While a password is typed the peer is to leave the echo to us, and then no more.

        Its consent is not answered: that would go on for ever (RFC 854).
        """
        replies: list[bytes] = []
        telnet = Telnet(replies.append)
        telnet.show_typing(False)
        text = telnet.text_of(b"\xff\xfd\x01secret\n")
        telnet.show_typing(True)
        text += telnet.text_of(b"\xff\xfe\x01hello\n")
        self.assertEqual(text, b"secret\nhello\n")
        self.assertEqual(replies, [b"\xff\xfb\x01", b"\xff\xfc\x01\r\n"])

    def test_echo_unanswered(self) -> None:
        """A peer that never answers is heard again after some lines, and that time after time."""
        telnet = Telnet(lambda data: None)
        for end in (b"\r\n", b"\r\0", b"\n"):
            telnet.show_typing(False)
            secret = b"\xff\xfd\x01secret" + end
            self.assertEqual(telnet.text_of(secret), b"secret" + end)
            self.assertTrue(telnet.show_typing(True))
            lines = [b"line %d" % number + end for number in range(UNSEEN + 2)]
            heard = telnet.text_of(b"".join(lines[:3])) + telnet.text_of(b"".join(lines[3:]))
            self.assertEqual(heard, b"".join(lines[UNSEEN:]))

    def test_echo_refused(self) -> None:
        """Nobody but us has it that nothing is shown: asked by the peer, we refuse."""
        replies: list[bytes] = []
        telnet = Telnet(replies.append)
        telnet.show_typing(False)
        telnet.show_typing(True)
        telnet.text_of(b"\xff\xfd\x01")
        self.assertEqual(replies[2:], [b"\xff\xfc\x01"])

    def test_ask(self) -> None:
        """A telnet that is asked answers by itself, and its answer is no text and no question."""
        replies: list[bytes] = []
        telnet = Telnet(replies.append)
        telnet.ask()
        self.assertEqual(replies, [b"\xff\xfd\x06"])
        self.assertEqual(telnet.text_of(WILL_TIMING_MARK + b"\xff\xfc\x06hi"), b"hi")
        self.assertEqual(len(replies), 1)

    def test_no_end(self) -> None:
        """What begins like a subnegotiation and does not end is text in another encoding."""
        telnet = Telnet(lambda data: None)
        swallowed = [telnet.text_of(b"\xff\xfa" + b"x" * 512), telnet.text_of(b"x" * 600)]
        self.assertEqual(swallowed, [b"", b""])
        self.assertEqual(telnet.text_of(b"hello\n"), b"hello\n")

    def test_end_in_time(self) -> None:
        """Subnegotiations with an end may be as many as they like."""
        telnet = Telnet(lambda data: None)
        for _ in range(4):
            self.assertEqual(telnet.text_of(b"\xff\xfa" + b"x" * 512), b"")
            self.assertEqual(telnet.text_of(b"\xff\xf0hi"), b"hi")
