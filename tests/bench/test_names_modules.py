"""The parts of `bench names` that need neither voices nor a speech model."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench import _names_corpus, _names_environment, _names_noise
from bench._names_baselines import Heard, Person, capitalised, digits_of, fuzzy, keyword, people
from bench._names_curves import curve, recall_at
from bench._names_fit_calls import FULL, SHORT, calls, innocent, mention, nicknamed, thinned
from bench._names_voices import speed_of

REGISTER = (
    Person("FX-2101", "Sorrel", "Winstanley", ()),
    Person("FX-2102", "Tobin", "Winstanley", ("Tobes",)),
    Person("FX-2103", "Anya", "Bo", ("An",)),
)


def test_a_keyword_is_a_whole_word_and_a_full_name_counts_more() -> None:
    find = keyword(REGISTER)
    assert find(Heard("a", ("Winstanley's outside.",))) == [("FX-2101", 0.8), ("FX-2102", 0.8)]
    assert find(Heard("a", ("Tobin Winstanley's outside.",))) == [("FX-2102", 1.0)]
    assert find(Heard("a", ("It was Winstanleyson.",))) == []
    assert find(Heard("a", ())) == []


@pytest.mark.parametrize("text", ["number two one zero three is here", "it's 2103.", "FX 2103, over"])
def test_a_reference_is_found_however_it_was_written(text: str) -> None:
    assert keyword(REGISTER)(Heard("a", (text,))) == [("FX-2103", 0.9)]


def test_another_number_that_holds_the_digits_is_no_reference() -> None:
    assert digits_of("call 0121036") == "0121036"
    assert keyword(REGISTER)(Heard("a", ("call 0121036",))) == []


def test_fuzzy_search_puts_the_brother_who_was_named_first_and_hears_with_hot_words() -> None:
    heard = Heard("a", ("Toby in Winstanlee is here",), ("Tobin Winstanley is here",))
    assert fuzzy(REGISTER, hot_words=True)(heard)[0] == ("FX-2102", 1.0)
    first, score = fuzzy(REGISTER)(heard)[0]
    assert first == "FX-2102"
    assert 0.7 < score < 1


def test_names_of_two_letters_are_not_searched_for_inside_words() -> None:
    assert fuzzy(REGISTER)(Heard("a", ("about the boat",)))[-1][1] < 0.8


def test_mentions_are_runs_of_capitalised_words_within_a_sentence() -> None:
    assert capitalised("I saw Tobin Winstanley's bike. Boots is shut") == [
        "Tobin", "Tobin Winstanley", "Winstanley", "Boots"
    ]  # fmt: skip


def test_a_curve_counts_the_due_and_the_wrong_at_each_threshold() -> None:
    truth = [
        {"file": "a", "alert": ["1"], "may_alert": []},
        {"file": "b", "alert": ["2"], "may_alert": ["3"]},
        {"file": "c", "alert": [], "may_alert": []},
        {"file": "d", "alert": [], "may_alert": []},
    ]
    named = {"a": [("1", 0.9)], "b": [("3", 0.8), ("2", 0.5)], "c": [("1", 0.7), ("2", 0.6)]}
    points = [(p.threshold, p.recall, p.false_per_1000) for p in curve(truth, named)]
    assert points == [(0.9, 0.5, 0.0), (0.7, 0.5, 250.0), (0.5, 1.0, 250.0)]
    best = recall_at(curve(truth, named), 2.0)
    assert best is not None
    assert (best.recall, best.threshold) == (0.5, 0.9)
    quiet = curve(truth, named, {"a": True, "b": True, "c": False})
    assert [(p.recall, p.false_per_1000) for p in quiet] == [(0.5, 0.0), (1.0, 0.0)]


def test_a_curve_that_is_wrong_from_the_start_has_no_point_to_keep_to() -> None:
    truth = [{"file": "a", "alert": ["1"], "may_alert": []}]
    assert recall_at(curve(truth, {"a": [("2", 0.9), ("1", 0.8)]}), 2.0) is None


def test_a_missing_corpus_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUECRY_CORPUS", str(tmp_path))
    with pytest.raises(_names_corpus.CorpusMissingError, match=r"radio_channel\.py.*HUECRY_CORPUS"):
        _names_corpus.corpus_folder()


def test_a_plan_says_when_its_folder_is_out_of_date(tmp_path: Path) -> None:
    written, register = tmp_path / "calls", tmp_path / "register"
    written.write_text("one")
    register.write_text("two")
    plan = _names_corpus.Plan(written, register, tmp_path / "out", ("joe",))
    before = plan.stamp()
    assert plan.stamp() == before
    written.write_text("other")
    assert plan.stamp() != before


def test_a_voice_always_says_a_text_at_the_same_speed() -> None:
    speeds = {speed_of("kumo", f"text {n}") for n in range(60)}
    assert speeds == {0.95, 1.0, 1.05, 1.1, 1.15}
    assert speed_of("heart-1.2", "whatever") == 1.2


def test_the_halves_of_the_model_are_put_together_and_a_damaged_one_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (tmp_path / "packages" / part / "data" for part in _names_environment.WHISPER_PARTS)
    first.mkdir(parents=True)
    second.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (first / name).write_text(name)
    (first / "model.bin.part1").write_bytes(b"abc")
    (second / "model.bin.part2").write_bytes(b"de")
    with pytest.raises(_names_environment.EnvironmentIncompleteError, match="make 5 bytes"):
        _names_environment.whisper_base(tmp_path / "cache", tmp_path / "packages")
    monkeypatch.setattr(_names_environment, "WHISPER_BYTES", 5)
    folder = _names_environment.whisper_base(tmp_path / "cache", tmp_path / "packages")
    assert (folder / "model.bin").read_bytes() == b"abcde"
    assert (folder / "vocabulary.txt").read_text() == "vocabulary.txt"


def test_programs_that_are_missing_are_named_as_packages() -> None:
    with pytest.raises(_names_environment.EnvironmentIncompleteError, match="apt-get install nowhere-package"):
        _names_environment.need_programs({"no-such-program": "nowhere-package", "sh": "dash"})


@pytest.mark.parametrize("kind", sorted(_names_noise.WORDLESS))
def test_each_noise_is_of_the_length_asked_finite_not_nothing_and_repeatable(kind: str) -> None:
    make = _names_noise.WORDLESS[kind]
    once, again = (make(2.0, np.random.default_rng([3, 4])) for _ in range(2))
    assert len(once) == 32_000
    assert np.isfinite(once).all()
    assert float(np.abs(once).max()) > 0
    assert np.array_equal(once, again)
    assert not np.array_equal(once, make(2.0, np.random.default_rng([5, 6])))


def test_there_are_at_least_five_hundred_noise_clips() -> None:
    assert _names_noise.REPORTED.each * (len(_names_noise.WORDLESS) + len(_names_noise.SPOKEN)) >= 500
    assert _names_noise.REPORTED.seed != _names_noise.FITTING.seed, "none that is reported is fitted on"


def made_up(number: int, first: str, last: str, alias: str = "") -> dict[str, str]:
    return {"reference": f"FX-{number:04d}", "first_name": first, "last_name": last, "aliases": alias}


PEOPLE = [
    made_up(1, "Ada", "Quince", "Midge"),
    made_up(2, "Bert", "Quince"),
    made_up(3, "Cleo", "Rushden", "Midge"),
    made_up(4, "Dan", "Stark"),
]


def test_a_person_is_never_named_in_a_way_that_fits_another() -> None:
    draw = random.Random(1)
    for person in PEOPLE:
        kinds = {mention(person, PEOPLE, FULL, draw)[1] for _ in range(200)}
        assert ("last" in kinds) == (person["last_name"] != "Quince")
        assert "alias" not in kinds  # two are called Midge
    assert "alias" in {mention(PEOPLE[2], PEOPLE[1:], FULL, draw)[1] for _ in range(200)}


def test_thinning_leaves_surnames_that_mean_one_person() -> None:
    drawn = [made_up(n, f"First{n}", "Quince" if n % 2 else f"Name{n}", "Midge") for n in range(30)]
    kept = thinned(drawn)
    assert sum(one["last_name"] == "Quince" for one in kept) == 6
    assert sum(one["aliases"] == "Midge" for one in kept) == 1


def test_everybody_in_the_short_mix_has_a_nickname_of_their_own() -> None:
    named = nicknamed(PEOPLE)
    assert len({one["aliases"] for one in named}) == len(PEOPLE)
    assert all(len(one["aliases"]) <= 8 for one in named)
    kinds = Counter(
        person["kind"] for call in calls(named, 400, SHORT) for person in call["people"] if person["reference"]
    )
    assert kinds["alias"] > kinds["full"] > 0
    assert not kinds["spelled"]


def test_innocent_people_are_not_on_the_register() -> None:
    draw = random.Random(2)
    names = {(one["first_name"], one["last_name"]) for one in PEOPLE}
    assert not any(tuple(innocent(PEOPLE, draw).split()) in names for _ in range(500))


def test_fitting_calls_name_somebody_in_three_of_five_and_are_the_same_each_time() -> None:
    made = calls(PEOPLE, 400, FULL)
    assert made == calls(PEOPLE, 400, FULL)
    named = sum(any(person["reference"] for person in call["people"]) for call in made)
    assert 0.5 < named / len(made) < 0.7
    assert all(person["said"].lower() in call["text"].lower() for call in made for person in call["people"])
    assert Counter(call["id"] for call in made).most_common(1)[0][1] == 1


def test_a_register_is_read_with_its_aliases(tmp_path: Path) -> None:
    rows = "reference,first_name,last_name,aliases\nFX-1,Ada,Quince,Midge;Add\nFX-2,Bert,Rush,\n"
    (tmp_path / "r.csv").write_text(rows)
    assert people(tmp_path / "r.csv") == [
        Person("FX-1", "Ada", "Quince", ("Midge", "Add")), Person("FX-2", "Bert", "Rush", ())
    ]  # fmt: skip


def test_truth_is_one_line_a_clip(tmp_path: Path) -> None:
    _names_corpus.write_truth(tmp_path, [{"file": "a.wav", "text": "café"}, {"file": "b.wav"}])
    lines = (tmp_path / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["a.wav", "b.wav"]
