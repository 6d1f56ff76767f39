"""What every part of a radio's control needs to know, and its clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from radio_drivers.interface import KeyingRules
from radio_drivers.tait.settings import TaitSettings


@dataclass(frozen=True, slots=True)
class Setup:
    """One radio on one channel."""

    channel: str
    """Its name in the configuration."""
    settings: TaitSettings
    rules: KeyingRules
    """Manners on the channel."""
    clock: Callable[[], float]
    """Seconds that never jump, the clock of squelch changes."""
    now: Callable[[], datetime]
    """The time in UTC."""
