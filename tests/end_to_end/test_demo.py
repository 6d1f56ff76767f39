"""The demonstration as a newcomer runs it, only faster."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from pathlib import Path

import pytest
from rich.console import Console

from gateway.demo.show import MARK, show
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import Hints
from gateway.speech.workers import SpeechWorkers

WHO_MAY_BE_NAMED = {"FT-0101", "FT-0117", "FT-0115", "FT-0114"}
"""Those whom the script has somebody report who is excluded now."""


@pytest.mark.timeout(180)
@pytest.mark.speech
async def test_the_afternoon_is_heard_decided_told_and_left_in_a_folder(tmp_path: Path) -> None:
    screen = Console(file=io.StringIO(), width=100)
    folder = tmp_path / "demo"
    shown = await show(folder, screen, pace=0.12)
    log = [json.loads(line) for line in (await asyncio.to_thread((folder / "log.jsonl").read_text)).splitlines()]
    assert len(log) == shown.calls == 12
    assert all(entry.get("decision") for entry in log), "every call was heard"
    wrong = [entry for entry in log if entry["decision"] != entry["expected"]]
    assert shown.as_scripted == 12, wrong
    # Whatever else: nobody is named who was not meant.
    spoken = " ".join(entry["sms"] or "" for entry in log)
    assert {f"FT-{word}" for word in _numbers_after(spoken, "Ref ")} <= WHO_MAY_BE_NAMED
    output = screen.file.getvalue()  # type: ignore[attr-defined] # the StringIO from above
    assert "12 of 12" in output
    picture = await asyncio.to_thread((folder / "timeline.png").read_bytes)
    assert picture.startswith(b"\x89PNG")
    assert len(await asyncio.to_thread(lambda: list((folder / "texts").glob("*.txt")))) == 3 * 8
    assert await asyncio.to_thread((folder / MARK).is_file)
    await _rebroadcasts_can_be_understood(folder / "rebroadcasts")


def _numbers_after(text: str, mark: str) -> set[str]:
    return {part[:4] for part in text.split(mark)[1:]}


async def _rebroadcasts_can_be_understood(folder: Path) -> None:
    """What the guards' radios got: long enough, loud enough, not clipped, and the reference can be heard in it."""
    files = await asyncio.to_thread(lambda: sorted(folder.glob("*.wav")))
    assert len(files) == 8
    async with SpeechWorkers(SpeechSettings(hot_words=False)) as speech:
        pcm = await asyncio.to_thread(_samples, files[0])
        assert 5 < len(pcm) / 32_000 < 17
        levels = [abs(int.from_bytes(pcm[i : i + 2], "little", signed=True)) for i in range(0, len(pcm), 2)]
        assert 0.3 < max(levels) / 32_768 < 0.95
        heard = await speech.transcribe(pcm, Hints())
        assert "0101" in heard.text.replace("-", "").replace(" ", "")


def _samples(path: Path) -> bytes:
    with wave.open(str(path), "rb") as wav:
        return wav.readframes(wav.getnframes())


async def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "holiday.jpg").write_bytes, b"precious")
    with pytest.raises(FileExistsError, match="--out"):
        await show(tmp_path, Console(file=io.StringIO()))
    assert await asyncio.to_thread((tmp_path / "holiday.jpg").read_bytes) == b"precious"
