"""What things seem to be, which line is the squelch, how loud it is, and the settings that follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.radio_setup.checking import problem_with
from gateway.radio_setup.levels import Judged, Meter, Verdict
from gateway.radio_setup.merging import merged
from gateway.radio_setup.plan import Plan, threshold_of, values_of
from gateway.radio_setup.seems import Candidate, Rig, belonging, candidates, sound_name
from gateway.radio_setup.watching import LineWatch, SquelchFound
from radio_drivers.line.inventory import FoundHid, FoundSerial, FoundSound, Inventory, Usb
from radio_drivers.line.portaudio import SoundDevice
from radio_drivers.line.squelch import Samples

FTDI = Usb(0x0403, 0x6001, "FTDI", "FT232R USB UART", "A1", "1-1.2")
CM108B = Usb(0x0D8C, 0x0012, "C-Media", "USB Audio Device", "", "1-1.3")
MOUSE = Usb(0x046D, 0xC077, "Logitech", "Mouse", "", "1-2")
CARD = SoundDevice("USB Audio Device: - (hw:1,0)", 1, 2, 44_100.0)
OTHER = SoundDevice("Built-in: ALC (hw:0,0)", 2, 2, 48_000.0)


def serial(
    usb: Usb | None = FTDI, description: str = "", device: str = "/dev/ttyUSB0", *, allowed: bool = True
) -> FoundSerial:
    return FoundSerial(device, f"{device}-lasting", description, usb, allowed)


def test_everything_of_a_radio_is_recognised_and_a_mouse_is_not() -> None:
    inventory = Inventory(
        serial=(serial(), serial(None, "ttyS0", "/dev/ttyS0")),
        hid=(
            FoundHid("/dev/hidraw0", "Mouse", "usb-1", MOUSE, True),
            FoundHid("/dev/hidraw1", "C-Media", "usb-2", CM108B, False),
        ),
        sound=(FoundSound(OTHER, None), FoundSound(CARD, CM108B)),
    )
    found = candidates(inventory, (Rig("127.0.0.1", 4532, "Dummy"),))
    assert [(one.use, one.where, one.likely) for one in found] == [
        ("serial", "/dev/ttyUSB0", True),
        ("serial", "/dev/ttyS0", False),
        ("cm108", "/dev/hidraw1", True),
        ("rigctld", "127.0.0.1:4532", True),
        ("sound", "Built-in: ALC (hw:0,0)", False),
        ("sound", "USB Audio Device: - (hw:1,0)", True),
    ]
    assert found[0].seems == "FTDI FT232R cable (FTDI FT232R USB UART)"
    assert (found[0].address, found[2].address) == ("/dev/ttyUSB0-lasting", "usb-2")
    assert "60-huecry-radio.rules" in found[2].hint
    assert "Dummy" in found[3].seems
    assert found[5].address == "USB Audio Device"


@pytest.mark.parametrize(
    ("usb", "seems", "likely"),
    [
        (Usb(0x10C4, 0xEA60, "Tait", "T03 cable", "", "1"), "Tait radio or cable (Tait T03 cable)", True),
        (
            Usb(0x1209, 0x7388, "AIOC", "All-In-One-Cable", "", "1"),
            "All-in-one cable (AIOC) (AIOC All-In-One-Cable)",
            True,
        ),
        (Usb(0xABCD, 0x0001, "", "", "", "1"), "USB serial port abcd:0001", False),
        (Usb(0x10C4, 0xEA60, "", "", "", "1"), "Silicon Labs CP210x cable", True),
        (None, "a serial port", False),
    ],
)
def test_serial_cables(usb: Usb | None, seems: str, *, likely: bool) -> None:
    (found,) = candidates(Inventory(serial=(serial(usb),)))
    assert (found.seems, found.likely) == (seems, likely)


def test_a_port_that_may_not_be_opened_says_what_to_do() -> None:
    (found,) = candidates(Inventory(serial=(serial(allowed=False),)))
    assert "dialout" in found.hint


@pytest.mark.parametrize(
    ("name", "others", "short"),
    [
        ("USB Audio Device: - (hw:1,0)", ["Built-in"], "USB Audio Device"),
        ("USB Audio Device: - (hw:1,0)", ["USB Audio Device: - (hw:2,0)"], "USB Audio Device: - (hw:1,0)"),
        ("default", ["pulse"], "default"),
    ],
)
def test_sound_devices_are_named_without_the_number_that_changes(name: str, others: list[str], short: str) -> None:
    assert sound_name(name, [name, *others]) == short


def sound(name: str, socket: str | None, *, likely: bool = False) -> Candidate:
    usb = Usb(1, 1, "", "", "", socket) if socket else None
    return Candidate("sound", name, name, "", "", usb, 1, 1, likely)


def test_the_sound_chip_of_the_same_interface_is_proposed() -> None:
    control = Candidate("cm108", "x", "x", "", "", Usb(1, 1, "", "", "", "1-1.3"))
    same, beside, far = sound("same", "1-1.3"), sound("beside", "1-1.2"), sound("far", "2-4", likely=True)
    assert belonging(control, (far, beside, same)) is same
    assert belonging(control, (far, beside)) is beside
    assert belonging(None, (sound("a", None), far)) is far
    assert belonging(None, (sound("a", None), sound("b", None))) is None
    assert belonging(None, ()) is None


def watched(*looks: tuple[float, dict[str, bool]]) -> LineWatch:
    watch = LineWatch()
    for at, levels in looks:
        watch.feed(levels, at)
    return watch


def pressing(times: int, line: str = "cts", *, resting: bool = False) -> list[tuple[float, dict[str, bool]]]:
    """Twenty looks a second; talk for one second, quiet for one."""
    looks = []
    for step in range((2 * times + 1) * 20):
        talking = (step // 20) % 2 == 1
        looks.append((step / 20, {"cts": False, "dcd": True} | {line: resting is not talking}))
    return looks


def test_the_line_that_moves_with_talk_is_the_squelch() -> None:
    assert watched(*pressing(2)).found() == (SquelchFound("cts", False, 2),)


def test_a_line_that_goes_off_is_inverted() -> None:
    assert watched(*pressing(2, "dcd", resting=True)).found() == (SquelchFound("dcd", True, 2),)


def test_bounces_are_no_talk() -> None:
    looks = [(step / 20, {"cts": step % 3 == 0}) for step in range(100)]
    assert watched(*looks).found() == ()


def test_a_line_that_moved_once_and_stayed_is_no_squelch_yet() -> None:
    looks = pressing(1)[:35]
    watch = watched(*looks)
    assert watch.found() == ()
    assert watch.lines["cts"] == (True, True)


def voice(dbfs: float, seconds: float = 2.0) -> Samples:
    at = np.arange(int(seconds * 16_000)) / 16_000
    wave = np.sin(2 * np.pi * 200 * at) * 32768 * 10 ** (dbfs / 20) * np.sqrt(2)
    cut: Samples = np.clip(wave, -32768, 32767).astype(np.int16)
    return cut


@pytest.mark.parametrize(
    ("dbfs", "verdict", "gain"),
    [(-45, Verdict.QUIET, 25), (-33, Verdict.QUIET, 13), (-25, Verdict.GOOD, 0), (-15, Verdict.GOOD, 0), (-8, Verdict.LOUD, -12), (3, Verdict.CLIPPED, 0)],
)  # fmt: skip
def test_talk_is_judged(dbfs: float, verdict: Verdict, gain: float) -> None:
    meter = Meter()
    meter.feed(np.zeros(8000, np.int16))
    meter.feed(voice(dbfs))
    judged = meter.judged()
    assert (judged.verdict, judged.gain_db) == (verdict, gain)
    assert judged.advice


def test_noise_alone_is_no_talk() -> None:
    meter = Meter()
    meter.feed(np.random.default_rng(1).normal(0, 60, 48_000).astype(np.int16))
    assert meter.judged().verdict is Verdict.NOTHING


def test_pauses_do_not_make_a_talker_quieter() -> None:
    with_pauses, without = Meter(), Meter()
    for meter, pause in ((with_pauses, 16_000), (without, 0)):
        meter.feed(np.zeros(1600, np.int16))
        for _ in range(3):
            meter.feed(voice(-25, 1.0))
            meter.feed(np.zeros(pause, np.int16))
    assert with_pauses.judged().speech_dbfs == pytest.approx(without.judged().speech_dbfs, abs=0.5)


@given(st.lists(st.integers(0, 700), max_size=30), st.integers(0, 32767))
def test_how_the_sound_is_cut_changes_nothing(cuts: list[int], high: int) -> None:
    stream = (np.sin(np.arange(sum(cuts)) / 7) * high).astype(np.int16)
    pieces, whole = Meter(), Meter()
    whole.feed(stream)
    start = 0
    for cut in cuts:
        pieces.feed(stream[start : start + cut])
        start += cut
    assert (pieces.now_dbfs, pieces.peak_dbfs, pieces.talk_s) == (whole.now_dbfs, whole.peak_dbfs, whole.talk_s)


JUDGED = Judged(Verdict.QUIET, -36.0, 16.0, "")


def test_vox_opens_between_noise_and_talk() -> None:
    assert threshold_of(JUDGED, -66.0, 0.0) == -56.0
    assert threshold_of(JUDGED, -66.0, 16.0) == -40.0
    assert threshold_of(JUDGED, -96.0, 0.0) == -70.0
    assert threshold_of(Judged(Verdict.NOTHING, -96.0, 0.0, ""), -96.0, 0.0) is None


PLANS = [
    Plan("line", "/dev/ttyUSB0", "rts", squelch="cts", squelch_invert=True, sound_in="USB", gain_in_db=3.0),
    Plan("line", "/dev/ttyUSB0", None, threshold_dbfs=-50.0),
    Plan("line", "/dev/ttyUSB0", "rts+dtr"),
    Plan("line", "/dev/ttyUSB0", "rts", hold="dtr"),
    Plan("line", None, None, own_vox=True),
    Plan("line", None, None),
    Plan("rigctld", "127.0.0.1:4532", "talk", squelch="squelch"),
    Plan("rigctld", "127.0.0.1:4532", None),
    Plan("cm108", "usb-2", "gpio3", squelch="volume_down"),
    Plan("cm108", "usb-2", None),
    Plan("tait", "/dev/ttyUSB0", "talk", squelch="squelch"),
    Plan("tait", "/dev/ttyUSB0", None),
    Plan("tetra", "/dev/ttyUSB0", "talk", squelch="squelch"),
    Plan("tetra", "/dev/ttyUSB0", None),
]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.driver} {plan.ptt} {plan.squelch}")
def test_every_plan_becomes_settings_that_work(plan: Plan) -> None:
    text = merged("", "town", values_of(plan))
    assert problem_with(text, "town") is None
    assert f'driver = "{plan.driver}"' in text


def test_another_plan_for_the_same_radio_leaves_nothing_of_the_first() -> None:
    for first in PLANS:
        for second in PLANS:
            text = merged(merged("", "town", values_of(first)), "town", values_of(second))
            assert problem_with(text, "town") is None, (first, second)


def test_settings_that_can_not_work_are_told() -> None:
    text = merged("", "to_wn", values_of(PLANS[0]))
    assert "letters, digits" in str(problem_with(text, "to_wn"))
