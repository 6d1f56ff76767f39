"""What goes out with an announcement: the call before it, and the sub-audible tone under it."""

from __future__ import annotations

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.signalling.mdc1200 import Packet
from radio_drivers.signalling.mdc1200_sound import sound_of
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.signalling.tones import Wave, amplitude, dtmf, five_tone, silence, sub_audible, to_pcm

PTT_ID = (0x01, 0x80)
SELECTIVE_CALL = (0x35, 0x89)
"""Op code and argument; the second block says `89` and who calls, as radios that show call alerts expect it."""
OPENING_S = 0.35
"""Before the first word, the sub-audible tone alone: receivers need up to 250 ms to know it."""
PREAMBLE = b"\x55" * 24
"""Longer than the least of 7: our own lead-in may still be opening somebody's squelch."""


def call_of(settings: SignallingSettings) -> Wave:
    """The call before an announcement, with the pause after it, at its level; empty when there is none."""
    parts: list[Wave] = []
    if settings.mdc1200_own and (settings.call_with != "mdc1200" or not settings.call_before):
        parts.append(sound_of(Packet(*PTT_ID, int(settings.mdc1200_own, 16)), PREAMBLE))
    if settings.call_before:
        match settings.call_with:
            case "five_tone":
                tone_set = settings.tone_set
                if tone_set is not None:  # the settings see to it
                    parts.append(five_tone(settings.call_before, tone_set))
            case "dtmf":
                parts.append(dtmf(settings.call_before))
            case "mdc1200":
                second = bytes([0x89, 0x00]) + bytes.fromhex(settings.mdc1200_own)
                called = Packet(*SELECTIVE_CALL, int(settings.call_before, 16), second)
                parts.append(sound_of(called, PREAMBLE))
    if not parts:
        return silence(0)
    gap = silence(0.1)
    wave = np.concatenate([piece for part in parts for piece in (part, gap)][:-1])
    return np.concatenate(
        [wave * np.float32(amplitude(settings.send_level_dbfs)), silence(settings.call_pause_ms / 1000)]
    )


def with_call(pcm: bytes, settings: SignallingSettings) -> bytes:
    """An announcement as it goes out.

    Args:
        pcm: mono int16 little-endian at `RATE`.
        settings: whom to call, and the tone.
    """
    if not settings.sends:
        return pcm
    voice = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / np.float32(32767)
    sent = np.concatenate([call_of(settings), voice])
    if settings.ctcss_send_hz is not None:
        sent = np.concatenate([silence(OPENING_S), sent])
        tone = sub_audible(settings.ctcss_send_hz, len(sent)) * np.float32(amplitude(settings.ctcss_send_dbfs))
        # Speech at full scale leaves no room for the tone; a clipped tone would be heard as a rasp.
        sent = sent * np.float32(1 - float(np.abs(tone).max(initial=0.0))) + tone
    return to_pcm(sent)


def extra_s(settings: SignallingSettings) -> float:
    """Seconds that an announcement is longer on the air."""
    return len(with_call(b"", settings)) / 2 / RATE
