"""Say a sound file on a gateway's software channel: `python -m radio_drivers.simulator.say HOST:PORT FILE... [--unit U7]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr

from radio_drivers.interface import RATE
from radio_drivers.simulator.client import SimulatorClient, SimulatorGoneError
from radio_drivers.simulator.sound import to_pcm


def load(path: Path) -> bytes:
    """Any sound file that libsndfile reads, as mono int16 at `RATE`.

    Raises:
        OSError: it can't be read, or is no sound file.
    """
    try:
        sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise OSError(f"{path} can't be played: {error}") from error
    mono = soxr.resample(sound.mean(axis=1), rate, RATE)
    return to_pcm(np.asarray(mono) * 32767.0)


async def say(address: str, files: list[Path], unit: str, pause_s: float) -> None:
    """Say the files one after the other.

    Raises:
        OSError: nobody listens there, or a file can't be read.
        SimulatorGoneError: the gateway ended.
    """
    async with SimulatorClient.connect(address, unit) as radio:
        for number, file in enumerate(files):
            if number:
                await asyncio.sleep(pause_s)
            await radio.say(await asyncio.to_thread(load, file))


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m radio_drivers.simulator.say", description=say.__doc__)
    parser.add_argument("address", help="HOST:PORT or unix:/path, as in the simulator's setting `listen`")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="WAV, FLAC, OGG or MP3")
    parser.add_argument("--unit", default="U7", help="radio unit id to speak as (%(default)s)")
    parser.add_argument("--pause", type=float, default=1.0, metavar="SECONDS", help="between files (%(default)s)")
    chosen = parser.parse_args(arguments)
    try:
        asyncio.run(say(chosen.address, chosen.files, chosen.unit, chosen.pause))
    except (OSError, ValueError, SimulatorGoneError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
