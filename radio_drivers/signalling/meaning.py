"""What signalling means to the gateway: who it was, whom it called, whether it is an emergency."""

from __future__ import annotations

from datetime import datetime

from radio_drivers.interface import EmergencyPressed, Signalled
from radio_drivers.signalling.found import Burst, Digits, Found
from radio_drivers.signalling.masks import Fields, Mask, first_that_fits
from radio_drivers.signalling.mdc1200 import MEANINGS, Packet
from radio_drivers.signalling.settings import SignallingSettings

Told = Signalled | EmergencyPressed

MDC1200 = "MDC-1200"


class Meaning:
    """Turns what decoders found into events, by the settings' masks and op codes.

    Args:
        settings: `unit_digits`, `emergency`, `mdc1200_emergency`.
    """

    def __init__(self, settings: SignallingSettings) -> None:
        self._units: tuple[Mask, ...] = settings.unit_masks
        self._emergencies: tuple[Mask, ...] = settings.emergency_masks
        self._mdc1200_emergency = {text.lower() for text in settings.mdc1200_emergency}

    def of(self, found: Found, channel: str, at: datetime) -> tuple[Told, ...]:
        """An emergency first, if it is one, and in every case what was heard.

        Args:
            found: from a decoder.
            channel: the channel's name in the configuration.
            at: UTC time of its beginning.
        """
        match found:
            case Digits():
                return self._digits(found, channel, at)
            case Burst():
                return self._packet(found.packet, channel, at)

    def _digits(self, found: Digits, channel: str, at: datetime) -> tuple[Told, ...]:
        unit = first_that_fits(self._units, found.kind, found.digits) or Fields()
        emergency = first_that_fits(self._emergencies, found.kind, found.digits)
        # An emergency's mask knows best where the unit is in such a call.
        named = Fields(
            (emergency and emergency.unit) or unit.unit,
            (emergency and emergency.to) or unit.to,
            (emergency and emergency.status) or unit.status,
        )
        heard = Signalled(channel, at, found.system, found.digits, named.unit, named.to, named.status)
        return (EmergencyPressed(channel, at, named.unit), heard) if emergency else (heard,)

    def _packet(self, packet: Packet, channel: str, at: datetime) -> tuple[Told, ...]:
        words, ours = next(((words, sends) for op, words, sends in MEANINGS if op == packet.op), ("", False))
        status = f"{packet.arg:02X}" if packet.op in {0x06, 0x07} else None
        if not words:
            # Who is meant depends on the op code, so an unknown one names nobody.
            text = f"op {packet.op:02X} argument {packet.arg:02X} unit {packet.unit_id}"
            heard = Signalled(channel, at, MDC1200, text)
        elif ours:
            text = f"{words} {status} from {packet.unit_id}" if status else f"{words} {packet.unit_id}"
            heard = Signalled(channel, at, MDC1200, text, unit=packet.unit_id, status=status)
        else:
            caller = packet.second_id
            text = f"{words} to {packet.unit_id}" + (f" from {caller}" if caller else "")
            heard = Signalled(channel, at, MDC1200, text, unit=caller, to=packet.unit_id)
        if {f"{packet.op:02x}", f"{packet.op:02x}/{packet.arg:02x}"} & self._mdc1200_emergency:
            return (EmergencyPressed(channel, at, packet.unit_id if ours or not words else heard.unit), heard)
        return (heard,)
