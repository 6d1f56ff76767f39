"""What can be set about a trunk-recorder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import override

from radio_drivers.mqtt.settings import MEGABYTE, BrokerSettings, check_topic


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkRecorderSettings(BrokerSettings):
    """Settings of one `trunk-recorder` channel.

    Raises:
        ValueError: a topic or a pair of files that can't work.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    topic: str = "trunk-recorder"
    """The plugin's `topic`: calls are published below it."""
    systems: tuple[str, ...] = ()
    """Short names of the systems that belong to this channel, as in trunk-recorder's configuration. Empty: all."""
    talkgroups: tuple[int, ...] = ()
    """Talkgroups that belong to this channel (a conventional channel has one, too). Empty: all."""
    ignore_units: tuple[str, ...] = ()
    """Unit ids of our own base station: what they say is our own announcement, and no call."""
    split_units: bool = True
    """A recording in which several units talk becomes one transmission for each."""
    status_topic: str = "trunk_recorder/status"
    """Below `topic`: where the plugin says, retained, whether it is there. Empty: it is not asked."""
    clock_error_s: Annotated[float, Field(ge=0)] = 300.0
    """A call that ended further than this from our clock is taken as of now, and the log says so."""
    audio_max_mb: Annotated[float, Field(gt=0, le=32)] = 24.0
    """Largest recording that is accepted, in megabytes, before base64."""

    @override
    def __post_init__(self) -> None:
        if not self.topic:
            raise ValueError("topic is empty: give the plugin's topic, such as 'trunk-recorder'")
        check_topic("topic", self.topic, "trunk-recorder")
        check_topic("status_topic", self.status_topic, "trunk_recorder/status")
        BrokerSettings.__post_init__(self)  # super() has no class to look up in a slotted dataclass

    @property
    def audio_max_bytes(self) -> int:
        """`audio_max_mb` in bytes."""
        return int(self.audio_max_mb * MEGABYTE)

    def shares_calls_with(self, other: TrunkRecorderSettings) -> bool:
        """Some calls would be both's."""
        return (
            (self.broker, self.topic) == (other.broker, other.topic)
            and _meet(self.systems, other.systems)
            and _meet(self.talkgroups, other.talkgroups)
        )


def _meet(one: Collection[object], other: Collection[object]) -> bool:
    """They have something in common; empty stands for everything."""
    return not one or not other or bool(set(one) & set(other))
