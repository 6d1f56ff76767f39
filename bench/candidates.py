"""The register's candidates by sound: speed, memory and recall with 1,000, 10,000 and 100,000 names.

    ./run bench candidates            all sizes, some minutes
    ./run bench candidates --quick    1,000 and 10,000 names, fewer calls

Names and calls are made up from a fixed seed. A search is over ten wordings of fifteen words in which one name is said, misheard by
changing its sounds at random (near sounds more often than far ones, see `misheard`) and broken into words anywhere. Times are of one core,
on a machine that may be busy: "cpu" is the processor's time, "wall" the clock's. Memory is what the process grows by, each size in a
process of its own. Recall: is the name that was said among the first thirty; "exhaustive" is the same weighted alignment of every name
with every place of every wording, without an index, and "agreement" the share of its first ten that the index has among its thirty.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import random
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from bench._names_made import carrier, full_names, hypotheses
from dispatch.matching.phonemes import ALPHABET
from dispatch.matching.sound_align import align
from dispatch.matching.sound_costs import ALONE, SUBSTITUTION
from dispatch.matching.sound_grams import GAP
from dispatch.matching.sound_index import SoundIndex
from dispatch.matching.sounds import pronunciations, said_words

SIZES = (1_000, 10_000, 100_000)
TARGETS_MS = {1_000: 2.0, 10_000: 5.0, 100_000: 20.0}
RATES = (0.1, 0.25, 0.4)
"""Share of the sounds of a name that are heard wrong."""
MOST = 30

Said = list[list[str]]
"""Wordings of a call, each as the sounds of its words."""


def misheard(said: str, rate: float, chance: random.Random) -> str:
    """Sounds with about `rate` of them wrong: two thirds another sound, the rest missing or added; cheap mistakes more often."""
    near = np.exp(-SUBSTITUTION / 0.22)
    np.fill_diagonal(near, 0)
    out = ""
    for sound in said:
        at = ALPHABET.index(sound)
        draw = chance.random()
        if draw < 0.66 * rate:
            out += chance.choices(ALPHABET, near[at].tolist())[0]
        elif draw > 0.66 * rate + 0.2 * rate * 0.5 / float(ALONE[at]):
            out += sound
        if chance.random() < 0.14 * rate:
            out += chance.choice(ALPHABET)
    return out or said


def broken(said: str, chance: random.Random) -> list[str]:
    """Sounds broken into one word for every three to seven."""
    words, at = [], 0
    while at < len(said):
        length = chance.randint(3, 7)
        words.append(said[at : at + length])
        at += length
    return words


def call(said: str, rate: float, chance: random.Random, wordings: int = 10) -> Said:
    """Ten wordings of one call that names somebody; the name is heard in two ways, the better one in a third of the wordings."""
    heard = [broken(misheard(said, rate, chance), chance) for _ in range(2)]
    worse, better = sorted(heard, key=lambda words: -sum(map(len, words)))
    texts = hypotheses(chance, wordings, 15, ["NAME", ""])
    found = []
    for i, words in enumerate(texts):
        at = words.index("NAME")
        plain = [*words[:at], *words[at + 2 :]]
        sounds = said_words(" ".join(plain))
        found.append([*sounds[:at], *(better if i % 3 == 1 else worse), *sounds[at:]])
    return found


def exhaustive(index: SoundIndex, said: Said, most: int) -> list[int]:
    """Keys of the names nearest to any place of any wording, by aligning all with all."""
    rows = np.arange(len(index.starts) - 1)
    best = np.zeros(len(rows), np.float32)
    for words in {tuple(w) for w in said}:
        codes = [ALPHABET.index(sound) for word in words for sound in word if sound in ALPHABET][:120]
        ends = np.cumsum([0, *(sum(sound in ALPHABET for sound in word) for word in words)])
        for start in range(0, len(rows), 4_000):
            some = rows[start : start + 4_000]
            some = some[np.argsort(index.starts[some] - index.starts[some + 1])]
            lengths = index.starts[some + 1] - index.starts[some] - 1
            height = int(lengths.max())
            names = index.stream[np.minimum(index.starts[some] + np.arange(height)[:, None], len(index.stream) - 1)]
            stretches = np.repeat(np.array([*codes, GAP], np.uint8)[:, None], len(some), axis=1)
            edges = np.repeat(np.isin(np.arange(len(codes) + 2), ends)[:, None], len(some), axis=1)
            best[some] = np.maximum(best[some], align(names, lengths, stretches, edges).likeness)
    keys: dict[int, None] = {}
    for row in np.argsort(-best, kind="stable")[: 4 * most].tolist():
        for key in index.keys[index.key_starts[row] : index.key_starts[row + 1]].tolist():
            keys[key] = None
    return list(keys)[:most]


def forms(names: Sequence[str]) -> list[tuple[int, str]]:
    """Full name and surname of everybody."""
    return [(key, form) for key, name in enumerate(names) for form in (name, name.split(" ", 1)[1])]


def speed(index: SoundIndex, names: Sequence[str], calls: int) -> dict[str, float]:
    """Milliseconds of a search, texts to hits."""
    chance = random.Random(11)
    cpu, wall = [], []
    for number in range(calls + 20):
        said = chance.choice(names).lower().split()
        texts = [" ".join(words) for words in hypotheses(chance, 10, 15, said, [*said[:1], *carrier(chance, 1)])]
        before, started = time.process_time(), time.perf_counter()
        index.search(texts, MOST)
        if number >= 20:
            cpu.append(1e3 * (time.process_time() - before))
            wall.append(1e3 * (time.perf_counter() - started))
    return {
        f"{what}_p{share}_ms": round(float(np.percentile(times, share)), 2)
        for what, times in (("cpu", cpu), ("wall", wall))
        for share in (50, 99)
    }


def recall(index: SoundIndex, names: Sequence[str], calls: int, compared: int) -> dict[str, Any]:
    """Share of calls whose name is found, by how much was misheard and what was said."""
    figures: dict[str, Any] = {}
    for what in ("full name", "surname"):
        for rate in RATES:
            chance = random.Random(f"{what} {rate}")
            found = first = both = same = harder = 0
            agree = 0.0
            for number in range(calls):
                key = chance.randrange(len(names))
                name = names[key] if what == "full name" else names[key].split(" ", 1)[1]
                said = call(pronunciations(name)[0].replace(" ", ""), rate, chance)
                # Others of that surname are as right.
                right = {key} if what == "full name" else {k for k, n in enumerate(names) if n.endswith(f" {name}")}
                hits = [
                    hit.key
                    for hit in index.search_said(said, MOST if what == "full name" else max(MOST, 2 * len(right)))
                ]
                found += bool(right & set(hits))
                wanted = MOST if what == "full name" else max(MOST, 2 * len(right))
                harder += bool(right & {hit.key for hit in index.search_said(said, wanted, effort=4)})
                first += bool(hits) and hits[0] in right
                if number < compared:
                    all_hits = exhaustive(index, said, MOST)
                    both += bool(right & set(all_hits))
                    same += bool(right & set(hits))
                    agree += len(set(all_hits[:10]) & set(hits)) / 10
            figures[f"{what}, {rate:.0%} of sounds wrong"] = {
                "found_at_30": round(found / calls, 3),
                "found_at_30_effort_4": round(harder / calls, 3),
                "first": round(first / calls, 3),
                "calls": calls,
                **(
                    {
                        "exhaustive_at_30": round(both / compared, 3),
                        "found_at_30_of_these": round(same / compared, 3),
                        "agreement": round(agree / compared, 3),
                    }
                    if compared
                    else {}
                ),
                "compared": compared,
            }
    return figures


def _one_size(size: int, quick: bool, with_recall: bool) -> dict[str, Any]:  # in a process of its own
    pronunciations("warm")
    names = full_names(size)
    register = forms(names)
    for name in names[:50]:
        pronunciations(name)
    gc.collect()
    process = psutil.Process()
    before = process.memory_info().rss
    started, cpu = time.perf_counter(), time.process_time()
    index = SoundIndex.of(register)
    built = {"wall_s": round(time.perf_counter() - started, 1), "cpu_s": round(time.process_time() - cpu, 1)}
    gc.collect()
    figures: dict[str, Any] = {
        "names": size,
        "spoken_forms": len(register),
        "pronunciations": len(index.starts) - 1,
        "built": built,
        "search": speed(index, names, 200 if quick else 600),
        "grown_mb": round((process.memory_info().rss - before) / 1e6, 1),
        "target_p99_ms": TARGETS_MS[size],
    }
    if with_recall:
        compared = {1_000: 30, 10_000: 6, 100_000: 0}[size] // (2 if quick else 1)
        figures["recall"] = recall(index, names, 50 if quick else 100, compared)
    return figures


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write bench/results/candidates.json."""
    parser = argparse.ArgumentParser(prog="./run bench candidates", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 names, fewer calls; nothing is written")
    parser.add_argument("--sizes", type=int, nargs="*", choices=SIZES)
    parser.add_argument("--no-recall", action="store_true")
    chosen = parser.parse_args(arguments)
    results = []
    for size in chosen.sizes or (SIZES[:2] if chosen.quick else SIZES):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            results.append(pool.apply(_one_size, (size, chosen.quick, not chosen.no_recall)))
        print(json.dumps(results[-1], indent=1), flush=True)
    table = Table("names", "built", "p50", "p99 (cpu, wall)", "target p99", "memory", title="Candidates by sound")
    for figures in results:
        search = figures["search"]
        table.add_row(
            f"{figures['names']:,}",
            f"{figures['built']['cpu_s']} s",
            f"{search['cpu_p50_ms']} ms",
            f"{search['cpu_p99_ms']} ms, {search['wall_p99_ms']} ms",
            f"{figures['target_p99_ms']} ms",
            f"{figures['grown_mb']} MB",
        )
    Console().print(table)
    if not chosen.quick and not chosen.sizes:
        from bench._town import keep  # brings the whole gateway, which the memory of the children should not hold

        keep("candidates", {"wordings": 10, "words": 15, "most": MOST, "sizes": results})
    return 0
