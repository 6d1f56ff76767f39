"""A TETRA radio on its peripheral equipment interface: who talks, texts both ways, emergencies; voice by sound card."""

from __future__ import annotations

from radio_drivers.tetra.settings import TetraSettings, TetraSettingsError

__all__ = ["TetraSettings", "TetraSettingsError"]
