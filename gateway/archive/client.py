"""One upload: the form as rdio-scanner takes it, and what the archive's answer means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import aiohttp

from dispatch.store.recorded import Recording
from gateway.archive.settings import ArchiveSettings

ANSWER_MAX = 4_096
"""Bytes of an answer that are read."""

FINE = ("call imported successfully", "duplicate call rejected")
"""What the ecosystem's servers say, in any case of letters; see docs/radios/upload.md."""

PROBED = "incomplete call data"
"""The answer to a probe with a key that is right, or not looked at yet."""

THIS_CALL = frozenset({400, 406, 409, 411, 413, 415, 416, 417, 422})
"""Statuses that speak of this call: it would be refused for ever. Everything else may pass, or be mended."""


@dataclass(frozen=True, slots=True)
class Archived:
    """The archive has it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The archive will never take this one."""

    why: str


@dataclass(frozen=True, slots=True)
class Later:
    """Another try makes sense."""

    why: str
    after_s: float = 0.0
    """Not before; the archive's wish."""
    doubtful: bool = False
    """It may be this one recording that the archive stumbles over: not to be tried for ever."""


Outcome = Archived | Refused | Later


def fields_of(recording: Recording, settings: ArchiveSettings, system_label: str, key: str) -> dict[str, str]:
    """Text parts of the form. RFC 3339 with milliseconds: two short calls in one second are two calls."""
    fields = {
        "key": key,
        "system": str(settings.system),
        "systemLabel": settings.system_label or system_label,
        "talkgroup": str(settings.talkgroups[recording.channel]),
        "talkgroupLabel": recording.channel,
        "dateTime": recording.started_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "audioName": audio_name(recording),
        "audioType": "audio/wav",
        "frequencies": "[]",
        "patches": "[]",
        "sources": "[]",
    }
    if recording.strength_dbm is not None:
        heard = {"pos": 0, "len": round(recording.duration_s, 2), "dbm": round(recording.strength_dbm, 1)}
        fields["frequencies"] = json.dumps([heard])
    if recording.unit is not None and recording.unit.isascii() and recording.unit.isdigit():
        fields["source"] = recording.unit
        fields["sources"] = json.dumps([{"pos": 0, "src": int(recording.unit)}])
    return fields


def audio_name(recording: Recording) -> str:
    """As trunk-recorder names files: what the archive shows."""
    return f"{recording.channel}-{recording.started_at.astimezone(UTC):%Y%m%dT%H%M%S}-{recording.uid[:8]}.wav"


class ArchiveClient:
    """Uploads to one archive. Made by `open_client`.

    Args:
        session: open.
        settings: where to.
        system_label: for settings without one.
        key: the API key.
    """

    def __init__(self, session: aiohttp.ClientSession, settings: ArchiveSettings, system_label: str, key: str) -> None:
        self._session = session
        self._settings = settings
        self._system_label = system_label
        self._key = key

    async def upload(self, recording: Recording) -> Outcome:
        """Send one recording. Never raises for what the network or the archive does."""
        try:
            audio = await asyncio.to_thread(Path(recording.audio_path).read_bytes)
        except FileNotFoundError:
            return Refused("the recording is not there any more")
        except OSError as error:
            return Later(f"the recording can't be read: {error.strerror or error}")
        form = aiohttp.FormData()
        for name, value in fields_of(recording, self._settings, self._system_label, self._key).items():
            form.add_field(name, value)
        form.add_field("audio", audio, filename=audio_name(recording), content_type="audio/wav")
        return await self._post(form)

    async def probe(self) -> Outcome:
        """Ask whether it would take our calls, as SDRTrunk does: with a form that lacks the call. Enters nothing."""
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in {"key": self._key, "system": str(self._settings.system), "test": "1"}.items():
            form.add_field(name, value)
        answer = await self._post(form)
        complete = isinstance(answer, Refused) and PROBED in answer.why.casefold()
        return Archived() if complete else answer

    async def _post(self, form: aiohttp.FormData) -> Outcome:
        try:
            # A redirect would carry the key to wherever it points.
            async with self._session.post(self._settings.upload_url, data=form, allow_redirects=False) as response:
                text = (await response.content.read(ANSWER_MAX)).decode("utf-8", "replace")
                return outcome_of(response.status, text, response.headers.get("Retry-After", ""))
        except TimeoutError:
            return Later(f"no answer within {self._settings.timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return Later(f"{type(error).__name__}: {error}")


def outcome_of(status: int, text: str, retry_after: str = "") -> Outcome:
    """What an answer means. Success takes the words as well: a hotspot's log-in page is a 200, too."""
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]
    if 200 <= status < 300:
        if any(words in text.casefold() for words in FINE):
            return Archived()
        return Later(f"it answers {status}, but not as an rdio-scanner does: {said!r}")
    if status in THIS_CALL:
        return Refused(f"it answers {status}: {said!r}")
    if 300 <= status < 400:
        return Later(f"it answers {status}: archive.url must be the address that it points to")
    if status == 401:
        return Later(f"it does not accept secrets.archive_key for this system and talkgroup: {said!r}")
    wait_s = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 6 else 0.0
    return Later(f"it answers {status}: {said!r}", wait_s, doubtful=status == 500)


@asynccontextmanager
async def open_client(settings: ArchiveSettings, system_label: str, key: str) -> AsyncIterator[ArchiveClient]:
    """A client whose connections are closed on leaving."""
    timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
    async with aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "huecry"}) as session:
        yield ArchiveClient(session, settings, system_label, key)
