"""The Vosk engine with the real library and a real (Korean) model, which hears espeak-ng's Korean by a phrase list."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.speech.child import CannotStartError, RefusedError
from gateway.speech.transcript import Hints
from gateway.speech.vosk_engine import VoskEngine, VoskOptions
from tests.gateway.speech.conftest import Say

pytestmark = pytest.mark.speech

HELLO, THANKS, TODAY, BUS, MAN, HAT = "안녕하세요", "감사합니다", "오늘", "버스", "남자", "모자"
PHRASES = Hints(names=(HELLO, THANKS), places=(TODAY, BUS), callers=(MAN, HAT, "Quarrington"))


@pytest.fixture(scope="module")
def only(korean_model: Path) -> VoskEngine:
    """Hears the phrases and nothing else."""
    return VoskEngine.load(korean_model, "ko", VoskOptions(phrase_list="only"))


@pytest.mark.parametrize("text", [HELLO, THANKS, f"{TODAY} {BUS}"])
def test_hears_the_phrases(only: VoskEngine, say_korean: Say, text: str) -> None:
    heard = only.transcribe(say_korean(text), PHRASES)
    assert heard.text == text
    assert heard.engine == "vosk ko"
    assert [word.text for word in heard.words] == text.split()
    assert all(0 <= word.start_s < word.end_s <= 3 and 0 < word.probability <= 1 for word in heard.words)
    assert heard.hypotheses[0].text == text
    assert len({one.text for one in heard.hypotheses}) == len(heard.hypotheses)
    assert heard.average_logprob <= 0
    assert heard.no_speech == 0


def test_text_grows_while_the_talker_talks(only: VoskEngine, say_korean: Say) -> None:
    pcm = say_korean(THANKS) + bytes(32_000) + say_korean(HELLO)
    hearing = only.open(PHRASES)
    partials = [hearing.feed(pcm[at : at + 1999]) for at in range(0, len(pcm), 1999)]  # odd: cut inside samples
    middle = partials[len(say_korean(THANKS) + bytes(24_000)) // 1999]
    assert partials[0] == ""
    assert THANKS in middle
    assert HELLO not in middle
    heard = hearing.finish()
    assert heard.text == f"{THANKS} {HELLO}"
    assert heard.words[1].start_s > 2.0
    assert heard.took_s < 1.0, "the work is done while the talker talks"


def test_streaming_and_whole_calls_give_the_same(only: VoskEngine, say_korean: Say) -> None:
    pcm = say_korean(HELLO)
    hearing = only.open(PHRASES)
    for at in range(0, len(pcm), 640):
        hearing.feed(pcm[at : at + 640])
    streamed, whole = hearing.finish(), only.transcribe(pcm, PHRASES)
    assert (streamed.text, streamed.hypotheses[0].text) == (whole.text, whole.hypotheses[0].text)


def test_phrases_beside_the_free_text_are_marked_as_biased(only: VoskEngine, say_korean: Say) -> None:
    beside = VoskEngine(only._model, "vosk ko", VoskOptions(hypotheses=1, phrase_list="beside"))
    heard = beside.transcribe(say_korean(THANKS), PHRASES)
    assert heard.text not in {"", THANKS}, "espeak-ng's Korean is beyond the free recogniser"
    assert [(one.text, one.biased) for one in heard.hypotheses] == [(heard.text, False), (THANKS, True)]


def test_without_known_phrases_everything_is_heard_and_what_is_unclear_has_alternatives(
    only: VoskEngine, say_korean: Say
) -> None:
    free = VoskEngine(only._model, "vosk ko", VoskOptions(hypotheses=3, phrase_list="only"))
    heard = free.transcribe(say_korean(HELLO), Hints(names=("Quarrington",)))
    assert heard.text not in {"", HELLO}
    assert 1 < len(heard.hypotheses) <= 4
    scores = [one.score for one in heard.hypotheses]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("pcm", [b"", b"\x01", b"\x01\x02\x03", bytes(64_000)])
def test_nothing_said_is_nothing_heard(only: VoskEngine, pcm: bytes) -> None:
    heard = only.transcribe(pcm, PHRASES)
    assert (heard.text, heard.words) == ("", ())
    assert heard.no_speech == 1.0


def test_scoring_is_refused_with_the_way_out(only: VoskEngine) -> None:
    with pytest.raises(RefusedError, match='engine = "whisper"'):
        only.score(bytes(32_000), ["x"])


def test_what_is_no_model(tmp_path: Path, korean_model: Path) -> None:
    with pytest.raises(CannotStartError, match="is no Vosk model"):
        VoskEngine.load(tmp_path, "none", VoskOptions())
    (tmp_path / "static" / "am").mkdir(parents=True)
    (tmp_path / "static" / "am" / "final.mdl").write_bytes(b"x")
    with pytest.raises(CannotStartError, match=r"can't be loaded|dynamic graph"):
        VoskEngine.load(tmp_path / "static", "static", VoskOptions())
    static = tmp_path / "no-graph"
    static.mkdir()
    for folder in korean_model.iterdir():
        (static / folder.name).symlink_to(folder)
    (static / "graph").unlink()
    (static / "graph").mkdir()
    for file in (korean_model / "graph").iterdir():
        if file.name != "HCLr.fst":
            (static / "graph" / file.name).symlink_to(file)
    with pytest.raises(CannotStartError):
        VoskEngine.load(static, "static", VoskOptions(phrase_list="only"))
