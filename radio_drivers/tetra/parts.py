"""Long texts come in pieces; here they are put together. Bounded, and time is given from outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from radio_drivers.tetra.sds import Part

WAIT_S = 120.0
"""So long after its last piece an incomplete text is told as far as it goes. A text is worth more than its missing piece."""

SENDERS_MAX = 16
"""Texts put together at the same time; the longest untouched one is told as it is when another begins."""


@dataclass(slots=True)
class _Pieces:
    total: int
    touched_s: float
    pieces: dict[int, str] = field(default_factory=dict)

    def text(self) -> str:
        return "".join(self.pieces.get(number, " [...] ") for number in range(1, self.total + 1)).strip()


@dataclass(frozen=True, slots=True)
class Joined:
    """A text as whole as it will get."""

    source: str | None
    text: str


class Parts:
    """Pieces by sender and reference."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str | None, int, int], _Pieces] = {}

    @property
    def waiting(self) -> int:
        """Texts that are not complete."""
        return len(self._texts)

    def add(self, source: str | None, part: Part, text: str, at_s: float) -> list[Joined]:
        """One more piece.

        Args:
            source: who sent it.
            part: its place.
            text: what it says.
            at_s: now, on a clock that never goes back.

        Returns:
            What is ready.
        """
        key = (source, part.reference, part.total)
        ready: list[Joined] = []
        if key not in self._texts and len(self._texts) >= SENDERS_MAX:
            oldest = min(self._texts, key=lambda k: self._texts[k].touched_s)
            ready.append(Joined(oldest[0], self._texts.pop(oldest).text()))
        pieces = self._texts.setdefault(key, _Pieces(part.total, at_s))
        pieces.touched_s = at_s
        pieces.pieces[part.number] = text
        if len(pieces.pieces) == pieces.total:
            del self._texts[key]
            ready.append(Joined(source, pieces.text()))
        return ready

    def late(self, at_s: float) -> list[Joined]:
        """What has waited too long for its missing pieces."""
        late = [key for key, pieces in self._texts.items() if at_s - pieces.touched_s >= WAIT_S]
        return [Joined(key[0], self._texts.pop(key).text()) for key in late]

    def all(self) -> list[Joined]:
        """Everything that waits; the link is going."""
        everything = [Joined(key[0], pieces.text()) for key, pieces in self._texts.items()]
        self._texts.clear()
        return everything
