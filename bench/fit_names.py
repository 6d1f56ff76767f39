"""Fits the names model (dispatch/data/names_model.json) to calls that are never reported on.

    ./run bench fit_names                       hear what is missing, fit, write, print
    ./run bench fit_names --models tiny         with the bundled model only

Clips: the tuning half of our own calls and calls made from templates (`bench._names_fit_calls`), other voices and names than
the reported sets. Logistic regressions: `prior`, by the wordings, chooses whom to ask about; `verdict`, with the answers of the
sound, says how likely each name is; `calibration`, after rivals were set side by side, what that has turned out to mean. What a clip's people are is known from what was spoken: a suspect is right if that person was named in
any way, denied or not.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench._names_corpus import make, own_plan
from bench._names_environment import CACHE, REPOSITORY, prepare_environment, whisper_base
from bench._names_fit import Fitted, Row, as_json, fit
from bench._names_fit_calls import MIXES, fit_plan
from bench._names_grow import Folds, grow, moved_by
from bench._names_hear import Clip, clips, hear, truth_of
from bench._names_noise import FITTING
from bench._names_noise import make as make_noise
from bench._town import progress
from dispatch.matching.evidence import FEATURES, SOUNDED, logit
from dispatch.matching.model import fitted
from dispatch.matching.suspects import PRIOR_FEATURES, SOUNDED_FEATURES, Suspect
from dispatch.matching.trees import Trees, grown
from dispatch.matching.verified import beside_rivals, evidence, judge

MODEL = REPOSITORY / "dispatch/data/names_model.json"
TREES = REPOSITORY / "dispatch/data/names_trees.json"


LOOK_ALIKES = 0.15
"""How much a templated call counts in which somebody innocent is named: one in five of them was made to name somebody whose name is
much like one on the register, which on a real day hardly one call in fifty does."""


def weight_of(clip: Clip) -> float:
    """How many calls of real days this one stands for."""
    made = clip.truth["call"].startswith(tuple(mix.name[0].upper() for mix in MIXES))
    innocent = any(not person.get("reference") for person in clip.truth["people"])
    return LOOK_ALIKES if made and innocent else 1.0


def prior_rows(heard: Iterable[Clip]) -> Iterable[Row]:
    """Everybody who sounded like something, and whether they had been named."""
    for clip in heard:
        named = {person.get("reference") for person in clip.truth["people"]}
        for suspect in clip.search.suspects:
            yield Row(
                clip.truth["call"],
                suspect.features,
                any(entry.person.reference in named for entry in suspect.form.entries),
                weight_of(clip),
            )


def verdict_rows(heard: Iterable[Clip]) -> Iterable[Row]:
    """Everybody who was held against the sound, and whether they had been named."""
    for clip in heard:
        # Not `judge`: it would ask the model that is being fitted, which may be one for other features.
        for suspect, features, _ in evidence(clip.search.held_against(clip.fits), clip.search.by_text):
            yield Row(clip.truth["call"], features, _named(suspect, clip), weight_of(clip))


def calibration_rows(heard: Iterable[Clip], unseen: Callable[[str, Suspect], Trees]) -> Iterable[Row]:
    """What came out for each of them beside their rivals: the likeliest name of each person only.

    Args:
        heard: the clips.
        unseen: for a call and a suspect, trees that were grown without that call: those that were grown on it are too sure.
    """
    for clip in heard:
        call = clip.truth["call"]
        hearing = clip.search.held_against(clip.fits)
        judged = judge(hearing, clip.search.by_text, partial(unseen, call))
        best: dict[frozenset[int], tuple[float, bool]] = {}
        for one in judged:
            whom = frozenset(entry.person.offender_id for entry in one.suspect.form.entries)
            odds = logit(beside_rivals(one, judged))
            if whom not in best or odds > best[whom][0]:
                best[whom] = odds, _named(one.suspect, clip)
        for odds, right in best.values():
            yield Row(call, {"log_odds": odds}, right, weight_of(clip))


def _named(suspect: Suspect, clip: Clip) -> bool:
    named = {person.get("reference") for person in clip.truth["people"]}
    return any(entry.person.reference in named for entry in suspect.form.entries)


def _made(rows: Sequence[Row], sources: Sequence[str]) -> dict[str, object]:
    return {
        "by": "./run bench fit_names",
        "on": datetime.now(UTC).date().isoformat(),
        "from": list(sources),
        "suspects": len(rows),
        "of_whom_named": sum(row.named for row in rows),
        "calls": len({row.call for row in rows}),
    }


def write(section: str, model: Fitted, rows: Sequence[Row], sources: Sequence[str]) -> None:
    """Put one section into the data file."""
    data = json.loads(MODEL.read_text(encoding="utf-8")) if MODEL.exists() else {}
    data[section] = as_json(model, _made(rows, sources))
    MODEL.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    fitted.cache_clear()


def write_trees(section: str, folds: Folds, rows: Sequence[Row], sources: Sequence[str]) -> None:
    """Put one section into the data file of the trees."""
    data = json.loads(TREES.read_text(encoding="utf-8")) if TREES.exists() else {}
    data[section] = {
        "made": _made(rows, sources),
        "cross_validated": {"log_loss": round(folds.log_loss, 4)},
        **folds.whole,
    }
    TREES.write_text(json.dumps(data, separators=(",", ":")).replace('"trees":', '\n"trees":') + "\n", encoding="utf-8")
    grown.cache_clear()


def show(console: Console, section: str, model: Fitted, meaning: Mapping[str, str]) -> None:
    """The weights as a table, the strongest first."""
    table = Table(
        "feature",
        "weight",
        "what it is",
        title=f"{section}: log loss {model.log_loss:.3f}, calibration {model.calibration_error:.3f}",
    )
    for name, weight in sorted(zip(meaning, model.weights.tolist(), strict=True), key=lambda row: -abs(row[1])):
        table.add_row(name, f"{weight:+.2f}", meaning[name])
    console.print(table)


def show_moves(console: Console, section: str, folds: Folds, rows: Sequence[Row], meaning: Mapping[str, str]) -> None:
    """What moves the trees, as a table, the strongest first."""
    table = Table(
        "feature", "moves", "what it is", title=f"{section}: log loss {folds.log_loss:.4f}, {len(rows)} suspects"
    )
    moves = moved_by(Trees.parse(folds.whole, tuple(meaning)), rows[::4], tuple(meaning))
    for name, by in sorted(moves.items(), key=lambda row: -row[1]):
        table.add_row(name, f"{by:.2f}", meaning[name])
    console.print(table)


PRIORS: Mapping[str, Mapping[str, str]] = {
    "prior by words": PRIOR_FEATURES,
    "prior": {**PRIOR_FEATURES, **SOUNDED_FEATURES},
}
VERDICTS: Mapping[str, Mapping[str, str]] = {"verdict by words": FEATURES, "verdict": SOUNDED}
CALIBRATION = {"log_odds": "of the verdict beside those of other people at the same words"}


def fit_everything(
    all_clips: Callable[[], Iterable[Clip]], sources: Sequence[str], python: Path, scratch: Path
) -> None:
    """The priors, then the verdicts that go by them, then what those have turned out to mean; written into the data files and shown.

    Args:
        all_clips: every clip, searched with the priors of the moment.
        sources: what they are, for the data files.
        python: of the environment that has scikit-learn.
        scratch: a folder for what goes there and back.
    """
    console = Console()
    rows = list(prior_rows(all_clips()))
    for section, meaning in PRIORS.items():
        some = [row for row in rows if row.features.keys() >= meaning.keys()]
        model = fit(some, tuple(meaning))
        write(section, model, some, sources)
        show(console, section, model, meaning)
    rows = list(verdict_rows(all_clips()))
    unseen: dict[str, Folds] = {}
    for section, meaning in VERDICTS.items():
        # Only surnames spelled out have no sounds of their own to go by.
        some = [row for row in rows if row.features.keys() >= meaning.keys()]
        unseen[section] = grow(section, some, tuple(meaning), python, scratch)
        write_trees(section, unseen[section], some, sources)
        show_moves(console, section, unseen[section], some, meaning)

    def trees_without(call: str, suspect: Suspect) -> Trees:
        return unseen["verdict by words" if suspect.unlikeness is None else "verdict"].without(call)

    some = list(calibration_rows(all_clips(), trees_without))
    model = fit(some, tuple(CALIBRATION))
    write("calibration", model, some, sources)
    show(console, "calibration", model, CALIBRATION)


def main(argv: Sequence[str] | None = None) -> int:
    """Hear, fit, write, print."""
    parser = argparse.ArgumentParser(prog="bench fit_names", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--models", default="tiny,base")
    parser.add_argument("--kept", type=Path, default=CACHE / "heard", help="where what was heard is kept between runs")
    options = parser.parse_args(argv)
    python = prepare_environment()
    plans = {"own-tune": own_plan("tune")} | {mix.name: fit_plan(mix) for mix in MIXES}
    made = [(name, make(plan, python), plan.register) for name, plan in plans.items()]
    # What nobody said: without it the model is sure of whatever fits a garbled call.
    made.append((FITTING.folder, make_noise(python, FITTING), plans["own-tune"].register))
    models = {"tiny": None, "base": whisper_base() if "base" in options.models else None}
    sources, heard = [], []
    for name, folder, register in made:
        truth = truth_of(folder)
        for model in options.models.split(","):
            kept = options.kept / f"{name}-{model}.jsonl"
            for number, file in enumerate(hear(folder, truth, register, kept, models[model]), 1):
                progress(f"{name}, {model}: {number} {file}")
            sources.append((truth, register, kept))
            heard.append(f"{name} through Whisper {model}, {len(truth)} clips")

    def all_clips() -> Iterable[Clip]:
        for truth, register, kept in sources:
            yield from clips(truth, register, kept)

    fit_everything(all_clips, heard, python, options.kept)
    return 0
