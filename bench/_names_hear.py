"""What the engine makes of a folder of clips, kept as JSON lines: hypotheses of both passes, and how well each claim fits.

One engine in this process, as the speech worker has it. Clips that are there already are not heard again, so a run can be stopped.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dispatch.calls import Call
from dispatch.heard import Heard, HeardWord, Spotted, Wording
from dispatch.matching import Claim, Fit, Register, Search, look_for, ways_to_spot, ways_to_spot_next, with_sounds
from dispatch.matching.spotted import WORST
from dispatch.people import Notice, NoticeStatus, Person
from dispatch.reading import read
from dispatch.scheme import Scheme, parse_places, parse_words
from gateway.pipeline import SUGGESTED, as_heard, as_wording
from gateway.resources import config_file
from gateway.speech import transcript as speech
from gateway.speech.models import bundled_folder
from gateway.speech.transcript import Hints
from gateway.speech.whisper import WhisperEngine, WhisperOptions

Row = dict[str, Any]
"""One line of truth.jsonl."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: what is true of it, what was heard, who may have been named, and what the sound says."""

    truth: Row
    heard: Heard
    call: Call
    search: Search
    fits: Mapping[Claim, Fit]


def scheme() -> Scheme:
    """Dartford's places and words, without members, as `huecry replay --places` has it."""
    words = parse_words(config_file("words.toml").read_text("utf-8"))
    places = parse_places(config_file("places.csv").read_text("utf-8"))
    return Scheme("DTAC", "Dartford Town Against Crime", words, places, (), reference_prefixes=("DT",))


def people(register: Path) -> tuple[Person, ...]:
    """The people of a register's CSV."""

    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    with register.open(newline="", encoding="utf-8") as rows:
        return tuple(
            Person(
                number, row["reference"], row["first_name"], row["last_name"],
                tuple(alias for alias in row["aliases"].split(";") if alias), row["sex"] or None, day(row["date_of_birth"]),
                (Notice(number, NoticeStatus(row["notice_status"]), day(row["notice_served_on"]), day(row["notice_expires_on"])),),
            )
            for number, row in enumerate(csv.DictReader(rows), 1)
        )  # fmt: skip


def engine(model: Path | None, options: WhisperOptions | None = None) -> WhisperEngine:
    """The bundled model, or the one in a folder."""
    folder = model or bundled_folder()
    return WhisperEngine.load(folder, model.name if model else "tiny.en", options or WhisperOptions(threads=1))


def truth_of(folder: Path) -> list[Row]:
    """The rows of truth.jsonl."""
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


def hear(folder: Path, rows: Sequence[Row], register: Path, kept: Path, model: Path | None) -> Iterator[str]:
    """Hear what is not in `kept` yet, and add it there; gives the name of each clip when it is done."""
    done = (
        {json.loads(line)["file"] for line in kept.read_text(encoding="utf-8").splitlines()} if kept.exists() else set()
    )
    todo = [row for row in rows if row["file"] not in done]
    if not todo:
        return
    whisper, town, listed = engine(model), scheme(), Register.of(people(register))
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("a", encoding="utf-8") as out:
        for row in todo:
            with wave.open(str(folder / row["file"])) as sound:
                pcm = sound.readframes(sound.getnframes())
            heard = as_heard(whisper.transcribe(pcm, Hints()), len(pcm) / 32_000)
            call = read(heard, town)
            spots = _spots(whisper, pcm, ways_to_spot(listed, call, town.words))
            call = with_sounds(call, spots, town.words)
            spots |= _spots(whisper, pcm, ways_to_spot_next(listed, call, spots))
            search = look_for(heard, call, listed, town, spots)
            asked: tuple[Claim, ...] = ()
            fits: list[speech.Fit] = []
            if search.suspects:
                spots |= _spots(whisper, pcm, search.denials)
                hints = Hints(search.names[:SUGGESTED], tuple(place.name for place in town.places), tuple(town.members))
                again = whisper.listen_for(pcm, hints)
                heard = dataclasses.replace(heard, alternatives=(*heard.alternatives, *map(as_wording, again)))
                asked = look_for(heard, search.call, listed, town, spots).claims()
                fits = whisper.weigh(pcm, [speech.Claim(one.text, one.start, one.end) for one in asked])
            answers = [
                [dataclasses.astuple(claim), dataclasses.astuple(fit)] for claim, fit in zip(asked, fits, strict=True)
            ]
            near = [[way, *dataclasses.astuple(spot)] for way, spot in spots.items() if spot.cost < WORST * spot.sounds]
            line = {"file": row["file"], "heard": dataclasses.asdict(heard), "fits": answers, "spots": near}
            out.write(json.dumps(line) + "\n")
            out.flush()
            yield row["file"]


def _spots(whisper: WhisperEngine, pcm: bytes, ways: Sequence[str]) -> dict[str, Spotted]:
    return {way: Spotted(*dataclasses.astuple(spot)) for way, spot in zip(ways, whisper.spot(pcm, ways), strict=False)}


def clips(rows: Sequence[Row], register: Path, kept: Path) -> Iterator[Clip]:
    """What is in `kept` of these rows, searched again with the present rules."""
    town, listed = scheme(), Register.of(people(register))
    by_file = {row["file"]: row for row in rows}
    for line in kept.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        row = by_file.get(item["file"])
        if row is None:
            continue
        heard = heard_of(item["heard"])
        fits = {Claim(*claim): Fit(*fit) for claim, fit in item["fits"]}
        spots = {way: Spotted(*spot) for way, *spot in item["spots"]}
        call = with_sounds(read(heard, town), spots, town.words)
        yield Clip(row, heard, call, look_for(heard, call, listed, town, spots), fits)


def heard_of(kept: Row) -> Heard:
    """A kept hearing."""
    return Heard(
        kept["text"],
        tuple(HeardWord(**word) for word in kept["words"]),
        tuple(Wording(**wording) for wording in kept["alternatives"]),
        kept["average_logprob"],
        kept["no_speech"],
        kept["duration_s"],
    )
