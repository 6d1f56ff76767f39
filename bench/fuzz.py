"""Every parser under atheris: random input that follows the code's own paths, with limits on memory and time per input.

Targets are the modules in bench/fuzz_targets: `one_input(data)`, which raises only on a bug, and perhaps `SEEDS`. The minutes are
shared out over them; as many run at once as there are cores. What was found interesting stays in `.cache/fuzz` for the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.table import Table

import bench.fuzz_targets
from bench._fuzz_environment import prepare_environment
from bench._names_environment import REPOSITORY
from bench._town import keep

CORPUS = REPOSITORY / ".cache/fuzz"

RSS_MB = 512
"""A parser whose process needs more is stopped. Python with numpy and atheris takes about 150 of it."""

INPUT_S = 5
"""A parser that chews longer than this on one input hangs. Typical is a fraction of a millisecond."""

LONGEST = 4_096
"""Bytes of an input: longer than any one line or header that the parsers keep. Where a seed is longer (sound), that counts."""

START_S = 30.0
"""Atheris and the parser's imports need some seconds before the first input."""

_VERDICTS = {"crash": "crash", "leak": "crash", "timeout": "hang", "oom": "too much memory"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target."""

    target: str
    seconds: int
    executions: int
    corpus: int
    """Inputs that reach something which no other one does."""
    edges: int
    """Places in the code that were reached."""
    peak_rss_mb: int
    verdict: str
    """`clean`, or what went wrong."""
    problem: str = ""
    """The last line of the traceback."""
    input_hex: str = ""
    """What provokes it."""


def targets() -> list[str]:
    """The names of all targets."""
    return sorted(found.name for found in pkgutil.iter_modules(bench.fuzz_targets.__path__))


def read_outcome(target: str, seconds: int, code: int, said: str, artifact: tuple[str, bytes] | None) -> Outcome:
    """Make sense of what libFuzzer wrote.

    Args:
        target: its name.
        seconds: asked for.
        code: exit code.
        said: standard error.
        artifact: name and content of the input that it kept because something went wrong.
    """
    progress = re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)/", said)
    edges, corpus = (int(n) for n in progress[-1]) if progress else (0, 0)
    executions = _number(r"stat::number_of_executed_units:\s*(\d+)", said) or _number(r"Done (\d+) runs", said)
    verdict = "clean" if code == 0 else "crash"
    if artifact is not None:
        verdict = _VERDICTS.get(artifact[0].partition("-")[0], verdict)
    elif code != 0 and not executions:
        verdict = "did not start"
    problems = re.findall(r"^(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt)\b.*$", said, re.MULTILINE)
    return Outcome(
        target,
        seconds,
        executions,
        corpus,
        edges,
        _number(r"stat::peak_rss_mb:\s*(\d+)", said),
        verdict,
        "" if code == 0 else (problems[-1] if problems else said.strip()[-200:]),
        "" if artifact is None or code == 0 else artifact[1].hex(),
    )


def _number(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def fuzz(python: Path, target: str, seconds: int) -> Outcome:
    """Run one target for so long."""
    corpus = CORPUS / target
    corpus.mkdir(parents=True, exist_ok=True)
    seeds: tuple[bytes, ...] = getattr(importlib.import_module(f"bench.fuzz_targets.{target}"), "SEEDS", ())
    for seed in seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    with tempfile.TemporaryDirectory(prefix="huecry-fuzz-") as name:
        folder = Path(name)
        options = [
            f"-max_total_time={seconds}",
            f"-rss_limit_mb={RSS_MB}",
            f"-timeout={INPUT_S}",
            f"-max_len={max(LONGEST, *map(len, seeds), 0)}",
            f"-artifact_prefix={folder}/",
            "-print_final_stats=1",
            "-reload=0",
            str(corpus),
        ]
        command = ["nice", "-n", "10", str(python), "-m", "bench._fuzz_one", target, *options]
        with (folder / "said").open("w+b") as said:
            done, peak_mb = _run(command, said, seconds + INPUT_S + START_S)
            said.seek(0)
            words = said.read().decode("utf-8", "replace")
        kept = [path for path in folder.iterdir() if path.name.partition("-")[0] in _VERDICTS]
        artifact = (kept[0].name, kept[0].read_bytes()) if kept else None
    return replace(read_outcome(target, seconds, done, words, artifact), peak_rss_mb=peak_mb)


def _run(command: Sequence[str], said: IO[bytes], within_s: float) -> tuple[int, int]:
    """Run to the end; returns the exit code (negative when it had to be killed) and the most memory it held, in megabytes.

    libFuzzer's own figure begins with the memory of whoever started it (getrusage(2), ru_maxrss).
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    deadline, peak_kb = time.monotonic() + within_s, 0
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=said) as process:
        while process.poll() is None:
            if time.monotonic() > deadline:
                process.kill()
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                peak_kb = max(peak_kb, _number(r"VmHWM:\s*(\d+) kB", status))
            time.sleep(0.2)
        return process.returncode, peak_kb // 1024


def fuzz_all(python: Path, names: Sequence[str], seconds: int, jobs: int) -> Iterator[Outcome]:
    """All of them, `jobs` at a time, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda name: fuzz(python, name, seconds), names)


def main(argv: Sequence[str]) -> int:
    """Fuzz, print, write bench/results/fuzz.json. Exit code 1 when a target is not clean."""
    parser = argparse.ArgumentParser(prog="./run bench fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", help="only these (default: all)")
    parser.add_argument("--minutes", type=float, default=10.0, help="in total, shared out (default: 10)")
    parser.add_argument("--each", action="store_true", help="so many minutes for each target instead")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="at the same time (default: one per core)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what was found interesting before")
    options = parser.parse_args(argv)
    names = options.targets or targets()
    unknown = sorted(set(names) - set(targets()))
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(targets())}")
    if options.fresh:
        shutil.rmtree(CORPUS, ignore_errors=True)
    python = prepare_environment()
    share = 1 if options.each else min(options.jobs, len(names)) / len(names)
    seconds = max(1, round(60 * options.minutes * share))
    console = Console()
    console.print(f"{len(names)} targets, {seconds} s each, {options.jobs} at a time")
    began = time.monotonic()
    outcomes = []
    for outcome in fuzz_all(python, names, seconds, options.jobs):
        outcomes.append(outcome)
        console.print(f"  {outcome.target}: {outcome.executions} inputs, {outcome.verdict}")
    show(console, outcomes)
    figures = {
        "minutes": round((time.monotonic() - began) / 60, 1),
        "seconds_each": seconds,
        "atheris": (REPOSITORY / "bench/fuzz-requirements.txt").read_text().strip(),
        "limits": {"rss_mb": RSS_MB, "input_s": INPUT_S, "longest_input_bytes": LONGEST},
        "executions": sum(outcome.executions for outcome in outcomes),
        "targets": [asdict(outcome) for outcome in outcomes],
    }
    if options.targets:
        console.print("only some of the targets: not kept")
    else:
        console.print(f"figures in {keep('fuzz', figures)}")
    return 0 if all(outcome.verdict == "clean" for outcome in outcomes) else 1


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print what was found."""
    table = Table("target", "executions", "corpus", "edges", "peak RSS MB", "verdict", title="Parsers under atheris")
    for outcome in outcomes:
        table.add_row(
            outcome.target,
            f"{outcome.executions:,}",
            str(outcome.corpus),
            str(outcome.edges),
            str(outcome.peak_rss_mb),
            f"{outcome.verdict} {outcome.problem}".strip(),
        )
    console.print(table)
    for outcome in outcomes:
        if outcome.input_hex:
            console.print(f"{outcome.target}: {outcome.problem}\n  input: {outcome.input_hex}")
