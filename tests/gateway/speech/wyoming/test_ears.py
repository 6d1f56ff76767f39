"""Two engines for one pair of ears: who gives the text, who takes over, who gets it back. The far ones are foreign servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

import pytest

from dispatch.calls import Intent
from dispatch.reading import read
from gateway.pipeline import as_heard
from gateway.speech.ears import FallbackTranscriber, chosen, load_transcriber
from gateway.speech.elsewhere import Waits
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import (
    Claim,
    Fit,
    Hints,
    Hypothesis,
    SpeechError,
    Spotted,
    Transcript,
    TranscriptStream,
)
from gateway.speech.workers import SpeechWorkers
from gateway.speech.wyoming import client
from gateway.speech.wyoming.framing import Event
from gateway.speech.wyoming.transcriber import WyomingTranscriber
from tests.dispatch.rules_town import TOWN
from tests.gateway.speech.wyoming import hostile
from tests.gateway.speech.wyoming.hostile import rude
from tests.peers.wyoming_server import WyomingServer

CALL = b"\x01\x02" * 16_000
HINTS = Hints(("Martin Blackwood",))
SOON = Waits(first_s=0.02, trial_s=0.05)
HERE = Transcript(
    "heard here",
    (),
    (
        Hypothesis("heard here", -0.3),
        Hypothesis("hurt here", -0.6, varied=True),
        Hypothesis("Hart here", -0.7, biased=True),
    ),
    -0.3,
    0.2,
    "near tiny",
    0.1,
)


@dataclass
class Near:
    """The engine here, by script. Implements `Ears`."""

    fails: bool = False
    heard: int = 0
    asked: list[str] = field(default_factory=list)
    engine: str = "near tiny"
    verifies: bool = True
    streams: bool = False
    gate: asyncio.Event | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def ping(self) -> bool:
        return not self.fails

    async def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        self.heard += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise SpeechError("the worker died")
        return HERE

    async def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        self.asked.append("score")
        return [-1.0] * len(wordings)

    async def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        self.asked.append("listen_for")
        return ()

    async def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        self.asked.append("weigh")
        return []

    async def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        self.asked.append("spot")
        return []

    async def stream(self, hints: Hints) -> TranscriptStream | None:
        return NearStream(self) if self.streams else None


@dataclass
class NearStream:
    near: Near
    fed: int = 0
    abandoned: bool = False

    async def feed(self, pcm: bytes) -> str:
        self.fed += len(pcm)
        return f"{self.fed} bytes"

    async def finish(self) -> Transcript:
        return await self.near.transcribe(b"", HINTS)

    async def abandon(self) -> None:
        self.abandoned = True


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DESCRIBE_S", 1.0)  # a real server on a busy machine needs some of it


@asynccontextmanager
async def ears(
    url: str, near: Near, *, beside: bool = True, time_out_s: float = 5.0, waits: Waits = SOON
) -> AsyncIterator[FallbackTranscriber]:
    far = WyomingTranscriber(url, time_out_s=time_out_s)
    async with FallbackTranscriber(near, far, beside=beside, time_out_s=time_out_s, waits=waits) as both:
        yield both


async def until(true: Callable[[], object], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.01)


async def test_the_far_text_and_the_near_opinion() -> None:
    near = Near()
    async with WyomingServer("parrot", text="heard far away") as server, ears(server.url, near) as both:
        assert both.engine == f"wyoming parrot en-us at {server.url.removeprefix('tcp://')}, else near tiny"
        heard = await both.transcribe(CALL, HINTS)
        assert heard.text == "heard far away"
        assert [(one.text, one.biased, one.varied) for one in heard.hypotheses] == [
            ("heard far away", False, False),
            ("heard here", False, False),
        ], "its further wordings make up for poor hearing, which the other text doesn't need"
        assert (heard.average_logprob, heard.no_speech) == (-0.3, 0.2), "Wyoming tells neither"
        assert heard.engine.startswith("wyoming parrot")
        # Names are held against the sound here: Wyoming has no way of it.
        assert both.verifies
        assert await both.weigh(CALL, []) == []
        assert await both.listen_for(CALL, HINTS) == ()
        assert await both.score(CALL, ["x"]) == [-1.0]
        assert await both.spot(CALL, ["x"]) == []
        assert near.asked == ["weigh", "listen_for", "score", "spot"]
        assert await both.ping()


async def test_killed_between_two_calls_and_started_again() -> None:
    near = Near()
    async with WyomingServer("parrot", text="far") as server, ears(server.url, near) as both:
        assert (await both.transcribe(CALL, HINTS)).text == "far"
        await server.kill()
        assert await both.transcribe(CALL, HINTS) == HERE, "this very call is heard, here"
        assert "can't be reached" in str(both.elsewhere.fault)
        assert await both.transcribe(CALL, HINTS) == HERE
        await server.start()
        await until(lambda: both.elsewhere.there)
        assert (await both.transcribe(CALL, HINTS)).text == "far"


async def test_killed_in_the_middle_of_a_call() -> None:
    async with WyomingServer("parrot", text="far", dies=True) as server, ears(server.url, Near()) as both:
        assert (await both.transcribe(CALL, HINTS)).text == "far"
        assert await both.transcribe(CALL, HINTS) == HERE
        assert "hung up" in str(both.elsewhere.fault)
        await until(lambda: not server.running)


async def test_one_that_hangs_and_comes_to() -> None:
    async with WyomingServer("parrot", text="far") as server, ears(server.url, Near()) as both:
        server.freeze()
        assert await both.transcribe(CALL, HINTS) == HERE
        assert "takes connections and says nothing" in str(both.elsewhere.fault)
        server.thaw()
        await until(lambda: both.elsewhere.there)
        assert (await both.transcribe(CALL, HINTS)).text == "far"


@pytest.mark.parametrize("mood", [hostile.noise, hostile.drips, hostile.regrets, hostile.resets_in_mid_call])
async def test_whatever_it_does_the_call_is_heard_here_and_it_gets_it_back_when_it_works(mood: hostile.Mood) -> None:
    async with rude(hostile.hears("far")) as server, ears(server.url, Near(), time_out_s=1.0) as both:
        server.mood = mood
        assert await both.transcribe(CALL, HINTS) == HERE
        assert not both.elsewhere.there
        guests = server.guests
        await until(lambda: server.guests > guests)  # trials go on, and by work: a description is not enough
        assert not both.elsewhere.there
        server.mood = hostile.hears("far again")
        await until(lambda: both.elsewhere.there)
        assert (await both.transcribe(CALL, HINTS)).text == "far again"


async def test_nothing_heard_far_away_is_not_believed() -> None:
    for beside in (True, False):
        async with rude(hostile.hears("  \x00 ")) as server, ears(server.url, Near(), beside=beside) as both:
            assert await both.transcribe(CALL, HINTS) == HERE
            assert both.elsewhere.there


async def test_alone_the_near_one_rests_while_the_far_one_works() -> None:
    near = Near()
    async with rude(hostile.hears("far")) as server, ears(server.url, near, beside=False) as both:
        heard = await both.transcribe(CALL, HINTS)
        assert ([one.text for one in heard.hypotheses], near.heard) == (["far"], 0)
        server.mood = hostile.slams
        assert await both.transcribe(CALL, HINTS) == HERE
        assert near.heard == 1


async def test_the_near_one_may_fail_as_well() -> None:
    near = Near(fails=True)
    async with rude(hostile.hears("far")) as server, ears(server.url, near) as both:
        assert (await both.transcribe(CALL, HINTS)).text == "far"
        assert not await both.ping(), "what the watchdog starts again is what is here"
        server.mood = hostile.slams
        for _ in range(2):
            with pytest.raises(SpeechError, match="the worker died"):
                await both.transcribe(CALL, HINTS)


async def test_nobody_there_from_the_start() -> None:
    async with rude(hostile.slams) as server, ears(server.url, Near()) as both:
        assert await both.transcribe(CALL, HINTS) == HERE
        server.mood = hostile.hears("far")
        await until(lambda: both.elsewhere.there)


async def test_a_tenth_of_a_second_is_not_worth_the_journey() -> None:
    async with rude(hostile.hears("far")) as server, ears(server.url, Near()) as both:
        guests = server.guests
        assert await both.transcribe(CALL[:3000], HINTS) == HERE
        assert server.guests == guests


async def test_one_call_at_a_time_and_who_waits_too_long_is_heard_here() -> None:
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def slow(guest: hostile.Guest) -> None:
        await guest.until("describe")
        await guest.say(hostile.ASR_INFO)
        await guest.until("audio-stop")
        at_work.set()
        await go_on.wait()
        await guest.say(Event("transcript", {"text": "far"}))

    async with rude(slow) as server, ears(server.url, Near()) as both:
        first = asyncio.create_task(both.transcribe(CALL, HINTS))
        await at_work.wait()
        both._time_out_s = 0.05
        assert await both.transcribe(CALL, HINTS) == HERE
        assert both.elsewhere.there, "busy is not away"
        go_on.set()
        assert (await first).text == "far"
        assert len(server.open) <= 1


async def test_called_off_in_the_middle_nothing_is_left_and_the_next_call_is_heard() -> None:
    near = Near()
    async with rude(hostile.hangs_over_work) as server, ears(server.url, near) as both:
        task = asyncio.create_task(both.transcribe(CALL, HINTS))
        await until(lambda: server.open and near.heard)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not server.open)
        server.mood = hostile.hears("far")
        assert (await both.transcribe(CALL, HINTS)).text == "far"


async def test_heard_along_here_and_in_the_end_far_away() -> None:
    near = Near(streams=True)
    async with rude(hostile.hears("far")) as server, ears(server.url, near) as both:
        assert both.streams
        stream = await both.stream(HINTS)
        assert stream is not None
        assert await stream.feed(CALL) == f"{len(CALL)} bytes"
        heard = await stream.finish()
        assert (heard.text, heard.hypotheses[1].text) == ("far", "heard here")
        server.mood = hostile.slams
        stream = await both.stream(HINTS)
        assert stream is not None
        await stream.feed(CALL)
        assert await stream.finish() == HERE
        near.fails = True
        stream = await both.stream(HINTS)
        assert stream is not None
        await stream.feed(CALL)
        with pytest.raises(SpeechError, match="the worker died"):
            await stream.finish()
        stream = await both.stream(HINTS)
        assert stream is not None
        await stream.abandon()
        near.streams = False
        assert await both.stream(HINTS) is None


def test_what_two_engines_heard_of_one_call() -> None:
    far = Transcript("heard here", (), (Hypothesis("Heard here!", 0.0),), -0.5, 0.0, "far", 1.0)
    assert chosen(None, HERE) is HERE
    assert chosen(far, SpeechError("died")) is far
    both = chosen(far, HERE)
    assert [one.text for one in both.hypotheses] == ["Heard here!"], "each wording once"
    assert len(chosen(far, replace(HERE, text="", hypotheses=())).hypotheses) == 1
    with pytest.raises(SpeechError, match="died"):
        chosen(None, SpeechError("died"))


@pytest.mark.parametrize(
    ("text", "means_something"), [("Martin Blackwood is by the tills", True), ("Thank you.", False)]
)
def test_an_engine_at_a_loss_here_rules_out_stock_phrases_and_not_what_was_understood(
    text: str, means_something: bool
) -> None:
    far = Transcript(text, (), (Hypothesis(text, 0.0),), -0.5, 0.0, "far", 1.0)
    lost = replace(HERE, average_logprob=-2.5, no_speech=0.9)
    call = read(as_heard(chosen(far, lost), 2.0), TOWN)
    assert (call.intent is not Intent.UNINTELLIGIBLE) == means_something, call.reasons


def test_which_ears_the_settings_ask_for() -> None:
    assert isinstance(load_transcriber(SpeechSettings()), SpeechWorkers)
    both = load_transcriber(SpeechSettings(url="tcp://box:10300"))
    assert isinstance(both, FallbackTranscriber)
    assert both.elsewhere.name == "speech at box:10300"


@pytest.mark.timeout(120)
@pytest.mark.speech
async def test_a_real_recogniser_behind_a_foreign_server_beside_whisper(
    read_speech: dict[str, bytes],
) -> None:
    """pocketsphinx behind the protocol's own library, killed under a call; Whisper here."""
    text = "he might even have been made amiable himself"
    pcm = read_speech[text]
    async with WyomingServer("sphinx") as server:
        settings = SpeechSettings(hot_words=False, varied=0, url=server.url, url_time_out_s=60)
        async with load_transcriber(settings) as both:
            assert isinstance(both, FallbackTranscriber)
            heard = await both.transcribe(pcm, Hints())
            assert heard.engine.startswith("wyoming pocketsphinx en-us at")
            assert heard.text == heard.text.lower(), "as pocketsphinx writes: no capitals"
            words, right = heard.text.split(), text.lower().split()
            assert len(set(words) & set(right)) > 0.6 * len(set(right)), heard.text
            assert any(one.text[0].isupper() for one in heard.hypotheses[1:]), "Whisper's wordings, with its capitals"
            claims = [Claim(text, 0, len(text)), Claim("something else entirely", 0, 9)]
            fits = await both.weigh(pcm, claims)
            assert fits[0].claimed / fits[0].tokens > fits[1].claimed / fits[1].tokens

            call = asyncio.create_task(both.transcribe(pcm, Hints()))
            await asyncio.sleep(0.05)
            await server.kill()
            after = await call
            assert after.engine.startswith("whisper tiny.en")
            assert len(set(after.text.lower().split()) & set(right)) > 0.6 * len(set(right))
