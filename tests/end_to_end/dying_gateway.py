"""The real gateway, made to kill -9 itself at one hand-over: `python -m tests.end_to_end.dying_gateway POINT run ...`.

filed        the recording is on disk, its row is not committed yet
recorded     the recording is committed, nothing was transcribed
transcribed  the transcript is committed, nothing was decided
decided      the decision and its deliveries are committed, nothing was sent
sending      Twilio has taken the first text, we have not recorded that
speaking     our key is down and the announcement has begun
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from dispatch.channels.sms import SmsChannel
from dispatch.store.decisions import DecisionsStore
from dispatch.store.transmissions import TransmissionsStore
from gateway.cli.app import main
from radio_drivers.simulator.driver import SimulatorDriver


def die(*_: object, **__: object) -> NoReturn:
    """No clean-up, no last words."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def die_after(owner: type, name: str) -> None:
    """Let a method finish, then die before its caller knows."""
    method: Callable[..., Any] = getattr(owner, name)

    async def dying(*args: object, **kwargs: object) -> None:
        await method(*args, **kwargs)
        die()

    setattr(owner, name, dying)


def arm(point: str) -> None:
    """Prepare the death."""
    match point:
        case "filed":
            TransmissionsStore.record = die  # type: ignore[method-assign] # that is the point
        case "recorded":
            die_after(TransmissionsStore, "record")
        case "transcribed":
            die_after(TransmissionsStore, "save_transcript")
        case "decided":
            die_after(DecisionsStore, "commit")
        case "sending":
            die_after(SmsChannel, "deliver")
        case "speaking":
            die_after(SimulatorDriver, "key")
        case _:
            raise SystemExit(f"no such point: {point}")


if __name__ == "__main__":
    arm(sys.argv[1])
    main(sys.argv[2:])
