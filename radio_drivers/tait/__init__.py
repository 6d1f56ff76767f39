"""A Tait TM8000 or TM9000 on its data port: who talks, who called, texts both ways, emergencies; voice by sound card."""

from __future__ import annotations

from radio_drivers.tait.control import TaitControl
from radio_drivers.tait.settings import TaitSettings, TaitSettingsError

__all__ = ["TaitControl", "TaitSettings", "TaitSettingsError"]
