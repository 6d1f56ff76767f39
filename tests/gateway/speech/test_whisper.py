"""The Whisper engine with the bundled model: speech of the packaged voice and of a person."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
import pytest

from bench.encoder import SENTENCES, word_errors
from gateway.speech.child import CannotStartError, RefusedError
from gateway.speech.models import bundled_folder
from gateway.speech.transcript import Claim, Hints, Transcript
from gateway.speech.whisper import WhisperEngine, WhisperOptions, _Window
from gateway.speech.wordings import words_of
from tests.gateway.speech.conftest import Say

pytestmark = pytest.mark.speech

CALL = "Control from the bakery, the man in the green coat has just left towards the bus station."


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * 16_000) * 2)


def test_hears_a_call(whisper: WhisperEngine, say: Say) -> None:
    heard = whisper.transcribe(say(CALL), Hints())
    assert word_errors(words_of(CALL), words_of(heard.text)) <= 2
    assert heard.engine == "whisper tiny.en int8"
    assert heard.no_speech < 0.3
    assert -0.6 < heard.average_logprob < 0.0
    assert heard.hypotheses[0].text == heard.text
    scores = [one.score for one in heard.hypotheses if not one.varied]
    assert scores == sorted(scores, reverse=True)
    assert len({tuple(words_of(one.text)) for one in heard.hypotheses}) == len(heard.hypotheses)


def test_hears_people(whisper: WhisperEngine, read_speech: dict[str, bytes]) -> None:
    errors = words = 0
    for text, pcm in read_speech.items():
        heard = words_of(whisper.transcribe(pcm, Hints()).text.replace("Mr.", "Mister"))
        errors += word_errors(words_of(text), heard)
        words += len(words_of(text))
    assert words > 60
    assert errors / words < 0.12


def test_words_have_their_times(whisper: WhisperEngine, say: Say) -> None:
    pcm = silence(1.5) + say("Radio check please.") + silence(1.0) + say("Loud and clear.")
    heard = whisper.transcribe(pcm, Hints())
    assert " ".join(word.text for word in heard.words) == heard.text
    starts = [word.start_s for word in heard.words]
    assert starts == sorted(starts)
    assert all(0 <= word.start_s <= word.end_s <= len(pcm) / 32_000 for word in heard.words)
    assert all(0 <= word.probability <= 1 for word in heard.words)
    times = {word.text.strip(".,").casefold(): word for word in heard.words}
    check, loud = times["check"], times["clear"]
    turn = 1.5 + len(say("Radio check please.")) / 32_000
    assert 1.3 < check.end_s < turn
    assert turn + 0.8 < loud.end_s


def test_hot_words_stay_beside_the_text(whisper: WhisperEngine, say: Say) -> None:
    pcm = say("Shop four to control, I have just seen Ilse Quarrington by the fountain.")
    plain = whisper.transcribe(pcm, Hints())
    suggested = whisper.transcribe(pcm, Hints(names=("Ilse Quarrington", "Tobias Fenwright")))
    assert (suggested.text, suggested.words) == (plain.text, plain.words)
    assert not any(one.biased for one in plain.hypotheses)
    biased = [one for one in suggested.hypotheses if one.biased]
    assert any("Quarrington" in one.text for one in biased)
    unbiased = [one for one in suggested.hypotheses if not one.biased]
    assert tuple(unbiased) == plain.hypotheses
    assert suggested.hypotheses == (*unbiased, *biased)


def test_too_many_hot_words_are_cut_and_that_is_said_once(
    whisper: WhisperEngine, say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    names = tuple(f"{first} {last}" for first in ("Ada", "Bertil", "Cosima", "Dorian") for last in
                  (f"{a}{b}" for a in ("Quarr", "Fen", "Ash", "Wex", "Thorn") for b in ("ington", "wright", "combe", "ley", "by")))  # fmt: skip
    caplog.set_level(logging.INFO)
    for _ in range(2):
        whisper.transcribe(say("Radio check please."), Hints(names=names))
    said = [record.message for record in caplog.records if "hot words" in record.message]
    assert len(said) == 1
    assert " of 100 fit into 1 passes of 223 tokens" in said[0]
    assert "Quarrington" not in said[0], "names belong into no log"


def test_the_right_wording_scores_best(whisper: WhisperEngine, say: Say) -> None:
    pcm = say(CALL)
    whisper.transcribe(pcm, Hints())
    right, coat, other = whisper.score(
        pcm, [CALL, CALL.replace("coat", "boat"), "Thank you, all quiet at the library."]
    )
    assert right > coat > other
    assert right > -15
    assert other < right - 30


def test_scoring_reuses_what_was_encoded(whisper: WhisperEngine, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = say(CALL)
    whisper.transcribe(pcm, Hints())
    monkeypatch.setattr(whisper, "_encode", None)
    assert len(whisper.score(pcm, [CALL] * 3)) == 3


def test_wordings_that_can_not_be_scored(whisper: WhisperEngine, say: Say) -> None:
    with pytest.raises(RefusedError, match="empty"):
        whisper.score(say(CALL), ["  "])
    with pytest.raises(RefusedError, match="longer than the decoder"):
        whisper.score(say(CALL), ["word " * 400])
    with pytest.raises(RefusedError, match="no audio"):
        whisper.score(b"", ["word"])


@pytest.mark.parametrize("pcm", [b"", b"\x01", b"\x01\x02\x03", silence(0.05), silence(3.0), b"\x02\x00" * 16_000])
def test_nothing_said_is_nothing_heard(whisper: WhisperEngine, pcm: bytes) -> None:
    heard = whisper.transcribe(pcm, Hints(names=("Ilse Quarrington",)))
    assert (heard.text, heard.words, heard.hypotheses, heard.no_speech) == ("", (), (), 1.0)


def test_noise_is_not_taken_for_speech(whisper: WhisperEngine) -> None:
    noise = np.random.default_rng(5).normal(0, 3000, 3 * 16_000).astype("<i2").tobytes()
    heard = whisper.transcribe(noise, Hints(names=("Ilse Quarrington",)))
    assert heard.text == ""
    assert heard.no_speech > 0.6
    assert heard.hypotheses == ()


def test_half_a_sample_is_left_out(whisper: WhisperEngine, say: Say) -> None:
    pcm = say("Radio check please.")
    assert whisper.transcribe(pcm + b"\x7f", Hints()).text == whisper.transcribe(pcm, Hints()).text


def test_a_sentence_doubled_by_the_decoder_is_heard_again(
    whisper: WhisperEngine, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Police are on their way, keep him in sight but do not go near him."
    decode = WhisperEngine._decode

    def looping(engine: WhisperEngine, window: _Window, prompt: list[int], count: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the engine's own
        heard, silence = decode(engine, window, prompt, count)
        if window.on_full_length:
            return heard, silence
        return [type(one)((*one.tokens, *one.tokens), one.logprob, f"{one.text} {one.text}") for one in heard], silence

    monkeypatch.setattr(WhisperEngine, "_decode", looping)
    before = whisper.heard_again
    heard = whisper.transcribe(say(text), Hints())
    assert whisper.heard_again == before + 1
    assert word_errors(words_of(text), words_of(heard.text)) <= 1
    assert not any(one.repeats for one in heard.hypotheses if one.text == heard.text)


def test_who_says_it_twice_is_heard_twice(whisper: WhisperEngine, say: Say) -> None:
    once = "All units stand down."
    heard = whisper.transcribe(say(f"{once} {once}"), Hints())
    assert words_of(heard.text).count("units") == 2
    assert not heard.hypotheses[0].repeats


def test_two_minutes_are_heard_in_windows(whisper: WhisperEngine, say: Say) -> None:
    spoken = b""
    said: list[str] = []
    for text in [*SENTENCES, *SENTENCES]:
        if len(spoken) < 120 * 32_000:
            said += words_of(text)
            spoken += say(text) + silence(0.6)
    pcm = spoken[: 120 * 32_000]
    began = time.monotonic()
    heard = whisper.transcribe(pcm, Hints())
    assert time.monotonic() - began < 40
    assert word_errors(said, words_of(heard.text)) < 0.2 * len(said)
    assert heard.words[-1].end_s > 110
    assert [word.start_s for word in heard.words] == sorted(word.start_s for word in heard.words)
    right, wrong = whisper.score(pcm, [heard.text, heard.text.replace("the", "blue")])
    assert right > wrong


def test_memory_of_audio_is_bounded(whisper: WhisperEngine) -> None:
    rng = np.random.default_rng(3)
    for _ in range(8):
        whisper.transcribe(rng.normal(0, 3000, 8_000).astype("<i2").tobytes(), Hints())
    assert len(whisper._remembered) <= 4


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match=r"model\.bin, config\.json, tokenizer\.json missing"):
        WhisperEngine.load(tmp_path, "none", WhisperOptions())
    for file in bundled_folder().iterdir():
        if file.name != "model.bin":
            (tmp_path / file.name).symlink_to(file)
    (tmp_path / "model.bin").write_bytes(b"not a model" * 100)
    with pytest.raises(CannotStartError, match="huecry models fetch broken"):
        WhisperEngine.load(tmp_path, "broken", WhisperOptions())


def test_a_transcript_survives_the_wire(whisper: WhisperEngine, say: Say) -> None:
    import json

    from gateway.speech.wire import hints_from, hints_to, transcript_from, transcript_to

    heard = whisper.transcribe(say("Radio check please."), Hints(names=("Ilse Quarrington",)))
    back: Transcript = transcript_from(json.loads(json.dumps(transcript_to(heard), allow_nan=False)))
    assert back == heard
    hints = Hints(("a",), ("b",), ("c",))
    assert hints_from(json.loads(json.dumps(hints_to(hints)))) == hints
    assert hints_from(None) == Hints()


def test_heard_again_with_a_few_names_suggested(whisper: WhisperEngine, say: Say) -> None:
    pcm = say("Boots to Control, Ilse Quarrington is outside the chemist.")
    plain = whisper.transcribe(pcm, Hints())
    again = whisper.listen_for(pcm, Hints(names=("Ilse Quarrington", "Aaron Whitlock")))
    assert again
    assert all(one.biased for one in again)
    assert any("Quarrington" in one.text for one in again)
    assert whisper.transcribe(pcm, Hints()).hypotheses == plain.hypotheses


def test_nothing_is_heard_again_where_nobody_spoke(whisper: WhisperEngine) -> None:
    assert whisper.listen_for(bytes(64_000), Hints(names=("Ilse Quarrington",))) == ()
    assert whisper.listen_for(b"", Hints(names=("Ilse Quarrington",))) == ()


def test_varied_wordings_are_marked_and_always_the_same(whisper: WhisperEngine, say: Say) -> None:
    pcm = say("Boots to Control, Ilse Quarrington is outside the chemist.")
    first = [one for one in whisper.transcribe(pcm, Hints()).hypotheses if one.varied]
    whisper.transcribe(say("Good morning, how do you read?"), Hints())
    second = [one for one in whisper.transcribe(pcm, Hints()).hypotheses if one.varied]
    assert first
    assert first == second


def claim(text: str, name: str) -> Claim:
    return Claim(text, text.index(name), text.index(name) + len(name))


def test_the_right_name_fits_better_than_others(whisper: WhisperEngine, say: Say) -> None:
    text = "Boots to Control, {} is outside the chemist in a green coat."
    right, alike, other = whisper.weigh(
        say(text.format("Ilse Quarrington")),
        [claim(text.format(name), name) for name in ("Ilse Quarrington", "Ilse Carrington", "Gavin Oxley")],
    )
    assert right.claimed + right.after > alike.claimed + alike.after > other.claimed + other.after
    assert right.before == pytest.approx(other.before, abs=0.05)
    assert right.tokens >= 3
    assert right.total == right.before + right.claimed + right.after


def test_claims_come_back_in_their_order_and_the_same_one_twice(whisper: WhisperEngine, say: Say) -> None:
    pcm = say(CALL)
    short, long = Claim("Yes.", 0, 3), Claim(CALL, 0, len(CALL))
    fits = whisper.weigh(pcm, [long, short, long])
    assert fits[0] == fits[2] != fits[1]
    assert whisper.weigh(pcm, []) == []


@pytest.mark.parametrize(
    "wrong", [Claim("a name", 3, 3), Claim("a name", 0, 99), Claim("   ", 0, 2), Claim("word " * 400, 1500, 1504)]
)
def test_a_claim_of_nothing_or_too_long_is_refused(whisper: WhisperEngine, say: Say, wrong: Claim) -> None:
    with pytest.raises(RefusedError):
        whisper.weigh(say(CALL), [wrong])
    with pytest.raises(RefusedError):
        whisper.weigh(b"", [Claim("a name", 0, 6)])


def test_a_claim_about_a_long_call_is_held_against_the_right_part(whisper: WhisperEngine, say: Say) -> None:
    first, last = "Boots to Control, Ilse Quarrington is outside.", "Now Gavin Oxley is in the park."
    quiet = bytes(2 * 16_000 * 12)
    pcm = say(first) + quiet + say("All stations stand by.") + quiet + say(last)
    text = whisper.transcribe(pcm, Hints()).text
    at = text.rindex("is in the park") if "is in the park" in text else len(text) - 12
    start = text.rindex("Now", 0, at)
    right, wrong = (
        whisper.weigh(pcm, [Claim(f"{text[:start]}Now {name} {text[at:]}", start + 4, start + 4 + len(name))])[0]
        for name in ("Gavin Oxley", "Ilse Quarrington")
    )
    assert right.claimed > wrong.claimed
