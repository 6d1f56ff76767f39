"""`huecry drill`: what is said, how it is judged, what is remembered; and the real thing with two or three people."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dispatch.calls import Call, Decision, DecisionKind, Intent, Match, Mention, MentionKind, Span
from dispatch.heard import Heard
from dispatch.matching import match
from dispatch.people import Notice, NoticeState, NoticeStatus, Person
from dispatch.policy import PolicyRules, decide
from dispatch.reading import read
from dispatch.register.csv_import import parse_register
from dispatch.scheme import Scheme, parse_words
from dispatch.store.copying import copy_scheme
from dispatch.store.database import open_database
from dispatch.store.store import open_store
from gateway.cli.drill import as_json, show, summary
from gateway.drill import memory
from gateway.drill.calls import CALLS, Form, forms_of, sample_calls
from gateway.drill.channel import BREATH_S, Quality, over_the_radio
from gateway.drill.findings import (
    CallResult,
    FormResult,
    Outcome,
    PersonResult,
    advice,
    form_result,
    judge,
    worst_first,
)
from gateway.drill.memory import Memory
from gateway.drill.run import Drilled, DrillError, DrillOrder, drill, last_drills, standing_back
from gateway.resources import config_file
from gateway.settings import PathSettings, SchemeSettings, Settings
from gateway.speech.settings import SpeechSettings

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
RULES = PolicyRules()
IN_FORCE = (Notice(1, NoticeStatus.ACTIVE, date(2026, 3, 1), date(2027, 2, 28)),)
WENDELL = Person(1, "DT-0142", "Wendell", "Ackerby", ("Wink",), notices=IN_FORCE)
OTTO = Person(2, "DT-0151", "Otto", "Pemberling", notices=IN_FORCE)
LAPSED = Person(
    3, "DT-0099", "Ottoline", "Quarrell", notices=(Notice(3, NoticeStatus.ACTIVE, date(2024, 1, 1), date(2025, 1, 1)),)
)
DEMO = config_file("demo/register.csv").read_bytes()
ROOT = Path(__file__).resolve().parents[2]


def scheme(*members: str) -> Scheme:
    words = config_file("words.toml")
    return Scheme("T", "Town", parse_words(words.read_text()), members=members)


# What is said


def test_every_way_to_name_somebody_is_drilled() -> None:
    forms = {form.label: form.spoken for form in forms_of(WENDELL)}
    assert forms == {
        "full name": "Wendell Ackerby",
        "surname": "Ackerby",
        "alias 1": "Wink",
        "reference": "D T zero one four two",
        "number": "number zero one four two",
    }
    nameless = forms_of(replace(WENDELL, first_name="Wendell", last_name="", reference="0142"))
    assert [(form.label, form.spoken) for form in nameless] == [
        ("alias 1", "Wink"),
        ("number", "number zero one four two"),
    ]


@pytest.mark.parametrize("pattern", CALLS)
@pytest.mark.parametrize("form", forms_of(WENDELL)[:2] + forms_of(WENDELL)[3:], ids=lambda form: form.label)
def test_each_sample_call_raises_an_alert_when_every_word_is_heard(pattern: str, form: Form) -> None:
    """So what a drill misses was lost between voice and matching, not by an odd sentence."""
    town = scheme("Sprockets", "Bakery on the Bridge")
    text = pattern.format(caller="Sprockets", name=form.spoken)
    call = read(Heard(text), town)
    assert call.intent is Intent.SIGHTING, text
    matches = match(Heard(text), call, [WENDELL, OTTO], NOW, ZONE, town)
    decision = decide(call, matches, (), NOW, ZONE, RULES)
    assert [named.person for named in decision.named] == [WENDELL], text


def test_the_same_register_gives_the_same_calls_and_new_people_change_nobody_elses() -> None:
    town = scheme("Sprockets", "Bakery on the Bridge")
    form = forms_of(WENDELL)[0]
    calls = list(sample_calls(WENDELL, form, town, 4))
    assert calls == list(sample_calls(WENDELL, form, town, 4))
    assert calls[:2] == list(sample_calls(WENDELL, form, town, 2))
    assert len({call.text for call in calls}) == 4
    assert all("Wendell Ackerby" in call.text for call in calls)
    assert len({call.seed for call in calls}) == 4
    assert "Security" in next(iter(sample_calls(WENDELL, form, scheme(), 1))).text


# The channel


def tone(hertz: float, seconds: float = 1.0) -> bytes:
    wave = 5000 * np.sin(2 * np.pi * hertz * np.arange(int(16_000 * seconds)) / 16_000)
    return bytes(wave.astype("<i2").tobytes())


def level(pcm: bytes, first_s: float, last_s: float) -> float:
    samples = np.frombuffer(pcm, "<i2")[int(first_s * 16_000) : int(last_s * 16_000)].astype(float)
    return float(np.sqrt(np.mean(samples**2)))


def test_the_channel_has_a_band_and_a_noise_as_loud_as_its_quality_says() -> None:
    through = over_the_radio(tone(1000), Quality.CLEAR, 0)
    assert level(through, 0.0, 0.3) < 1
    assert level(through, 0.6, 1.2) == pytest.approx(3277, rel=0.05)
    hum = np.frombuffer(tone(1000), "<i2").astype(float) + np.frombuffer(tone(60), "<i2") * 1.0
    assert level(over_the_radio(hum.astype("<i2").tobytes(), Quality.CLEAR, 0), 0.6, 1.2) == pytest.approx(
        3277 / np.sqrt(2), rel=0.06
    ), "a hum is outside the band"
    for quality, snr_db in ((Quality.GOOD, 20), (Quality.FAIR, 12), (Quality.POOR, 6)):
        noisy = over_the_radio(tone(1000), quality, 7)
        noise = level(noisy, 0.05, 0.35)
        assert 20 * np.log10(3277 / noise) == pytest.approx(snr_db, abs=1.0)
    assert len(through) == pytest.approx(32_000 * (1 + 2 * BREATH_S), rel=0.02)


def test_the_same_seed_gives_the_same_noise_and_silence_is_no_fault() -> None:
    assert over_the_radio(tone(500), Quality.POOR, 3) == over_the_radio(tone(500), Quality.POOR, 3)
    assert over_the_radio(tone(500), Quality.POOR, 3) != over_the_radio(tone(500), Quality.POOR, 4)
    assert over_the_radio(b"", Quality.CLEAR, 0)


# Judging


def found(person: Person, confidence: float, kind: MentionKind = MentionKind.FULL, *, negated: bool = False) -> Match:
    state, notice = person.notice(NOW, ZONE)
    mention = Mention(said=person.name, kind=kind, span=Span(0, 1), wanted=person.name, negated=negated)
    return Match(mention, person, confidence, state, notice.notice_id if notice else None, "")


def outcome_of(person: Person, *matches: Match) -> CallResult:
    """Judged with the real policy."""
    decision = decide(Call("...", Intent.SIGHTING), matches, (), NOW, ZONE, RULES)
    return judge(person, "said", "heard", matches, decision, rules=RULES, now=NOW, zone=ZONE)


def test_each_outcome() -> None:
    assert outcome_of(WENDELL, found(WENDELL, 0.9)).outcome is Outcome.HEARD
    assert outcome_of(WENDELL, found(WENDELL, 0.7)).outcome is Outcome.UNSURE
    assert outcome_of(WENDELL, found(WENDELL, 0.3)).outcome is Outcome.MISSED
    assert outcome_of(WENDELL).outcome is Outcome.MISSED
    assert outcome_of(WENDELL, found(WENDELL, 0.95, negated=True)).outcome is Outcome.MISSED
    wrong = outcome_of(WENDELL, found(OTTO, 0.9), found(WENDELL, 0.88))
    assert (wrong.outcome, wrong.others) == (Outcome.WRONG, ("DT-0151",))
    brothers = outcome_of(WENDELL, found(WENDELL, 0.49), found(OTTO, 0.49))
    assert (brothers.outcome, brothers.others) == (Outcome.MISSED, ("DT-0151",))
    first_name = outcome_of(WENDELL, found(WENDELL, 0.9), found(OTTO, 0.9, MentionKind.FIRST))
    assert first_name.outcome is Outcome.HEARD, "a first name never names anybody on the air"


def test_somebody_without_a_notice_in_force_must_be_found_and_not_be_named() -> None:
    heard = outcome_of(LAPSED, found(LAPSED, 0.9))
    assert (heard.outcome, heard.decision) == (Outcome.HEARD, "log")
    child = replace(WENDELL, born_on=date(2012, 1, 1))
    assert outcome_of(child, found(child, 0.9)).outcome is Outcome.HEARD
    assert outcome_of(LAPSED, found(LAPSED, 0.4)).outcome is Outcome.MISSED


def test_found_surely_but_not_told_is_missed() -> None:
    """The reader took the call for chatter, say."""
    matches = (found(WENDELL, 0.95),)
    silent = Decision(DecisionKind.LOG, "Chatter.")
    assert judge(WENDELL, "", "", matches, silent, rules=RULES, now=NOW, zone=ZONE).outcome is Outcome.MISSED
    asked = Decision(DecisionKind.REVIEW, "?", for_review=matches)
    assert judge(WENDELL, "", "", matches, asked, rules=RULES, now=NOW, zone=ZONE).outcome is Outcome.UNSURE


def result(person: Person, at: datetime = NOW, **ends: str) -> PersonResult:
    """Results by label (`_` for a space)."""
    return results(person, ends, at)


def results(person: Person, ends: dict[str, str], at: datetime = NOW) -> PersonResult:
    """The same."""
    forms = (FormResult(label.replace("_", " "), Outcome[end.upper()], 0, 1) for label, end in ends.items())
    return PersonResult(person.reference, at, tuple(forms))


def test_a_form_is_as_bad_as_its_worst_call() -> None:
    calls = [outcome_of(WENDELL, found(WENDELL, 0.9)), outcome_of(WENDELL, found(OTTO, 0.9))]
    both = form_result("surname", calls, Outcome.HEARD)
    assert (both.outcome, both.heard, both.calls, both.others) == (Outcome.WRONG, 1, 2, ("DT-0151",))
    assert both.worse
    assert not form_result("surname", calls, Outcome.WRONG).worse
    assert not form_result("surname", calls, None).worse


def test_the_worst_come_first() -> None:
    wrong = result(WENDELL, surname="wrong")
    missed = result(OTTO, full_name="missed", surname="missed")
    unsure = result(LAPSED, surname="unsure", full_name="heard")
    assert worst_first([unsure, missed, wrong]) == [wrong, missed, unsure]
    assert worst_first([result(OTTO, surname="missed", full_name="heard"), missed])[0] is missed


@pytest.mark.parametrize(
    ("ends", "said", "not_said"),
    [
        ({"full_name": "heard", "surname": "heard", "alias_1": "heard", "reference": "heard"}, "", "alias"),
        ({"full_name": "missed", "surname": "missed", "number": "heard"}, '"number zero one four two"', "Nothing"),
        ({"full_name": "heard", "surname": "unsure"}, "first name and surname", "Nothing"),
        ({"full_name": "missed", "alias_1": "heard", "number": "missed"}, 'The alias "Wink" is heard', "Nothing"),
        ({"full_name": "heard", "alias_1": "missed", "number": "heard"}, 'alias "Wink" is not heard', "first name"),
        ({"full_name": "heard", "number": "heard", "reference": "missed"}, 'Of the reference only "number', "alias"),
        ({"full_name": "heard", "surname": "missed", "number": "heard", "reference": "heard"}, 'say "number', "D T"),
        ({"full_name": "heard", "number": "missed", "reference": "missed"}, "ask members to say the name", "Nothing"),
        ({"full_name": "missed", "surname": "missed", "number": "missed"}, "Nothing gets through", "Ask members"),
    ],
)
def test_advice(ends: dict[str, str], said: str, not_said: str) -> None:
    told = " ".join(advice(WENDELL, results(WENDELL, ends), {}))
    assert said in told
    assert not_said not in told
    assert bool(told) is bool(said)


def test_advice_says_whom_a_name_is_taken_for() -> None:
    wrong = PersonResult(
        "DT-0142",
        NOW,
        (FormResult("alias 1", Outcome.WRONG, 0, 1, ("DT-0151",)), FormResult("number", Outcome.HEARD, 1, 1)),
    )
    told = advice(WENDELL, wrong, {"DT-0151": "Otto Pemberling"})
    assert 'The alias "Wink" is taken for Otto Pemberling (DT-0151): ask members not to use it.' in told
    shared = PersonResult("DT-0142", NOW, (FormResult("surname", Outcome.MISSED, 0, 1, ("DT-0151",)),))
    assert "The surname fits Otto Pemberling (DT-0151) as well." in advice(
        WENDELL, shared, {"DT-0151": "Otto Pemberling"}
    )


# What is remembered


def test_the_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    kept = Memory()
    forms = (FormResult("surname", Outcome.WRONG, 1, 2, ("DT-0151",), Outcome.HEARD),)
    kept.remember(WENDELL, PersonResult("DT-0142", NOW, forms), Quality.GOOD)
    path = tmp_path / "drill.json"
    memory.save(kept, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    text = path.read_text()
    assert "Ackerby" not in text
    assert "Wink" not in text
    back = memory.load(path)
    assert back.of(WENDELL, Quality.GOOD) == PersonResult("DT-0142", NOW, forms)
    assert back.of(WENDELL, Quality.POOR) is None
    assert back.before(WENDELL, "surname", Quality.GOOD) is Outcome.WRONG
    assert back.before(WENDELL, "full name", Quality.GOOD) is None


def test_another_alias_makes_an_old_result_worthless_and_who_left_is_forgotten() -> None:
    kept = Memory()
    kept.remember(WENDELL, result(WENDELL, surname="heard"), Quality.GOOD)
    assert kept.of(replace(WENDELL, aliases=("Winker",)), Quality.GOOD) is None
    assert kept.of(replace(WENDELL, sex="m", notices=()), Quality.GOOD) is not None
    kept.forget_all_but([OTTO])
    assert kept.records == {Quality.GOOD: {}}


def test_who_was_never_drilled_comes_first_then_the_oldest() -> None:
    kept = Memory()
    kept.remember(WENDELL, result(WENDELL, NOW, surname="heard"), Quality.GOOD)
    early = replace(OTTO, offender_id=9, reference="DT-0500")
    kept.remember(early, result(early, NOW - timedelta(days=2), surname="heard"), Quality.GOOD)
    states = {p.offender_id: p.notice(NOW, ZONE)[0] for p in (WENDELL, OTTO, LAPSED, early)}
    assert states[LAPSED.offender_id] is NoticeState.EXPIRED
    assert memory.queue([WENDELL, LAPSED, early, OTTO], kept, Quality.GOOD, states) == [OTTO, LAPSED, early, WENDELL]


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "null", '{"version": 9, "drills": {}}', '{"version": 1, "drills": {"good": {"A": {}}}}'],
)
def test_a_spoilt_file_costs_only_what_it_held(tmp_path: Path, text: str) -> None:
    path = tmp_path / "drill.json"
    path.write_text(text)
    assert memory.load(path).records == {}
    assert memory.load(tmp_path / "nowhere.json").records == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "forms", "names", "x"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_no_file_stops_a_drill(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.getbasetemp() / "spoilt.json"
    path.write_text(json.dumps({"version": 1, "drills": {"good": {"DT-0142": value}}}))
    assert memory.load(path).records == {}


# The copy


async def test_the_copy_holds_the_scheme_and_nothing_else(tmp_path: Path) -> None:
    async with (
        open_store(f"sqlite:///{tmp_path / 'real.db'}") as real,
        open_store(f"sqlite:///{tmp_path / 'c.db'}") as copy,
    ):
        people = parse_register(DEMO)
        await real.register.import_people(people.rows, dry_run=False, by="test", refusals=people.refusals)
        await copy_scheme(real.database, copy.database)
        assert await copy.register.people() == await real.register.people()
        assert await copy.members.list() == ()
        for entry, _ in await copy.register.list_entries(NOW, ZONE):
            assert (entry.notes, entry.marks, entry.offences) == ("", "", ())


# The real thing


REGISTER = """reference,first_name,last_name,aliases,notice_status,notice_served_on,notice_expires_on
FT-0101,Martin,Blackwood,,active,2026-09-14,2036-09-13
FT-0108,Simon,Hartley,,expired,2024-05-10,2025-05-09
"""


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """A little town with two people on its register."""
    made = await asyncio.to_thread(
        Settings,
        scheme=SchemeSettings(name="Fernley", short="FT"),
        paths=PathSettings(state_dir=tmp_path / "state"),
    )
    async with open_store(made.database_url) as store:
        people = parse_register(REGISTER.encode())
        await store.register.import_people(people.rows, dry_run=False, by="test", refusals=people.refusals)
    return made


def contents(database: Path) -> list[str]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return list(connection.iterdump())


@pytest.mark.timeout(120)
@pytest.mark.speech
async def test_a_night_and_the_next_one(settings: Settings) -> None:
    """Real voice, real Whisper: who is heard is heard, nothing is written to the real store, and the nights add up."""
    database = settings.state_dir / "huecry.db"
    before = await asyncio.to_thread(contents, database)
    seconds = iter([0.0, 0.0, 61.0])
    first = await drill(settings, DrillOrder(minutes=1), seconds=lambda: next(seconds))
    assert [result.reference for result in first.results] == ["FT-0101"], (
        "a notice in force goes first; then time was up"
    )
    assert first.waiting == 1
    assert "whisper" in first.engine
    assert first.voice
    forms = {form.label: form for form in first.results[0].forms}
    assert set(forms) == {"full name", "surname", "reference", "number"}
    heard = forms["full name"]
    assert heard.outcome is Outcome.HEARD, heard
    assert "Martin Blackwood" in heard.details[0].said
    assert "blackwood" in heard.details[0].transcript.lower()
    assert heard.details[0].decision == "alert"

    told: list[tuple[int, int]] = []
    second = await drill(settings, DrillOrder(only=("ft-0108", "FT-0101")), progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]
    assert [result.reference for result in second.results] == ["FT-0108", "FT-0101"]
    lapsed = {form.label: form for form in second.results[0].forms}["full name"]
    assert (lapsed.outcome, lapsed.details[0].decision) == (Outcome.HEARD, "log"), lapsed
    again = {form.label: form for form in second.results[1].forms}
    assert {label: form.before for label, form in again.items()} == {
        label: form.outcome for label, form in forms.items()
    }
    assert [f.details[0].transcript for f in again.values()] == [f.details[0].transcript for f in forms.values()]
    assert second.waiting == 0
    assert await asyncio.to_thread(contents, database) == before
    assert sorted(path.name for path in settings.state_dir.iterdir() if not path.name.startswith("huecry.db")) == [
        "drill.json"
    ]
    shown = await last_drills(settings, Quality.GOOD)
    assert {result.reference for result in shown.known} == {"FT-0101", "FT-0108"}
    assert shown.results == ()
    report = as_json(second, DrillOrder(), NOW)
    assert json.loads(json.dumps(report))["summary"] == {"people": 2, **summary(second.known), "waiting": 0}


async def test_what_can_not_be_drilled_is_said(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="not on the register: FT-9999"):
        await drill(settings, DrillOrder(only=("FT-9999",)))
    elsewhere = settings.model_copy(update={"paths": PathSettings(state_dir=tmp_path / "empty")})
    with pytest.raises(DrillError, match="import the register first"):
        await drill(elsewhere, DrillOrder())
    assert not (tmp_path / "empty" / "huecry.db").exists()
    async with open_database(settings.database_url) as database, database.connection(writes=True) as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(DrillError, match="huecry db upgrade"):
        await last_drills(settings, Quality.GOOD)


def test_the_drills_engine_stands_back() -> None:
    modest = standing_back(SpeechSettings(workers=4, niceness=0))
    assert (modest.workers, modest.threads, modest.niceness) == (1, 1, 19)
    assert modest.time_out_s >= 120
    assert standing_back(SpeechSettings(threads=2)).threads == 2


async def huecry(config: Path, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "--config", str(config), "drill", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("HUECRY_")} | {"COLUMNS": "160"},
    )  # fmt: skip
    out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


Write = Callable[[str], Path]


@pytest.fixture
def config(settings: Settings, tmp_path: Path) -> Write:
    """Settings in a file."""

    def write(more: str = "") -> Path:
        path = tmp_path / "huecry.toml"
        path.write_text(
            f'[scheme]\nname = "Fernley"\nshort = "FT"\n[paths]\nstate_dir = "{settings.state_dir}"\n{more}'
        )
        return path

    return write


@pytest.mark.timeout(120)
@pytest.mark.speech
async def test_the_command(config: Write, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    code, out, errors = await huecry(config(""), "--only", "FT-0108", "--channel-quality", "clear", "--json", str(file))
    assert code == 0, errors
    assert "1 people, 4 ways to name them" in out
    assert "drill done" in errors
    assert "Hartley" not in errors, "names stay out of the journal"
    report = json.loads(file.read_text())
    assert report["channel_quality"] == "clear"
    assert [person["reference"] for person in report["people"]] == ["FT-0108"]
    assert {form["label"] for form in report["people"][0]["forms"]} == {"full name", "surname", "reference", "number"}
    code, out, _ = await huecry(config(""), "--last", "--channel-quality", "clear")
    assert (code, "1 people wait for their first drill" in out) == (0, True), out


@pytest.mark.timeout(90)
async def test_stopped_it_leaves_no_copy_of_the_register_behind(config: Write, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    await asyncio.to_thread(scratch.mkdir)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "--config", str(config("")), "drill",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("HUECRY_")}
        | {"TMPDIR": str(scratch)},
    )  # fmt: skip
    while not await asyncio.to_thread(lambda: list(scratch.glob("huecry-drill-*/drill.db"))):
        await asyncio.sleep(0.05)
    process.terminate()
    _, errors = await process.communicate()
    assert (process.returncode, "the drill was stopped" in errors.decode()) == (1, True), errors
    assert await asyncio.to_thread(lambda: list(scratch.iterdir())) == []


@pytest.mark.parametrize(
    ("more", "words", "complaint"),
    [
        ("", ["--only", "FT-9999"], "not on the register: FT-9999"),
        ("[speech]\nmodel = 'parrot'\n", [], "parrot"),
        ("[voice]\nspeaker = 'x'\n", [], "speaker"),
        ("", ["--json", "/nowhere/out.json", "--last"], "/nowhere"),
    ],
)
async def test_what_is_wrong_is_said_and_ends_with_2(
    config: Write, more: str, words: list[str], complaint: str
) -> None:
    code, _, errors = await huecry(config(more), *words)
    assert (code, complaint in errors) == (2, True), errors


def test_what_is_shown() -> None:
    """The worst first, whom a name is taken for, what got worse, and what to do; nothing of a name is taken for markup."""
    marked = replace(OTTO, last_name="[b]Pemberling")
    worse = PersonResult(
        "DT-0142",
        NOW,
        (
            FormResult("alias 1", Outcome.WRONG, 1, 2, ("DT-0151",), Outcome.HEARD),
            FormResult("number", Outcome.HEARD, 2, 2),
        ),
    )
    console = Console(record=True, width=160, file=StringIO())
    show(console, (WENDELL, marked), (result(marked, surname="missed", full_name="heard"), worse), 3)
    said = console.export_text()
    assert said.index("DT-0142") < said.index("[b]Pemberling (surname)")
    for part in (
        "Wink (alias 1)",
        "wrong person (1 of 2 heard)",
        "Otto [b]Pemberling (DT-0151)",
        "was heard",
        'DT-0142 Wendell Ackerby: The alias "Wink" is taken for',
        "2 people, 4 ways to name them: 2 heard, 0 unsure, 1 missed, 1 taken for somebody else; 1 got worse",
        "3 people wait for their first drill",
    ):
        assert part in said
    console = Console(record=True, width=160, file=StringIO())
    show(console, (WENDELL,), (result(WENDELL, surname="heard"),), 0)
    assert console.export_text().splitlines() == [
        "1 people, 1 ways to name them: 1 heard, 0 unsure, 0 missed, 0 taken for somebody else; 0 got worse"
    ]


def test_drilled_counts() -> None:
    one = result(WENDELL, full_name="heard", surname="missed")
    done = Drilled((WENDELL,), (one,), (one,), 0, "", "")
    assert summary(done.known) == {"forms": 2, "wrong": 0, "missed": 1, "unsure": 0, "heard": 1, "worse": 0}
