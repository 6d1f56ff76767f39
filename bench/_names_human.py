"""People's own voices through radio channels: the little read speech that comes inside packages.

    Debian's pocketsphinx-testdata   a LibriVox reading of "Sense and Sensibility" that names John Dashwood (public domain), cards and digits
    the moonshine-voice wheel        readings without names (MIT); "A Tale of Two Cities" is full of words that are surnames

One naming in a reading is not a call, so the name is also cut out and put between synthetic halves of a call: then an alert is due. Everything else names
nobody, though the register holds surnames (Wisdom, Hope, Light, Young, Power) and references (2934) that are said as ordinary words.
Word error rates of this set mean nothing: the text of two recordings is not written down.
"""

from __future__ import annotations

import argparse
import csv
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench._names_corpus import PROFILES, Row, Tools, corpus_folder, tools, write_truth
from bench._names_environment import CACHE, run_inside

RATE = 16_000
SPHINX = Path("/usr/share/pocketsphinx/test/data")
SEED = 9
NAMING_SEEDS = 6
"""The one reading that names somebody goes through each channel this often, with other noise each time."""

Samples = npt.NDArray[np.float32]
NAMED = "DT-3001"


@dataclass(frozen=True, slots=True)
class Reading:
    """A piece of a recording: what is said in it, as far as it was written down."""

    key: str
    source: str
    """Path below pocketsphinx's test data, or `moonshine:NAME`."""
    text: str
    start_s: float = 0.0
    end_s: float | None = None


_AUSTEN = "librivox/sense_and_sensibility_01_austen_64kb-"
NAMING = Reading("austen-0870", f"{_AUSTEN}0870.wav", "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them")  # fmt: skip
INNOCENT = (
    Reading("austen-0880", f"{_AUSTEN}0880.wav", "he was not an ill disposed young man"),
    Reading("austen-0890", f"{_AUSTEN}0890.wav", "unless to be rather cold hearted and rather selfish is to be ill disposed"),
    Reading("austen-0920", f"{_AUSTEN}0920.wav", "had he married a more amiable woman he might have been made still more respectable than he was"),
    Reading("austen-0930", f"{_AUSTEN}0930.wav", "he might even have been made amiable himself"),
    Reading("card-1", "cards/001.wav", "ten of clubs"),
    Reading("card-2", "cards/002.wav", "four queen of clubs"),
    Reading("card-3", "cards/003.wav", "seven of clubs"),
    Reading("card-4", "cards/004.wav", "five five"),
    Reading("card-5", "cards/005.wav", "eight of spades four of clubs seven of hearts"),
    Reading("forward", "goforward.raw", "go forward ten meters"),
    Reading("something", "something.raw", "go somewhere and do something"),
    Reading("digits", "tidigits/dhd.2934z.raw", "two nine three four zero"),
    Reading("numbers", "numbers.raw", "thirty three four six nine two"),
    Reading("cities-1", "moonshine:two_cities", "it was the best of times it was the worst of times it was the age of wisdom", 0, 6.65),
    Reading("cities-2", "moonshine:two_cities", "it was the age of foolishness it was the epoch of belief it was the epoch of incredulity", 6.65, 13.3),
    Reading("cities-3", "moonshine:two_cities", "it was the season of light it was the season of darkness it was the spring of hope it was the winter of despair", 13.3, 21.0),
    Reading("cities-4", "moonshine:two_cities", "we had everything before us we had nothing before us we were all going direct to heaven we were all going direct the other way", 21.0, 28.6),
    Reading("cities-5", "moonshine:two_cities", "in short the period was so far like the present period that some of its noisiest authorities insisted on its being received for good or for evil in the superlative degree of comparison only", 28.6),
    Reading("clone", "moonshine:clone-test", "i do i think that america do it very well"),
    Reading("beckett", "moonshine:beckett", ""),
    Reading("endgame-1", "moonshine:endgame_nagg_nell", "", 0.0, 14.3),
    Reading("endgame-2", "moonshine:endgame_nagg_nell", "", 14.3),
)  # fmt: skip

# Where in austen-0870 the name is, found by its envelope and Whisper's word times.
CUTS = {"full": ("john dashwood", 0.62, 1.56), "last": ("dashwood", 0.93, 1.56)}
CALLS = (
    ("Control, this is the bookshop, I have", "by the tills in a grey coat, can you send someone?"),
    ("Hello all shops,", "has just walked past us, going towards the station."),
    ("Market office to Control, it's", "again, black umbrella, he won't leave."),
    ("Heads up everybody,", "is on the High Street with two others."),
)
"""Spoken halves of a call; the name from the reading goes between them."""

PEOPLE = (
    (NAMED, "John", "Dashwood"), ("DT-3002", "Joan", "Ashwood"), ("DT-3003", "Don", "Ashworth"), ("DT-3004", "Josh", "Dashfield"),
    ("DT-3005", "Jonathan", "Dashiell"), ("DT-3006", "Shaun", "Dasgupta"), ("DT-3007", "Edward", "Ferrier"), ("DT-3008", "Fanny", "Middleton"),
    ("DT-3011", "Norma", "Wisdom"), ("DT-3012", "Tilly", "Hope"), ("DT-3013", "Ray", "Light"), ("DT-3014", "Des", "Best"), ("DT-3015", "Ben", "Young"),
    ("DT-3016", "Max", "Power"), ("DT-3017", "Dora", "Winter"), ("DT-3018", "Amy", "Spring"), ("DT-3019", "Finn", "Day"), ("DT-3020", "Pat", "Heaven"),
    ("DT-3021", "Jack", "Spade"), ("DT-3022", "Heather", "Queen"), ("DT-3023", "Miles", "Short"), ("DT-3024", "Dean", "Meadows"),
    ("DT-2934", "Liam", "Oakshott"), ("DT-4692", "Carla", "Eastlake"), ("DT-0005", "Tony", "Clubb"),
)  # fmt: skip
"""Reference, first name, surname: who is read out, and people whose names or references are said without anybody being meant."""


COLUMNS = (
    "reference,first_name,last_name,aliases,sex,date_of_birth,ethnicity_code,height_cm,build,hair,marks,"
    "offences,notice_status,notice_served_on,notice_expires_on,served_by_member,notes"
)


def write_register(path: Path) -> None:
    """The register that belongs to these clips, every notice active."""
    with path.open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out)
        table.writerow(COLUMNS.split(","))
        for reference, first, last in PEOPLE:
            table.writerow([reference, first, last, "", "m", "1985-06-15", "IC1", 175, "", "", "", "shop theft", "active", "2026-06-01", "2036-05-31", "", ""])  # fmt: skip


def load(reading: Reading, moonshine: Path, pocketsphinx: Path = SPHINX) -> Samples:
    """The piece at 16 kHz, mono.

    Raises:
        FileNotFoundError: Debian's pocketsphinx-testdata or the wheel's files are not there.
    """
    import soundfile

    from bench._names_voices import to_rate

    if reading.source.startswith("moonshine:"):
        path = moonshine / f"{reading.source.removeprefix('moonshine:')}.wav"
    else:
        path = pocketsphinx / reading.source
    if not path.is_file():
        raise FileNotFoundError(f"{path}: apt-get install pocketsphinx-testdata, or the wheel moonshine-voice")
    if path.suffix == ".raw":
        samples, rate = np.frombuffer(path.read_bytes(), "<i2").astype(np.float32) / 32768, RATE
    else:
        samples, rate = soundfile.read(path, dtype="float32")
    if samples.ndim > 1:
        samples = samples.mean(axis=1)
    samples = samples[int(reading.start_s * rate) : None if reading.end_s is None else int(reading.end_s * rate)]
    return to_rate(samples, int(rate))


def spliced(before: Samples, name: Samples, after: Samples) -> Samples:
    """The name between two halves of a call, as loud as they are, with ends that don't click."""

    def loudness(x: Samples) -> float:
        return float(np.sqrt(np.mean(np.square(x))) + 1e-9)

    edge = int(0.015 * RATE)
    shaped = name * (loudness(before) / loudness(name))
    shaped[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
    shaped[-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    return np.concatenate(
        [
            trimmed(before),
            np.zeros(int(0.06 * RATE), np.float32),
            shaped,
            np.zeros(int(0.06 * RATE), np.float32),
            trimmed(after),
        ]
    )


def trimmed(speech: Samples) -> Samples:
    """Without the silence before and after."""
    loud = np.flatnonzero(np.abs(speech) > 0.02 * float(np.abs(speech).max()))
    return speech[loud[0] : loud[-1] + 1]


def _row(
    key: str, profile: str, text: str, intent: str, people: list[dict[str, object]], alert: list[str], voice: str
) -> Row:
    return {
        "file": f"H-{key}-{profile}.wav", "voice": voice, "profile": profile, "call": f"H-{key}", "segment": 0, "text": text,
        "intent": intent, "people": people, "alert": alert, "may_alert": [],
    }  # fmt: skip


def clips(speech: Path, given: Tools, moonshine: Path) -> Iterator[tuple[Row, Samples]]:
    """Truth rows with what is spoken, before the channel.

    The reading that names somebody carries `alert` so that score.py's `found_recall` counts it; it is no call, so no alert has to follow.
    """
    from bench._names_voices import Spoken

    spoken = Spoken(speech, given.voices)
    name = {"name": "John Dashwood", "negated": False, "reference": NAMED}
    whole = load(NAMING, moonshine)
    for profile in PROFILES:
        for number in range(NAMING_SEEDS):
            people = [{**name, "said": "john dashwood", "kind": "full"}]
            yield _row(f"{NAMING.key}-{number}", profile, NAMING.text, "chatter", people, [NAMED], "human"), whole
        for reading in INNOCENT:
            yield _row(reading.key, profile, reading.text, "chatter", [], [], "human"), load(reading, moonshine)
        for kind, (said, start, end) in CUTS.items():
            piece = whole[int(start * RATE) : int(end * RATE)]
            for number, (before, after) in enumerate(CALLS):
                people = [{**name, "said": said, "kind": kind}]
                call = spliced(spoken("joe", before), piece.copy(), spoken("joe", after))
                row = _row(
                    f"spliced-{kind}-{number}",
                    profile,
                    f"{before} {said} {after}",
                    "sighting",
                    people,
                    [NAMED],
                    "human-spliced",
                )
                yield row, call


def build(out: Path, speech: Path, given: Tools, moonshine: Path, seed: int = SEED) -> int:
    """Make the folder: WAV files, truth.jsonl, register.csv, DONE. How many clips.

    Raises:
        FileNotFoundError: see `load`.
    """
    import soundfile

    out.mkdir(parents=True, exist_ok=True)
    write_register(out / "register.csv")
    rows = []
    for row, sound in clips(speech, given, moonshine):
        draw = np.random.default_rng([seed, zlib.crc32(row["file"].encode())])
        soundfile.write(out / row["file"], given.channel.through(row["profile"], sound, draw), RATE, subtype="PCM_16")
        rows.append(row)
    write_truth(out, rows)
    (out / "DONE").write_text(f"{len(rows)} clips, seed {seed}\n")
    return len(rows)


def make(python: Path, out: Path = CACHE / "human", cache: Path = CACHE, corpus: Path | None = None) -> Path | None:
    """Bring the folder up to date with the environment whose `python` is given; None without Debian's pocketsphinx-testdata.

    Raises:
        CorpusMissingError: see `corpus_folder`.
        subprocess.CalledProcessError: the environment's own words are on the terminal.
    """
    folder = corpus_folder(corpus)
    if not (SPHINX / NAMING.source).is_file():
        return None
    if not (out / "DONE").is_file():
        run_inside(python, "bench._names_human", ["--out", out, "--speech", cache / "speech", "--corpus", folder])
    return out


def main(argv: Sequence[str] | None = None) -> int:
    """The side that runs inside the environment for audio."""
    parser = argparse.ArgumentParser(prog="python -m bench._names_human", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--speech", type=Path, default=CACHE / "speech")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument(
        "--moonshine", type=Path, help="folder of the wheel's WAV files; default that of this environment"
    )
    options = parser.parse_args(argv)
    from bench._names_voices import one_thread

    one_thread()
    wheel = options.moonshine or Path(np.__file__).parents[1] / "moonshine_voice/assets"
    print(f"{build(options.out, options.speech, tools(options.corpus), wheel, options.seed)} clips in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
