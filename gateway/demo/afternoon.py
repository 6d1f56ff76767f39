"""What happens in the demonstration: who says what when, and what the gateway should make of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """One press of talk."""

    unit: str
    voice: str
    """`male` or `female`: a hint for the synthesis."""
    says: str
    expect: str
    """The decision that is right: alert, review, stand_down or log."""
    why: str
    """What this call shows, for a newcomer."""


@dataclass(frozen=True, slots=True)
class Afternoon:
    """The whole script."""

    short: str
    name: str
    channel: str
    calls: tuple[ScriptedCall, ...]


def read_afternoon(path: Path) -> Afternoon:
    """Read `config/demo/calls.toml`.

    Raises:
        ValueError: a key is missing; the message names the call.
    """
    script: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    calls = []
    for number, call in enumerate(script["call"], 1):
        try:
            calls.append(ScriptedCall(call["unit"], call["voice"], call["says"], call["expect"], call["why"]))
        except KeyError as missing:
            raise ValueError(f"{path}: call {number} has no {missing}") from None
    return Afternoon(script["short"], script["name"], script["channel"], tuple(calls))
