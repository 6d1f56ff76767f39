"""`huecry replay` as measurements use it: fields, exit codes, files that can't be read, and nothing sent unless asked."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from gateway.audio import wav_bytes
from radio_drivers.signalling.mdc1200 import Packet
from radio_drivers.signalling.mdc1200_sound import sound_of
from radio_drivers.signalling.tones import to_pcm
from tests.end_to_end.conftest import Say
from tests.end_to_end.town import PHONES, ROOT, Town

FIELDS = {
    "file", "duration_s", "unit", "strength_dbm", "signalling", "transcript", "intent", "people", "candidates", "caller",
    "place", "heading", "description", "priority", "priority_reason", "decision", "decision_reason", "alert", "latency_s",
    "engine", "timings_s", "emergency",
}  # fmt: skip
PERSON = {"said", "reference", "name", "kind", "confidence", "negated", "notice", "reason"}


async def replay(town: Town, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, records, and what was said."""
    out = town.folder / "out.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "--config", str(town.config), "replay", *words, "--json", str(out),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=ROOT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    records = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    return process.returncode, records, said.decode()


@pytest.mark.timeout(90)
@pytest.mark.speech
async def test_every_kind_of_file_gets_a_line(town: Town, say: Say) -> None:
    pcm = say("Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over.")
    calls = town.folder / "calls"
    calls.mkdir()
    samples = np.frombuffer(pcm, "<i2")
    (calls / "a.wav").write_bytes(wav_bytes(pcm))
    soundfile.write(calls / "b.flac", np.stack([samples, samples], axis=1), 16_000)
    soundfile.write(calls / "c.ogg", samples.astype(np.float32)[::2] / 32768, 8_000)
    (calls / "d.wav").write_bytes(b"")
    (calls / "e.wav").write_bytes(wav_bytes(pcm)[:40])
    (calls / "f.mp3").write_bytes(b"\x00\xff" * 500)
    (calls / "g.wav").write_bytes(wav_bytes(bytes(64_000)))
    code, records, said = await replay(
        town, "--register", str(town.folder / "register.csv"), "--no-dispatch", str(calls)
    )
    assert code == 1, said
    assert [Path(record["file"]).name for record in records] == [
        f"{name}" for name in sorted(p.name for p in calls.iterdir())
    ]
    by_name = {Path(record["file"]).name: record for record in records}
    for name in ("d.wav", "e.wav", "f.mp3"):
        assert set(by_name[name]) == {"file", "error"}
        assert by_name[name]["error"]
    for name in ("a.wav", "b.flac", "c.ogg", "g.wav"):
        assert set(by_name[name]) == FIELDS
    first = by_name["a.wav"]
    assert first["decision"] == "alert", first
    assert [person["reference"] for person in first["people"]] == ["FT-0101"]
    assert set(first["people"][0]) == PERSON
    assert first["people"][0]["notice"] == "active"
    assert "zero one zero one" in first["alert"]["radio_voice"]
    assert "Ref 0101" in first["alert"]["sms"]
    assert first["latency_s"] >= first["timings_s"]["hear"]
    assert by_name["g.wav"]["decision"] == "log"
    assert by_name["g.wav"]["intent"] == "unintelligible"
    assert not town.twilio.texts
    assert town.rows("select count(*) from transmissions") == [(0,)], "the configured store is untouched"


@pytest.mark.timeout(90)
@pytest.mark.timeout(90)
@pytest.mark.speech
async def test_signalling_in_a_recording_tells_who_it_was(town: Town, say: Say) -> None:
    with town.config.open("a") as config:
        config.write("\n[radio.signalling]\nmdc1200 = true\n")
    speech = say("Martin Blackwood has just walked in, grey hoodie, over.")
    with_id = to_pcm(sound_of(Packet(0x01, 0x80, 0x1002))) + speech
    help_wanted = to_pcm(sound_of(Packet(0x00, 0x80, 0x1002))) + bytes(64_000)
    for name, pcm in (("a.wav", with_id), ("b.wav", help_wanted), ("c.wav", speech)):
        (town.folder / name).write_bytes(wav_bytes(pcm))
    files = [str(town.folder / name) for name in ("a.wav", "b.wav", "c.wav")]
    code, records, said = await replay(town, "--no-dispatch", "--members", str(town.folder / "members.csv"), *files)
    assert code == 0, said
    told, pressed, untold = records
    assert (told["unit"], told["signalling"]) == ("1002", ["MDC-1200: PTT ID 1002"])
    assert (told["caller"], told["place"], told["emergency"]) == ("Corner Books", "Corner Books", None)
    assert (untold["unit"], untold["signalling"], untold["caller"]) == (None, [], None)
    assert pressed["emergency"]["decision"] == "alert"
    assert pressed["emergency"]["caller"] == "Corner Books"
    assert "Corner Books" in pressed["emergency"]["alert"]["radio_voice"]
    assert pressed["decision"] == "log", "nothing was said after it"
    code, _, said = await replay(town, "--no-dispatch", "--radio", "yard", *files)
    assert (code, "no radio is called 'yard'; there are: town" in said) == (2, True)


@pytest.mark.speech
async def test_without_no_dispatch_deliveries_go_out(town: Town, say: Say) -> None:
    call = town.folder / "call.wav"
    call.write_bytes(wav_bytes(say("Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over.")))
    code, records, said = await replay(town, str(call))
    assert code == 0, said
    assert records[0]["decision"] == "alert"
    assert {number for number, _ in town.twilio.texts} == PHONES
    assert town.rows("select count(*), min(source) from transmissions") == [(1, "replay")]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--engine", "parrot", "here"], "whisper and vosk are"),
        (["--engine", "wyoming", "here"], "needs its address: set speech.url"),
        (["--register", "/nowhere.csv", "here"], "/nowhere.csv"),
        (["nowhere.wav"], "nowhere.wav"),
        (["empty"], "no WAV, FLAC, MP3 or OGG"),
    ],
)
async def test_wrong_usage_is_said_and_ends_with_2(town: Town, words: list[str], complaint: str) -> None:
    (town.folder / "empty").mkdir()
    (town.folder / "here").mkdir()
    (town.folder / "here" / "x.wav").write_bytes(b"")
    placed = [str(town.folder / word) if word in {"here", "empty", "nowhere.wav"} else word for word in words]
    code, _, said = await replay(town, *placed)
    assert code == 2, said
    assert complaint in " ".join(said.split())
