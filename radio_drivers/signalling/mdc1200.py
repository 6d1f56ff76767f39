"""MDC-1200 packets: op code, argument and unit id, with their check sum, parity and interleaving. No sound here.

A packet on the air is a preamble, 40 bits of synchronisation, and one block of 112 bits (two blocks for the few op codes
that name a second unit). A block before interleaving:

    op | arg | unit high | unit low | CRC low | CRC high | 00 | seven bytes of parity

Layout and op codes as open decoders have them (trunk-recorder's `signal_decoder_sink_impl.cc`, russinnes'
`fsync-mdc1200-decode`); Motorola never published it. Garbage to expect: noise that looks like a synchronisation, packets cut
off by a late key-up, up to a fifth of the bits wrong in a fade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Soft = npt.NDArray[np.float64]

PREAMBLE = b"\x55" * 7
SYNC = bytes.fromhex("07092a446f")
BLOCK_BITS = 112
DOUBLE_OPS = frozenset({0x35, 0x55})
"""Op codes that a second block follows: it holds who calls."""

_TAPS = (0, 2, 5, 6)
"""A parity bit is the sum of the newest data bit and those so many bits older."""
_ORDER = np.array([16 * (n % 7) + n // 7 for n in range(BLOCK_BITS)])
"""Bit n of a block is sent at this place."""
WORST = 0.25
"""A block whose bits agree with the nearest valid block by less than 1 minus twice this is noise."""


@dataclass(frozen=True, slots=True)
class Packet:
    """What one burst says."""

    op: int
    arg: int
    unit: int
    """Four hexadecimal digits; whether it is the sender or the called one depends on the op code."""
    second: bytes | None = None
    """The four data bytes of the second block, where one came."""

    @property
    def unit_id(self) -> str:
        """As radios show it."""
        return f"{self.unit:04X}"

    @property
    def second_id(self) -> str | None:
        """The unit in the second block."""
        return self.second[2:4].hex().upper() if self.second is not None else None

    @property
    def on_air(self) -> bytes:
        """Synchronisation and block, or blocks, without the preamble."""
        first = block(bytes([self.op, self.arg, self.unit >> 8, self.unit & 0xFF]))
        return SYNC + first + (block(self.second) if self.second is not None else b"")


def crc(data: bytes) -> int:
    """Check sum of the four data bytes: CCITT polynomial over bits least significant first, inverted."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return register ^ 0xFFFF


def bits_of(data: bytes, *, least_first: bool = False) -> Bits:
    """The bits of bytes, in the order of sending unless `least_first`."""
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little" if least_first else "big")


def block(data: bytes) -> bytes:
    """Fourteen bytes on the air for four of data."""
    checked = data + crc(data).to_bytes(2, "little") + b"\0"
    plain = bits_of(checked, least_first=True)
    padded = np.concatenate([np.zeros(max(_TAPS), np.uint8), plain])
    parity = np.zeros(len(plain), np.uint8)
    for tap in _TAPS:
        parity ^= padded[max(_TAPS) - tap : len(padded) - tap]
    sent = np.zeros(BLOCK_BITS, np.uint8)
    sent[_ORDER] = np.concatenate([plain, parity])
    return np.packbits(sent).tobytes()


def read_block(soft: Soft) -> bytes | None:
    """The four data bytes of a block, or None when it can't be trusted.

    Args:
        soft: 112 values in the order of sending, above 0 for a 1; the size says how sure it is.
    """
    received = np.asarray(soft, np.float64)[_ORDER]
    size = float(np.abs(received).sum())
    if size <= 0:
        return None
    plain, agreement = _most_likely(received[:56], received[56:])
    if agreement / size < 1 - 2 * WORST:
        return None
    data = np.packbits(plain, bitorder="little").tobytes()
    if data[6] != 0 or crc(data[:4]) != int.from_bytes(data[4:6], "little"):
        return None
    return data[:4]


def _trellis() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """For each state (the last six bits, newest lowest) and new bit: the parity as -1 or 1; for each state its two forerunners."""
    parity = np.zeros((64, 2))
    for state in range(64):
        for bit in (0, 1):
            window = state << 1 | bit
            parity[state, bit] = 1 if sum(window >> tap & 1 for tap in _TAPS) % 2 else -1
    forerunners = np.array([[state >> 1, state >> 1 | 32] for state in range(64)])
    return parity, forerunners


_PARITY, _FORERUNNERS = _trellis()
_NEW_BIT = np.arange(64) & 1
_SIGN = np.where(_NEW_BIT == 1, 1.0, -1.0)
_STEP_PARITY = _PARITY[_FORERUNNERS, _NEW_BIT[:, None]]


def _most_likely(data: Soft, parity: Soft) -> tuple[Bits, float]:
    """The data bits whose block agrees best with what was received (Viterbi), and how well it does."""
    score = np.full(64, -np.inf)
    score[0] = 0.0
    came = np.zeros((len(data), 64), np.uint8)
    for step in range(len(data)):
        options = score[_FORERUNNERS] + _STEP_PARITY * parity[step]
        choice = options[:, 1] > options[:, 0]
        came[step] = choice
        score = np.where(choice, options[:, 1], options[:, 0]) + _SIGN * data[step]
    state = int(score.argmax())
    best = float(score[state])
    bits = np.zeros(len(data), np.uint8)
    for step in range(len(data) - 1, -1, -1):
        bits[step] = state & 1
        state = int(_FORERUNNERS[state, came[step, state]])
    return bits, best


def hard(data: bytes) -> Soft:
    """Bytes as read without doubt, for `read_block`."""
    return bits_of(data).astype(np.float64) * 2 - 1


def packet_of(first: bytes, second: bytes | None) -> Packet:
    """A packet from the data bytes of its blocks."""
    return Packet(first[0], first[1], first[2] << 8 | first[3], second)


MEANINGS: Sequence[tuple[int, str, bool]] = (
    # op code, words, the unit is the sender (else it is the one that is called)
    (0x00, "emergency", True),
    (0x01, "PTT ID", True),
    (0x03, "radio check answer", True),
    (0x06, "status", True),
    (0x07, "message", True),
    (0x0B, "acknowledged", True),
    (0x11, "remote monitor", False),
    (0x20, "emergency acknowledged", False),
    (0x22, "status request", False),
    (0x23, "message acknowledged", False),
    (0x2B, "stun or revive", False),
    (0x35, "call", False),
    (0x55, "call", False),
    (0x63, "radio check", False),
)
"""Op codes that open decoders agree on. The argument of stun and revive, and much of calls, differ between makers."""
