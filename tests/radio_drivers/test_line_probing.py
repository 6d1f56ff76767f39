"""All lines of a port in view: pyserial's loop://, where CTS follows RTS, DSR follows DTR and DCD is always on."""

from __future__ import annotations

import asyncio

import pytest

from radio_drivers.control import ShowsInputs
from radio_drivers.interface import LinkDown, RadioSettingsError
from radio_drivers.line import LineDriver, LineSettings
from radio_drivers.line.lines import Lines
from radio_drivers.line.probing import probed
from radio_drivers.line.serialcontrol import SerialControl

REST = {"cts": False, "dsr": False, "dcd": True, "ri": False}


def test_outputs_are_off_until_driven_and_inputs_are_seen() -> None:
    with probed("loop://") as probe:
        assert probe.levels() == REST
        probe.drive("rts", on=True)
        assert probe.levels() == REST | {"cts": True}
        probe.drive("dtr", on=True)
        assert probe.levels() == REST | {"cts": True, "dsr": True}
        probe.rest()
        assert probe.levels() == REST
        port = probe.port
        probe.drive("rts", on=True)
    assert (port.rts, port.dtr) == (False, False), "left at rest"


def test_a_power_supply_stays_on() -> None:
    with probed("loop://", hold="dtr") as probe:
        assert probe.levels() == REST | {"dsr": True}
        probe.drive("rts", on=True)
        probe.rest()
        assert probe.levels() == REST | {"dsr": True}


def test_a_port_that_is_not_there_says_so() -> None:
    with pytest.raises(RadioSettingsError, match="not found"), probed("/dev/ttyNOWHERE"):
        pass


def test_a_port_that_has_gone_is_a_lost_link() -> None:
    with probed("loop://") as probe:
        probe.port.close()
        with pytest.raises(LinkDown, match="loop://"):
            probe.levels()
        probe.rest()


async def test_lines_of_a_running_radio_can_be_looked_at() -> None:
    lines = Lines(LineSettings(port="loop://", ptt="rts"))
    assert lines.inputs == {}
    await lines.open(lambda _: None, lambda _: None)
    try:
        await lines.key(on=True)
        async with asyncio.timeout(10):
            while lines.inputs != REST | {"cts": True}:
                await asyncio.sleep(0.01)
    finally:
        await lines.close()
    assert lines.inputs == {}


async def test_drivers_and_controls_show_lines_where_they_have_some() -> None:
    assert isinstance(SerialControl(LineSettings()), ShowsInputs)
    assert SerialControl(LineSettings()).inputs == {}
    assert LineDriver("town", LineSettings()).inputs == {}
