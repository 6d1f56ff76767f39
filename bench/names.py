"""Names heard right: recall against false alerts, calibration and latency, beside what others do, with Whisper tiny and base.

    ./run bench names                      everything, from scratch: hours on two cores; what is there already is kept
    ./run bench names --models tiny        with the bundled model only
    ./run bench names --part 3             every third clip of each set
    uv run bench/names.py                  the same

Sets, none of them used for fitting: `dev`, the calls of the scheme's test corpus; `own-report`, the reporting half of our own, other
people and voices; `noise`, clips in which nobody speaks; `human`, people reading. Each is played through `huecry replay` and scored
by the corpus' own `score.py`. The others get the same clips and hearing; hot words are all names of the register.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib
import json
import os
import subprocess
import sys
import wave
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # `uv run bench/names.py`
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import _names_baselines as baselines
from bench import _names_human, _names_noise
from bench._names_corpus import corpus_folder, make, own_plan
from bench._names_curves import Named, Point, curve
from bench._names_environment import CACHE, REPOSITORY, prepare_environment, whisper_base
from bench._names_report import held_by, picture, tables
from bench._town import progress

RESULTS = REPOSITORY / "bench/results/names.json"
PICTURE = REPOSITORY / "docs/pictures/names.png"
ALERTING = {"sighting", "incident", "emergency", "correction"}
OURS = "Hue and Cry"


@dataclass(frozen=True, slots=True)
class TestSet:
    """A folder of clips with truth.jsonl, and the register they are played against."""

    name: str
    folder: Path
    register: Path
    part: int = 1
    """Every so-many-th clip is played."""
    leave_out: frozenset[str] = frozenset()
    """Voices that are not played."""

    def truth(self) -> list[dict[str, Any]]:
        """The rows that are played."""
        lines = (self.folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
        return [row for row in map(json.loads, lines) if row["voice"] not in self.leave_out][:: self.part]


JUDGED = ("dispatch/matching", "dispatch/reading", "dispatch/data", "gateway/speech", "config")
"""Folders on which it depends what is made of a clip."""
_CODE = (".py", ".json", ".npz", ".toml", ".csv")


def test_sets(python: Path, names: Iterable[str], part: int) -> list[TestSet]:
    """Make the sets that are asked for."""
    corpus = corpus_folder()
    sys.path.insert(0, str(corpus))  # for its score.py
    found: list[TestSet] = []
    for name in names:
        progress(f"clips: {name}")
        if name == "dev":
            folder = CACHE / "dev"
            if not (folder / "truth.jsonl").exists():
                words = [corpus / "calls-dev.jsonl", "--out", folder, "--per-segment", "6"]
                subprocess.run([python, corpus / "make_corpus.py", *map(str, words)], cwd=corpus, check=True)
            found.append(TestSet(name, folder, corpus / "register-dev.csv", part))
        elif name == "noise":
            found.append(TestSet(name, _names_noise.make(python), corpus / "register-dev.csv", part))
        elif name == "human":
            folder_or_none = _names_human.make(python)
            if folder_or_none is None:
                sys.stderr.write("people reading: apt-get install pocketsphinx-testdata; left out\n")
                continue
            found.append(TestSet(name, folder_or_none, folder_or_none / "register.csv", part))
        else:
            plan = own_plan("report")
            found.append(TestSet(name, make(plan, python), plan.register, part))
    return found


def played(one: TestSet, model: str, folder: Path | None) -> dict[str, dict[str, Any]]:
    """What `huecry replay` makes of a set, by file; kept between runs."""
    out = CACHE / "replayed" / f"{one.name}-{model}.jsonl"
    out.parent.mkdir(parents=True, exist_ok=True)
    _forget_others(out)
    records = _records(out)
    todo = [one.folder / row["file"] for row in one.truth() if row["file"] not in records]
    if todo:
        progress(f"{one.name}, {model}: playing {len(todo)} clips")
        setting = out.with_suffix(".toml")
        setting.write_text(f'[speech]\nmodel = "{folder}"\n' if folder else "", encoding="utf-8")
        new = out.with_suffix(".new")
        subprocess.run(
            [
                str(Path(sys.executable).with_name("huecry")), "replay", "--config", str(setting), "--register", str(one.register),
                "--places", str(REPOSITORY / "config/places.csv"), "--no-dispatch", "--json", str(new), *map(str, todo),
            ],
            check=True, stdout=subprocess.DEVNULL, cwd=REPOSITORY,
        )  # fmt: skip
        with out.open("a", encoding="utf-8") as kept:
            kept.write(new.read_text(encoding="utf-8"))
        new.unlink()
        records = _records(out)
    return records


def _forget_others(out: Path) -> None:
    """What another version of the code made of these clips is no result of this one."""
    files = [path for folder in JUDGED for path in sorted((REPOSITORY / folder).rglob("*")) if path.suffix in _CODE]
    version = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    stamp = out.with_suffix(".version")
    if out.exists() and (not stamp.exists() or stamp.read_text(encoding="utf-8") != version):
        out.unlink()
    stamp.write_text(version, encoding="utf-8")


def _records(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {Path(line["file"]).name: line for line in lines}


def scored(truth: Sequence[dict[str, Any]], records: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The corpus' own figures, and the two more that the targets name."""
    score = importlib.import_module("score")
    natural = [row for row in truth if row["voice"] not in score.HARD]
    clear = [row for row in natural if row["profile"] in ("clean", "fm_good", "dmr")]
    figures: dict[str, Any] = score.score(natural, records)
    figures["alert_recall_natural_clear"] = score.score(clear, records)["alert_recall_natural"] if clear else None
    figures["held_by"] = held_by(natural, records) if any(row["alert"] for row in natural) else None
    hard = [row for row in truth if row["voice"] in score.HARD]
    if hard:
        beside = score.score(hard, records)
        figures["hard"] = {
            key: beside[key]
            for key in ("files", "alert_recall", "due", "false_alerts", "denied_alerts", "intent_accuracy")
        }
    return figures


def hot_worded(one: TestSet, model: str, folder: Path | None) -> dict[str, baselines.Heard]:
    """The texts that others search: unbiased, and with the whole register as hot words as far as they fit; kept between runs."""
    from bench._names_hear import engine, people
    from gateway.speech.transcript import Hints
    from gateway.speech.whisper import WhisperOptions

    out = CACHE / "hot-worded" / f"{one.name}-{model}.jsonl"
    out.parent.mkdir(parents=True, exist_ok=True)
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    heard = {
        row["file"]: baselines.Heard(row["file"], tuple(row["texts"]), tuple(row["biased"]))
        for row in map(json.loads, lines)
    }
    todo = [row for row in one.truth() if row["file"] not in heard]
    if todo:
        whisper = engine(folder, WhisperOptions(threads=2, varied=0))
        names = tuple(person.name for person in people(one.register))
        with out.open("a", encoding="utf-8") as kept:
            for number, row in enumerate(todo, 1):
                progress(f"{one.name}, {model}, hot words: {number} of {len(todo)}")
                with wave.open(str(one.folder / row["file"])) as sound:
                    transcript = whisper.transcribe(sound.readframes(sound.getnframes()), Hints(names))
                texts = [h.text for h in transcript.hypotheses if not h.biased]
                biased = [h.text for h in transcript.hypotheses if h.biased]
                heard[row["file"]] = baselines.Heard(row["file"], tuple(texts), tuple(biased))
                kept.write(json.dumps({"file": row["file"], "texts": texts, "biased": biased}) + "\n")
    return {row["file"]: heard[row["file"]] for row in one.truth()}


def compared(
    one: TestSet, records: Mapping[str, dict[str, Any]], heard: Mapping[str, baselines.Heard], python: Path
) -> dict[str, list[Point]]:
    """Curves of everybody's recall against false alerts.

    Others are given our reading of the call (whether it is one that alerts), and the register's notices: only whose name is found is compared.
    """
    score = importlib.import_module("score")
    truth = [row for row in one.truth() if row["voice"] not in score.HARD]
    alerting = {file: record.get("intent") in ALERTING for file, record in records.items()}
    with one.register.open(newline="", encoding="utf-8") as rows:
        active = {row["reference"] for row in csv.DictReader(rows) if row["notice_status"] == "active"}
    ours: dict[str, list[Named]] = {}
    for file, record in records.items():
        people = [*record.get("people", ()), *record.get("candidates", ())]
        ours[file] = [
            (person["reference"], person["confidence"])
            for person in people
            if not person["negated"] and person["kind"] != "first" and person["notice"] == "active"
        ]
    named = {OURS: ours}
    for name, found in baselines.run(one.register, [heard[row["file"]] for row in truth], python).items():
        named[name] = {file: [(ref, value) for ref, value in who if ref in active] for file, who in found.items()}
    return {name: curve(truth, who, alerting) for name, who in named.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Make, play, score, compare, draw."""
    parser = argparse.ArgumentParser(prog="bench names", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--models", default="tiny,base")
    parser.add_argument("--sets", default="dev,own-report,noise,human")
    parser.add_argument(
        "--compare", default="dev,own-report", help="sets on which others are measured, too; none: skip"
    )
    parser.add_argument("--part", type=int, default=1, help="play every so-many-th clip of each set")
    parser.add_argument("--natural", action="store_true", help="leave out the voices that are harder than people")
    options = parser.parse_args(argv)
    python = prepare_environment()
    sets = test_sets(python, options.sets.split(","), options.part)
    if options.natural:
        hard = frozenset(importlib.import_module("score").HARD)
        sets = [replace(one, leave_out=hard) for one in sets]
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    # Sets that are not asked for this time keep their figures.
    results: dict[str, Any] = {"machine": _machine(), "sets": kept.get("sets", {}), "curves": kept.get("curves", {})}
    curves: dict[str, dict[str, list[Point]]] = {}
    for model in options.models.split(","):
        folder = whisper_base() if model == "base" else None
        for one in sets:
            records = played(one, model, folder)
            results["sets"][f"{one.name}, {model}"] = {"part": options.part} | scored(one.truth(), records)
            if one.name in options.compare.split(","):
                curves[f"{one.name}, {model}"] = compared(one, records, hot_worded(one, model, folder), python)
    results["curves"] |= {
        title: {name: [[p.threshold, p.recall, p.false_per_1000] for p in points] for name, points in drawn.items()}
        for title, drawn in curves.items()
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    tables(results["sets"], curves)
    if curves:
        # Panels of other models and sets are drawn as they were last measured.
        picture(
            {
                title: {name: [Point(*point) for point in points] for name, points in drawn.items()}
                for title, drawn in sorted(results["curves"].items())
            },
            PICTURE,
        )
    return 0


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return f"{os.cpu_count()} cores, {name}"


if __name__ == "__main__":
    sys.exit(main())
