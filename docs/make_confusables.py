"""Generator of chatservice/protocol/confusables.txt, on standard output, from Unicode's file.

    python docs/make_confusables.py confusables.txt > chatservice/protocol/confusables.txt

The source is version 13.0.0 of the data of UTS #39, Unicode Security Mechanisms:
https://www.unicode.org/Public/security/13.0.0/confusables.txt

Only mappings that can apply to a nickname are kept: nicknames have no symbols and are case-folded
for the lookup. The targets are case-folded too, and mapped until nothing changes, so that one pass
over a name gives its skeleton.
"""

import sys
import unicodedata
from pathlib import Path

VERSION = "13.0.0"

# Greek and Cyrillic capitals that look like a Latin one although the small letters do not: folding
# would hide that "Кате" looks like "Kate". A key here is the small letter, or what Unicode's file
# maps it to. Letters that would make two letters of one script equal are left out: nu (capital N,
# small v), upsilon (Y, u) and iota (l, i).
LIKE_ITS_CAPITAL = {
    "β": "b", "ʙ": "b", "ε": "e", "ζ": "z", "η": "h", "ʜ": "h", "ĸ": "k",
    "μ": "m", "ʍ": "m", "ᴛ": "t", "χ": "x",
}  # fmt: skip

HEADER = f"""\
# What a character looks like, once folded: its code point, then those of its look-alike.
# Made by docs/make_confusables.py from confusables.txt of UTS #39, version {VERSION},
# https://www.unicode.org/Public/security/{VERSION}/confusables.txt
# Copyright (c) 2020 Unicode, Inc. For terms of use, see
# https://www.unicode.org/terms_of_use.html"""


def fold(text: str) -> str:
    """Fold a text as nicknames are folded for the lookup in the table."""
    return unicodedata.normalize("NFKD", text).casefold()


def read(path: Path) -> dict[int, str]:
    """Read Unicode's mappings; raise ValueError if the file is of another version."""
    text = path.read_text(encoding="utf-8-sig")
    if f"# Version: {VERSION}\n" not in text:
        raise ValueError(f"{path} is not version {VERSION}: check the table, then change VERSION")
    rows = [line.split(";") for line in text.splitlines() if ";" in line.partition("#")[0]]
    return {int(source, 16): decode(target) for source, target, *_ in rows}


def decode(points: str) -> str:
    """Decode hexadecimal code points with spaces between them."""
    return "".join(chr(int(point, 16)) for point in points.split())


def look_alike(text: str, table: dict[int, str]) -> str:
    """Map and fold a text until nothing changes."""
    seen = fold(text.translate(table))
    return seen if seen == text else look_alike(seen, table)


def can_occur(char: str) -> bool:
    """Tell whether a folded nickname can contain the character."""
    return fold(char) == char and (char.isascii() or unicodedata.category(char)[0] in "LMN")


def main() -> None:
    """Write the table, in the order of the code points."""
    table = read(Path(sys.argv[1]))
    table.update({ord(small): latin for small, latin in LIKE_ITS_CAPITAL.items()})
    print(HEADER)
    for source in sorted(table):
        if can_occur(chr(source)):
            target = look_alike(chr(source), table)
            print(f"{source:04X}", *(f"{ord(char):04X}" for char in target))


if __name__ == "__main__":
    main()
