"""The daemon hears a call again for the names it may hold, and holds them against the sound before anybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from typing_extensions import override

from dispatch.calls import DecisionKind, Intent
from dispatch.matching.sounds import sounds
from gateway.speech.transcript import Claim, Fit, Hints, Hypothesis, SpeechError, Spotted, Transcript, Word
from tests.gateway.little_town import ScriptedTranscriber, little_town, said

DIM = "Corner Books to Control, martin black would has just walked in, grey hoodie and black cap, over."
CLEAR = DIM.replace("martin black would", "Martin Blackwood")


@dataclass
class Verifier(ScriptedTranscriber):
    """Hears the name when it is suggested, and knows whether it was spoken."""

    verifies: bool = True
    spoken: str = "Martin Blackwood"
    broken: bool = False
    suggested: list[tuple[str, ...]] = field(default_factory=list)
    asked: list[Claim] = field(default_factory=list)

    @override
    async def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        self.suggested.append(hints.names)
        return (Hypothesis(CLEAR, -0.3, biased=True),)

    @override
    async def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        if self.broken:
            raise SpeechError("the worker died")
        self.asked += claims
        return [self._fit(claim.text[claim.start : claim.end]) for claim in claims]

    def _fit(self, name: str) -> Fit:
        tokens = max(1, len(name) // 3)
        worth = -0.3 if name == self.spoken else -1.0 if name.islower() else -7.0
        return Fit(-4.0, worth * tokens, worth, tokens)


async def test_a_name_heard_dimly_is_announced_when_the_sound_bears_it_out(tmp_path: Path) -> None:
    async with little_town(tmp_path, Verifier({1: DIM})) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        (handled,) = town.handled
        verifier = town.transcriber
        assert isinstance(verifier, Verifier)
        assert "Martin Blackwood" in verifier.suggested[0]
        assert any(claim.text == CLEAR for claim in verifier.asked)
        assert any(claim.text == DIM for claim in verifier.asked)
        assert handled.decision.kind is DecisionKind.ALERT
        assert [match.person.reference for match in handled.decision.named] == ["FT-0101"]
        assert "the sound fits the name" in handled.matches[0].reason
        assert handled.transcript.text == DIM, "what was heard stays what was heard"
        assert {"look", "verify"} <= set(handled.timings_s)


LOST = "Corner Books to Control, we have someone who would not go, grey hoodie and black cap, over."


@dataclass
class SoundReader(Verifier):
    """Also reads single sounds: those of the name were there at the sixth word, whatever words were made of them."""

    sounds_broken: bool = False
    looked_for: list[str] = field(default_factory=list)

    @override
    async def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        heard = await super().transcribe(pcm, hints)
        words = tuple(Word(word, i * 0.3, i * 0.3 + 0.3, 0.8) for i, word in enumerate(heard.text.split()))
        return replace(heard, words=words)

    @override
    async def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        if self.sounds_broken:
            raise SpeechError("the worker died")
        self.looked_for += ways
        said = sounds(self.spoken).replace(" ", "")
        return [Spotted(0.5 if way == said else 99.0, len(way), 1.8, 2.7) for way in ways]


async def test_a_name_that_became_other_words_is_suggested_and_asked_about(tmp_path: Path) -> None:
    async with little_town(tmp_path, SoundReader({1: LOST})) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        reader = town.transcriber
        assert isinstance(reader, SoundReader)
        assert sounds("Martin Blackwood").replace(" ", "") in reader.looked_for
        assert "Martin Blackwood" in reader.suggested[0]
        assert any(claim.text[claim.start : claim.end] == "Martin Blackwood" for claim in reader.asked)


NUMBER = "Corner Books to Control, they're on one is outside again, grey hoodie."


async def test_a_reference_that_became_other_words_is_announced_once_its_neighbours_were_looked_for(
    tmp_path: Path,
) -> None:
    async with little_town(tmp_path, SoundReader({1: NUMBER}, spoken="0101")) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        reader, (handled,) = town.transcriber, town.handled
        assert isinstance(reader, SoundReader)
        assert [match.person.reference for match in handled.decision.named] == ["FT-0101"]
        assert "the sounds are those of reference FT-0101" in handled.matches[0].reason
        near = sounds("0107").replace(" ", "")
        assert reader.looked_for.index(sounds("0101").replace(" ", "")) < reader.looked_for.index(near)


async def test_a_stand_down_that_became_other_words_announces_nobody(tmp_path: Path) -> None:
    lost = "Corner Books to Control, sundown Martin Blackwood has left by five, grey hoodie."
    async with little_town(tmp_path, SoundReader({1: lost}, spoken="stand down")) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        assert town.handled[0].call.intent is Intent.STAND_DOWN
        assert town.handled[0].decision.kind is DecisionKind.LOG


async def test_where_sounds_cannot_be_read_just_now_words_and_fits_decide(tmp_path: Path) -> None:
    async with little_town(tmp_path, SoundReader({1: DIM}, sounds_broken=True)) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        assert [match.person.reference for match in town.handled[0].decision.named] == ["FT-0101"]


async def test_a_name_that_was_not_spoken_is_not_announced(tmp_path: Path) -> None:
    async with little_town(tmp_path, Verifier({1: DIM}, spoken="")) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        assert town.handled[0].decision.kind is not DecisionKind.ALERT


async def test_where_the_engine_fails_meanwhile_the_words_alone_decide(tmp_path: Path) -> None:
    async with little_town(tmp_path, Verifier({1: CLEAR, 2: DIM}, broken=True)) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        assert town.handled[0].decision.kind is DecisionKind.ALERT
