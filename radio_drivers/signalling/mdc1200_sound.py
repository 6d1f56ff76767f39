"""MDC-1200 packets as sound: 1200 bits a second, a tone of 1200 Hz for a bit like the one before it, of 1800 Hz for a change.

Because 1200 Hz is one whole turn a bit and 1800 Hz one and a half, the wave stands upside down at the end of a bit exactly
when the bit is 1: it is minimum-shift keying about 1500 Hz. So the receiver correlates with the synchronisation as a whole
(at five clock speeds, for a sender that is up to 1.5 % off), takes phase and speed from it, and then asks of each bit only
whether the wave is upside down: some 6 dB better than to judge tones bit by bit, and a loudspeaker connected the wrong way
round makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radio_drivers.interface import RATE
from radio_drivers.signalling.mdc1200 import BLOCK_BITS, PREAMBLE, SYNC, Packet, Soft, bits_of
from radio_drivers.signalling.spectra import Floats
from radio_drivers.signalling.tones import Wave, softened

BAUD = 1200
BIT = RATE / BAUD
"""Samples in a bit."""
CARRIER = 1500.0
SYNC_BITS = 8 * len(SYNC)
SYNC_SENT = bits_of(SYNC)
WRONG = 5 / SYNC_BITS
"""So many of the bits that are known may be wrong: five of a synchronisation."""
FEW = 4
"""Samples are thinned by this for the search."""
SPEEDS = (-0.016, -0.008, 0.0, 0.008, 0.016)
"""Clock errors that are searched for; each finds its neighbourhood."""
LIKE_SYNC = 0.5
"""Part of the energy that is the synchronisation: at 6 dB it is 0.85, noise and speech stay below 0.4."""

_TAPS = 65
_LAG = (_TAPS - 1) // 2

Complex = npt.NDArray[np.complex64]


def modulated(bits: npt.NDArray[np.uint8], speed: float = 0.0) -> Wave:
    """Bits as sound, peak 1. `speed` makes everything that much too fast."""
    changes = np.diff(bits, prepend=np.uint8(0)) != 0
    bit = BIT / (1 + speed)
    ends = np.arange(len(bits) + 1) * bit
    turns = np.concatenate([[0.0], np.cumsum(np.where(changes, 1.5, 1.0))])
    at = np.arange(int(ends[-1]) + 1)
    wave: Wave = np.sin(2 * np.pi * np.interp(at, ends, turns)).astype(np.float32)
    return wave


def sound_of(packet: Packet, preamble: bytes = PREAMBLE, speed: float = 0.0) -> Wave:
    """A packet as sound, peak 1. A longer preamble gives a slow receiver time to open."""
    return softened(modulated(bits_of(preamble + packet.on_air), speed), 0.001)


def _band_pass() -> npt.NDArray[np.float32]:
    """A complex band-pass about the carrier: its real and its imaginary part."""
    n = np.arange(_TAPS) - _LAG
    low = 2 * 1000 / RATE * np.sinc(2 * 1000 / RATE * n) * np.hamming(_TAPS)
    turn = 2 * np.pi * CARRIER / RATE * n
    return np.stack([low * np.cos(turn), -low * np.sin(turn)]).astype(np.float32)


_BAND = _band_pass()


def analytic(samples: Floats) -> Complex:
    """The band about the carrier, complex, one value for each `FEW` samples; value m is of sample `FEW * (m + 1) - 1 - _LAG`.

    Args:
        samples: `_TAPS - FEW` older ones first, then the new ones.
    """
    real, imaginary = (np.correlate(samples, taps, "valid")[::FEW] for taps in _BAND)
    out: Complex = real + np.complex64(1j) * imaginary
    return out


HISTORY = _TAPS - FEW
SYNC_LENGTH = round(SYNC_BITS * BIT / FEW)
"""Thinned values in a synchronisation."""


_FFT = 512


def _templates() -> Complex:
    """The synchronisation at each speed, each of energy 1, as spectra that a stream's is multiplied with to correlate."""
    rows = []
    for speed in SPEEDS:
        wave = modulated(bits_of(PREAMBLE + SYNC + b"\x55"), speed)
        end = (8 * len(PREAMBLE) + SYNC_BITS) * BIT / (1 + speed)
        # Thinned so that the last value is of the synchronisation's last sample.
        start = (round(end) + _LAG + 1 - HISTORY) % FEW
        values = analytic(wave[start:])
        last = (round(end) - start + _LAG - HISTORY) // FEW
        part = values[last - SYNC_LENGTH + 1 : last + 1]
        rows.append(part / np.sqrt(np.sum(np.abs(part) ** 2)))
    return np.fft.fft(np.stack(rows), _FFT).conj().astype(np.complex64)


_SYNCS = _templates()


def sync_likeness(values: Complex) -> tuple[Floats, npt.NDArray[np.intp]]:
    """How much of what ends at each value is a synchronisation, 0 to 1, and at which of `SPEEDS`.

    Args:
        values: `SYNC_LENGTH - 1` older ones first; at most 512 in all.
    """
    # By spectra, not as a product of matrices: BLAS would use every core for this, and spin on each.
    found = np.fft.ifft(np.fft.fft(values, _FFT) * _SYNCS)[:, : len(values) - SYNC_LENGTH + 1]
    power = found.real**2 + found.imag**2
    sums = np.concatenate([[0.0], np.cumsum(values.real.astype(np.float64) ** 2 + values.imag.astype(np.float64) ** 2)])
    energy = sums[SYNC_LENGTH:] - sums[:-SYNC_LENGTH]
    best = power.argmax(axis=0)
    likeness: Floats = (power.max(axis=0) / np.maximum(energy, 1e-7)).astype(np.float32)
    return likeness, best


def end_of_sync(value: float) -> float:
    """The sample (of a stream whose first thinned value is 0) at which a synchronisation ends that was found at this value."""
    return FEW * (value + 1) - 1 - _LAG + 0.5


_POINTS = 32
_PLACES = (np.arange(_POINTS) + 0.5) / _POINTS * 2 - 1
_SHAPE = np.cos(np.pi / 2 * _PLACES)
_SHIFTS = np.linspace(-0.4, 0.4, 9)


def _upside_down(samples: Floats, ends: npt.NDArray[np.floating], speed: float) -> npt.NDArray[np.complex128]:
    """Matched filter of minimum-shift keying at each bit's end: a complex number that turns around where the bit is 1."""
    bit = BIT / (1 + speed)
    at = ends[:, None] + _PLACES * bit
    values = np.interp(at, np.arange(len(samples)), samples)
    carrier = np.exp(-2j * np.pi * CARRIER / BAUD * _PLACES) * _SHAPE
    out: npt.NDArray[np.complex128] = values @ carrier
    return out


@dataclass(frozen=True, slots=True)
class Grip:
    """What known bits told about their sender: enough to read the block after them."""

    end: float
    """Sample at which they end."""
    speed: float
    """The sender's clock is faster by this part."""
    phase: complex
    """Of a bit that is 1; size 1."""

    @property
    def bit(self) -> float:
        """Samples in one of the sender's bits."""
        return BIT / (1 + self.speed)

    @property
    def block_end(self) -> float:
        """Sample at which the block after them ends."""
        return self.end + BLOCK_BITS * self.bit


def grip(samples: Floats, end: float, speed: float, known: npt.NDArray[np.uint8] = SYNC_SENT) -> Grip | None:
    """Find phase, place and speed exactly, from bits that are known; None where they weren't sent after all.

    Args:
        samples: the sound around them.
        end: where they end, good to half a bit.
        speed: good to half a per cent for 40 bits, better for more.
        known: the bits. The end in the answer is theirs.
    """
    signs = known.astype(np.float64) * 2 - 1
    places, half = np.arange(1 - len(signs), 1).astype(np.float64), len(signs) // 2
    for _ in range(2):
        bit = BIT / (1 + speed)
        turns = [_upside_down(samples, end + shift * bit + places * bit, speed) * signs for shift in _SHIFTS]
        best = int(np.argmax([abs(turn.sum()) for turn in turns]))
        end += _SHIFTS[best] * bit
        drift = float(np.angle(turns[best][half:].sum() * np.conj(turns[best][:half].sum())))
        speed += drift / (2 * np.pi * CARRIER / BAUD * half)
    turn = _upside_down(samples, end + places * BIT / (1 + speed), speed) * signs
    phase = complex(turn.sum())
    if phase == 0 or int(np.count_nonzero((turn * np.conj(phase)).real < 0)) > len(signs) * WRONG:
        return None
    return Grip(end, speed, phase / abs(phase))


FOLLOW = 0.06
"""How quickly the phase is followed from bit to bit."""


def soft_bits(samples: Floats, held: Grip) -> Soft:
    """The bits of the block after what is known, above 0 for a 1."""
    ends = held.end + np.arange(1, BLOCK_BITS + 1) * held.bit
    phase = held.phase
    out = np.zeros(BLOCK_BITS)
    for index, value in enumerate(_upside_down(samples, ends, held.speed).tolist()):
        turned = value * phase.conjugate()
        out[index] = turned.real
        if turned:
            upright = turned if turned.real >= 0 else -turned
            phase *= 1 + 1j * FOLLOW * upright.imag / abs(upright)
            phase /= abs(phase)
    return out
