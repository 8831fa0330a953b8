"""What clients do that costs others something; each is one function of a L{scene.Scene}.

Attackers come from C{127.0.0.2}, or from as many addresses from there on as an attack needs.
"""

ATTACKER = "127.0.0.2"


def address(number: int) -> str:
    """One of many addresses, from 0 on, of attackers who are not at the same one."""
    return f"127.0.2.{number + 1}"
