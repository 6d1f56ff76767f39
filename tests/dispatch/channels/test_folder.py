"""Messages in a folder instead of on the air."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.calls import AlertKind, Priority
from dispatch.channels.folder import FolderChannel
from dispatch.deliveries import ChannelKind, DeliveryFailed, LeasedDelivery

NOW = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
DELIVERY = LeasedDelivery(
    delivery_id=1,
    idempotency_key="7:sms:+447700900101",
    alert_id=1,
    alert_number=7,
    alert_kind=AlertKind.SIGHTING,
    priority=Priority.NORMAL,
    channel=ChannelKind.SMS,
    recipient="+447700900101",
    body="FTAC 14:00 Alert 0007: Ref 0101 seen.",
    created_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
    attempts=0,
    half_sent=False,
)


async def test_a_message_is_one_readable_file_and_found_again(tmp_path: Path) -> None:
    channel = FolderChannel(ChannelKind.SMS, tmp_path / "texts", lambda: NOW)
    assert await channel.find(DELIVERY) is None
    for _ in range(2):
        await channel.deliver(DELIVERY)
    (file,) = await asyncio.to_thread(lambda: list((tmp_path / "texts").iterdir()))
    assert file.name == "alert-0007-sighting-to-+447700900101.txt"
    assert await asyncio.to_thread(file.read_text) == "To: +447700900101\n\nFTAC 14:00 Alert 0007: Ref 0101 seen.\n"
    found = await channel.find(DELIVERY)
    assert found is not None
    assert found.provider_id == file.name


async def test_a_folder_that_can_not_be_written_is_tried_again(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "texts").write_text, "in the way")
    channel = FolderChannel(ChannelKind.SMS, tmp_path / "texts", lambda: NOW)
    with pytest.raises(DeliveryFailed) as failure:
        await channel.deliver(DELIVERY)
    assert failure.value.retryable
