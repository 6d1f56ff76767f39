"""What a Tait's messages mean, what commands look like, and what an installer may set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dispatch.channels.radio_text import split_text
from radio_drivers.interface import NotSupported
from radio_drivers.tait import TaitSettings, TaitSettingsError
from radio_drivers.tait import messages as m
from radio_drivers.tait.protocol import Frame, read_line
from radio_drivers.tait.talking import text_command
from radio_drivers.tait.text import as_ascii


def frame(text: str) -> Frame:
    found = read_line(text.encode())
    assert isinstance(found, Frame), text
    return found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p0205C9", m.Progress(m.Kind.BUSY)),
        ("p0206C8", m.Progress(m.Kind.CLEAR)),
        ("p0207C7", m.Progress(m.Kind.PTT_ON)),
        ("p031D187", m.Progress(m.Kind.TEXT_RECEIPT, "1")),
        ("p031F086", m.Progress(m.Kind.RESTARTED, "0")),
        ("p092100000076D", m.Progress(m.Kind.CHANNEL, "0000007")),
        ("r0C00000FF12345A0", m.Ring("0", "0000", None, "12345", None)),
        ("r0C00100FF123459F", m.Ring("0", "0100", None, "12345", None)),
        ("r0C020000712345C3", m.Ring("0", "2000", "07", "12345", None)),
        ("r0714000FFA6", m.Ring("1", "4000", None, None, None)),
        ("r1200000FF54321-1234584", m.Ring("0", "0000", None, "12345", "54321")),
        ("s02Hi7A", m.Text("Hi")),
        ("s002D", m.Text("")),
        ("m0813203.02A2", m.Model("TM8110", "03.02")),
        ("m0813102.03A3", m.Model("TM8105 or TM8115", "02.03")),
        ("n08190011898D", m.Serial("19001189")),
        ("v1200TMAB12-B100_02011E", m.Version("00", "TMAB12-B100_0201")),
        ("j07064-456C9", m.Reading("064", "-456")),
        ("e03006A2", m.Refusal(system=False, code=m.NOT_ACCEPTED)),
        ("e03005A3", m.Refusal(system=False, code=m.NOT_READY)),
    ],
)
def test_messages(text: str, message: m.Message) -> None:
    assert m.read(frame(text)) == message


@pytest.mark.parametrize(
    "unknown",
    [Frame("p"), Frame("p", "G1"), Frame("r", "00000F"), Frame("m", "1"), Frame("v"), Frame("j", "06"), Frame("e", "0"),
     Frame("e", "0ZZ"), Frame("d", "0"), Frame("z", "12")],
)  # fmt: skip
def test_what_means_nothing(unknown: Frame) -> None:
    assert m.read(unknown) is None


@given(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), st.text(st.characters(max_codepoint=255), max_size=255))
def test_any_frame_can_be_asked(ident: str, parameters: str) -> None:
    message = m.read(Frame(ident, parameters))
    match message:
        case m.Ring():
            assert message.what
            assert message.emergency in {True, False}
        case m.Text(text):
            assert text.isprintable()
        case m.Reading():
            assert message.dbm is None or -10_000 < message.dbm < 10_000
        case m.Progress():
            assert m.channel_of(message) is None or m.channel_of(message) != ""
        case _:
            pass


def test_emergency_is_the_second_type_character() -> None:
    assert not m.Ring("0", "0000", None, "12345", None).emergency
    assert m.Ring("0", "0100", None, "12345", None).emergency
    assert m.Ring("0", "2100", "07", "12345", None).emergency
    assert not m.Ring("0", "1000", None, "12345", None).emergency
    assert m.Ring("1", "0009", None, None, None).emergency, "the emergency alarm of Issue 2's table"


def test_strengths() -> None:
    def dbm(text: str) -> float | None:
        message = m.read(frame(text))
        assert isinstance(message, m.Reading)
        return message.dbm

    assert dbm("j08063-1042A1") == -104.2
    assert dbm("j07064-456C9") == -45.6
    assert m.Reading("063", "---").dbm is None


@pytest.mark.parametrize(
    ("parameter", "number"),
    [("0000007", "7"), ("00007", "7"), ("0010012", "10012"), ("00", "0"), ("9000007", None), ("", None), ("0x", None)],
)
def test_channels(parameter: str, number: str | None) -> None:
    assert m.channel_of(m.Progress(m.Kind.CHANNEL, parameter)) == number


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (m.KEY, "f0291CE"), (m.UNKEY, "f0290CF"), (m.PROGRESS_ON, "f03041A2"), (m.RINGS_ON, "f03031A3"),
        (m.TEXTS_ON, "f03101A5"), (m.TEXT_IDS_ON, "f03121A3"), (m.CHANNELS_ON, "f03051A1"), (m.CHANNEL_NOW, "f03052A0"),
        (m.DROP_TEXT, "c0110B"), (m.GET_TEXT, "q011FD"), (m.GET_MODEL, "q010FE"), (m.GET_VERSIONS, "q013FB"),
        (m.GET_SERIAL, "q014FA"), (m.GET_STRENGTH, "q0450635D"), (m.dial("12345"), "d0601234507"), (m.go_to("7"), "g01701"),
        (m.go_to("010012"), "g060100120F"),
        (m.text_to("SHOP0001", "Hi", lead_in_s=0.1, simple=True), "s0C05SHOP0001Hi09"),
        (m.text_to("SHOP0001", "North gate", lead_in_s=0.1), "a1705200SHOP0001North gate79"),
    ],
)  # fmt: skip
def test_commands(command: Frame, text: str) -> None:
    assert command.to_bytes() == text.encode() + b"\r"


def test_a_long_text_is_an_extended_message() -> None:
    command = m.text_to("SHOP0001", "x" * 33, lead_in_s=0.1)
    assert command.parameters.startswith("05204SHOP0001")


@pytest.mark.parametrize(("lead_in_s", "written"), [(0.0, "01"), (0.02, "01"), (0.1, "05"), (5.1, "FF"), (60.0, "FF")])
def test_lead_in_counts_20_ms(lead_in_s: float, written: str) -> None:
    assert m.text_to("SHOP0001", "Hi", lead_in_s=lead_in_s).parameters[:2] == written


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Corner Books", "Corner Books"),
        ("Café Zoë", "Cafe Zoe"),
        ("Cafe\u0301", "Cafe"),
        ("“Do not detain” – ask…", '"Do not detain" - ask.'),
        ("Łódź Straße", "Lodz Strase"),
        ("£5 €5", "L5 E5"),
        ("two\r\nlines\x11", "two lines?"),
        ("東京", "??"),
    ],
)
def test_texts_are_ascii_and_no_longer(text: str, plain: str) -> None:
    assert as_ascii(text) == plain


@given(st.text(max_size=60))
def test_any_text_can_be_sent(text: str) -> None:
    plain = as_ascii(text)
    assert len(plain) <= len(text)
    assert all(" " <= c <= "~" for c in plain)


TEXTS = TaitSettings(port="/dev/ttyUSB0", text_to="5200****")


@pytest.mark.parametrize(
    ("to", "destination"),
    [(None, "5200****"), ("0001", "52000001"), ("1", "5200***1"), ("53000001", "53000001")],
)
def test_whom_a_text_is_for(to: str | None, destination: str) -> None:
    assert text_command(TEXTS, "Hi", to)[1] == destination


@pytest.mark.parametrize("to", ["", "123456789", "12-4", "a b"])
def test_ids_nobody_can_have(to: str) -> None:
    with pytest.raises(NotSupported, match="8 letters and digits"):
        text_command(TEXTS, "Hi", to)


def test_a_text_that_was_not_split_is_refused() -> None:
    with pytest.raises(NotSupported, match="room for 32"):
        text_command(TEXTS, "x" * 33, None)
    with pytest.raises(NotSupported, match="text_to"):
        text_command(TaitSettings(port="x"), "Hi", None)
    text_command(TaitSettings(port="x", text_to="5200****", text_extended=True), "x" * 128, None)


@given(st.text(min_size=1, max_size=400))
def test_what_is_split_and_numbered_for_this_set_can_be_sent(text: str) -> None:
    most = TEXTS.text_max
    assert most == 32
    for part in split_text(text, most):
        command, _ = text_command(TEXTS, part, None)
        assert len(command.parameters) <= 5 + 8 + 32
        command.to_bytes()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"busy_max_s": 1}, "busy_max_s"),
        ({"strength_s": 0.1}, "strength_s"),
        ({"keepalive_s": 1}, "keepalive_s"),
        ({"key_confirm_s": 6}, "key_confirm_s"),
        ({"selcall_s": 0}, "selcall_s"),
        ({"text_lead_in_ms": 0}, "text_lead_in_ms"),
        ({"text_receipt_s": 31}, "text_receipt_s"),
        ({"channel": "seven"}, "channel"),
        ({"channel": "12345"}, "channel"),
        ({"selcall": "12G"}, "selcall"),
        ({"emergency_status": ("9",)}, "emergency_status"),
        ({"emergency_status": ("FF",)}, "emergency_status"),
        ({"text_to": "5200"}, "text_to"),
        ({"text_to": "5200****", "text_simple": True, "text_extended": True}, "text_simple"),
        ({"text_sender": "from:"}, "text_sender"),
        ({"escape": "++"}, "escape"),
        ({"baud": 38_400}, "baud"),
        ({"prot": "/dev/ttyUSB0"}, "prot"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        TypeAdapter(TaitSettings).validate_python(settings)


def test_settings_that_can_be() -> None:
    assert TaitSettings().text_max is None
    assert TaitSettings(strength_s=0, selcall="12345-A", channel="010012", text_sender="{unit}:").text_max is None
    assert TaitSettings(text_to="5200****", text_extended=True).text_max == 128
    with pytest.raises(TaitSettingsError):
        TaitSettings(channel="x")
