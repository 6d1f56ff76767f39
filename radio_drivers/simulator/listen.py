"""Write what is heard on a software channel to WAV files: `python -m radio_drivers.simulator.listen HOST:PORT FOLDER`."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from pathlib import Path

import numpy as np
import soundfile

from radio_drivers.interface import RATE
from radio_drivers.simulator.client import SimulatorClient, SimulatorGoneError
from radio_drivers.simulator.radio import HeardTransmission


def file_name(heard: HeardTransmission) -> str:
    """For instance "20260307T140509.250Z_BASE.wav"."""
    who = re.sub(r"[^A-Za-z0-9.-]+", "-", "+".join(heard.units)) or "nobody"
    return f"{heard.at:%Y%m%dT%H%M%S}.{heard.at.microsecond // 1000:03d}Z_{who}.wav"


def write(folder: Path, heard: HeardTransmission) -> Path:
    """Write one; returns where."""
    path = folder / file_name(heard)
    soundfile.write(path, np.frombuffer(heard.pcm, "<i2"), RATE, subtype="PCM_16")
    return path


async def listen(address: str, folder: Path, unit: str, count: int | None) -> None:
    """Listen and write, until `count` are written.

    Raises:
        OSError: nobody listens there, or the folder can't be written.
        SimulatorGoneError: the gateway ended.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with SimulatorClient.connect(address, unit) as radio:
        written = 0
        while count is None or written < count:
            await radio.wait_heard()
            path = await asyncio.to_thread(write, folder, radio.heard.pop(0))
            sys.stdout.write(f"{path}\n")
            sys.stdout.flush()
            written += 1


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m radio_drivers.simulator.listen", description=listen.__doc__)
    parser.add_argument("address", help="HOST:PORT or unix:/path, as in the simulator's setting `listen`")
    parser.add_argument("folder", type=Path, help="for the WAV files; made if it isn't there")
    parser.add_argument("--unit", default="LISTENER", help="radio unit id to be (%(default)s)")
    parser.add_argument("--count", type=int, default=None, metavar="N", help="stop after so many transmissions")
    chosen = parser.parse_args(arguments)
    try:
        asyncio.run(listen(chosen.address, chosen.folder, chosen.unit, chosen.count))
    except (OSError, ValueError, SimulatorGoneError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
