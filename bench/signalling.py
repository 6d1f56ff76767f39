"""Signalling in the audio: how much is decoded with tones that are off, noise and speech over it; false decodes in hours of neither; speed.

Four parts, `--only` one of them: `decoding` (calls by our own encoders, which multimon-ng and minimodem prove elsewhere, at clock errors
of -1.5, 0 and +1.5 %, with noise in 300-3000 Hz and with speech over them), `gate` (the CTCSS gate with ours and neighbours' tones),
`false` (hours of speech and noise that hold no signalling: see `_signalling_sound.innocent` for what they are made of) and `speed`
(processor time of a live channel in blocks of 20 ms). Everything is drawn from `--seed`; the decoders' constants were chosen on other seeds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from rich.console import Console
from rich.table import Table

from bench._signalling_sound import RATE, Sound, in_band, innocent, mixed, rms, spoken, talking, through_radio
from radio_drivers.interface import Audio, EmergencyPressed, KeyDown, KeyUp, RadioEvent, Signalled
from radio_drivers.signalling.bursts import Bursts
from radio_drivers.signalling.dtmf import Dtmf
from radio_drivers.signalling.five_tone import FiveTone
from radio_drivers.signalling.found import Decoder, Digits, Found
from radio_drivers.signalling.gate import ToneGate
from radio_drivers.signalling.listener import Listener
from radio_drivers.signalling.mdc1200 import Packet
from radio_drivers.signalling.mdc1200_decoder import Mdc1200
from radio_drivers.signalling.mdc1200_sound import sound_of
from radio_drivers.signalling.meaning import Meaning
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.signalling.tables import CTCSS_HERTZ, TONE_SETS, ToneSet
from radio_drivers.signalling.tones import dtmf, five_tone

RESULTS = Path(__file__).parent / "results" / "signalling.json"
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "signalling.png"
SEED = 20_261_125
ERRORS = (-0.015, 0.0, 0.015)
SNRS_DB = (10.0, 6.0)
SPEECH_DB: tuple[float | None, ...] = (None, 10.0, 6.0)
CURVE_DB = (-6.0, -3.0, 0.0, 3.0, 6.0, 10.0)
KINDS = (*TONE_SETS, "dtmf", "mdc1200")
NAMES = {"ccir": "CCIR", "eea": "EEA", "zvei1": "ZVEI-1", "zvei2": "ZVEI-2", "dtmf": "DTMF", "mdc1200": "MDC-1200"}
EMERGENCY = ("uuuu9", "9uuuu", "uuuuu99")
"""Usual masks of an emergency; a fleet has one of them."""
LIVE = SignallingSettings(five_tone="ccir", dtmf=True, mdc1200=True, ctcss_hz=94.8)
BLOCK = 320

Made = tuple[Sound, object]


def _tone_call(kind: str, error: float, dice: np.random.Generator) -> Made:
    tone_set = TONE_SETS[kind]
    off = ToneSet(tone_set.name, {d: hz * (1 + error) for d, hz in tone_set.hertz.items()}, tone_set.tone_s, 0.25)
    number = "".join(dice.choice(list("0123456789"), 5))
    return five_tone(number, off), number


def _keys(error: float, dice: np.random.Generator) -> Made:
    import soxr

    number = "".join(dice.choice(list("0123456789*#ABCD"), 5))
    on, off = ((0.1, 0.05), (0.05, 0.05))[int(dice.integers(0, 2))]
    return soxr.resample(dtmf(number, on, off), RATE * (1 + error), RATE).astype(np.float32), number


def _packet(error: float, dice: np.random.Generator) -> Made:
    packet = Packet(int(dice.choice([0x00, 0x01, 0x06])), 0x80, int(dice.integers(1, 0xDEEF)))
    return sound_of(packet, speed=error), packet


def made(kind: str, error: float, dice: np.random.Generator) -> Made:
    """One burst and what it says."""
    if kind == "dtmf":
        return _keys(error, dice)
    return _packet(error, dice) if kind == "mdc1200" else _tone_call(kind, error, dice)


def decoder(kind: str) -> Decoder:
    """Who should hear it."""
    if kind == "dtmf":
        return Dtmf()
    return Mdc1200() if kind == "mdc1200" else FiveTone(TONE_SETS[kind])


def all_found(sound: np.ndarray[Any, np.dtype[np.int16]], *decoders: Decoder) -> list[Found]:
    listener = Listener(decoders)
    return [*listener.hear(sound).found, *listener.finish().found]


def said(found: Found) -> object:
    return found.digits if isinstance(found, Digits) else found.packet


def decoding(seed: int, trials: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Share of bursts of which exactly what was sent was heard, and of those that gave something else."""
    dice = np.random.default_rng(seed)
    talks = [talking(dice) for _ in range(40)]
    cells: list[dict[str, Any]] = []

    def cell(kind: str, snr_db: float, speech_db: float | None, error: float, count: int) -> None:
        right = wrong = 0
        for number in range(count):
            burst, sent = made(kind, error, dice)
            talk = None if speech_db is None else talks[number % len(talks)]
            heard = [said(one) for one in all_found(mixed(burst, dice, snr_db, talk, speech_db or 0.0), decoder(kind))]
            right += heard == [sent]
            wrong += bool(heard) and heard != [sent]
        cells.append({"kind": kind, "snr_db": snr_db, "speech_db": speech_db, "error": error, "trials": count, "right": right, "wrong": wrong})  # fmt: skip

    for kind in KINDS:
        for speech_db in SPEECH_DB:
            for snr_db in SNRS_DB:
                for error in ERRORS:
                    cell(kind, snr_db, speech_db, error, trials)
        for snr_db in CURVE_DB[:4]:
            for error in ERRORS:
                cell(kind, snr_db, None, error, trials // 2)
        tell(f"decoding: {NAMES[kind]}")
    return {"cells": cells, "rates": rates(cells)}


def rates(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells, all tone errors together."""
    out = []
    for key in dict.fromkeys((c["kind"], c["snr_db"], c["speech_db"]) for c in cells):
        same = [c for c in cells if (c["kind"], c["snr_db"], c["speech_db"]) == key]
        trials = sum(c["trials"] for c in same)
        out.append({
            "kind": key[0], "snr_db": key[1], "speech_db": key[2], "trials": trials,
            "right": round(sum(c["right"] for c in same) / trials, 4),
            "wrong": round(sum(c["wrong"] for c in same) / trials, 4),
            "worst_error_right": round(min(c["right"] / c["trials"] for c in same), 4),
        })  # fmt: skip
    return out


def gate(seed: int, trials: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Transmissions with our tone, with the nearest neighbours' and with none, through a noisy receiver."""
    dice = np.random.default_rng(seed + 11)
    talks = [talking(dice) for _ in range(20)]
    counts: Counter[str] = Counter()
    leaked = 0.0
    neighbour_s = 0.0
    for number in range(trials):
        ours = float(dice.choice(CTCSS_HERTZ))
        near = sorted(CTCSS_HERTZ, key=lambda hertz: abs(hertz - ours))[1:3]
        for who, hertz in (
            ("ours", ours * (1 + dice.uniform(-0.003, 0.003))),
            ("neighbour", float(dice.choice(near))),
            ("none", None),
        ):
            if who == "neighbour" and abs((hertz or 0) - ours) < 1.6:
                continue  # 69.3, 150 and 151.4 Hz and the like: nobody gives neighbours such a pair
            sound = _with_tone(talks[number % len(talks)], hertz, dice)
            events = _through_gate(sound, ours)
            passed = sum(len(event.pcm) // 2 for event in events if isinstance(event, Audio))
            counts[who] += 1
            if who == "ours":
                counts["ours whole"] += passed == len(sound) and sum(isinstance(e, KeyUp) for e in events) == 1
                counts["ours heard"] += passed > 0
            else:
                counts[f"{who} heard"] += passed > 0
                leaked += passed / RATE
                neighbour_s += len(sound) / RATE
    tell("gate")
    return {
        "transmissions": {who: counts[who] for who in ("ours", "neighbour", "none")},
        "ours_passed_whole": round(counts["ours whole"] / counts["ours"], 4),
        "ours_passed": round(counts["ours heard"] / counts["ours"], 4),
        "neighbours_passed": counts["neighbour heard"],
        "without_tone_passed": counts["none heard"],
        "others_s": round(neighbour_s, 1),
        "leaked_s": round(leaked, 2),
    }


def _with_tone(talk: Sound, hertz: float | None, dice: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Three seconds of talk at -20 dBFS, a tone 12 to 18 dB below it, noise 10 dB below from 60 Hz up."""
    start = int(dice.integers(0, max(1, len(talk) - 3 * RATE)))
    sound = talk[start : start + 3 * RATE].astype(np.float64)
    sound /= rms(sound)
    hiss = in_band(dice.standard_normal(len(sound)), 60, 3000)
    sound += hiss / rms(hiss) * 10 ** (-10 / 20)
    if hertz is not None:
        level = 2**0.5 * 10 ** (dice.uniform(-18, -12) / 20)
        sound += level * np.sin(2 * np.pi * hertz * np.arange(len(sound)) / RATE + dice.uniform(0, 6))
    return np.clip(0.1 * sound * 32768, -32768, 32767).astype(np.int16)


def _events(sound: np.ndarray[Any, np.dtype[np.int16]]) -> list[RadioEvent]:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    audio: list[RadioEvent] = [
        Audio("bench", began + timedelta(seconds=n / RATE), sound[n : n + BLOCK].tobytes())
        for n in range(0, len(sound), BLOCK)
    ]
    return [KeyUp("bench", began), *audio, KeyDown("bench", began + timedelta(seconds=len(sound) / RATE))]


def _through_gate(sound: np.ndarray[Any, np.dtype[np.int16]], hertz: float) -> list[RadioEvent]:
    tone_gate = ToneGate(hertz, 0.35)
    return [out for event in _events(sound) for out in tone_gate.take(event)]


@dataclass(slots=True)
class Hours:
    """What hours without signalling gave."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    silenced: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    decodes: Counter[str] = field(default_factory=Counter)
    decodes_in: Counter[str] = field(default_factory=Counter)
    emergencies: int = 0
    examples: list[str] = field(default_factory=list)
    took: float = 0.0


def some_hours(seed: int, hours: float, number: int) -> Hours:
    """Part of the hours, in a process of its own."""
    meaning = Meaning(SignallingSettings(five_tone="ccir", dtmf=True, mdc1200=True, emergency=EMERGENCY))
    decoders: list[Decoder] = [*(FiveTone(tone_set) for tone_set in TONE_SETS.values()), Dtmf(), Mdc1200()]
    listener = Listener(decoders)
    out = Hours()
    next_told = 1800.0
    for kind, sound in innocent(seed, hours * 3600):
        began = time.process_time()
        first, last = listener.hear(sound), listener.finish()
        out.took += time.process_time() - began
        out.seconds[kind] += len(sound) / RATE
        left = np.concatenate([first.samples, last.samples])
        out.silenced[kind] += float(np.count_nonzero(left != sound)) / RATE
        for found in (*first.found, *last.found):
            name = found.system if isinstance(found, Digits) else "MDC-1200"
            out.decodes[name] += 1
            out.decodes_in[kind] += 1
            told = meaning.of(found, "bench", datetime(2026, 1, 1, tzinfo=UTC))
            out.emergencies += any(isinstance(event, EmergencyPressed) for event in told)
            out.examples += [f"{kind}: {name} {event.text}" for event in told if isinstance(event, Signalled)]
        if sum(out.seconds.values()) >= next_told:
            print(
                f"part {number}: {next_told / 3600:.1f} h, {dict(out.decodes)}, {out.emergencies} emergencies",
                flush=True,
            )
            next_told += 1800
    return out


def false(seed: int, hours: float, processes: int) -> dict[str, Any]:
    """Every decoder, all four sets of tones at once, over hours without signalling, in parts with seeds of their own."""
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        seeds = [seed + 2 + number for number in range(processes)]
        parts = list(pool.map(some_hours, seeds, [hours / processes] * processes, range(1, processes + 1)))

    def total(of: Callable[[Hours], Mapping[str, float]]) -> dict[str, float]:
        return {
            kind: sum(of(part).get(kind, 0) for part in parts)
            for kind in dict.fromkeys(k for p in parts for k in of(p))
        }

    seconds = sum(sum(part.seconds.values()) for part in parts)
    return {
        "hours": round(seconds / 3600, 2),
        "of_hours": {kind: round(s / 3600, 2) for kind, s in total(lambda part: part.seconds).items()},
        "emergencies": sum(part.emergencies for part in parts),
        "decodes": total(lambda part: part.decodes),
        "decodes_in": total(lambda part: part.decodes_in),
        "examples": [text for part in parts for text in part.examples][:20],
        "silenced_s": {kind: round(s, 2) for kind, s in total(lambda part: part.silenced).items()},
        "times_real_time": round(seconds / sum(part.took for part in parts), 1),
    }


def speed(seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Processor time of one live channel with everything on, as part of real time."""
    dice = np.random.default_rng(seed + 3)
    sounds = [through_radio(spoken(dice), dice) for _ in range(12)]
    hiss = [through_radio(dice.standard_normal(20 * RATE).astype(np.float32), dice) for _ in range(4)]
    tone = 0.02 * np.sin(2 * np.pi * 94.8 * np.arange(60 * RATE) / RATE) * 32768
    seconds, out = sum(len(sound) for sound in (*sounds, *hiss)) / RATE, {}
    for name, settings in (
        ("5-tone", replace(LIVE, dtmf=False, mdc1200=False, ctcss_hz=None)),
        ("DTMF", replace(LIVE, five_tone="none", mdc1200=False, ctcss_hz=None)),
        ("MDC-1200", replace(LIVE, five_tone="none", dtmf=False, ctcss_hz=None)),
        ("CTCSS", replace(LIVE, five_tone="none", dtmf=False, mdc1200=False)),
        ("all", LIVE),
    ):
        used = 0.0
        for sound in (*sounds, *hiss):
            with_tone = np.clip(sound + tone[: len(sound)], -32768, 32767).astype(np.int16)
            events = _events(with_tone)
            bursts = Bursts(settings)
            tone_gate = ToneGate(settings.ctcss_hz, 0.35) if settings.ctcss_hz is not None else None
            began = time.process_time()
            for event in events:
                for passed in tone_gate.take(event) if tone_gate is not None else [event]:
                    if name != "CTCSS":
                        bursts.take(passed)
            used += time.process_time() - began
        out[name] = {"percent_of_a_core": round(100 * used / seconds, 2), "times_real_time": round(seconds / used, 1)}
    tell("speed")
    after = {NAMES[kind]: told_after_ms(kind, dice) for kind in KINDS}
    return {"seconds": round(seconds, 1), "block_ms": 1000 * BLOCK / RATE, "channels": out, "told_after_ms": after}


def told_after_ms(kind: str, dice: np.random.Generator) -> float:
    """How long after the end of a burst an emergency by it is told, in the worst of 25 cases, blocks of 20 ms and all."""
    tone_set: Any = kind if kind in TONE_SETS else "ccir"
    settings = replace(LIVE, ctcss_hz=None, emergency=("9????",), five_tone=tone_set)
    worst = 0.0
    for number in range(25):
        burst = sound_of(Packet(0, 0x80, 0x4711))
        if kind == "dtmf":
            burst = dtmf("94711")[: -round(0.05 * RATE)]
        elif kind in TONE_SETS:
            burst = five_tone("94711", TONE_SETS[kind])
        lead = np.zeros(RATE // 5 + 37 * number, np.float32)
        sound = np.concatenate([lead, 0.3 * burst, np.zeros(RATE, np.float32)])
        sound += in_band(dice.standard_normal(len(sound))) * 0.01
        bursts, came = Bursts(settings), 0
        for event in _events(np.rint(sound * 32767).astype(np.int16))[:-1]:
            came += len(event.pcm) // 2 if isinstance(event, Audio) else 0
            if any(isinstance(told, EmergencyPressed) for told in bursts.take(event)):
                break
        worst = max(worst, (came - len(lead) - len(burst)) / RATE)
    return round(1000 * worst)


def met(report: dict[str, Any]) -> dict[str, bool]:
    """The goals, as far as they were measured."""
    out: dict[str, bool] = {}
    if "decoding" in report:
        at_10 = [r for r in report["decoding"]["rates"] if r["snr_db"] == 10 and r["speech_db"] is None]
        out["99 % of each kind at 10 dB, at each tone error"] = all(r["worst_error_right"] >= 0.99 for r in at_10)
    if "false" in report:
        out["no false emergency in 10 hours"] = report["false"]["hours"] >= 10 and report["false"]["emergencies"] == 0
    if "speed" in report:
        out["all decoders at most 3 % of a core"] = report["speed"]["channels"]["all"]["percent_of_a_core"] <= 3
    return out


def show(console: Console, report: dict[str, Any]) -> None:
    if "decoding" in report:
        table = Table("", *(f"{snr:g} dB" + ("" if s is None else f", speech {s:g} dB below") for s in SPEECH_DB for snr in SNRS_DB), title="Decoded, per cent (something else, per cent)")  # fmt: skip
        for kind in KINDS:
            row = {(r["snr_db"], r["speech_db"]): r for r in report["decoding"]["rates"] if r["kind"] == kind}
            table.add_row(NAMES[kind], *(f"{100 * row[snr, s]['right']:.1f} ({100 * row[snr, s]['wrong']:.1f})" for s in SPEECH_DB for snr in SNRS_DB))  # fmt: skip
        console.print(table)
    for part in ("gate", "false", "speed"):
        if part in report:
            console.print(part, report[part])
    for goal, reached in report["goals"].items():
        console.print(f"{goal}: {'met' if reached else 'missed'}")


def draw(report: dict[str, Any], path: Path) -> None:
    """Decoding against noise, and with speech over it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2), width_ratios=(3, 2), constrained_layout=True)
    cells = report["decoding"]["rates"]
    for kind in KINDS:
        points = sorted((r["snr_db"], 100 * r["right"]) for r in cells if r["kind"] == kind and r["speech_db"] is None)
        left.plot(*zip(*points, strict=True), marker="o", markersize=3, label=NAMES[kind])
    left.axhline(99, color="grey", linewidth=0.8, linestyle=":")
    left.set(
        xlabel="burst to noise in 300-3000 Hz, dB",
        ylabel="decoded, %",
        ylim=(0, 102),
        title="Tones off by -1.5, 0 and +1.5 %",
    )
    left.legend(fontsize=8)
    width = 0.4
    for offset, (speech_db, name) in enumerate(((10.0, "speech 10 dB below"), (6.0, "speech 6 dB below"))):
        values = [next(100 * r["right"] for r in cells if (r["kind"], r["snr_db"], r["speech_db"]) == (kind, 10.0, speech_db)) for kind in KINDS]  # fmt: skip
        right.bar(np.arange(len(KINDS)) + (offset - 0.5) * width, values, width, label=name)
    right.set(xticks=range(len(KINDS)), ylim=(0, 102), title="Noise 10 dB below, and speech over the burst")
    right.set_xticklabels([NAMES[kind] for kind in KINDS], fontsize=8)
    right.legend(fontsize=8, loc="lower left")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main(argv: Sequence[str]) -> int:
    """Measure, print, write bench/results/signalling.json and docs/pictures/signalling.png. 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="./run bench signalling", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--only", choices=("decoding", "gate", "false", "speed"), help="one part; the others' figures are kept"
    )
    parser.add_argument("--trials", type=int, default=200, help="bursts for each kind, noise, speech and tone error")
    parser.add_argument("--hours", type=float, default=10.0, help="of sound without signalling")
    parser.add_argument("--processes", type=int, default=2, help="the hours are shared between so many")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args(argv)
    console = Console()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))  # a gate tells whom it refuses

    def tell(text: str) -> None:
        console.log(text)

    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "speed": lambda: speed(options.seed, tell),
        "gate": lambda: gate(options.seed, options.trials, tell),
        "decoding": lambda: decoding(options.seed, options.trials, tell),
        "false": lambda: false(options.seed, options.hours, options.processes),
    }
    for part, measure in parts.items():
        if options.only in {None, part}:
            result = measure()
            # Read again each time: parts may be measured by several runs at once.
            report = json.loads(options.json.read_text()) if options.json.exists() else {}
            report |= {"seed": options.seed, "machine": {"system": platform.platform(), "cores": os.cpu_count()}}
            report[part] = result
            report["goals"] = met(report)
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(report, indent=1) + "\n")
    report = json.loads(options.json.read_text())
    if "decoding" in report:
        draw(report, options.picture)
    show(console, report)
    return 0 if all(report["goals"].values()) else 1
