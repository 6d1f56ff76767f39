"""Whatever the other end does, a request ends in time, with an error that says what to look at, and nothing stays open."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import numpy as np
import pytest

from gateway.speech.transcript import Claim, Hints, SpeechError
from gateway.speech.voice_worker import VoiceError
from gateway.speech.wyoming import client, synthesiser, transcriber
from gateway.speech.wyoming.client import address_of
from gateway.speech.wyoming.framing import Event
from gateway.speech.wyoming.messages import Sound
from gateway.speech.wyoming.synthesiser import WyomingSynthesiser, converted
from gateway.speech.wyoming.transcriber import WyomingTranscriber
from tests.gateway.speech.wyoming import hostile
from tests.gateway.speech.wyoming.hostile import CD, Mood, rude
from tests.peers.ports import free_port

CALL = b"\x01\x02" * 16_000
TIME_OUT_S = 1.2


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DESCRIBE_S", 0.8)


@pytest.mark.parametrize(
    ("mood", "complaint"),
    [
        (hostile.silent, "says nothing"),
        (hostile.slams, "hung up"),
        (hostile.web, "no Wyoming protocol"),
        (hostile.noise, "no Wyoming protocol"),
        (hostile.half_an_info, "in mid-sentence"),
        (hostile.other_trade, "can't hear"),
        (hostile.endless_line, "no Wyoming protocol: a header line of more than"),
        (hostile.endless_events, "sends more than"),
        (hostile.huge_promise, "data_length 99999999999 is refused"),
        (hostile.hangs_over_work, "no transcript within 1.2 s"),
        (hostile.drips, "no transcript within 1.2 s"),
        (hostile.chatters, "no transcript within 1.2 s"),
        (hostile.resets_in_mid_call, "hung up"),
        (hostile.closes_before_the_answer, "hung up before its answer"),
        (hostile.regrets, r"refused: out of \[31m memory"),
        (hostile.says_nothing_with_many_fields, "a transcript without a text"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_call_that_goes_wrong_elsewhere(mood: Mood, complaint: str) -> None:
    async with rude(mood) as server:
        ears = WyomingTranscriber(server.url, time_out_s=TIME_OUT_S)
        async with asyncio.timeout(10):
            with pytest.raises(SpeechError, match=complaint) as error:
                await ears.transcribe(CALL, Hints())
            assert server.url.removeprefix("tcp://") in str(error.value)
            if mood in {hostile.silent, hostile.web, hostile.hangs_over_work}:  # those that wait for our end to hang up
                while server.open:
                    await asyncio.sleep(0.01)


async def test_one_that_takes_no_audio_does_not_hold_us_up() -> None:
    async with rude(hostile.never_reads_on) as server:
        ears = WyomingTranscriber(server.url, time_out_s=TIME_OUT_S)
        async with asyncio.timeout(10):
            with pytest.raises(SpeechError, match="no transcript within"):
                await ears.transcribe(bytes(12 << 20), Hints())


async def test_nobody_there() -> None:
    port = free_port()
    ears = WyomingTranscriber(f"tcp://127.0.0.1:{port}")
    with pytest.raises(
        SpeechError, match=f"127.0.0.1:{port} can't be reached: Connection refused; does the server run"
    ):
        await ears.look()
    assert not await ears.ping()
    for url in ("unix:///nowhere/socket", "unix:///" + "x" * 200, "tcp://no..name:1", f"tcp://{'x' * 70}.example:1"):
        with pytest.raises(SpeechError, match="can't be reached"):
            await WyomingTranscriber(url).look()


async def test_a_machine_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(client, "CONNECT_S", 0.05)
    monkeypatch.setattr(asyncio, "open_connection", never)
    with pytest.raises(SpeechError, match="is that machine on"):
        await WyomingTranscriber("tcp://192.0.2.1:10300").look()


async def test_a_request_can_be_called_off() -> None:
    async with rude(hostile.hangs_over_work) as server:
        task = asyncio.create_task(WyomingTranscriber(server.url).transcribe(CALL, Hints()))
        while not server.open:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            while server.open:
                await asyncio.sleep(0.01)


async def test_what_a_good_server_gives() -> None:
    async with rude(hostile.hears("  Martin  Blackwood\x00 is\nhere \ud83d \x1b[2J")) as server:
        ears = WyomingTranscriber(server.url, model="large", time_out_s=5)
        assert ears.engine == f"wyoming at {ears.address}"
        heard = await ears.transcribe(CALL, Hints(("Somebody Else",)))
        assert heard.text == "Martin Blackwood is here ? [2J", "what a database or a terminal chokes on is gone"
        assert [one.text for one in heard.hypotheses] == [heard.text]
        assert heard.engine == ears.engine == f"wyoming rude large at {ears.address}"
        assert await ears.look() == ears.engine
        assert await ears.ping()
        assert (heard.words, heard.no_speech, heard.average_logprob) == ((), 0.0, transcriber.UNKNOWN_LOGPROB)
    assert not ears.verifies
    assert await ears.stream(Hints()) is None
    for asked in (ears.score(CALL, ["x"]), ears.listen_for(CALL, Hints()), ears.weigh(CALL, [Claim("x", 0, 1)])):
        with pytest.raises(SpeechError, match="no way of"):
            await asked
    assert await ears.spot(CALL, ["blakwʊd"]) == []


async def test_a_looping_engine_is_marked() -> None:
    async with rude(hostile.hears("over and over again " * 12)) as server:
        (heard,) = (await WyomingTranscriber(server.url).transcribe(CALL, Hints())).hypotheses
        assert heard.repeats


async def test_over_a_socket_file(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hostile.hears("by file")(hostile.Guest(reader, writer))
        writer.close()

    async with await asyncio.start_unix_server(serve, tmp_path / "w"):
        ears = WyomingTranscriber(f"unix://{tmp_path / 'w'}")
        assert (await ears.transcribe(CALL, Hints())).text == "by file"


def chunk(samples: np.ndarray, **form: int) -> Event:
    return Event("audio-chunk", CD | form, samples.astype("<i2").tobytes())


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return 8000 * np.sin(2 * math.pi * hertz * np.arange(int(seconds * rate)) / rate)


LOUD = np.full(2000, 5000)


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ((), "has not spoken within 1.2 s"),
        ((Event("audio-stop"),), "no audio"),
        ((Event("audio-start", CD), Event("audio-stop")), "silence"),
        ((chunk(np.zeros(40_000)), Event("audio-stop")), "silence"),
        ((chunk(LOUD), chunk(LOUD, rate=22_050)), "changes its form"),
        ((Event("audio-start", {"rate": "fast"}),), "audio without rate"),
        ((Event("audio-start", CD | {"width": 3}),), "2 bytes"),
        ((Event("audio-start", CD | {"rate": int("9" * 4000)}),), "8000 to 96000"),
        ((Event("audio-start", CD | {"channels": True}),), "audio without rate"),
        (
            (chunk(LOUD, rate=8_000, channels=1), *[chunk(np.full(1 << 21, 5000), rate=8_000, channels=1)] * 3),
            "more than 90 s",
        ),
        ((Event("error", {"text": "no such voice"}),), "refused: no such voice"),
        ((b"\x00" * 100 + b"\n",), "no Wyoming protocol"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_announcement_that_goes_wrong_elsewhere(events: tuple[Event | bytes, ...], complaint: str) -> None:
    async with rude(hostile.speaks(*events)) as server:
        with pytest.raises(VoiceError, match=complaint):
            await WyomingSynthesiser(server.url, time_out_s=TIME_OUT_S).speak("All stores.")


@pytest.mark.parametrize("mood", [hostile.silent, hostile.slams, hostile.noise, hostile.other_trade])
async def test_no_voice_there(mood: Mood) -> None:
    async with rude(mood) as server:
        voice = WyomingSynthesiser(server.url, time_out_s=TIME_OUT_S)
        with pytest.raises(VoiceError, match=server.url.removeprefix("tcp://")):
            await voice.look()
        with pytest.raises(VoiceError):
            await voice.prove()


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 1), (22_050, 1), (44_100, 2), (48_000, 2)])
def test_any_rate_becomes_ours(rate: int, channels: int) -> None:
    samples = np.repeat(tone(1.0, rate), channels).astype("<i2").tobytes()
    pcm = np.frombuffer(converted(samples + b"\x01", Sound(rate, channels)), "<i2").astype(float)
    assert len(pcm) == pytest.approx(16_000, abs=2)
    assert np.argmax(np.abs(np.fft.rfft(pcm[:16_000], 16_000))) == pytest.approx(440, abs=1)
    assert np.abs(pcm[2000:-2000]).max() == pytest.approx(8000, rel=0.02)


async def test_what_is_asked_of_a_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Event] = []

    async def mood(guest: hostile.Guest) -> None:
        await guest.until("describe")
        await guest.say(hostile.TTS_INFO)
        asked.append(await guest.until("synthesize"))
        await guest.say(Event("audio-start", CD), chunk(np.repeat(tone(0.5, 44_100), 2)), Event("audio-stop"))

    async with rude(mood) as server:
        voice = WyomingSynthesiser(server.url, voice="alba")
        pcm = await voice.speak("Alert 0142.")
        assert len(pcm) == pytest.approx(16_000, abs=4)
        assert asked[0].data == {"text": "Alert zero one four two.", "voice": {"name": "alba"}}
        assert voice.name == f"wyoming rude alba at {voice.address}"


@pytest.mark.parametrize(
    "url",
    ["", "host:10300", "tcp://host", "tcp://:10300", "http://host:1", "tcp://host:0", "tcp://host:99999", "tcp://h:1/path",
     "tcp://user@h:1", "tcp://h:1?x", "unix://", "unix://host/path", "stdio://"],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="tcp://host:10300"):
        address_of(url)


def test_addresses() -> None:
    assert str(address_of("tcp://speech.example:10300")) == "speech.example:10300"
    assert str(address_of("tcp://[::1]:10300/")) == "[::1]:10300"
    assert str(address_of("unix:///run/wyoming.socket")) == "/run/wyoming.socket"


def test_the_limits_leave_room_for_the_longest_speech() -> None:
    assert synthesiser.MOST_RECEIVED > synthesiser.LONGEST_S * 96_000 * 4
