"""The daemon hears a call again for the names it may hold, and holds them against the sound before anybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from dispatch.calls import DecisionKind
from gateway.speech.transcript import Claim, Fit, Hints, Hypothesis, SpeechError
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
