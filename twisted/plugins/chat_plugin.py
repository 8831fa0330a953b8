"""Makes ``twistd chat`` known; :mod:`chatservice.tap` is imported only when it is asked for."""

from twisted.application.service import ServiceMaker

chat = ServiceMaker(
    "chatservice",
    "chatservice.tap",
    "One chat on one port, for whatever client people have.",
    "chat",
)
