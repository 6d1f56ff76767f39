"""The values around the outbox: alerts and deliveries to commit, deliveries in hand, receipts; and what a channel is.

A delivery's states:

    pending --> sending --> sent --> delivered
       |           |          `---> failed        (the far side said so later)
       |           +--> pending                   (retry, with back-off)
       |           +--> failed                    (can't succeed, or tries used up)
       +--> expired                               (too old to be of use: a sighting of ten minutes ago misleads)
       +--> cancelled                             (the alert was ended before this was sent)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dispatch.calls import AlertKind, Priority


class ChannelKind(StrEnum):
    """Ways to tell people."""

    RADIO_VOICE = "radio_voice"
    RADIO_TEXT = "radio_text"
    SMS = "sms"
    MQTT = "mqtt"


class DeliveryState(StrEnum):
    """See the module's picture."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ReceiptKind(StrEnum):
    """What came back."""

    ACCEPTED = "accepted"
    """The far side took it (Twilio queued it, the broker acknowledged it, the radio was keyed and the audio ended)."""
    DELIVERED = "delivered"
    FAILED = "failed"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came back about one delivery."""

    kind: ReceiptKind
    at: datetime
    provider_id: str | None = None
    """The far side's own id, for instance Twilio's message SID."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One alert to one recipient by one channel."""

    channel: ChannelKind
    recipient: str
    """Radio channel name, telephone number in E.164, or MQTT topic."""
    body: str
    """Exactly what is to be said, texted or published (JSON for MQTT)."""
    contact_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert with all its deliveries, to be committed together with the decision that made it."""

    number: int
    """The scheme's running number, spoken and texted so that people can refer to it."""
    kind: AlertKind
    priority: Priority
    created_at: datetime
    expires_at: datetime
    """No delivery is sent after this."""
    offender_ids: tuple[int, ...]
    notice_ids: tuple[int, ...]
    """The notices it relied on (purpose log)."""
    place: str | None
    summary: str
    """One line for logs and screens."""
    deliveries: tuple[NewDelivery, ...]
    ends: tuple[int, ...] = ()
    """Ids of alerts that a correction or stand-down ends; what of theirs is still pending is cancelled."""
    updates: int | None = None
    """Id of the live alert about the same people that this one continues."""


@dataclass(frozen=True, slots=True)
class LiveAlert:
    """An alert that has not expired from people's minds: not ended, and young enough to be meant by "stand down"."""

    alert_id: int
    number: int
    kind: AlertKind
    created_at: datetime
    offender_ids: tuple[int, ...]
    references: tuple[str, ...]
    place: str | None
    radio_channel: str
    """Channel of the transmission that raised it."""
    caller: str | None
    reached: tuple[NewDelivery, ...] = ()
    """Deliveries that were sent or are being sent: a correction goes to exactly these recipients."""


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """A delivery that this process has taken in hand."""

    delivery_id: int
    idempotency_key: str
    alert_id: int
    alert_number: int
    alert_kind: AlertKind
    priority: Priority
    channel: ChannelKind
    recipient: str
    body: str
    created_at: datetime
    expires_at: datetime
    attempts: int
    """Tries before this one."""
    half_sent: bool
    """Found in state `sending` with nobody holding it: an earlier process died in the middle. Ask the far side first."""


class DeliveryFailed(Exception):
    """A channel could not deliver.

    Attributes:
        retryable: another try may work.
        detail: what the far side said, without secrets.
        retry_after_s: the far side's own wish, if it had one.
    """

    def __init__(self, detail: str, *, retryable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class Channel(Protocol):
    """One way to tell people."""

    @property
    def kind(self) -> ChannelKind:
        """Which deliveries it takes."""
        ...

    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        """Send it.

        Raises:
            DeliveryFailed: not sent, or not known to be sent.
        """
        ...

    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        """Ask the far side whether it already has this delivery; None when it has not or can't say."""
        ...
