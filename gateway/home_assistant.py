"""Home Assistant sees the radio: what happens here, put into the words of `dispatch.channels.home_assistant`.

Everything goes over the alerts' own connection to the broker (`dispatch.channels.mqtt`). Nothing here waits or raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dispatch.channels import home_assistant as words
from dispatch.channels.home_assistant import ALERT, EMERGENCY, OFF, ON, STATUS, VOICE, Device
from dispatch.channels.mqtt import Heard, MqttChannel
from gateway import __version__
from gateway.pipeline import Handled
from gateway.settings import Settings
from radio_drivers.interface import EmergencyPressed, KeyDown, KeyUp, LinkLost, RadioEvent, Signalled

EVENT_LIFE = timedelta(minutes=1)
"""An event that could not be told by then would set off what somebody has made for the moment itself."""


class HomeAssistant:
    """The gateway as a device. Make it before the channel runs.

    Args:
        broker: the alerts' connection.
        device: what the gateway is called and has.
        discovery_prefix: Home Assistant's.
    """

    def __init__(self, broker: MqttChannel, device: Device, discovery_prefix: str) -> None:
        self._broker = broker
        self._device = device
        self._discovery_prefix = discovery_prefix
        self._busy = dict.fromkeys(device.channels, False)
        broker.greet(self.introduce)
        broker.listen(words.birth_topic(discovery_prefix), self._birth)

    def introduce(self) -> None:
        """Publish the description, and what is the case now."""
        topic = words.config_topic(self._discovery_prefix, self._device)
        self._broker.publish(topic, words.config(self._device), retain=True)
        for channel, busy in self._busy.items():
            self._publish_busy(channel, busy)

    def _birth(self, heard: Heard) -> None:
        if heard.payload.strip() == b"online":
            self.introduce()

    def radio(self, event: RadioEvent) -> None:
        """Something happened on a channel."""
        match event:
            case KeyUp():
                self._set_busy(event.channel, busy=True)
            case KeyDown() | LinkLost():
                self._set_busy(event.channel, busy=False)
            case EmergencyPressed():
                self._event(EMERGENCY, event.channel, event.at, unit=event.unit)
            case Signalled(status=str()):
                self._event(
                    STATUS,
                    event.channel,
                    event.at,
                    unit=event.unit,
                    to=event.to,
                    status=event.status,
                    system=event.system,
                    text=event.text,
                )
            case _:
                pass

    def handled(self, outcome: Handled) -> None:
        """A transmission was heard and decided."""
        spoken = outcome.transmission
        if spoken.path is not None:
            text = outcome.transcript.text
            self._event(
                VOICE,
                spoken.channel,
                spoken.started_at,
                unit=spoken.unit,
                strength_dbm=spoken.strength_dbm,
                duration_s=round(spoken.duration_s, 1),
                intent=outcome.call.intent.value,
                decision=outcome.decision.kind.value,
                text=text if self._device.transcripts else None,
            )
            if self._device.transcripts:
                said = words.transcript(spoken.channel, spoken.unit, spoken.started_at, text)
                self._broker.publish(self._device.transcript_topic, said)
        if outcome.alert is not None and outcome.text is not None:
            self._event(ALERT, spoken.channel, outcome.decided_at, **words.alert_fields(outcome.text.mqtt))

    def _set_busy(self, channel: str, *, busy: bool) -> None:
        if self._busy.get(channel) != busy:
            self._busy[channel] = busy
            self._publish_busy(channel, busy)

    def _publish_busy(self, channel: str, busy: bool) -> None:
        self._broker.publish(self._device.busy_topic(channel), ON if busy else OFF, retain=True)

    def _event(self, kind: str, channel: str, at: datetime, /, **more: object) -> None:
        self._broker.publish(self._device.event_topic, words.event(kind, channel, at, **more), life=EVENT_LIFE)


def home_of(settings: Settings, broker: MqttChannel | None, channels: Sequence[str]) -> HomeAssistant | None:
    """The device, where there is a broker and the settings want one."""
    if broker is None or not settings.mqtt.discovery:
        return None
    mqtt = settings.mqtt
    device = Device(
        name=f"{settings.scheme.name} radio",
        version=__version__,
        prefix=mqtt.topic_prefix,
        channels=tuple(channels),
        transcripts=mqtt.publish_calls,
        announce=mqtt.announce,
    )
    return HomeAssistant(broker, device, mqtt.discovery_prefix)
