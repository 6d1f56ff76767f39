"""What can be set about a base station that speaks Hermes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import override

from radio_drivers.mqtt.settings import BrokerSettings, check_topic


@dataclass(frozen=True, slots=True, kw_only=True)
class HermesSettings(BrokerSettings):
    """Settings of one `hermes` base station.

    Raises:
        ValueError: a topic or a pair of files that can't work.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    topic: str = "hermes"
    """All topics begin with this; the protocol's own word, to be changed only where a bridge renames topics."""
    site: str = ""
    """The site id of microphone and loudspeaker at the base station; empty means the channel's name."""
    confirms: bool = True
    """The loudspeaker publishes `playFinished`. If it never does, our own clock decides."""
    say: bool = False
    """Their synthesiser speaks: announcements go out as text on `tts/say`, and not as sound."""
    say_max: Annotated[int, Field(ge=20, le=1000)] = 300
    """Characters in one text for their synthesiser."""
    lang: str = ""
    """Language asked of their synthesiser; empty means its own."""
    vox_threshold_dbfs: Annotated[float, Field(ge=-90, le=0)] = -40.0
    """Sound below this never counts as talk (RMS; a full-scale sine is -3 dBFS)."""
    vox_attack_ms: Annotated[int, Field(ge=0, le=1000)] = 60
    """Sound must last this long before it counts as talk: clicks don't."""
    vox_hang_ms: Annotated[int, Field(ge=100, le=5000)] = 800
    """Talk ends after this much quiet: people breathe between words."""
    silence_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """A transmission of which no more frames come is ended after this."""
    frames_missing_s: Annotated[float, Field(ge=0, le=3600)] = 15.0
    """A microphone that has published no frame for so long counts as a lost link; 0 never does (it only publishes while
    somebody talks)."""
    deaf_s: Annotated[float, Field(ge=0, le=5)] = 0.5
    """After our own announcement: what is still on its way to us was ours."""

    @override
    def __post_init__(self) -> None:
        if not self.topic:
            raise ValueError("topic is empty: the protocol's own word is 'hermes'")
        check_topic("topic", self.topic, "hermes")
        if "/" in self.site:
            raise ValueError(f"site = {self.site!r}: a site id has no / in it")
        check_topic("site", self.site, "town-base")
        BrokerSettings.__post_init__(self)  # super() has no class to look up in a slotted dataclass
