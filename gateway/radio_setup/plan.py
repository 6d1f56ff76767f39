"""From what was found out to what is written. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from gateway.radio_setup.levels import Judged, Verdict
from gateway.radio_setup.merging import Values
from radio_drivers.line.probing import OutLine

Driver = Literal["line", "rigctld", "cm108", "tait", "tetra"]

LOWEST_THRESHOLD_DBFS, HIGHEST_THRESHOLD_DBFS = -70.0, -25.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was found out about one radio."""

    driver: Driver
    address: str | None = None
    """Port, HID device or host:port of the control; None where there is none."""
    ptt: str | None = None
    """A way of pressing talk that a hand-held heard; None: it only listens."""
    own_vox: bool = False
    """The radio keys itself when it hears sound."""
    hold: OutLine | None = None
    """A modem line kept on as power supply of the interface."""
    squelch: str | None = None
    """The line that moved; None: judge by the sound."""
    squelch_invert: bool = False
    sound_in: str | None = None
    sound_out: str | None = None
    gain_in_db: float = 0.0
    gain_out_db: float = 0.0
    threshold_dbfs: float | None = None
    """For judging by the sound."""


def threshold_of(judged: Judged, floor_dbfs: float, gain_db: float) -> float | None:
    """Where VOX should open: between the noise and the talk that were heard, nearer to the noise.

    None when nothing was heard: the default stays.
    """
    if judged.verdict is Verdict.NOTHING:
        return None
    middle = floor_dbfs + (judged.speech_dbfs - floor_dbfs) / 3 + gain_db
    return float(round(max(LOWEST_THRESHOLD_DBFS, min(HIGHEST_THRESHOLD_DBFS, middle))))


def values_of(plan: Plan) -> Values:
    """The keys of the `[[radio]]` table, without its name. None takes a key away that an earlier setup wrote."""
    line: dict[str, Any] = {
        "sound_in": plan.sound_in,
        "sound_out": plan.sound_out,
        "gain_in_db": plan.gain_in_db or None,
        "gain_out_db": plan.gain_out_db or None,
        "vox_threshold_dbfs": plan.threshold_dbfs if plan.squelch is None else None,
        "port": None,
        "ptt": "vox" if plan.own_vox else None,
        "hold": plan.hold,
        "squelch": None,
        "squelch_invert": None,
    }
    match plan.driver:
        case "line":
            line["port"] = plan.address
            line["ptt"] = plan.ptt or ("vox" if plan.own_vox else "none")
            line["squelch"] = plan.squelch or "vox"
            line["squelch_invert"] = plan.squelch_invert or None
            return {"driver": "line", "line": line}
        case "rigctld":
            host, _, port = (plan.address or "").rpartition(":")
            ptt = None if plan.ptt else "none"
            rig = {"host": host, "port": int(port), "ptt": ptt, "squelch": None if plan.squelch else "vox"}
            return {"driver": "rigctld", "rigctld": rig, "line": line}
        case "cm108":
            cm108 = {
                "device": plan.address,
                "ptt_gpio": int(plan.ptt.removeprefix("gpio")) if plan.ptt else 0,
                "squelch": plan.squelch or "vox",
                "squelch_invert": plan.squelch_invert or None,
            }
            return {"driver": "cm108", "cm108": cm108, "line": line}
        case "tait":
            tait = {
                "port": plan.address,
                "ptt": None if plan.ptt else "none",
                "squelch": None if plan.squelch else "vox",
            }
            return {"driver": "tait", "tait": tait, "line": line}
        case "tetra":
            tetra = {"port": plan.address, "squelch": None if plan.squelch else "vox"}
            return {"driver": "tetra", "tetra": tetra, "line": line}
