"""What can be set about an MQTT broker, and about a base station behind one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field
from typing_extensions import override

TOPIC_MAX = 200

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """How to reach a broker. The password is not among them: it comes from a secret.

    Raises:
        ValueError: a pair of files that can't work.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    host: str = "localhost"
    """Name or address of the broker."""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """TCP port; 0 means 8883 with TLS and 1883 without (the ports registered for MQTT)."""
    username: str = ""
    """Empty: the broker lets anyone in."""
    client_id: str = ""
    """Must be unique on the broker; empty means "huecry-<channel>"."""
    tls: bool = False
    """Encrypt, and check the broker's certificate and name."""
    ca_file: str = ""
    """Certificate authority to trust (PEM); empty means those of the system."""
    certificate_file: str = ""
    """Our own certificate (PEM), for brokers that ask for one."""
    key_file: str = ""
    """The key of `certificate_file` (PEM)."""
    session_s: Annotated[int, Field(ge=0, le=3600)] = 120
    """The broker keeps what is published with QoS 1 for us for this long while we are away."""
    keepalive_s: Annotated[int, Field(ge=5, le=600)] = 15
    """A dead connection is noticed after at most twice this."""

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("host is empty: give the broker's name or address")
        if bool(self.certificate_file) != bool(self.key_file):
            raise ValueError("certificate_file and key_file belong together: give both or neither")
        if not self.tls and (self.ca_file or self.certificate_file):
            raise ValueError("ca_file and certificate_file do nothing without tls = true")

    @property
    def broker(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port_used}"

    @property
    def port_used(self) -> int:
        """The port to connect to."""
        return self.port or (8883 if self.tls else 1883)


def check_topic(key: str, topic: str, example: str) -> None:
    """A topic to which more is added must be a plain one; empty is left to whoever knows what that means.

    Raises:
        ValueError: what is wrong with it.
    """
    if any(sign in topic for sign in "+#\0") or topic.startswith(("/", "$")) or topic.endswith("/"):
        raise ValueError(
            f"{key} = {topic!r}: give a plain topic such as {example!r}, without +, # or a leading or trailing /"
        )
    if len(topic) > TOPIC_MAX:
        raise ValueError(f"{key} has {len(topic)} characters; {TOPIC_MAX} are enough")


def topic_part(channel: str) -> str:
    """A channel's name as it stands in topics and client ids: letters, digits, dot, dash and underscore."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttRadioSettings(BrokerSettings):
    """Settings of one `mqtt` base station.

    Raises:
        ValueError: a topic or a pair of files that can't work.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    topic: str = ""
    """Topics begin with this; empty means "huecry/radio/<channel>"."""
    transmit: Literal["wav", "stream"] = "wav"
    """Audio to transmit: one WAV on `tx/wav`, or samples on `tx/audio` as time passes."""
    confirms: bool = True
    """With "wav": the base station publishes `tx/state` when it has played. If it never does, our own clock decides."""
    text_out: bool = True
    """It takes text messages on `tx/text`."""
    text_max: Annotated[int, Field(ge=1, le=1000)] = 140
    """Characters in one text message."""
    silence_s: Annotated[float, Field(gt=0, le=60)] = 3.0
    """A transmission without audio and without key-down is ended after this."""
    longest_s: Annotated[float, Field(gt=0, le=600)] = 125.0
    """How long to wait for the WAV of a transmission that was announced as `"audio": "wav"`."""
    clock_error_s: Annotated[float, Field(ge=0)] = 300.0
    """Times that are further than this from our clock are not believed; the time of arrival counts instead."""
    wav_max_mb: Annotated[float, Field(gt=0, le=48)] = 24.0
    """Largest WAV that is accepted, in megabytes (24 MB: two minutes of 48 kHz stereo)."""

    @override
    def __post_init__(self) -> None:
        check_topic("topic", self.topic, "huecry/radio/town")
        BrokerSettings.__post_init__(self)  # super() has no class to look up in a slotted dataclass

    @property
    def wav_max_bytes(self) -> int:
        """`wav_max_mb` in bytes."""
        return int(self.wav_max_mb * MEGABYTE)
