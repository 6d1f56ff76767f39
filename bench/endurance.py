"""The daemon as a process: processor time while it listens to silence, and memory over a thousand transmissions.

Targets: <= 3 % of one core idle; <= 700 MB resident with Whisper tiny loaded (all processes), flat over 1,000 transmissions.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench._town import PICTURES, fill, keep, progress, speak_all, voice
from radio_drivers.simulator.client import SimulatorClient

CONFIG = """
[scheme]
name = "Fernley Town Against Crime"
short = "FTAC"
[paths]
state_dir = "{folder}/state"
[[radio]]
name = "town"
driver = "simulator"
[radio.simulator]
listen = "127.0.0.1:0"
address_file = "{folder}/address"
pace = {pace}
idle_audio = {idle}
snr_db = 24
[radio.keying]
clear_for_s = 0.4
[voice]
max_s = 20
[log]
level = "warning"
"""


class Daemon:
    """`huecry run` and its workers, watched."""

    def __init__(self, folder: Path, pace: float, *, idle: bool) -> None:
        self.folder = folder
        (folder / "huecry.toml").write_text(CONFIG.format(folder=folder, pace=pace, idle=str(idle).lower()))
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Import the register, start, and wait until the channel can be joined."""
        await fill(f"sqlite:///{self.folder / 'state' / 'huecry.db'}")
        command = (sys.executable, "-m", "gateway", "--config", str(self.folder / "huecry.toml"), "run")
        self._process = await asyncio.create_subprocess_exec(*command)
        while not (self.folder / "address").exists():
            await asyncio.sleep(0.05)

    async def stop(self) -> float:
        """SIGTERM; seconds until it was gone."""
        assert self._process is not None
        began = time.perf_counter()
        self._process.terminate()
        await self._process.wait()
        return time.perf_counter() - began

    def processes(self) -> list[psutil.Process]:
        """The daemon and its workers."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu_s(self) -> float:
        """Processor time of all of them."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def resident_mb(self) -> float:
        """Resident memory of all of them; pages that they share are counted once for each."""
        return sum(process.memory_info().rss for process in self.processes()) / 1e6

    def own_mb(self) -> float:
        """Proportional set size: shared pages counted once."""
        return sum(process.memory_full_info().pss for process in self.processes()) / 1e6

    async def radio(self, unit: str) -> Any:  # noqa: ANN401 - an async context manager of the simulator's
        """A radio on its channel."""
        return SimulatorClient.connect((self.folder / "address").read_text().strip(), unit)


async def idle(seconds: float) -> dict[str, Any]:
    """Processor time while nobody talks, samples of silence coming in as from a sound card."""
    with tempfile.TemporaryDirectory(prefix="huecry-bench-") as name:
        daemon = Daemon(Path(name), 1.0, idle=True)
        await daemon.start()
        progress("settling")
        await asyncio.sleep(10)
        before, began = daemon.cpu_s(), time.perf_counter()
        while time.perf_counter() - began < seconds:
            progress(f"listening to silence, {seconds - (time.perf_counter() - began):.0f} s left")
            await asyncio.sleep(1)
        used = daemon.cpu_s() - before
        took = time.perf_counter() - began
        stop_s = await daemon.stop()
    return {"idle_percent_of_a_core": round(100 * used / took, 2), "over_s": round(took), "stop_s": round(stop_s, 2)}


async def endure(count: int) -> dict[str, Any]:
    """Many transmissions; memory after each ten."""
    sounds = speak_all(voice())
    sizes: list[tuple[int, float, float]] = []
    with tempfile.TemporaryDirectory(prefix="huecry-bench-") as name:
        daemon = Daemon(Path(name), 0.03, idle=False)
        await daemon.start()

        def decided() -> int:
            with sqlite3.connect(f"file:{name}/state/huecry.db?mode=ro", uri=True) as db:
                return int(db.execute("select count(*) from calls").fetchone()[0])

        async with await daemon.radio("1001") as guard:
            number = said = 0
            while number < count:
                while len(guard.opened) > len(guard.heard):  # guards listen first: our rebroadcast is on the air
                    await asyncio.sleep(0.01)
                await guard.say(sounds[said % len(sounds)])
                said += 1
                waited = time.perf_counter()
                while decided() == number and time.perf_counter() - waited < 3:  # talked over by us: nobody heard it
                    await asyncio.sleep(0.02)
                number = decided()
                if said % 10 == 0:
                    sizes.append((number, daemon.resident_mb(), daemon.own_mb()))
                    progress(f"{number} of {count} transmissions, {sizes[-1][1]:.0f} MB")
        by_process = {p.name(): round(p.memory_info().rss / 1e6) for p in daemon.processes()}
        stop_s = await daemon.stop()
    progress("")
    draw(sizes)
    warm = [size for number, size, _ in sizes if number >= count // 5]
    return {
        "transmissions": sizes[-1][0],
        "resident_mb": {
            "after_10": round(sizes[0][1]),
            "at_end": round(sizes[-1][1]),
            "most": round(max(s for _, s, _ in sizes)),
        },
        "proportional_mb_at_end": round(sizes[-1][2]),
        "growth_mb_over_last_four_fifths": round(warm[-1] - warm[0], 1),
        "processes": by_process,
        "stop_s": round(stop_s, 2),
    }


def draw(sizes: Sequence[tuple[int, float, float]]) -> None:
    """docs/pictures/memory.png."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(
        [n for n, _, _ in sizes], [size for _, size, _ in sizes], label="resident, all processes", color="#2c3e50"
    )
    axes.plot(
        [n for n, _, _ in sizes], [size for _, _, size in sizes], label="shared pages counted once", color="#27ae60"
    )
    axes.axhline(700, color="#c0392b", linestyle="--", linewidth=1, label="limit 700 MB")
    axes.set(xlabel="transmissions", ylabel="MB", ylim=(0, 800), title="Memory over a run of transmissions")
    axes.legend(frameon=False, loc="lower right")
    axes.grid(alpha=0.3)
    PICTURES.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_png(str(PICTURES / "memory.png"))


def main(argv: Sequence[str]) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="bench endurance", description=__doc__)
    parser.add_argument("--transmissions", type=int, default=1000)
    parser.add_argument("--idle-s", type=float, default=60)
    arguments = parser.parse_args(argv)
    figures = asyncio.run(idle(arguments.idle_s)) | asyncio.run(endure(arguments.transmissions))
    table = Table("", "", title="Endurance")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table, f"figures in {keep('endurance', figures)}, picture in docs/pictures/memory.png")
