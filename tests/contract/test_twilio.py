"""Twilio's own description of its API judges what our SMS channel sends, and what our counterpart of Twilio answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from dispatch.channels.sms import SmsChannel, SmsSettings
from dispatch.deliveries import DeliveryFailed, LeasedDelivery, ReceiptKind
from tests.contract.conftest import Prism
from tests.dispatch.deliveries_in_hand import leased
from tests.peers.twilio import ACCOUNT, TOKEN, TwilioPeer

# Installing Prism for the first time takes longer than a test may.
pytestmark = pytest.mark.timeout(600)

PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"


def now() -> datetime:
    return datetime.now(UTC)


def text(**changes: object) -> LeasedDelivery:
    return leased(**{"created_at": now(), "expires_at": now() + timedelta(minutes=10), **changes})  # type: ignore[arg-type]


def channel_to(url: str, **changes: object) -> SmsChannel:
    usual: dict[str, object] = {"enabled": True, "account_sid": ACCOUNT, "sender": "+447700900999", "base_url": url}
    return SmsChannel(SmsSettings(**{**usual, **changes}), TOKEN, now)  # type: ignore[arg-type]


SENDERS = [
    {},
    {"sender": "Fern Watch"},
    {"sender": "", "messaging_service_sid": "MG" + "b" * 32},
    {"messaging_service_sid": "MG" + "b" * 32, "status_callback": "https://huecry.example/twilio/status"},
]


@pytest.mark.parametrize("sender", SENDERS, ids=["number", "name", "service", "service and callback"])
async def test_our_texts_are_as_twilio_describes_them(prism: Prism, sender: dict[str, str]) -> None:
    channel = channel_to(prism.url, **sender)
    try:
        receipt = await channel.deliver(text())
    finally:
        await channel.aclose()
    assert receipt.kind is ReceiptKind.ACCEPTED
    assert receipt.provider_id is not None
    assert receipt.provider_id.startswith("SM")


async def test_our_look_ups_are_as_twilio_describes_them(prism: Prism) -> None:
    channel = channel_to(prism.url)
    try:
        # Twilio's examples are messages of years ago to somebody else.
        assert await channel.find(text()) is None
    finally:
        await channel.aclose()


async def test_the_judge_refuses_what_breaks_the_description(prism: Prism) -> None:
    """Otherwise the tests above would prove nothing."""
    for broken in ({"account_sid": "AC123"}, {"messaging_service_sid": "MG123"}):
        channel = channel_to(prism.url, **broken)
        with pytest.raises(DeliveryFailed) as failure:
            await channel.deliver(text())
        await channel.aclose()
        assert "422" in failure.value.detail
        assert not failure.value.retryable
    url = prism.url + PATH.replace("{AccountSid}", ACCOUNT)
    fields = {"To": "+447700900123", "From": "+447700900999", "Body": "hello"}
    account = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with aiohttp.ClientSession() as session:
        for status, changed, headers in (
            (201, {}, account),
            (422, {"ValidityPeriod": "ten minutes"}, account),
            (401, {}, {}),
        ):
            async with session.post(url, data={**fields, **changed}, headers=headers) as answer:
                assert answer.status == status
        async with session.post(url, json=fields, headers=account) as answer:
            assert answer.status == 415
        async with session.get(url, params={"PageSize": "5000"}, headers=account) as answer:
            assert answer.status == 422


async def test_every_field_that_we_send_is_one_that_twilio_describes(
    twilio: TwilioPeer, description: dict[str, Any]
) -> None:
    """A misspelt field would be ignored in silence, by Twilio and by Prism."""
    channel = channel_to(
        twilio.url, messaging_service_sid="MG" + "b" * 32, status_callback="https://huecry.example/status"
    )
    delivery = text()
    await channel.deliver(delivery)
    await channel.find(delivery)
    await channel.aclose()
    described = description["paths"][PATH]
    form = described["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
    query = {one["name"] for one in described["get"]["parameters"] if one["in"] == "query"}
    sent = {method: set(fields) for method, _, fields in twilio.state.requests}
    assert sent["POST"] >= {"To", "From", "Body", "ValidityPeriod", "MessagingServiceSid", "StatusCallback"}
    assert sent["POST"] <= set(form)
    assert sent["GET"] >= {"To", "PageSize"}
    assert sent["GET"] <= query
    # The time to live is in seconds, 1-36000.
    assert "in seconds" in form["ValidityPeriod"]["description"]
    assert "36000" in form["ValidityPeriod"]["description"]


async def test_our_counterpart_of_twilio_answers_as_twilio_describes(judge: Prism, twilio: TwilioPeer) -> None:
    channel = channel_to(judge.url)
    delivery = text()
    try:
        sent = await channel.deliver(delivery)
        found = await channel.find(delivery)
    finally:
        await channel.aclose()
    assert found is not None
    assert found.provider_id == sent.provider_id
    assert twilio.texts == [(delivery.recipient, delivery.body)]
    url = judge.url + PATH.replace("{AccountSid}", ACCOUNT)
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    fields = {"To": "+447700900123", "From": "+447700900999", "Body": "hello", "ValidityPeriod": "600"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(url, data=fields) as answer:
            assert answer.status == 201
            assert "sl-violations" not in answer.headers
        async with session.get(url, params={"To": "+447700900123", "PageSize": "1"}) as answer:
            assert answer.status == 200
            wrong = json.loads(answer.headers.get("sl-violations", "[]"))
    # Twilio calls these "uri" and, in its own examples as in life, sends paths.
    paths = {"first_page_uri", "next_page_uri", "previous_page_uri", "uri"}
    assert [one for one in wrong if one["location"][-1] not in paths] == []
