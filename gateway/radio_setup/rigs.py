"""Is a `rigctld` running on this machine?"""

from __future__ import annotations

import asyncio

from gateway.radio_setup.seems import Rig
from radio_drivers.hamlib.link import RigLink, RigRefused
from radio_drivers.hamlib.settings import RigctldSettings
from radio_drivers.interface import LinkDown

HOST, PORT = "127.0.0.1", 4532
ANSWER_S = 1.0


async def rigs_here(host: str = HOST, port: int = PORT) -> tuple[Rig, ...]:
    """The `rigctld` at its usual place, if there is one. Keys nothing, changes nothing."""
    link = RigLink(RigctldSettings(host=host, port=port, answer_s=ANSWER_S))
    try:
        async with asyncio.timeout(2 * ANSWER_S):
            await link.open(lambda _: None)
            try:
                said = await link.ask("get_info")
            except RigRefused:
                said = ()
    except (LinkDown, TimeoutError):
        return ()
    finally:
        await link.close()
    return (Rig(host, port, " ".join(said).removeprefix("Info:").strip()),)
