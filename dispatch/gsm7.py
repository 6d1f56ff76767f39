"""The alphabet of SMS: what a text costs, what must be folded, where it may be cut (3GPP TS 23.038, clause 6.2.1).

One character outside it turns a whole message into UCS-2 and halves its room (70 instead of 160), so everything is
folded before it is sent.
"""

from __future__ import annotations

import unicodedata

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "^{}\\[~]|€\f"
"""Each of these takes two septets: an escape and itself."""
ONE_PART = 160
"""Septets in a message of one part."""

_COST = dict.fromkeys(BASIC, 1) | dict.fromkeys(EXTENSION, 2)
_FOLDED = {
    "‘": "'", "’": "'", "‚": ",", "‛": "'", "“": '"', "”": '"', "„": '"', "′": "'", "″": '"', "`": "'", "´": "'",
    "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "―": "-", "−": "-", "…": "...", "•": "-", "·": ".", "×": "x",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u200b": "", "\ufeff": "", "\t": " ", "½": "1/2", "©": "(c)", "™": "TM",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "œ": "oe", "Œ": "OE", "ı": "i",
}  # fmt: skip


def septets(text: str) -> int:
    """Septets the text takes.

    Raises:
        ValueError: a character is not in the alphabet; fold first.
    """
    try:
        return sum(_COST[character] for character in text)
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in the GSM alphabet; fold the text first") from None


def is_gsm7(text: str) -> bool:
    """Every character is in the alphabet."""
    return all(character in _COST for character in text)


def _fold_character(character: str) -> str:
    if character in _COST:
        return character
    if character in _FOLDED:
        return _FOLDED[character]
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    if plain and plain != character and all(part in _COST for part in plain):
        return plain
    return "?" if character.isprintable() else ""


def fold(text: str) -> str:
    """The nearest text in the alphabet: quotes and dashes made plain, accents dropped, the rest "?"."""
    return "".join(map(_fold_character, text))


def cut(text: str, limit: int = ONE_PART) -> str:
    """The longest beginning of a folded text within `limit` septets, ended at a word where one is near.

    Raises:
        ValueError: a character is not in the alphabet.
    """
    if septets(text) <= limit:
        return text
    room = max(0, limit - 3)
    kept = ""
    for character in text:
        room -= _COST[character]
        if room < 0:
            break
        kept += character
    space = kept.rfind(" ")
    if space > len(kept) * 0.6 and not text[len(kept)].isspace():
        kept = kept[:space]
    return kept.rstrip(" ,.;:-") + "..."[: max(0, limit)]
