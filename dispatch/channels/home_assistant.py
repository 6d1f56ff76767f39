"""What Home Assistant must be told so that it finds the gateway by itself. Pure: values in, topics and payloads out.

After the documentation of its MQTT integrations (discovery of whole devices, since 2024.12). One retained message on
`<discovery prefix>/device/<id>/config` describes the device and its components:

    sensor          Last transcript (only with `mqtt.publish_calls`: it holds what was said), Waiting calls
    binary sensor   Channel busy, one for each channel; Problem
    event           Radio: voice, emergency, status, alert
    notify          Announce on radio (only with `mqtt.announce`)

A component that is switched off is named with its platform alone, which removes it. Whether the gateway is there comes
from `<prefix>/status`, which the broker sets to offline by itself when the gateway is gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

STATE_MAX = 255
"""Characters of a state (Home Assistant, core `MAX_LENGTH_STATE_STATE`)."""

VOICE, EMERGENCY, STATUS, ALERT = "voice", "emergency", "status", "alert"
EVENT_TYPES = (VOICE, EMERGENCY, STATUS, ALERT)
ON, OFF = "ON", "OFF"

ALERT_FIELDS = ("number", "kind", "priority", "references", "place", "heading", "ends", "summary")
"""Of an alert's MQTT payload, which has references and no names."""


@dataclass(frozen=True, slots=True)
class Device:
    """The gateway as Home Assistant shows it."""

    name: str
    version: str
    prefix: str
    """`mqtt.topic_prefix`."""
    channels: tuple[str, ...]
    transcripts: bool
    announce: bool

    @property
    def id(self) -> str:
        """Unique on the broker; only signs that topics of discovery may have."""
        return f"huecry_{_id(self.prefix)}"

    @property
    def event_topic(self) -> str:
        """Where events are published."""
        return f"{self.prefix}/home/event"

    @property
    def transcript_topic(self) -> str:
        """Where the last transcript is published."""
        return f"{self.prefix}/home/transcript"

    @property
    def announce_topic(self) -> str:
        """Where a text to be spoken is expected."""
        return f"{self.prefix}/announce"

    def busy_topic(self, channel: str) -> str:
        """Where is published whether a channel is busy."""
        return f"{self.prefix}/home/{_id(channel)}/busy"


def config_topic(discovery_prefix: str, device: Device) -> str:
    """Where the description goes, retained."""
    return f"{discovery_prefix}/device/{device.id}/config"


def birth_topic(discovery_prefix: str) -> str:
    """Where Home Assistant says `online` when it has started, and wants the description again."""
    return f"{discovery_prefix}/status"


def config(device: Device) -> dict[str, object]:
    """The description."""
    status = f"{device.prefix}/status"
    components: dict[str, object] = {
        "transcript": {"p": "sensor"},
        "announce": {"p": "notify"},
        "waiting": _component(
            device, "sensor", "waiting", "Waiting calls", state_topic=status, icon="mdi:tray-full",
            value_template="{{ value_json.waiting | default(0) }}", state_class="measurement",
        ),
        "problem": _component(
            device, "binary_sensor", "problem", "Problem", state_topic=status, device_class="problem",
            value_template="{{ 'ON' if value_json.faults | default([]) else 'OFF' }}", json_attributes_topic=status,
            entity_category="diagnostic",
        ),
        "radio": _component(
            device, "event", "radio", "Radio", state_topic=device.event_topic, event_types=list(EVENT_TYPES),
            icon="mdi:radio-handheld",
        ),
    }  # fmt: skip
    for channel in device.channels:
        key = f"busy_{_id(channel)}"
        components[key] = _component(
            device, "binary_sensor", key, f"Channel busy: {channel}", state_topic=device.busy_topic(channel),
            payload_on=ON, payload_off=OFF, icon="mdi:account-voice",
        )  # fmt: skip
    if device.transcripts:
        components["transcript"] = _component(
            device, "sensor", "transcript", "Last transcript", state_topic=device.transcript_topic,
            value_template="{{ value_json.short }}", json_attributes_topic=device.transcript_topic, icon="mdi:text",
        )  # fmt: skip
    if device.announce:
        components["announce"] = _component(
            device, "notify", "announce", "Announce on radio", command_topic=device.announce_topic, icon="mdi:bullhorn"
        )
    return {
        "dev": {
            "ids": [device.id],
            "name": device.name,
            "mf": "Hue and Cry",
            "mdl": "Radio gateway",
            "sw": device.version,
        },
        "o": {"name": "huecry", "sw": device.version},
        "availability_topic": status,
        "availability_template": "{{ value_json.state }}",
        "qos": 1,
        "cmps": components,
    }


def transcript(channel: str, unit: str | None, at: datetime, text: str) -> dict[str, object]:
    """The last transcript: short enough for a state, and whole as an attribute."""
    short = text if len(text) <= STATE_MAX else text[: STATE_MAX - 1] + "…"
    return {"short": short, "text": text, "channel": channel, "unit": unit, "at": at.isoformat()}


def event(kind: str, channel: str, at: datetime, /, **more: object) -> dict[str, object]:
    """One event; what is None is left out."""
    fields = {name: value for name, value in more.items() if value is not None}
    return {"event_type": kind, "channel": channel, "at": at.isoformat(), **fields}


def alert_fields(payload: Mapping[str, object]) -> dict[str, object]:
    """What an event tells of an alert."""
    return {name: payload[name] for name in ALERT_FIELDS if payload.get(name) not in (None, [], (), "")}


def _component(device: Device, platform: str, key: str, name: str, **more: object) -> dict[str, object]:
    return {"p": platform, "unique_id": f"{device.id}_{key}", "name": name, **more}


def _id(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)
