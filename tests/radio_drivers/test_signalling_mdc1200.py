"""MDC-1200: published layout as vectors, minimodem's ear for our tones, our ear for noise, fades and wrong polarity."""

from __future__ import annotations

import re
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.signalling.found import Burst
from radio_drivers.signalling.mdc1200 import (
    BLOCK_BITS,
    PREAMBLE,
    SYNC,
    Packet,
    bits_of,
    block,
    crc,
    hard,
    read_block,
)
from radio_drivers.signalling.mdc1200_decoder import Mdc1200
from radio_drivers.signalling.mdc1200_sound import BIT, modulated, sound_of
from radio_drivers.signalling.tones import Wave
from tests.radio_drivers.signalling_sounds import heard, plus_noise, program, samples, with_silence

# The first, fifth and sixth are what Kaufman's encoder (mdc-encode-decode) sends, as GopherTrunk's tests publish it; the others are
# recomputed from the layout that trunk-recorder and fsync-mdc1200-decode read.
VECTORS = [
    ("01801234", 0x3E2E, "8e942a2e06992204001c18a22c88"),
    ("00801234", 0x2295, "08162c2b001f22000c12102c2c04"),
    ("01001234", 0x32C2, "88810808029b2620041818a424a0"),
    ("20001234", 0xA12A, "0c45080b04192265005b9ea02024"),
    ("6300abcd", 0x1568, "969380c93eb63ce6002cb4569086"),
    ("35000777", None, "8e920847ae62342bb0539e260432"),
]
TONES = (
    "0111111111111111111111111111111111111111111111111111111110000100100011011011111101100110010110000100100111011110001111110011"
    "100100000101110101011011001100000110000000000001001000010100111100110011101011001100"
)
"""Of PTT-ID 1234, by the same encoder: 1 for 1800 Hz."""
PACKETS = st.builds(Packet, st.integers(0, 0x34), st.integers(0, 255), st.integers(1, 0xDEEE))


def packets(sound: np.ndarray[tuple[int], np.dtype[np.int16]]) -> list[Packet]:
    return [found.packet for found in heard(sound, Mdc1200())[0] if isinstance(found, Burst)]


@pytest.mark.parametrize(("data", "check", "on_air"), VECTORS)
def test_the_layout(data: str, check: int | None, on_air: str) -> None:
    plain = bytes.fromhex(data)
    assert check in {None, crc(plain)}
    assert block(plain).hex() == on_air
    assert read_block(hard(bytes.fromhex(on_air))) == plain


@given(st.binary(min_size=4, max_size=4), st.sets(st.integers(0, BLOCK_BITS - 1), max_size=2))
def test_two_wrong_bits_anywhere_are_corrected(data: bytes, wrong: set[int]) -> None:
    received = hard(block(data))
    received[list(wrong)] *= -1
    assert read_block(received) == data


@given(st.binary(min_size=4, max_size=4), st.integers(0, BLOCK_BITS - 7))
def test_a_click_over_seven_bits_is_corrected(data: bytes, start: int) -> None:
    # That is what the interleaving is for: neighbours on the air are sixteen bits apart in the block.
    received = hard(block(data))
    received[start : start + 7] *= -0.2
    assert read_block(received) == data


@given(st.lists(st.floats(-1, 1, allow_nan=False), min_size=BLOCK_BITS, max_size=BLOCK_BITS))
def test_any_soft_bits_are_a_block_or_none(soft: list[float]) -> None:
    data = read_block(np.array(soft))
    assert data is None or len(data) == 4


def test_the_tones_are_those_of_the_published_encoder() -> None:
    wave = sound_of(Packet(0x01, 0x80, 0x1234))
    bits = [wave[round(n * BIT) : round((n + 1) * BIT)] for n in range(len(TONES))]

    def power(bit: Wave, hertz: float) -> float:
        return float(abs(np.sum(bit * np.exp(-2j * np.pi * hertz * np.arange(len(bit)) / 16_000))))

    assert "".join("1" if power(bit, 1800) > power(bit, 1200) else "0" for bit in bits) == TONES


def test_noise_is_no_block() -> None:
    dice = np.random.default_rng(1)
    assert not any(read_block(dice.standard_normal(BLOCK_BITS)) for _ in range(300))


def test_minimodem_hears_our_tones(tmp_path: Path) -> None:
    packet = Packet(0x01, 0x80, 0x1234)
    # A few more bits after the end: minimodem doesn't decide on the last ones otherwise.
    bits = PREAMBLE + packet.on_air
    sound = with_silence(modulated(bits_of(PREAMBLE * 2 + bits + b"\x55\x55\x55")), level=0.6)
    path = tmp_path / "packet.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(soxr.resample(sound.astype(np.float32), 16_000, 48_000).round().astype("<i2").tobytes())
    arguments = ["--rx", "-q", "-f", str(path), "-M", "1200", "-S", "1800", "--binary-raw", "16", "1200"]
    out = subprocess.run([program("minimodem"), *arguments], capture_output=True, check=True, text=True).stdout
    heard_bits = re.sub(r"[^01]", "", out)
    # It says 1 for 1200 Hz, which is "like the bit before".
    changes = np.diff(bits_of(bits)) != 0
    wanted = "".join("0" if change else "1" for change in changes)
    middle = wanted[8 * len(PREAMBLE) :]
    assert middle in heard_bits


@settings(max_examples=25)
@given(PACKETS, st.sampled_from([1.0, -1.0]), st.integers(0, 999))
def test_what_was_sent_is_heard_either_way_up(packet: Packet, sign: float, lead: int) -> None:
    sound = with_silence(np.zeros(lead, np.float32), (sign * sound_of(packet)).astype(np.float32))
    assert packets(sound) == [packet]


@pytest.mark.parametrize("speed", [-0.015, -0.004, 0.0, 0.004, 0.015])
def test_at_6_db_and_with_a_clock_that_is_off(speed: float) -> None:
    packet = Packet(0x00, 0x80, 0x4711)
    sounds = [plus_noise(with_silence(sound_of(packet, speed=speed)), seed, 6) for seed in range(6)]
    assert [packets(sound) for sound in sounds] == [[packet]] * 6


def test_a_call_names_both() -> None:
    packet = Packet(0x35, 0x89, 0x1234, bytes.fromhex("89004321"))
    (got,) = packets(with_silence(sound_of(packet)))
    assert got == packet
    assert (got.unit_id, got.second_id) == ("1234", "4321")


def test_a_call_whose_second_block_was_lost_names_the_called() -> None:
    packet = Packet(0x35, 0x89, 0x1234, bytes.fromhex("89004321"))
    sound = sound_of(packet)
    sound[-900:] = 0
    (got,) = packets(with_silence(sound))
    assert (got.unit_id, got.second_id) == ("1234", None)


def test_two_packets_in_a_row_and_one_at_the_very_end() -> None:
    before, after = Packet(0x01, 0x80, 0x1234), Packet(0x01, 0x00, 0x1234)
    sound = samples(np.zeros(3000, np.float32), sound_of(before), np.zeros(800, np.float32), sound_of(after))
    assert packets(sound) == [before, after]


def test_a_packet_cut_off_is_none_and_the_next_one_is_heard() -> None:
    lost, packet = sound_of(Packet(0x00, 0x80, 0x1111)), Packet(0x01, 0x80, 0x2222)
    for part in (0.3, 0.5):
        sound = with_silence(lost[: round(part * len(lost))], np.zeros(1600, np.float32), sound_of(packet))
        assert packets(sound) == [packet]


# Zeros, a steady 1200 Hz, are what firmware for Quansheng radios sends first.
@pytest.mark.parametrize("preamble", [b"\x55" * 2, b"\x55" * 7, b"\x55" * 24, b"\0" * 3, b"\0" * 24])
def test_the_packet_is_silenced_with_its_preamble(preamble: bytes) -> None:
    burst = samples(sound_of(Packet(0x01, 0x80, 0x1234), preamble))
    hiss = np.random.default_rng(2).integers(-40, 40, 9600).astype(np.int16)
    sound = np.concatenate([hiss[:4800], burst, hiss[4800:]])
    found, left = heard(sound, Mdc1200())
    assert len(found) == 1
    assert not left[4800 : 4800 + len(burst)].any()
    np.testing.assert_array_equal(left[:4400], sound[:4400])
    np.testing.assert_array_equal(left[-4400:], sound[-4400:])


def test_the_synchronisation_is_the_published_one() -> None:
    assert SYNC.hex(" ") == "07 09 2a 44 6f"
    assert len(sound_of(Packet(1, 0x80, 0x1234))) == pytest.approx(0.1733 * 16_000, abs=10)
