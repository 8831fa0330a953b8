"""Attacks: what clients can do at others' cost. Each is a function that takes a L{scene.Scene}.

Attackers come from C{127.0.0.2}, or from several addresses if an attack needs them (L{address}).
"""

ATTACKER = "127.0.0.2"


def address(number: int) -> str:
    """Make one of many addresses, counted from 0, for attackers at different addresses."""
    return f"127.0.2.{number + 1}"
