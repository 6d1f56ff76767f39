"""The real Twilio SDK against a counterpart that remembers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.channels.sms import OPTED_OUT, SmsChannel, SmsSettings, masked, same_message
from dispatch.channels.twilio_http import retry_after_s
from dispatch.deliveries import DeliveryFailed, LeasedDelivery, ReceiptKind
from tests.dispatch.deliveries_in_hand import leased
from tests.peers.ports import free_port
from tests.peers.twilio import ACCOUNT, TOKEN, TwilioPeer


def now() -> datetime:
    return datetime.now(UTC)


def text(**changes: object) -> LeasedDelivery:
    """A text of this very minute: the counterpart lives in real time."""
    return leased(**{"created_at": now(), "expires_at": now() + timedelta(minutes=10), **changes})  # type: ignore[arg-type]


def settings(url: str, **changes: object) -> SmsSettings:
    usual = {"enabled": True, "account_sid": ACCOUNT, "sender": "+447700900999", "base_url": url, "timeout_s": 2.0}
    return SmsSettings(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.fixture
def twilio() -> Iterator[TwilioPeer]:
    with TwilioPeer() as peer:
        yield peer


@pytest.fixture
async def sms(twilio: TwilioPeer) -> AsyncIterator[SmsChannel]:
    channel = SmsChannel(settings(twilio.url), TOKEN, now)
    yield channel
    await channel.aclose()


async def test_a_text_arrives_with_its_time_to_live(sms: SmsChannel, twilio: TwilioPeer) -> None:
    delivery = text()
    receipt = await sms.deliver(delivery)
    assert receipt.kind is ReceiptKind.ACCEPTED
    assert receipt.provider_id == f"SM{1:032x}"
    assert twilio.texts == [(delivery.recipient, delivery.body)]
    _, path, fields = twilio.state.requests[0]
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert fields["From"] == "+447700900999"
    # Seconds: Twilio drops it once the alert has expired.
    assert 590 <= int(fields["ValidityPeriod"]) <= 600


async def test_a_messaging_service_and_a_callback_are_passed_on(twilio: TwilioPeer) -> None:
    wanted = settings(
        twilio.url, sender="", messaging_service_sid="MG" + "a" * 32, status_callback="https://huecry.example/twilio"
    )
    channel = SmsChannel(wanted, TOKEN, now)
    try:
        assert (await channel.deliver(text())).detail == "Twilio: accepted"
    finally:
        await channel.aclose()
    fields = twilio.state.requests[0][2]
    assert "From" not in fields
    assert fields["MessagingServiceSid"] == "MG" + "a" * 32
    assert fields["StatusCallback"] == "https://huecry.example/twilio"


@pytest.mark.parametrize(
    ("fault", "retryable", "says"),
    [
        ("21610", False, OPTED_OUT),
        ("21211", False, "can't receive texts"),
        ("21614", False, "can't receive texts"),
        ("21617", False, "21617"),
        ("20003", True, "auth token"),
        ("21611", True, "can't take it now"),
        ("500", True, "HTTP 500"),
        ("503", True, "HTTP 503"),
        ("drop", True, "no answer"),
        ("refuse", True, "no answer"),
        ("garbage", True, "can't be read"),
    ],
)
async def test_every_refusal_says_whether_to_try_again(
    sms: SmsChannel, twilio: TwilioPeer, fault: str, retryable: bool, says: str
) -> None:
    twilio.fail_next(fault)
    with pytest.raises(DeliveryFailed) as failure:
        await sms.deliver(text())
    assert failure.value.retryable is retryable
    assert says in failure.value.detail


async def test_twilio_says_when_to_come_back(sms: SmsChannel, twilio: TwilioPeer) -> None:
    twilio.fail_next("429", retry_after="17")
    with pytest.raises(DeliveryFailed) as failure:
        await sms.deliver(text())
    assert failure.value.retryable
    assert failure.value.retry_after_s == 17


async def test_a_hanging_twilio_is_given_up(twilio: TwilioPeer) -> None:
    channel = SmsChannel(settings(twilio.url, timeout_s=0.2), TOKEN, now)
    await channel.find(text())  # the SDK's slow first use is not what is timed here
    twilio.fail_next("hang", seconds=20)
    try:
        async with asyncio.timeout(5):
            with pytest.raises(DeliveryFailed, match="no answer") as failure:
                await channel.deliver(text())
    finally:
        await channel.aclose()
    assert failure.value.retryable


async def test_nobody_at_the_address() -> None:
    channel = SmsChannel(settings(f"http://127.0.0.1:{free_port()}"), TOKEN, now)
    with pytest.raises(DeliveryFailed, match="no answer") as failure:
        await channel.deliver(text())
    await channel.aclose()
    assert failure.value.retryable


async def test_a_wrong_token_is_not_taken_for_a_bad_number(twilio: TwilioPeer) -> None:
    channel = SmsChannel(settings(twilio.url), "not the token", now)
    with pytest.raises(DeliveryFailed, match="check both"):
        await channel.deliver(text())
    await channel.aclose()
    assert twilio.texts == []


@pytest.mark.parametrize("number", ["", "07700900123", "+44 7700 900123", "+0123456789", "whatsapp:+447700900123"])
async def test_what_is_no_number_never_leaves(sms: SmsChannel, twilio: TwilioPeer, number: str) -> None:
    with pytest.raises(DeliveryFailed) as failure:
        await sms.deliver(text(recipient=number))
    assert not failure.value.retryable
    assert twilio.state.requests == []


async def test_a_text_whose_answer_was_lost_is_found_again(sms: SmsChannel, twilio: TwilioPeer) -> None:
    delivery = text()
    twilio.fail_next("drop")
    with pytest.raises(DeliveryFailed):
        await sms.deliver(delivery)
    found = await sms.find(delivery)
    assert found is not None
    assert found.kind is ReceiptKind.ACCEPTED
    assert found.provider_id == f"SM{1:032x}"
    # Asked by recipient, not by day of sending: it is queued and has none.
    assert twilio.state.requests[-1][2]["To"] == delivery.recipient


async def test_found_on_a_later_page(sms: SmsChannel, twilio: TwilioPeer) -> None:
    delivery = text()
    await sms.deliver(delivery)
    for number in range(70):
        await sms.deliver(text(body=f"Another message {number}", alert_number=900 + number))
    found = await sms.find(delivery)
    assert found is not None
    assert found.provider_id == f"SM{1:032x}"


async def test_delivered_meanwhile(sms: SmsChannel, twilio: TwilioPeer) -> None:
    delivery = text()
    await sms.deliver(delivery)
    twilio.set_status("delivered")
    found = await sms.find(delivery)
    assert found is not None
    assert found.kind is ReceiptKind.DELIVERED


@pytest.mark.parametrize("status", ["failed", "undelivered", "canceled"])
async def test_what_twilio_gave_up_counts_as_not_sent(sms: SmsChannel, twilio: TwilioPeer, status: str) -> None:
    delivery = text()
    await sms.deliver(delivery)
    twilio.set_status(status)
    assert await sms.find(delivery) is None


async def test_not_found_elsewhere(sms: SmsChannel, twilio: TwilioPeer) -> None:
    delivery = text()
    await sms.deliver(delivery)
    assert await sms.find(text(recipient="+447700900456")) is None
    assert await sms.find(text(body="FERN 15:30 Ref 0042 seen. Alert 0732", alert_number=732)) is None
    twilio.age_all(timedelta(hours=1))  # the same words an hour ago are another alert's
    assert await sms.find(delivery) is None


async def test_a_failed_look_up_is_no_all_clear(sms: SmsChannel, twilio: TwilioPeer) -> None:
    for fault in ("500", "refuse", "garbage"):
        twilio.fail_next(fault, times=2, method="GET")  # twice: aiohttp itself asks again on a cut connection
        with pytest.raises(DeliveryFailed) as failure:
            await sms.find(text())
        assert failure.value.retryable


async def test_neither_token_nor_number_nor_text_is_logged(
    sms: SmsChannel, twilio: TwilioPeer, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = text()
    with caplog.at_level(logging.DEBUG):
        await sms.deliver(delivery)
        twilio.fail_next("21610")
        with pytest.raises(DeliveryFailed) as failure:
            await sms.deliver(delivery)
        await sms.find(delivery)
    told = caplog.text + failure.value.detail + repr(failure.value.__cause__)
    for secret in (TOKEN, delivery.recipient, delivery.recipient[1:], delivery.body):
        assert secret not in told


def test_a_correction_that_quotes_an_alert_is_not_that_alert() -> None:
    sighting = "FERN 14:05 Ref 0199 seen Quill Books. Alert 0731"
    correction = "FERN CORRECTION 14:07 Alert 0731 withdrawn: not ref 0199. Take no action."
    assert same_message(sighting, sighting, 731)
    assert same_message(sighting, f"Sent from your Twilio trial account - {sighting}", 731)
    assert same_message(sighting, sighting.replace("Quill Books", "Quill?Books"), 731)
    assert not same_message(sighting, correction, 731)
    assert not same_message(correction, sighting, 731)
    assert not same_message(sighting, sighting.replace("0731", "0732"), 731)
    assert not same_message("", sighting, 731)


@given(st.text(), st.text(), st.integers(0, 99999))
def test_comparing_messages_survives_anything(ours: str, theirs: str, number: int) -> None:
    same_message(ours, theirs, number)


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(value: str) -> None:
    seconds = retry_after_s(value, datetime(2026, 3, 14, tzinfo=UTC))
    assert seconds is None or seconds >= 0


def test_retry_after_as_a_date() -> None:
    at = datetime(2026, 3, 14, 14, 0, tzinfo=UTC)
    assert retry_after_s("Sat, 14 Mar 2026 14:01:30 GMT", at) == 90
    assert retry_after_s("Sat, 14 Mar 2026 13:00:00 GMT", at) == 0
    assert retry_after_s(None, at) is None


def test_masked_numbers() -> None:
    assert masked("+447700900123") == "+44...123"
    assert masked("+1234") == "..."


def test_settings_say_what_is_wrong() -> None:
    assert SmsSettings().problems() == ()
    assert len(SmsSettings(enabled=True).problems()) == 2
    good = settings("https://api.twilio.com")
    assert good.problems() == ()
    for change in ({"account_sid": "AC1"}, {"messaging_service_sid": "x"}, {"sender": "Far too long a name"}):
        assert len(settings("https://api.twilio.com", **change).problems()) == 1
    assert settings("https://api.twilio.com", sender="Fern Watch").problems() == ()
