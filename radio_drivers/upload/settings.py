"""What can be set about a channel that recorders upload calls to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, SecretStr

MEGABYTE = 1_000_000

KEY_MIN = 8
"""Characters in an API key. rdio-scanner makes UUIDs of 36."""

KEYS_MAX = 32


@dataclass(frozen=True, slots=True)
class Source:
    """One recorder, known by its API key."""

    name: str
    """For the log; the key itself is never shown."""
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSettings:
    """Settings of one `upload` channel.

    Raises:
        ValueError: an address or keys that can't work; never shows a key.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    listen: str = "127.0.0.1:3000"
    """Address and port on which recorders reach us. Channels with the same address share one server. `0.0.0.0:3000` is
    every network of this machine: the keys then cross it unencrypted, so put a TLS proxy in front of it."""
    key: SecretStr | None = None
    """The API key that the recorder sends. Several recorders: one key to a line, each with a name before it for the log
    (`roof 6f1c...`)."""
    systems: tuple[Annotated[int, Field(ge=0, le=2**32)], ...] = ()
    """System numbers that belong to this channel; empty means all that come with this channel's key."""
    talkgroups: tuple[Annotated[int, Field(ge=0, le=2**32)], ...] = ()
    """Talkgroup numbers that belong to this channel; empty means all that come with this channel's key."""
    split_talkers: bool = True
    """A recording in which several radios speak in turn becomes a transmission for each."""
    duplicate_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    """A call that lies within the time of one from another recorder (give each a key of its own), give or take so many
    seconds, is the same call. The same recording is recognised in any case."""
    clock_error_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    """A call that ends further in the future than this is not believed: it gets its time by its arrival. Seconds."""
    audio_max_mb: Annotated[float, Field(gt=0, le=48)] = 24.0
    """Largest audio file that is accepted, in megabytes."""
    longest_s: Annotated[float, Field(gt=0, le=1800)] = 600.0
    """Longest call that is accepted. Seconds."""
    calls_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 240
    """Calls accepted with one key in a minute; more are told to come back later."""

    def __post_init__(self) -> None:
        _ = self.address
        _ = self.sources

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]+)):(\d{1,5})", self.listen)
        if match is None or int(match[3]) > 65_535:
            raise ValueError(f"listen is {self.listen!r}: give address and port, as 127.0.0.1:3000 or [::1]:3000")
        return match[1] or match[2], int(match[3])

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every recorder that may send."""
        text = self.key.get_secret_value() if self.key is not None else ""
        sources = []
        for number, line in enumerate((line.split() for line in text.splitlines() if line.strip()), start=1):
            if len(line) > 2 or len(line[-1]) < KEY_MIN:
                raise ValueError(f"key, line {number}: give a key of {KEY_MIN} characters or more, or a name and a key")
            sources.append(Source(line[0] if len(line) == 2 else f"key {number}", line[-1]))
        if len(sources) > KEYS_MAX:
            raise ValueError(f"key holds {len(sources)} keys; {KEYS_MAX} are enough")
        if len({source.key for source in sources}) < len(sources):
            raise ValueError("key holds the same key twice")
        return tuple(sources)

    @property
    def audio_max_bytes(self) -> int:
        """`audio_max_mb` in bytes."""
        return int(self.audio_max_mb * MEGABYTE)


def both_claim(one: UploadSettings, other: UploadSettings) -> bool:
    """Two channels would each take the same call: one address, a key in common, and the same systems and talkgroups.

    Where only one of them names systems or talkgroups there is no doubt: the one that names them takes the call.
    """
    if one.address != other.address or not {s.key for s in one.sources} & {s.key for s in other.sources}:
        return False
    if bool(one.systems) != bool(other.systems) or bool(one.talkgroups) != bool(other.talkgroups):
        return False
    return all(
        not mine or set(mine) & set(theirs)
        for mine, theirs in ((one.systems, other.systems), (one.talkgroups, other.talkgroups))
    )
