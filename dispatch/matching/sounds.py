"""Texts and names as sounds, and how alike two of them sound.

    >>> sounds("Postlewaite")
    'pɒsəlwAt'
    >>> likeness(sounds("sean tipple wick"), sounds("Shaun Tipplewick"))
    1.0

British English, in the alphabet of `dispatch.matching.phonemes`. Names that mislead and names of other languages have several
readings (`pronunciations`); a heard text, which a recogniser wrote in English words, has one (`sounds`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources
from itertools import product

from dispatch.matching.letter_sounds import sounds_of_letters
from dispatch.matching.lexicon import known_words
from dispatch.matching.phonemes import ALPHABET
from dispatch.matching.read_off import read_off
from dispatch.matching.sound_costs import ALONE, SUBSTITUTION
from dispatch.matching.spellings import foreign_readings
from dispatch.phrases import fold, tokens

MOST_READINGS, MOST_WAYS = 4, 6
"""Of a name in words, and of one that is looked for in sounds."""
# fmt: off
_LETTERS = {
    "a": "A", "b": "bi", "c": "si", "d": "di", "e": "i", "f": "ɛf", "g": "ʤi", "h": "Aʧ", "i": "I", "j": "ʤA", "k": "kA", "l": "ɛl",
    "m": "ɛm", "n": "ɛn", "o": "Q", "p": "pi", "q": "kju", "r": "ɑ", "s": "ɛs", "t": "ti", "u": "ju", "v": "vi", "w": "dʌbəlju",
    "x": "ɛks", "y": "wI", "z": "zɛd",
}
# fmt: on
_DIGITS = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LEAST_READ_OFF = 3
"""Letters from which a name is also said as it is written."""
_PLAIN = str.maketrans("łøæœßđðþı", "loeesddti")
"""Letters that folding leaves, one for one."""
_PARTS = (
    ("wood", "wʊd"), ("stock", "stɒk"), ("wick", "wɪk"), ("ham", "əm"), ("ton", "tən"), ("ford", "fəd"), ("ley", "li"),
    ("leigh", "li"), ("field", "fild"), ("worth", "wəθ"), ("well", "wɛl"), ("bridge", "brɪʤ"), ("brook", "brʊk"),
    ("smith", "smɪθ"), ("man", "mən"), ("son", "sən"), ("land", "lənd"), ("burn", "bɜn"), ("bourne", "bɔn"), ("bury", "bəri"),
    ("stone", "stQn"), ("gate", "gAt"), ("house", "hWs"), ("church", "ʧɜʧ"), ("more", "mɔ"), ("down", "dWn"), ("thwaite", "θwAt"),
    ("waite", "wAt"), ("hurst", "hɜst"), ("shaw", "ʃɔ"), ("way", "wA"), ("ward", "wəd"), ("combe", "kum"), ("dale", "dAl"),
    ("croft", "krɒft"), ("cote", "kQt"), ("bank", "baŋk"), ("berry", "bɛri"), ("hill", "hɪl"), ("lock", "lɒk"), ("low", "lQ"),
)  # fmt: skip
"""Second parts of English surnames with their weak vowels; the first part may be any word."""


@cache
def _said_names() -> dict[str, tuple[str, ...]]:
    text = resources.files("dispatch").joinpath("data", "said_names.csv").read_text(encoding="utf-8")
    rows = (line.split(",") for line in text.splitlines() if not line.startswith("#"))
    return {name: tuple(said.split()) for name, said in rows}


@lru_cache(maxsize=65536)
def word_readings(word: str) -> tuple[str, ...]:
    """How one folded word may be said, best first: by hand, by the lexicon, by the spelling of its language, by its letters.

    Digits are said one by one ("0142": "oh one four two", "zero one four two"), letters by their names where there is no vowel to
    say them as a word or digits are beside them.
    """
    if word.isdigit():
        said = " ".join(word_readings(_DIGITS[int(digit)])[0] for digit in word)
        zero = " ".join(word_readings("zero" if digit == "0" else _DIGITS[int(digit)])[0] for digit in word)
        return (said,) if said == zero else (said, zero)
    if len(word) == 1 and word in _LETTERS:
        return (_LETTERS[word],)
    if any(character.isdigit() for character in word):
        runs = re.findall(r"\d+|\D+", word)
        return (" ".join(_spelled(run) if len(run) <= 3 and run.isalpha() else word_readings(run)[0] for run in runs),)
    plain = word.replace("'", "")
    by_hand = _said_names().get(plain)
    if by_hand:
        return by_hand
    irish = _said_names().get(plain[1:]) if plain.startswith("o") else None
    if irish and known_words().get(word) is None:  # O'Shaughnessy
        return (f"Q{irish[0]}", f"ə{irish[0]}")
    known = known_words().get(word) or known_words().get(plain)
    letters = re.sub("[^a-z]", "", plain)
    if known is None and letters and not re.search("[aeiouy]", letters) and len(letters) <= 5:
        return (_spelled(letters),)
    if not letters:
        return ("",)
    if known:  # "dwarf" is no Pole, and "Jones" no Spaniard
        return (known,)
    english = [*_compound(letters), sounds_of_letters(letters)]
    before: list[str] = []
    after: list[str] = []
    for said, first in foreign_readings(letters):
        (before if first else after).append(said)
    return tuple(dict.fromkeys([*before, *english, *after]))[:MOST_READINGS]


def _spelled(letters: str) -> str:
    return " ".join(_LETTERS[letter] for letter in letters if letter in _LETTERS)


def _compound(letters: str) -> list[str]:
    """Say "Marchwood" as march and wood, where the letters before a usual second part are a word, or that part is long."""
    for part, said in _PARTS:
        stem = letters[: -len(part)]
        if letters.endswith(part) and len(stem) >= 4:
            known = _said_names().get(stem, (known_words().get(stem),))[0]
            if known:
                return [known + said]
        if letters.endswith(part) and len(part) >= 5 and len(stem) >= 3:
            return [sounds_of_letters(stem) + said]
    return []


_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
"""As `dispatch.phrases.tokens` cuts: its n-th token is the n-th word here."""


@lru_cache(maxsize=65536)
def _said_token(word: str) -> str:
    """One word as it stands in folded text: a contracted ending counts ("don't"), a possessive does not."""
    (token,) = tokens(word)
    return word_readings(token.text + token.ending if token.ending not in ("", "'s") else token.text)[0]


def said_words(text: str) -> list[str]:
    """Sounds of each word of a text, word for word as `tokens(fold(text))`.

    "A" is spelled beside single letters and digits, else it is the article.
    """
    words = _WORD.findall(text.lower().replace("`", "'") if text.isascii() else fold(text))
    said = [_said_token(word) for word in words]
    if "a" in words:
        for at in [at for at, word in enumerate(words) if word == "a"]:
            beside = words[max(0, at - 1) : at] + words[at + 1 : at + 2]
            if not any(word.isdigit() or (len(word) == 1 and word not in "ai") for word in beside):
                said[at] = "ə"
    return said


@lru_cache(maxsize=8192)
def sounds(text: str) -> str:
    """How a text is said, words separated by a blank; numbers digit by digit, single letters by name, other marks are silent."""
    return " ".join(said for said in said_words(fold(text).translate(_PLAIN)) if said)


@lru_cache(maxsize=16384)
def name_readings(word: str) -> tuple[str, ...]:
    """As `word_readings`, with how somebody says it who only sees it written right behind the best."""
    known = word_readings(word)
    if len(word) < LEAST_READ_OFF or not word.isalpha() or not word.isascii() or " " in known[0]:
        return known
    return tuple(dict.fromkeys([known[0], *filter(None, [read_off(word)]), *known[1:]]))


@lru_cache(maxsize=16384)
def _every_way(name: str) -> tuple[str, ...]:
    """Best first: with the best readings of all words, with the second of all (as they are written), with one of them second, and so on."""
    readings = [name_readings(token.text) for token in tokens(fold(name).translate(_PLAIN))]
    choices = sorted(
        product(*(range(len(r)) for r in (r[:MOST_READINGS] for r in readings))),
        key=lambda c: (sum(c), max(c, default=0)),
    )
    second = tuple(min(1, len(r) - 1) for r in readings)
    ordered = (*choices[:1], second, *choices[1:16])
    ways = (" ".join(r[k] for r, k in zip(readings, choice, strict=True) if r[k]) for choice in ordered)
    return tuple(way for way in dict.fromkeys(ways) if way)[:MOST_WAYS]


def pronunciations(name: str) -> tuple[str, ...]:
    """The 1 to 4 ways in which a name, alias or reference may be said, best first; words separated by a blank.

    One word's second reading counts as much as another's: "Sean Kowalczyk" is first said with both best readings, then with one of
    them second. Nothing sayable gives an empty tuple.
    """
    return _every_way(name)[:MOST_READINGS]


@lru_cache(maxsize=16384)
def unbroken(name: str) -> tuple[str, ...]:
    """Up to `MOST_WAYS` ways without the blanks between words: what is looked for in sounds, which have none."""
    return tuple(said.replace(" ", "") for said in _every_way(name))


_AT = {sound: at for at, sound in enumerate(ALPHABET)}
_SUBSTITUTE: list[list[float]] = SUBSTITUTION.tolist()
_ALONE: list[float] = ALONE.tolist()


def weight(said: str) -> float:
    """What all sounds of a text cost when none is there."""
    return sum(_ALONE[_AT[sound]] for sound in said if sound in _AT)


@lru_cache(maxsize=65536)
def distance(a: str, b: str) -> float:
    """How differently two texts sound: 0 the same, 1 nothing in common. Symmetrical; blanks cost nothing.

    The cheapest way to turn the sounds of one into the other (weighted edit distance, `sound_costs`), as a share of what the
    heavier one weighs alone.
    """
    one, other = ([_AT[sound] for sound in said if sound in _AT] for said in (a, b))
    whole = max(weight(a), weight(b))
    if one == other:
        return 0.0
    row = [0.0]
    for sound in other:
        row.append(row[-1] + _ALONE[sound])
    for sound in one:
        alone, substitute = _ALONE[sound], _SUBSTITUTE[sound]
        before, left = row[0], row[0] + alone
        next_row = [left]
        for at, against in enumerate(other, 1):
            above = row[at]
            left += _ALONE[against]
            left = min(left, above + alone, before + substitute[against])
            next_row.append(left)
            before = above
        row = next_row
    return min(1.0, row[-1] / whole)


def likeness(a: str, b: str) -> float:
    """1 - distance."""
    return 1.0 - distance(a, b)
