"""Settings that can't work are refused with the key and what to do, also through pydantic."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from radio_drivers.interface import RadioSettingsError
from radio_drivers.line import LineSettings


class Radio(BaseModel):
    line: LineSettings


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ptt": "rts"}, 'ptt = "rts" needs a port'),
        ({"squelch": "cts"}, 'squelch = "cts" needs a port'),
        ({"hold": "dtr"}, 'hold = "dtr" needs a port'),
        ({"port": "loop://", "ptt": "dtr", "hold": "dtr"}, "transmit for ever"),
        ({"port": "loop://", "ptt": "rts-dtr", "hold": "dtr"}, "transmit for ever"),
        ({"ptt": "rts+dtr"}, r'ptt = "rts\+dtr" needs a port'),
        ({"poll_ms": 4}, "poll_ms = 4 is out of range: 5 to 20"),
        ({"hang_ms": 2001}, "hang_ms"),
        ({"debounce_ms": -1}, "debounce_ms"),
        ({"vox_threshold_dbfs": 3.0}, "vox_threshold_dbfs"),
        ({"vox_hang_ms": 0}, "vox_hang_ms"),
        ({"sound_rate": 44}, "sound_rate"),
        ({"tail_cut_ms": 5000}, "tail_cut_ms"),
        ({"gain_in_db": 100.0}, "gain_in_db"),
        ({"gain_out_db": 30.0}, "gain_out_db"),
        ({"vox_attack_ms": 1001}, "vox_attack_ms"),
    ],
)
def test_what_cannot_work_is_refused_with_the_key(given: dict[str, Any], says: str) -> None:
    with pytest.raises(RadioSettingsError, match=says):
        LineSettings(**given)
    with pytest.raises(ValidationError, match=says):
        Radio.model_validate({"line": given})


def test_pydantic_takes_it_from_a_table_and_refuses_what_it_does_not_know() -> None:
    radio = Radio.model_validate({"line": {"port": "/dev/ttyUSB0", "ptt": "rts", "squelch": "dcd"}})
    assert radio.line == LineSettings(port="/dev/ttyUSB0", ptt="rts", squelch="dcd")
    with pytest.raises(ValidationError, match="prot"):
        Radio.model_validate({"line": {"prot": "/dev/ttyUSB0"}})
    with pytest.raises(ValidationError, match="ptt"):
        Radio.model_validate({"line": {"port": "/dev/ttyUSB0", "ptt": "rst"}})


def test_only_a_radio_with_push_to_talk_transmits() -> None:
    assert not LineSettings().transmits
    assert LineSettings(ptt="vox").transmits
    assert LineSettings(port="loop://", ptt="dtr").transmits
