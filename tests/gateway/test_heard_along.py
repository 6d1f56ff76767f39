"""With an engine that streams, a sighting is decided from what was heard while the guard was talking."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from dispatch.calls import DecisionKind
from gateway.speech.transcript import Hints, Hypothesis, SpeechError, Transcript, TranscriptStream
from tests.gateway.little_town import ScriptedTranscriber, little_town, marker_of, said

SIGHTING = "Corner Books to Control, Martin Blackwood has just walked in, grey hoodie and black cap, over."


@dataclass
class Stream:
    """Hears what its transcriber knows."""

    texts: dict[int, str]
    pcm: bytes = b""

    async def feed(self, pcm: bytes) -> str:
        self.pcm += pcm
        return ""

    async def finish(self) -> Transcript:
        text = self.texts[marker_of(self.pcm)]
        return Transcript(text, (), (Hypothesis(text, -0.1),), -0.1, 0.0, "script", 0.0)

    async def abandon(self) -> None:
        self.pcm = b""


@dataclass
class Streaming(ScriptedTranscriber):
    """Hears along; whole calls only when that failed."""

    broken: bool = False
    opened: list[Hints] = field(default_factory=list)

    @override
    async def stream(self, hints: Hints) -> TranscriptStream | None:
        if self.broken:
            raise SpeechError("no worker takes it")
        self.opened.append(hints)
        return Stream(self.texts)


async def test_a_sure_name_is_decided_without_hearing_the_call_a_second_time(tmp_path: Path) -> None:
    transcriber = Streaming({1: SIGHTING})
    async with little_town(tmp_path, transcriber, along=True) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        (handled,) = town.handled
        assert handled.decision.kind is DecisionKind.ALERT
        assert [match.person.reference for match in handled.decision.named] == ["FT-0101"]
        assert transcriber.heard == [], "nothing was left to hear after key-down"
        assert "Martin Blackwood" in transcriber.opened[0].names, "its phrase list knows the register"


async def test_where_hearing_along_fails_the_recording_is_heard(tmp_path: Path) -> None:
    transcriber = Streaming({1: SIGHTING}, broken=True)
    async with little_town(tmp_path, transcriber, along=True) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        assert town.handled[0].decision.kind is DecisionKind.ALERT
        assert transcriber.heard == [1]
