"""The form parser: what real senders write, any bytes in any pieces, and bounds that hold."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.upload.form import (
    PARTS_MAX,
    TEXT_MAX,
    BadForm,
    Form,
    FormReader,
    FormTooLarge,
    boundary_of,
)

BOUNDARY = b"--sdrtrunk-sdrtrunk-sdrtrunk"


def part(name: str, value: bytes, more: str = "") -> bytes:
    return b"--%s\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n" % (
        BOUNDARY,
        name.encode(),
        more.encode(),
        value,
    )  # fmt: skip


END = b"--" + BOUNDARY + b"--\r\n"


def read(body: bytes, *cuts: int, audio_max: int = 1_000_000) -> Form:
    reader = FormReader(BOUNDARY, audio_max)
    edges = [0, *sorted(cuts), len(body)]
    for begin, end in itertools.pairwise(edges):
        reader.feed(body[begin:end])
    return reader.finish()


def test_sdrtrunk_names_the_file_before_the_part_and_gives_no_type() -> None:
    audio = b"ID3\x04" + bytes(range(256))
    file = b'--%s\r\nContent-Disposition: form-data; filename="9001-1.mp3"; name="audio"\r\n\r\n' % BOUNDARY
    form = read(part("key", b"K1") + part("talkgroup", b"9001") + file + audio + b"\r\n" + END)
    assert form.values == {"key": "K1", "talkgroup": "9001"}
    assert (form.audio, form.audio_name, form.audio_type) == (audio, "9001-1.mp3", "")


def test_sdrtrunks_probe_has_one_line_end_too_many() -> None:
    probe = part("key", b"K1") + part("system", b"11") + part("test", b"1") + b"\r\n" + END
    assert read(probe).values == {"key": "K1", "system": "11", "test": "1"}


def test_trunk_recorder_sends_the_audio_first_with_a_type() -> None:
    head = '; filename="9001-1795280400.m4a"\r\nContent-Type: application/octet-stream'
    form = read(part("audio", b"\0\0\0\x20ftypM4A ", head) + part("key", b"K1") + END)
    assert (form.audio_name, form.audio_type) == ("9001-1795280400.m4a", "application/octet-stream")
    assert form.values == {"key": "K1"}


@given(
    st.dictionaries(
        st.from_regex(r"[a-zA-Z]{1,12}", fullmatch=True).filter(lambda name: name != "audio"),
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")).map(str.strip),
        max_size=8,
    ),
    st.binary(max_size=300),
    st.data(),
)
def test_what_was_sent_arrives_however_it_is_cut(values: dict[str, str], audio: bytes, data: st.DataObject) -> None:
    body = b"".join(part(name, value.encode()) for name, value in values.items())
    body += part("audio", audio, '; filename="a.wav"') + END
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=12))
    if b"\r\n--" + BOUNDARY in audio:
        return
    form = read(body, *cuts)
    assert form.values == values
    assert form.audio == audio


@given(st.lists(st.binary(max_size=400), max_size=8))
def test_any_bytes_give_a_form_or_an_error_and_little_is_kept(pieces: list[bytes]) -> None:
    reader = FormReader(b"b", 1_000)
    try:
        for piece in pieces:
            reader.feed(piece)
            assert reader.held <= 1_000 + TEXT_MAX
        reader.finish()
    except BadForm:
        pass


@given(st.data())
def test_a_damaged_form_gives_a_form_or_an_error(data: st.DataObject) -> None:
    body = bytearray(part("key", b"K1") + part("audio", b"RIFF" * 20, '; filename="a.wav"') + END)
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        form = read(bytes(body), *data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    except BadForm:
        return
    assert isinstance(form, Form)


def test_every_form_that_is_cut_off_is_an_error() -> None:
    body = part("key", b"K1") + part("audio", b"x" * 50) + END
    for length in range(len(body) - 4):
        with pytest.raises(BadForm):
            read(body[:length])


def test_nothing_grows_without_end() -> None:
    with pytest.raises(FormTooLarge, match="audio"):
        read(part("audio", b"x" * 1001) + END, audio_max=1000)
    with pytest.raises(FormTooLarge, match="text"):
        read(part("meta", b"x" * (TEXT_MAX + 1)) + END)
    with pytest.raises(FormTooLarge, match="parts"):
        read(part("a", b"1") * (PARTS_MAX + 1) + END)
    with pytest.raises(BadForm):
        read(b"--%s\r\nContent-Disposition: %s" % (BOUNDARY, b"x" * 100_000))
    with pytest.raises(BadForm):
        read(b"--%s\r\n" % BOUNDARY + b"X-A: 1\r\n" * 1000)


def test_of_one_name_twice_the_later_counts_and_the_epilogue_says_nothing() -> None:
    form = read(part("key", b"a") + part("key", b"b") + part("audio", b"1") + part("audio", b"22") + END + b"garbage")
    assert form.values == {"key": "b"}
    assert form.audio == b"22"


@pytest.mark.parametrize("bad", [b"form-data", b'attachment; name="key"', b'form-data; filename="x"', b""])
def test_a_part_without_a_name_is_an_error(bad: bytes) -> None:
    with pytest.raises(BadForm, match="without a name"):
        read(b"--%s\r\nContent-Disposition: %s\r\n\r\n1\r\n" % (BOUNDARY, bad) + END)


@pytest.mark.parametrize(
    ("types", "boundary"),
    [
        (["multipart/form-data; boundary=abc"], b"abc"),
        (["multipart/form-data; boundary=abc", "audio/mpeg"], b"abc"),
        (["audio/mpeg", 'Multipart/Form-Data; charset=utf-8; boundary="a b"'], b"a b"),
        (["audio/mpeg"], None),
        (["application/x-www-form-urlencoded"], None),
    ],
)
def test_of_several_content_types_the_multipart_one_counts(types: list[str], boundary: bytes | None) -> None:
    assert boundary_of(types) == boundary


@pytest.mark.parametrize("types", [[], [""], ["multipart/form-data"], ["multipart/form-data; boundary=" + "x" * 300]])
def test_a_content_type_that_can_not_be_used(types: list[str]) -> None:
    with pytest.raises(BadForm):
        boundary_of(types)


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_content_types(types: list[str]) -> None:
    try:
        boundary = boundary_of(types)
    except BadForm:
        return
    assert boundary is None or 1 <= len(boundary) <= 250
