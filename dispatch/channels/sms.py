"""Text messages by Twilio.

Facts used, from Twilio's documentation of the Message resource and its error pages: `ValidityPeriod` is in seconds,
1-36000, after which a queued message is dropped (error 30036); `Body` holds at most 1,600 characters; 21610 means that
the recipient has texted STOP; 21211 and 21614 mean that the number can't receive texts; 21611 means that our own queue
is full. The list of messages comes newest first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client
from typing_extensions import override

from dispatch.channels.twilio_http import TWILIO, OverloadedError, TwilioHttp
from dispatch.deliveries import Channel, ChannelKind, DeliveryFailed, LeasedDelivery, Receipt, ReceiptKind

OPTED_OUT = "opted out"
"""How the reason of a failure begins when the recipient has texted STOP: the contact gets no more texts."""

LONGEST_BODY = 1600
LONGEST_VALIDITY_S = 36_000
LEAST_VALIDITY_S = 6
"""Twilio advises more than 5."""

_LOOK_BACK = timedelta(minutes=2)
"""How far Twilio's clock and ours may differ when a message is looked up."""
_LOOK_THROUGH = 200

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_ENDINGS = ("CORRECTION", "STAND DOWN")

_TRY_AGAIN_CODES = frozenset({20429, 21611, 30001})
"""Too many requests, queue full. (429 and 5xx are told by the HTTP status.)"""
_NO_TEXTS_CODES = frozenset({21211, 21214, 21217, 21408, 21612, 21614, 21635})
_NOT_ON_ITS_WAY = frozenset({"failed", "undelivered", "canceled"})
_AUTH_STATUSES = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """Twilio account and sender. The auth token is a secret and is handed over by itself."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    enabled: bool = False
    account_sid: str = ""
    """`AC` and 32 hexadecimal digits."""
    sender: str = ""
    """A number in E.164 that can take replies, or up to 11 letters and digits, which can't."""
    messaging_service_sid: str = ""
    """`MG` and 32 hexadecimal digits; instead of, or together with, `sender`."""
    status_callback: str = ""
    """Where Twilio reports delivery, if this gateway can be reached from outside."""
    base_url: str = TWILIO
    timeout_s: float = 15.0

    def problems(self) -> tuple[str, ...]:
        """What keeps these settings from working: one sentence each, naming the key."""
        if not self.enabled:
            return ()
        found = []
        if not re.fullmatch(r"AC[0-9a-fA-F]{32}", self.account_sid):
            found.append("account_sid must be AC and 32 hexadecimal digits, from the Twilio console's first page")
        if not self.sender and not self.messaging_service_sid:
            found.append("either sender or messaging_service_sid is needed")
        if self.messaging_service_sid and not re.fullmatch(r"MG[0-9a-fA-F]{32}", self.messaging_service_sid):
            found.append("messaging_service_sid must be MG and 32 hexadecimal digits")
        if self.sender and not (_E164.fullmatch(self.sender) or _alphanumeric(self.sender)):
            found.append("sender must be a number such as +447700900123, or 1-11 letters and digits with a letter")
        if not self.base_url.startswith(("https://", "http://")):
            found.append("base_url must begin with https://")
        return tuple(found)


def _alphanumeric(sender: str) -> bool:
    """A sender name: at most 11 letters, digits or spaces, one letter at least."""
    return bool(re.fullmatch(r"[A-Za-z0-9 ]{1,11}", sender)) and any(c.isalpha() for c in sender)


def masked(number: str) -> str:
    """A telephone number fit for logs and for the broker: `+447700900123` gives `+44...123`."""
    return f"{number[:3]}...{number[-3:]}" if len(number) > 7 else "..."


def same_message(ours: str, theirs: str, alert_number: int) -> bool:
    """Whether a text that Twilio holds is this delivery.

    Our text at the end of theirs (trial accounts put a sentence before it), or, should an operator have changed
    characters, the same alert number in both and both (or neither) ending an alert: a correction quotes the number of
    the alert that it withdraws.
    """
    mine, other = _folded(ours), _folded(theirs)
    if not mine:
        return False
    if other.endswith(mine):
        return True
    number = re.compile(rf"\bALERT 0*{alert_number}\b")
    alike = all((word in mine) == (word in other) for word in _ENDINGS)
    return alike and bool(number.search(mine)) and bool(number.search(other))


def _folded(text: str) -> str:
    return " ".join(text.upper().split())


class SmsChannel(Channel):
    """Sends texts and looks them up again. No I/O until the first delivery; `aclose()` at the end.

    Args:
        settings: account and sender.
        auth_token: the account's secret; kept out of every log and error.
        clock: aware UTC now.
        opted_out: told the number of somebody who has texted STOP, so that nobody asks the provider about it again.
    """

    def __init__(
        self,
        settings: SmsSettings,
        auth_token: str,
        clock: Callable[[], datetime],
        opted_out: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        self._opted_out = opted_out
        self._settings = settings
        self._token = auth_token
        self._clock = clock
        self._http = TwilioHttp(settings.base_url, settings.timeout_s, clock)
        self._messages: Any = None
        self._opening = asyncio.Lock()

    @property
    @override
    def kind(self) -> ChannelKind:
        """Texts."""
        return ChannelKind.SMS

    async def aclose(self) -> None:
        """Close the connections to Twilio."""
        await self._http.close()

    @override
    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        """Hand one text to Twilio, to be dropped there once the alert has expired.

        Raises:
            DeliveryFailed: refused, or no answer. `detail` begins with `OPTED_OUT` when the recipient texted STOP.
        """
        if not _E164.fullmatch(delivery.recipient):
            raise DeliveryFailed("not a telephone number in E.164, such as +447700900123", retryable=False)
        messages = await self._api()
        fields: dict[str, object] = {
            "to": delivery.recipient,
            "body": delivery.body[:LONGEST_BODY],
            "validity_period": self._validity_s(delivery),
        }
        if self._settings.sender:
            fields["from_"] = self._settings.sender
        if self._settings.messaging_service_sid:
            fields["messaging_service_sid"] = self._settings.messaging_service_sid
        if self._settings.status_callback:
            fields["status_callback"] = self._settings.status_callback
        try:
            message = await self._ask(messages.create_async(**fields), "send")
        except DeliveryFailed as failure:
            if self._opted_out is not None and failure.detail.startswith(OPTED_OUT):
                await self._opted_out(delivery.recipient)
            raise
        return Receipt(ReceiptKind.ACCEPTED, self._clock(), message.sid, f"Twilio: {_status(message)}")

    @override
    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        """Ask Twilio whether it holds this text already.

        Asked by recipient alone and compared by date here: a queued message has no sending date yet, and Twilio's
        filter goes by that date. What Twilio itself gave up counts as not sent.

        Raises:
            DeliveryFailed: Twilio could not be asked, so sending could send twice.
        """
        messages = await self._api()
        since = delivery.created_at - _LOOK_BACK
        held = await self._ask(messages.list_async(to=delivery.recipient, limit=_LOOK_THROUGH, page_size=50), "look up")
        for message in held:
            made = message.date_created
            if made is None or made < since or _status(message) in _NOT_ON_ITS_WAY:
                continue
            if same_message(delivery.body, message.body or "", delivery.alert_number):
                status = _status(message)
                kind = ReceiptKind.DELIVERED if status in {"delivered", "read"} else ReceiptKind.ACCEPTED
                return Receipt(kind, self._clock(), message.sid, f"found at Twilio: {status}")
        return None

    def _validity_s(self, delivery: LeasedDelivery) -> int:
        left = int((delivery.expires_at - self._clock()).total_seconds())
        return min(max(left, LEAST_VALIDITY_S), LONGEST_VALIDITY_S)

    async def _api(self) -> Any:  # noqa: ANN401 - the SDK has no types
        """The account's messages. Made in a thread: the SDK loads hundreds of modules at the first use."""
        async with self._opening:
            if self._messages is None:
                self._messages = await asyncio.to_thread(self._open)
        return self._messages

    def _open(self) -> Any:  # noqa: ANN401 - as above
        # A non-empty environment of our own, or the SDK takes region and edge from the process's.
        client = Client(
            self._settings.account_sid, self._token, http_client=self._http, environment={"TWILIO_EDGE": ""}
        )
        return client.messages

    async def _ask(self, call: Any, what: str) -> Any:  # noqa: ANN401 - as above
        try:
            return await call
        except OverloadedError as refused:
            detail = f"Twilio can't take it now ({refused})"
            raise DeliveryFailed(detail, retryable=True, retry_after_s=refused.retry_after_s) from refused
        except (TwilioRestException, TwilioServiceException) as error:
            raise _translated(error) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            detail = f"no answer from Twilio to {what} ({type(error).__name__})"
            raise DeliveryFailed(detail, retryable=True) from error
        except (TwilioException, ValueError, KeyError) as error:
            detail = f"an answer from Twilio to {what} that can't be read ({type(error).__name__})"
            raise DeliveryFailed(detail, retryable=True) from error


def _status(message: Any) -> str:  # noqa: ANN401 - the SDK has no types
    """`queued`, `sent`, ...: the SDK gives text or an enumeration."""
    return str(getattr(message.status, "value", message.status))


def _translated(error: TwilioRestException | TwilioServiceException) -> DeliveryFailed:
    """Twilio's refusal in our words. Twilio's own sentence quotes the number, so only its code is kept."""
    code = int(error.code or 0)
    if code == 21610:
        return DeliveryFailed(f"{OPTED_OUT}: the recipient has texted STOP (Twilio 21610)", retryable=False)
    if code in _NO_TEXTS_CODES:
        return DeliveryFailed(f"the number can't receive texts from this account (Twilio {code})", retryable=False)
    if code in _TRY_AGAIN_CODES:
        return DeliveryFailed(f"Twilio's queue is full (Twilio {code})", retryable=True)
    if error.status in _AUTH_STATUSES:
        detail = f"Twilio does not accept sms.account_sid with this auth token (HTTP {error.status}): check both"
        return DeliveryFailed(detail, retryable=True)
    return DeliveryFailed(f"Twilio refused it (HTTP {error.status}, code {code})", retryable=False)
