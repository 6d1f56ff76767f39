"""Control of hundreds of radios through Hamlib's `rigctld`, over TCP: push-to-talk, squelch, signal strength."""

from radio_drivers.hamlib.control import RigctldControl
from radio_drivers.hamlib.settings import RigctldSettings

__all__ = ["RigctldControl", "RigctldSettings"]
