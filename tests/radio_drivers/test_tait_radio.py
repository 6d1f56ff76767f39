"""The Tait radio in software that the other tests talk to: byte for byte what the documents say. On virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.peers.tait import BadLine, TaitRadio
from tests.radio_drivers.tait_bench import run


class Host:
    """Somebody who types into the radio and reads what comes back."""

    def __init__(self, radio: TaitRadio) -> None:
        self.radio = radio
        self.read = b""
        radio.send = self._take

    def _take(self, data: bytes) -> None:
        self.read += data

    async def says(self, data: bytes, wait_s: float = 0.1) -> bytes:
        """What the radio answers."""
        self.read = b""
        self.radio.receive(data)
        await asyncio.sleep(wait_s)
        return self.read


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"q002F\r", b".m0813203.02A2\r."),
        (b"q010FE\r", b".m0813203.02A2\r."),
        (b"q014FA\r", b".n08190011898D\r."),
        (b"q011FD\r", b".s002D\r."),
        (b"q0450475B\r", b".j05047272D\r.j06047470FA\r."),
        (b"f03041A2\r", b"."),
        (b"f0290CF\r", b"."),
        (b"", b""),
        (b"\r", b"."),
        (b"q002E\r", b".e03002A6\r."),  # the checksum is wrong
        (b"q012E\r", b".e03005A3\r."),  # the sum is right, the size is not
        (b"q0E\r", b".e03002A6\r."),
        (b"x0028\r", b".e03001A7\r."),  # it knows no such command
        (b"q012FC\r", b".e03003A5\r."),  # nor such a question
        (b"f0FFF" + b"0" * 255 + b"00\r", b".e03003A5\r."),  # too long
    ],
)
def test_answers(command: bytes, answer: bytes) -> None:
    async def test() -> None:
        assert await Host(TaitRadio()).says(command) == answer

    run(test)


def test_a_wrong_size() -> None:
    async def test() -> None:
        # Two characters announced, one there; the sum is right: 71 + 30 + 32 + 31 = 104, and FC makes it 200.
        assert await Host(TaitRadio()).says(b"q021FC\r") == b".e03005A3\r."

    run(test)


def test_the_error_comes_after_the_prompt_and_takes_its_time() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.refuses, radio.late_s = {"a": 6}, 0.08
        host = Host(radio)
        assert await host.says(b"a1705200SHOP0001North gate79\r", 0.05) == b"."
        await asyncio.sleep(0.1)
        assert host.read == b".e03006A2\r."

    run(test)


def test_a_command_before_the_prompt_is_refused() -> None:
    async def test() -> None:
        radio = TaitRadio()
        host = Host(radio)
        assert await host.says(b"q002F\rq002F\r") == b"e03005A3\r..m0813203.02A2\r."
        radio.strict = False
        assert (await host.says(b"q002F\rq002F\r")).count(b"m08") == 2

    run(test)


def test_nothing_is_told_until_it_is_asked_for() -> None:
    async def test() -> None:
        radio = TaitRadio()
        host = Host(radio)
        radio.carrier(on=True)
        radio.ring(caller="12345")
        assert host.read == b""
        await host.says(b"f03041A2\r")
        await host.says(b"f03031A3\r")
        host.read = b""
        radio.carrier(on=False)
        radio.ring(caller="12345")
        assert host.read == b"p0206C8\r.r0C00000FF12345A0\r."

    run(test)


def test_the_key_stays_down_for_ever_and_a_restart_forgets_everything() -> None:
    async def test() -> None:
        radio = TaitRadio()
        host = Host(radio)
        await host.says(b"f03041A2\r")
        assert await host.says(b"f0291CE\r") == b".p0207C7\r."
        await asyncio.sleep(3_600)
        assert radio.keyed
        host.read = b""
        radio.restart()
        assert not radio.keyed
        assert await host.says(b"q002F\r", 5.0) == b""
        await asyncio.sleep(1)
        assert host.read == b"p031F086\r."
        assert not radio.progress

    run(test)


def test_one_text_has_room() -> None:
    async def test() -> None:
        radio = TaitRadio()
        host = Host(radio)
        await host.says(b"f03041A2\r")
        await host.says(b"f03031A3\r")
        host.read = b""
        radio.text("Hi")
        radio.text("and this is lost")
        assert host.read == b"p0219C4\r.r0714000FFA6\r.p0219C4\r."
        assert await host.says(b"q011FD\r") == b".s02Hi7A\r."
        assert await host.says(b"q011FD\r") == b".s002D\r."
        assert radio.lost_texts == ["and this is lost"]
        await host.says(b"f03101A5\r")
        host.read = b""
        radio.text("Hi")
        assert host.read.endswith(b"s02Hi7A\r.")

    run(test)


def test_a_tm8200_measures_nothing_and_knows_zones() -> None:
    async def test() -> None:
        host = Host(TaitRadio("TM8200"))
        assert await host.says(b"q0450635D\r") == b".e03003A5\r."
        await host.says(b"f03041A2\r")
        assert await host.says(b"f03052A0\r") == b".p092100000076D\r."

    run(test)


def test_strength_walks_about_and_is_the_noise_when_nobody_talks() -> None:
    async def test() -> None:
        radio = TaitRadio()
        host = Host(radio)
        assert await host.says(b"q0450635D\r") == b".j08063-128598\r."
        radio.carrier(on=True, dbm=-80)
        read = {await host.says(b"q0450635D\r") for _ in range(20)}
        assert len(read) > 5

    run(test)


def test_a_bad_line_is_bad_in_the_same_way_each_time() -> None:
    data = bytes(range(256)) * 4
    once, again = (BadLine(7, drop=0.02, garble=0.02, split=True).through(data) for _ in range(2))
    assert once == again
    assert len(data) * 0.9 < sum(map(len, once)) < len(data)
    assert len(once) > 2
    assert BadLine(7).through(data) == [data]
