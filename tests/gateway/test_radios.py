"""Drivers from settings, and their errors as the channels know them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dispatch.channels.radio_text import TextRefused
from dispatch.channels.voice import VoiceRefused
from dispatch.fanout import RadioOutlet
from gateway.radios import LentRadio, make_driver, outlet
from gateway.settings import RadioSettings
from radio_drivers import interface, keying
from radio_drivers.hamlib.settings import RigctldSettings
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import Abilities, ChannelBusy, LinkDown, NotSupported, RadioError, TransmitTimeout
from radio_drivers.keying import KeyDropped
from radio_drivers.line.settings import LineSettings
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.simulator.settings import SimulatorSettings
from radio_drivers.svxlink.settings import SvxlinkSettings
from radio_drivers.tait.settings import TaitSettings
from radio_drivers.tetra.settings import TetraSettings


@pytest.mark.parametrize(
    ("radio", "expected"),
    [
        (RadioSettings("town", "simulator", simulator=SimulatorSettings()), RadioOutlet("town", True, True, 140)),
        (
            RadioSettings("town", "line", line=LineSettings(port="loop://", ptt="rts")),
            RadioOutlet("town", True, False, None),
        ),
        (
            RadioSettings("town", "tetra", tetra=TetraSettings(port="/dev/ttyACM0", ptt="pei")),
            RadioOutlet("town", True, True, 120),
        ),
        (
            RadioSettings("town", "tait", tait=TaitSettings(port="/dev/ttyUSB0", text_to="5200****")),
            RadioOutlet("town", True, True, 32),
        ),
        (
            RadioSettings("town", "tait", tait=TaitSettings(port="/dev/ttyUSB0", ptt="none")),
            RadioOutlet("town", False, False, None),
        ),
        (RadioSettings("town", "rigctld"), RadioOutlet("town", True, False, None)),
        (
            RadioSettings("town", "rigctld", rigctld=RigctldSettings(ptt="none")),
            RadioOutlet("town", False, False, None),
        ),
        (RadioSettings("town", "cm108"), RadioOutlet("town", True, False, None)),
        (
            RadioSettings("town", "svxlink", svxlink=SvxlinkSettings(squelch_pty="/run/squelch")),
            RadioOutlet("town", True, False, None),
        ),
        (RadioSettings("town", "mqtt"), RadioOutlet("town", True, True, 140)),
        (RadioSettings("town", "trunk-recorder"), RadioOutlet("town", False, False, None)),
        (RadioSettings("town", "hermes"), RadioOutlet("town", True, False, None)),
        (RadioSettings("town", "hermes", hermes=HermesSettings(say=True)), RadioOutlet("town", False, True, 300)),
        (RadioSettings("town", "mqtt", mmdvm=MmdvmSettings(topic="mmdvm")), RadioOutlet("town", True, True, 140)),
    ],
    ids=lambda value: value.driver if isinstance(value, RadioSettings) else "",
)
def test_each_driver_is_made_and_says_what_it_can_carry(radio: RadioSettings, expected: RadioOutlet) -> None:
    made = outlet(make_driver(radio))
    assert (made.channel, made.voice, made.text) == (expected.channel, expected.voice, expected.text)


class Refusing:
    """A driver that refuses. Only what `LentRadio` uses."""

    def __init__(self, error: RadioError) -> None:
        self.error = error
        self.channel = "town"
        self.abilities = Abilities(text_max=80)

    async def send_voice(self, pcm: bytes) -> None:
        raise self.error

    async def send_text(self, text: str, to: str | None = None) -> None:
        raise self.error


def lent(error: RadioError) -> LentRadio:
    return LentRadio(Refusing(error), lambda: datetime(2026, 3, 7, tzinfo=UTC))  # type: ignore[arg-type] # see Refusing


@pytest.mark.parametrize(
    ("error", "retryable", "partly"),
    [
        (ChannelBusy("busy"), True, False),
        (LinkDown("gone"), True, True),
        (TransmitTimeout("too long"), True, True),
        (KeyDropped("dropped"), True, True),
        (NotSupported("receive only"), False, False),
    ],
)
async def test_a_refused_announcement_says_whether_to_try_again(
    error: RadioError, retryable: bool, partly: bool
) -> None:
    with pytest.raises(VoiceRefused) as refused:
        await lent(error).send_voice(b"")
    assert (refused.value.retryable, refused.value.partly_heard) == (retryable, partly)


@pytest.mark.parametrize(("error", "retryable"), [(LinkDown("gone"), True), (NotSupported("no text"), False)])
async def test_a_refused_text_says_whether_to_try_again(error: RadioError, retryable: bool) -> None:
    with pytest.raises(TextRefused) as refused:
        await lent(error).send_text("hello")
    assert refused.value.retryable is retryable


def all_radio_errors() -> list[type[RadioError]]:
    return [
        error
        for module in (interface, keying)
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, RadioError)
    ]


@pytest.mark.parametrize("error", all_radio_errors())
async def test_no_error_of_a_driver_gets_past_the_translation(error: type[RadioError]) -> None:
    with pytest.raises(VoiceRefused):
        await lent(error("x")).send_voice(b"")
    with pytest.raises(TextRefused):
        await lent(error("x")).send_text("x")
