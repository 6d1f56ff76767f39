"""What is tried on the real thing: watching lines and levels, pressing talk. Never keys longer than `HOLD_S`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np

from gateway.radio_setup.levels import Meter
from gateway.radio_setup.watching import LineWatch
from gateway.terminal_keys import Pressed
from radio_drivers.control import Control, Told
from radio_drivers.interface import RATE, LinkDown, RadioEvent
from radio_drivers.line.probing import OUT_LINES, OutLine, Probe, probed
from radio_drivers.line.sound import Capture, Playback
from radio_drivers.line.squelch import Change, Samples

HOLD_S = 2.0
"""Talk is held at most so long when it is tried."""
LOOK_S = 0.05
TONE_HZ = 1000.0
TONE_DBFS = -15.0
FADE_S = 0.01


class Wires(Protocol):
    """The control of a base station, as it is tried out."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Ways of pressing talk, the usual one first; empty where there is none."""
        ...

    async def looks(self) -> dict[str, bool]:
        """Every input that may be a squelch, now; always in the same order.

        Raises:
            LinkDown: it has gone.
        """
        ...

    async def press(self, key: str, *, on: bool) -> None:
        """Press or release talk in one of the ways.

        Raises:
            LinkDown: pressing, and it has gone.
        """
        ...


class NoWires:
    """A radio that keys itself, or only listens."""

    keys: tuple[str, ...] = ()

    async def looks(self) -> dict[str, bool]:
        """Nothing to look at."""
        return {}

    async def press(self, key: str, *, on: bool) -> None:
        """Nothing to press."""


@dataclass(frozen=True, slots=True)
class SerialWires:
    """The modem lines of a port."""

    probe: Probe

    @property
    def keys(self) -> tuple[str, ...]:
        """RTS, DTR, and both; not what is held on as power supply."""
        hold = self.probe.hold
        return (*(line for line in OUT_LINES if line != hold), *(("rts+dtr",) if hold is None else ()))

    async def looks(self) -> dict[str, bool]:
        """CTS, DSR, DCD, RI."""
        return await asyncio.to_thread(self.probe.levels)

    async def press(self, key: str, *, on: bool) -> None:
        """One of them, or both."""
        if not on:
            await asyncio.to_thread(self.probe.rest)
            return
        for line in OUT_LINES:
            if line in key.split("+"):
                await asyncio.to_thread(self.probe.drive, line, on=True)


class ControlWires:
    """Any other control, by its contract."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._open = False
        self._lost: str | None = None
        self.told: list[RadioEvent] = []
        self.keys: tuple[str, ...] = ("talk",) if control.transmits else ()

    async def open(self) -> None:
        """Connect.

        Raises:
            RadioSettingsError, LinkDown: as `Control.open`.
        """
        await self._control.open(Told(self._changed, self.told.append, self._gone))

    async def close(self) -> None:
        """Let go."""
        await self._control.close()

    async def looks(self) -> dict[str, bool]:
        """What the base station says of its channel."""
        if self._lost is not None:
            raise LinkDown(self._lost)
        return {"squelch": self._open} if self._control.tells_squelch else {}

    async def press(self, key: str, *, on: bool) -> None:  # noqa: ARG002 there is one way
        """Press or release."""
        await self._control.key(on)

    def _changed(self, change: Change) -> None:
        self._open = change.open

    def _gone(self, reason: str) -> None:
        self._lost = reason


@contextlib.asynccontextmanager
async def serial_wires(url: str, hold: OutLine | None = None) -> AsyncIterator[SerialWires]:
    """The lines of a port, open with its outputs at rest.

    Raises:
        RadioSettingsError, LinkDown: as `open_port`.
    """
    opened = probed(url, hold)
    probe = await asyncio.to_thread(opened.__enter__)
    try:
        yield SerialWires(probe)
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)


@contextlib.asynccontextmanager
async def control_wires(control: Control) -> AsyncIterator[ControlWires]:
    """A control, open.

    Raises:
        RadioSettingsError, LinkDown: as `Control.open`.
    """
    wires = ControlWires(control)
    await wires.open()
    try:
        yield wires
    finally:
        await wires.close()


async def watch(
    wires: Wires, sound_in: str | None, keys: Pressed, show: Callable[[LineWatch, Meter], None]
) -> tuple[LineWatch, Meter]:
    """Watch lines and sound until a key is pressed.

    Args:
        wires: the control.
        sound_in: sound device; None for the default.
        keys: any key ends it.
        show: called some twenty times a second.

    Raises:
        RadioSettingsError, LinkDown: something isn't there, or went away.
    """
    lines, meter = LineWatch(), Meter()
    lost: list[str] = []

    def heard(samples: Samples, _: datetime) -> None:
        meter.feed(samples)

    capture = Capture(sound_in, 48_000)
    await capture.open(heard, lost.append)
    try:
        while not keys.pressed():
            lines.feed(await wires.looks(), time.monotonic())
            show(lines, meter)
            if lost:
                raise LinkDown(lost[0])
            await asyncio.sleep(LOOK_S)
    finally:
        await capture.close()
    return lines, meter


async def press(  # noqa: PLR0917 everything that a try is made of
    wires: Wires, key: str, sound_out: str | None, gain_db: float, keys: Pressed, show: Callable[[float], None]
) -> None:
    """Press talk and play a tone, for at most `HOLD_S`; any key releases at once.

    Args:
        wires: the control.
        key: how; empty where the radio keys itself.
        sound_out: sound device; None for the default.
        gain_db: made louder.
        keys: any key ends it.
        show: called with the seconds left, in a thread: it may take its time.

    Raises:
        RadioSettingsError, LinkDown: something isn't there, or went away. Talk is released in every case.
    """
    playback = Playback(sound_out, 48_000, gain_db)
    await playback.open()  # before the key goes down: no dead air if it is missing
    try:
        ends = time.monotonic() + HOLD_S
        if key:
            await wires.press(key, on=True)
        playing = asyncio.create_task(playback.play(tone(HOLD_S)), name="test tone")
        drawing = asyncio.create_task(asyncio.to_thread(show, HOLD_S), name="draw")
        try:
            while (left := ends - time.monotonic()) > 0 and not keys.pressed() and not playing.done():
                # In a thread: a terminal that takes no more (Ctrl-S, a slow line) must not hold talk.
                if drawing.done():
                    drawing = asyncio.create_task(asyncio.to_thread(show, left), name="draw")
                await asyncio.sleep(min(LOOK_S, left))
            if playing.done():
                playing.result()
        finally:
            if key:
                await wires.press(key, on=False)
            playing.cancel()
            await asyncio.wait({playing, drawing})
    finally:
        await playback.close()


def tone(seconds: float) -> bytes:
    """A sine of 1 kHz at a level that modulates well, faded in and out: mono int16 at `RATE`."""
    count = int(seconds * RATE)
    amplitude = 32768 * 10 ** (TONE_DBFS / 20) * np.sqrt(2)
    ramp = np.minimum(1.0, np.minimum(np.arange(count), np.arange(count)[::-1]) / (FADE_S * RATE))
    wave = amplitude * ramp * np.sin(2 * np.pi * TONE_HZ * np.arange(count) / RATE)
    return bytes(wave.astype("<i2").tobytes())
