"""Control of a radio on the pins of a CM108-family USB sound chip: push-to-talk on a GPIO, squelch on a button or GPIO."""

from radio_drivers.cm108.control import Cm108Control
from radio_drivers.cm108.settings import Cm108Settings

__all__ = ["Cm108Control", "Cm108Settings"]
