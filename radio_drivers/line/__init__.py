"""Base station driver for any analogue radio: modem lines for push-to-talk and squelch, a sound card for voice."""

from radio_drivers.line.driver import LineDriver
from radio_drivers.line.portaudio import SoundDevice, list_sound_devices
from radio_drivers.line.ports import SerialPort, list_serial_ports
from radio_drivers.line.settings import LineSettings, LineSettingsError

__all__ = [
    "LineDriver",
    "LineSettings",
    "LineSettingsError",
    "SerialPort",
    "SoundDevice",
    "list_serial_ports",
    "list_sound_devices",
]
