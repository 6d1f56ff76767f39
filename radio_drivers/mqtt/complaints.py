"""Bad payloads in the log: each kind once, not each second."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog

from radio_drivers.mqtt.protocol import BadPayload

log = structlog.get_logger(__name__)

AGAIN_S = 60.0
"""The same complaint is logged again after this, with the number of messages it stands for."""

KINDS_MAX = 100
"""Complaints remembered; a sender of random bytes must not fill the memory."""


class Complaints:
    """Logs complaints about what a base station sends.

    Args:
        channel: the channel's name in the configuration.
        clock: seconds that never jump.
    """

    def __init__(self, channel: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._clock = clock
        self._logged: dict[tuple[str, str], tuple[float, int]] = {}
        self.count = 0
        """All of them, logged or not."""

    def report(self, bad: BadPayload) -> None:
        """Count it, and log it unless the same was logged just now. Numbers in the reason make no difference."""
        self.count += 1
        kind = (bad.topic, re.sub(r"\d+", "#", bad.reason))
        at, repeats = self._logged.get(kind, (float("-inf"), 0))
        if self._clock() - at < AGAIN_S:
            self._logged[kind] = (at, repeats + 1)
            return
        if len(self._logged) >= KINDS_MAX:
            self._logged.clear()
        self._logged[kind] = (self._clock(), 0)
        log.warning(
            "the base station sent something wrong",
            channel=self._channel,
            topic=bad.topic,
            reason=bad.reason,
            repeated_before=repeats,
        )
