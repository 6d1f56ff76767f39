"""Fuzz target: uploaded calls, from the bytes of a form to events, and any text in any field."""

from __future__ import annotations

from datetime import UTC, datetime

from radio_drivers.interface import Audio, KeyDown, KeyUp
from radio_drivers.upload.call import Call, call_of, claim_of, meta_of
from radio_drivers.upload.events import events_of, parts_of
from radio_drivers.upload.fields import EARLIEST, LATEST
from radio_drivers.upload.form import TEXT_MAX, BadForm, Form, FormReader, boundary_of

AUDIO_MAX = 1_000
FIELDS = ("key", "system", "talkgroup", "dateTime", "timestamp", "sources", "units", "unit", "source", "patches",
          "frequencies", "talkgroupLabel", "talkerAlias", "meta")  # fmt: skip

_PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
SEEDS = (
    b"\x00\x07" + _PART % (b"key", b"K1") + _PART % (b"talkgroup", b"9001") + b"--b--\r\n",
    b'\x00\x30--b\r\nContent-Disposition: form-data; filename="a.mp3"; name="audio"\r\n\r\nID3\r\n--b--\r\n',
    b"\x00\x01" + _PART % (b"test", b"1") + b"\r\n--b--\r\n",
    b'\x011\n1\n9001\n1795280400\n1795280400250\n[{"pos": 0.00, "src": 12345}, {"pos": 1.25, "src": 7}]',
    b'\x011\n1\n9001\n2026-11-21T17:00:00Z\n\n\n[{"id": 1, "offset": 0.5, "label": "Rosa"}]',
    b'\x011\n1\n\n\n\n\n\n\n\n\n[{"dbm": -91.5}]\n\n\n{"start_time": 1795280400, "talkgroup": 9001, "emergency": 1}',
    b"\x02multipart/form-data; boundary=abc\naudio/mpeg",
)
SOUND = bytes(2 * 16_000 * 4)
"""Four seconds."""


def one_input(data: bytes) -> None:
    """The first byte chooses: a body (in pieces of the second byte's size), fields one to a line, or content types."""
    if len(data) < 2:
        return
    match data[0] % 3:
        case 0:
            _body(data[2:], 1 + data[1] % 64)
        case 1:
            lines = data[1:].decode("utf-8", "replace").split("\n")
            _call(Form(dict(zip(FIELDS, lines, strict=False)), bytes(100)))
        case _:
            _types(data[1:].decode("latin-1").split("\n"))


def _body(body: bytes, size: int) -> None:
    reader = FormReader(b"b", AUDIO_MAX)
    try:
        for begin in range(0, len(body), size):
            reader.feed(body[begin : begin + size])
            if reader.held > AUDIO_MAX + TEXT_MAX:
                raise AssertionError(f"{reader.held} bytes are kept")
        form = reader.finish()
    except BadForm:
        return
    if len(form.audio or b"") > AUDIO_MAX:
        raise AssertionError("more audio than is taken")
    _call(form)


def _call(form: Form) -> None:
    meta = meta_of(form)
    claim_of(form, meta)
    call = call_of(form, meta)
    if not isinstance(call, Call):
        return
    if not EARLIEST <= call.at < LATEST:
        raise AssertionError(f"a call at {call.at}")
    at = datetime(2026, 11, 21, 17, tzinfo=UTC)
    events = list(events_of("town", call, parts_of(call, at, SOUND, split=True)))
    if b"".join(event.pcm for event in events if isinstance(event, Audio)) != SOUND:
        raise AssertionError("samples were lost or told twice")
    keys = [event for event in events if isinstance(event, KeyUp | KeyDown)]
    if [type(event) for event in keys] != [KeyUp, KeyDown] * (len(keys) // 2):
        raise AssertionError(f"{keys} don't alternate")


def _types(lines: list[str]) -> None:
    try:
        boundary = boundary_of(lines)
    except BadForm:
        return
    if boundary is not None and not 1 <= len(boundary) <= 250:
        raise AssertionError(f"a boundary of {len(boundary)} bytes")
