"""What an installer says about signalling in a channel's audio."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

from radio_drivers.interface import RadioSettingsError
from radio_drivers.signalling.masks import Mask
from radio_drivers.signalling.tables import DIGITS, TONE_SETS, ToneSet

OWN_TONE_MS = 70
"""Tone length of a set of the fleet's own, unless `five_tone_ms` says another."""


MOST_KEYS = 40
"""Longer is no number that anybody dials."""


class SignallingSettingsError(RadioSettingsError, ValueError):
    """Settings of signalling that can't work. A `ValueError` too, so that pydantic names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignallingSettings:
    """Signalling in the audio of this channel: selective calls, DTMF, MDC-1200, CTCSS. All off unless set.

    Raises:
        SignallingSettingsError: a value is out of range, or two of them contradict each other.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    five_tone: Literal["none", "ccir", "eea", "zvei1", "zvei2", "own"] = "none"
    """Selective calls in five (or more) tones. The set can't be guessed: CCIR and EEA share their digits. `own`: `own_tones`."""
    five_tone_ms: int | None = None
    """Length of one tone. 30-200. None: the set's own (CCIR 100, EEA 40, ZVEI 70, own 70)."""
    five_tone_first_ms: int = 1000
    """The first tone may be stretched up to this, to wake radios that save their batteries. 0-1500."""
    five_tone_least: int = 5
    """A call has at least so many tones. 4-12."""
    five_tone_most: int = 8
    """A call has at most so many tones. 4-12."""
    own_tones: Mapping[str, float] = field(default_factory=dict)
    """A set of the fleet's own: the frequency in Hertz of each digit, 0 to 9 and A to F; E is the repeat tone."""
    dtmf: bool = False
    """Numbers dialled on a radio's keypad."""
    dtmf_least: int = 4
    """Fewer keys in a row are no number. 1-20."""
    dtmf_gap_ms: int = 700
    """A longer pause ends the number. 100-3000."""
    mdc1200: bool = False
    """MDC-1200 bursts: PTT-ID, emergency, status, messages."""
    mdc1200_emergency: tuple[str, ...] = ("00",)
    """Bursts that are an emergency: the op code as two hexadecimal digits, or op code and argument as in `00/80`."""
    ctcss_hz: float | None = None
    """Only who sends this sub-audible tone is heard: the others on a shared channel are neither recorded nor passed on. The
    receiver's sound must reach down to the tone. 60-260. None: everybody is heard."""
    ctcss_hang_ms: int = 350
    """The tone may be missing for so long before the talker counts as gone. 100-2000."""
    unit_digits: tuple[str, ...] = ()
    """Masks that say which digits are the unit id; the first that fits counts. `?uuuu`: digits 2 to 5 of 5; u unit, t called
    unit or group, s status, ? any digit, others are themselves; `dtmf:` or `five_tone:` before it limits it to that kind."""
    emergency: tuple[str, ...] = ()
    """Masks of numbers that are an emergency, for instance `uuuu9`."""
    strip: bool = True
    """Bursts are silenced in what is recorded and transcribed."""
    call_before: str = ""
    """The number to call before each announcement: a radio, or a group such as `123A`. MDC-1200: the unit's four digits."""
    call_with: Literal["five_tone", "dtmf", "mdc1200"] = "five_tone"
    """How `call_before` is sent."""
    mdc1200_own: str = ""
    """Our own MDC-1200 unit id, four hexadecimal digits: sent as PTT-ID before each announcement."""
    call_pause_ms: int = 400
    """Silence between the call and the announcement, in which called radios open. 0-3000."""
    send_level_dbfs: float = -12.0
    """Level of what we send, RMS; a full-scale sine is -3. -40 to -3."""
    ctcss_send_hz: float | None = None
    """A sub-audible tone under our own announcements, for radios and repeaters that need one. 60-260."""
    ctcss_send_dbfs: float = -22.0
    """Level of that tone, RMS. -50 to -6."""

    def __post_init__(self) -> None:
        _within("five_tone_first_ms", self.five_tone_first_ms, 0, 1500)
        _within("five_tone_least", self.five_tone_least, 4, 12)
        _within("five_tone_most", self.five_tone_most, 4, 12)
        _within("dtmf_least", self.dtmf_least, 1, 20)
        _within("dtmf_gap_ms", self.dtmf_gap_ms, 100, 3000)
        _within("ctcss_hang_ms", self.ctcss_hang_ms, 100, 2000)
        _within("call_pause_ms", self.call_pause_ms, 0, 3000)
        _within("send_level_dbfs", self.send_level_dbfs, -40, -3)
        _within("ctcss_send_dbfs", self.ctcss_send_dbfs, -50, -6)
        if self.five_tone_ms is not None:
            _within("five_tone_ms", self.five_tone_ms, 30, 200)
        for key, hertz in (("ctcss_hz", self.ctcss_hz), ("ctcss_send_hz", self.ctcss_send_hz)):
            if hertz is not None:
                _within(key, hertz, 60, 260)
        if self.five_tone_least > self.five_tone_most:
            raise SignallingSettingsError(
                f"five_tone_least = {self.five_tone_least} is more than five_tone_most = {self.five_tone_most}"
            )
        self._check_own_tones()
        self._check_masks()
        self._check_mdc1200()
        self._check_call()

    @property
    def tone_set(self) -> ToneSet | None:
        """The tones of `five_tone`; None when it is off."""
        if self.five_tone == "none":
            return None
        if self.five_tone == "own":
            found = ToneSet("own", dict(self.own_tones), OWN_TONE_MS / 1000, 0.250)
        else:
            found = TONE_SETS[self.five_tone]
        if self.five_tone_ms is None:
            return found
        return ToneSet(found.name, found.hertz, self.five_tone_ms / 1000, found.quiet_s)

    @property
    def hears(self) -> bool:
        """Something is listened for."""
        return self.five_tone != "none" or self.dtmf or self.mdc1200 or self.ctcss_hz is not None

    @property
    def sends(self) -> bool:
        """Something is sent with our announcements."""
        return bool(self.call_before or self.mdc1200_own) or self.ctcss_send_hz is not None

    @property
    def on(self) -> bool:
        """There is anything to do."""
        return self.hears or self.sends

    @property
    def unit_masks(self) -> tuple[Mask, ...]:
        """`unit_digits`, read."""
        return tuple(Mask.read(text) for text in self.unit_digits)

    @property
    def emergency_masks(self) -> tuple[Mask, ...]:
        """`emergency`, read."""
        return tuple(Mask.read(text) for text in self.emergency)

    def _check_own_tones(self) -> None:
        if self.five_tone == "own" and len(self.own_tones) < 2:
            raise SignallingSettingsError(
                'five_tone = "own" needs own_tones, for instance { 0 = 1981, 1 = 1124, E = 2110 }'
            )
        for digit, hertz in self.own_tones.items():
            if digit not in DIGITS or len(digit) != 1:
                raise SignallingSettingsError(f"own_tones: {digit!r} is no digit: 0 to 9 and A to F (E repeats)")
            _within(f"own_tones.{digit}", hertz, 400, 3000)
        tones = sorted((hertz, digit) for digit, hertz in self.own_tones.items())
        for (low, one), (high, other) in pairwise(tones):
            if high / low < 1.04:
                raise SignallingSettingsError(
                    f"own_tones: {one} ({low:g} Hz) and {other} ({high:g} Hz) are too close to tell apart; 4 % is the least"
                )

    def _check_masks(self) -> None:
        try:
            masks = (*self.unit_masks, *self.emergency_masks)
        except ValueError as error:
            raise SignallingSettingsError(f"unit_digits or emergency: {error}") from None
        if masks and self.five_tone == "none" and not self.dtmf:
            raise SignallingSettingsError("unit_digits and emergency are about digits: set five_tone or dtmf, too")
        for mask in masks:
            if not any(mask.kind in {None, kind} and len(mask.digits) in lengths for kind, lengths in self._lengths()):
                raise SignallingSettingsError(
                    f'unit_digits or emergency: "{mask.digits}" can never fit: numbers have '
                    + " or ".join(
                        f"{min(lengths)} to {max(lengths)} digits ({kind})" for kind, lengths in self._lengths()
                    )
                )
        for mask in self.emergency_masks:
            if not re.search(r"[^uts?]", mask.digits):
                raise SignallingSettingsError(
                    f'emergency: "{mask.digits}" fits every number of {len(mask.digits)} digits; '
                    "write the digits that tell an emergency"
                )

    def _lengths(self) -> list[tuple[str, range]]:
        """How long the numbers are that can be heard, by kind."""
        heard = []
        if self.five_tone != "none":
            heard.append(("five_tone", range(self.five_tone_least, self.five_tone_most + 1)))
        if self.dtmf:
            heard.append(("dtmf", range(self.dtmf_least, MOST_KEYS + 1)))
        return heard

    def _check_mdc1200(self) -> None:
        for text in self.mdc1200_emergency:
            if not re.fullmatch(r"[0-9A-Fa-f]{2}(/[0-9A-Fa-f]{2})?", text):
                raise SignallingSettingsError(
                    f'mdc1200_emergency: "{text}" must be an op code such as 00, or op code and argument such as 00/80'
                )
        if self.mdc1200_own and not re.fullmatch(r"[0-9A-Fa-f]{4}", self.mdc1200_own):
            raise SignallingSettingsError(f'mdc1200_own = "{self.mdc1200_own}" must be four hexadecimal digits')

    def _check_call(self) -> None:
        if not self.call_before:
            return
        match self.call_with:
            case "five_tone":
                tones = self.tone_set
                if tones is None:
                    raise SignallingSettingsError(
                        'call_before with call_with = "five_tone" needs five_tone: which set?'
                    )
                if re.search(r"(.)\1", self.call_before) and "E" not in tones.hertz:
                    raise SignallingSettingsError(
                        "call_before has a digit twice in a row, and own_tones has no E for it"
                    )
                self._check_called("".join(digit for digit in tones.hertz if digit != "E"), f"digits of {tones.name}")
            case "dtmf":
                self._check_called("0123456789ABCD*#", "keys 0-9, A-D, * and #")
            case "mdc1200":
                self._check_called("0123456789ABCDEFabcdef", "hexadecimal digits")
                if len(self.call_before) != 4:
                    raise SignallingSettingsError(f'call_before = "{self.call_before}" must be four hexadecimal digits')
                if not self.mdc1200_own:
                    raise SignallingSettingsError("an MDC-1200 call names its sender: set mdc1200_own, too")

    def _check_called(self, allowed: str, what: str) -> None:
        if len(self.call_before) > 20 or any(digit not in allowed for digit in self.call_before):
            raise SignallingSettingsError(f'call_before = "{self.call_before}" must be at most 20 {what}')


def _within(key: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise SignallingSettingsError(f"{key} = {value:g} is out of range: {least:g} to {most:g}")
