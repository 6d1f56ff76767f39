"""Shops that the list of members lacks still call and are called, and are nobody on the register."""

from __future__ import annotations

import pytest

from dispatch.reading.callers import parties
from tests.dispatch.rules_town import TOWN


@pytest.mark.parametrize(
    ("text", "caller", "called"),
    [
        ("Quills to Control, he is back.", "Quills", "Control"),
        ("Penny and Daughters to Control, radio check.", "Penny and Daughters", "Control"),
        ("Control to Quills, yes received.", "Control", "Quills"),
        ("Control from Quills. He has just come in.", "Quills", "Control"),
        ("Rook has gone to control the crowd.", None, None),
        ("We are going to control the door.", None, None),
        ("He went out to Control, I think.", None, None),
        ("Rook, to control he said.", None, None),
        ("Control to the four of you who are by the bandstand, say again.", None, None),
    ],
)
def test_an_unknown_shop_is_a_station(text: str, caller: str | None, called: str | None) -> None:
    read = parties(text, TOWN)
    assert (read.caller, read.called) == (caller, called)
