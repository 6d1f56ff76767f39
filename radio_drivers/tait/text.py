"""Text as short data messages carry it: printable ASCII. Pure."""

from __future__ import annotations

import unicodedata

_SIGNS = dict(zip("\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00a3\u20ac\u00d8\u00f8\u0141\u0142\u00df\u00c6\u00e6\u0110\u0111",
                  "''\"\"--.LEOoLlsAaDd", strict=True))  # fmt: skip


def as_ascii(text: str) -> str:
    """The text without accents and typographer's signs; what is left over becomes `?`. One line, no blanks around it.

    Never longer than it was: it has been cut to the length of a message already.
    """
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(_plain(c) for c in composed)


def _plain(c: str) -> str:
    c = _SIGNS.get(c) or unicodedata.normalize("NFKD", c)[0]
    return c if " " <= c <= "~" else "?"
