"""Makes drivers from settings, and lends them to the channels that speak and write on the radio."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from dispatch.channels.radio_text import TextRefused
from dispatch.channels.voice import VoiceRefused
from dispatch.fanout import RadioOutlet
from gateway.settings import RadioSettings
from radio_drivers.interface import ChannelBusy, LinkDown, NotSupported, RadioDriver, RadioError, TransmitTimeout
from radio_drivers.keying import KeyDropped

if TYPE_CHECKING:
    from radio_drivers.upload.driver import Ledger
    from radio_drivers.upload.server import Servers


@dataclass(slots=True)
class Uploads:
    """What the channels have in common that recorders upload to."""

    ledger: Ledger | None = None
    """Knows what is stored."""
    servers: Servers | None = None
    """Made for the first of these channels."""


def make_drivers(radios: Iterable[RadioSettings], ledger: Ledger | None = None) -> list[RadioDriver]:
    """The drivers of all `[[radio]]` tables."""
    uploads = Uploads(ledger)
    return [make_driver(radio, uploads) for radio in radios]


def make_driver(radio: RadioSettings, uploads: Uploads | None = None) -> RadioDriver:
    """The driver of one `[[radio]]` table, with whatever stands beside it. No I/O yet."""
    driver = _driver(radio, uploads or Uploads())
    if radio.signalling.on:
        from radio_drivers.signalling.driver import SignallingDriver

        driver = SignallingDriver(driver, radio.signalling)
    if radio.mmdvm.topic:
        from radio_drivers.mmdvm.driver import MmdvmDriver

        driver = MmdvmDriver(driver, radio.mmdvm, radio.keying, password=_password(radio))
    return driver


def _password(radio: RadioSettings) -> str | None:
    return radio.password.get_secret_value() if radio.password else None


def _driver(radio: RadioSettings, uploads: Uploads) -> RadioDriver:
    """Only the chosen driver is imported: each brings its libraries."""
    match radio.driver:
        case "line":
            from radio_drivers.line.driver import LineDriver

            return LineDriver(radio.name, radio.line, radio.keying)
        case "rigctld":
            from radio_drivers.hamlib.control import RigctldControl
            from radio_drivers.line.driver import LineDriver

            return LineDriver(radio.name, radio.line, radio.keying, RigctldControl(radio.name, radio.rigctld))
        case "cm108":
            from radio_drivers.cm108.control import Cm108Control
            from radio_drivers.line.driver import LineDriver

            return LineDriver(radio.name, radio.line, radio.keying, Cm108Control(radio.cm108))
        case "svxlink":
            from radio_drivers.line.driver import LineDriver
            from radio_drivers.svxlink.control import SvxlinkControl

            return LineDriver(radio.name, radio.line, radio.keying, SvxlinkControl(radio.svxlink))
        case "mqtt":
            from radio_drivers.mqtt.driver import MqttRadioDriver

            return MqttRadioDriver(radio.name, radio.mqtt, radio.keying, password=_password(radio))
        case "hermes":
            from radio_drivers.hermes.driver import HermesDriver

            return HermesDriver(radio.name, radio.hermes, radio.keying, password=_password(radio))
        case "trunk-recorder":
            from radio_drivers.trunk_recorder.driver import TrunkRecorderDriver

            return TrunkRecorderDriver(radio.name, radio.trunk_recorder, radio.keying, password=_password(radio))
        case "tait":
            from radio_drivers.line.driver import LineDriver
            from radio_drivers.tait.control import TaitControl

            return LineDriver(radio.name, radio.line, radio.keying, TaitControl(radio.name, radio.tait, radio.keying))
        case "tetra":
            from radio_drivers.line.driver import LineDriver
            from radio_drivers.tetra.control import TetraControl

            return LineDriver(radio.name, radio.line, radio.keying, TetraControl(radio.name, radio.tetra))
        case "simulator":
            from radio_drivers.simulator.driver import SimulatorDriver

            return SimulatorDriver.alone(radio.name, radio.simulator, radio.keying)
        case "upload":
            from radio_drivers.upload.driver import UploadDriver
            from radio_drivers.upload.server import Servers

            uploads.servers = uploads.servers or Servers()
            return UploadDriver(radio.name, radio.upload, uploads.servers, uploads.ledger)
        case _:
            assert_never(radio.driver)


def outlet(driver: RadioDriver) -> RadioOutlet:
    """What a driver can carry for us, as the fan-out asks it."""
    abilities = driver.abilities
    return RadioOutlet(driver.channel, abilities.voice_out, abilities.text_out, abilities.text_max)


@dataclass(frozen=True, slots=True)
class LentRadio:
    """A driver as `dispatch.channels` know radios: their errors, no others."""

    driver: RadioDriver
    clock: Callable[[], datetime]

    @property
    def text_max(self) -> int | None:
        """Characters in one text message."""
        return self.driver.abilities.text_max

    async def send_voice(self, pcm: bytes) -> None:
        """Speak.

        Raises:
            VoiceRefused
        """
        try:
            await self.driver.send_voice(pcm)
        except ChannelBusy as error:
            raise VoiceRefused(str(error), retryable=True) from error
        except (TransmitTimeout, KeyDropped, LinkDown) as error:
            raise VoiceRefused(str(error), retryable=True, partly_heard=True) from error
        except RadioError as error:
            raise VoiceRefused(str(error), retryable=False) from error

    async def send_text(self, text: str) -> None:
        """Write.

        Raises:
            TextRefused
        """
        try:
            await self.driver.send_text(text)
        except (LinkDown, ChannelBusy) as error:
            raise TextRefused(str(error), retryable=True) from error
        except NotSupported as error:
            raise TextRefused(str(error), retryable=False) from error
        except RadioError as error:
            raise TextRefused(str(error), retryable=False) from error
