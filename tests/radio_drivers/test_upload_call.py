"""Forms of every documented sender to calls; anything odd is left out, never guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.upload.call import Call, Claim, Incomplete, Talker, call_of, claim_of, meta_of
from radio_drivers.upload.fields import EARLIEST, LATEST, label, listed, moment, real, strength, unit, whole
from radio_drivers.upload.form import Form

AT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
AUDIO = b"RIFF" + bytes(100)

COMPLETE = {"key": "K1", "system": "1", "talkgroup": "9001", "dateTime": "1795280400"}


def call(values: dict[str, str] | None = None, audio: bytes | None = AUDIO, meta: dict[str, Any] | None = None) -> Call:
    found = call_of(Form({**COMPLETE, **(values or {})}, audio), meta)
    assert isinstance(found, Call)
    return found


def test_trunk_recorder() -> None:
    found = call(
        {
            "audioName": "9001-1795280400_453125000.m4a",
            "audioType": "audio/mp4",
            "frequencies": '[{"freq": 453125000, "time": 1795280400, "pos": 0.00, "len": 3.10, "errorCount": 0, "spikeCount": 0}]',
            "frequency": "453125000",
            "patches": "[]",
            "talkgroupGroup": "Shops",
            "talkgroupLabel": "TOWN",
            "talkgroupTag": "Business",
            "talkgroupName": "Town centre shops",
            "sources": '[{ "pos": 0.00, "src": 12345 }, { "pos": 1.25, "src": 12346 }]',
            "systemLabel": "shopwatch",
        }
    )
    assert found == Call(
        system=1,
        talkgroup=9001,
        at=AT,
        audio=AUDIO,
        audio_type="audio/mp4",
        talkers=(Talker(0.0, "12345"), Talker(1.25, "12346")),
        talkgroup_label="TOWN",
    )


def test_sdrtrunk() -> None:
    found = call({"source": "4424000", "frequency": "453125000", "patches": "[9001,9002,77]", "talkerAlias": "Rosa"})
    assert found.talkers == (Talker(0.0, "4424000", "Rosa"),)
    assert found.patches == (9001, 9002, 77)


def test_version_7_of_rdio_scanner() -> None:
    values = {
        "dateTime": "1970-01-01T00:00:00.000Z",  # as its documentation's example: only the timestamp counts
        "timestamp": "1795280400250",
        "frequencies": '[{"freq": 453125000, "dbm": -97}, {"freq": 453125000, "dbm": -91.5}, {"dbm": 999}]',
        "units": '[{"id": 12346, "label": "Tom", "offset": 2.5}, {"id": 12345, "label": "Rosa", "offset": 0}]',
    }
    found = call(values)
    assert found.at == AT + timedelta(milliseconds=250)
    assert found.strength_dbm == -91.5
    assert found.talkers == (Talker(0.0, "12345", "Rosa"), Talker(2.5, "12346", "Tom"))


def test_trunk_recorders_json_file() -> None:
    meta = {
        "freq": 453125000,
        "start_time": 1795280400,
        "emergency": 0,
        "signal": -96,
        "talkgroup": 9001,
        "talkgroup_tag": "TOWN",
        "srcList": [{"src": 12345, "time": 1795280400, "pos": 0.0, "emergency": 1, "signal_system": "", "tag": "Rosa"}],
        "patched_talkgroups": [9002],
    }
    form = Form({"key": "K1", "system": "1", "meta": json.dumps(meta)}, AUDIO)
    found = call_of(form, meta_of(form))
    assert found == Call(
        system=1,
        talkgroup=9001,
        at=AT,
        audio=AUDIO,
        talkers=(Talker(0.0, "12345", "Rosa"),),
        patches=(9002,),
        talkgroup_label="TOWN",
        strength_dbm=-96.0,
        emergency=True,
    )
    assert claim_of(form, meta_of(form)) == Claim("K1", "1", "9001")
    assert not call(meta={**meta, "srcList": [], "emergency": 0}).emergency
    assert call(meta={**meta, "srcList": [], "emergency": True}).emergency


def test_not_known_is_not_a_number() -> None:
    assert call(meta={"signal": 999, "srcList": [{"src": -1, "pos": 0}]}).strength_dbm is None
    assert call({"source": "0"}).talkers == ()
    assert call({"sources": '[{"pos": 0, "src": 0}]', "source": "12"}).talkers == (Talker(0.0, "12"),)


@pytest.mark.parametrize(
    ("lacks", "says"),
    [
        (["audio"], "audio"),
        (["dateTime"], "timestamp"),
        (["system"], "system"),
        (["talkgroup"], "talkgroup"),
        # SDRTrunk's probe has nothing, and asks for this word.
        (["audio", "dateTime", "system", "talkgroup"], "talkgroup"),
        (["audio", "dateTime", "system"], "system"),
        (["audio", "dateTime"], "timestamp"),
    ],
)
def test_what_is_missing_is_named_the_talkgroup_first(lacks: list[str], says: str) -> None:
    values = {name: value for name, value in COMPLETE.items() if name not in lacks}
    assert call_of(Form(values, None if "audio" in lacks else AUDIO)) == Incomplete(says)


def test_a_header_alone_is_no_audio_and_zero_is_no_talkgroup() -> None:
    assert call_of(Form(COMPLETE, bytes(44))) == Incomplete("audio")
    assert call_of(Form({**COMPLETE, "talkgroup": "0"}, AUDIO)) == Incomplete("talkgroup")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1795280400", AT),
        ("1795280400250", AT + timedelta(milliseconds=250)),
        ("2026-11-21T17:00:00Z", AT),
        ("2026-11-21T18:00:00.500+01:00", AT + timedelta(milliseconds=500)),
        (1795280400, AT),
        (1795280400.7, AT),
        ("2026-11-21T17:00:00", None),  # whose time?
        ("2026-11-21", None),
        ("0", None),
        ("-1", None),
        ("1970-01-01T00:00:00.000Z", None),
        ("9" * 18, None),
        ("9" * 30, None),
        ("0001-01-01T00:00:00+23:59", None),
        ("", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_times(text: object, at: datetime | None) -> None:
    assert moment(text) == at


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(anything)
def test_any_value_is_read_or_left_out(value: object) -> None:
    number = whole(value)
    assert number is None or 0 <= number < 10**18
    assert unit(value) is None or int(unit(value) or "") > 0
    at = moment(value)
    assert at is None or EARLIEST <= at < LATEST
    dbm = strength(value)
    assert dbm is None or -200 <= dbm < 0
    assert real(value) is None or isinstance(real(value), float)
    assert len(label(value)) <= 64
    assert label(value).isprintable()


NAMES = ["key", "system", "talkgroup", "dateTime", "timestamp", "source", "sources", "units", "unit", "patches",
         "frequencies", "frequency", "talkgroupLabel", "talkerAlias", "audioType"]  # fmt: skip
values = st.text(max_size=60) | anything.map(json.dumps)


@given(st.dictionaries(st.sampled_from(NAMES), values), st.none() | st.binary(max_size=100), anything)
def test_any_form_is_a_call_or_lacks_something(fields: dict[str, str], audio: bytes | None, meta: object) -> None:
    told = {"srcList": meta, "freqList": meta, "talkgroup": meta, "start_time": meta, "signal": meta,
            "emergency": meta, "patched_talkgroups": meta, "talkgroup_tag": meta}  # fmt: skip
    form = Form(fields, audio)
    assert isinstance(claim_of(form, told), Claim)
    found = call_of(form, told)
    if isinstance(found, Call):
        assert list(found.talkers) == sorted(found.talkers, key=lambda talker: talker.at_s)
        assert all(talker.at_s >= 0 for talker in found.talkers)


def test_json_that_is_none_or_nested_to_death() -> None:
    assert listed("[" * 100_000) == []
    assert listed("{}") == listed("no") == listed(None) == []
    assert meta_of(Form({"meta": "[1]"})) is None
    assert meta_of(Form({})) is None
