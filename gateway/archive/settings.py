"""What can be set about the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    """Recordings passed on to an rdio-scanner compatible server.

    **Audio with people's names leaves the box**: docs/archive.md has what the law asks.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    enabled: bool = False
    """Upload at all."""
    url: str = ""
    """The server, as `https://archive.example`; `/api/call-upload` is added unless the address has a path. The API key is
    secrets.archive_key."""
    system: Annotated[int, Field(ge=1, le=2**32)] = 1
    """Our system's number at the archive."""
    system_label: str = ""
    """Our system's name there. Empty: scheme.short."""
    talkgroups: dict[str, int] = field(default_factory=dict)
    """Which channels are uploaded, and under which talkgroup: `{ town = 9001 }`. Channels not named here stay here."""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    """One upload must be done within this. Seconds."""
    first_retry_s: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Pause after the first failure; it doubles with each further one."""
    longest_retry_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    """No pause between tries is longer."""
    keep_days: Annotated[float, Field(gt=0, le=365)] = 7.0
    """A recording that could not be uploaded within so many days is not uploaded any more."""

    def problems(self) -> tuple[str, ...]:
        """What keeps these settings from working: one sentence each, naming the key."""
        if not self.enabled:
            return ()
        found = []
        if not _usable(self.url):
            found.append("archive.url must be like https://archive.example, without user or password")
        if not self.talkgroups:
            found.append("archive.talkgroups names no channel: { town = 9001 } uploads the channel town")
        found += [
            f"archive.talkgroups: {channel} has {number}; a talkgroup is 1 to 4294967295"
            for channel, number in self.talkgroups.items()
            if not 1 <= number < 2**32
        ]
        if self.first_retry_s > self.longest_retry_s:
            found.append("archive.first_retry_s is above archive.longest_retry_s")
        return tuple(found)

    @property
    def upload_url(self) -> str:
        """Where calls are posted."""
        return self.url if urlsplit(self.url).path.strip("/") else f"{self.url.rstrip('/')}/api/call-upload"


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0 and plain
