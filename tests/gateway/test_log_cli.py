"""`huecry log` against a real database and real recordings."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch.calls import AlertKind, Call, Decision, DecisionKind, Intent, Match, Mention, MentionKind, Priority, Span
from dispatch.deliveries import NewAlert
from dispatch.people import NoticeState
from dispatch.register.csv_import import parse_register
from dispatch.store.store import Store, open_store
from dispatch.store.transmissions import NewTranscript, NewTransmission
from gateway.cli import log as log_cli
from gateway.cli.log import Wanted, app, find

START = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
SAID = ("Fernleigh Books to control", "Jordan Askwith by the fountain", "stand down stand down")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with three transmissions, the second of which led to alert 1; to be copied."""
    state = tmp_path_factory.mktemp("filled") / "state"
    asyncio.run(fill(state))
    return state


@pytest.fixture
def home(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, and settings that name it."""
    for name in [*os.environ]:
        if name.startswith("HUECRY_"):
            monkeypatch.delenv(name)
    config = tmp_path / "huecry.toml"
    config.write_text('[paths]\nstate_dir = "state"\n[scheme]\ntimezone = "Europe/London"\n')
    monkeypatch.setenv("HUECRY_CONFIG", str(config))
    state = tmp_path / "state"
    shutil.copytree(filled, state)
    return state


async def fill(state: Path) -> None:
    state.mkdir()
    async with open_store(f"sqlite:///{state / 'huecry.db'}") as store:
        for number, said in enumerate(SAID, start=1):
            path = state / "audio" / f"{number}.wav"
            await asyncio.to_thread(write_sound, path, number)
            await keep(store, number, said, path.name)
        await alert_for(store, 2)


def write_sound(path: Path, number: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(bytes([number, 0]) * 1600)


async def keep(store: Store, number: int, said: str, path: str) -> None:
    at = START + timedelta(minutes=number)
    new = NewTransmission(
        uid=f"{number:032x}",
        channel="town" if number < 3 else "hill",
        unit=None,
        strength_dbm=None,
        started_at=at,
        ended_at=at + timedelta(seconds=0.1),
        duration_s=0.1,
        audio_path=path,
        sha256=f"{number:064x}",
    )
    assert await store.transmissions.record(new) == number
    await store.transmissions.save_transcript(number, NewTranscript(said, (), (), -0.1, 0.0, "test", 0.1))


async def alert_for(store: Store, number: int) -> None:
    table = (
        "reference,first_name,last_name,aliases,sex,date_of_birth,notice_status,notice_served_on,notice_expires_on\n"
        "FT-0007,Jordan,Askwith,,M,1990-05-01,active,2026-01-10,2027-01-09\n"
    )
    parsed = parse_register(table.encode())
    assert not parsed.refusals
    await store.register.import_people(parsed.rows, dry_run=False, by="test")
    [person] = await store.register.people()
    mention = Mention("Jordan Askwith", MentionKind.FULL, Span(0, 14), "jordan askwith")
    found = Match(mention, person, 0.97, NoticeState.ACTIVE, None, "full name")
    call = Call(SAID[1], Intent.SIGHTING, mentions=(mention,))
    decision = Decision(DecisionKind.ALERT, "sure", AlertKind.SIGHTING, named=(found,))
    alert = NewAlert(
        number=await store.decisions.reserve_number(),
        kind=AlertKind.SIGHTING,
        priority=Priority.NORMAL,
        created_at=START,
        expires_at=START + timedelta(minutes=10),
        offender_ids=(person.offender_id,),
        notice_ids=(),
        place="the fountain",
        summary="FT-0007 by the fountain",
        deliveries=(),
    )
    await store.decisions.commit(number, call, [found], decision, alert, START, {})


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def ids(*words: str) -> list[int]:
    return [json.loads(line)["transmission_id"] for line in run("search", "--json", *words).splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], [3, 2, 1]),
        (["stand", "down"], [3]),
        (["fount"], [2]),
        (["nobody said this"], []),
        (["--limit", "2"], [3, 2]),
        (["--since", "2026-03-07 14:02"], [3, 2]),
        (["--until", "2026-03-07T14:02+00:00"], [1]),
        (["--since", "2026-03-08"], []),
        (["--reference", "ft-0007"], [2]),
        (["--channel", "hill"], [3]),
        (["--alerts"], [2]),
        (["--alert", "1"], [2]),
        (["--alert", "2"], []),
        (["--alerts", "stand"], []),
    ],
)
def test_transmissions_are_found(words: list[str], found: list[int], home: Path) -> None:
    assert ids(*words) == found


def test_the_table_is_for_people(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    table = run("search")
    assert "2026-03-07 14:02:00" in table
    assert "alert 1: FT-0007 by the fountain" in table
    assert run("search", "unheard-of") == "nothing found\n"


def test_a_time_that_is_none_is_refused(home: Path) -> None:
    result = CliRunner().invoke(app, ["search", "--since", "soon"])
    assert result.exit_code == 2
    assert "is not a time" in result.output


def test_show_tells_everything(home: Path) -> None:
    entry = json.loads(run("show", "2"))
    assert (entry["text"], entry["alert_number"], entry["people"][0]["reference"]) == (SAID[1], 1, "FT-0007")


def test_export_copies_sound_and_what_is_known(home: Path, tmp_path: Path) -> None:
    run("export", "1", "3", "--to", str(tmp_path / "out"))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "20260307T140100Z_1.json",
        "20260307T140100Z_1.wav",
        "20260307T140300Z_3.json",
        "20260307T140300Z_3.wav",
    ]
    assert (tmp_path / "out" / names[3]).read_bytes() == (home / "audio" / "3.wav").read_bytes()
    assert json.loads((tmp_path / "out" / names[2]).read_text())["text"] == SAID[2]


def test_sound_that_is_gone_is_said_so_and_nothing_is_exported(home: Path, tmp_path: Path) -> None:
    (home / "audio" / "3.wav").unlink()
    result = CliRunner().invoke(app, ["export", "1", "3", "--to", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "transmission 3 has no sound" in result.output
    assert not (tmp_path / "out").exists()


def test_play_hands_the_recording_to_a_player(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player = tmp_path / "bin" / "aplay"
    player.parent.mkdir()
    player.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/played\n')
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}")
    monkeypatch.setattr(log_cli, "PLAYERS", (("no-such-player",), ("aplay", "-q")))
    player.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/played\n')
    run("play", "1", "2")
    played = (tmp_path / "played").read_text().splitlines()
    assert played == [f"-q {home}/audio/1.wav", f"-q {home}/audio/2.wav"]
    player.write_text("#!/bin/sh\nexit 3\n")
    assert "could not play" in run("play", "1", code=1)
    player.unlink()
    result = CliRunner().invoke(app, ["play", "1"])
    assert "apt-get install alsa-utils" in result.output


def test_every_look_is_on_record(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "olive")
    run("search", "--reference", "FT-0007")
    run("show", "2")
    run("export", "3", "--to", str(tmp_path / "out"))

    async def trail() -> list[tuple[str, str, str]]:
        async with open_store(f"sqlite:///{home / 'huecry.db'}") as store:
            return [(e.actor, e.action, e.subject) for e in await store.audit.list() if e.actor == "olive"]

    assert asyncio.run(trail()) == [
        ("olive", "exported", "transmission 3"),
        ("olive", "looked at", "transmission 2"),
        ("olive", "searched the log", "1 transmissions"),
    ]


def test_looking_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "h.toml"
    config.write_text('[paths]\nstate_dir = "state"\n')
    result = CliRunner().invoke(app, ["search", "--config", str(config)])
    assert "there is no database yet" in str(result.exception)
    assert not (tmp_path / "state").exists()


async def test_pages_are_joined_without_gap_or_repeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More alike in time than one page holds is the hard case: the page border falls inside one moment."""
    monkeypatch.setattr(log_cli, "PAGE", 3)
    async with open_store(f"sqlite:///{tmp_path / 'h.db'}") as store:
        for number in range(1, 12):
            at = START + timedelta(seconds=number // 2)
            await store.transmissions.record(
                NewTransmission(f"{number:032x}", "town", None, None, at, at, 1.0, "x.wav", f"{number:064x}")
            )
        found = await find(store, Wanted(), 100)
        assert [entry.transmission_id for entry in found] == list(range(11, 0, -1))
        assert len(await find(store, Wanted(), 5)) == 5
