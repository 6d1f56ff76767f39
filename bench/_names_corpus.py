"""Written calls through voices and radio channels: a folder of WAV files with truth.jsonl beside them.

The channels, and what is due in each press of the talk button, come from the scheme's test corpus (`HUECRY_CORPUS`, or
../shared/corpus beside this repository): the same truth format, so `score.py` there reads it. Calls, register and voices are ours.

Audio is made by a Python environment of its own (`bench._names_environment`), on one thread, and kept under `.cache/names`.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from bench._names_environment import CACHE, REPOSITORY, run_inside

DATA = REPOSITORY / "bench/names_data"
REGISTER = DATA / "register.csv"
PROFILES = ("clean", "fm_good", "fm_fair", "fm_poor", "shop", "dmr")

Call = dict[str, Any]
"""One line of calls-*.jsonl: id, text, intent, people, place, heading, description, priority, tags."""
Row = dict[str, Any]
"""One line of truth.jsonl: file, voice, profile, call, segment, text, intent, people, alert, may_alert."""


class CorpusMissingError(RuntimeError):
    """The folder with radio_channel.py and make_corpus.py is not where it was looked for."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The modules of the scheme's test corpus that are used here."""

    channel: ModuleType
    make: ModuleType
    voices: ModuleType


@dataclass(frozen=True, slots=True)
class Plan:
    """What a corpus folder is made of; the same plan gives the same clips."""

    calls: Path
    register: Path
    out: Path
    voices: tuple[str, ...]
    per_segment: int = 6
    """Clips of each press of the talk button."""
    seed: int = 1
    profiles: tuple[str, ...] = PROFILES
    voices_per_segment: int = 2
    """How many of the voices say one text. Speaking costs far more than the channels do."""

    def stamp(self) -> str:
        """Changes when the folder would come out differently."""
        words = (self.voices, self.per_segment, self.seed, self.profiles, self.voices_per_segment)
        return f"{zlib.crc32(self.calls.read_bytes() + self.register.read_bytes()):08x} {words!r}\n"


def own_plan(half: str, cache: Path = CACHE) -> Plan:
    """The second test set: `half` is "tune" or "report"; nothing is ever tuned on the second.

    Six clips of each text: two of the four voices, each channel once.
    """
    calls = DATA / f"calls-{half}.jsonl"
    return Plan(
        calls,
        REGISTER,
        cache / f"own-{half}",
        ("alpha", "gongitsune", "kumo", "joe"),
        6,
        {"tune": 31, "report": 32}[half],
    )


def corpus_folder(given: Path | None = None) -> Path:
    """Where the test corpus is: as given, or the variable HUECRY_CORPUS, or ../shared/corpus.

    Raises:
        CorpusMissingError: it isn't there.
    """
    folder = given or Path(os.environ.get("HUECRY_CORPUS", REPOSITORY.parent / "shared/corpus"))
    missing = [name for name in ("radio_channel.py", "make_corpus.py", "voices.py") if not (folder / name).is_file()]
    if missing:
        raise CorpusMissingError(
            f"{folder} has no {', '.join(missing)}: point HUECRY_CORPUS at the folder with the test corpus"
        )
    return folder


def tools(folder: Path | None = None) -> Tools:
    """Load the corpus's modules. They import one another by bare name, so the folder goes onto the path.

    Raises:
        CorpusMissingError: see `corpus_folder`.
    """
    place = str(corpus_folder(folder).resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    return Tools(*(importlib.import_module(name) for name in ("radio_channel", "make_corpus", "voices")))


def read_calls(path: Path) -> list[Call]:
    """The written calls of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def notices(register: Path) -> dict[str, str]:
    """Reference -> notice_status, of a register's CSV."""
    with register.open(newline="", encoding="utf-8") as rows:
        return {row["reference"]: row["notice_status"] for row in csv.DictReader(rows)}


def clips(plan: Plan, given: Tools) -> Iterator[tuple[Row, int]]:
    """What is to be made, in order: truth rows, each with a seed of its own.

    The channels are dealt round in a drawn order, so six clips of a text go through six channels; the voices that say it, also drawn, take turns.
    A clip's seed comes from its name, so one changed call leaves the others as they are.
    """
    import numpy as np

    status = notices(plan.register)
    for call in read_calls(plan.calls):
        for row in given.make.segments(call, status):
            own = zlib.crc32(f"{row['call']}-{row['segment']}".encode())
            rng = np.random.default_rng([plan.seed, own])
            voices = [plan.voices[i] for i in rng.permutation(len(plan.voices))[: plan.voices_per_segment]]
            profiles = [plan.profiles[i] for i in rng.permutation(len(plan.profiles))]
            pairs = dict.fromkeys(
                (voices[(i + i // len(profiles)) % len(voices)], profiles[i % len(profiles)])
                for i in range(plan.per_segment)
            )
            for voice, profile in pairs:
                name = f"{row['call']}-{row['segment']}-{voice}-{profile}.wav"
                yield (
                    {"file": name, "voice": voice, "profile": profile} | row,
                    zlib.crc32(f"{plan.seed} {name}".encode()),
                )


def build(plan: Plan, speech: Path, given: Tools) -> int:
    """Make the folder: WAV files (16 kHz mono 16-bit), truth.jsonl, and DONE when all is there. How many clips.

    What is already there is kept, so an interrupted build goes on where it stopped. Needs the environment for audio.
    """
    import numpy as np
    import soundfile

    from bench._names_voices import Spoken

    spoken = Spoken(speech, given.voices)
    plan.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for row, seed in clips(plan, given):
        rows.append(row)
        target = plan.out / row["file"]
        if target.exists():
            continue
        audio = given.channel.through(
            row["profile"], spoken(row["voice"], given.make.speakable(row["text"])), np.random.default_rng(seed)
        )
        half = target.with_suffix(".part")
        soundfile.write(half, audio, 16_000, format="WAV", subtype="PCM_16")
        half.rename(target)
    write_truth(plan.out, rows)
    (plan.out / "DONE").write_text(plan.stamp())
    return len(rows)


def write_truth(folder: Path, rows: Sequence[Row]) -> None:
    """truth.jsonl of a folder of clips."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "truth.jsonl").write_text(lines, encoding="utf-8")


def make(plan: Plan, python: Path, cache: Path = CACHE, corpus: Path | None = None) -> Path:
    """Bring the folder of a plan up to date, in the environment whose `python` is given, and return it.

    Raises:
        CorpusMissingError: see `corpus_folder`.
        subprocess.CalledProcessError: a voice or a channel failed; its own words are on the terminal.
    """
    folder = corpus_folder(corpus)
    done = plan.out / "DONE"
    if done.is_file() and done.read_text() == plan.stamp():
        return plan.out
    if done.is_file():  # made from other calls or voices
        for old in (done, *plan.out.glob("*.wav")):
            old.unlink()
    run_inside(
        python, "bench._names_corpus",
        ["--calls", plan.calls, "--register", plan.register, "--out", plan.out, "--voices", ",".join(plan.voices),
         "--profiles", ",".join(plan.profiles), "--per-segment", plan.per_segment, "--seed", plan.seed,
         "--voices-per-segment", plan.voices_per_segment, "--speech", cache / "speech", "--corpus", folder],
    )  # fmt: skip
    return plan.out


def main(argv: Sequence[str] | None = None) -> int:
    """The side that runs inside the environment for audio."""
    parser = argparse.ArgumentParser(
        prog="python -m bench._names_corpus", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--calls", type=Path, required=True)
    parser.add_argument("--register", type=Path, default=REGISTER)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--voices", default="alpha,gongitsune,kumo,joe")
    parser.add_argument("--profiles", default=",".join(PROFILES))
    parser.add_argument("--per-segment", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--voices-per-segment", type=int, default=2)
    parser.add_argument("--speech", type=Path, default=CACHE / "speech", help="where speech is kept between runs")
    parser.add_argument(
        "--corpus", type=Path, help="folder with radio_channel.py; default HUECRY_CORPUS or ../shared/corpus"
    )
    options = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from bench._names_voices import one_thread

    one_thread()
    plan = Plan(
        options.calls, options.register, options.out, tuple(options.voices.split(",")),
        options.per_segment, options.seed, tuple(options.profiles.split(",")),
        options.voices_per_segment,
    )  # fmt: skip
    print(f"{build(plan, options.speech, tools(options.corpus))} clips in {plan.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
