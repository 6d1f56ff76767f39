"""Which line says that somebody talks, from watching all of them while somebody does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STEADY_S = 0.3
"""A level that lasts this long is one that somebody made; shorter ones are bounces and glitches."""


@dataclass(frozen=True, slots=True)
class SquelchFound:
    """A line that moved with the talk button."""

    line: str
    invert: bool
    """It is off while somebody talks."""
    times: int
    """How often it moved and came back."""


@dataclass(slots=True)
class _Line:
    resting: bool
    level: bool
    since_s: float
    away: bool = False
    times: int = 0


@dataclass(slots=True)
class LineWatch:
    """Watches inputs while somebody presses and releases talk on a hand-held.

    The level at the beginning is the one of a quiet channel: the user is asked to wait with talking until watching has begun.
    """

    _lines: dict[str, _Line] = field(default_factory=dict)

    def feed(self, levels: Mapping[str, bool], at_s: float) -> None:
        """One look at all inputs.

        Args:
            levels: as they are, by the line's name, always in the same order: the usual one first.
            at_s: when, on a clock that never goes back.
        """
        for line, level in levels.items():
            known = self._lines.setdefault(line, _Line(level, level, at_s))
            if level != known.level:
                known.level, known.since_s = level, at_s
            steady = at_s - known.since_s >= STEADY_S
            if steady and level != known.resting:
                known.away = True
            elif steady and known.away:
                known.away = False
                known.times += 1

    @property
    def lines(self) -> dict[str, tuple[bool, bool]]:
        """Every line: its level, and whether it is away from rest or has been."""
        return {line: (known.level, known.away or known.times > 0) for line, known in self._lines.items()}

    def found(self) -> tuple[SquelchFound, ...]:
        """The lines that moved and came back, the surest first; where several moved as often, the usual one."""
        moved = [SquelchFound(line, known.resting, known.times) for line, known in self._lines.items() if known.times]
        return tuple(sorted(moved, key=lambda found: -found.times))
