"""Control by svxlink's pseudo-terminals: talk as T and R, squelch as O and Z; on either side of them."""

from radio_drivers.svxlink.control import SvxlinkControl
from radio_drivers.svxlink.settings import SvxlinkSettings

__all__ = ["SvxlinkControl", "SvxlinkSettings"]
