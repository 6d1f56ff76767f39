"""kill -9 at each hand-over and a restart: nothing lost, nobody told twice."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from radio_drivers.simulator.client import SimulatorGoneError
from tests.end_to_end.conftest import Say
from tests.end_to_end.town import PHONES, Town

CALL = "Corner Books to Control, Martin Blackwood has just walked in, grey hoodie and black cap, over."


@pytest.mark.timeout(90)
@pytest.mark.speech
@pytest.mark.parametrize("point", ["filed", "recorded", "transcribed", "decided", "sending", "speaking"])
async def test_a_call_survives_death_at_every_hand_over(town: Town, say: Say, point: str) -> None:
    await town.start(die=point)
    async with town.radio("1002") as guard:
        with suppress(SimulatorGoneError):  # the gateway may die before it says that all was on the air
            await guard.say(say(CALL))
        assert await town.ended() == -signal.SIGKILL
    before = len(town.twilio.texts)

    await town.start()
    async with town.radio("1003") as listener:
        await town.nothing_more_to_send()
        texts = town.twilio.texts
        assert sorted(number for number, _ in texts) == sorted(PHONES), f"{before} texts before the restart"
        assert all("Ref 0101" in body for _, body in texts)
        # The rebroadcast may be over before this radio is switched on; its receipt tells.
        (voice,) = town.rows("select state, attempts, detail from deliveries where channel = 'radio_voice'")
        assert voice[0] == "sent", voice
        assert all("1002" not in heard.units for heard in listener.heard)
    assert town.rows("select count(*) from transmissions") == [(1,)]
    assert town.rows("select decision from calls") == [("alert",)]
    assert town.rows("select distinct state from deliveries order by 1") in ([("sent",)], [("delivered",), ("sent",)])
    code, took_s = await town.stop()
    assert code == 0
    assert took_s < 5
