"""What `huecry doctor` finds about recorders that upload to us, and about the archive that we upload to.

Nothing is entered anywhere. The daemon may run at the same time.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Callable

import aiohttp

from gateway import doctor
from gateway.archive.client import Archived, Later, Refused, open_client
from gateway.doctor import Finding
from gateway.settings import RadioSettings, Settings
from radio_drivers.upload.answers import WRONG_METHOD
from radio_drivers.upload.desk import CALL_UPLOAD

PATIENCE_S = 5.0


async def upload_checks(radio: RadioSettings, find: Callable[[str], str | None] = shutil.which) -> list[Finding]:
    """Keys are there, the address can be had, and M4A can be played."""
    part = f"radio {radio.name}"
    found = []
    names = [source.name for source in radio.upload.sources]
    if names:
        found.append(doctor.ok(part, f"API keys for uploads: {', '.join(names)}"))
    else:
        mend = f"put one into a file: radio.upload.key_file, or the systemd credential radio.{radio.name}.upload.key"
        found.append(doctor.fail(part, "no API key for uploads", mend))
    found.append(await _address(radio, part))
    if await asyncio.to_thread(find, "ffmpeg") is None:
        mend = "apt-get install ffmpeg, unless all your recorders send WAV or MP3"
        found.append(doctor.warn(part, "without ffmpeg M4A can't be played, which trunk-recorder sends", mend))
    return found


async def _address(radio: RadioSettings, part: str) -> Finding:
    host, port = radio.upload.address
    try:
        server = await asyncio.start_server(lambda _, __: None, host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _is_ours(radio):
            return doctor.ok(part, f"a gateway takes uploads at {radio.upload.listen}")
        mend = "correct radio.upload.listen, or stop the other program there"
        return doctor.fail(part, f"can't listen at {radio.upload.listen}: {error.strerror or error}", mend)
    server.close()
    return doctor.ok(part, f"uploads can be taken at {radio.upload.listen}")


async def _is_ours(radio: RadioSettings) -> bool:
    """Something there answers as our server does."""
    host, port = radio.upload.address
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    name = f"[{reach}]" if ":" in reach else reach
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session,
            session.get(f"http://{name}:{port}{CALL_UPLOAD}") as response,
        ):
            return response.status == WRONG_METHOD.status and await response.text() == WRONG_METHOD.text
    except (aiohttp.ClientError, OSError, UnicodeDecodeError):
        return False


async def archive_checks(settings: Settings) -> list[Finding]:
    """The archive knows our key."""
    key = settings.secrets.archive_key
    if not settings.archive.enabled or key is None:
        return []
    async with open_client(settings.archive, settings.scheme.short, key.get_secret_value()) as client:
        match await client.probe():
            case Archived():
                return [doctor.ok("archive", f"{settings.archive.url} answers")]
            case Later(why) | Refused(why):
                mend = "start it, or correct [archive] and secrets.archive_key; recordings wait here meanwhile"
                return [doctor.fail("archive", f"{settings.archive.url}: {why}", mend)]
