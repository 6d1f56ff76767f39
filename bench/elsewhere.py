"""A call heard by an engine on another machine that dies or hangs under it: how long until the one here has given the text.

Target: within this one call. The server is the Wyoming protocol's own library with an engine that answers at once, so that
what is measured is ours: asking, finding out, taking over.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

from bench._town import CALLS, keep, progress, speak_all, voice
from gateway.speech.ears import FallbackTranscriber, load_transcriber
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import Hints
from gateway.speech.workers import SpeechWorkers
from tests.peers.wyoming_server import WyomingServer

HERE = "the engine here alone"
BOTH = "the engine elsewhere, the one here beside it"
ALONE = "the engine elsewhere alone (url_beside = false)"
KILLED = "elsewhere killed between two calls: the first call after it"
UNDER = "elsewhere killed in the middle of the call"
FROZEN = "elsewhere hangs (SIGSTOP): the first call"
AWAY = "elsewhere known to be away: the calls after it"
COLD = "if the engine here were only started then: its start"
BACK = "elsewhere started again: until it goes first again"


async def heard(ears: FallbackTranscriber | SpeechWorkers, pcm: bytes, by: str) -> float:
    """Seconds for one call, which must have been heard by an engine of this name."""
    began = time.perf_counter()
    transcript = await ears.transcribe(pcm, Hints())
    took = time.perf_counter() - began
    if not transcript.engine.startswith(by):
        raise RuntimeError(f"heard by {transcript.engine}, not by {by}")
    return took


async def there(ears: FallbackTranscriber) -> float:
    """Seconds until the engine elsewhere goes first."""
    began = time.perf_counter()
    while not ears.elsewhere.there:
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


async def measure(rounds: int) -> dict[str, object]:
    """Every case in turn, several times."""
    pcm = speak_all(voice(), CALLS[:1])[0]
    seconds: dict[str, list[float]] = {}
    memory_mb = 0.0
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        began = time.perf_counter()
        async with SpeechWorkers(SpeechSettings()) as here:
            seconds.setdefault(COLD, []).append(time.perf_counter() - began)
            await heard(here, pcm, "whisper")  # the first call warms the engine up
            seconds.setdefault(HERE, []).append(await heard(here, pcm, "whisper"))
            memory_mb = psutil.Process(here.pids[0]).memory_full_info().uss / 1e6
        for case, taken in (await one_round(pcm)).items():
            seconds.setdefault(case, []).append(taken)
    progress("")
    return {
        "rounds": rounds,
        "call_s": round(len(pcm) / 32_000, 2),
        "worker_uss_mb": round(memory_mb),
        "seconds": {
            case: {"median": round(median(all_), 3), "max": round(max(all_), 3)} for case, all_ in seconds.items()
        },
    }


async def one_round(pcm: bytes) -> dict[str, float]:
    """One server's life."""
    took: dict[str, float] = {}
    async with WyomingServer("parrot", text="as heard elsewhere", dies=True) as server:
        settings = SpeechSettings(url=server.url)
        async with load_transcriber(settings) as ears:
            assert isinstance(ears, FallbackTranscriber)
            await ears.transcribe(pcm, Hints())
            took[UNDER] = await heard(ears, pcm, "whisper")
            took[AWAY] = await heard(ears, pcm, "whisper")
            await server.start()
            took[BACK] = await there(ears)
            took[BOTH] = await heard(ears, pcm, "wyoming")
            await server.kill()
            took[KILLED] = await heard(ears, pcm, "whisper")
            await server.start()
            await there(ears)
            server.freeze()
            took[FROZEN] = await heard(ears, pcm, "whisper")
            server.thaw()
        async with load_transcriber(replace(settings, url_beside=False)) as ears:
            assert isinstance(ears, FallbackTranscriber)
            took[ALONE] = await heard(ears, pcm, "wyoming")
    return took


def main(argv: Sequence[str]) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="bench elsewhere", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    figures = asyncio.run(measure(parser.parse_args(argv).rounds))
    table = Table("", "median", "longest", title=f"One call of {figures['call_s']} s, Whisper tiny.en here")
    seconds = figures["seconds"]
    assert isinstance(seconds, dict)
    for case in (HERE, BOTH, ALONE, UNDER, KILLED, FROZEN, AWAY, BACK, COLD):
        table.add_row(case, f"{seconds[case]['median']:.2f} s", f"{seconds[case]['max']:.2f} s")
    console = Console()
    console.print(table, f"the engine here holds {figures['worker_uss_mb']} MB of its own")
    console.print(f"figures in {keep('elsewhere', figures)}")
