"""What the outbox goes by: its settings, the store it reads, the steps it reports, and when to try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from dispatch.deliveries import ChannelKind, LeasedDelivery, Receipt


@dataclass(frozen=True, slots=True)
class OutboxRules:
    """Settings of the outbox. Seconds.

    The pace of texts stays under the ten a second that Twilio gives a UK long number; more would only queue there.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    lease_s: float = 120.0
    """How long a delivery is ours. Longer than the longest try: busy channel, announcement and time-out together."""
    try_limit_s: float = 100.0
    """One try is cut off after this. Less than `lease_s`, so that nobody else takes up what we still have in hand."""
    max_tries: int = 6
    first_retry_s: float = 2.0
    longest_retry_s: float = 60.0
    hold_s: float = 2.0
    """How long a delivery that is held back waits before it is looked at again; `wake()` does not shorten it."""
    poll_s: float = 5.0
    """Look at the store this often even if nobody calls `wake()`."""
    least_wait_s: float = 0.5
    store_retry_s: float = 1.0
    sms_at_once: int = 4
    sms_per_second: float = 8.0
    mqtt_at_once: int = 8
    radio_at_once: int = 1

    def __post_init__(self) -> None:
        if self.try_limit_s >= self.lease_s:
            raise ValueError(f"try_limit_s ({self.try_limit_s:g}) must be less than lease_s ({self.lease_s:g})")
        for name in ("max_tries", "sms_at_once", "sms_per_second", "mqtt_at_once", "radio_at_once", "first_retry_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0")

    def pace(self, kind: ChannelKind) -> tuple[int, float]:
        """How many of a kind at once, and the least time between two starts."""
        match kind:
            case ChannelKind.RADIO_VOICE | ChannelKind.RADIO_TEXT:
                return self.radio_at_once, 0.0
            case ChannelKind.SMS:
                return self.sms_at_once, 1.0 / self.sms_per_second
            case ChannelKind.MQTT:
                return self.mqtt_at_once, 0.0


def backoff_s(tries: int, rules: OutboxRules, jitter: float) -> float:
    """Seconds to wait after the given number of tries: doubling, bounded, the upper half spread by chance.

    Args:
        tries: tries made so far, from 1.
        rules: first and longest wait.
        jitter: 0-1.
    """
    doubled = rules.first_retry_s * 2.0 ** min(tries - 1, 30)
    return min(doubled, rules.longest_retry_s) * (0.5 + 0.5 * jitter)


class DeliveryStep(StrEnum):
    """What just happened to a delivery."""

    SENDING = "sending"
    SENT = "sent"
    FOUND = "found"
    """The far side already had it; not sent again."""
    RETRY = "retry"
    HELD = "held"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One step, for live views. Holds a telephone number for texts: mask it before it leaves the process."""

    step: DeliveryStep
    at: datetime
    delivery: LeasedDelivery
    detail: str = ""
    receipt: Receipt | None = None


class DeliveryStore(Protocol):
    """The committed deliveries, as the outbox needs them.

    Any exception means "not now", unless it has an attribute `retryable` that is False (the row is gone).
    """

    async def lease(
        self, now: datetime, owner: str, lease_s: float, limit: int, kinds: Sequence[ChannelKind]
    ) -> tuple[LeasedDelivery, ...]:
        """Take up to `limit` due deliveries in hand, most urgent first; what is past its time is marked expired."""
        ...

    async def record_receipt(self, delivery_id: int, receipt: Receipt) -> None:
        """Something came back. Never moves a delivery back from a final state."""
        ...

    async def retry(self, delivery_id: int, not_before: datetime, reason: str) -> None:
        """Give it back, due at `not_before`."""
        ...

    async def fail(self, delivery_id: int, reason: str) -> None:
        """It can't be delivered."""
        ...

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next pending delivery of any kind is due; None when there is none."""
        ...

    async def reclaim(self, instance: str) -> object:
        """Free what this instance had in hand before it died, as half-sent."""
        ...
