"""How well short radio calls are read: intent, denials, guesses, as said and as a poor channel leaves them.

    ./run bench readings                    both halves; mistakes of the tuning half
    ./run bench readings --half report      the half whose single mistakes nobody looks at
    ./run bench readings --kept heard.jsonl --truth truth.jsonl    what was heard of clips (kept by `bench names`)

The calls are bench/names_data/readings-*.jsonl: written before the rules were looked at, people invented, halves drawn by lot. Rules
are made by the tuning half only; of the reporting half this prints sums and never a call.

"damaged" is the same calls as Whisper tiny leaves them, by chance with a fixed seed: no commas, no full stops, no capitals, a word or
two lost at either end, one word in twelve another that sounds like it. Each call is damaged in five ways. A person "denied" is one
whose name lies in a stretch that denies; the worst mistake here is a denied person who comes out present.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench._names_hear import heard_of, scheme
from dispatch.calls import Call, Intent, Span
from dispatch.heard import Heard
from dispatch.phrases import fold
from dispatch.reading import read
from dispatch.scheme import Scheme

DATA = Path(__file__).parent / "names_data"
RESULTS = Path(__file__).parent / "results" / "readings.json"
HALVES = ("tune", "report")
COPIES = 5
"""Ways in which each call is damaged."""
MISHEARD = 1 / 12
SOUNDS_LIKE = {
    "he's": "his", "his": "he's", "she's": "cheese", "in": "and", "and": "in", "for": "four", "four": "for", "to": "two",
    "one": "won", "male": "mail", "our": "are", "are": "our", "store": "door", "just": "just a", "has": "as", "is": "his",
    "it's": "its", "there's": "there", "with": "were", "of": "a", "the": "a", "a": "the", "not": "note", "wasn't": "was an",
    "isn't": "is in", "right": "write", "been": "bin", "no": "now", "now": "no", "off": "of", "gone": "going", "got": "caught",
    "out": "are", "at": "that", "that": "at", "down": "town", "please": "police", "police": "please", "here": "hair", "by": "buy",
    "you": "your", "can": "can't", "on": "and", "my": "me", "last": "lost", "lost": "last", "was": "were", "guard": "god",
    "road": "rode", "control": "can troll", "over": "", "radio": "ready", "check": "shack", "shop": "shot", "stand": "stamp",
}  # fmt: skip
"""Words and what engines write for them on a poor channel."""


@dataclass(slots=True)
class Score:
    """What was right of a set of calls."""

    calls: int = 0
    right: int = 0
    people: int = 0
    present_denied: int = 0
    """Present people who came out denied: silence."""
    denied: int = 0
    denied_present: int = 0
    """Denied people who came out present: the worst."""
    denied_guess: int = 0
    """Denied people who came out as a guess: a person looks at it."""
    guesses: int = 0
    guesses_sure: int = 0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often (truth, read)."""

    @property
    def accuracy(self) -> float:
        """The share of calls whose intent was read."""
        return self.right / max(1, self.calls)

    def figures(self) -> dict[str, float]:
        """What is kept of it."""
        return {
            "calls": self.calls,
            "intent_accuracy": round(self.accuracy, 3),
            "people": self.people,
            "denied": self.denied,
            "denied_came_out_present": self.denied_present,
            "denied_came_out_a_guess": self.denied_guess,
            "present_came_out_denied": self.present_denied,
            "guesses": self.guesses,
            "guesses_came_out_sure": self.guesses_sure,
        }

    def add(self, row: dict[str, Any], call: Call, where: Sequence[Span | None]) -> None:
        """Count one call."""
        self.calls += 1
        self.right += call.intent == row["intent"]
        self.confusion[row["intent"], call.intent.value] += 1
        for person, span in zip(row["people"], where, strict=True):
            if span is None:
                continue
            denied = any(span.overlaps(scope) for scope in call.negations)
            hedged = any(span.overlaps(scope) for scope in call.hedges)
            self.people += 1
            self.denied += person["negated"]
            self.denied_present += person["negated"] and not (denied or hedged)
            self.denied_guess += person["negated"] and hedged and not denied
            self.present_denied += denied and not person["negated"]
            guess = person.get("hedged", False)
            self.guesses += guess
            self.guesses_sure += guess and not (hedged or denied)


def calls(half: str) -> list[dict[str, Any]]:
    """The written calls of a half."""
    return [json.loads(line) for line in (DATA / f"readings-{half}.jsonl").read_text(encoding="utf-8").splitlines()]


def places_of(text: str, people: Sequence[dict[str, Any]]) -> list[Span | None]:
    """Where each person is said, in their order; None where a damaged text has lost the name."""
    folded, found, start = fold(text), list[Span | None](), 0
    for person in people:
        at = folded.find(fold(person["said"]), start)
        found.append(Span(at, at + len(person["said"])) if at >= 0 else None)
        start = at + len(person["said"]) if at >= 0 else start
    return found


def damaged(row: dict[str, Any], copy: int) -> str:
    """The call as a poor channel leaves it; names stay as they are, they are not what is measured here."""
    chance = random.Random(f"{row['id']}-{copy}")
    names = {word for person in row["people"] for word in re.findall(r"[a-z0-9']+", fold(person["said"]))}
    words = re.sub(r"[^a-z0-9' -]+", " ", fold(row["text"])).split()
    if len(words) > 3:
        words = words[chance.choice((0, 0, 1, 2)) :]
    if len(words) > 3:
        words = words[: len(words) - chance.choice((0, 0, 1, 2))]
    out = []
    for word in words:
        like = SOUNDS_LIKE.get(word)
        wrong = chance.random() < MISHEARD * 2 and like is not None and word not in names
        out.append(like if wrong and like is not None else word)
    return " ".join(out)


def written(half: str, town: Scheme) -> Iterator[tuple[str, dict[str, Any], str, Call]]:
    """Every call of a half as said and damaged: which of the two, its truth, the text, and how it was read."""
    for row in calls(half):
        yield "as said", row, row["text"], read(Heard(row["text"]), town)
        if row["intent"] == Intent.UNINTELLIGIBLE:
            continue
        for copy in range(COPIES):
            text = damaged(row, copy)
            yield "damaged", row, text, read(Heard(text), town)


def kept(hearings: Path, truth: Path, town: Scheme) -> Iterator[tuple[dict[str, Any], str, Call]]:
    """Every clip that was heard: its truth, the best wording, and how it was read."""
    rows = {row["file"]: row for row in map(json.loads, truth.read_text(encoding="utf-8").splitlines())}
    for item in map(json.loads, hearings.read_text(encoding="utf-8").splitlines()):
        row = rows.get(item["file"])
        if row is not None:
            heard = heard_of(item["heard"])
            yield row, heard.text, read(heard, town)


def confusion(score: Score, title: str) -> Table:
    """Truth down, what was read across."""
    names = [intent.value for intent in Intent]
    table = Table("truth", *(name.replace("_", " ") for name in names), title=title)
    for truth in names:
        if any(score.confusion[truth, name] for name in names):
            table.add_row(truth.replace("_", " "), *(str(score.confusion[truth, name] or "") for name in names))
    return table


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep the figures."""
    parser = argparse.ArgumentParser(
        prog="readings", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--half", choices=HALVES, action="append", help="only this half")
    parser.add_argument("--kept", type=Path, help="hearings of clips, JSON lines")
    parser.add_argument("--truth", type=Path, help="truth.jsonl of these clips")
    options = parser.parse_args(argv)
    console, town = Console(width=150), scheme()
    if options.kept:
        score = Score()
        for row, _, call in kept(options.kept, options.truth, town):
            score.add(row, call, [None] * len(row["people"]))
        console.print(confusion(score, f"{options.kept.name}: intent {score.accuracy:.3f} of {score.calls}"))
        return 0
    summary = Table("half", "text", "calls", "intent", "people", "denied, came out present", "a guess", "present, came out denied",
                    "guesses, came out sure", title="Readings")  # fmt: skip
    figures: dict[str, dict[str, float]] = {}
    for half in options.half or HALVES:
        scores = {"as said": Score(), "damaged": Score()}
        for way, row, text, call in written(half, town):
            scores[way].add(row, call, places_of(text, row["people"]))
            if half == "tune" and way == "as said" and call.intent != row["intent"]:
                console.print(f"{row['id']} {row['intent']} read as {call.intent}: {row['text']}", highlight=False)
        for way, score in scores.items():
            figures[f"{half}, {way}"] = score.figures()
            summary.add_row(half, way, str(score.calls), f"{score.accuracy:.3f}", str(score.people),
                            f"{score.denied_present} of {score.denied}", str(score.denied_guess),
                            f"{score.present_denied} of {score.people - score.denied}",
                            f"{score.guesses_sure} of {score.guesses}")  # fmt: skip
            console.print(confusion(score, f"{half}, {way}"))
    console.print(summary)
    if not options.half:
        RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0
