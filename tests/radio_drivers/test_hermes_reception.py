"""Hermes payloads and the microphone's stream, without a broker: clock and frames are the test's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.hermes.protocol import (
    AudioFrame,
    Failed,
    Finished,
    Frame,
    NotForUs,
    Playing,
    decode,
    encode_say,
    part_of_topic,
    topics,
)
from radio_drivers.hermes.reception import Reception
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import RATE, Audio, KeyDown, KeyUp, RadioEvent
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.wav import write_wav
from tests.radio_drivers.broker_side import tone

NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)
FRAME_S = 1024 / RATE


class Ears:
    """A reception fed at the pace of its own clock."""

    def __init__(self, **settings: float) -> None:
        self.seconds = 100.0
        self.events: list[RadioEvent] = []
        self.reception = Reception(
            "town",
            HermesSettings(**settings),  # type: ignore[arg-type]  # numbers all of them
            self.events.append,
            clock=lambda: self.seconds,
        )

    def hear(self, pcm: bytes, rate: int = RATE, frame: int = 1024) -> None:
        for begin in range(0, len(pcm), 2 * frame):
            piece = pcm[begin : begin + 2 * frame]
            self.seconds += len(piece) / 2 / rate
            self.reception.frame(piece, rate, NOON + timedelta(seconds=self.seconds))

    def of(self, kind: type) -> list[RadioEvent]:
        return [event for event in self.events if isinstance(event, kind)]


def quiet(seconds: float, rate: int = RATE) -> bytes:
    return bytes(2 * int(seconds * rate))


@pytest.mark.parametrize(("rate", "frame"), [(16000, 1024), (16000, 333), (8000, 512), (44100, 2048)])
def test_talk_begins_and_ends_where_its_sound_does(rate: int, frame: int) -> None:
    ears = Ears(vox_hang_ms=400)
    ears.hear(quiet(1.0, rate) + tone(1.5, rate) + quiet(1.0, rate), rate, frame)
    (up,), (down,) = ears.of(KeyUp), ears.of(KeyDown)
    assert (up.at - NOON).total_seconds() == pytest.approx(101.0, abs=0.15)
    assert (down.at - up.at).total_seconds() == pytest.approx(1.5, abs=0.15)
    assert not ears.reception.busy


def test_samples_keep_coming_while_nobody_talks() -> None:
    ears = Ears()
    ears.hear(quiet(1.0))
    assert b"".join(e.pcm for e in ears.events if isinstance(e, Audio)) == quiet(1.0)


def test_frames_that_stop_end_the_transmission_where_the_sound_ended() -> None:
    ears = Ears(silence_s=2.0)
    ears.hear(quiet(0.5) + tone(1.0))
    ears.seconds += 1.9
    ears.reception.tick()
    assert ears.reception.busy
    ears.seconds += 0.2
    ears.reception.tick()
    (down,) = ears.of(KeyDown)
    assert (down.at - NOON).total_seconds() == pytest.approx(101.5, abs=0.07)
    assert ears.reception.deadline is None


def test_our_own_voice_is_no_call() -> None:
    ears = Ears(deaf_s=0.5)
    ears.hear(quiet(0.5))
    ears.reception.we_talk(NOON)
    ears.hear(tone(2.0))
    ears.reception.we_stopped()
    ears.hear(tone(0.4))
    assert ears.of(KeyUp) == []
    ears.hear(quiet(1.0) + tone(1.0))
    assert len(ears.of(KeyUp)) == 1


def test_we_begin_to_talk_while_somebody_else_does() -> None:
    ears = Ears()
    ears.hear(quiet(0.5) + tone(1.0))
    ears.reception.we_talk(NOON + timedelta(seconds=ears.seconds))
    assert len(ears.of(KeyDown)) == 1
    assert ears.reception.quiet_since is not None


def test_late_frames_do_not_move_the_sound() -> None:
    """A network delivers in bursts; the count of samples is the steadier clock."""
    ears = Ears()
    for number in range(20):
        late = 0.2 if number % 4 else 0.0
        ears.seconds += FRAME_S
        ears.reception.frame(quiet(FRAME_S), RATE, NOON + timedelta(seconds=ears.seconds + late))
    times = [event.at for event in ears.events if isinstance(event, Audio)]
    steps = {round((after - before).total_seconds(), 3) for before, after in pairwise(times)}
    assert all(step == pytest.approx(FRAME_S, abs=0.002) for step in steps)


@given(st.lists(st.tuples(st.sampled_from([8000, 16000, 22050]), st.integers(0, 3000), st.booleans()), max_size=12))
def test_any_frames_at_any_rate_stay_well_formed(frames: list[tuple[int, int, bool]]) -> None:
    ears = Ears(silence_s=0.1)
    for rate, size, loud in frames:
        pcm = tone(1.0, rate)[: 2 * size] if loud else bytes(2 * size)
        ears.seconds += size / rate
        ears.reception.frame(pcm, rate, NOON + timedelta(seconds=ears.seconds))
    ears.seconds += 1.0
    ears.reception.tick()
    assert not ears.reception.busy
    assert len(ears.of(KeyUp)) == len(ears.of(KeyDown))


# Payloads.


@pytest.mark.parametrize(
    ("part", "payload", "frame"),
    [
        ("audioFrame", write_wav(b"\x01\x02" * 8, 8000), AudioFrame(b"\x01\x02" * 8, 8000)),
        ("playBytes", write_wav(quiet(0.5), RATE), Playing("r1", 0.5)),
        ("playFinished", b'{"id":"r1","sessionId":""}', Finished("r1")),
        ("playFinished", b'{"id":null}', Finished("")),
        ("tts/sayFinished", b'{"id":"r1","siteId":"base"}', Finished("r1")),
        ("tts/sayFinished", b'{"id":"r1","siteId":"kitchen"}', NotForUs()),
        ("tts/sayFinished", b'{"id":"r1"}', NotForUs()),
        ("error/tts", b'{"error":"no voice","context":"r1","siteId":"base"}', Failed("r1", "no voice")),
        ("error/audioServer/play", b'{"context":"r1","siteId":"base"}', Failed("r1", "no reason was given")),
    ],
)
def test_messages_are_read(part: str, payload: bytes, frame: Frame) -> None:
    assert decode(part, payload, site="base", request="r1") == frame


@pytest.mark.parametrize(
    ("part", "payload", "reason"),
    [
        ("audioFrame", b"RIFF", "does not begin with RIFF and WAVE"),
        ("audioFrame", bytes(1_000_001), "1000001 bytes are too many"),
        ("playFinished", b"[]", "no object"),
        ("tts/sayFinished", b'{"id": []}', "no text"),
        ("asr/textCaptured", b'{"siteId": "base"}', "nothing is known about this topic"),
    ],
)
def test_what_cannot_be_read_is_named(part: str, payload: bytes, reason: str) -> None:
    bad = decode(part, payload, site="base")
    if part == "tts/sayFinished":  # another site's, as far as anybody can tell
        bad = decode(part, b'{"siteId": "base", "id": []}', site="base")
    assert isinstance(bad, BadPayload)
    assert reason in bad.reason


def test_a_site_called_default_is_meant_where_none_is_named() -> None:
    assert decode("tts/sayFinished", b'{"id":"r1"}', site="default") == Finished("r1")


@given(
    st.sampled_from(
        ["audioFrame", "playBytes", "playFinished", "tts/sayFinished", "error/tts", "error/audioServer/play", "x"]
    ),
    st.binary(max_size=300) | st.binary(max_size=100).map(lambda end: write_wav(bytes(40), RATE)[:60] + end),
)
def test_any_bytes_are_a_frame_or_a_complaint(part: str, payload: bytes) -> None:
    frame = decode(part, payload, site="base", request="r")
    assert isinstance(frame, AudioFrame | Playing | Finished | Failed | NotForUs | BadPayload)
    if isinstance(frame, AudioFrame):
        assert len(frame.pcm) % 2 == 0


def test_topics_and_their_parts() -> None:
    wanted = topics("hermes", "base")
    assert "hermes/audioServer/base/playBytes/+" in wanted
    assert part_of_topic("hermes/audioServer/base/playBytes/r1", "hermes", "base") == ("playBytes", "r1")
    assert part_of_topic("hermes/audioServer/base/audioFrame", "hermes", "base") == ("audioFrame", "")
    assert part_of_topic("hermes/tts/sayFinished", "hermes", "base") == ("tts/sayFinished", "")


def test_what_is_to_be_said() -> None:
    said = json.loads(encode_say("Café, seen", site="base", request="r1", lang="en"))
    assert said == {"text": "Café, seen", "siteId": "base", "id": "r1", "sessionId": "", "lang": "en"}


def test_frames_are_one_stream() -> None:
    """What comes out is what came in, however it was cut."""
    said = (np.random.default_rng(5).normal(0, 3000, RATE)).astype("<i2").tobytes()
    ears = Ears()
    ears.hear(said, frame=700)
    assert b"".join(e.pcm for e in ears.events if isinstance(e, Audio)) == said


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"topic": ""}, "the protocol's own word"), ({"site": "a/b"}, "has no / in it"), ({"site": "a+"}, "plain topic")],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HermesSettings(**settings)  # type: ignore[arg-type]  # texts all of them
