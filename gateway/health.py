"""What is wrong with the gateway right now. A fault is logged when it comes and when it goes, not each second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not work."""

    name: str
    """Which part: `recordings`, `radio town`, `sms`, `database`."""
    text: str
    """What is wrong, for a person."""
    since: datetime
    """UTC."""


class Health:
    """Register of the faults there are. Used from the event loop's thread only."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._faults: dict[str, Fault] = {}

    def raise_fault(self, name: str, text: str) -> None:
        """Say that something does not work. Saying it again only renews the text."""
        known = self._faults.get(name)
        if known is None:
            self._faults[name] = Fault(name, text, self._clock())
            log.error("fault", part=name, reason=text)
        elif known.text != text:
            self._faults[name] = Fault(name, text, known.since)

    def clear_fault(self, name: str) -> None:
        """Say that it works (again). Does nothing when it was not at fault."""
        fault = self._faults.pop(name, None)
        if fault is not None:
            lasted = (self._clock() - fault.since).total_seconds()
            log.info("fault over", part=name, was=fault.text, lasted_s=round(lasted, 1))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Oldest first."""
        return tuple(sorted(self._faults.values(), key=lambda fault: (fault.since, fault.name)))

    @property
    def ok(self) -> bool:
        """Nothing is at fault."""
        return not self._faults

    def status_line(self, activity: str = "listening") -> str:
        """One line for `systemctl status`: what goes on, then every fault."""
        if self.ok:
            return activity
        return f"{activity}; " + "; ".join(f"{fault.name}: {fault.text}" for fault in self.faults)
