"""A picture of a call's spectrum: in the terminal, which works over ssh, or as a PNG file."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.style import Style
from rich.text import Text

from radio_drivers.interface import RATE

TOP_HZ = 4000
"""Radio speech ends below it; signalling tones, too."""
RANGE_DB = 50.0
"""What is so far below the loudest is drawn as nothing."""
WINDOW = 512
SHADES = " .:-=+*#%@"
PALETTE = ((0, 0, 20), (60, 10, 110), (170, 40, 110), (240, 110, 50), (252, 250, 160))
"""Dark to light, readable by people who don't see all colours."""

Shades = npt.NDArray[np.float64]


def spectrum(pcm: bytes, columns: int, rows: int) -> Shades:
    """Brightness 0 to 1: time in columns, frequency in rows from 0 to `TOP_HZ`.

    Args:
        pcm: mono int16 at `RATE`; shorter than a window gives an empty picture.
        columns: pixels along.
        rows: pixels up.
    """
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64)
    if len(samples) < WINDOW:
        return np.zeros((rows, columns))
    starts = np.linspace(0, len(samples) - WINDOW, columns).astype(int)
    frames = np.stack([samples[start : start + WINDOW] for start in starts]) * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.linspace(0, TOP_HZ * WINDOW / RATE, rows + 1)
    bands = np.stack(
        [power[:, int(low) : max(int(low) + 1, math.ceil(high))].max(axis=1) for low, high in itertools.pairwise(edges)]
    )
    level = 10 * np.log10(bands + 1e-9)
    brightness: Shades = np.clip((level - level.max()) / RANGE_DB + 1, 0, 1)
    return brightness


def drawn(pcm: bytes, width: int = 78, height: int = 16, *, colours: bool = True) -> Text:
    """The picture in characters, with axes.

    Args:
        pcm: mono int16 at `RATE`.
        width: characters in all.
        height: lines of the picture; an axis comes below.
        colours: two pixels a character in colours, or one in shades of letters.
    """
    columns = max(8, width - 6)
    image = spectrum(pcm, columns, height * (2 if colours else 1))[::-1]
    text = Text(no_wrap=True)
    for line in range(height):
        hertz = TOP_HZ * (height - line) / height
        text.append(f"{hertz / 1000:4.1f}k " if line % 4 == 0 else "      ", "dim")
        for column in range(columns):
            if colours:
                upper, lower = image[2 * line, column], image[2 * line + 1, column]
                text.append("▀", Style(color=_colour(upper), bgcolor=_colour(lower)))
            else:
                text.append(SHADES[min(len(SHADES) - 1, int(image[line, column] * len(SHADES)))])
        text.append("\n")
    seconds = len(pcm) / 2 / RATE
    end = f"{seconds:.1f} s"
    return text.append("      0" + end.rjust(columns - 1), "dim")


def save_picture(pcm: bytes, path: Path) -> None:
    """The same as a PNG file.

    Raises:
        OSError: it can't be written.
    """
    from matplotlib.figure import Figure

    columns, rows = 900, 256
    figure = Figure(figsize=(10, 4), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    image = spectrum(pcm, columns, rows)
    axes.imshow(
        image, origin="lower", aspect="auto", cmap="inferno", extent=(0, max(0.1, len(pcm) / 2 / RATE), 0, TOP_HZ)
    )
    axes.set_xlabel("seconds")
    axes.set_ylabel("hertz")
    figure.savefig(path, format="png")


def _colour(brightness: float) -> str:
    place = brightness * (len(PALETTE) - 1)
    low = min(len(PALETTE) - 2, int(place))
    share = place - low
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(PALETTE[low], PALETTE[low + 1], strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"
