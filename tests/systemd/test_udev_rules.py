"""The udev rules: every line is one that udev(7) knows, and they reach the devices that the drivers look for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from radio_drivers.cm108.settings import FAMILY, usb_ids

RULES = Path(__file__).parents[2] / "systemd" / "60-huecry-radio.rules"

TERM = re.compile(r'(ACTION|SUBSYSTEM|KERNEL|GOTO|LABEL|GROUP|MODE|SYMLINK|(?:ATTRS|ENV)\{\w+\})(==|!=|\+?=)"([^"]*)"')


def rules() -> list[dict[str, str]]:
    """What each line asks and sets."""
    lines = [line for line in RULES.read_text().splitlines() if line and not line.startswith("#")]
    found = []
    for line in lines:
        terms = [TERM.fullmatch(term) for term in line.split(", ")]
        assert all(terms), line
        found.append({term[1] + term[2]: term[3] for term in terms if term is not None})
    return found


def test_every_jump_has_a_place_to_go_to_further_down() -> None:
    lines = rules()
    labels = [rule.get("LABEL=") for rule in lines]
    for number, rule in enumerate(lines):
        if "GOTO=" in rule:
            assert rule["GOTO="] in labels[number:]


@pytest.mark.parametrize("text", FAMILY)
def test_the_pins_of_every_chip_that_is_looked_for_may_be_used_by_the_gateway(text: str) -> None:
    vendor, products = usb_ids(text)
    lines = rules()
    start = next(number for number, rule in enumerate(lines) if rule.get("LABEL=") == "huecry_hid")
    for product in products:
        matching = [
            rule
            for rule in lines[start:]
            if rule.get("ATTRS{idVendor}==") == f"{vendor:04x}"
            and f"{product:04x}" in rule.get("ATTRS{idProduct}==", f"{product:04x}").split("|")
            and "SUBSYSTEM==" not in rule
        ]
        assert [(rule["GROUP="], rule["MODE="]) for rule in matching] == [("audio", "0660")]
