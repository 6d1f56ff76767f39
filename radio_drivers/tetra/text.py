"""How TETRA messages write text: the codings of EN 300 392-2, table 29.29. Pure."""

from __future__ import annotations

import unicodedata

PACKED = 0
LATIN = 1
UTF16 = 26

_CODECS = {
    LATIN: "iso8859-1",
    **{2 + n: f"iso8859-{2 + n}" for n in range(9)},
    11: "iso8859-13",
    12: "iso8859-14",
    13: "iso8859-15",
    14: "cp437",
    15: "cp737",
    16: "cp850",
    17: "cp852",
    18: "cp855",
    19: "cp857",
    20: "cp860",
    21: "cp861",
    22: "cp863",
    23: "cp865",
    24: "cp866",
    25: "cp869",
    UTF16: "utf-16-be",
}
"""Coding number -> Python's name. 27 (VISCII) Python doesn't have; it and the reserved ones are read as ISO 8859-1."""

_SEVEN_BIT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The 7-bit alphabet, by number (3GPP TS 23.038, 6.2.1)."""

_SEVEN_BIT_MORE = {10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "€"}
"""After the escape (27)."""


def decode(coding: int, data: bytes) -> str:
    """Text as a person reads it: no control characters, no blanks around it. Never fails: what can't be read becomes �."""
    text = _unpacked(data) if coding == PACKED else data.decode(_CODECS.get(coding, "iso8859-1"), "replace")
    return "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else " " for c in text).strip()


def encode(text: str, most_bytes: int) -> tuple[int, bytes]:
    """The coding and the bytes for a text.

    ISO 8859-1 where it can write all of it, else UTF-16 where that is short enough; else the letters lose their accents and
    what is left over becomes `?`.

    Args:
        text: what to send.
        most_bytes: room for it.

    Returns:
        Coding and bytes, cut off at `most_bytes`.
    """
    try:
        return LATIN, text.encode("latin-1")[:most_bytes]
    except UnicodeEncodeError:
        wide = text.encode("utf-16-be", "replace")
        if len(wide) <= most_bytes:
            return UTF16, wide
    plain = "".join(
        c if c.isascii() or ord(c) < 256 else unicodedata.normalize("NFKD", c.translate(_ALIKE)) for c in text
    )
    marks_gone = "".join(c for c in plain if not unicodedata.combining(c))
    return LATIN, marks_gone.encode("latin-1", "replace")[:most_bytes]


_ALIKE = str.maketrans("łŁđĐıŒœ‘’“”–—…€", "lLdDiOo''\"\"--.E")


def _unpacked(data: bytes) -> str:
    bits = int.from_bytes(data, "little")
    count = len(data) * 8 // 7
    values = [bits >> (7 * n) & 0x7F for n in range(count)]
    if count and count % 8 == 0 and values[-1] == 0:
        values.pop()  # seven bits were left over, so that is filling, not an @
    letters: list[str] = []
    escaped = False
    for value in values:
        if escaped:
            letters.append(_SEVEN_BIT_MORE.get(value, _SEVEN_BIT[value]))
            escaped = False
        elif value == 27:
            escaped = True
        else:
            letters.append(_SEVEN_BIT[value])
    return "".join(letters)
