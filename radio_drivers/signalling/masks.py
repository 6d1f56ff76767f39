"""Which digits mean what: masks that an installer writes beside a list of call numbers.

A mask is as long as the number. Each character stands for one digit:

    u   a digit of the sending radio's unit id
    t   a digit of the called unit or group
    s   a digit of the status
    ?   any digit
    0-9, A-D, F, *, #   this digit

`?uuuu` takes digits 2 to 5 of 5 as the unit; `uuuuuss` has a status after it; `uuuu9` is a unit that ends its call with 9.
`five_tone:` or `dtmf:` before a mask limits it to that kind of call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = ("five_tone", "dtmf")
_FIELDS = {"u": "unit", "t": "to", "s": "status"}


@dataclass(frozen=True, slots=True)
class Fields:
    """What a mask took out of a number; None where it has no such digits."""

    unit: str | None = None
    to: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Mask:
    """One mask, ready for use."""

    digits: str
    kind: str | None = None
    """`five_tone`, `dtmf`, or None for both."""

    @classmethod
    def read(cls, text: str) -> Mask:
        """Read a mask as written in the settings.

        Raises:
            ValueError: says what is wrong with it.
        """
        kind, colon, digits = text.rpartition(":")
        if colon and kind not in KINDS:
            raise ValueError(f'"{text}" begins with "{kind}:"; before the colon only five_tone or dtmf can stand')
        wrong = re.sub(r"[utsA-DF0-9?*#]", "", digits)
        if wrong or not digits:
            raise ValueError(
                f'"{text}" is no mask: u, t and s stand for digits of unit, called and status, ? for any digit, '
                f"0-9, A-D, F, * and # for themselves" + (f"; {wrong[0]!r} is none of them" if wrong else "")
            )
        return cls(digits, kind or None)

    def take(self, kind: str, digits: str) -> Fields | None:
        """What this mask takes out of `digits`; None when they don't fit it."""
        if len(digits) != len(self.digits) or self.kind not in {None, kind}:
            return None
        found: dict[str, str] = {}
        for want, digit in zip(self.digits, digits, strict=True):
            if want in _FIELDS:
                found[_FIELDS[want]] = found.get(_FIELDS[want], "") + digit
            elif want not in {"?", digit}:
                return None
        return Fields(**found)


def first_that_fits(masks: tuple[Mask, ...], kind: str, digits: str) -> Fields | None:
    """What the first fitting mask takes; None when none fits."""
    return next((fields for mask in masks if (fields := mask.take(kind, digits)) is not None), None)
