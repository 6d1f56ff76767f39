"""Opens the control that a person has chosen, for trying it out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gateway.radio_setup.bench import NoWires, Wires, control_wires, serial_wires
from gateway.radio_setup.plan import Driver
from radio_drivers.cm108.node import HidNode
from radio_drivers.cm108.protocol import gpio_report, input_reports, squelch_level
from radio_drivers.cm108.settings import Cm108Settings, Squelch
from radio_drivers.control import Control
from radio_drivers.interface import LinkDown
from radio_drivers.line.probing import OutLine

CM108_INPUTS: tuple[Squelch, ...] = ("volume_down", "volume_up", "gpio1", "gpio2", "gpio4")
CM108_KEYS = ("gpio3", "gpio4", "gpio1", "gpio2")
ALL_INPUTS = bytes(5)
"""A report that makes every GPIO an input: nothing is driven."""


@dataclass(slots=True)
class Cm108Wires:
    """The pins of a CM108: every input in view, every output to be tried."""

    node: HidNode
    keys: tuple[str, ...] = CM108_KEYS
    lost: str | None = None
    _levels: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CM108_INPUTS, False))

    async def looks(self) -> dict[str, bool]:
        """Volume buttons and GPIOs."""
        if self.lost is not None:
            raise LinkDown(self.lost)
        return dict(self._levels)

    async def press(self, key: str, *, on: bool) -> None:
        """One GPIO high, or back to an input."""
        await self.node.write(gpio_report(int(key.removeprefix("gpio")), high=True) if on else ALL_INPUTS)

    def report(self, data: bytes) -> None:
        """Something changed."""
        for report in input_reports(data):
            for name in CM108_INPUTS:
                level = squelch_level(report, name)
                if level is not None:
                    self._levels[name] = level

    def gone(self, reason: str) -> None:
        """It was pulled."""
        self.lost = reason


@contextlib.asynccontextmanager
async def cm108_wires(device: str) -> AsyncIterator[Cm108Wires]:
    """The pins of one interface.

    Raises:
        RadioSettingsError, LinkDown: as `HidNode.open`.
    """
    node = HidNode(Cm108Settings(device=device))
    wires = Cm108Wires(node)
    try:
        await node.open(ALL_INPUTS)
        node.listen(wires.report, wires.gone)
        yield wires
    finally:
        await node.close(ALL_INPUTS)


def control_of(driver: Driver, address: str) -> Control:
    """The control of a base station that is more than pins. No I/O yet."""
    match driver:
        case "rigctld":
            from radio_drivers.hamlib.control import RigctldControl
            from radio_drivers.hamlib.settings import RigctldSettings

            host, _, port = address.rpartition(":")
            return RigctldControl("setup", RigctldSettings(host=host, port=int(port)))
        case "tait":
            from radio_drivers.tait.control import TaitControl
            from radio_drivers.tait.settings import TaitSettings

            return TaitControl("setup", TaitSettings(port=address))
        case "tetra":
            from radio_drivers.tetra.control import TetraControl
            from radio_drivers.tetra.settings import TetraSettings

            return TetraControl("setup", TetraSettings(port=address))
        case _:
            raise ValueError(f"{driver} is tried out by its pins")


@contextlib.asynccontextmanager
async def wires_of(driver: Driver, address: str | None, hold: OutLine | None = None) -> AsyncIterator[Wires]:
    """What was chosen, open.

    Args:
        driver: which kind.
        address: where; None for nothing at all.
        hold: a modem line kept on as power supply.

    Raises:
        RadioSettingsError, LinkDown: it isn't there, or isn't ours to open.
    """
    if address is None:
        yield NoWires()
    elif driver == "line":
        async with serial_wires(address, hold) as lines:
            yield lines
    elif driver == "cm108":
        async with cm108_wires(address) as pins:
            yield pins
    else:
        async with control_wires(control_of(driver, address)) as control:
            yield control
