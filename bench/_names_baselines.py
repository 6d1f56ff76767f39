"""What others do to find names in a transcript, for `bench names` to set beside ours, on the same clips and the same hearing.

Each baseline is a function `Heard -> [(reference, score 0-1), ...]`, one entry a person at most, so that a threshold swept over the score gives a curve
of recall against false alerts. They are given every advantage that costs nothing: aliases, surnames alone, references spoken in digits; and nobody is
held against one for a denial or a question that it cannot read, when `bench._names_curves.curve` is told which calls alert.

    keyword            whole words of the transcript, as most call-monitoring programs search
    fuzzy              rapidfuzz partial ratio on the transcript
    hot words + fuzzy  the same on what Whisper writes with the register as hot words (needs `Heard.biased`)
    nomenklatura       its name matcher (LogicV2's `name_match`) on the mentions: runs of capitalised words
    hama               `pronunciation_scan`: phonemes of the transcript against phonemes of the names

nomenklatura and hama are only in the environment of `bench._names_environment`; `run` sends them there.
"""

from __future__ import annotations

import argparse
import csv
import functools
import importlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench._names_environment import run_inside

Named = tuple[str, float]
"""Reference and score, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of one clip."""

    file: str
    texts: tuple[str, ...]
    """Unbiased, best first; may be empty."""
    biased: tuple[str, ...] = ()
    """With the register as hot words."""
    mentions: tuple[str, ...] = ()
    """Names as somebody cut them out of the text; empty: runs of capitalised words are taken."""


Baseline = Callable[[Heard], list[Named]]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is looked for."""

    reference: str
    first: str
    last: str
    aliases: tuple[str, ...]

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"


def people(register: Path) -> list[Person]:
    """The people of a register's CSV."""
    with register.open(newline="", encoding="utf-8") as rows:
        return [
            Person(
                row["reference"], row["first_name"], row["last_name"], tuple(a for a in row["aliases"].split(";") if a)
            )
            for row in csv.DictReader(rows)
        ]


def plain(text: str) -> str:
    """Lower case, no punctuation, no possessive s, single spaces, spaces at both ends."""
    text = re.sub(r"['’]s\b", "", text.lower())
    return " ".join(["", *re.findall(r"[^\W_]+", text), ""])


_DIGITS = {"zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
           "eight": "8", "nine": "9"}  # fmt: skip


def digits_of(text: str) -> str:
    """All digits of the text in order, runs apart by a space: "two one four seven" and "2147" both give 2147."""
    runs = re.sub(r"[a-z]+", lambda word: _DIGITS.get(word[0], "x"), plain(text))
    return " ".join(re.findall(r"\d+", runs.replace(" ", "")))


def best(scores: Iterable[Named]) -> list[Named]:
    """The highest score of each person, highest first."""
    highest: dict[str, float] = {}
    for reference, score in scores:
        if score > highest.get(reference, 0.0):
            highest[reference] = min(1.0, score)
    return sorted(highest.items(), key=lambda one: (-one[1], one[0]))


def keyword(register: Sequence[Person]) -> Baseline:
    """Whole words: full name 1, reference 0.9, surname 0.8, alias 0.6."""
    forms = [
        (one.reference, pattern, score)
        for one in register
        for text, score in ((one.full, 1.0), (one.last, 0.8), *((alias, 0.6) for alias in one.aliases))
        for pattern in (plain(text),)
    ]
    last_of = {one.reference: plain(one.last) for one in register}
    numbers = [(one.reference, re.compile(rf"(?<!\d){re.sub(r'[^0-9]', '', one.reference)}(?!\d)")) for one in register]

    def find(heard: Heard) -> list[Named]:
        text = plain(heard.texts[0]) if heard.texts else ""
        digits = digits_of(text)
        found = [(reference, score) for reference, form, score in forms if form in text]
        # Where a full name is heard, its surname is no evidence for the brother.
        surnames = {last_of[reference] for reference, score in found if score == 1.0}
        found = [one for one in found if one[1] != 0.8 or last_of[one[0]] not in surnames]
        return best([*found, *((reference, 0.9) for reference, number in numbers if number.search(digits))])

    return find


def fuzzy(register: Sequence[Person], *, hot_words: bool = False, shortest: int = 5) -> Baseline:
    """Highest `partial_ratio` of full name, and of surname and aliases of at least `shortest` letters.

    With `hot_words` on all the biased texts as well as the best unbiased one. Shorter words are part of any text, so nothing could be told by them. A surname
    counts a little less than a full name, so that of two brothers the one who was named comes first.
    """
    from rapidfuzz import fuzz

    forms = [
        (one.reference, plain(form).strip(), weight)
        for one in register
        for form, weight in (
            (one.full, 1.0),
            *((short, 0.97) for short in (one.last, *one.aliases) if len(short) >= shortest),
        )
    ]
    exact = keyword(register)

    def find(heard: Heard) -> list[Named]:
        texts = [plain(text).strip() for text in (*heard.texts[:1], *(heard.biased if hot_words else ()))]
        ratios = (
            (reference, weight * fuzz.partial_ratio(form, text) / 100)
            for text in texts
            if text
            for reference, form, weight in forms
        )
        numbers = [(reference, score) for reference, score in exact(heard) if score == 0.9]
        return best([*numbers, *ratios])

    return find


def capitalised(text: str, longest: int = 4) -> list[str]:
    """Runs of words with a capital, and their parts: what stands for a name in Whisper's text."""
    runs: list[list[str]] = [[]]
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        runs.append([])
        for word in re.findall(r"[^\W\d_][\w'’-]*", sentence):
            if word[0].isupper():
                runs[-1].append(re.sub(r"['’]s$", "", word))
            else:
                runs.append([])
    parts = [
        " ".join(run[i:j])
        for run in runs
        for i in range(len(run))
        for j in range(i + 1, min(len(run), i + longest) + 1)
    ]
    return list(dict.fromkeys(part for part in parts if len(part) > 2))


def nomenklatura(register: Sequence[Person]) -> Baseline:
    """`name_match` of LogicV2, each mention against each person's full name and aliases. Needs the environment.

    Version 4.17 remembers an entity's names by its id, so each has one of its own.
    """
    model: Any = importlib.import_module(
        "followthemoney"
    ).model  # without types here, and not in the gateway's environment
    logic: Any = importlib.import_module("nomenklatura.matching").LogicV2
    name_match: Any = importlib.import_module("nomenklatura.matching.logic_v2.names.match").name_match

    count = iter(range(10**9))

    def entity(*names: str) -> Any:  # noqa: ANN401 - the library has no types here
        made = model.make_entity("Person")
        made.id = f"bench-{next(count)}"
        for name in names:
            made.add("name", name)
        return made

    config = logic.default_config()
    logic.compare(entity("Anne Example"), entity("Anne Example"), config)  # fills the configuration in
    on_register = [(one.reference, entity(one.full, *one.aliases)) for one in register]

    @functools.lru_cache(maxsize=20_000)
    def matches(mention: str) -> tuple[Named, ...]:
        asked = entity(mention)
        scores = ((reference, float(name_match(asked, known, config).score)) for reference, known in on_register)
        return tuple(one for one in scores if one[1] > 0)

    def find(heard: Heard) -> list[Named]:
        mentions = heard.mentions or (capitalised(heard.texts[0]) if heard.texts else ())
        return best(one for mention in mentions for one in matches(mention))

    return find


def hama(register: Sequence[Person], *, widest: float = 0.5) -> Baseline:
    """`pronunciation_scan` of the best text for full names, surnames and aliases. Needs the environment.

    By tokens: the default, by characters, takes more than a minute a call with 140 names. `widest` is how different the phonemes may be, as a share of
    them; the score then says how different they are. Its grapheme-to-phoneme results are remembered, which the package doesn't.
    """
    library: Any = importlib.import_module("hama")
    if not hasattr(library.G2PModel.predict, "cache_info"):
        library.G2PModel.predict = functools.lru_cache(maxsize=None)(library.G2PModel.predict)
    terms = [{"id": one.reference, "text": one.full, "aliases": [one.last, *one.aliases]} for one in register]
    options = {"span_unit": "token", "resolve_overlaps": "per_term_best", "max_distance_ratio": widest}

    def find(heard: Heard) -> list[Named]:
        if not heard.texts or not heard.texts[0].strip():
            return []
        found = library.pronunciation_scan(heard.texts[0], terms, options)["matches"]
        return best(
            (str(match["term_id"]), float(match["score"]) * (1.0 if match["alias_text"] is None else 0.97))
            for match in found
        )

    return find


MAKERS: Mapping[str, Callable[[Sequence[Person]], Baseline]] = {
    "keyword": keyword,
    "fuzzy": fuzzy,
    "hot words + fuzzy": functools.partial(fuzzy, hot_words=True),
    "nomenklatura": nomenklatura,
    "hama": hama,
}


def run(
    register: Path, heard: Sequence[Heard], python: Path, which: Sequence[str] = tuple(MAKERS)
) -> dict[str, dict[str, list[Named]]]:
    """Baseline -> file -> who was named, in the environment whose `python` is given.

    Raises:
        subprocess.CalledProcessError: its own words are on the terminal.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder, "heard.jsonl"), Path(folder, "named.json")
        asked.write_text("".join(json.dumps(asdict(one)) + "\n" for one in heard), encoding="utf-8")
        run_inside(
            python, "bench._names_baselines",
            ["--register", register, "--heard", asked, "--out", told, "--which", *which],
        )  # fmt: skip
        answer: dict[str, dict[str, list[list[Any]]]] = json.loads(told.read_text(encoding="utf-8"))
    return {
        name: {file: [(str(reference), float(score)) for reference, score in named] for file, named in files.items()}
        for name, files in answer.items()
    }


def main(argv: Sequence[str] | None = None) -> int:
    """The side that runs inside the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m bench._names_baselines", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--register", type=Path, required=True)
    parser.add_argument("--heard", type=Path, required=True, help="JSON lines: file, texts, biased, mentions")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--which", nargs="+", default=list(MAKERS), choices=list(MAKERS))
    options = parser.parse_args(argv)
    register = people(options.register)
    lines = [json.loads(line) for line in options.heard.read_text(encoding="utf-8").splitlines()]
    heard = [
        Heard(row["file"], tuple(row["texts"]), tuple(row.get("biased", ())), tuple(row.get("mentions", ())))
        for row in lines
    ]
    answer = {}
    for name in options.which:
        find = MAKERS[name](register)
        answer[name] = {one.file: find(one) for one in heard}
    options.out.write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
