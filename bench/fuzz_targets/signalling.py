"""Fuzz target: sound with anything in it, through every decoder of signalling, and any blocks of MDC-1200."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from radio_drivers.interface import RATE, Audio, KeyDown, KeyUp, RadioEvent, TransmitStarted
from radio_drivers.signalling.bursts import Bursts
from radio_drivers.signalling.gate import ToneGate
from radio_drivers.signalling.listener import LONGEST_HOLD_S
from radio_drivers.signalling.masks import Mask
from radio_drivers.signalling.mdc1200 import BLOCK_BITS, Packet, read_block
from radio_drivers.signalling.mdc1200_sound import sound_of
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.signalling.tables import EEA
from radio_drivers.signalling.tones import dtmf, five_tone, to_pcm

SEEDS = (
    to_pcm(0.3 * five_tone("40712", EEA)),
    to_pcm(0.3 * dtmf("12*#", 0.05, 0.05)),
    to_pcm(0.3 * sound_of(Packet(0x00, 0x80, 0x1234))),
)
FLEET = SignallingSettings(five_tone="eea", dtmf=True, mdc1200=True, unit_digits=("?uuuu",), emergency=("9uuuu",))
BEGAN = datetime(2026, 3, 7, tzinfo=UTC)


def one_input(data: bytes) -> None:
    """The first two bytes say how the rest is cut and how loud it is made; the rest are samples, and a mask."""
    _read_a_block(data)
    _read_a_mask(data)
    if len(data) < 4:
        return
    size, times = 1 + data[0] * 20, 1 + data[1] % 8
    pcm = (data[2:] * times)[: len(data[2:]) * times // 2 * 2]
    events: list[RadioEvent] = [KeyUp("town", BEGAN)]
    for start in range(0, len(pcm), 2 * size):
        at = BEGAN + timedelta(seconds=start / 2 / RATE)
        events.append(Audio("town", at, pcm[start : start + 2 * size]))
    end = BEGAN + timedelta(seconds=len(pcm) / 2 / RATE)
    events.append(TransmitStarted("town", end) if data[1] & 0x80 else KeyDown("town", end))
    bursts, gate = Bursts(FLEET), ToneGate(94.8, 0.35)
    came = passed = 0
    for event in events:
        came += len(event.pcm) if isinstance(event, Audio) else 0
        passed += sum(len(out.pcm) for out in bursts.take(event) if isinstance(out, Audio))
        if came - passed > 2 * RATE * LONGEST_HOLD_S + 2 * size:
            raise AssertionError(f"{(came - passed) / 2 / RATE:.2f} s are held back")
        gate.take(event)
    if passed != len(pcm):
        raise AssertionError(f"{len(pcm)} bytes went in, {passed} came out")


def _read_a_block(data: bytes) -> None:
    soft = np.frombuffer(data[:BLOCK_BITS].ljust(BLOCK_BITS, b"\0"), np.int8)
    read = read_block(soft.astype(np.float64))
    if read is not None and len(read) != 4:
        raise AssertionError(f"a block of {len(read)} bytes")


def _read_a_mask(data: bytes) -> None:
    text = data[:12].decode("latin-1")
    try:
        mask = Mask.read(text)
    except ValueError:
        return
    mask.take("dtmf", "1" * len(mask.digits))
