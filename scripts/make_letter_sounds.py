"""Makes dispatch/data/letter_sounds.txt.gz and more_words.txt.gz from the lexicons inside hibari-tts (Apache-2.0).

    .venv/bin/python scripts/make_letter_sounds.py

Letters are aligned with sounds by expectation maximisation (each letter is said as 0 to 2 phonemes), then for each letter the
most frequent sounds are kept for every context that changes the answer. A twentieth of the names (entries with a capital) is
held out, its error rate printed, and then learnt from too. Takes about four minutes. Deterministic.
"""

# ruff: noqa: INP001, T201 - a script, which prints

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from importlib import util
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from dispatch.matching.letter_sounds import _PAD, CONTEXT, context, padded, read_letters
from dispatch.matching.phonemes import VOWELS, from_misaki

DATA = Path(__file__).resolve().parents[1] / "dispatch" / "data"
ROUNDS = 6
SAMPLE = 30_000
LONGEST = 2
"""Phonemes one letter can be said as: x is ks, u is ju."""
NAME_WEIGHT = 3
"""What a name counts against another word: names are what the table is for."""
_WORD = re.compile("[a-z]{2,24}")


def lexicon(name: str) -> dict[str, str]:
    """Word to phonemes as the file has them; of several readings the usual one."""
    spec = util.find_spec("hibari")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("hibari-tts is not installed")
    path = Path(next(iter(spec.submodule_search_locations))) / "assets" / f"lexicon_{name}.json.gz"
    found = {}
    for word, said in json.loads(gzip.decompress(path.read_bytes())).items():
        usual = said.get("DEFAULT") if isinstance(said, dict) else said
        if usual:
            found[word] = usual
    return found


def british(word: str, american: str) -> str:
    """American phonemes said the British way: no r but before a vowel, and the vowels of "lot" and "trap"."""
    plain = american.replace("ˈ", "").replace("ˌ", "")
    plain = (
        plain.replace("ɾ", "t")
        .replace("æ", "a")
        .replace("O", "Q")
        .replace("ᵻ", "ɪ")
        .replace("ʔ", "t")
        .replace("ᵊ", "ə")
    )
    said = ""
    for at, sound in enumerate(plain):
        after = plain[at + 1 : at + 2]
        if sound == "ɹ":
            before = plain[at - 1 : at]
            if after and after in VOWELS:
                said += "r"
            elif before in ("I", "W", "A", "Y"):
                said += "ə"
        elif sound == "ɑ":
            said += "ɑ" if after == "ɹ" or "o" not in word else "ɒ"
        elif after == "ɹ" and sound in "ɪi":
            said += "ɪə"
        elif after == "ɹ" and sound == "ɛ":
            said += "e"
        elif after == "ɹ" and sound == "ʊ":
            said += "ɔ"
        else:
            said += sound
    # "murry" is ɜ before r in America and ʌ here: murray, hurry.
    said = re.sub("ɜr(?=[" + VOWELS + "])", "ʌr", said)
    return from_misaki(said)


def words() -> tuple[dict[str, str], set[str], dict[str, str]]:
    """British words, which of them are names, and further words from the American files said the British way."""
    gold, silver = lexicon("gb_gold"), lexicon("gb_silver")
    known: dict[str, str] = {}
    names = set()
    for source in (silver, gold):
        for word, said in source.items():
            if word.isupper() and len(word) > 1:
                continue
            if word.lower() != word and word.lower() in gold:
                continue
            if _WORD.fullmatch(word.lower()):
                known[word.lower()] = from_misaki(said)
                if word[0].isupper():
                    names.add(word.lower())
    more: dict[str, str] = {}
    for source in (lexicon("us_silver"), lexicon("us_gold")):
        for word, said in source.items():
            low = word.lower()
            if _WORD.fullmatch(low) and low not in known and not (word.isupper() and len(word) > 1):
                more[low] = british(low, said)
                if word[0].isupper():
                    names.add(low)
    return known, names, {word: said for word, said in more.items() if said}


Chunk = tuple[str, str]


def _paths(word: str, said: str, score: Mapping[Chunk, float]) -> list[list[float]]:
    forward = [[0.0] * (len(said) + 1) for _ in range(len(word) + 1)]
    forward[0][0] = 1.0
    for i, letter in enumerate(word):
        for j in range(len(said) + 1):
            here = forward[i][j]
            if here:
                for k in range(min(LONGEST, len(said) - j) + 1):
                    forward[i + 1][j + k] += here * score[letter, said[j : j + k]]
    return forward


def expectation(pairs: Iterable[tuple[str, str]], score: Mapping[Chunk, float]) -> dict[Chunk, float]:
    """How often each letter is said as each chunk, over all alignments by their probability."""
    counts: dict[Chunk, float] = defaultdict(float)
    for word, said in pairs:
        forward = _paths(word, said, score)
        total = forward[-1][-1]
        if not total:
            continue
        backward = [[0.0] * (len(said) + 1) for _ in range(len(word) + 1)]
        backward[-1][-1] = 1.0
        for i in range(len(word) - 1, -1, -1):
            letter = word[i]
            for j in range(len(said) + 1):
                here = 0.0
                for k in range(min(LONGEST, len(said) - j) + 1):
                    after = backward[i + 1][j + k]
                    if after:
                        chunk = (letter, said[j : j + k])
                        step = score[chunk] * after
                        here += step
                        if forward[i][j]:
                            counts[chunk] += forward[i][j] * step / total
                backward[i][j] = here
    return counts


def best_alignment(word: str, said: str, score: Mapping[Chunk, float]) -> list[str] | None:
    """What each letter is said as in the likeliest alignment."""
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for letter in word:
        row: dict[int, tuple[float, int]] = {}
        for j, (value, _) in best[-1].items():
            for k in range(min(LONGEST, len(said) - j) + 1):
                probability = score.get((letter, said[j : j + k]), 0.0)
                if probability > 0:
                    total = value + math.log(probability)
                    if j + k not in row or total > row[j + k][0]:
                        row[j + k] = (total, j)
        best.append(row)
    if len(said) not in best[-1]:
        return None
    chunks, at = [], len(said)
    for row in reversed(best[1:]):
        start = row[at][1]
        chunks.append(said[start:at])
        at = start
    return chunks[::-1]


def learn_scores(pairs: list[tuple[str, str]]) -> dict[Chunk, float]:
    """Probability of each chunk given its letter, by expectation maximisation from a uniform start."""
    sample = sorted(pairs, key=lambda pair: hashlib.md5(pair[0].encode()).digest())[:SAMPLE]  # noqa: S324 - an order, no secret
    score: dict[Chunk, float] = defaultdict(lambda: 1.0)
    # Saying nothing is the exception, or silent letters would explain everything.
    for round_ in range(ROUNDS):
        counts = expectation(sample, score)
        totals: defaultdict[str, float] = defaultdict(float)
        for (letter, _), count in counts.items():
            totals[letter] += count
        score = defaultdict(float, {c: count / totals[c[0]] for c, count in counts.items() if count > 0.5})
        print(f"alignment round {round_ + 1}: {len(score)} chunks")
    return dict(score)


def learn_table(aligned: Iterable[tuple[str, list[str], int]]) -> dict[str, str]:
    """The table from context to sounds: what each letter is said as, for every context that changes the answer."""
    counts: list[dict[str, Counter[str]]] = [defaultdict(Counter) for _ in CONTEXT]
    for word, chunks, weight in aligned:
        letters = padded(word)
        for i, chunk in enumerate(chunks):
            around = context(letters, i + _PAD)
            for length in range(1, len(around) + 1):
                counts[length - 1][around[:length]][chunk] += weight
    table: dict[str, str] = {}
    for level in counts:
        for around, said in level.items():
            sound, _ = min(said.items(), key=lambda item: (-item[1], item[0]))
            inherited = next((table[around[:n]] for n in range(len(around) - 1, 0, -1) if around[:n] in table), None)
            if sound != inherited:
                table[around] = sound
    return table


def error_rate(pairs: Iterable[tuple[str, str]], table: Mapping[str, str]) -> tuple[float, float]:
    """Phonemes wrong per phoneme, and words with any wrong."""
    wrong = total = words_wrong = number = 0
    for word, said in pairs:
        guess = read_letters(word, table)
        off = Levenshtein.distance(guess, said)
        wrong, total, words_wrong, number = wrong + off, total + len(said), words_wrong + bool(off), number + 1
    return wrong / max(1, total), words_wrong / max(1, number)


def write_table(table: Mapping[str, str], path: Path) -> None:
    """Grouped by sound, contexts front coded, gzip without a date so that the same table is the same file."""
    groups: dict[str, list[str]] = defaultdict(list)
    for around, sound in table.items():
        groups[sound].append(around)
    lines = []
    for sound in sorted(groups):
        lines.append(f"={sound}")
        before = ""
        for around in sorted(groups[sound]):
            shared = 0
            while shared < min(len(before), len(around), 15) and before[shared] == around[shared]:
                shared += 1
            lines.append(f"{shared:x}{around[shared:]}")
            before = around
    path.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


def main() -> None:
    """Learn, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DATA)
    out = parser.parse_args().out
    known, names, more = words()
    print(f"{len(known)} British words, {len(names)} names in all, {len(more)} further words")
    pairs = sorted({**more, **known}.items())
    score = learn_scores(pairs)
    aligned = []
    for word, said in pairs:
        chunks = best_alignment(word, said, score)
        if chunks is not None:
            aligned.append((word, chunks, NAME_WEIGHT if word in names else 1))
    print(f"{len(aligned)} of {len(pairs)} words aligned")
    held = {w for w in names if w in known and hashlib.md5(w.encode()).digest()[0] < 13}  # noqa: S324
    # Forms of one name ("Pune", "Puneite") share letters; those of the held-out stems go too.
    stems = {w[:5] for w in held}
    trained = learn_table(a for a in aligned if a[0] not in held and a[0][:5] not in stems)
    rate, words_wrong = error_rate(((w, known[w]) for w in sorted(held)), trained)
    print(f"held out {len(held)} names: {rate:.1%} of phonemes wrong, {words_wrong:.1%} of words")
    table = learn_table(aligned)
    write_table(table, out / "letter_sounds.txt.gz")
    lines = "\n".join(f"{word}\t{said}" for word, said in sorted(more.items()))
    (out / "more_words.txt.gz").write_bytes(gzip.compress(lines.encode(), 9, mtime=0))
    print(f"{len(table)} contexts written")


if __name__ == "__main__":
    main()
