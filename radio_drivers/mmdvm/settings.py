"""What can be set about an MMDVMHost beside a base station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field
from typing_extensions import override

from radio_drivers.mqtt.settings import BrokerSettings, check_topic


@dataclass(frozen=True, slots=True, kw_only=True)
class MmdvmSettings(BrokerSettings):
    """An MMDVMHost that repeats this channel; its audio comes by the channel's driver.

    Raises:
        ValueError: a topic or a pair of files that can't work.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    topic: str = ""
    """MMDVMHost's own name on the broker, such as "mmdvm". Empty: there is none, and this table does nothing."""
    client_id: str = ""
    """Must be unique on the broker; empty means "huecry-<channel>-mmdvm"."""
    slot: Literal[0, 1, 2] = 0
    """DMR: the time slot that is this channel; 0 takes both."""
    destinations: tuple[int, ...] = ()
    """DMR, P25, NXDN: talkgroups (or units called) that are this channel. Empty: all."""
    network: bool = True
    """Who comes in by the network counts as well as who comes in by radio."""
    emergency_text: str = "emergency"
    """A control block whose description has this in it is an emergency button; capital letters make no difference.
    Empty: none is."""
    busy_max_s: Annotated[float, Field(gt=0, le=3600)] = 180.0
    """A talker of whose end nothing is heard is over after this."""

    @override
    def __post_init__(self) -> None:
        check_topic("topic", self.topic, "mmdvm")
        BrokerSettings.__post_init__(self)  # super() has no class to look up in a slotted dataclass
