"""What `huecry doctor` finds about base stations with a control beside the sound card.

Nothing is keyed, and nothing is opened that a running daemon holds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from gateway import doctor
from gateway.doctor import Finding
from gateway.settings import RadioSettings
from radio_drivers.cm108.devices import SYSFS, choose_hid_device
from radio_drivers.hamlib.link import RigLink, RigRefused
from radio_drivers.interface import RadioError
from radio_drivers.svxlink.settings import SvxlinkSettings


async def rig_checks(radio: RadioSettings) -> list[Finding]:
    """`rigctld` answers, and the radio can tell what the settings want of it."""
    part = f"radio {radio.name}"
    rig = radio.rigctld
    link = RigLink(rig)
    found = []
    try:
        await link.open(lambda _: None)
        found.append(doctor.ok(part, f"rigctld at {rig.host}:{rig.port} answers"))
        if rig.squelch == "dcd":
            try:
                await link.ask("get_dcd")
            except RigRefused as error:
                mend = 'start rigctld with the squelch\'s wire (-D), or set radio.rigctld.squelch = "vox"'
                found.append(doctor.fail(part, str(error), mend))
        if rig.ptt != "none" and rig.read_back:
            try:
                await link.ask("get_ptt")
            except RigRefused as error:
                mend = "if the radio does not transmit, start rigctld with the way to press talk (-P RIG, -P RTS)"
                found.append(doctor.warn(part, str(error), mend))
    except RadioError as error:
        mend = "start rigctld there (docs/radios/hamlib.md), or correct radio.rigctld.host and port"
        return [*found, doctor.fail(part, str(error), mend)]
    finally:
        await link.close()
    return found


async def cm108_checks(radio: RadioSettings, sysfs: Path = SYSFS) -> list[Finding]:
    """The interface is plugged in, and ours to open."""
    return [await asyncio.to_thread(_cm108, radio, sysfs)]


def _cm108(radio: RadioSettings, sysfs: Path) -> Finding:
    part = f"radio {radio.name}"
    try:
        path = choose_hid_device(radio.cm108, sysfs)
    except RadioError as error:
        return doctor.fail(part, str(error), "plug the interface in, or set radio.cm108.device (docs/radios/cm108.md)")
    if not Path(path).exists():
        return doctor.fail(part, f"{path} does not exist", "plug the interface in, or correct radio.cm108.device")
    if not os.access(path, os.R_OK | os.W_OK):
        mend = "install systemd/60-huecry-radio.rules and plug the interface out and in again"
        return doctor.fail(part, f"{path} can't be opened by this user", mend)
    return doctor.ok(part, f"CM108 interface {path}")


async def svxlink_checks(radio: RadioSettings) -> list[Finding]:
    """Svxlink's terminals are there and ours to open, or can be made where the gateway makes them."""
    return await asyncio.to_thread(lambda: list(_svxlink(f"radio {radio.name}", radio.svxlink)))


def _svxlink(part: str, svxlink: SvxlinkSettings) -> Iterator[Finding]:
    for key in ("ptt_pty", "squelch_pty"):
        path = getattr(svxlink, key)
        if path is None:
            continue
        if svxlink.we_are == "svxlink":
            folder = Path(path).parent
            if os.access(folder, os.W_OK | os.X_OK):
                yield doctor.ok(part, f"{path} can be made")
            else:
                yield doctor.fail(
                    part, f"{path} can't be made", f"use a folder of ours in radio.svxlink.{key}, as /run/huecry"
                )
        elif not Path(path).exists():
            mend = f"start svxlink with this path in its configuration, or correct radio.svxlink.{key}"
            yield doctor.fail(part, f"{path} is not there", mend)
        elif not os.access(path, os.R_OK | os.W_OK):
            yield doctor.fail(
                part, f"{path} can't be opened by this user", "docs/radios/svxlink.md says how to share it"
            )
        else:
            yield doctor.ok(part, f"svxlink's terminal {path}")
