"""curl, shaped as the senders of rdio-scanner's ecosystem shape their uploads. Field order, headers and quirks are theirs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

AT_S = 1795280400
"""2026-11-21 17:00:00 UTC."""

SDRTRUNK_BOUNDARY = "--sdrtrunk-sdrtrunk-sdrtrunk"


@dataclass(frozen=True)
class Said:
    """What the server answered."""

    status: int
    text: str


async def curl(*words: str, within_s: float = 30.0) -> Said:
    """Run curl; status 0 where there was no answer."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-s", "-m", str(within_s), "-w", "\n%{http_code}", *words, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    text, _, status = out.decode().rpartition("\n")
    return Said(int(status), text)


async def trunk_recorder(url: str, audio: Path, key: str, at_s: int = AT_S, **fields: str) -> Said:
    """trunk-recorder's rdioscanner_uploader (libcurl): audio first, `Expect:` blank."""
    form = {
        "audioName": audio.name,
        "audioType": "audio/mp4" if audio.suffix == ".m4a" else "audio/wav",
        "dateTime": str(at_s),
        "frequencies": f'[{{"freq": 453125000, "time": {at_s}, "pos": 0.00, "len": 3.10, "errorCount": 0, '
        '"spikeCount": 0}]',
        "frequency": "453125000",
        "key": key,
        "patches": "[]",
        "talkgroup": "9001",
        "talkgroupGroup": "Shops",
        "talkgroupLabel": "TOWN",
        "talkgroupTag": "Business",
        "talkgroupName": "Town centre shops",
        "sources": '[{ "pos": 0.00, "src": 12345 }]',
        "system": "1",
        "systemLabel": "shopwatch",
    } | fields
    words = ["-A", "TrunkRecorder1.0", "-H", "Expect:", "-F", f"audio=@{audio};type=application/octet-stream"]
    for name, value in form.items():
        words += ["--form-string", f"{name}={value}"]
    return await curl(*words, f"{url}/api/call-upload")


async def documented(url: str, audio: Path, key: str, **fields: str) -> Said:
    """The example of rdio-scanner's `docs/api.md`."""
    form = {
        "audioFileName": "audio.wav",
        "audioMime": "audio/x-wav",
        "dateTime": "1970-01-01T00:00:00.000Z",
        "frequencies": '[{"freq": 453125000, "dbm": -91.5}]',
        "frequency": "453125000",
        "key": key,
        "patches": "[]",
        "site": "1",
        "source": "12345",
        "sources": "[]",
        "system": "1",
        "systemLabel": "shopwatch",
        "talkgroup": "9001",
        "talkgroupGroup": "Shops",
        "talkgroupLabel": "TOWN",
        "timestamp": f"{AT_S}250",
    } | fields
    words = ["-F", f"audio=@{audio}"]
    for name, value in form.items():
        words += ["--form-string", f"{name}={value}"]
    return await curl(*words, f"{url}/api/call-upload")


async def with_meta(url: str, audio: Path, meta: Path, key: str, system: str = "1") -> Said:
    """trunk-recorder's upload script: its JSON file beside the audio."""
    words = ["-F", f"key={key}", "-F", f"system={system}", "-F", f"audio=@{audio}", "-F", f"meta=@{meta}"]
    return await curl(*words, f"{url}/api/trunk-recorder-call-upload")


async def sdrtrunk(url: str, audio: Path, key: str, folder: Path, at_s: int = AT_S, **fields: str) -> Said:
    """SDRTrunk: a Java client that asks for HTTP/2 and sends two Content-Type headers; file named before part."""
    form = {
        "key": key,
        "system": "1",
        "dateTime": str(at_s),
        "talkgroup": "9001",
        "source": "12345",
        "frequency": "453125000",
        "talkgroupLabel": "TOWN",
        "talkgroupGroup": "Shops",
        "systemLabel": "shopwatch",
        "patches": "[]",
    } | fields
    head = f'--{SDRTRUNK_BOUNDARY}\r\nContent-Disposition: form-data; filename="{audio.name}"; name="audio"\r\n\r\n'
    body = _sdrtrunk_parts(form) + head.encode() + await asyncio.to_thread(audio.read_bytes)
    words = [
        *("-H", "Connection: Upgrade, HTTP2-Settings", "-H", "Upgrade: h2c"),
        *("-H", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA", "-H", "Content-Type: audio/mpeg"),
    ]
    return await _sdrtrunk_post(url, body, folder, *words)


async def sdrtrunk_probe(url: str, key: str, folder: Path) -> Said:
    """SDRTrunk's test of the connection, over HTTP/1.1."""
    return await _sdrtrunk_post(url, _sdrtrunk_parts({"key": key, "system": "1", "test": "1"}), folder)


def _sdrtrunk_parts(form: dict[str, str]) -> bytes:
    return b"".join(
        f'--{SDRTRUNK_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    )


async def _sdrtrunk_post(url: str, body: bytes, folder: Path, *words: str) -> Said:
    file = folder / "body"
    await asyncio.to_thread(file.write_bytes, body + f"\r\n--{SDRTRUNK_BOUNDARY}--\r\n".encode())
    multipart = f"Content-Type: multipart/form-data; boundary={SDRTRUNK_BOUNDARY}"
    return await curl(
        *("-A", "sdrtrunk", "-H", "Expect:", "-H", multipart, *words),
        *("--data-binary", f"@{file}", f"{url}/api/call-upload"),
    )
